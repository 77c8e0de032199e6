"""Finding a camera's footage and opening it; what is damaged is left out, reported, and never handed on."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from watchkeep.application import cameras
from watchkeep.application.asking import Deed, system_asking, write
from watchkeep.application.hls import Reel, StoredFragment
from watchkeep.application.house import House
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.errors import (
    CatalogUnavailable,
    DataLoss,
    Invalid,
    KeyShredded,
    NotFound,
    Tampered,
    WatchkeepError,
)
from watchkeep.domain.ids import CameraId
from watchkeep.domain.segment import Segment
from watchkeep.storage.catalog import outbox
from watchkeep.storage.catalog.cameras import SealedCamera, SealedStream
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.outbox import NoticeKind

log = logging.getLogger(__name__)

UNREADABLE = (DataLoss, NotFound, Invalid)
"""What opening or reading a segment raises when its file is not what was written."""


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


def reels(house: House, segments: Iterable[Segment]) -> Iterator[tuple[Segment, Reel]]:
    """The segments that can be played, with what a player needs; the others are reported and left out.

    Of a segment that gave up a part there is a reel for each stretch that is left.
    """
    for segment in segments:
        if house.shelf.is_damaged(segment.id):
            continue
        try:
            reel = house.shelf.reel(segment)
        except UNREADABLE as error:
            report(house, segment, error)
            continue
        for stretch in stretches(segment, reel.fragments):
            yield (
                segment,
                replace(reel, fragments=stretch, is_whole=reel.is_whole or segment.claims is not None),
            )


def stretches(segment: Segment, fragments: Sequence[StoredFragment]) -> list[tuple[StoredFragment, ...]]:
    """The fragments that may be handed out, in unbroken stretches.

    These are what the segment's claims cover, each from the key picture at or before its start.
    """
    if segment.claims is None:
        return [tuple(fragments)] if fragments else []
    wanted: set[int] = set()
    for claim in segment.claims:
        first = next(
            (
                fragment.number
                for fragment in reversed(fragments)
                if fragment.starts_with_key and fragment.when.start <= claim.start
            ),
            0,
        )
        wanted.update(
            fragment.number
            for fragment in fragments
            if first <= fragment.number and fragment.when.start < claim.end
        )
    found: list[list[StoredFragment]] = []
    for fragment in fragments:
        if fragment.number not in wanted:
            continue
        if not found or found[-1][-1].number + 1 != fragment.number:
            found.append([])
        found[-1].append(fragment)
    return [tuple(stretch) for stretch in found]


def report(house: House, segment: Segment, error: WatchkeepError) -> None:
    """Tell once that a segment cannot be read: in the log, in the audit, to those who follow changes."""
    if isinstance(error, KeyShredded):
        return  # erased on purpose; the erasure has its own entry
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
