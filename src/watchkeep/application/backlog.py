"""What a slow viewer has not fetched yet: bounded, and cut only at whole GOPs."""

from collections import deque
from dataclasses import dataclass, field

from watchkeep.domain.media import Fragment

MOST_BYTES = 4 * 1024 * 1024
"""About eight seconds of 4 Mbit/s: older is not live any more."""


@dataclass(slots=True)
class Backlog:
    """The fragments that wait. A viewer that lost some goes on at a key picture and is told how many."""

    most_bytes: int = MOST_BYTES
    lost: int = 0
    """Fragments lost since last asked."""
    _waiting: deque[Fragment] = field(default_factory=deque)
    _size_bytes: int = 0
    _needs_key: bool = True
    """The next fragment taken in must start with a key picture: a decoder cannot begin elsewhere."""

    def put(self, fragment: Fragment) -> None:
        """Take in the newest fragment; lets go of the oldest GOPs when there is no room."""
        if self._needs_key and not fragment.starts_with_key:
            self.lost += 1
            return
        self._needs_key = False
        self._waiting.append(fragment)
        self._size_bytes += len(fragment.payload)
        while self._size_bytes > self.most_bytes:
            self._drop_oldest()

    def interrupt(self, lost: int) -> None:
        """Note that fragments were lost before they came here."""
        self.lost += lost
        self._needs_key = True

    def take(self) -> Fragment | None:
        """The oldest that waits, or None."""
        if not self._waiting:
            return None
        fragment = self._waiting.popleft()
        self._size_bytes -= len(fragment.payload)
        return fragment

    def take_lost(self) -> int:
        """How many were lost since last asked."""
        lost, self.lost = self.lost, 0
        return lost

    def _drop_oldest(self) -> None:
        """Drop up to the next key picture; if none waits, everything up to the next that comes."""
        while True:
            if self.take() is None:
                self._needs_key = True
                return
            self.lost += 1
            if self._waiting and self._waiting[0].starts_with_key:
                return
