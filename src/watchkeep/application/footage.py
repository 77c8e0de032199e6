"""Finding a camera's footage and opening it; what is damaged is left out, reported, and never handed on."""

import logging
from collections.abc import Iterable, Iterator

from watchkeep.application import cameras
from watchkeep.application.asking import Deed, system_asking, write
from watchkeep.application.hls import Reel
from watchkeep.application.house import House
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.errors import (
    CatalogUnavailable,
    DataLoss,
    Invalid,
    KeyShredded,
    NotFound,
    Tampered,
    VolumeAway,
    WatchkeepError,
)
from watchkeep.domain.ids import CameraId
from watchkeep.domain.segment import Segment
from watchkeep.storage.catalog import outbox
from watchkeep.storage.catalog.cameras import SealedCamera, SealedStream
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.outbox import NoticeKind
from watchkeep.storage.catalog.recorder_rows import StoredSegment

log = logging.getLogger(__name__)

UNREADABLE = (DataLoss, NotFound, Invalid, VolumeAway)
"""What opening or reading a segment raises when its file is not what was written, or away with its volume."""


def find_stream(conn: Connection, camera: CameraId, role: StreamRole) -> tuple[SealedCamera, SealedStream]:
    """A camera's stream of that role.

    Raises:
        NotFound: There is no such camera, or it has no such stream.
    """
    known = cameras.load(conn, camera)
    stream = next((stream for stream in known.streams if stream.role is role), None)
    if stream is None:
        raise NotFound(f"Camera {camera} has no {role} stream; ask for the other one.", camera=camera)
    return known, stream


def reels(house: House, segments: Iterable[StoredSegment]) -> Iterator[tuple[StoredSegment, Reel]]:
    """The segments that can be played, with what a player needs; the others are reported and left out."""
    for segment in segments:
        if house.shelf.is_damaged(segment.id):
            continue
        try:
            reel = house.shelf.reel(segment)
        except UNREADABLE as error:
            report(house, segment, error)
            continue
        if reel.fragments:
            yield segment, reel


def report(house: House, segment: Segment, error: WatchkeepError) -> None:
    """Tell once that a segment cannot be read: in the log, in the audit, to those who follow changes."""
    if isinstance(error, KeyShredded | VolumeAway):
        return  # erased on purpose, which has its own entry; or to be told of the volume, not of each segment
    if not house.shelf.note_trouble(segment.id, is_damaged=isinstance(error, Tampered)):
        return
    word = "damaged" if isinstance(error, Tampered) else "unreadable"
    log.error(
        "segment cannot be read", extra={"segment": str(segment.id), "camera": segment.camera, "word": word}
    )
    asking = system_asking()
    deed = Deed("find damage", f"segment {segment.id}", word, segment.camera)
    deed.facts.update({"start": segment.when.start.isoformat(), "end": segment.when.end.isoformat()})
    try:
        with house.catalog.transaction(asking.subject.name) as conn:
            facts = {"segment": str(segment.id), "problem": word}
            outbox.publish(conn, NoticeKind.SEGMENT, camera=segment.camera, facts=facts)
            write(house, conn, asking, deed, outcome="failed")
    except CatalogUnavailable:
        log.warning("damage could not be written into the audit", extra={"segment": str(segment.id)})
