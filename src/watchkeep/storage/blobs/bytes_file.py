"""Blobs opened for reading that are no files of this machine."""

import errno
from collections.abc import Callable

LEAST_READ = 64 << 10
MOST_READ = 2 << 20
"""Many may be open for playing at once."""


class ReadOnlyFile:
    """What a `File` has for those who write, refused."""

    def append(self, data: bytes | memoryview) -> None:
        """Refused: a blob never changes."""
        raise OSError(errno.EBADF, f"{len(data)} bytes for a blob, which is written once")

    def truncate(self, size_bytes: int) -> None:
        """Refused: a blob never changes."""
        raise OSError(errno.EBADF, f"a blob is not cut to {size_bytes} bytes, it is written once")

    def sync(self) -> None:
        """Nothing is to be synced."""

    def sync_all(self) -> bool:
        """Nothing is to be synced."""
        return True

    def drop_cached(self) -> None:
        """Nothing of it is kept by this machine but what the reader itself holds."""

    def close(self) -> None:
        """Nothing is held open."""


class BytesFile(ReadOnlyFile):
    """A blob in memory."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read_at(self, offset: int, length: int) -> bytes:
        """At most length bytes from offset."""
        return self._content[offset : offset + length]

    def size(self) -> int:
        """Bytes of the blob."""
        return len(self._content)


class RangedFile(ReadOnlyFile):
    """A blob read by ranges over a network: who reads on is read ahead for, twice as far each time.

    One that jumps about costs a request a jump; one that reads from end to end, a request for each 2 MiB.
    """

    def __init__(self, size_bytes: int, fetch: Callable[[int, int], bytes]) -> None:
        """Wrap a blob.

        Args:
            size_bytes: Of the blob.
            fetch: Gives the bytes [start, end) of it.
        """
        self._size = size_bytes
        self._fetch = fetch
        self._start = 0
        self._held = b""
        self._ahead = LEAST_READ

    def read_at(self, offset: int, length: int) -> bytes:
        """At most length bytes from offset; what was read ahead is not asked for again."""
        end = min(offset + length, self._size)
        if end <= offset:
            return b""
        held_end = self._start + len(self._held)
        if not (self._start <= offset and end <= held_end):
            self._read_on(offset, end, goes_on=self._start <= offset <= held_end)
        at = offset - self._start
        return self._held[at : at + end - offset]

    def size(self) -> int:
        """Bytes of the blob."""
        return self._size

    def close(self) -> None:
        """Forget what was read ahead."""
        self._held = b""

    def _read_on(self, offset: int, end: int, *, goes_on: bool) -> None:
        self._ahead = min(2 * self._ahead, MOST_READ) if goes_on else LEAST_READ
        kept = self._held[offset - self._start :] if goes_on else b""
        start = offset + len(kept)
        upto = min(max(end, start + self._ahead), self._size)
        self._held, self._start = kept + self._fetch(start, upto), offset
