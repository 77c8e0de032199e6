"""What each camera's footage takes and how its segments are; no segment is walked over."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from psycopg.rows import class_row

from watchkeep.domain.ids import CameraId
from watchkeep.storage.catalog import hours
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.queries import load

_HOURS = load("hours")


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraStorage:
    """What a camera's segments take, of all its streams.

    Attributes:
        size_bytes: Without lost ones.
        bytes_last_day: Of those that began in the 24 hours before.
        oldest: Start of the oldest living segment.
        newest: End of the newest.
    """

    camera: CameraId
    size_bytes: int
    bytes_last_day: int
    open: int
    closed: int
    recovered: int
    lost: int
    oldest: datetime | None
    newest: datetime | None


def storage_by_camera(connection: Connection, *, now: datetime) -> list[CameraStorage]:
    """What each camera's segments take; from the counts by hour, open segments and one part of an hour."""
    day_ago = now - timedelta(days=1)
    whole_from = hours.hour_of(day_ago) + hours.HOUR
    found: dict[CameraId, CameraStorage] = {}
    with connection.cursor(row_factory=class_row(_Settled)) as cursor:
        for row in cursor.execute(_HOURS["storage"], {"whole_from": whole_from}):
            found[CameraId(row.camera_id)] = row.storage()
    part = {"start": day_ago, "end": whole_from}
    for name, part_bytes in connection.execute(_HOURS["settled_bytes"], part):
        known = found[CameraId(name)]
        found[known.camera] = replace(known, bytes_last_day=known.bytes_last_day + part_bytes)
    for being_written in hours.open_parts(connection):
        camera = being_written.camera
        found[camera] = _with_open(found.get(camera), being_written, day_ago)
    return [found[camera] for camera in sorted(found)]


@dataclass(frozen=True, slots=True)
class _Settled:
    camera_id: str
    size_bytes: int = 0
    bytes_last_day: int = 0
    closed: int = 0
    recovered: int = 0
    lost: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None

    def storage(self) -> CameraStorage:
        return CameraStorage(
            camera=CameraId(self.camera_id),
            size_bytes=self.size_bytes,
            bytes_last_day=self.bytes_last_day,
            open=0,
            closed=self.closed,
            recovered=self.recovered,
            lost=self.lost,
            oldest=None if self.oldest is None else self.oldest.astimezone(UTC),
            newest=None if self.newest is None else self.newest.astimezone(UTC),
        )


def _with_open(known: CameraStorage | None, part: hours.OpenPart, day_ago: datetime) -> CameraStorage:
    before = known or _Settled(part.camera).storage()
    return replace(
        before,
        size_bytes=before.size_bytes + part.size_bytes,
        bytes_last_day=before.bytes_last_day + (part.size_bytes if part.when.start >= day_ago else 0),
        open=before.open + 1,
        oldest=min(filter(None, (before.oldest, part.when.start))),
        newest=max(filter(None, (before.newest, part.when.end))),
    )
