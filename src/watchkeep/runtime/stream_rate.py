"""How much a stream brings."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watchkeep.domain.media import TICKS_PER_SECOND, Fragment

_WINDOW = timedelta(seconds=5)

HEAVY_BYTES_PER_S = 3 << 18
"""A quarter of a megabyte in the eight turns between two reads."""
SLOW_TICKS = TICKS_PER_SECOND // 12


def needs_each_turn(fragment: Fragment) -> bool:
    """Whether a stream of such fragments is read each turn of the loop.

    A heavy one would fill its socket else, and of a slow one each picture might have to wait as long, by
    which it would be placed too late.
    """
    # Its rate, for before a key picture, which is the largest, there is often a short fragment.
    is_heavy = len(fragment.payload) * TICKS_PER_SECOND >= HEAVY_BYTES_PER_S * fragment.duration_ticks
    return is_heavy or fragment.duration_ticks > SLOW_TICKS * fragment.packet_count


@dataclass(slots=True)
class StreamRate:
    """Frames and bits a second over the last few seconds; fragments are counted, not kept."""

    counted: deque[tuple[datetime, int, int, int]] = field(default_factory=deque)
    """Start, ticks, frames and bytes of each."""

    def add(self, fragment: Fragment) -> None:
        """Count a fragment; those of more than five seconds before it are forgotten."""
        size = len(fragment.payload)
        self.counted.append((fragment.when.start, fragment.duration_ticks, fragment.packet_count, size))
        horizon = fragment.when.end - _WINDOW
        while len(self.counted) > 1 and self.counted[0][0] < horizon:
            self.counted.popleft()

    def measure(self) -> tuple[float, int]:
        """Frames and bits a second; may be asked from another thread."""
        counted = list(self.counted)
        ticks = sum(each[1] for each in counted)
        if ticks <= 0:
            return 0.0, 0
        seconds = ticks / TICKS_PER_SECOND
        frames, size = sum(each[2] for each in counted), sum(each[3] for each in counted)
        return round(frames / seconds, 2), round(size * 8 / seconds)
