"""Pictures of events, sealed on a real volume with a real keystore."""

from datetime import datetime, timedelta
from pathlib import Path

from builders import NOON
from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import CameraId, EventId, uuid8
from watchkeep.runtime.system import SystemFs, SystemRng
from watchkeep.storage.catalog.pictures import PictureRow
from watchkeep.storage.encryption.keystore import Keystore
from watchkeep.storage.media.picture import PictureHeader, seal_picture
from watchkeep.storage.media.volume import Volume

JPEG = b"\xff\xd8 a picture of somebody \xff\xd9"


def event_at(started_at: datetime, number: int = 1) -> EventId:
    """An event's id."""
    return EventId(uuid8(started_at, number.to_bytes(10, "big")))


def seal_one(
    volume: Volume,
    keystore: Keystore,
    *,
    camera: CameraId,
    event: EventId,
    started_at: datetime = NOON,
    at: datetime | None = None,
) -> PictureRow:
    """Seal the picture of an event, by default of a second after its start; the row that it needs."""
    at = at or started_at + timedelta(seconds=1)
    day = started_at.date()
    key = keystore.shred_key(camera=camera, day=day, data_class=DataClass.EVENT)
    header = PictureHeader(
        camera=camera,
        event=event,
        at=at,
        width_px=64,
        height_px=48,
        data_class=DataClass.EVENT,
        day=day,
        shred_key=key.id,
    )
    path = volume.picture_path(camera=camera, day=day, event=event)
    size = seal_picture(path, header, JPEG, shred_key=key, fs=SystemFs(), rng=SystemRng())
    return PictureRow(
        event=event,
        started_at=started_at,
        camera=camera,
        path=volume.relative(path),
        size_bytes=size,
        at=at,
    )


def flip(path: Path, offset: int) -> None:
    """Change a byte."""
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)
