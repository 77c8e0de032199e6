"""Which segments are to be read again, what was found damaged, and what a volume should hold."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from psycopg.rows import class_row

from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import EPOCH, SegmentId, StreamId
from watchkeep.domain.interval import Interval
from watchkeep.domain.segment import Segment
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.queries import load
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.catalog.recordings import SegmentRow

_QUERIES = load("scrubbing")
_FIRST = SegmentId(UUID(int=0))


def due_segments(
    connection: Connection,
    limit: int,
    *,
    before: datetime,
    after: Segment | None = None,
    classes: Collection[DataClass] | None = None,
) -> list[StoredSegment]:
    """Finished segments that ended and were last verified before an instant, oldest first.

    Args:
        connection: The transaction.
        limit: At most so many.
        before: The instant.
        after: Go on behind this one.
        classes: Only of these; None for all.
    """
    facts = {
        "before": before,
        "after": EPOCH if after is None else after.when.start,
        "after_id": _FIRST if after is None else after.id,
        "classes": None if classes is None else [each.value for each in classes],
        "limit": limit,
    }
    with connection.cursor(row_factory=class_row(SegmentRow)) as cursor:
        return [row.segment() for row in cursor.execute(_QUERIES["due"], facts)]


def sample_segments(connection: Connection, limit: int, *, since: datetime) -> list[StoredSegment]:
    """Some finished segments that began since an instant, by chance."""
    with connection.cursor(row_factory=class_row(SegmentRow)) as cursor:
        found = cursor.execute(_QUERIES["sample"], {"since": since, "limit": limit})
        return [row.segment() for row in found]


def due_bytes(
    connection: Connection, *, before: datetime, classes: Collection[DataClass] | None = None
) -> int:
    """How many bytes `due_segments` would give in all."""
    facts = {"before": before, "classes": None if classes is None else [each.value for each in classes]}
    row = connection.execute(_QUERIES["due_totals"], facts).fetchone()
    return 0 if row is None else int(row[0])


def digests_of(connection: Connection, classes: Collection[DataClass]) -> Iterator[tuple[SegmentId, bytes]]:
    """Id and root digest of every finished segment of some classes, oldest first; read in steps."""
    facts: dict[str, object] = {
        "classes": [each.value for each in classes],
        "after": EPOCH,
        "after_id": _FIRST,
        "limit": 1000,
    }
    while rows := connection.execute(_QUERIES["of_classes"], facts).fetchall():
        yield from ((SegmentId(row[0]), bytes(row[2])) for row in rows)
        facts |= {"after": rows[-1][1], "after_id": rows[-1][0]}


def note_verified(connection: Connection, segments: Sequence[Segment], *, at: datetime) -> None:
    """Note when the bytes of segments were read."""
    if segments:
        with connection.cursor() as cursor:
            facts = [{"id": each.id, "start": each.when.start, "at": at} for each in segments]
            cursor.executemany(_QUERIES["note_verified"], facts)


def mend(connection: Connection, segment: Segment) -> int:
    """Take back what was noted damaged of a segment; returns how many spans."""
    facts = {"stream": segment.stream, "start": segment.when.start, "end": segment.when.end}
    return connection.execute(_QUERIES["mend"], facts).rowcount


def damages(connection: Connection, stream: StreamId, when: Interval) -> list[Interval]:
    """The damaged spans of a stream that touch a span, oldest first."""
    facts = {"stream": stream, "start": when.start, "end": when.end}
    rows = connection.execute(_QUERIES["damages"], facts)
    return [Interval(start.astimezone(UTC), end.astimezone(UTC)) for start, end in rows]


def count_damages(connection: Connection) -> tuple[int, float]:
    """How many spans of all footage are damaged, and for how many seconds."""
    row = connection.execute(_QUERIES["count_damages"]).fetchone()
    return (0, 0.0) if row is None else (int(row[0]), float(row[1]))


def days_with_rows(connection: Connection) -> Iterator[date]:
    """The UTC days from the first segment's to the last one's, without looking whether each has any."""
    row = connection.execute(_QUERIES["bounds"]).fetchone()
    if row is None or row[0] is None:
        return
    day, last = row[0].astimezone(UTC).date(), row[1].astimezone(UTC).date()
    while day <= last:
        yield day
        day += timedelta(days=1)


def finished_of_day(connection: Connection, volume: UUID, day: date) -> list[StoredSegment]:
    """The finished segments of a volume that began on a UTC day, oldest first."""
    start = datetime.combine(day, time(), UTC)
    facts = {"volume": volume, "start": start, "end": start + timedelta(days=1)}
    with connection.cursor(row_factory=class_row(SegmentRow)) as cursor:
        return [row.segment() for row in cursor.execute(_QUERIES["finished_of_day"], facts)]
