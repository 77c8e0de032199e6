"""Events against ground truth: one to one, by overlap in time."""

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

GROUND_TRUTH_RATE = 10.0
"""vtest.avi plays PETS09-S2L1's pictures at 10 a second (they were taken at 7)."""
ENTER_S, LEAVE_S = 0.4, 1.0
"""The rule's definition, docs/reference/rules.md."""


@dataclass(frozen=True, order=True)
class Span:
    """Seconds, half-open."""

    start: float
    end: float

    def overlap_s(self, other: "Span") -> float:
        """Seconds that both share."""
        return max(0.0, min(self.end, other.end) - max(self.start, other.start))

    def share(self, other: "Span") -> float:
        """Intersection over union."""
        shared = self.overlap_s(other)
        union = (self.end - self.start) + (other.end - other.start) - shared
        return shared / union if union > 0 else 0.0

    def rounded(self) -> list[float]:
        """For a person."""
        return [round(self.start, 1), round(self.end, 1)]


@dataclass(frozen=True)
class Score:
    """How well events tell the truth.

    Attributes:
        repeated: Of the false ones, those that overlap something that happened: told once more, or cut up.
    """

    truth: int
    told: int
    found: int
    repeated: int

    @property
    def false(self) -> int:
        """Told, and matching nothing."""
        return self.told - self.found

    @property
    def precision(self) -> float:
        """Share of what was told that is true."""
        return self.found / self.told if self.told else 1.0

    @property
    def recall(self) -> float:
        """Share of what happened that was told."""
        return self.found / self.truth if self.truth else 1.0

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def match(truth: Sequence[Span], told: Sequence[Span], *, least_overlap: float) -> Score:
    """Match one to one; least_overlap is a temporal IoU, or negative: so many seconds of overlap."""
    scores = np.zeros((len(truth), len(told)))
    for i, real in enumerate(truth):
        for j, said in enumerate(told):
            is_enough = (
                real.share(said) >= least_overlap
                if least_overlap > 0
                else real.overlap_s(said) >= -least_overlap
            )
            scores[i, j] = 1 + real.share(said) if is_enough else 0.0
    rows, columns = linear_sum_assignment(-scores)
    pairs = [(i, j) for i, j in zip(rows, columns, strict=True) if scores[i, j] > 0]
    matched = {j for _, j in pairs}
    rest = [said for j, said in enumerate(told) if j not in matched]
    repeated = sum(any(real.overlap_s(said) >= 0.5 for real in truth) for said in rest)
    return Score(len(truth), len(told), len(pairs), repeated)


def visits_of_ground_truth(assets: Path, zone: Sequence[tuple[float, float]]) -> list[Span]:
    """Visits of a zone by PETS09-S2L1's hand-made tracks: foot point, even-odd rule, hysteresis."""
    folder = next(path for path in assets.rglob("PETS09-S2L1") if path.is_dir())
    tracks: dict[int, list[tuple[int, float, float]]] = defaultdict(list)
    with next((folder / "gt").glob("*.txt")).open() as file:
        for row in csv.reader(file):
            frame, identity = int(row[0]), int(row[1])
            left, top, width, height = (float(value) for value in row[2:6])
            tracks[identity].append((frame, (left + width / 2) / 768, (top + height) / 576))
    visits = []
    for points in tracks.values():
        points.sort()
        visits += _visits([((frame - 1) / GROUND_TRUTH_RATE, _is_in(zone, x, y)) for frame, x, y in points])
    return sorted(visits)


def _visits(sides: Sequence[tuple[float, bool]]) -> list[Span]:
    visits: list[Span] = []
    entered: float | None = None
    last_inside = 0.0
    for at, is_inside in sides:
        if entered is not None and at - last_inside >= LEAVE_S and not is_inside:
            visits.append(Span(entered, last_inside))
            entered = None
        if is_inside:
            entered = at if entered is None else entered
            last_inside = at
    if entered is not None:
        visits.append(Span(entered, last_inside))
    return [visit for visit in visits if visit.end - visit.start >= ENTER_S]


def _is_in(zone: Sequence[tuple[float, float]], x: float, y: float) -> bool:
    inside = False
    for (ax, ay), (bx, by) in zip(zone, [*zone[1:], zone[0]], strict=True):
        if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
            inside = not inside
    return inside
