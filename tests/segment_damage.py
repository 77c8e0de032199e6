"""Damage done to stored segments, and what the catalog then says of them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from builders import NOON
from unit.lifecycle.store import SmallStore, a_small_store
from watchkeep.domain.ids import CameraId, SegmentId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import GapCause
from watchkeep.domain.segment import SegmentState
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.catalog import footage, recordings
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.recorder_rows import SegmentClosed, StoredSegment
from watchkeep.storage.media.reader import SealedReader

DOOR = CameraId("door")


def a_recorded_store(root: Path, catalog: Catalog, *, now: datetime) -> SmallStore:
    """Six days of a camera, a segment of eight fragments each, with their rows."""
    small = a_small_store(root)
    for day in range(6):
        small.record(DOOR, NOON + timedelta(days=day), sizes=(400, 300, 500, 70_000, 200, 100, 100, 100))
    with catalog.transaction() as connection:
        assert recordings.apply(connection, [SegmentClosed(row) for row in small.rows.values()]) == []
    small.clock.instant = now
    return small


def flip(path: Path, offset: int) -> None:
    """Change one bit."""
    data = bytearray(path.read_bytes())
    data[offset] ^= 1
    path.write_bytes(data)


def flip_in_fragment(path: Path, number: int, keys: Callable[..., object]) -> Interval:
    """Change one bit of a fragment; its span."""
    reader = SealedReader.open(path, fs=SystemFs(), keys=keys)  # type: ignore[arg-type]
    mark = reader.marks[number]
    reader.close()
    flip(path, mark.record_offset + 100)
    return mark.when


def gaps(catalog: Catalog, segment: StoredSegment) -> list[tuple[GapCause, Interval]]:
    with catalog.transaction() as connection:
        found = footage.gaps_between(connection, segment.stream, segment.when)
    return [(gap.cause, Interval(gap.started_at, gap.ended_at or gap.started_at)) for gap in found]


def state(catalog: Catalog, segment: SegmentId) -> SegmentState:
    with catalog.transaction() as connection:
        return footage.segment(connection, segment).state
