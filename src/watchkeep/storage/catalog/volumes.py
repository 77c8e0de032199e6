"""Volumes: which there are, and how they were when they were last looked at."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from psycopg.rows import class_row

from watchkeep.domain.errors import NotFound
from watchkeep.domain.fs import Space
from watchkeep.domain.tier import Condition
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.queries import load

_QUERIES = load("volumes")


class VolumeKind(StrEnum):
    """What a volume is."""

    DISK = "disk"
    S3 = "s3"
    ADOPTED = "adopted"
    """A tree of somebody else's files; only read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVolume:
    """A volume as the catalog knows it.

    Attributes:
        location: A folder, or an address of an object store; never with a key.
        tier: Its name in the settings.
        reserve_bytes: Room to be left free.
    """

    id: UUID
    kind: VolumeKind
    location: str
    tier: str
    reserve_bytes: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeState:
    """A volume with how it was when it was last looked at.

    Attributes:
        since: Since when its condition is so; None before it was looked at.
        detail: What is wrong, for a person.
        space: None where nothing bounds it, or before it was looked at.
        used_bytes: Of segments whose own place it is.
        is_retired: The settings name it no more, and footage is on it still.
    """

    volume: StoredVolume
    condition: Condition
    since: datetime | None
    detail: str
    space: Space | None
    used_bytes: int
    seen_at: datetime | None
    is_retired: bool


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


def note_seen(
    connection: Connection,
    volume: UUID,
    condition: Condition,
    *,
    at: datetime,
    detail: str = "",
    space: Space | None = None,
) -> None:
    """Note how a volume is; its room stays as last seen while it is away."""
    facts = {
        "id": volume,
        "condition": condition,
        "at": at,
        "detail": detail,
        "free_bytes": None if space is None else space.free_bytes,
        "total_bytes": None if space is None else space.total_bytes,
    }
    connection.execute(_QUERIES["note_seen"], facts)


def note_used(connection: Connection, volume: UUID, used_bytes: int) -> None:
    """Note what our footage takes on a volume."""
    connection.execute(_QUERIES["note_used"], {"id": volume, "used_bytes": used_bytes})


def volume_states(connection: Connection) -> list[VolumeState]:
    """The volumes in use, and those that hold footage though they are not, as last seen."""
    with connection.cursor(row_factory=class_row(_StateRow)) as cursor:
        return [row.state() for row in cursor.execute(_QUERIES["states"])]


def retire_volume(connection: Connection, volume: UUID, *, at: datetime) -> None:
    """Take a volume out of use; its row stays, because segments name it.

    Raises:
        NotFound: It is not in use.
    """
    if connection.execute(_QUERIES["retire_volume"], {"id": volume, "at": at}).rowcount == 0:
        raise NotFound(f"There is no volume {volume} in use; see the list of volumes.", volume=volume)


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
            tier=self.tier,
            reserve_bytes=self.reserve_bytes,
            created_at=self.created_at.astimezone(UTC),
        )


@dataclass(frozen=True, slots=True)
class _StateRow:
    volume_id: UUID
    kind: str
    location: str
    tier: str
    reserve_bytes: int
    created_at: datetime
    condition: str
    condition_since: datetime | None
    detail: str
    free_bytes: int | None
    total_bytes: int | None
    used_bytes: int
    seen_at: datetime | None
    is_retired: bool

    def state(self) -> VolumeState:
        volume = _VolumeRow(
            self.volume_id, self.kind, self.location, self.tier, self.reserve_bytes, self.created_at
        ).volume()
        space = None
        if self.free_bytes is not None and self.total_bytes is not None:
            space = Space(free_bytes=self.free_bytes, total_bytes=self.total_bytes)
        return VolumeState(
            volume=volume,
            condition=Condition(self.condition),
            since=None if self.condition_since is None else self.condition_since.astimezone(UTC),
            detail=self.detail,
            space=space,
            used_bytes=self.used_bytes,
            seen_at=None if self.seen_at is None else self.seen_at.astimezone(UTC),
            is_retired=self.is_retired,
        )
