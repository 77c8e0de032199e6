"""A real file system whose n-th operation fails: once, or from then on until it is healed."""

import errno
import os
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from crash_fs import CrashFile
from watchkeep.domain.fs import Entry, File, Fs, Space
from watchkeep.runtime.system import SystemFs

WRITES = frozenset(
    {
        *("create", "append", "sync", "sync_all", "truncate", "rename", "unlink"),
        *("make_directories", "sync_directory"),
    }
)


class FaultyFs:
    """A file system with faults. What fails is not done; an append that fails leaves half of its bytes.

    A sync that fails on a CrashFs loses what was written since the last one, as Linux does.

    Attributes:
        log: What was done, as (operation, name of the file or folder).
        counted: How many operations of the chosen kinds there were.
    """

    def __init__(self, fs: Fs | None = None) -> None:
        self._fs: Fs = fs or SystemFs()
        self.log: list[tuple[str, str]] = []
        self.counted = 0
        self.heal()

    def fail(
        self,
        nth: int = 1,
        *,
        kinds: Collection[str] = WRITES,
        code: int = errno.EIO,
        lasts: bool = False,
        under: Path | None = None,
    ) -> None:
        """From now on the n-th operation of these kinds fails and later ones if it lasts."""
        self._nth, self._kinds, self._code, self._lasts, self._under = nth, kinds, code, lasts, under
        self.counted = 0

    def heal(self) -> None:
        self._nth: int | None = None
        self._kinds: Collection[str] = WRITES
        self._code, self._lasts = errno.EIO, False
        self._under: Path | None = None

    def is_due(self, kind: str, path: Path) -> bool:
        """Count an operation, and say whether it is to fail."""
        self.log.append((kind, path.name))
        if kind not in self._kinds or (self._under is not None and not path.is_relative_to(self._under)):
            return False
        self.counted += 1
        if self._nth is None:
            return False
        return self.counted == self._nth or (self._lasts and self.counted > self._nth)

    def error(self) -> OSError:
        return OSError(self._code, os.strerror(self._code))

    def _before(self, kind: str, path: Path) -> None:
        if self.is_due(kind, path):
            raise self.error()

    def create(self, path: Path) -> File:
        self._before("create", path)
        return FaultyFile(self, self._fs.create(path), path)

    def open(self, path: Path) -> File:
        self._before("open", path)
        return FaultyFile(self, self._fs.open(path), path)

    def open_to_append(self, path: Path) -> File:
        self._before("open_to_append", path)
        return FaultyFile(self, self._fs.open_to_append(path), path)

    def rename(self, old: Path, new: Path) -> None:
        self._before("rename", old)
        self._fs.rename(old, new)

    def unlink(self, path: Path) -> None:
        self._before("unlink", path)
        self._fs.unlink(path)

    def make_directories(self, path: Path) -> None:
        self._before("make_directories", path)
        self._fs.make_directories(path)

    def sync_directory(self, path: Path) -> None:
        self._before("sync_directory", path)
        self._fs.sync_directory(path)

    def entries(self, path: Path) -> Iterator[Entry]:
        self._before("entries", path)
        return self._fs.entries(path)

    def size(self, path: Path) -> int:
        self._before("size", path)
        return self._fs.size(path)

    def space(self, path: Path) -> Space:
        return self._fs.space(path)

    def locked(self, path: Path) -> AbstractContextManager[None]:
        return self._fs.locked(path)


class FaultyFile:
    """An open file of FaultyFs. It insists that a failed sync is never repeated."""

    def __init__(self, fs: FaultyFs, file: File, path: Path) -> None:
        self._fs = fs
        self._file = file
        self._path = path
        self._has_failed = False
        self._is_spoilt = False
        """Its pages are lost, which its own next sync will say."""

    def append(self, data: bytes | memoryview) -> None:
        assert not self._has_failed, "written to after a failed sync"
        if self._fs.is_due("append", self._path):
            self._file.append(data[: len(data) // 2])
            raise self._fs.error()
        self._file.append(data)

    def read_at(self, offset: int, length: int) -> bytes:
        self._fs._before("read_at", self._path)
        return self._file.read_at(offset, length)

    def size(self) -> int:
        return self._file.size()

    def truncate(self, size_bytes: int) -> None:
        self._fs._before("truncate", self._path)
        self._file.truncate(size_bytes)

    def sync(self) -> None:
        assert not self._has_failed, "synced again after a failed sync"
        if self._fs.is_due("sync", self._path) or self._is_spoilt:
            self._has_failed = True
            if isinstance(self._file, CrashFile):
                self._file.content.lose()
            raise self._fs.error()
        self._file.sync()

    def sync_all(self) -> bool:
        assert not self._has_failed, "synced again after a failed sync"
        if self._fs.is_due("sync_all", self._path):
            self._is_spoilt = True
            if isinstance(self._file, CrashFile):
                self._file.content.lose()
            raise self._fs.error()
        return self._file.sync_all()

    def drop_cached(self) -> None:
        self._file.drop_cached()

    def close(self) -> None:
        self._file.close()
