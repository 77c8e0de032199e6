"""Cameras and their streams as the catalog keeps them: passwords sealed, removed ones remembered."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from watchkeep.domain.camera import StreamRole
from watchkeep.domain.errors import Conflict, NotFound
from watchkeep.domain.ids import CameraId, StreamId
from watchkeep.domain.mode import ALWAYS, ModeSchedule, RecordingMode, span_facts, span_of
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.queries import load

_QUERIES = load("cameras")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedStream:
    """A stream whose password only the keystore can open.

    Attributes:
        url: Without user and password.
        sealed_password: As the keystore sealed it; empty when there is none.
    """

    id: StreamId
    camera: CameraId
    role: StreamRole
    url: str
    user_name: str = ""
    sealed_password: bytes = b""
    modes: ModeSchedule = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedCamera:
    """A camera with sealed passwords.

    Attributes:
        retention_days: How long its raw footage is kept, where the camera itself says so; None is inherited.
        keep_days: How long it is kept, whoever says so; read, never written.
        audio: Whether its audio is recorded, too.
    """

    id: CameraId
    site: UUID
    name: str
    is_enabled: bool
    retention_days: int | None
    streams: tuple[SealedStream, ...]
    created_at: datetime
    removed_at: datetime | None = None
    audio: bool = False
    keep_days: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place that has cameras.

    Attributes:
        zone: IANA name of its time zone; only for display and local days.
    """

    id: UUID
    name: str
    zone: str


def list_cameras(
    connection: Connection, *, scope: Collection[CameraId] | None = None, with_removed: bool = False
) -> list[SealedCamera]:
    """Cameras by name.

    Args:
        connection: An open transaction.
        scope: Those that the asking person may see; None means every camera.
        with_removed: Whether removed cameras are wanted too; their streams are gone.
    """
    facts = {"scope": None if scope is None else sorted(scope), "with_removed": with_removed}
    with connection.cursor(row_factory=class_row(_CameraRow)) as cursor:
        rows = cursor.execute(_QUERIES["cameras"], facts).fetchall()
    with connection.cursor(row_factory=class_row(_StreamRow)) as cursor:
        streams = cursor.execute(_QUERIES["streams"], {"cameras": [row.camera_id for row in rows]}).fetchall()
    by_camera: dict[str, list[SealedStream]] = {row.camera_id: [] for row in rows}
    for stream in streams:
        by_camera[stream.camera_id].append(stream.stream())
    return [row.camera(by_camera[row.camera_id]) for row in rows]


def get_camera(
    connection: Connection,
    camera: CameraId,
    *,
    scope: Collection[CameraId] | None = None,
    with_removed: bool = False,
) -> SealedCamera:
    """One camera.

    Raises:
        NotFound: It is not there, is removed, or lies outside the scope; which of them is not said.
    """
    found = (
        list_cameras(connection, scope=[camera], with_removed=with_removed)
        if scope is None or camera in scope
        else []
    )
    if not found:
        raise NotFound(f"There is no camera {camera}; see the list of cameras.", camera=camera)
    return found[0]


def is_taken(connection: Connection, camera: CameraId) -> bool:
    """Say whether an id was ever given to a camera, removed ones included."""
    row = connection.execute(_QUERIES["is_taken"], {"id": camera}).fetchone()
    return row is not None and bool(row[0])


def insert_camera(connection: Connection, camera: SealedCamera) -> None:
    """Add a camera and its streams.

    Raises:
        Conflict: The id is or was given to another camera, the site is unknown, or a role appears twice.
    """
    facts = {
        "id": camera.id,
        "site": camera.site,
        "name": camera.name,
        "is_enabled": camera.is_enabled,
        "audio": camera.audio,
        "created_at": camera.created_at,
    }
    try:
        with connection.transaction():
            connection.execute(_QUERIES["insert_camera"], facts)
            _put_retention(connection, camera)
            _put_streams(connection, camera, at=camera.created_at)
    except psycopg.errors.UniqueViolation as error:
        raise Conflict(
            f"The camera id {camera.id} was given away before, or two streams have one role; choose another.",
            camera=camera.id,
        ) from error
    except psycopg.errors.ForeignKeyViolation as error:
        raise _no_site(camera) from error


def update_camera(connection: Connection, camera: SealedCamera, *, at: datetime) -> None:
    """Change a camera; streams that are not named any more are taken away, their footage stays.

    Raises:
        NotFound: It is not there or was removed.
        Conflict: A role appears twice or the site is unknown.
    """
    facts = {
        "id": camera.id,
        "site": camera.site,
        "name": camera.name,
        "is_enabled": camera.is_enabled,
        "audio": camera.audio,
    }
    try:
        with connection.transaction():
            if connection.execute(_QUERIES["update_camera"], facts).rowcount == 0:
                raise NotFound(f"There is no camera {camera.id}; see the list of cameras.", camera=camera.id)
            _put_retention(connection, camera)
            _put_streams(connection, camera, at=at)
    except psycopg.errors.UniqueViolation as error:
        raise Conflict(
            f"Two streams of camera {camera.id} have one role; give each its own.", camera=camera.id
        ) from error
    except psycopg.errors.ForeignKeyViolation as error:
        raise _no_site(camera) from error


def remove_camera(connection: Connection, camera: CameraId, *, at: datetime) -> None:
    """Take a camera and its streams away; its row stays, so that the id is never used again, and its footage.

    Raises:
        NotFound: It is not there or was removed before.
    """
    if connection.execute(_QUERIES["remove_camera"], {"id": camera, "at": at}).rowcount == 0:
        raise NotFound(f"There is no camera {camera}; see the list of cameras.", camera=camera)
    connection.execute(_QUERIES["retire_streams"], {"camera": camera, "at": at, "kept": []})


def revision(connection: Connection) -> int:
    """A number that grows whenever a site, a camera or a stream changes."""
    row = connection.execute(_QUERIES["revision"]).fetchone()
    return 0 if row is None else int(row[0])


def put_site(connection: Connection, site: Site) -> None:
    """Add a site or change its name and zone."""
    connection.execute(_QUERIES["put_site"], {"id": site.id, "name": site.name, "zone": site.zone})


def _no_site(camera: SealedCamera) -> Conflict:
    return Conflict(f"There is no site {camera.site}; choose an existing one.", site=camera.site)


def _put_retention(connection: Connection, camera: SealedCamera) -> None:
    if camera.retention_days is not None:
        facts = {"id": camera.id, "retention_days": camera.retention_days}
        connection.execute(_QUERIES["put_retention"], facts)


def _put_streams(connection: Connection, camera: SealedCamera, *, at: datetime) -> None:
    kept = [stream.id for stream in camera.streams]
    connection.execute(_QUERIES["retire_streams"], {"camera": camera.id, "at": at, "kept": kept})
    for stream in camera.streams:
        facts = {
            "id": stream.id,
            "camera": camera.id,
            "role": stream.role,
            "url": stream.url,
            "user_name": stream.user_name,
            "sealed_password": stream.sealed_password,
            "mode": stream.modes.default,
            "spans": Jsonb([span_facts(span) for span in stream.modes.spans]),
            "at": at,
        }
        if connection.execute(_QUERIES["put_stream"], facts).rowcount == 0:
            raise Conflict(
                f"Stream {stream.id} was taken away or belongs to another camera; give it a new id.",
                stream=stream.id,
            )


@dataclass(frozen=True, slots=True)
class _CameraRow:
    camera_id: str
    site_id: UUID
    name: str
    is_enabled: bool
    retention_days: int | None
    keep_days: int
    audio: bool
    created_at: datetime
    removed_at: datetime | None

    def camera(self, streams: Collection[SealedStream]) -> SealedCamera:
        return SealedCamera(
            id=CameraId(self.camera_id),
            site=self.site_id,
            name=self.name,
            is_enabled=self.is_enabled,
            retention_days=self.retention_days,
            keep_days=self.keep_days,
            audio=self.audio,
            streams=tuple(streams),
            created_at=self.created_at.astimezone(UTC),
            removed_at=None if self.removed_at is None else self.removed_at.astimezone(UTC),
        )


@dataclass(frozen=True, slots=True)
class _StreamRow:
    stream_id: UUID
    camera_id: str
    role: str
    url: str
    user_name: str
    sealed_password: bytes
    recording_mode: str
    mode_spans: list[dict[str, object]]

    def stream(self) -> SealedStream:
        return SealedStream(
            id=StreamId(self.stream_id),
            camera=CameraId(self.camera_id),
            role=StreamRole(self.role),
            url=self.url,
            user_name=self.user_name,
            sealed_password=bytes(self.sealed_password),
            modes=ModeSchedule(
                default=RecordingMode(self.recording_mode),
                spans=tuple(span_of(facts) for facts in self.mode_spans),
            ),
        )
