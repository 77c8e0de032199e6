"""What is true of lines and zones, from whole tracks at once; nothing of the product is used here.

The definitions are those of docs/reference/rules.md.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring import Span

Flat = NDArray[np.float64]
Points = NDArray[np.float64]
BAND, MOVED, GONE_S = 0.08, 0.3, 1.5
ENTER_S, LEAVE_S, AGAIN_S = 0.4, 1.0, 5.0


@dataclass(frozen=True)
class Walk:
    """A track of n observations.

    Attributes:
        at_s: (n,) seconds.
        boxes: (n, 4) left, top, right, bottom; shares of the picture.
    """

    at_s: Flat
    boxes: Flat

    @property
    def feet(self) -> Points:
        """(n, 2) middles of the lower edges, within the picture."""
        foot = np.stack([(self.boxes[:, 0] + self.boxes[:, 2]) / 2, self.boxes[:, 3]], axis=1)
        return np.clip(foot, 0, 1)

    def has_moved(self, aspect: float) -> NDArray[np.bool_]:
        """(n,) whether it was far from its first place by then, two observations in a row."""
        away = np.hypot(*((self.feet - self.feet[0]) * (aspect, 1)).T) >= MOVED * self.heights
        twice = away & np.append(False, away[:-1])
        moved: NDArray[np.bool_] = np.logical_or.accumulate(twice)
        return moved

    @property
    def heights(self) -> Flat:
        """(n,) of the boxes."""
        return self.boxes[:, 3] - self.boxes[:, 1]


@dataclass(frozen=True)
class Crossed:
    """When, and whether from left to right."""

    at_s: float
    is_to_right: bool


def crossings(walk: Walk, line: Points, aspect: float) -> list[Crossed]:
    """Band and two observations on either side; the way between must meet the line."""
    side = _sides(walk, line, aspect)
    known = np.flatnonzero(side)
    found: list[Crossed] = []
    # Of the observations outside the band, those with the same side as the one before are confirmed.
    sure = [(known[i], side[known[i]]) for i in range(1, len(known)) if side[known[i]] == side[known[i - 1]]]
    for (_, before), (row, now) in itertools.pairwise(sure):
        if now == before:
            continue
        last_old = max(k for k in known[known < row] if side[k] == before)
        first_new = min(k for k in known[known > last_old] if side[k] == now)
        if _meets(walk.feet[last_old], walk.feet[row], line):
            found.append(Crossed(float(walk.at_s[first_new]), bool(now > 0)))
    return found


def naive_crossings(walk: Walk, line: Points) -> list[Crossed]:
    """Each step that meets the line, as most recorders count."""
    feet = walk.feet
    found = []
    for row in range(1, len(feet)):
        for a, b in itertools.pairwise(line):
            if _meets(feet[row - 1], feet[row], np.array([a, b])):
                found.append(Crossed(float(walk.at_s[row]), bool(_turn(a, b, feet[row]) > 0)))
                break
    return found


def stays(walk: Walk, zone: Points, aspect: float) -> list[Span]:
    """Inside for long enough and having moved, until outside for long enough."""
    inside = np.array([_winding(zone, foot) != 0 for foot in walk.feet])
    at_s, n, moved = walk.at_s, len(inside), walk.has_moved(aspect)
    found: list[Span] = []
    row = 0
    while row < n:
        run = row + int(np.argmin(np.append(inside[row:], False)))
        sure = np.flatnonzero((at_s[row:run] - at_s[row] >= ENTER_S - 1e-9) & moved[row:run])
        if not sure.size:
            row = max(run, row) + 1
            continue
        last = run - 1
        after = run
        out_since = None
        while after < n and (out_since is None or inside[after] or at_s[after] - out_since < LEAVE_S - 1e-9):
            if inside[after]:
                last, out_since = after, None
            elif out_since is None:
                out_since = at_s[after]
            after += 1
        found.append(Span(float(at_s[row]), float(at_s[last])))
        row = after
    return found


def visits(walk: Walk, zone: Points, aspect: float) -> list[Span]:
    """Stays; a return soon after belongs to the stay before."""
    merged: list[Span] = []
    for stay in stays(walk, zone, aspect):
        if merged and stay.start - merged[-1].end <= AGAIN_S:
            merged[-1] = Span(merged[-1].start, stay.end)
        else:
            merged.append(stay)
    return merged


def pieces(walk: Walk) -> Sequence[Walk]:
    """Cut where nothing was seen for so long that the track is over."""
    cuts = np.flatnonzero(np.diff(walk.at_s) > GONE_S) + 1
    return [
        Walk(at, boxes)
        for at, boxes in zip(np.split(walk.at_s, cuts), np.split(walk.boxes, cuts), strict=True)
    ]


def _sides(walk: Walk, line: Points, aspect: float) -> NDArray[np.int64]:
    """(n,) 1 right, -1 left, 0 too near to tell. Right is where a turn to the nearest piece says."""
    scale = np.array([aspect, 1.0])
    feet, points = walk.feet * scale, line * scale
    best, front = np.full(len(feet), np.inf), np.zeros(len(feet))
    side = np.zeros(len(feet))
    for a, b in itertools.pairwise(points):
        way = b - a
        share = np.clip(((feet - a) @ way) / (way @ way), 0, 1)
        away = np.hypot(*(feet - a - share[:, None] * way).T)
        turn = way[0] * (feet[:, 1] - a[1]) - way[1] * (feet[:, 0] - a[0])
        # Of two pieces that meet at the nearest place, the one that is seen more from the front decides.
        facing = np.abs(turn) / np.hypot(*way)
        nearer = (away < best - 1e-12) | ((np.abs(away - best) <= 1e-12) & (facing > front))
        best, front = np.where(nearer, away, best), np.where(nearer, facing, front)
        side = np.where(nearer, np.sign(turn), side)
    side[best <= BAND * walk.heights] = 0
    return side.astype(np.int64)


def _turn(a: Flat, b: Flat, c: Flat) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def _meets(start: Flat, end: Flat, line: Points) -> bool:
    return any(
        _turn(start, end, a) * _turn(start, end, b) <= 0 and _turn(a, b, start) * _turn(a, b, end) <= 0
        for a, b in itertools.pairwise(line)
    )


def _winding(zone: Points, foot: Flat) -> int:
    """Signed turns of the corners around a place, by angles."""
    ways = zone - foot
    after = np.roll(ways, -1, axis=0)
    turns = np.arctan2(ways[:, 0] * after[:, 1] - ways[:, 1] * after[:, 0], (ways * after).sum(axis=1))
    return round(float(turns.sum()) / (2 * np.pi))
