"""How much will be stored when, and how long each camera can be kept: the catalog's counts, foretold."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from watchkeep.application.asking import INSTALLATION, Asking, require
from watchkeep.application.footage_rules import RuleBook, read_rules
from watchkeep.application.house import House
from watchkeep.domain.access import Action, visible_cameras
from watchkeep.domain.category import DataClass
from watchkeep.domain.forecast import Forecast, TierLimit, make_forecast
from watchkeep.domain.hindsight import Miss, look_back
from watchkeep.domain.ids import EPOCH, CameraId
from watchkeep.domain.interval import Interval
from watchkeep.domain.retention import FOOTAGE_CLASSES
from watchkeep.domain.rhythm import Came, Rhythm, Spread, learn, spread
from watchkeep.domain.steps import HOUR, Hourly
from watchkeep.domain.stock import Kept
from watchkeep.domain.tier import Condition, Tier
from watchkeep.storage.catalog import cameras, hours
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.hours import Numbers, StoredHours, hour_of

LEARNT_OF = timedelta(days=70)
"""Ten of each hour of the week; what was before is another season."""
SETTLED_AFTER = timedelta(minutes=6)
"""After the end of an hour: its last segment may last five minutes more, and its row follows."""
BEYOND = 14
"""Days after the longest promise, until which is looked: by then the load is steady."""
LEAST_SHARE_H = 24
"""Known hours of raw footage that has passed its limit, before its share of clips is believed."""
LOOKED_BACK = timedelta(days=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a forecast is made of, read at one moment.

    Attributes:
        at: Everything before it is counted.
        names: Of every camera that is there or has footage, by id.
        stored: By camera, class and volume.
        came: Of the last weeks; equally long for all.
        rhythms: None of a camera with not enough data.
    """

    at: datetime
    names: Mapping[CameraId, str]
    rules: RuleBook
    stored: Sequence[StoredHours]
    came: Mapping[CameraId, Came]
    rhythms: Mapping[CameraId, Rhythm | None]
    tiers: Sequence[TierLimit]

    def forecast(self, rules: RuleBook | None = None) -> Forecast:
        """Foretell by these rules; None: as they stand."""
        kept = [each for camera in self.names for each in self._kept(camera, rules or self.rules)]
        longest = max((each.keep for each in kept), default=timedelta(days=30))
        return make_forecast(
            self.at,
            kept=kept,
            rhythms=self.rhythms,
            known_h={camera: self.came[camera].known_h for camera in self.names},
            spread=self._spread(),
            tiers=self.tiers,
            days=math.ceil(longest / timedelta(days=1)) + BEYOND,
        )

    def miss(self) -> Miss | None:
        """How far a forecast of some weeks ago would have been off by now; None if too little was known."""
        made_at = self.at - LOOKED_BACK
        then = {
            camera: rhythm for camera, came in self.came.items() if (rhythm := learn(came.before(made_at)))
        }
        now = {camera: rhythm for camera, rhythm in self.rhythms.items() if rhythm is not None}
        return look_back(made_at, self.came, then, now)

    def _spread(self) -> Spread | None:
        known = {camera: rhythm for camera, rhythm in self.rhythms.items() if rhythm is not None}
        return spread([self.came[camera] for camera in known], list(known.values())) if known else None

    def _kept(self, camera: CameraId, book: RuleBook) -> list[Kept]:
        rules = book.of(camera)
        first = min((int(each.hours[0]) for each in self.stored), default=_number(self.at))
        length = max(0, _number(self.at) - first)
        by_class = {
            data_class: _dense(self.stored, camera, data_class, first, length)
            for data_class in FOOTAGE_CLASSES
        }
        raw = Kept(
            camera=camera,
            data_class=DataClass.RAW_FOOTAGE,
            stored=by_class[DataClass.RAW_FOOTAGE],
            keep=rules[DataClass.RAW_FOOTAGE].keep,
        )
        kept = [raw]
        for data_class in FOOTAGE_CLASSES[1:]:
            share = self._share(camera, by_class[data_class], raw.keep)
            if by_class[data_class].any() or share:
                kept.append(
                    Kept(
                        camera=camera,
                        data_class=data_class,
                        stored=by_class[data_class],
                        keep=rules[data_class].keep,
                        after=raw.keep,
                        share=share,
                        source=raw.stored,
                    )
                )
        return kept

    def _share(self, camera: CameraId, stored: Hourly, after: timedelta) -> float:
        """How much of what came is in a class once past the limit of raw footage: of the week past it."""
        came = self.came[camera].size_bytes
        end = len(came) - after // HOUR
        week = came[max(0, end - 168) : max(0, end)]
        is_known = ~np.isnan(week)
        total = float(week[is_known].sum())
        if np.count_nonzero(is_known) < LEAST_SHARE_H or total <= 0:
            return 0.0
        end = len(stored) - after // HOUR
        return min(1.0, float(stored[max(0, end - len(week)) : max(0, end)].sum()) / total)


def read_forecast(house: House, asking: Asking) -> tuple[Outlook, Forecast]:
    """Foretell what will be stored, with the asker's cameras one by one; tiers hold those of everybody."""
    require(house, asking, Action.SEE_STATUS, INSTALLATION)
    outlook = read_outlook(house, asking)
    return outlook, seen_by(asking, outlook.forecast())


def read_outlook(house: House, asking: Asking) -> Outlook:
    """Read what a forecast is made of: of all cameras, for they share the room."""
    at = hour_of(house.clock.now() - SETTLED_AFTER)
    with house.catalog.transaction(asking.subject.name) as conn:
        known = cameras.list_cameras(conn, with_removed=True)
        stored = [each for each in hours.stored_by_hour(conn) if int(each.hours[0]) < _number(at)]
        came = _came(conn, at)
        rules = read_rules(conn, house.clock.now())
    having = {each.camera for each in stored}
    names = {camera.id: camera.name for camera in known if camera.removed_at is None or camera.id in having}
    names |= {camera: str(camera) for camera in sorted(having - names.keys())}
    gone = {camera.id for camera in known if camera.removed_at is not None or not camera.is_enabled}
    silent = Came(start=at - LEARNT_OF, size_bytes=np.full(LEARNT_OF // HOUR, np.nan))
    loads = {camera: came.get(camera, silent) for camera in names}
    return Outlook(
        at=at,
        names=names,
        rules=rules,
        stored=stored,
        came=loads,
        rhythms={camera: _rhythm(load, is_gone=camera in gone) for camera, load in loads.items()},
        tiers=_tiers(house, stored),
    )


def seen_by(asking: Asking, forecast: Forecast) -> Forecast:
    """The forecast without the lines of cameras whose status the asker may not see."""
    scope = visible_cameras(asking.subject, Action.SEE_STATUS)
    if scope is None:
        return forecast
    return Forecast(
        at=forecast.at,
        spread=forecast.spread,
        tiers=forecast.tiers,
        classes=forecast.classes,
        cameras=[each for each in forecast.cameras if each.camera in scope],
        unknown=[camera for camera in forecast.unknown if camera in scope],
    )


def _rhythm(load: Came, *, is_gone: bool) -> Rhythm | None:
    """A camera that was removed or is switched off brings nothing, and that is known."""
    if is_gone:
        return Rhythm(rates=np.zeros(168), known_h=load.known_h)
    return learn(load)


def _came(conn: Connection, at: datetime) -> dict[CameraId, Came]:
    """What came in the weeks before; unknown before a camera was there and while its main stream was lost."""
    when = Interval(at - LEARNT_OF, at)
    length = LEARNT_OF // HOUR
    first = _number(when.start)
    loads = {each.camera: each for each in hours.came_by_hour(conn, when)}
    came: dict[CameraId, Came] = {}
    for camera, load in loads.items():
        size_bytes = np.zeros(length)
        size_bytes[load.hours - first] = load.size_bytes
        # Of what was before it began nothing is known, and the hour in which it began is not whole.
        size_bytes[: int(load.hours[0]) - first + 1] = np.nan
        came[camera] = Came(start=when.start, size_bytes=size_bytes)
    for camera, outage in hours.outages(conn, when):
        if camera in came:
            begin, end = (
                _number(outage.start) - first,
                _number(outage.end - timedelta(microseconds=1)) - first,
            )
            came[camera].size_bytes[begin : end + 1] = np.nan
    return came


def _tiers(house: House, stored: Collection[StoredHours]) -> list[TierLimit]:
    """The tiers in their order, the last without end: how long footage stays at all, its class says."""
    found: list[TierLimit] = []
    since = timedelta(0)
    for tier in house.tiers:
        until = None if tier is house.tiers[-1] else tier.max_age
        capacity = _capacity(house, tier, stored)
        found.append(TierLimit(name=tier.name, capacity_bytes=capacity, since=since, until=until))
        since = until or since
    return found


def _capacity(house: House, tier: Tier, stored: Collection[StoredHours]) -> int | None:
    """What footage may take on a tier: what it takes now and what is free beyond the reserve, or its limit.

    On a volume that is away no more than it takes now; None where nothing bounds it.
    """
    reserves = {each.volume.id: each.reserve_bytes for each in house.volumes}
    capacity, is_bounded = 0, True
    for attached in house.all_volumes():
        if attached.tier != tier.name:
            continue
        capacity += sum(int(part.size_bytes.sum()) for part in stored if part.volume == attached.id)
        look = attached.look()
        if look.space is not None:
            reserve = tier.min_free.of(look.space.total_bytes)
            if attached.id is not None:
                reserve = reserves.get(attached.id, reserve)
            capacity += max(0, look.space.free_bytes - reserve)
        elif look.condition is Condition.GOOD:
            is_bounded = False
    if not is_bounded:
        return tier.max_bytes
    return capacity if tier.max_bytes is None else min(capacity, tier.max_bytes)


def _dense(
    stored: Sequence[StoredHours], camera: CameraId, data_class: DataClass, first: int, length: int
) -> Hourly:
    """Bytes of a camera and class hour by hour, on all volumes together."""
    made = np.zeros(length)
    for each in stored:
        if each.camera == camera and each.data_class is data_class:
            is_before = each.hours < first + length
            places: Numbers = each.hours[is_before] - first
            made[places] += each.size_bytes[is_before]
    return made


def _number(instant: datetime) -> int:
    """Hours since 1970."""
    return (instant - EPOCH) // HOUR
