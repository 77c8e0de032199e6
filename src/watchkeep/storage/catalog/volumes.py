"""Volumes, and copies of segments on them beside the one that the segment's own row names."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from psycopg.rows import class_row

from watchkeep.domain.errors import NotFound
from watchkeep.domain.ids import SegmentId
from watchkeep.domain.segment import Segment
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.queries import load

_QUERIES = load("volumes")


class VolumeKind(StrEnum):
    """What a volume is."""

    DISK = "disk"
    S3 = "s3"
    ADOPTED = "adopted"
    """A tree of somebody else's files; only read."""


class Tier(StrEnum):
    """A class of storage."""

    HOT = "hot"
    WARM = "warm"
    COLD = "cold"


class PlacementState(StrEnum):
    """Where a copy is in its life."""

    WANTED = "wanted"
    COPYING = "copying"
    PLACED = "placed"
    VERIFIED = "verified"
    DOOMED = "doomed"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVolume:
    """A volume as the catalog knows it.

    Attributes:
        location: A folder, or an address of an object store; never with a key.
        reserve_bytes: Room to be left free.
    """

    id: UUID
    kind: VolumeKind
    location: str
    tier: Tier
    reserve_bytes: int
    created_at: datetime


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


def put_volume(connection: Connection, volume: StoredVolume) -> None:
    """Add a volume, change it, or take it into use again."""
    facts = {
        "id": volume.id,
        "kind": volume.kind,
        "location": volume.location,
        "tier": volume.tier,
        "reserve_bytes": volume.reserve_bytes,
        "created_at": volume.created_at,
    }
    connection.execute(_QUERIES["put_volume"], facts)


def list_volumes(connection: Connection) -> list[StoredVolume]:
    """The volumes in use, oldest first."""
    with connection.cursor(row_factory=class_row(_VolumeRow)) as cursor:
        return [row.volume() for row in cursor.execute(_QUERIES["volumes"])]


def retire_volume(connection: Connection, volume: UUID, *, at: datetime) -> None:
    """Take a volume out of use; its row stays, because segments name it.

    Raises:
        NotFound: It is not in use.
    """
    if connection.execute(_QUERIES["retire_volume"], {"id": volume, "at": at}).rowcount == 0:
        raise NotFound(f"There is no volume {volume} in use; see the list of volumes.", volume=volume)


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
    with connection.cursor(row_factory=class_row(_PlacementRow)) as cursor:
        return [row.placement() for row in cursor.execute(_QUERIES["placements"], facts)]


def drop_placement(connection: Connection, placement: Placement) -> None:
    """Forget a copy that is gone."""
    facts = {"segment": placement.segment, "start": placement.start, "volume": placement.volume}
    connection.execute(_QUERIES["drop_placement"], facts)


@dataclass(frozen=True, slots=True)
class _VolumeRow:
    volume_id: UUID
    kind: str
    location: str
    tier: str
    reserve_bytes: int
    created_at: datetime

    def volume(self) -> StoredVolume:
        return StoredVolume(
            id=self.volume_id,
            kind=VolumeKind(self.kind),
            location=self.location,
            tier=Tier(self.tier),
            reserve_bytes=self.reserve_bytes,
            created_at=self.created_at.astimezone(UTC),
        )


@dataclass(frozen=True, slots=True)
class _PlacementRow:
    segment_id: UUID
    start_time: datetime
    volume_id: UUID
    path: str
    size_bytes: int
    state: str
    verified_at: datetime | None

    def placement(self) -> Placement:
        return Placement(
            segment=SegmentId(self.segment_id),
            start=self.start_time.astimezone(UTC),
            volume=self.volume_id,
            path=self.path,
            size_bytes=self.size_bytes,
            state=PlacementState(self.state),
            verified_at=None if self.verified_at is None else self.verified_at.astimezone(UTC),
        )
