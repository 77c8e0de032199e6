"""Where a camera began to bring more or less at the same hours of the week: its bitrate was changed."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

Hourly = npt.NDArray[np.float64]
"""Bytes, one number an hour."""

HOUR = timedelta(hours=1)
WEEK_H = 168
DAY_H = 24
LEAST_STEP_H = 12
"""Known hours after a step before it is believed."""
LEAST_STEP = 0.15
"""A step of less is left to the spread."""
STEP_SCORE = 8.0
"""How many standard errors a step must stand out; by chance one in many thousand hours reaches five."""
MOST_STEPS = 8


@dataclass(frozen=True, slots=True)
class Step:
    """From an hour on a camera brings so many times what it brought before: its bitrate was changed."""

    at: datetime
    ratio: float


def means(values: Hourly, place: npt.NDArray[np.int64], kinds: int) -> Hourly:
    """The mean of the known values of each kind; NaN where there is none."""
    is_known = ~np.isnan(values)
    counts = np.bincount(place[is_known], minlength=kinds)
    sums = np.bincount(place[is_known], weights=values[is_known], minlength=kinds)
    of_each: Hourly = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return of_each


def level(start: datetime, size_bytes: Hourly) -> tuple[Hourly, list[Step]]:
    """Find steps one by one, the plainest first, and bring what came before each to the level after it.

    Args:
        start: Of the first hour.
        size_bytes: Hour after hour; NaN where nothing is known.
    """
    levelled = size_bytes.copy()
    found: dict[int, float] = {}
    while len(found) < MOST_STEPS and (step := _plainest_step(levelled)) is not None:
        hour, ratio = step
        levelled[:hour] *= ratio
        found[hour] = found.get(hour, 1.0) * ratio
    steps = [Step(start + hour * HOUR, ratio) for hour, ratio in sorted(found.items())]
    return levelled, steps


def _plainest_step(values: Hourly) -> tuple[int, float] | None:
    """The hour at which the same hours of the week become so many times as large; None if none stands out.

    A step at an hour lifts the comparison with the week before for one week, then no longer: that week is
    looked for.
    """
    if len(values) < WEEK_H + LEAST_STEP_H:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.log(values[WEEK_H:] / values[:-WEEK_H])
    is_known = np.isfinite(change)
    if np.count_nonzero(is_known) < LEAST_STEP_H:
        return None
    sums = np.concatenate(([0.0], np.cumsum(np.where(is_known, change, 0.0))))
    counts = np.concatenate(([0], np.cumsum(is_known)))
    # A step of the first week lifts the comparison from its first hour on, and for less than a week.
    hours = np.arange(LEAST_STEP_H, WEEK_H + len(change))
    starts, ends = np.maximum(hours - WEEK_H, 0), np.minimum(hours, len(change))
    inside = counts[ends] - counts[starts]
    means = (sums[ends] - sums[starts]) / np.maximum(inside, 1)
    scores = np.where(inside >= LEAST_STEP_H, np.abs(means) * np.sqrt(inside) / _noise(change[is_known]), 0.0)
    best = int(np.argmax(scores))
    if scores[best] < STEP_SCORE or abs(means[best]) < math.log1p(LEAST_STEP):
        return None
    alike = hours[scores >= scores[best] * 0.97]
    return _sharpest(values, alike, rises=means[best] > 0), float(np.exp(means[best]))


def _sharpest(values: Hourly, hours: npt.NDArray[np.int64], *, rises: bool) -> int:
    """Of hours at which a step may have been, the one that parts low from high hours best."""
    first, last = int(hours[0]), int(hours[-1])
    with np.errstate(divide="ignore", invalid="ignore"):
        if first >= WEEK_H:
            level = np.concatenate((np.full(WEEK_H, np.nan), np.log(values[WEEK_H:] / values[:-WEEK_H])))
        else:
            of_day = np.arange(len(values)) % DAY_H
            level = np.log(values / means(values, of_day, DAY_H)[of_day])
    is_known = np.isfinite(level)
    level = np.where(is_known, level, 0.0)
    edges = [slice(max(0, first - DAY_H), first), slice(last, last + DAY_H)]
    middle = sum(float(level[edge].sum()) / max(1, int(is_known[edge].sum())) for edge in edges) / 2
    above = np.where(is_known, level - middle, 0.0)[first:last]
    sums = np.concatenate(([0.0], np.cumsum(above if rises else -above)))
    return first + int(np.argmin(sums))


def _noise(changes: Hourly) -> float:
    """The spread from one hour to the next, which a step touches once only: a robust standard deviation."""
    turns = np.abs(np.diff(changes))
    return max(float(np.median(turns)) / 0.6745 / math.sqrt(2), 0.02)
