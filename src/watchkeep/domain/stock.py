"""How many bytes of which age there are at an hour to come: what is there grows older, what comes is added.

All is counted in whole hours. The age of an hour counts from its end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import CameraId
from watchkeep.domain.rhythm import Spread
from watchkeep.domain.steps import DAY_H, HOUR, Hourly


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is stored of one camera in one class, and how long it stays.

    Attributes:
        stored: Bytes that are there now, hour after hour up to now; equally long for all.
        keep: How long after its end an hour goes.
        after: The age at which footage comes into the class: zero, or the limit of the class it comes from.
        share: How much of what reaches that age comes into it.
        source: What that is taken of, as `stored`; the same where footage comes into the class at once.
    """

    camera: CameraId
    data_class: DataClass
    stored: Hourly
    keep: timedelta
    after: timedelta = timedelta(0)
    share: float = 1.0
    source: Hourly | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """Bytes at an instant, with the band in which they lie nine times in ten."""

    at: datetime
    low: float
    expected: float
    high: float


@dataclass(frozen=True, slots=True)
class Flow:
    """What comes, and at which hours from now it is looked at."""

    at: datetime
    turns: np.ndarray[tuple[int], np.dtype[np.int64]]
    ahead: Mapping[CameraId, Hourly]
    spread: Spread

    def content(
        self, kept: Sequence[Kept], since: timedelta = timedelta(0), until: timedelta | None = None
    ) -> tuple[Hourly, Hourly]:
        """Bytes of these ages at each turn: all of them, and those of them that are still to come."""
        total, coming = np.zeros(len(self.turns)), np.zeros(len(self.turns))
        for each in kept:
            ahead = self.ahead.get(each.camera, np.zeros(int(self.turns[-1])))
            first, last = since // HOUR, (min(each.keep, until) if until is not None else each.keep) // HOUR
            there = each.stored.copy()
            if each.after:
                total += _window(there, np.zeros(len(ahead)), self.turns, first, last)
                # Of what has not reached the age yet, a share will come in.
                there = np.zeros(len(there)) if each.source is None else each.source.copy()
                there[: max(0, len(there) - each.after // HOUR)] = 0
                first = max(first, each.after // HOUR)
                there *= each.share
            total += _window(there, ahead * each.share, self.turns, first, last)
            coming += _window(np.zeros(len(there)), ahead * each.share, self.turns, first, last)
        return total, coming

    def band(self, kept: Sequence[Kept], coming: Hourly) -> Hourly:
        """By how many bytes what is still to come may be off: the more days it is of, the less by share."""
        daily = sum(
            each.share * self.ahead[each.camera].mean() * DAY_H for each in kept if each.camera in self.ahead
        )
        if daily <= 0:
            return np.zeros(len(coming))
        shares: Hourly = np.array([self.spread.band(days) for days in coming / daily])
        return coming * shares

    def line(
        self, kept: Sequence[Kept], since: timedelta = timedelta(0), until: timedelta | None = None
    ) -> list[Expected]:
        """A point a day."""
        total, coming = self.content(kept, since, until)
        band = self.band(kept, coming)
        return [
            Expected(
                self.at + int(turn) * HOUR,
                float(total[turn] - band[turn]),
                float(total[turn]),
                float(total[turn] + band[turn]),
            )
            for turn in self.turns[::DAY_H]
        ]


def _window(
    stored: Hourly,
    ahead: Hourly,
    turns: np.ndarray[tuple[int], np.dtype[np.int64]],
    first: int,
    last: int,
) -> Hourly:
    """The sum of the hours whose age at each turn is at least `first` and less than `last` hours."""
    sums = np.concatenate(([0.0], np.cumsum(stored), np.sum(stored) + np.cumsum(ahead)))
    # An hour has the age 0 when it ends.
    end = len(stored) + turns
    newest = np.clip(end - first, 0, len(sums) - 1)
    oldest = np.clip(end - max(last, first), 0, len(sums) - 1)
    content: Hourly = sums[newest] - sums[oldest]
    return content
