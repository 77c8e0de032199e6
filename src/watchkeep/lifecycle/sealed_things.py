"""What a shred key seals: heads of segments and pictures on all volumes, read without any key."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from watchkeep.domain.errors import DataLoss, Invalid, NotFound, Unavailable
from watchkeep.domain.fs import File, Fs
from watchkeep.domain.ids import CameraId, SegmentId, ShredKeyId
from watchkeep.storage.blobs.volumes import Volumes
from watchkeep.storage.catalog import erasures, placements
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.recorder_rows import StoredSegment
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPlaces:
    """Where sealed things lie: the recorded volume, and what the catalog names on others.

    Attributes:
        volume: The recorded one; its files are looked at, whatever the catalog knows of them.
        volumes: All of them.
    """

    catalog: Catalog
    volume: Volume
    volumes: Volumes
    fs: Fs

    def things(self, camera: CameraId, day: date) -> Iterator[SealedThing]:
        """All of a camera's things whose shred key is of a UTC day.

        Raises:
            Unavailable: One lies on a volume that is away.
        """
        yield from sealed_things(self.volume, camera, day, fs=self.fs)
        with self.catalog.transaction("eraser") as connection:
            elsewhere = erasures.elsewhere(connection, camera, day, volume=self.volume.id)
        for row in elsewhere:
            try:
                file = self.open(row)
            except NotFound:
                continue  # whoever needs it misses it
            with closing(file):
                thing = _thing(file, row.path, camera, day)
            if thing is not None:
                yield thing

    def open(self, row: StoredSegment) -> File:
        """Open a segment's file wherever it lies by now.

        Raises:
            NotFound: It is nowhere.
            Unavailable: A volume on which it may lie is away.
            Conflict: Another volume is in its place.
        """
        try:
            return self._open(row.volume, row.path, row.id)
        except NotFound:
            with self.catalog.transaction("eraser") as connection:
                places = placements.whereabouts(connection, row)
        for volume, path in places:  # it was moved meanwhile
            try:
                return self._open(volume, path, row.id)
            except NotFound:
                continue
        raise NotFound(f"the file of segment {row.id} is nowhere", segment=str(row.id))

    def _open(self, volume: UUID, path: str, segment: SegmentId) -> File:
        if volume == self.volume.id:
            return self.fs.open(self.volume.locate(path, segment))
        attached = self.volumes.find(volume)
        if attached is None:
            raise Unavailable(
                f"Segment {segment} lies on volume {volume}, which the settings do not name any more; name it"
                " again, and the erasure goes on.",
                segment=str(segment),
            )
        blobs = attached.blobs()
        try:
            return blobs.open(path)
        except NotFound:
            blobs.require_same()  # a file that seems gone may have gone with its disk
            raise


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
            return _thing(file, str(path), camera, day)
    except FileNotFoundError:
        return None


def _thing(file: File, name: str, camera: CameraId, day: date) -> SealedThing | None:
    try:
        head = read_head(file, name)
    except (Invalid, DataLoss):
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
