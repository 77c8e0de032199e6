"""Orders to erase, what a span touches, and taking out what was found out about it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from watchkeep.domain.erasure import Erasure, ErasureId, ErasureState
from watchkeep.domain.ids import CameraId, EventId, ShredKeyId
from watchkeep.domain.interval import Interval
from watchkeep.domain.segment import Segment
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.event_upkeep import DueEvent
from watchkeep.storage.catalog.queries import load
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.catalog.recordings import SegmentRow

_QUERIES = load("erasures")


def add(connection: Connection, erasure: Erasure) -> None:
    """Add an order."""
    facts = {
        "id": erasure.id,
        "cameras": list(erasure.cameras),
        "start": erasure.when.start,
        "end": erasure.when.end,
        "reason": erasure.reason,
        "asked_by": erasure.asked_by,
        "asked_at": erasure.asked_at,
    }
    connection.execute(_QUERIES["add"], facts)


def get(connection: Connection, identifier: ErasureId) -> Erasure | None:
    """One erasure."""
    found = _read(connection, "get", {"id": identifier})
    return found[0] if found else None


def newest(connection: Connection, *, limit: int) -> list[Erasure]:
    """Erasures, newest first."""
    return _read(connection, "list", {"limit": limit})


def ordered(connection: Connection) -> list[Erasure]:
    """What is to be carried out, oldest first."""
    return _read(connection, "ordered", {})


def settle(connection: Connection, erasure: Erasure) -> None:
    """Write what came of an erasure, or what it waits for."""
    facts = {
        "id": erasure.id,
        "state": erasure.state,
        "told": erasure.told,
        "done_at": erasure.done_at,
        "receipt": erasure.receipt,
    }
    connection.execute(_QUERIES["settle"], facts)


def touched(connection: Connection, camera: CameraId, when: Interval) -> list[StoredSegment]:
    """Segments of all streams of a camera that share an instant with a span, in any state, oldest first."""
    return _segments(connection, "touched", {"camera": camera, "start": when.start, "end": when.end})


def under_keys(
    connection: Connection, keys: Collection[ShredKeyId], days: Collection[date]
) -> list[StoredSegment]:
    """Segments that some shred keys of some UTC days sealed."""
    if not keys:
        return []
    first, last = min(days), max(days)
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    end = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)
    return _segments(connection, "under_keys", {"keys": list(keys), "from": start, "to": end})


def elsewhere(connection: Connection, camera: CameraId, day: date, *, volume: UUID) -> list[StoredSegment]:
    """Living segments of a camera that began on a UTC day and do not lie on a volume."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    facts: dict[str, object] = {
        "camera": camera,
        "from": start,
        "to": start + timedelta(days=1),
        "volume": volume,
    }
    return _segments(connection, "elsewhere", facts)


def named(connection: Connection, ids: Collection[UUID], when: Interval) -> list[StoredSegment]:
    """Some segments by their ids, of those that share an instant with a span."""
    return _segments(connection, "named", {"ids": list(ids), "start": when.start, "end": when.end})


def erased(
    connection: Connection, reason: str, cameras: Collection[CameraId], when: Interval
) -> tuple[int, float]:
    """How many segments went for a reason, and how many seconds of footage those were."""
    facts = {"reason": reason, "cameras": list(cameras), "start": when.start, "end": when.end}
    row = connection.execute(_QUERIES["erased"], facts).fetchone()
    return (0, 0.0) if row is None else (row[0], row[1])


def doom(connection: Connection, segments: Collection[Segment], *, reason: str) -> None:
    """Mark for deletion what an erasure names; its files go after this is durable.

    A hold of what lies beside the span does not keep it: only for who has looked that none touches the span.
    """
    if segments:
        with connection.cursor() as cursor:
            cursor.executemany(
                _QUERIES["doom"],
                [{"id": each.id, "start": each.when.start, "reason": reason} for each in segments],
            )


def inherit(connection: Connection, old: Segment, remainders: Collection[UUID]) -> None:
    """Let what stays of a segment be of its class, and no more of it be handed out than before."""
    facts = {
        "old": old.id,
        "start": old.when.start,
        "end": old.when.end,
        "remainders": list(remainders),
    }
    connection.execute(_QUERIES["inherit"], facts)


def touched_events(connection: Connection, camera: CameraId, when: Interval) -> list[DueEvent]:
    """Events of a camera that share an instant with a span."""
    facts = {"camera": camera, "start": when.start, "end": when.end}
    return [
        DueEvent(
            id=EventId(row[0]), started_at=row[1].astimezone(UTC), camera=CameraId(row[2]), picture=row[3]
        )
        for row in connection.execute(_QUERIES["touched_events"], facts)
    ]


def forget_tracks(connection: Connection, camera: CameraId, when: Interval) -> int:
    """Remove tracks of a camera that share an instant with a span, and notes of what was looked at."""
    connection.execute(_QUERIES["keep_marks_out"])
    facts = {"camera": camera, "start": when.start, "end": when.end}
    connection.execute(_QUERIES["delete_analysed"], facts)
    return connection.execute(_QUERIES["delete_tracks"], facts).rowcount


def _segments(connection: Connection, query: str, facts: dict[str, object]) -> list[StoredSegment]:
    with connection.cursor(row_factory=class_row(SegmentRow)) as cursor:
        return [row.segment() for row in cursor.execute(_QUERIES[query], facts)]


def _read(connection: Connection, query: str, facts: dict[str, object]) -> list[Erasure]:
    with connection.cursor(row_factory=class_row(_ErasureRow)) as cursor:
        return [row.erasure() for row in cursor.execute(_QUERIES[query], facts)]


@dataclass(frozen=True, slots=True)
class _ErasureRow:
    erasure_id: UUID
    cameras: list[str]
    start_time: datetime
    end_time: datetime
    reason: str
    asked_by: str
    asked_at: datetime
    state: str
    told: str
    done_at: datetime | None
    receipt: bytes

    def erasure(self) -> Erasure:
        return Erasure(
            id=ErasureId(self.erasure_id),
            cameras=tuple(CameraId(camera) for camera in self.cameras),
            when=Interval(self.start_time.astimezone(UTC), self.end_time.astimezone(UTC)),
            reason=self.reason,
            asked_by=self.asked_by,
            asked_at=self.asked_at.astimezone(UTC),
            state=ErasureState(self.state),
            told=self.told,
            done_at=None if self.done_at is None else self.done_at.astimezone(UTC),
            receipt=bytes(self.receipt),
        )
