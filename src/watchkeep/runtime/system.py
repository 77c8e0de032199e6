"""The real clock, chance and file system: the only place that touches the machine's."""

import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from watchkeep.domain.clock import Clock, Rng
from watchkeep.domain.fs import Entry, File, Fs, Space
from watchkeep.runtime.group_sync import sync_all


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        """Wall-clock time, aware, UTC."""
        return datetime.now(UTC)  # noqa: TID251  # this is the Clock

    def monotonic_ns(self) -> int:
        """CLOCK_BOOTTIME where there is one: it counts a suspended machine's sleep too."""
        return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)  # noqa: TID251  # this is the Clock


class SystemRng:
    """The machine's source of chance."""

    def token(self, size_bytes: int) -> bytes:
        """Bytes fit for keys and identifiers."""
        return secrets.token_bytes(size_bytes)


class SystemFile:
    """A file descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._is_suspect = False

    def append(self, data: bytes | memoryview) -> None:
        """Write all of data at the end."""
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]

    def read_at(self, offset: int, length: int) -> bytes:
        """At most length bytes from offset."""
        parts: list[bytes] = []
        while length > 0:
            part = os.pread(self._descriptor, length, offset)
            if not part:
                break
            parts.append(part)
            offset += len(part)
            length -= len(part)
        return b"".join(parts)

    def size(self) -> int:
        """Bytes in the file now."""
        return os.fstat(self._descriptor).st_size

    def truncate(self, size_bytes: int) -> None:
        """Cut the file."""
        os.ftruncate(self._descriptor, size_bytes)

    def sync(self) -> None:
        """Flush the data to the disk.

        After a failure the pages may be marked clean though they are lost: never retried here.
        """
        if self._is_suspect:
            raise OSError("an earlier sync of this file failed; its content must be written anew")
        try:
            os.fdatasync(self._descriptor)
        except OSError:
            self._is_suspect = True
            raise

    def sync_all(self) -> bool:
        """Flush the data of all files of this file system to the disk, if that can be had here."""
        return sync_all(self._descriptor)

    def drop_cached(self) -> None:
        """Have the pages of the file dropped, as far as they are clean."""
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._descriptor, 0, 0, os.POSIX_FADV_DONTNEED)

    def close(self) -> None:
        """Let go of the descriptor; twice is harmless."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


class SystemFs:
    """The machine's file system."""

    def create(self, path: Path) -> File:
        """Make a new file for appending, mode 0600."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        return SystemFile(os.open(path, flags, 0o600))

    def open(self, path: Path) -> File:
        """Open for reading."""
        return SystemFile(os.open(path, os.O_RDONLY | os.O_CLOEXEC))

    def open_to_append(self, path: Path) -> File:
        """Open an existing file for reading, appending and truncating."""
        return SystemFile(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC))

    def rename(self, old: Path, new: Path) -> None:
        """Replace new by old, atomically."""
        old.replace(new)

    def unlink(self, path: Path) -> None:
        """Remove a file; a missing file is no error."""
        path.unlink(missing_ok=True)

    def make_directories(self, path: Path) -> None:
        """Make path and its parents, mode 0700, each synced into its parent.

        One that is there is synced too: whoever made it may have failed or died before that.
        """
        if not path.is_dir():
            self.make_directories(path.parent)
            with suppress(FileExistsError):  # another process was quicker
                path.mkdir(mode=0o700)
            self.sync_directory(path.parent)
            return
        with suppress(PermissionError):  # a parent that we may not read, we did not fill
            self.sync_directory(path.parent)

    def sync_directory(self, path: Path) -> None:
        """Make the names in path durable."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def entries(self, path: Path) -> Iterator[Entry]:
        """The names in path, unsorted; nothing if path is missing."""
        try:
            with os.scandir(path) as names:
                for name in names:
                    yield Entry(name.name, name.is_dir(follow_symlinks=False))
        except FileNotFoundError:
            return

    def size(self, path: Path) -> int:
        """Bytes in the file."""
        return path.stat().st_size

    def space(self, path: Path) -> Space:
        """Room on the volume that holds path."""
        usage = shutil.disk_usage(path)
        return Space(free_bytes=usage.free, total_bytes=usage.total)

    @contextmanager
    def locked(self, path: Path) -> Iterator[None]:
        """Hold the lock file at path, made if missing; other processes wait. Released even by kill -9."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The three things that every process gets from outside."""

    fs: Fs = field(default_factory=SystemFs)
    clock: Clock = field(default_factory=SystemClock)
    rng: Rng = field(default_factory=SystemRng)


def cores() -> int:
    """Processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count() or 1
