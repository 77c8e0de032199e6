"""Roll-ups: how many objects and events, by camera and bucket, always equal to counting the raw rows anew.

Triggers on tracks and events write a mark for each bucket of five minutes that changes, in the writer's
own transaction (migration 0009). `refresh` removes marks, then counts what they stand for: buckets of five
minutes whole from the raw rows, coarser ones whole from finer ones. Nothing is ever added up as it comes, so
order, repetition and crashes cannot matter. Two things carry that:

- The log of marks has no unique key. With one, a writer's mark would be dropped when another's is already
  there; a refresh could remove that one and count before the first writer commits, and its row would never
  be counted.
- Marks are removed by one statement and counted by later ones. Whoever wrote a mark that the first has seen
  has committed, so the later ones see the row as well (this needs READ COMMITTED, PostgreSQL's default).

Raw rows go before their roll-ups. Deletion by age moves the seal first (`seal`); buckets below it stay as
they are.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import LiteralString
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from psycopg.rows import class_row

from watchkeep.domain.errors import Unavailable
from watchkeep.domain.ids import CameraId
from watchkeep.domain.interval import Interval
from watchkeep.domain.rollup import BucketLength, bucket_end, bucket_start
from watchkeep.storage.catalog.connection import Catalog, Connection
from watchkeep.storage.catalog.queries import load

_QUERIES = load("rollups")

MOST_MARKS = 5000
"""In one transaction: some hundred milliseconds."""
SUBJECT = "keeper"


class Family(StrEnum):
    """What is counted; each has its own table, log and seal."""

    OBJECTS = "object_counts"
    EVENTS = "event_counts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What one refresh did.

    Attributes:
        marks: How many were worked off.
        late: How many of them came below the seal and changed nothing.
        is_over: Whether nothing was left to do; False also when somebody else is at it.
    """

    marks: int
    late: int
    is_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectCount:
    """Tracks that moved and began in a bucket.

    Attributes:
        confidence_e4: Sum of their mean confidences, ten-thousandths.
    """

    camera: CameraId
    object_type: str
    start: datetime
    count: int
    confidence_e4: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCount:
    """Events that began in a bucket.

    Attributes:
        severities: How many of each severity, 0 to 3.
    """

    camera: CameraId
    kind: str
    start: datetime
    count: int
    severities: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far roll-ups are.

    Attributes:
        as_of: All that was written before is counted; None before the first refresh.
        waiting_from: Oldest bucket that is marked and not counted yet; None when there is none.
        kept_from: Buckets that begin earlier were deleted by age.
    """

    as_of: datetime | None
    waiting_from: datetime | None
    kept_from: datetime


def refresh(catalog: Catalog, *, at: datetime, most: int = MOST_MARKS) -> Refreshed:
    """Work off the oldest marks in one transaction; wholly done or not at all.

    Args:
        catalog: As the writer.
        at: Now, asked for before the call.
        most: Marks at once.

    Raises:
        CatalogUnavailable: The database does not answer.
        Unavailable: The zone of a site is not known on this machine.
    """
    with catalog.transaction(SUBJECT) as connection:
        row = connection.execute(_QUERIES["try_lock"]).fetchone()
        if row is None or not row[0]:
            return Refreshed(marks=0, late=0, is_over=False)
        taken = connection.execute(_QUERIES["take_marks"], {"most": most}).fetchall()
        marks = [_Mark(Family(row[0]), CameraId(row[1]), row[2].astimezone(UTC), row[3]) for row in taken]
        is_over = len(marks) < most
        late = _count(connection, marks, as_of=at if is_over else None)
    return Refreshed(marks=len(marks), late=late, is_over=is_over)


def seal(connection: Connection, *, before: datetime) -> datetime:
    """Freeze the buckets that begin before an instant: their raw rows may be deleted in this transaction.

    What is marked and not counted yet is not frozen. Refreshes wait until the transaction ends; deletions
    must leave no marks (`set_config('watchkeep.is_retention', 'on', true)`).

    Returns:
        Up to where raw rows may be deleted: `before` or earlier.
    """
    connection.execute(_QUERIES["lock"])
    row = connection.execute(_QUERIES["seal"], {"before": before}).fetchone()
    return before if row is None else row[0].astimezone(UTC)


def forget(connection: Connection, *, now: datetime) -> int:
    """Delete buckets that are older than `rollup_fine` or `rollup_coarse` are kept; returns how many.

    Coarser buckets whose finer ones go stay as they are from then on.
    """
    connection.execute(_QUERIES["lock"])
    connection.execute(_QUERIES["seal_rollups"], {"now": now})
    return sum(connection.execute(_QUERIES[name]).rowcount for name in ("forget_objects", "forget_events"))


def zone_names(connection: Connection, cameras: Collection[CameraId]) -> dict[CameraId, str]:
    """IANA names of the zones of the cameras that the catalog knows: those of their sites."""
    rows = connection.execute(_QUERIES["zones"], {"cameras": sorted(cameras)}).fetchall()
    return {CameraId(camera): name for camera, name in rows}


def zone_named(name: str) -> tzinfo:
    """A zone by its IANA name; "UTC" needs no zone files.

    Raises:
        Unavailable: This machine does not know it.
    """
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Unavailable(
            f"The time zone {name} is not known on this machine; install the package tzdata.", zone=name
        ) from error


def progress(
    connection: Connection, family: Family, cameras: Collection[CameraId], *, length: BucketLength
) -> Progress:
    """Say how far the roll-ups of these cameras are."""
    facts = {"family": family, "cameras": sorted(cameras), "length_s": int(length)}
    with connection.cursor(row_factory=class_row(_ProgressRow)) as cursor:
        row = cursor.execute(_QUERIES["progress"], facts).fetchone()
    if row is None:
        raise LookupError(f"rollup_states has no row for {family}")
    return Progress(
        as_of=None if row.as_of is None else row.as_of.astimezone(UTC),
        waiting_from=None if row.waiting_from is None else row.waiting_from.astimezone(UTC),
        kept_from=row.kept_from.astimezone(UTC),
    )


def object_counts(
    connection: Connection,
    *,
    cameras: Collection[CameraId],
    types: Collection[str] | None,
    length: BucketLength,
    when: Interval,
) -> list[ObjectCount]:
    """The buckets that begin in a span and are not empty, by camera, type and time; None is every type."""
    rows = connection.execute(_QUERIES["object_counts"], _asked(cameras, types, length, when))
    return [
        ObjectCount(
            camera=CameraId(camera),
            object_type=object_type,
            start=start.astimezone(UTC),
            count=count,
            confidence_e4=confidence_e4,
        )
        for camera, object_type, start, count, confidence_e4 in rows
    ]


def event_counts(
    connection: Connection,
    *,
    cameras: Collection[CameraId],
    kinds: Collection[str] | None,
    length: BucketLength,
    when: Interval,
) -> list[EventCount]:
    """The buckets that begin in a span and are not empty, by camera, kind and time; None is every kind."""
    rows = connection.execute(_QUERIES["event_counts"], _asked(cameras, kinds, length, when))
    return [
        EventCount(
            camera=CameraId(camera),
            kind=kind,
            start=start.astimezone(UTC),
            count=count,
            severities=(severities[0], severities[1], severities[2], severities[3]),
        )
        for camera, kind, start, count, severities in rows
    ]


@dataclass(frozen=True, slots=True)
class _Mark:
    family: Family
    camera: CameraId
    at: datetime
    is_rebuild: bool


@dataclass(frozen=True, slots=True)
class _Seals:
    family: str
    raw_before: datetime
    fine_before: datetime
    coarse_before: datetime


@dataclass(frozen=True, slots=True)
class _ProgressRow:
    as_of: datetime | None
    waiting_from: datetime | None
    kept_from: datetime


@dataclass(frozen=True, slots=True)
class _Step:
    """How buckets of a length come about: from finer ones, which are kept from `kept_from` on."""

    length: BucketLength
    child: BucketLength
    kept_from: datetime


def _count(connection: Connection, marks: Sequence[_Mark], *, as_of: datetime | None) -> int:
    """Count anew what the marks stand for; returns how many came too late."""
    names = zone_names(connection, {mark.camera for mark in marks})
    zone_of = {camera: zone_named(name) for camera, name in names.items()}
    with connection.cursor(row_factory=class_row(_Seals)) as cursor:
        seals = {row.family: row for row in cursor.execute(_QUERIES["seals"])}
    late = 0
    for family in Family:
        own = {mark for mark in marks if mark.family is family}
        found = _too_late(own, seals[family])
        late += len(found)
        _count_family(connection, own - found, seals[family], zone_of)
        facts = {"family": family, "late": len(found), "as_of": as_of}
        connection.execute(_QUERIES["note_refresh"], facts)
    return late


def _too_late(marks: Iterable[_Mark], seals: _Seals) -> set[_Mark]:
    """Those of buckets that are sealed, or whose own rows were deleted by age."""
    least = max(seals.raw_before, seals.fine_before)
    return {mark for mark in marks if mark.at < least and not mark.is_rebuild}


def _count_family(
    connection: Connection, marks: Collection[_Mark], seals: _Seals, zone_of: dict[CameraId, tzinfo]
) -> None:
    if not marks:
        return
    count, roll = _COUNTED_BY[next(iter(marks)).family]
    changed = {(mark.camera, mark.at) for mark in marks if not mark.is_rebuild}
    _run(connection, count, changed, zone_of, length=BucketLength.FIVE_MINUTES)
    places = {(mark.camera, mark.at) for mark in marks}
    for step in _steps(seals):
        # A rebuild is about local days: hours are the same in every zone.
        touched = places if step.length >= BucketLength.DAY else changed
        starts = {(camera, bucket_start(at, step.length, zone_of.get(camera, UTC))) for camera, at in touched}
        whole = {(camera, start) for camera, start in starts if start >= step.kept_from}
        _run(connection, roll, whole, zone_of, length=step.length, child=step.child)


_COUNTED_BY: dict[Family, tuple[LiteralString, LiteralString]] = {
    Family.OBJECTS: (_QUERIES["count_objects"], _QUERIES["roll_objects"]),
    Family.EVENTS: (_QUERIES["count_events"], _QUERIES["roll_events"]),
}


def _steps(seals: _Seals) -> tuple[_Step, ...]:
    """From fine to coarse. Days come from quarter hours: zones differ by multiples of those, not of hours."""
    quarter, day = BucketLength.QUARTER_HOUR, BucketLength.DAY
    return (
        _Step(quarter, BucketLength.FIVE_MINUTES, seals.fine_before),
        _Step(BucketLength.HOUR, quarter, seals.fine_before),
        _Step(day, quarter, seals.fine_before),
        _Step(BucketLength.WEEK, day, seals.coarse_before),
    )


def _run(  # which buckets, where they are, how long
    connection: Connection,
    query: LiteralString,
    buckets: Collection[tuple[CameraId, datetime]],
    zone_of: dict[CameraId, tzinfo],
    *,
    length: BucketLength,
    child: BucketLength | None = None,
) -> None:
    if not buckets:
        return
    ordered = sorted(buckets)
    ends = [bucket_end(start, length, zone_of.get(camera, UTC)) for camera, start in ordered]
    facts = {
        "cameras": [camera for camera, _ in ordered],
        "starts": [start for _, start in ordered],
        "ends": ends,
        "first": min(start for _, start in ordered),
        "last": max(ends),
        "length_s": int(length),
        "child_s": child,
    }
    connection.execute(query, facts)


def _asked(
    cameras: Collection[CameraId], types: Collection[str] | None, length: BucketLength, when: Interval
) -> dict[str, object]:
    return {
        "cameras": sorted(cameras),
        "types": None if types is None else sorted(types),
        "length_s": int(length),
        "start": when.start,
        "end": when.end,
    }
