"""Where the feet of tracks have been: whether a thing has moved at all, and whether it stands still.

Distances are in box heights. Source: docs/reference/rules.md, "Standing and moving".
"""

from dataclasses import dataclass

import numpy as np

from watchkeep.processing.rows import Floats, Mask, Numbers, Rows

STILL_S = 10.0
STILL_WITHIN = 0.1
STILL_SHARE = 0.9
"""So many of the feet of the last ten seconds are so near their middle."""
MOVED_BEYOND = 0.3
MOVED_OBSERVATIONS = 2
SAMPLE_S = 0.39
SAMPLES = 28
"""So many samples, each at least so long after the one before, reach back further than ten seconds."""


@dataclass(slots=True)
class Stillness(Rows):
    """Of n tracks.

    Attributes:
        first: (n, 2) foot when it was first observed.
        beyond: (n,) observations in a row far from `first`, or from `anchor` of those that stand.
        has_moved: (n,) whether it was ever far from its place, two observations in a row.
        is_still: (n,) whether it stands.
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

    def observe(self, rows: Numbers, feet: Floats, heights: Floats, at_s: float) -> None:
        """Take the feet of the tracks that were observed now."""
        was_still = self.is_still[rows]
        origin = np.where(was_still[:, None], self.anchor[rows], self.first[rows])
        is_beyond = _lengths(feet - origin) >= MOVED_BEYOND * heights
        beyond = np.where(is_beyond, self.beyond[rows] + 1, 0)
        has_left = beyond >= MOVED_OBSERVATIONS
        self.has_moved[rows] |= has_left
        self.beyond[rows] = beyond
        self._leave(rows[was_still & has_left])
        is_due = at_s - self.at_s[rows, -1] >= SAMPLE_S
        self._sample(rows[is_due], feet[is_due], at_s)
        asked = is_due & ~was_still
        self._stand(rows[asked], heights[asked], at_s)

    def _leave(self, rows: Numbers) -> None:
        """What has left its place has to stand anew, for ten seconds from now."""
        self.is_still[rows] = False
        self.at_s[rows] = -np.inf

    def _sample(self, rows: Numbers, feet: Floats, at_s: float) -> None:
        self.feet[rows, :-1], self.at_s[rows, :-1] = self.feet[rows, 1:], self.at_s[rows, 1:]
        self.feet[rows, -1], self.at_s[rows, -1] = feet, at_s

    def _stand(self, rows: Numbers, heights: Floats, at_s: float) -> None:
        """Notice who has stood for ten seconds, and where."""
        ages = at_s - self.at_s[rows]
        is_known = np.isfinite(ages)
        is_in = ages < STILL_S
        is_in[:, :-1] |= is_in[:, 1:]  # with the newest of the older ones, where the ten seconds begin
        is_in &= is_known
        is_long = (is_in & (ages >= STILL_S)).any(axis=1)
        rows, heights, is_in = rows[is_long], heights[is_long], is_in[is_long]
        if rows.size == 0:
            return
        counts = is_in.sum(axis=1)
        each = np.arange(len(rows))
        feet = np.where(is_in[:, :, None], self.feet[rows], np.inf)
        middle = np.sort(feet, axis=1)[each, (counts - 1) // 2]
        away = np.sort(_lengths(feet - middle[:, None]), axis=1)
        rank = np.ceil(STILL_SHARE * counts).astype(np.int64) - 1
        stands = away[each, rank] <= STILL_WITHIN * heights
        self.is_still[rows] = stands
        self.anchor[rows[stands]] = middle[stands]
        self.beyond[rows[stands]] = 0


def _lengths(ways: Floats) -> Floats:
    lengths: Floats = np.hypot(ways[..., 0], ways[..., 1])
    return lengths
