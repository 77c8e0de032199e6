"""Says when a picture was taken, on our clock, from when packets arrive and what the camera's clock says.

The camera's clock gives even steps but drifts and starts anywhere; arrivals are on our clock but late by
whatever the network pleases. The least delayed packet of the last minute ties the two together.
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchkeep.domain.clock import Clock
from watchkeep.domain.interval import Interval, instant_at, unix_us
from watchkeep.domain.media import TICKS_PER_SECOND

WINDOW = timedelta(seconds=60)
"""Long enough to meet an undelayed packet; short enough that 300 ppm of drift stay below 18 ms."""
STEP_LIMIT = timedelta(milliseconds=200)
"""Our clock may be slewed (500 ppm); more than this between two packets is a step."""

_MICROSECOND = timedelta(microseconds=1)
_STEP_LIMIT_US = STEP_LIMIT // _MICROSECOND
_WINDOW_US = WINDOW // _MICROSECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStep:
    """Our own clock jumped against the monotonic one."""

    at: datetime
    """The first instant seen after the jump, on the new time."""
    by: timedelta
    """Positive: forwards."""


class WallClock:
    """Maps the media clock of one run to UTC.

    The fragments it places touch as long as the clocks agree and never overlap. When the mapping moves, it is
    followed at once where that makes room, and by shortening fragments, at most to half their media length,
    where it takes room away: no footage is ever placed on top of other footage, nor on no time at all.
    """

    def __init__(self, *, clock: Clock, not_before: datetime | None = None) -> None:
        """Begin a run.

        Args:
            clock: Ours.
            not_before: Where the footage of the run before ended.
        """
        self._clock = clock
        self._last_end_us = None if not_before is None else unix_us(not_before)
        self._is_first = True
        self._lead_us: int | None = None
        self._arrivals_after_us: int | None = None
        self._read_at: datetime | None = None
        self._read_us = self._read_monotonic_us = 0
        """Of the read that the newest packet came with, on our clock and on the monotonic one."""
        self._newest_ticks: int | None = None
        """Of that packet; None once it is reckoned with."""
        # (monotonic time, arrival on it less media time); the second strictly grows, the first is the least.
        self._delays: deque[tuple[int, int]] = deque()
        self._steps: list[ClockStep] = []

    def observe(self, ticks: int, received_at: datetime) -> None:
        """Learn that the packet of media time `ticks` arrived; every packet of the run, in order.

        Of those that one read brought, the last was delayed least, and only that is reckoned with.
        """
        if received_at is not self._read_at:
            self._reckon()
            now_us = unix_us(self._clock.now())
            monotonic_us = self._clock.monotonic_ns() // 1000
            lead_us = now_us - monotonic_us
            self._look_for_step(lead_us, now_us)
            self._lead_us = lead_us
            self._read_at, self._read_us, self._read_monotonic_us = (
                received_at,
                unix_us(received_at),
                monotonic_us,
            )
        self._newest_ticks = ticks

    def _reckon(self) -> None:
        if self._newest_ticks is None or self._lead_us is None:
            return
        ticks, self._newest_ticks = self._newest_ticks, None
        is_before_step = self._arrivals_after_us is not None and self._read_us <= self._arrivals_after_us
        if self._delays and is_before_step:
            return
        delay_us = self._read_us - self._lead_us - _media_us(ticks)
        while self._delays and self._delays[-1][1] >= delay_us:
            self._delays.pop()
        self._delays.append((self._read_monotonic_us, delay_us))
        while self._delays[0][0] < self._read_monotonic_us - _WINDOW_US:
            self._delays.popleft()

    def place(self, start_ticks: int, end_ticks: int) -> Interval:
        """The span of the fragment that lasts from start to end on the media clock; fragments come in order.

        Raises:
            ValueError: No packet was observed before.
        """
        if self._lead_us is None:
            raise ValueError("a fragment cannot be placed before a packet was observed")
        self._reckon()
        offset_us = self._delays[0][1] + self._lead_us
        start_us, target_us = offset_us + _media_us(start_ticks), offset_us + _media_us(end_ticks)
        length_us = target_us - start_us
        if self._last_end_us is not None:
            is_apart = self._is_first or start_us > self._last_end_us + _STEP_LIMIT_US
            start_us = max(start_us, self._last_end_us) if is_apart else self._last_end_us
        end_us = min(max(target_us, start_us + length_us // 2), start_us + 2 * length_us)
        self._is_first = False
        self._last_end_us = end_us
        return Interval(instant_at(start_us), instant_at(end_us))

    def at(self, ticks: int) -> datetime:
        """When media time `ticks` is, as far as is known now; places nothing.

        Raises:
            ValueError: No packet was observed before.
        """
        if self._lead_us is None:
            raise ValueError("no time is known before a packet was observed")
        self._reckon()
        return instant_at(self._delays[0][1] + self._lead_us + _media_us(ticks))

    def take_steps(self) -> list[ClockStep]:
        """The steps of our clock since the last call."""
        steps, self._steps = self._steps, []
        return steps

    def _look_for_step(self, lead_us: int, now_us: int) -> None:
        if self._lead_us is None:
            return
        step_us = lead_us - self._lead_us
        if abs(step_us) <= _STEP_LIMIT_US:
            return
        self._steps.append(ClockStep(at=instant_at(now_us), by=step_us * _MICROSECOND))
        # Packets still waiting in the source carry the old time. After a step forwards they would look early
        # by the whole step; after one backwards they look late, which the minimum passes over.
        self._arrivals_after_us = now_us - step_us if step_us > 0 else None


def _media_us(ticks: int) -> int:
    return ticks * 1_000_000 // TICKS_PER_SECOND
