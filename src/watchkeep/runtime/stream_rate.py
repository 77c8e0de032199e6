"""How much a stream brings."""

from dataclasses import dataclass, field
from datetime import timedelta

from watchkeep.domain.media import TICKS_PER_SECOND, Fragment

_WINDOW = timedelta(seconds=5)


@dataclass(slots=True)
class StreamRate:
    """Frames and bits a second over the last few seconds."""

    fragments: list[Fragment] = field(default_factory=list)

    def add(self, fragment: Fragment) -> None:
        """Count a fragment; those of more than five seconds before it are forgotten."""
        self.fragments.append(fragment)
        horizon = fragment.when.end - _WINDOW
        while len(self.fragments) > 1 and self.fragments[0].when.start < horizon:
            self.fragments.pop(0)

    def measure(self) -> tuple[float, int]:
        """Frames and bits a second."""
        ticks = sum(fragment.duration_ticks for fragment in self.fragments)
        if ticks <= 0:
            return 0.0, 0
        seconds = ticks / TICKS_PER_SECOND
        frames = sum(fragment.packet_count for fragment in self.fragments)
        size = sum(len(fragment.payload) for fragment in self.fragments)
        return round(frames / seconds, 2), round(size * 8 / seconds)
