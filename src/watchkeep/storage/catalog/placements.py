"""Copies of segments on volumes beside the one that the segment's own row names."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from psycopg.rows import class_row

from watchkeep.domain.ids import SegmentId
from watchkeep.domain.segment import Segment
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.queries import load
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.catalog.recordings import SegmentRow

_QUERIES = load("placements")


class PlacementState(StrEnum):
    """Where a copy is in its life."""

    WANTED = "wanted"
    COPYING = "copying"
    PLACED = "placed"
    VERIFIED = "verified"
    DOOMED = "doomed"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """One copy of a segment on one volume.

    Attributes:
        start: The segment's start; part of its key.
        path: Relative to the volume.
        verified_at: When its bytes were last read against their digests.
    """

    segment: SegmentId
    start: datetime
    volume: UUID
    path: str
    size_bytes: int
    state: PlacementState
    verified_at: datetime | None = None


def put_placement(connection: Connection, placement: Placement) -> None:
    """Add a copy or note its new state."""
    facts = {
        "segment": placement.segment,
        "start": placement.start,
        "volume": placement.volume,
        "path": placement.path,
        "size_bytes": placement.size_bytes,
        "state": placement.state,
        "verified_at": placement.verified_at,
    }
    connection.execute(_QUERIES["put_placement"], facts)


def placements(connection: Connection, segment: Segment) -> list[Placement]:
    """The copies of a segment beside the one that its row names."""
    facts = {"segment": segment.id, "start": segment.when.start}
    with connection.cursor(row_factory=class_row(PlacementRow)) as cursor:
        return [row.placement() for row in cursor.execute(_QUERIES["placements"], facts)]


def drop_placement(connection: Connection, placement: Placement) -> None:
    """Forget a copy that is gone."""
    facts = {"segment": placement.segment, "start": placement.start, "volume": placement.volume}
    connection.execute(_QUERIES["drop_placement"], facts)


@dataclass(frozen=True, slots=True)
class PlacementRow:
    """A row of placements as the database gives it."""

    segment_id: UUID
    start_time: datetime
    volume_id: UUID
    path: str
    size_bytes: int
    state: str
    verified_at: datetime | None

    def placement(self) -> Placement:
        """The copy that it speaks of."""
        return Placement(
            segment=SegmentId(self.segment_id),
            start=self.start_time.astimezone(UTC),
            volume=self.volume_id,
            path=self.path,
            size_bytes=self.size_bytes,
            state=PlacementState(self.state),
            verified_at=None if self.verified_at is None else self.verified_at.astimezone(UTC),
        )


def whereabouts(connection: Connection, segment: Segment) -> list[tuple[UUID, str]]:
    """Where a segment can be read now, as (volume, name): its own place, then verified copies."""
    facts = {"segment": segment.id, "start": segment.when.start}
    return [(volume, path) for volume, path in connection.execute(_QUERIES["whereabouts"], facts)]


def placements_on(connection: Connection, volume: UUID) -> list[StoredSegment]:
    """Every copy on a volume, as the segment that it is of, placed there; doomed unless it is verified."""
    with connection.cursor(row_factory=class_row(SegmentRow)) as cursor:
        return [row.segment() for row in cursor.execute(_QUERIES["placements_on"], {"volume": volume})]
