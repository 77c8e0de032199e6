"""How many objects and events there were, step by step, from the roll-ups."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Generic, TypeVar

from watchkeep.application.asking import Asking
from watchkeep.application.house import House
from watchkeep.application.incidents import scope_of
from watchkeep.domain.errors import Invalid
from watchkeep.domain.ids import CameraId
from watchkeep.domain.interval import Interval
from watchkeep.domain.rollup import BucketLength, bucket_end, bucket_start
from watchkeep.storage.catalog import cameras, rollups
from watchkeep.storage.catalog.cameras import SealedCamera
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.rollups import EventCount, Family, ObjectCount

MOST_POINTS = 2000
"""Of one series; a screen shows no more."""
FIRST_YEAR, LAST_YEAR = 1970, 9000


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectPoint:
    """Objects that came in one bucket.

    Attributes:
        confidence: Mean, 0 to 1; None when there were none.
    """

    start: datetime
    count: int
    confidence: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPoint:
    """Events that began in one bucket.

    Attributes:
        severities: How many of each severity, 0 to 3.
    """

    start: datetime
    count: int
    severities: tuple[int, int, int, int]


Point = TypeVar("Point", ObjectPoint, EventPoint)


@dataclass(frozen=True, slots=True)
class Series(Generic[Point]):
    """The points of one camera and one type, in order, without holes; nothing before the camera was known."""

    camera: CameraId
    type: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for.

    Attributes:
        cameras: None is every camera of the asker.
        types: Object types or kinds of event; None is every one that there is.
        when: From the start of a bucket to the end of one.
    """

    cameras: Collection[CameraId] | None
    types: Collection[str] | None
    step: BucketLength
    when: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Analytics(Generic[Point]):
    """Series, and what they are worth.

    Attributes:
        zone: Whose days and weeks these are.
        as_of: All that was written before is counted; None when nothing was counted yet.
        complete_until: Buckets that end until then are whole, as far as is known now.
    """

    step: BucketLength
    zone: str
    when: Interval
    as_of: datetime | None
    complete_until: datetime
    series: Sequence[Series[Point]]


def count_objects(house: House, asking: Asking, asked: Asked) -> Analytics[ObjectPoint]:
    """Tracks that moved, counted where they began.

    Raises:
        Invalid: The span does not fit the step, has too many steps, or the cameras lie in several zones.
    """
    with house.catalog.transaction(asking.subject.name) as conn:
        frame = _frame(house, asking, conn, asked, Family.OBJECTS)
        rows = rollups.object_counts(
            conn, cameras=frame.cameras, types=asked.types, length=asked.step, when=asked.when
        )
    found: _Found[ObjectPoint] = defaultdict(dict)
    for row in rows:
        found[row.camera, row.object_type][row.start] = _object_point(row)
    series = [
        Series(camera, name, [points.get(start) or _no_objects(start) for start in starts])
        for camera, name, points, starts in frame.series(found, asked.types)
    ]
    return frame.analytics(series)


def count_events(house: House, asking: Asking, asked: Asked) -> Analytics[EventPoint]:
    """Events, counted where they began.

    Raises:
        Invalid: The span does not fit the step, has too many steps, or the cameras lie in several zones.
    """
    with house.catalog.transaction(asking.subject.name) as conn:
        frame = _frame(house, asking, conn, asked, Family.EVENTS)
        rows = rollups.event_counts(
            conn, cameras=frame.cameras, kinds=asked.types, length=asked.step, when=asked.when
        )
    found: _Found[EventPoint] = defaultdict(dict)
    for row in rows:
        found[row.camera, row.kind][row.start] = _event_point(row)
    series = [
        Series(camera, name, [points.get(start) or _no_events(start) for start in starts])
        for camera, name, points, starts in frame.series(found, asked.types)
    ]
    return frame.analytics(series)


_Found = defaultdict[tuple[CameraId, str], dict[datetime, Point]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """What the series are drawn in.

    Attributes:
        cameras: The asker's, each with the first bucket in which it was known.
        starts: Of all buckets that have begun and are kept, in order.
    """

    asked: Asked
    zone: str
    cameras: dict[CameraId, datetime]
    starts: Sequence[datetime]
    as_of: datetime | None
    complete_until: datetime

    def series(
        self, found: _Found[Point], types: Collection[str] | None
    ) -> Iterator[tuple[CameraId, str, dict[datetime, Point], list[datetime]]]:
        """What there is, and the nothing of what was asked for by name; with the buckets of each."""
        named = {(camera, name) for camera in self.cameras for name in types or ()}
        for camera, name in sorted(named | found.keys()):
            points: dict[datetime, Point] = found.get((camera, name), {})
            # Before a camera was known there was not nothing: nobody looked.
            since = min([self.cameras[camera], *points])
            yield camera, name, points, [start for start in self.starts if start >= since]

    def analytics(self, series: Sequence[Series[Point]]) -> Analytics[Point]:
        """The answer."""
        return Analytics(
            step=self.asked.step,
            zone=self.zone,
            when=self.asked.when,
            as_of=self.as_of,
            complete_until=self.complete_until,
            series=series,
        )


def _frame(house: House, asking: Asking, conn: Connection, asked: Asked, family: Family) -> _Frame:
    scope = scope_of(asking, asked.cameras)
    known = cameras.list_cameras(conn, scope=scope, with_removed=True)
    name, zone = _zone(house, conn, known)
    starts = _starts(asked, zone)
    far = rollups.progress(conn, family, [camera.id for camera in known], length=asked.step)
    now = house.clock.now()
    open_from = bucket_start(now, asked.step, zone)
    return _Frame(
        asked=asked,
        zone=name,
        cameras={camera.id: bucket_start(camera.created_at, asked.step, zone) for camera in known},
        starts=[start for start in starts if far.kept_from <= start <= now],
        as_of=far.as_of,
        complete_until=open_from if far.waiting_from is None else min(open_from, far.waiting_from),
    )


def _zone(house: House, conn: Connection, known: Sequence[SealedCamera]) -> tuple[str, tzinfo]:
    """The one zone of these cameras; the house's when there are none."""
    names = set(rollups.zone_names(conn, [camera.id for camera in known]).values())
    if len(names) > 1:
        raise Invalid("These cameras lie in several time zones; ask for those of one site.", field="camera")
    name = next(iter(names), house.site.zone)
    return name, rollups.zone_named(name)


def _starts(asked: Asked, zone: tzinfo) -> list[datetime]:
    """The starts of all buckets of the span, in order."""
    if asked.when.start.year < FIRST_YEAR or asked.when.end.year > LAST_YEAR:
        raise Invalid(f"Nothing is counted before {FIRST_YEAR} or after {LAST_YEAR}; ask for another span.")
    for word, instant in (("from", asked.when.start), ("to", asked.when.end)):
        fitting = bucket_start(instant, asked.step, zone)
        if fitting != instant:
            raise Invalid(
                f"`{word}` is not where a step begins; {fitting:%Y-%m-%dT%H:%M:%SZ} is.", field=word
            )
    starts: list[datetime] = []
    at = asked.when.start
    while at < asked.when.end:
        if len(starts) == MOST_POINTS:
            raise Invalid(f"That is more than {MOST_POINTS} steps; take longer ones or a shorter span.")
        starts.append(at)
        at = bucket_end(at, asked.step, zone)
    return starts


def _object_point(row: ObjectCount) -> ObjectPoint:
    mean = row.confidence_e4 / row.count / 10_000
    return ObjectPoint(start=row.start, count=row.count, confidence=round(mean, 4))


def _event_point(row: EventCount) -> EventPoint:
    return EventPoint(start=row.start, count=row.count, severities=row.severities)


def _no_objects(start: datetime) -> ObjectPoint:
    return ObjectPoint(start=start, count=0, confidence=None)


def _no_events(start: datetime) -> EventPoint:
    return EventPoint(start=start, count=0, severities=(0, 0, 0, 0))
