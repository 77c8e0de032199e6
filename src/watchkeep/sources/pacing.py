"""Plays a file as a camera would send it: each packet at its time, and on from the end at the start."""

from collections.abc import Callable

from watchkeep.domain.clock import Clock
from watchkeep.domain.media import TICKS_PER_SECOND

_GUESSED_INTERVAL_TICKS = TICKS_PER_SECOND // 25
_LATE_LIMIT_NS = 1_000_000_000


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
