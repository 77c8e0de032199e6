"""Finds footage and gaps, counts what they take, and takes segments out again: doomed first, dropped last."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import LiteralString

from psycopg.rows import class_row

from watchkeep.domain.category import DataClass
from watchkeep.domain.errors import NotFound
from watchkeep.domain.ids import CameraId, SegmentId, StreamId, made_at
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import GapCause
from watchkeep.domain.segment import Gap, Segment
from watchkeep.storage.catalog import holds, hours
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.queries import load
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.catalog.recordings import GapRow, SegmentRow

_QUERIES = load("footage")
_ON_PURPOSE = [cause.value for cause in GapCause if cause.is_on_purpose]
LONGEST = timedelta(minutes=5)
"""No segment is longer: a constraint of the table."""
_ID_SLACK = timedelta(days=1)
"""How far a segment's start may lie from the time in its id before the quick look-up misses it."""


@dataclass(frozen=True, slots=True)
class GapTotal:
    """How many gaps a camera's main stream had, and how long together."""

    camera: CameraId
    count: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """A segment that was deleted, when and why."""

    segment: SegmentId
    stream: StreamId
    when: Interval
    dropped_at: datetime
    reason: str


def segments_between(connection: Connection, stream: StreamId, when: Interval) -> list[StoredSegment]:
    """Living segments (open, closed, recovered) of a stream that overlap a span, oldest first."""
    facts = {"stream": stream, "reach": when.start - LONGEST, "start": when.start, "end": when.end}
    with connection.cursor(row_factory=class_row(SegmentRow)) as cursor:
        return [row.segment() for row in cursor.execute(_QUERIES["between"], facts)]


def segment(connection: Connection, identifier: SegmentId) -> StoredSegment:
    """One segment, whatever its state.

    Raises:
        NotFound: There is none with that id.
    """
    with connection.cursor(row_factory=class_row(SegmentRow)) as cursor:
        near = made_at(identifier)
        facts = {"id": identifier, "from": near - _ID_SLACK, "to": near + _ID_SLACK}
        row = cursor.execute(_QUERIES["segment_near"], facts).fetchone()
        if row is None:
            row = cursor.execute(_QUERIES["segment_anywhere"], {"id": identifier}).fetchone()
    if row is None:
        raise NotFound(f"There is no segment {identifier}; it may have expired.", segment=identifier)
    return row.segment()


def gaps_between(connection: Connection, stream: StreamId, when: Interval) -> list[Gap]:
    """Gaps of a stream that overlap a span, oldest first; one that lasts has no end."""
    facts = {"stream": stream, "start": when.start, "end": when.end}
    with connection.cursor(row_factory=class_row(GapRow)) as cursor:
        return [row.gap() for row in cursor.execute(_QUERIES["gaps_between"], facts)]


def footage_bounds(connection: Connection, stream: StreamId) -> Interval | None:
    """From the start of a stream's oldest living segment to the end of its newest; None without footage."""
    settled = hours.settled_bounds(connection, stream)
    spans = [part.when for part in hours.open_parts(connection, [stream])]
    if settled is not None:
        spans.append(settled)
    if not spans:
        return None
    return Interval(min(span.start for span in spans), max(span.end for span in spans))


def recorded_per_bucket(
    connection: Connection, stream: StreamId, when: Interval, *, bucket: timedelta
) -> list[tuple[datetime, float]]:
    """Seconds recorded in each bucket of a span.

    Args:
        connection: An open transaction.
        stream: Whose footage.
        when: The span; buckets are counted from its start, the last one may be cut short.
        bucket: Length of one; must be above zero.

    Returns:
        Start of each bucket that has footage and how many seconds of it; overlapping segments count once.
    """
    facts = {
        "stream": stream,
        "reach": when.start - LONGEST,
        "start": when.start,
        "end": when.end,
        "bucket": bucket,
    }
    rows = connection.execute(_QUERIES["recorded_per_bucket"], facts)
    return [(start.astimezone(UTC), float(seconds)) for start, seconds in rows]


def recorded_per_hours(
    connection: Connection, stream: StreamId, when: Interval, *, bucket: timedelta
) -> list[tuple[datetime, float]]:
    """As `recorded_per_bucket`, of any length of time at the same price: from the counts by hour.

    Args:
        connection: An open transaction.
        stream: Whose footage.
        when: The span; begins and ends on the hour.
        bucket: Length of one, in whole hours.
    """
    by_hour = dict(hours.recorded_by_hour(connection, stream, when))
    for part in hours.open_parts(connection, [stream]):
        hour = hours.hour_of(part.when.start)
        while hour < part.when.end:
            span = Interval(hour, hour + hours.HOUR)
            by_hour.update(recorded_per_bucket(connection, stream, span, bucket=hours.HOUR))
            hour = span.end
    found: dict[datetime, float] = {}
    for hour in sorted(by_hour):
        if when.start <= hour < when.end:
            start = hour - (hour - when.start) % bucket
            found[start] = found.get(start, 0.0) + by_hour[hour]
    return list(found.items())


def unwanted_per_bucket(
    connection: Connection, stream: StreamId, when: Interval, *, bucket: timedelta, now: datetime
) -> list[tuple[datetime, float]]:
    """Seconds that are not recorded on purpose in each bucket of a span; as `recorded_per_bucket`.

    A gap that lasts is one until now.
    """
    if now <= when.start:
        return []
    facts = {
        "stream": stream,
        "start": when.start,
        "end": min(when.end, now),
        "bucket": bucket,
        "on_purpose": _ON_PURPOSE,
    }
    rows = connection.execute(_QUERIES["unwanted_per_bucket"], facts)
    return [(start.astimezone(UTC), max(float(seconds), 0.0)) for start, seconds in rows]


def gap_totals(connection: Connection, when: Interval) -> list[GapTotal]:
    """How many gaps each camera's main stream had in a span, clipped to it; those on purpose are none."""
    facts = {"start": when.start, "end": when.end, "on_purpose": _ON_PURPOSE}
    rows = connection.execute(_QUERIES["gap_totals"], facts)
    return [GapTotal(CameraId(camera), count, float(seconds)) for camera, count, seconds in rows]


def settled_of_camera(
    connection: Connection, camera: CameraId, data_class: DataClass, when: Interval
) -> list[StoredSegment]:
    """Closed and recovered segments of a camera (all streams) and class that began in a span."""
    facts = {"camera": camera, "data_class": data_class.value, "start": when.start, "end": when.end}
    with connection.cursor(row_factory=class_row(SegmentRow)) as cursor:
        return [row.segment() for row in cursor.execute(_QUERIES["settled_of_camera"], facts)]


def cameras_with_footage(connection: Connection) -> list[CameraId]:
    """The cameras that any segment belongs to, removed ones included."""
    return [CameraId(row[0]) for row in connection.execute(_QUERIES["cameras_with_footage"])]


def doom(
    connection: Connection, segments: Sequence[Segment], *, reason: str, at: datetime | None = None
) -> int:
    """Mark segments for deletion; their files go after this is durable. Returns how many were marked.

    Those that are still written, doomed already or held are passed over. No hold begins or changes until the
    transaction ends, so that none is missed.

    Args:
        connection: An open transaction.
        segments: Which.
        reason: Why; kept for as long as the audit.
        at: Holds that have expired by then keep nothing; None: expired ones count, too.
    """
    if segments:
        holds.keep_still(connection)
    return _for_each(connection, _QUERIES["doom"], segments, reason=reason, at=at)


def doomed(connection: Connection, limit: int) -> list[StoredSegment]:
    """Segments whose files are to go, oldest first."""
    with connection.cursor(row_factory=class_row(SegmentRow)) as cursor:
        return [row.segment() for row in cursor.execute(_QUERIES["doomed"], {"limit": limit})]


def drop_rows(connection: Connection, segments: Sequence[StoredSegment]) -> list[StoredSegment]:
    """Remove the rows of doomed segments whose files are durably gone; returns those, without such as stay.

    Each leaves a tombstone: a late row of a recorder cannot bring it back, and the reason can be asked for.
    """
    return [
        part
        for part in segments
        if connection.execute(_QUERIES["drop_row"], {"id": part.id, "start": part.when.start}).rowcount
    ]


def mark_lost(connection: Connection, segments: Sequence[StoredSegment], *, reason: str) -> int:
    """Note that files are gone though nobody ordered it; returns how many rows changed.

    One that lies on another volume by now than its row said is passed over.
    """
    if not segments:
        return 0
    with connection.cursor() as cursor:
        cursor.executemany(
            _QUERIES["mark_lost"],
            [
                {"id": part.id, "start": part.when.start, "volume": part.volume, "reason": reason}
                for part in segments
            ],
        )
        return cursor.rowcount


def deletions(connection: Connection, camera: CameraId, when: Interval) -> list[Deletion]:
    """What was deleted of a camera in a span, and why."""
    facts = {"camera": camera, "start": when.start, "end": when.end}
    rows = connection.execute(_QUERIES["deletions"], facts)
    return [
        Deletion(
            segment=SegmentId(identifier),
            stream=StreamId(stream),
            when=Interval(start.astimezone(UTC), end.astimezone(UTC)),
            dropped_at=dropped_at.astimezone(UTC),
            reason=reason,
        )
        for identifier, stream, start, end, dropped_at, reason in rows
    ]


def forget_tombstones(connection: Connection, *, before: datetime) -> int:
    """Forget deletions older than an instant; returns how many."""
    return connection.execute(_QUERIES["forget_tombstones"], {"before": before}).rowcount


def all_segments(connection: Connection) -> Iterator[StoredSegment]:
    """Every segment, oldest first, read in steps of a thousand while the transaction lasts."""
    with connection.cursor(name="all_segments", row_factory=class_row(SegmentRow)) as cursor:
        cursor.itersize = 1000
        for row in cursor.execute(_QUERIES["all_segments"]):
            yield row.segment()


def _for_each(
    connection: Connection,
    query: LiteralString,
    segments: Sequence[Segment],
    *,
    reason: str = "",
    at: datetime | None = None,
) -> int:
    if not segments:
        return 0
    with connection.cursor() as cursor:
        cursor.executemany(
            query,
            [{"id": part.id, "start": part.when.start, "reason": reason, "at": at} for part in segments],
        )
        return cursor.rowcount
