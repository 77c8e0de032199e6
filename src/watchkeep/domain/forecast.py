"""How much will be stored when: what is there goes by its age, what comes follows the rhythm of each camera.

All is counted in whole hours. The age of an hour counts from its end.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import CameraId
from watchkeep.domain.rhythm import DAY_H, HOUR, WEEK_H, Hourly, Rhythm, Spread, Step

DAY = timedelta(days=1)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TierLimit:
    """A tier as the forecast sees it.

    Attributes:
        capacity_bytes: What footage may take there in all; None where nothing bounds it.
        since, until: Which ages lie there; None is for ever.
    """

    name: str
    capacity_bytes: int | None
    since: timedelta = timedelta(0)
    until: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """Bytes at an instant, with the band in which they lie nine times in ten."""

    at: datetime
    low: float
    expected: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TierForecast:
    """What will lie on a tier.

    Attributes:
        line: A point a day, from now.
        full_at: When it is full; None if not within the line.
        full_from: The same at the upper edge of the band: not before.
        full_until: At its lower edge; None if it may never be.
    """

    limit: TierLimit
    line: Sequence[Expected]
    full_at: datetime | None
    full_from: datetime | None
    full_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassForecast:
    """What will be stored of a class, on all tiers."""

    data_class: DataClass
    line: Sequence[Expected]


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraForecast:
    """What a camera brings and how long it can be kept.

    Attributes:
        known_h: Hours that the rhythm was learnt of; the `n` of all that is said.
        bytes_per_day: None with not enough data; so are the line and the days.
        reached_at: When its oldest footage is as old as promised; in the past when it is already. None when
            the promise does not fit into the room there is.
        days: How long it can be kept: what is promised, or less.
        days_low: The same if more comes than is expected.
    """

    camera: CameraId
    keep: timedelta
    known_h: int
    bytes_per_day: float | None
    steps: Sequence[Step]
    line: Sequence[Expected]
    reached_at: datetime | None
    days: float | None
    days_low: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What is expected from an hour on.

    Attributes:
        spread: How much days differ; its `days` are the `n`. None with not enough data of any camera.
        unknown: Cameras with not enough data: what they will bring is in no line.
    """

    at: datetime
    spread: Spread | None
    tiers: Sequence[TierForecast]
    classes: Sequence[ClassForecast]
    cameras: Sequence[CameraForecast]
    unknown: Sequence[CameraId]


def make_forecast(
    at: datetime,
    *,
    kept: Sequence[Kept],
    rhythms: Mapping[CameraId, Rhythm | None],
    known_h: Mapping[CameraId, int],
    spread: Spread | None,
    tiers: Sequence[TierLimit],
    days: int,
) -> Forecast:
    """Look so many days ahead.

    Args:
        at: Now, on the hour: `stored` of all ends there.
        kept: Of every camera and class.
        rhythms: Of every camera; None with not enough data.
        known_h: How many hours of each are known.
        spread: Of all that have a rhythm.
        tiers: In the order in which footage comes to them.
        days: How far; should reach beyond the longest limit.
    """
    turns = np.arange(0, days * DAY_H + 1)
    known = [each for each in kept if rhythms.get(each.camera) is not None]
    ahead = {camera: rhythm.ahead(at, int(turns[-1])) for camera, rhythm in rhythms.items() if rhythm}
    flow = _Flow(at, turns, ahead, spread or Spread(0.0, 0, 0))
    room = sum(math.inf if tier.capacity_bytes is None else tier.capacity_bytes for tier in tiers)
    longest = _longest_that_fits(flow, known, room)
    careful = _longest_that_fits(flow, known, room / (1 + flow.spread.band(days))) if known else longest
    return Forecast(
        at=at,
        spread=spread,
        tiers=[_of_tier(flow, kept, tier) for tier in tiers],
        classes=[
            ClassForecast(
                data_class=each,
                line=flow.line([one for one in kept if one.data_class is each]),
            )
            for each in sorted({one.data_class for one in kept})
        ],
        cameras=[
            _unknown(kept, camera, known_h[camera])
            if rhythm is None
            else _of_camera(flow, kept, camera, rhythm, longest, careful)
            for camera, rhythm in rhythms.items()
        ],
        unknown=[camera for camera, rhythm in rhythms.items() if rhythm is None],
    )


@dataclass(frozen=True, slots=True)
class _Flow:
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


def _of_tier(flow: _Flow, kept: Sequence[Kept], limit: TierLimit) -> TierForecast:
    total, coming = flow.content(kept, limit.since, limit.until)
    band = flow.band(kept, coming)
    return TierForecast(
        limit=limit,
        line=flow.line(kept, limit.since, limit.until),
        full_at=_first_over(flow, total, limit),
        full_from=_first_over(flow, total + band, limit),
        full_until=_first_over(flow, total - band, limit),
    )


def _first_over(flow: _Flow, content: Hourly, limit: TierLimit) -> datetime | None:
    over = np.flatnonzero(content > (math.inf if limit.capacity_bytes is None else limit.capacity_bytes))
    return None if len(over) == 0 else flow.at + int(over[0]) * HOUR


def _of_camera(
    flow: _Flow,
    kept: Sequence[Kept],
    camera: CameraId,
    rhythm: Rhythm,
    longest: timedelta | None,
    careful: timedelta | None,
) -> CameraForecast:
    own = [each for each in kept if each.camera == camera]
    keep = _promised(own)
    fits = longest is None or longest >= keep
    return CameraForecast(
        camera=camera,
        keep=keep,
        known_h=rhythm.known_h,
        bytes_per_day=rhythm.bytes_per_day,
        steps=rhythm.steps,
        line=flow.line(own),
        reached_at=_oldest(flow, own) + keep if fits else None,
        days=min(keep, keep if longest is None else longest) / DAY,
        days_low=min(keep, keep if careful is None else careful) / DAY,
    )


def _unknown(kept: Sequence[Kept], camera: CameraId, known_h: int) -> CameraForecast:
    return CameraForecast(
        camera=camera,
        keep=_promised([each for each in kept if each.camera == camera]),
        known_h=known_h,
        bytes_per_day=None,
        steps=(),
        line=(),
        reached_at=None,
        days=None,
        days_low=None,
    )


def _promised(own: Sequence[Kept]) -> timedelta:
    """How long what comes is kept, before a share of it comes into another class."""
    return next((each.keep for each in own if not each.after), timedelta(0))


def _oldest(flow: _Flow, kept: Sequence[Kept]) -> datetime:
    """Start of the oldest hour of which something is stored; now when nothing is."""
    ages = [len(each.stored) - int(np.flatnonzero(each.stored)[0]) for each in kept if each.stored.any()]
    return flow.at - max(ages, default=0) * HOUR


def _longest_that_fits(flow: _Flow, kept: Sequence[Kept], room: float) -> timedelta | None:
    """The greatest age up to which all fits once the load is steady; None when every limit fits."""
    last = _Flow(flow.at, flow.turns[-WEEK_H:], flow.ahead, flow.spread)

    def fits(hours: int) -> bool:
        total, _ = last.content(kept, until=hours * HOUR)
        return bool(total.max(initial=0.0) <= room)

    most = max((each.keep // HOUR for each in kept), default=0)
    if fits(most):
        return None
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low * HOUR
