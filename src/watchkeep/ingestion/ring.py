"""The newest pictures of a stream, for those who join while it runs."""

from collections import deque
from collections.abc import Sequence

from watchkeep.domain.media import Fragment

RING_LIMIT_BYTES = 16 << 20
"""Four seconds of GOP at 32 Mbit/s."""


class Ring:
    """The current GOP of a stream: from its newest key picture on. Bounded in bytes."""

    def __init__(self, *, limit_bytes: int = RING_LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._fragments: deque[Fragment] = deque()
        self._size_bytes = 0

    def push(self, fragment: Fragment) -> None:
        """Take the next fragment; a GOP that is too long is given up until its successor begins."""
        if fragment.starts_with_key:
            self.clear()
        elif not self._fragments:
            return
        if self._size_bytes + len(fragment.payload) > self._limit_bytes:
            self.clear()
            return
        self._fragments.append(fragment)
        self._size_bytes += len(fragment.payload)

    def fragments(self) -> Sequence[Fragment]:
        """In order; the first starts with a key picture. Empty until one came."""
        return tuple(self._fragments)

    def clear(self) -> None:
        """Forget all: a run is over."""
        self._fragments.clear()
        self._size_bytes = 0
