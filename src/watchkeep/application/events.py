"""Events and their pictures."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watchkeep.application.asking import Asking, Deed, note, require_of_found, system_asking
from watchkeep.application.footage import UNREADABLE
from watchkeep.application.house import House
from watchkeep.application.incidents import scope_of
from watchkeep.application.pages import cursor_of, position
from watchkeep.domain.access import Action, CameraObject, decide
from watchkeep.domain.errors import DataLoss, Invalid, KeyShredded, NotFound, Tampered
from watchkeep.domain.event_record import FAR_FUTURE, FAR_PAST, EventFilter, StoredEvent, StoredPicture
from watchkeep.domain.ids import CameraId, EventId
from watchkeep.storage.catalog import events
from watchkeep.storage.media.picture import open_picture

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events, newest first, and where the next page begins."""

    items: tuple[StoredEvent, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class EventImage:
    """The picture of an event.

    Attributes:
        at: When it was captured.
    """

    jpeg: bytes
    at: datetime


def list_events(
    house: House, asking: Asking, wanted: EventFilter, *, cursor: str | None, limit: int
) -> EventPage:
    """The asker's events, newest first.

    Raises:
        Invalid: The cursor is none that was given out, or the span ends before it begins.
    """
    if wanted.lasts_until is not None and wanted.begun_to < min(wanted.lasts_until, FAR_FUTURE):
        raise Invalid("The span ends before it begins; `from` must be earlier than `to`.")
    scoped = replace(wanted, cameras=scope_of(asking, wanted.cameras))
    with house.catalog.transaction(asking.subject.name) as conn:
        found = events.list_events(conn, scoped, after=position(cursor), limit=limit + 1)
    page = found[:limit]
    is_more = len(found) > limit
    following = cursor_of(page[-1].event.started_at, page[-1].event.id) if is_more else None
    return EventPage(tuple(page), following)


def earliest_start(span_start: datetime | None) -> datetime:
    """How far back an event may have begun that touches a span."""
    if span_start is None or span_start < FAR_PAST + events.LONGEST:
        return FAR_PAST
    return span_start - events.LONGEST


def last_start(span_end: datetime | None) -> datetime:
    """When an event may have begun at the latest that touches a span; its end does not belong to it."""
    if span_end is None:
        return FAR_FUTURE
    return max(span_end, FAR_PAST) - timedelta(microseconds=1)


def read_event(house: House, asking: Asking, identifier: EventId) -> StoredEvent:
    """One event.

    Raises:
        NotFound: There is none, or its camera is not the asker's.
        Forbidden: The camera is known to the asker, but not its footage.
    """
    with house.catalog.transaction(asking.subject.name) as conn:
        found = events.get_event(conn, identifier)
    if found is None:
        raise _missing(identifier)
    require_of_found(house, asking, Action.VIEW_RECORDED, found.event.camera, missing=_missing(identifier))
    return found


def read_picture(house: House, asking: Asking, identifier: EventId) -> EventImage:
    """The picture of an event; every byte has passed its tag. Views of a camera's pictures are audited.

    Raises:
        NotFound: There is no such event for the asker, or it has no picture.
        KeyShredded: It was erased.
        DataLoss: Its file is gone, or its bytes were changed; it was reported.
    """
    found = read_event(house, asking, identifier)
    if found.picture is None:
        raise NotFound(
            "This event has no picture; its moment may not have been recorded.", event=str(identifier)
        )
    jpeg = _open(house, found, found.picture)
    _note_view(house, asking, found.event.camera)
    return EventImage(jpeg, found.picture.at)


def _open(house: House, stored: StoredEvent, picture: StoredPicture) -> bytes:
    event = stored.event
    place = next((each for each in house.volumes if each.volume.id == picture.volume), None)
    if place is None:
        raise NotFound("The volume of this picture is not mounted.", event=str(event.id))
    try:
        path = place.volume.within(picture.path)
        header, jpeg = open_picture(path, fs=house.fs, keys=house.keystore.find_shred_key)
        # An authentic picture in another's place would be shown to those who may not see it.
        if (header.event, header.camera) != (event.id, event.camera):
            raise Tampered("another event's picture")
    except KeyShredded:
        raise KeyShredded("The picture of this event was erased.", event=str(event.id)) from None
    except UNREADABLE as error:
        _report(house, stored, word="damaged" if isinstance(error, Tampered) else "unreadable")
        # The error itself names a path, which is not for everybody.
        raise DataLoss(
            "The picture of this event cannot be read; it was reported.", event=str(event.id)
        ) from error
    return jpeg


def _report(house: House, stored: StoredEvent, *, word: str) -> None:
    """Tell once in a while that a picture cannot be read."""
    event = stored.event
    if house.recent_views.is_new(("unreadable picture", event.id)):
        log.error(
            "picture cannot be read", extra={"event": str(event.id), "camera": event.camera, "word": word}
        )
        deed = Deed("find damage", f"picture of event {event.id}", word, event.camera)
        note(house, system_asking(), deed, outcome="failed")


def _note_view(house: House, asking: Asking, camera: CameraId) -> None:
    """A page shows dozens of pictures: who looks at a camera's pictures is written once in a while."""
    if house.recent_views.is_new((asking.subject.name, camera, "pictures")):
        reason = decide(asking.subject, Action.VIEW_RECORDED, CameraObject(camera)).reason
        deed = Deed("view pictures", f"camera {camera}", reason, camera)
        note(house, asking, deed, outcome="allowed")


def _missing(identifier: EventId) -> NotFound:
    return NotFound(
        f"There is no event {identifier} here that you may see; it may have expired.", event=str(identifier)
    )
