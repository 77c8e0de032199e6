"""Where the feet of tracks have been: whether a thing has moved at all, and whether it stands still.

Distances are in box heights. Source: docs/reference/rules.md, "Standing and moving".
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from watchkeep.processing.association import Mask, Numbers
from watchkeep.processing.kalman import Floats

STILL_S = 10.0
STILL_WITHIN = 0.1
"""Nine of ten feet of the last ten seconds are within it of their middle."""
MOVED_BEYOND = 0.3
MOVED_OBSERVATIONS = 2
SAMPLE_S = 0.4
SAMPLES = 28
"""Enough for ten seconds of samples and a little more."""


@dataclass(slots=True)
class Stillness:
    """Of n tracks.

    Attributes:
        first: (n, 2) foot when it was first observed.
        beyond: (n,) observations in a row far from `first`, or from `anchor` of those that stand.
        has_moved: (n,).
        is_still: (n,).
        anchor: (n, 2) where those stand that stand.
        feet: (n, SAMPLES, 2) the newest last.
        at_s: (n, SAMPLES) when, seconds; minus infinity where there is none.
    """

    first: Floats
    beyond: Numbers
    has_moved: Mask
    is_still: Mask
    anchor: Floats
    feet: Floats
    at_s: Floats

    @classmethod
    def begin(cls, feet: Floats, at_s: float) -> "Stillness":
        """Tracks at their first observation."""
        n = len(feet)
        samples = np.zeros((n, SAMPLES, 2))
        times = np.full((n, SAMPLES), -np.inf)
        samples[:, -1], times[:, -1] = feet, at_s
        return cls(
            first=feet.copy(),
            beyond=np.zeros(n, dtype=np.int64),
            has_moved=np.zeros(n, dtype=np.bool_),
            is_still=np.zeros(n, dtype=np.bool_),
            anchor=feet.copy(),
            feet=samples,
            at_s=times,
        )

    def observe(self, chosen: Numbers, feet: Floats, heights: Floats, at_s: float) -> None:
        """Take the feet of the tracks that were observed now."""
        is_still = self.is_still[chosen]
        origin = np.where(is_still[:, None], self.anchor[chosen], self.first[chosen])
        is_beyond = np.linalg.norm(feet - origin, axis=1) >= MOVED_BEYOND * heights
        beyond = np.where(is_beyond, self.beyond[chosen] + 1, 0)
        has_left = beyond >= MOVED_OBSERVATIONS
        self.has_moved[chosen] |= has_left
        self.beyond[chosen] = beyond
        self._sample(chosen, feet, at_s)
        still, middle = self._stands(chosen, heights, at_s)
        # What stands goes on standing until it has left its place; what has just left has to stand anew.
        now_still = np.where(is_still, ~has_left, still)
        begins = now_still & ~is_still
        self.anchor[chosen[begins]] = middle[begins]
        self.beyond[chosen[begins]] = 0
        left = chosen[is_still & has_left]
        self.at_s[left, :-1] = -np.inf
        self.is_still[chosen] = now_still

    def take(self, chosen: NDArray[np.bool_]) -> "Stillness":
        """The chosen ones."""
        return Stillness(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def joined(self, other: "Stillness") -> "Stillness":
        """Both."""
        return Stillness(
            *(np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self))
        )

    def _sample(self, chosen: Numbers, feet: Floats, at_s: float) -> None:
        due = chosen[at_s - self.at_s[chosen, -1] >= SAMPLE_S]
        self.feet[due, :-1], self.at_s[due, :-1] = self.feet[due, 1:], self.at_s[due, 1:]
        is_due = np.isin(chosen, due)
        self.feet[due, -1], self.at_s[due, -1] = feet[is_due], at_s

    def _stands(self, chosen: Numbers, heights: Floats, at_s: float) -> tuple[Mask, Floats]:
        """Who has stood for ten seconds, and where."""
        ages = at_s - self.at_s[chosen]
        is_recent = ages <= STILL_S + SAMPLE_S
        is_long = np.where(is_recent, ages, 0).max(axis=1, initial=0) >= STILL_S - SAMPLE_S
        feet = np.where(is_recent[:, :, None], self.feet[chosen], np.nan)
        middle = np.zeros((len(chosen), 2))
        stands = np.zeros(len(chosen), dtype=np.bool_)
        if is_long.any():
            middle[is_long] = np.nanmedian(feet[is_long], axis=1)
            away = np.linalg.norm(feet[is_long] - middle[is_long][:, None], axis=2)
            stands[is_long] = np.nanquantile(away, 0.9, axis=1) <= STILL_WITHIN * heights[is_long]
        return stands, middle
