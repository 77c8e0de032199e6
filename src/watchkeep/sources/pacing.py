"""Keeps media time to the clock's: plays a file as a camera would send it, holds back who sends too fast."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from watchkeep.domain.clock import Clock
from watchkeep.domain.media import TICKS_PER_SECOND, Packet, RunStarted, SourceNotice

_GUESSED_INTERVAL_TICKS = TICKS_PER_SECOND // 25
_LATE_LIMIT_NS = 1_000_000_000

_LEAD_LIMIT_NS = 2_000_000_000
"""What a camera may send at once; the catalog bears footage that is so far ahead."""
_FORGIVING = 60
"""A second of difference is forgotten in so many: a camera's clock is off by far less than one in sixty."""
_LAG_LIMIT_NS = 10_000_000_000
"""No connection stalls for longer and then sends what it kept."""


class Pacing:
    """Waits until each packet's time, and makes the times of one pass follow those of the one before.

    Attributes:
        played: Packets given so far.
    """

    def __init__(self, clock: Clock, *, wait: Callable[[float], object]) -> None:
        """Begin at the first packet.

        Args:
            clock: Its monotonic part is used.
            wait: Waits so many seconds, or less when the source is closed.
        """
        self._clock = clock
        self._wait = wait
        self._origin_ns: int | None = None
        self._shift_ticks: int | None = None
        self._next_ticks = 0
        self._last_ticks: int | None = None
        self._interval_ticks = _GUESSED_INTERVAL_TICKS
        self.played = 0

    def begin_pass(self) -> None:
        """The file starts (again)."""
        self._shift_ticks = None

    def pace(self, pts: int | None, dts: int | None, lasting: int | None) -> tuple[int | None, int | None]:
        """Wait for the packet's turn; give its times since the first packet of the first pass.

        Args:
            pts: In ticks, None when the file does not say.
            dts: The same.
            lasting: For how long it is shown, None or 0 when the file does not say.
        """
        time = dts if dts is not None else pts
        if self._shift_ticks is None:
            self._shift_ticks = self._next_ticks - (time or 0)
        own = self._next_ticks if time is None else time + self._shift_ticks
        if self._last_ticks is not None and own > self._last_ticks:
            self._interval_ticks = own - self._last_ticks
        self._last_ticks = own
        # The greatest, for presentation times go back and forth where there are B-frames.
        self._next_ticks = max(self._next_ticks, own + (lasting or self._interval_ticks))
        self.played += 1
        self._wait_until(own)
        shift = self._shift_ticks
        if time is None:
            return None, own
        return (None if pts is None else pts + shift), (None if dts is None else dts + shift)

    def _wait_until(self, ticks: int) -> None:
        now_ns = self._clock.monotonic_ns()
        since_start_ns = ticks * 1_000_000_000 // TICKS_PER_SECOND
        if self._origin_ns is None or now_ns - self._origin_ns - since_start_ns > _LATE_LIMIT_NS:
            # The machine slept or was starved: go on from here, a camera does not hurry either.
            self._origin_ns = now_ns - since_start_ns
        remaining_ns = self._origin_ns + since_start_ns - now_ns
        if remaining_ns > 0:
            self._wait(remaining_ns / 1e9)


class Lead:
    """How far the media time of a connection runs ahead of the clock, over all its runs.

    It is measured from where the stream usually is, which slowly follows it: a camera's clock may be fast for
    years, and a stream that stalled may catch up, but nobody's footage runs away into the future.
    """

    def __init__(self) -> None:
        self._media_ns = 0
        self._last_ticks: int | None = None
        """Decoding time of the newest packet; None before the first of a run."""
        self._usual_ns: int | None = None
        """Media time less clock, where nothing is ahead."""
        self._seen_ns = 0

    def take(self, notices: Sequence[SourceNotice], now_ns: int) -> int:
        """Learn what came; say for how many nanoseconds it should be held back, mostly 0.

        Args:
            notices: Those of the connection, all and in order.
            now_ns: When they came, on the monotonic clock.
        """
        for notice in self._telling(notices):
            if isinstance(notice, RunStarted):
                self._last_ticks = None
            elif isinstance(notice, Packet):
                # Whoever begins one run after the other shall not get a picture of each for nothing.
                last = self._last_ticks
                ticks = _GUESSED_INTERVAL_TICKS if last is None else notice.dts - last
                self._media_ns += ticks * 1_000_000_000 // TICKS_PER_SECOND
                self._last_ticks = notice.dts
                if self._usual_ns is None:
                    self._usual_ns, self._seen_ns = self._media_ns - now_ns, now_ns
        if self._usual_ns is None:
            return 0
        lead_ns = self._media_ns - now_ns
        most_ns = (now_ns - self._seen_ns) // _FORGIVING
        self._usual_ns += max(-most_ns, min(most_ns, lead_ns - self._usual_ns))
        self._usual_ns = min(self._usual_ns, lead_ns + _LAG_LIMIT_NS)
        self._seen_ns = now_ns
        return max(0, self.ahead_ns(now_ns) - _LEAD_LIMIT_NS)

    def _telling(self, notices: Sequence[SourceNotice]) -> Iterable[SourceNotice]:
        """Of pictures that go on with one another the last says it all."""
        if self._last_ticks is None or RunStarted in map(type, notices):
            return notices
        return islice((each for each in reversed(notices) if isinstance(each, Packet)), 1)

    def ahead_ns(self, now_ns: int) -> int:
        """How far all that came is ahead now; 0 when it is not."""
        return 0 if self._usual_ns is None else max(0, self._media_ns - now_ns - self._usual_ns)
