"""What is to go from a volume: its share of doomed segments, and copies that nobody wants any more."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.placements import Placement, PlacementRow
from watchkeep.storage.catalog.queries import load
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.catalog.recordings import SegmentRow

_QUERIES = load("doomed_copies")


def doom_copies(connection: Connection, volume: UUID, *, now: datetime) -> int:
    """Doom the copies of doomed segments on a volume, but those that somebody is making."""
    return connection.execute(_QUERIES["doom_copies"], {"volume": volume, "now": now}).rowcount


def doomed_copies(connection: Connection, volume: UUID, limit: int) -> list[Placement]:
    """Copies on a volume whose blobs are to go, oldest first."""
    facts = {"volume": volume, "limit": limit}
    with connection.cursor(row_factory=class_row(PlacementRow)) as cursor:
        return [row.placement() for row in cursor.execute(_QUERIES["doomed_copies"], facts)]


def doomed_places(connection: Connection, volume: UUID, limit: int, *, now: datetime) -> list[StoredSegment]:
    """Doomed segments whose own blob is on a volume, oldest first."""
    facts = {"volume": volume, "limit": limit, "now": now}
    with connection.cursor(row_factory=class_row(SegmentRow)) as cursor:
        return [row.segment() for row in cursor.execute(_QUERIES["doomed_places"], facts)]


def doomed_adopted(connection: Connection, limit: int) -> list[StoredSegment]:
    """Doomed segments that lie in adopted files, oldest first."""
    with connection.cursor(row_factory=class_row(SegmentRow)) as cursor:
        return [row.segment() for row in cursor.execute(_QUERIES["doomed_adopted"], {"limit": limit})]


def go_on_to_copies(connection: Connection, segments: Sequence[StoredSegment]) -> None:
    """The own blobs of doomed segments are gone: those with copies left name the next of them instead."""
    if segments:
        with connection.cursor() as cursor:
            cursor.executemany(
                _QUERIES["go_on_to_copy"],
                [{"segment": each.id, "start": each.when.start, "volume": each.volume} for each in segments],
            )
