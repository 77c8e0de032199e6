"""What lies on volumes and what is on its way between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from watchkeep.domain.ids import CameraId, SegmentId
from watchkeep.domain.interval import Interval
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.placements import PlacementState
from watchkeep.storage.catalog.queries import load

_QUERIES = load("tier_figures")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedMove:
    """A move that is to come or under way; detail says what hinders it, if anything does."""

    segment: SegmentId
    camera: CameraId
    when: Interval
    source: UUID
    target: UUID
    size_bytes: int
    is_under_way: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What lies on a volume."""

    used_bytes: int
    oldest_end: datetime


def planned(connection: Connection) -> dict[UUID, tuple[int, int]]:
    """What is on its way to each volume, as (segments, bytes)."""
    rows = connection.execute(_QUERIES["planned"])
    return {volume: (count, size or 0) for volume, count, size in rows}


def leaving(connection: Connection) -> Mapping[tuple[UUID, UUID], tuple[int, int]]:
    """What moves from a volume to another, as (segments, bytes)."""
    rows = connection.execute(_QUERIES["leaving"])
    return {(source, target): (count, size or 0) for source, target, count, size in rows}


def next_moves(connection: Connection, limit: int) -> list[PlannedMove]:
    """The moves to come and under way, oldest footage first."""
    return [
        PlannedMove(
            segment=SegmentId(segment),
            camera=CameraId(camera),
            when=Interval(start.astimezone(UTC), end.astimezone(UTC)),
            source=source,
            target=target,
            size_bytes=size,
            is_under_way=state == PlacementState.COPYING,
            detail=detail,
        )
        for segment, camera, start, end, source, target, size, state, detail in connection.execute(
            _QUERIES["next_moves"], {"limit": limit}
        )
    ]


def used_bytes(connection: Connection) -> dict[UUID, Stored]:
    """What lies on each volume. Walks all rows, so only now and then."""
    rows = connection.execute(_QUERIES["used_bytes"])
    return {volume: Stored(size, oldest.astimezone(UTC)) for volume, size, oldest in rows}


def begun_between(connection: Connection, volumes: Sequence[UUID], when: Interval) -> int:
    """Bytes of the segments on some volumes that began in a span."""
    facts = {"volumes": list(volumes), "start": when.start, "end": when.end}
    row = connection.execute(_QUERIES["begun_between"], facts).fetchone()
    return 0 if row is None else int(row[0])


def oldest_on(connection: Connection, volumes: Sequence[UUID]) -> datetime | None:
    """The end of the oldest finished segment on some volumes; None if there is none."""
    ends = [connection.execute(_QUERIES["oldest_on"], {"volume": volume}).fetchone() for volume in volumes]
    return min((row[0].astimezone(UTC) for row in ends if row is not None), default=None)
