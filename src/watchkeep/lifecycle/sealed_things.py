"""What a shred key seals on a volume: heads of segments and pictures, read without any key."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from watchkeep.domain.errors import DataLoss, Invalid, NotFound
from watchkeep.domain.fs import Fs
from watchkeep.domain.ids import CameraId, ShredKeyId
from watchkeep.storage.encryption.shred_keys import SealedKey
from watchkeep.storage.media.format import read_head
from watchkeep.storage.media.picture import read_picture_head
from watchkeep.storage.media.volume import PICTURE_SUFFIX, Volume


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedThing:
    """A segment, or the picture of an event.

    Attributes:
        id: The segment's or the event's.
        at: When it begins, or was captured.
        key: The shred key that its header names.
    """

    id: UUID
    at: datetime
    key: ShredKeyId
    sealed: SealedKey


def sealed_things(volume: Volume, camera: CameraId, day: date, *, fs: Fs) -> Iterator[SealedThing]:
    """All of a camera's things whose shred key is of a UTC day, those that are being written too.

    Files that are not understood are passed over: nobody can open them.
    """
    for path in volume.day_files(camera, day):
        thing = _picture(path, fs) if path.suffix == PICTURE_SUFFIX else _segment(path, camera, day, fs)
        if thing is not None:
            yield thing
    for path in volume.all_open_segments():
        thing = _segment(path, camera, day, fs)
        if thing is not None:
            yield thing


def _segment(path: Path, camera: CameraId, day: date, fs: Fs) -> SealedThing | None:
    try:
        with closing(fs.open(path)) as file:
            head = read_head(file, str(path))
    except (FileNotFoundError, Invalid, DataLoss):
        return None
    header = head.header
    if (header.camera, header.shred_day) != (camera, day):
        return None
    return SealedThing(
        id=header.segment,
        at=header.started_at,
        key=header.shred_key,
        sealed=SealedKey(head.bound, head.wrap),
    )


def _picture(path: Path, fs: Fs) -> SealedThing | None:
    try:
        header, sealed = read_picture_head(path, fs=fs)
    except (NotFound, Invalid, DataLoss):
        return None
    return SealedThing(id=header.event, at=header.at, key=header.shred_key, sealed=sealed)
