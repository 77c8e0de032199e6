"""Segments that lie in adopted trees, and how they become sealed ones."""

from uuid import UUID

from psycopg.rows import class_row

from watchkeep.domain.ids import EPOCH, SegmentId
from watchkeep.domain.segment import Segment
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.queries import load
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.catalog.recordings import SegmentRow

_QUERIES = load("adopting")
_FIRST = SegmentId(UUID(int=0))


def adopted_segments(
    connection: Connection, limit: int, *, after: Segment | None = None, volume: UUID | None = None
) -> list[StoredSegment]:
    """Segments that lie in adopted trees, or in one of them, oldest first, behind a segment."""
    facts = {
        "after": EPOCH if after is None else after.when.start,
        "after_id": _FIRST if after is None else after.id,
        "volume": volume,
        "limit": limit,
    }
    with connection.cursor(row_factory=class_row(SegmentRow)) as cursor:
        return [row.segment() for row in cursor.execute(_QUERIES["adopted"], facts)]


def seal(connection: Connection, segment: StoredSegment) -> bool:
    """Note that a segment lies sealed where this row says; False if it is no adopted one any more."""
    facts = {
        "id": segment.id,
        "start": segment.when.start,
        "end": segment.when.end,
        "volume": segment.volume,
        "path": segment.path,
        "size_bytes": segment.size_bytes,
        "fragment_count": segment.fragment_count,
        "root_digest": segment.root_digest,
        "shred_key": segment.shred_key,
    }
    return connection.execute(_QUERIES["seal"], facts).rowcount == 1
