"""Incidents, events and their pictures."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from watchkeep.application import events, incidents
from watchkeep.domain.access import Action
from watchkeep.domain.event_record import EventFilter
from watchkeep.domain.ids import CameraId, EventId, IncidentId, RuleId
from watchkeep.domain.incident import IncidentFilter
from watchkeep.domain.rule import EventKind
from watchkeep.presentation.http.authentication import Asker, DoorRoute, Of, TheHouse, asks
from watchkeep.presentation.http.bodies.events import (
    EventBody,
    EventList,
    IncidentBody,
    IncidentList,
    MarksBody,
)
from watchkeep.presentation.http.bodies.plain import Instant, Text

router = APIRouter(prefix="/api/v1", route_class=DoorRoute, tags=["events"])

Words = Annotated[list[Text], Query(default_factory=list, max_length=200)]
Objects = Annotated[list[Text], Query(default_factory=list, alias="object", max_length=200)]
Kinds = Annotated[list[EventKind], Query(default_factory=list)]
From = Annotated[Instant | None, Query(alias="from")]
To = Annotated[Instant | None, Query(alias="to")]
Least = Annotated[int, Query(ge=0, le=3, description="at least: 0 info, 1 notice, 2 alert, 3 critical")]
Cursor = Annotated[Text | None, Query(max_length=200)]
Limit = Annotated[int, Query(ge=1, le=200)]
Verdict = Annotated[str | None, Query(pattern="^(true|false|none)$")]


@router.get("/incidents")
@asks(Action.VIEW_RECORDED, Of.SOME_CAMERA)
def list_incidents(  # noqa: PLR0913, PLR0917  # one a filter
    house: TheHouse,
    asking: Asker,
    camera: Words,
    kind: Kinds,
    objects: Objects,
    severity: Least = 0,
    verdict: Verdict = None,
    seen: bool | None = None,
    start: From = None,
    end: To = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> IncidentList:
    """Incidents of the asker's cameras, newest first."""
    wanted = IncidentFilter(
        cameras=[CameraId(each) for each in camera] or None,
        kinds=[each.value for each in kind] or None,
        objects=objects or None,
        least_severity=severity,
        is_seen=seen,
        has_verdict=None if verdict is None else verdict != "none",
        verdict=None if verdict in (None, "none") else verdict == "true",
        since=start,
        until=end,
    )
    return IncidentList.of(incidents.list_incidents(house, asking, wanted, cursor=cursor, limit=limit))


@router.get("/incidents/{incident}")
@asks(Action.VIEW_RECORDED, Of.FOUND)
def read_incident(house: TheHouse, asking: Asker, incident: UUID) -> IncidentBody:
    """One incident with its events."""
    return IncidentBody.of(incidents.read_incident(house, asking, IncidentId(incident)))


@router.patch("/incidents/{incident}")
@asks(Action.ANNOTATE, Of.FOUND)
def mark_incident(house: TheHouse, asking: Asker, incident: UUID, body: MarksBody) -> IncidentBody:
    """Mark an incident seen or not, true or false or neither."""
    return IncidentBody.of(incidents.mark_incident(house, asking, IncidentId(incident), body.marks()))


@router.get("/events")
@asks(Action.VIEW_RECORDED, Of.SOME_CAMERA)
def list_events(  # noqa: PLR0913, PLR0917  # one a filter
    house: TheHouse,
    asking: Asker,
    camera: Words,
    kind: Kinds,
    objects: Objects,
    severity: Least = 0,
    rule: UUID | None = None,
    start: From = None,
    end: To = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> EventList:
    """Events of the asker's cameras, newest first; those that touch the span when there is one."""
    wanted = EventFilter(
        cameras=[CameraId(each) for each in camera] or None,
        kinds=[each.value for each in kind] or None,
        objects=objects or None,
        least_severity=severity,
        rule=None if rule is None else RuleId(rule),
        begun_from=events.earliest_start(start),
        begun_to=events.last_start(end),
        lasts_until=start,
    )
    return EventList.of(events.list_events(house, asking, wanted, cursor=cursor, limit=limit))


@router.get("/events/{event}")
@asks(Action.VIEW_RECORDED, Of.FOUND)
def read_event(house: TheHouse, asking: Asker, event: UUID) -> EventBody:
    """One event."""
    return EventBody.of(events.read_event(house, asking, EventId(event)))


@router.get("/events/{event}/picture", response_class=Response)
@asks(Action.VIEW_RECORDED, Of.FOUND)
def read_picture(house: TheHouse, asking: Asker, event: UUID) -> Response:
    """The picture of an event, decrypted and checked."""
    image = events.read_picture(house, asking, EventId(event))
    return Response(image.jpeg, media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})
