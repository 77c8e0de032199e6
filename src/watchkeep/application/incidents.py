"""Incidents: what people review."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from watchkeep.application.asking import Asking, Deed, require_of_found, write
from watchkeep.application.house import House
from watchkeep.application.pages import cursor_of, position
from watchkeep.domain.access import Action, CameraObject, decide, visible_cameras
from watchkeep.domain.errors import Invalid, NotFound
from watchkeep.domain.event_record import EventFilter, StoredEvent
from watchkeep.domain.ids import CameraId, IncidentId
from watchkeep.domain.incident import Incident, IncidentFilter
from watchkeep.storage.catalog import events, incidents, outbox
from watchkeep.storage.catalog.outbox import NoticeKind

MOST_EVENTS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentView:
    """An incident, and what the asker may do with it.

    Attributes:
        may_mark: Whether the asker may mark it seen, true or false.
        events: Newest first; empty in lists.
    """

    incident: Incident
    may_mark: bool
    events: tuple[StoredEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class IncidentPage:
    """Incidents, newest first, and where the next page begins."""

    items: tuple[IncidentView, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What a person says of an incident; None leaves it as it is.

    Attributes:
        is_archived: Whether it and its footage are to be kept as an archived event.
        sets_verdict: Whether `verdict` is to be written; it may be written as None.
    """

    is_seen: bool | None = None
    is_archived: bool | None = None
    sets_verdict: bool = False
    verdict: bool | None = None


def list_incidents(
    house: House, asking: Asking, wanted: IncidentFilter, *, cursor: str | None, limit: int
) -> IncidentPage:
    """The asker's incidents, newest first.

    Raises:
        Invalid: The cursor is none that was given out, or the span ends before it begins.
    """
    if wanted.since is not None and wanted.until is not None and wanted.until <= wanted.since:
        raise Invalid("The span ends before it begins; `from` must be earlier than `to`.")
    after = position(cursor)
    scoped = replace(wanted, cameras=scope_of(asking, wanted.cameras))
    with house.catalog.transaction(asking.subject.name) as conn:
        found = incidents.list_incidents(conn, scoped, after=(after.at, after.id), limit=limit + 1)
    page = found[:limit]
    following = cursor_of(page[-1].started_at, page[-1].id) if len(found) > limit else None
    return IncidentPage(tuple(_view(asking, each) for each in page), following)


def read_incident(house: House, asking: Asking, identifier: IncidentId) -> IncidentView:
    """One incident with its events.

    Raises:
        NotFound: There is none, or its camera is not the asker's.
        Forbidden: The camera is known to the asker, but not its footage.
    """
    with house.catalog.transaction(asking.subject.name) as conn:
        found = incidents.get_incident(conn, identifier)
        if found is None:
            raise _missing(identifier)
        wanted = EventFilter(
            incident=identifier,
            begun_from=found.started_at,
            begun_to=found.seen_until,
        )
        members = events.list_events(conn, wanted, limit=MOST_EVENTS)
    require_of_found(house, asking, Action.VIEW_RECORDED, found.camera, missing=_missing(identifier))
    return replace(_view(asking, found), events=tuple(members))


def mark_incident(house: House, asking: Asking, identifier: IncidentId, marks: Marks) -> IncidentView:
    """Mark an incident seen or not, true or false or neither, archived or not; written into the audit.

    Raises:
        NotFound: There is none, or its camera is not the asker's.
        Forbidden: The asker may not annotate there.
        Invalid: There is nothing to mark.
    """
    with house.catalog.transaction(asking.subject.name) as conn:
        found = incidents.get_incident(conn, identifier)
    if found is None:
        raise _missing(identifier)
    decision = require_of_found(house, asking, Action.ANNOTATE, found.camera, missing=_missing(identifier))
    if marks == Marks():
        raise Invalid("There is nothing to mark; give `seen`, `verdict` or `archived`.")
    deed = Deed("mark incident", f"incident {identifier}", decision.reason, found.camera)
    by, now = asking.subject.name, house.clock.now()
    with house.catalog.transaction(by) as conn:
        if marks.is_seen is not None:
            deed.facts["seen"] = str(marks.is_seen).lower()
            incidents.mark_seen(conn, identifier, is_seen=marks.is_seen, by=by, at=now)
        if marks.sets_verdict:
            deed.facts["verdict"] = "none" if marks.verdict is None else str(marks.verdict).lower()
            incidents.mark_verdict(conn, identifier, verdict=marks.verdict, by=by, at=now)
        if marks.is_archived is not None:
            deed.facts["archived"] = str(marks.is_archived).lower()
            incidents.mark_archived(conn, found, is_archived=marks.is_archived, by=by, at=now)
        marked = incidents.get_incident(conn, identifier)
        if marked is None:
            raise _missing(identifier)  # merged into another since it was found
        write(house, conn, asking, deed)
        facts = {"incident": str(identifier), "state": "marked"}
        outbox.publish(conn, NoticeKind.INCIDENT, camera=found.camera, facts=facts)
    return _view(asking, marked)


def scope_of(asking: Asking, wanted: Collection[CameraId] | None) -> frozenset[CameraId] | None:
    """The cameras to look at: those that are wanted, as far as the asker may see their footage."""
    scope = visible_cameras(asking.subject, Action.VIEW_RECORDED)
    if wanted is None:
        return scope
    chosen = frozenset(wanted)
    return chosen if scope is None else chosen & scope


def _view(asking: Asking, incident: Incident) -> IncidentView:
    may_mark = decide(asking.subject, Action.ANNOTATE, CameraObject(incident.camera)).is_allowed
    return IncidentView(incident=incident, may_mark=may_mark)


def _missing(identifier: IncidentId) -> NotFound:
    return NotFound(
        f"There is no incident {identifier} here that you may see; it may have been merged into another.",
        incident=str(identifier),
    )
