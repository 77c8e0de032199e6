"""Which event refers to which sealed picture, for those that compare files with rows."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from watchkeep.domain.ids import CameraId, EventId, made_at
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.queries import load

_QUERIES = load("pictures")
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRow:
    """What an event says of its picture.

    Attributes:
        path: Relative to the volume.
        size_bytes: Of the sealed file.
        at: Which moment it shows.
    """

    event: EventId
    started_at: datetime
    camera: CameraId
    path: str
    size_bytes: int | None
    at: datetime | None


def all_pictures(connection: Connection, volume: UUID) -> Iterator[PictureRow]:
    """Every event with a picture on a volume, oldest first, in steps of a thousand within the transaction."""
    with connection.cursor(name="all_pictures") as cursor:
        cursor.itersize = 1000
        for row in cursor.execute(_QUERIES["all"], {"volume": volume}):
            yield _row(row)


def pictures_of(
    connection: Connection, events: Collection[EventId], *, volume: UUID
) -> Mapping[EventId, PictureRow]:
    """Of some events those with a picture on a volume. The milliseconds in their ids bound the partitions."""
    if not events:
        return {}
    starts = [made_at(event) for event in events]
    facts = {
        "first": min(starts),
        "last": max(starts) + _MILLISECOND,
        "ids": list(events),
        "volume": volume,
    }
    rows = [_row(row) for row in connection.execute(_QUERIES["of"], facts)]
    return {row.event: row for row in rows}


def _row(row: tuple[UUID, datetime, str, str, int | None, datetime | None]) -> PictureRow:
    return PictureRow(
        event=EventId(row[0]),
        started_at=row[1],
        camera=CameraId(row[2]),
        path=row[3],
        size_bytes=row[4],
        at=row[5],
    )
