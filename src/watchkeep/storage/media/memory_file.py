"""A file in memory, for what is sealed only to be read at once."""


class MemoryFile:
    """Bytes that are gone when nobody holds them any more; nothing of it is ever durable."""

    def __init__(self) -> None:
        self._data = bytearray()

    def drop_cached(self) -> None:
        """Nothing lies elsewhere."""

    def append(self, data: bytes | memoryview) -> None:
        """Write all of data at the end."""
        self._data += data

    def read_at(self, offset: int, length: int) -> bytes:
        """At most length bytes from offset."""
        return bytes(self._data[offset : offset + length])

    def size(self) -> int:
        """Bytes in it now."""
        return len(self._data)

    def truncate(self, size_bytes: int) -> None:
        """Cut it."""
        del self._data[size_bytes:]

    def sync(self) -> None:
        """Nothing to do."""

    def sync_all(self) -> bool:
        """There is no disk."""
        return False

    def close(self) -> None:
        """The writer lets go of it; a reader may have it still."""
