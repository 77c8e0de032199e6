"""When to look: a steady pace while the gate is open, and a GOP's pictures in order, decoded once."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watchkeep.processing.samples import Sample

GOP_LIMIT_BYTES = 8 << 20
"""More of a GOP is not kept to be decoded again."""


class Pace:
    """Says which pictures are looked at: the first at or after each step, none twice, never backwards.

    The steps are a grid, so that pictures a little late do not slow the pace down.
    """

    def __init__(self) -> None:
        self.last: datetime | None = None
        self._step_at: datetime | None = None

    def is_due(self, at: datetime, every: timedelta) -> bool:
        """Whether this picture is the next to be looked at, at so long a step."""
        if self.last is None or self._step_at is None:
            return True
        return at > self.last and at >= self._step_at + every

    def take(self, at: datetime, every: timedelta) -> None:
        """A picture is looked at; later than any before."""
        step_at = at if self._step_at is None else self._step_at + every
        is_of_step = timedelta() <= at - step_at < every
        self._step_at = step_at if is_of_step else at
        self.last = at


@dataclass(slots=True)
class Gop:
    """Samples from a key picture on, as they come.

    Attributes:
        samples: With the instant each was captured; those that are kept.
        forgotten: How many before them are not kept any more.
    """

    samples: list[tuple[Sample, datetime]] = field(default_factory=list)
    forgotten: int = 0
    size_bytes: int = 0

    @property
    def count(self) -> int:
        """How many samples came."""
        return self.forgotten + len(self.samples)

    @property
    def is_too_long(self) -> bool:
        """Whether its samples should be forgotten once they are decoded."""
        return self.size_bytes > GOP_LIMIT_BYTES

    def add(self, samples: list[tuple[Sample, datetime]]) -> None:
        """Take what came."""
        self.samples += samples
        self.size_bytes += sum(len(sample.data) for sample, _ in samples)

    def forget(self) -> None:
        """Keep no sample."""
        self.forgotten, self.size_bytes = self.count, 0
        self.samples.clear()

    def after(self, number: int) -> list[tuple[Sample, datetime]] | None:
        """The samples after the first so many; None when some of them are forgotten."""
        return None if number < self.forgotten else self.samples[number - self.forgotten :]
