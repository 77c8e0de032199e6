"""What every volume of blobs can do; those who move, read and delete footage ask no more of it."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Protocol
from uuid import UUID

from watchkeep.domain.errors import Invalid
from watchkeep.domain.fs import File, Space

READ_BYTES = 1 << 20


class Blobs(Protocol):
    """A volume: named bytes that are written once, whole, and never changed.

    Every function may raise besides what it names:

    * Unavailable: it does not answer now.
    * Conflict: it is another volume than it was, was emptied, or is not mounted.
    * Forbidden: it may not be read or written.

    Reading from a file that was opened may raise these too; from a disk also OSError.
    """

    @property
    def id(self) -> UUID:
        """The volume's own id, which stands on the volume too."""
        ...

    @property
    def label(self) -> str:
        """How a person knows it: a folder, an address; never with a key."""
        ...

    def require_same(self) -> None:
        """Look whether it is still this volume."""
        ...

    def open(self, name: str, *, is_fresh: bool = False) -> File:
        """Open a blob for reading.

        Args:
            name: Which one.
            is_fresh: Its bytes are to come from the medium, not from a cache of this machine.

        Raises:
            NotFound: There is none.
        """
        ...

    def put(self, name: str, chunks: Iterable[bytes], size_bytes: int) -> None:
        """Write a blob whole, in place of one of that name; durable on return.

        After an error or a kill there is either no blob of that name, the one before, or the new one.

        Raises:
            Exhausted: There is no room.
            DataLoss: The chunks are not so many bytes, or the store says that it has others.
        """
        ...

    def size(self, name: str) -> int:
        """Bytes of a blob.

        Raises:
            NotFound: There is none.
        """
        ...

    def delete(self, names: Sequence[str]) -> None:
        """Remove blobs; durable on return. One that is not there is no error."""
        ...

    def names(self, folder: str = "") -> Iterator[str]:
        """The names of all blobs under a folder ("" for all, else "a/" or "a/b/"), in no order."""
        ...

    def space(self) -> Space | None:
        """Room on the volume; None where it has no bounds that could be asked for."""
        ...


def check_name(name: str) -> str:
    """A blob's name, or Invalid: parts joined by "/", none of which leads out of the volume."""
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or PurePosixPath(name).as_posix() != name:
        raise Invalid(f"{name!r} does not lie within the volume", path=name)
    return name


def chunks_of(file: File) -> Iterator[bytes]:
    """All bytes of a file, a MiB at a time."""
    offset = 0
    while chunk := file.read_at(offset, READ_BYTES):
        yield chunk
        offset += len(chunk)


def counted(chunks: Iterable[bytes], counts: list[int]) -> Iterator[bytes]:
    """Hand chunks on, and their lengths to `counts`."""
    for chunk in chunks:
        counts.append(len(chunk))
        yield chunk
