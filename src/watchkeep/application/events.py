"""Events and their pictures."""

from dataclasses import dataclass, replace
from datetime import datetime

from watchkeep.application.asking import Asking, Deed, note, require_of_found
from watchkeep.application.house import House
from watchkeep.application.incidents import scope_of
from watchkeep.application.pages import cursor_of, position
from watchkeep.domain.access import Action, CameraObject, decide
from watchkeep.domain.errors import Invalid, NotFound
from watchkeep.domain.event_record import FAR_PAST, EventFilter, StoredEvent
from watchkeep.domain.ids import CameraId, EventId
from watchkeep.storage.catalog import events
from watchkeep.storage.media.picture import open_picture


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
    if wanted.begun_to < (wanted.lasts_until or wanted.begun_from):
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
    return FAR_PAST if span_start is None else max(span_start - events.LONGEST, FAR_PAST)


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
        DataLoss: The picture's bytes were changed.
    """
    found = read_event(house, asking, identifier)
    if found.picture is None:
        raise NotFound(
            "This event has no picture; its moment may not have been recorded.", event=str(identifier)
        )
    place = next((each for each in house.volumes if each.volume.id == found.picture.volume), None)
    if place is None:
        raise NotFound("The volume of this picture is not mounted.", event=str(identifier))
    path = place.volume.within(found.picture.path)
    _, jpeg = open_picture(path, fs=house.fs, keys=house.keystore.find_shred_key)
    _note_view(house, asking, found.event.camera)
    return EventImage(jpeg, found.picture.at)


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
