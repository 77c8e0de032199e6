"""What a camera brings, by hour of the week: learnt of what came, with how it varies and where it stepped.

A week has 168 hours, from Monday 00:00 UTC. An hour of which nothing is known is NaN; one in which nothing
came on purpose is 0.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from watchkeep.domain.ids import EPOCH
from watchkeep.domain.steps import DAY_H, HOUR, WEEK_H, Hourly, Step, level, means

LEAST_H = 72
"""Known hours below which nothing is foretold: the hours of a day differ, and the days."""
LEAST_DAY_H = 18
"""Known hours that make a day comparable with another."""
LEAST_PAIRS = 3
"""Days and their days a week before, from which on the spread is taken from these."""
_MONDAY = EPOCH - timedelta(days=3)
"""1970 began on a Thursday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What came of one camera, hour after hour.

    Attributes:
        start: Of the first hour, UTC, on the hour.
        size_bytes: NaN where nothing is known: the camera was away, or was not there yet.
    """

    start: datetime
    size_bytes: Hourly

    @property
    def known_h(self) -> int:
        """How many hours are known."""
        return int(np.count_nonzero(~np.isnan(self.size_bytes)))

    def before(self, instant: datetime) -> "Came":
        """The hours that were over at an instant."""
        count = max(0, (instant - self.start) // HOUR)
        return Came(start=self.start, size_bytes=self.size_bytes[:count])


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """What a camera is expected to bring.

    Attributes:
        rates: Bytes in each of the 168 hours of a week, at the level after the last step.
        known_h: Of how many hours it was learnt.
        steps: Oldest first.
    """

    rates: Hourly
    known_h: int
    steps: Sequence[Step] = ()

    @property
    def bytes_per_day(self) -> float:
        """On the mean of a week."""
        return float(self.rates.sum()) / 7

    def ahead(self, start: datetime, hours: int) -> Hourly:
        """What is expected in so many hours from one on."""
        return self.rates[(hour_of_week(start) + np.arange(hours)) % WEEK_H]


def hour_of_week(instant: datetime) -> int:
    """0 for Monday 00:00 UTC, up to 167."""
    return ((instant - _MONDAY) // HOUR) % WEEK_H


def learn(came: Came) -> Rhythm | None:
    """Learn the rhythm; None with less than three days of known hours.

    What came before a step is raised or lowered to the level after it. Each hour of the week is the mean of
    its kind; one that never was yet takes the mean of its hour of the day.
    """
    if came.known_h < LEAST_H:
        return None
    levelled, steps = level(came.start, came.size_bytes)
    first = hour_of_week(came.start)
    place = (first + np.arange(len(levelled))) % WEEK_H
    by_week = means(levelled, place, WEEK_H)
    by_day = means(levelled, place % DAY_H, DAY_H)
    by_day = np.where(np.isnan(by_day), np.nanmean(levelled), by_day)
    rates = np.where(np.isnan(by_week), np.tile(by_day, 7), by_week)
    return Rhythm(rates=rates, known_h=came.known_h, steps=steps)


@dataclass(frozen=True, slots=True)
class Spread:
    """How much days of the same kind differ.

    Attributes:
        share: Standard deviation of a day, as a share of it.
        days: How many days are known.
        pairs: How many comparisons of two days the share rests on.
    """

    share: float
    days: int
    pairs: int

    def band(self, days: float) -> float:
        """By which share the sum of so many days to come may be off, nine times in ten.

        The days vary, and so does the mean that was learnt of the known ones.
        """
        if days <= 0:
            return 0.0
        few = 1 / max(1, self.pairs)
        # Student's quantile by the first terms of its expansion about the normal one.
        quantile = _Z90 + (_Z90**3 + _Z90) / 4 * few + (5 * _Z90**5 + 16 * _Z90**3 + 3 * _Z90) / 96 * few**2
        return quantile * self.share * math.sqrt(1 / days + 1 / max(1, self.days))


_Z90 = 1.645


def spread(came: Sequence[Came], rhythms: Sequence[Rhythm]) -> Spread:
    """How much days of all these cameras together differ from those a week before, steps levelled.

    With less than ten days they are compared with the day before, which makes the spread wide, not narrow.

    Args:
        came: Of cameras that all begin at the same hour and are equally long.
        rhythms: Learnt of each.
    """
    days = _days(came, rhythms)
    known = int(np.count_nonzero(~np.isnan(days)))
    for lag, least in ((7, LEAST_PAIRS), (1, 1)):
        change = days[lag:] - days[:-lag]
        change = change[~np.isnan(change)]
        if len(change) >= least:
            return Spread(math.sqrt(float(np.mean(change**2)) / 2), known, len(change))
    return Spread(1.0, known, 0)


def _days(came: Sequence[Came], rhythms: Sequence[Rhythm]) -> Hourly:
    """The logarithm of each day against a mean one; NaN where too little is known. Newest last."""
    length = max((len(each.size_bytes) for each in came), default=0)
    actual, expected, known = np.zeros(length), np.zeros(length), np.zeros(length)
    for each, rhythm in zip(came, rhythms, strict=True):
        levelled = each.size_bytes * _levels(each, rhythm.steps)
        is_known = ~np.isnan(levelled)
        actual += np.where(is_known, levelled, 0)
        # By the hour of the day alone, so that days of the week keep their differences.
        of_day = rhythm.rates.reshape(7, DAY_H).mean(axis=0)
        hours = (hour_of_week(each.start) + np.arange(length)) % DAY_H
        expected += np.where(is_known, of_day[hours], 0)
        known = np.maximum(known, is_known)
    days = length // DAY_H
    # From the end, so that the last hours make the last day.
    tail = slice(length - days * DAY_H, length)
    a_day, e_day, k_day = (
        series[tail].reshape(days, DAY_H).sum(axis=1) for series in (actual, expected, known)
    )
    is_whole = (k_day >= LEAST_DAY_H) & (a_day > 0) & (e_day > 0)
    shares: Hourly = np.where(is_whole, a_day, np.nan) / np.where(is_whole, e_day, 1.0)
    return np.log(shares)


def _levels(came: Came, steps: Sequence[Step]) -> Hourly:
    """By how much each hour is to be multiplied to be at the level after the last step."""
    levels = np.ones(len(came.size_bytes))
    for step in steps:
        levels[: max(0, (step.at - came.start) // HOUR)] *= step.ratio
    return levels
