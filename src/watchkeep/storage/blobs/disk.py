"""Blobs on a disk: a volume's finished segments, with every name and byte synced by us."""

import errno
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from watchkeep.domain.errors import DataLoss, Exhausted, Forbidden, NotFound, Unavailable
from watchkeep.domain.fs import File, Fs, Space
from watchkeep.domain.ids import SegmentId
from watchkeep.storage.blobs.store import check_name
from watchkeep.storage.media.volume import SUFFIX, Volume

PART = ".part"
_FULL = (errno.ENOSPC, errno.EDQUOT)
_NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)


class DiskBlobs:
    """A footage folder as blobs; a segment that is still in open/ is found there."""

    def __init__(self, volume: Volume, *, fs: Fs) -> None:
        self.volume = volume
        self._fs = fs

    @property
    def id(self) -> UUID:
        """The volume's id."""
        return self.volume.id

    @property
    def label(self) -> str:
        """Its folder."""
        return str(self.volume.root)

    def require_same(self) -> None:
        """Look whether the folder is still this volume."""
        with self._disk():
            self.volume.require_same()

    def open(self, name: str, *, is_fresh: bool = False) -> File:
        """Open a file; a fresh one's bytes come from the disk, as far as the system lets pages go."""
        with self._disk():
            file = self._fs.open(self._find(name))
            if is_fresh:
                file.drop_cached()
            return file

    def put(self, name: str, chunks: Iterable[bytes], size_bytes: int) -> None:
        """Write under a temporary name, sync, rename, sync the folder."""
        path = self.volume.within(check_name(name))
        with self._disk():
            self.volume.require_same()
            self._fs.make_directories(path.parent)
            part = path.with_name(path.name + PART)
            self._fs.unlink(part)
            try:
                self._write(part, chunks, size_bytes)
                self._fs.rename(part, path)
                self._fs.sync_directory(path.parent)
            except FileNotFoundError as error:
                self.volume.require_same()  # it may have gone while we wrote
                raise Unavailable(f"{error.filename} vanished while it was written", path=name) from error
            except BaseException:
                self._fs.unlink(part)
                raise

    def size(self, name: str) -> int:
        """Bytes of the file."""
        with self._disk():
            return self._fs.size(self._find(name))

    def delete(self, names: Sequence[str]) -> None:
        """Unlink files, then sync their folders."""
        folders: set[Path] = set()
        with self._disk():
            for name in names:
                try:
                    path = self._find(name)
                except (NotFound, FileNotFoundError):
                    path = self.volume.within(name)  # an earlier unlink may not be durable yet
                else:
                    self._fs.unlink(path)
                folders.add(path.parent)
            for folder in folders:
                try:
                    self._fs.sync_directory(folder)
                except FileNotFoundError:
                    continue  # no folder, no name in it
            self.volume.require_same()  # a file that seemed gone may have gone with its disk

    def names(self, folder: str = "") -> Iterator[str]:
        """The finished segments' files under a folder."""
        with self._disk():
            self.volume.require_same()
            for path in self.volume.segments():
                name = self.volume.relative(path)
                if name.startswith(folder):
                    yield name

    def space(self) -> Space:
        """Room on the disk."""
        with self._disk():
            return self.volume.space()

    def _find(self, name: str) -> Path:
        path = self.volume.within(check_name(name))
        try:
            segment = SegmentId(UUID(path.stem))
        except ValueError:
            segment = None
        if segment is not None and path.suffix == SUFFIX:
            return self.volume.locate(name, segment)
        self._fs.size(path)
        return path

    def _write(self, part: Path, chunks: Iterable[bytes], size_bytes: int) -> None:
        file = self._fs.create(part)
        try:
            for chunk in chunks:
                file.append(chunk)
            if file.size() != size_bytes:
                raise DataLoss(
                    f"{part} got {file.size()} bytes instead of {size_bytes}; look at what it was read from",
                    path=str(part),
                )
            file.sync()
        finally:
            file.close()

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """The system's errors as ours."""
        try:
            yield
        except FileNotFoundError as error:
            raise NotFound(f"{error.filename} is not there", path=str(error.filename)) from None
        except OSError as error:
            what = error.strerror or str(error)
            place = self.label
            if error.errno in _FULL:
                raise Exhausted(
                    f"{place} is full; make room, or add a volume to its tier", path=place
                ) from None
            if error.errno in _NOT_ALLOWED:
                raise Forbidden(
                    f"{place} may not be used ({what}); give us the right to", path=place
                ) from None
            raise Unavailable(f"{place} does not answer ({what}); look at the disk", path=place) from error
