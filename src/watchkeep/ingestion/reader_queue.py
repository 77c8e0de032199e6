"""What waits for one reader of live fragments: bounded, and what is missing is said."""

from collections import deque
from dataclasses import dataclass

from watchkeep.domain.offering import Dropped, encode


@dataclass(frozen=True, slots=True)
class _Frame:
    encoded: bytes
    is_fragment: bool
    starts_with_key: bool = False


class ReaderQueue:
    """Frames on their way to a reader. When full, the oldest GOP goes first, as far as it was not sent yet.

    A reader never gets a fragment that it cannot decode: after a loss, and at the start, the next one begins
    with a key picture.
    """

    def __init__(self, *, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._frames: deque[_Frame] = deque()
        self._fragments = 0
        self._size_bytes = 0
        self._missing = 0
        self._has_begun = False
        self._needs_key = True

    def put_word(self, encoded: bytes) -> None:
        """Queue a word that is never dropped."""
        self._append(_Frame(encoded, is_fragment=False))

    def put_init(self, encoded: bytes) -> None:
        """Queue the init section of a run; only a key picture can follow it."""
        self._needs_key = True
        self.put_word(encoded)

    def put_fragment(self, encoded: bytes, *, starts_with_key: bool) -> int:
        """Queue a fragment.

        Returns:
            How many fragments were dropped; this one may be among them.
        """
        dropped = self._make_room(len(encoded))
        if starts_with_key:
            self._needs_key = False
        if self._needs_key:
            # A new reader has lost nothing that it was ever promised.
            dropped += self._has_begun
        else:
            self._has_begun = True
            self._append(_Frame(encoded, is_fragment=True, starts_with_key=starts_with_key))
        self._missing += dropped
        return dropped

    def take(self) -> bytes | None:
        """The next frame to send, None when nothing waits."""
        if self._missing:
            # What is dropped is always older than everything that still waits, so it is said first.
            count, self._missing = self._missing, 0
            return encode(Dropped(count))
        return self._pop().encoded if self._frames else None

    def _append(self, frame: _Frame) -> None:
        self._frames.append(frame)
        self._fragments += frame.is_fragment
        self._size_bytes += len(frame.encoded)

    def _pop(self) -> _Frame:
        frame = self._frames.popleft()
        self._fragments -= frame.is_fragment
        self._size_bytes -= len(frame.encoded)
        return frame

    def _continues_gop(self) -> bool:
        first = self._frames[0] if self._frames else None
        return first is not None and first.is_fragment and not first.starts_with_key

    def _make_room(self, needed_bytes: int) -> int:
        dropped = 0
        while self._fragments and self._size_bytes + needed_bytes > self._limit_bytes:
            dropped += self._drop_oldest_gop()
        if dropped and not self._fragments:
            self._needs_key = True
        return dropped

    def _drop_oldest_gop(self) -> int:
        """Take out the first fragment and those after it up to the next that starts with a key picture."""
        before: list[_Frame] = []
        while not self._frames[0].is_fragment:
            before.append(self._pop())
        self._pop()
        dropped = 1
        while self._continues_gop():
            self._pop()
            dropped += 1
        for frame in reversed(before):
            self._frames.appendleft(frame)
            self._size_bytes += len(frame.encoded)
        return dropped
