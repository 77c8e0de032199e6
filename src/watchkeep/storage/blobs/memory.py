"""Blobs in memory: a volume that is as real as the others and gone with its process."""

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from watchkeep.domain.errors import DataLoss, Exhausted, NotFound, Unavailable
from watchkeep.domain.fs import File, Space
from watchkeep.storage.blobs.bytes_file import BytesFile
from watchkeep.storage.blobs.store import check_name


class MemoryBlobs:
    """A volume that holds so many bytes.

    Attributes:
        is_away: Whether it does not answer.
    """

    def __init__(self, identity: UUID, *, total_bytes: int = 1 << 30) -> None:
        self._id = identity
        self._total_bytes = total_bytes
        self._held: dict[str, bytes] = {}
        self.is_away = False

    @property
    def id(self) -> UUID:
        """The volume's id."""
        return self._id

    @property
    def label(self) -> str:
        """Says that it is memory."""
        return f"memory:{self._id}"

    def require_same(self) -> None:
        """It is, or it is away."""
        if self.is_away:
            raise Unavailable(f"{self.label} is away", volume=str(self._id))

    def open(self, name: str, *, is_fresh: bool = False) -> File:  # noqa: ARG002  # there is no cache
        """Open a blob."""
        return BytesFile(self._get(name))

    def put(self, name: str, chunks: Iterable[bytes], size_bytes: int) -> None:
        """Take a blob."""
        self.require_same()
        content = b"".join(chunks)
        if len(content) != size_bytes:
            raise DataLoss(f"{name} got {len(content)} bytes instead of {size_bytes}", path=name)
        if size_bytes > self.space().free_bytes:
            raise Exhausted(f"{self.label} is full", volume=str(self._id))
        self._held[check_name(name)] = content

    def size(self, name: str) -> int:
        """Bytes of a blob."""
        return len(self._get(name))

    def delete(self, names: Sequence[str]) -> None:
        """Forget blobs."""
        self.require_same()
        for name in names:
            self._held.pop(check_name(name), None)

    def names(self, folder: str = "") -> Iterator[str]:
        """The names under a folder."""
        self.require_same()
        yield from [name for name in self._held if name.startswith(folder)]

    def space(self) -> Space:
        """What is left of its bytes."""
        self.require_same()
        used = sum(len(content) for content in self._held.values())
        return Space(free_bytes=self._total_bytes - used, total_bytes=self._total_bytes)

    def _get(self, name: str) -> bytes:
        self.require_same()
        try:
            return self._held[check_name(name)]
        except KeyError:
            raise NotFound(f"{name} is not on {self.label}", path=name) from None
