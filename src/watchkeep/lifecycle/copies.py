"""Takes from a volume what is to go from it: its share of doomed segments, and copies that nobody wants.

Order, as everywhere: row doomed → blob deleted, durably → row dropped. A crash is made up for next time.
A segment's row goes with the last of its copies; one on a volume that is away waits for it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from watchkeep.storage.blobs.store import Blobs
from watchkeep.storage.catalog import doomed_copies, footage, placements
from watchkeep.storage.catalog.connection import Catalog, Connection
from watchkeep.storage.catalog.recorder_rows import StoredSegment

Certify = Callable[[Connection, Sequence[StoredSegment]], None]
"""Proves that segments are gone."""
BATCH = 200
SUBJECT = "keeper"


@dataclass(frozen=True, slots=True)
class Cleared:
    """What went from a volume: copies of segments that live on elsewhere, or do not, and rows."""

    copies: int = 0
    segments: int = 0


def clear_volume(catalog: Catalog, blobs: Blobs, *, now: datetime, certify: Certify) -> Cleared:
    """Delete every blob on a volume whose row says that it goes, then those rows; durable on return.

    Args:
        catalog: Whose rows.
        blobs: The volume; no other is touched, so a slow one delays nobody.
        now: For leases: a copy that is being made now is left to who makes it.
        certify: Told, in the transaction that drops them, which rows go.

    Raises:
        CatalogUnavailable: The database does not answer.
        Unavailable: The volume does not answer.
        Conflict: It is another volume. Nothing was dropped.
    """
    copies = segments = 0
    while True:
        with catalog.transaction(SUBJECT) as connection:
            doomed_copies.doom_copies(connection, blobs.id, now=now)
            gone = doomed_copies.doomed_copies(connection, blobs.id, BATCH)
            places = doomed_copies.doomed_places(connection, blobs.id, BATCH, now=now)
        if not gone and not places:
            return Cleared(copies, segments)
        blobs.delete([*(copy.path for copy in gone), *(segment.path for segment in places)])
        with catalog.transaction(SUBJECT) as connection:
            for copy in gone:
                placements.drop_placement(connection, copy)
            dropped = footage.drop_rows(connection, places)
            doomed_copies.go_on_to_copies(connection, places)
            if dropped:
                certify(connection, dropped)
        copies += len(gone)
        segments += len(dropped)


def forget_adopted(catalog: Catalog) -> int:
    """Drop the doomed rows of adopted files; returns how many. The files are not ours: they stay.

    Nothing is certified, for nothing was deleted; what a tombstone tells can be asked for.

    Raises:
        CatalogUnavailable: The database does not answer.
    """
    count = 0
    while True:
        with catalog.transaction(SUBJECT) as connection:
            dropped = footage.drop_rows(connection, doomed_copies.doomed_adopted(connection, BATCH))
        if not dropped:
            return count
        count += len(dropped)
