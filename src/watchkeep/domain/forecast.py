"""How much will be stored when: what is there goes by its age, what comes follows each camera's rhythm."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import CameraId
from watchkeep.domain.rhythm import Rhythm, Spread
from watchkeep.domain.steps import DAY_H, HOUR, WEEK_H, Hourly, Step
from watchkeep.domain.stock import Expected, Flow, Kept

DAY = timedelta(days=1)


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
    flow = Flow(at, turns, ahead, spread or Spread(0.0, 0, 0))
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


def _of_tier(flow: Flow, kept: Sequence[Kept], limit: TierLimit) -> TierForecast:
    total, coming = flow.content(kept, limit.since, limit.until)
    band = flow.band(kept, coming)
    return TierForecast(
        limit=limit,
        line=flow.line(kept, limit.since, limit.until),
        full_at=_first_over(flow, total, limit),
        full_from=_first_over(flow, total + band, limit),
        full_until=_first_over(flow, total - band, limit),
    )


def _first_over(flow: Flow, content: Hourly, limit: TierLimit) -> datetime | None:
    over = np.flatnonzero(content > (math.inf if limit.capacity_bytes is None else limit.capacity_bytes))
    return None if len(over) == 0 else flow.at + int(over[0]) * HOUR


def _of_camera(
    flow: Flow,
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


def _oldest(flow: Flow, kept: Sequence[Kept]) -> datetime:
    """Start of the oldest hour of which something is stored; now when nothing is."""
    ages = [len(each.stored) - int(np.flatnonzero(each.stored)[0]) for each in kept if each.stored.any()]
    return flow.at - max(ages, default=0) * HOUR


def _longest_that_fits(flow: Flow, kept: Sequence[Kept], room: float) -> timedelta | None:
    """The greatest age up to which all fits once the load is steady; None when every limit fits."""
    last = Flow(flow.at, flow.turns[-WEEK_H:], flow.ahead, flow.spread)

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
