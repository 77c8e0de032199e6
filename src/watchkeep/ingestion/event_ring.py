"""What a stream showed last, kept in memory until it is known whether it is recorded."""

from collections import deque
from datetime import datetime

from watchkeep.domain.media import Fragment


class EventRing:
    """The newest fragments of one run, in whole GOPs.

    Attributes:
        size_bytes: Of their payloads.
    """

    def __init__(self) -> None:
        self._gops: deque[list[Fragment]] = deque()
        self.size_bytes = 0

    @property
    def since(self) -> datetime | None:
        """Where the oldest fragment begins; None when there is none."""
        return self._gops[0][0].when.start if self._gops else None

    def push(self, fragment: Fragment) -> None:
        """Take the next fragment; the first one starts with a key picture."""
        if fragment.starts_with_key or not self._gops:
            self._gops.append([])
        self._gops[-1].append(fragment)
        self.size_bytes += len(fragment.payload)

    def drop_before(self, instant: datetime, *, down_to_bytes: int = 0) -> datetime | None:
        """Let go of the oldest GOPs that end by an instant, never of the newest one.

        Args:
            instant: What ends later stays.
            down_to_bytes: No more than is needed for this size.

        Returns:
            Where the first one dropped began; None when none was.
        """
        since: datetime | None = None
        while (
            len(self._gops) > 1 and self._gops[0][-1].when.end <= instant and self.size_bytes > down_to_bytes
        ):
            gop = self._gops.popleft()
            since = since or gop[0].when.start
            self.size_bytes -= sum(len(each.payload) for each in gop)
        return since

    def take(self) -> list[Fragment]:
        """All that is there, in order; the ring is empty then."""
        fragments = [fragment for gop in self._gops for fragment in gop]
        self._gops.clear()
        self.size_bytes = 0
        return fragments
