"""The few file operations that Watchkeep needs, as a protocol: faults and crashes are injected here."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a directory."""

    name: str
    is_directory: bool


@dataclass(frozen=True, slots=True)
class Space:
    """Room on a volume, as an ordinary user may use it."""

    free_bytes: int
    total_bytes: int


class File(Protocol):
    """An open file. Reads name their offset; writes go to the end."""

    def append(self, data: bytes | memoryview) -> None:
        """Write all of data at the end.

        In the page cache when this returns: survives a kill of the process, not a power cut.
        """
        ...

    def read_at(self, offset: int, length: int) -> bytes:
        """At most length bytes from offset; shorter only at the end of the file."""
        ...

    def size(self) -> int:
        """Bytes in the file now."""
        ...

    def truncate(self, size_bytes: int) -> None:
        """Cut the file."""
        ...

    def sync(self) -> None:
        """fdatasync: on the disk when this returns. After an error never to be called again on this file."""
        ...

    def sync_all(self) -> bool:
        """syncfs: all that any file of this file's file system holds is on the disk when this returns True.

        False: this cannot be had or trusted here, nothing was done. After an error nobody knows which file
        is meant: each that counts is to be synced by itself, which tells.
        """
        ...

    def drop_cached(self) -> None:
        """Let go of what the system holds of the file in memory, so that reading asks the disk.

        Only what is synced is let go of; a system that cannot do it does nothing.
        """
        ...

    def close(self) -> None:
        """Let go of the file; twice is harmless."""
        ...


class Fs(Protocol):
    """A file system. Errors are OSError, as the operating system gives them."""

    def create(self, path: Path) -> File:
        """Make a new file for appending, mode 0600; FileExistsError if the name is taken."""
        ...

    def open(self, path: Path) -> File:
        """Open for reading."""
        ...

    def open_to_append(self, path: Path) -> File:
        """Open an existing file for reading, appending and truncating."""
        ...

    def rename(self, old: Path, new: Path) -> None:
        """Replace new by old, atomically."""
        ...

    def unlink(self, path: Path) -> None:
        """Remove a file; a missing file is no error."""
        ...

    def make_directories(self, path: Path) -> None:
        """Make path and its parents, mode 0700; durable on return, also when they were there already."""
        ...

    def sync_directory(self, path: Path) -> None:
        """Make the names in path durable."""
        ...

    def entries(self, path: Path) -> Iterator[Entry]:
        """The names in path, unsorted; nothing if path is missing."""
        ...

    def size(self, path: Path) -> int:
        """Bytes in the file; FileNotFoundError if it is not there."""
        ...

    def space(self, path: Path) -> Space:
        """Room on the volume that holds path."""
        ...

    def locked(self, path: Path) -> AbstractContextManager[None]:
        """Hold the lock file at path, made if missing; other processes wait. Released even by kill -9."""
        ...


def replace_file(fs: Fs, path: Path, data: bytes) -> None:
    """Write a small file whole: after a crash either the old or the new content is there.

    Durable on return.
    """
    part = path.with_name(path.name + ".part")
    fs.unlink(part)
    file = fs.create(part)
    try:
        file.append(data)
        file.sync()
    finally:
        file.close()
    fs.rename(part, path)
    fs.sync_directory(path.parent)


def read_whole(fs: Fs, path: Path) -> bytes:
    """All bytes of a small file; FileNotFoundError if it is not there."""
    file = fs.open(path)
    try:
        return file.read_at(0, file.size())
    finally:
        file.close()
