"""Where a fragment's records are sealed, one behind the other, so that one write takes them as they lie."""

from watchkeep.storage.encryption.envelope import TAG_SIZE, RecordCipher
from watchkeep.storage.media.format import RECORD_HEAD_SIZE, RECORD_OVERHEAD, RecordType, pack_record_head

KEPT_BYTES = 1 << 20
"""So much memory is used again for the next fragment; a larger one takes its own."""


class RecordBuffer:
    """Shared by all writers of one thread: what is in it counts until the next `begin`."""

    def __init__(self) -> None:
        self._kept = self._view = memoryview(bytearray(KEPT_BYTES))
        self._end = 0

    def begin(self, plaintext_bytes: int, records: int) -> None:
        """Make room.

        Args:
            plaintext_bytes: Of all records that will be sealed.
            records: How many they are.
        """
        size = plaintext_bytes + records * RECORD_OVERHEAD
        self._view = self._kept if size <= KEPT_BYTES else memoryview(bytearray(size))
        self._end = 0

    def seal(
        self, cipher: RecordCipher, kind: RecordType, counter: int, plaintext: bytes | memoryview
    ) -> None:
        """Add a record."""
        head = pack_record_head(kind, counter, len(plaintext))
        start = self._end + RECORD_HEAD_SIZE
        self._view[self._end : start] = head
        self._end = start + len(plaintext) + TAG_SIZE
        cipher.seal_into(self._view[start : self._end], counter, plaintext, head)

    @property
    def sealed(self) -> memoryview:
        """All records since `begin`."""
        return self._view[: self._end]
