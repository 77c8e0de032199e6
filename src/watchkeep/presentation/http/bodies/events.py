"""Incidents and events."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from watchkeep.application.events import EventPage
from watchkeep.application.incidents import IncidentPage, IncidentView, Marks
from watchkeep.domain.event_record import StoredEvent
from watchkeep.domain.geometry import Box
from watchkeep.domain.ids import EventId
from watchkeep.presentation.http.bodies.plain import Body, Instant

Edges = Annotated[
    list[float], Field(min_length=4, max_length=4, description="left, top, right, bottom; shares")
]


class RuleNameBody(Body):
    """The rule that told an event, in the version of then."""

    id: UUID
    version: int
    name: str


class ModelBody(Body):
    """The weights that found it."""

    name: str
    version: str


class EventBody(Body):
    """What happened before a camera."""

    id: UUID
    incident: UUID | None
    camera: str
    kind: str
    object: str
    started_at: Instant
    ended_at: Instant | None
    end_reason: str | None
    detected_at: Instant
    confidence: float
    severity: int
    severity_name: str
    severity_reasons: list[str]
    rule: RuleNameBody
    track: UUID
    direction: str | None
    flags: list[str]
    box: Edges
    picture: str | None
    picture_at: Instant | None
    model: ModelBody
    revision: int

    @classmethod
    def of(cls, stored: StoredEvent) -> "EventBody":
        """Write down an event."""
        event = stored.event
        return cls(
            id=event.id,
            incident=stored.incident,
            camera=event.camera,
            kind=event.kind.value,
            object=event.object_type,
            started_at=event.started_at,
            ended_at=event.ended_at,
            end_reason=None if event.end_reason is None else event.end_reason.value,
            detected_at=event.detected_at,
            confidence=round(event.confidence, 4),
            severity=int(event.severity),
            severity_name=event.severity.name.lower(),
            severity_reasons=list(event.severity_reasons),
            rule=RuleNameBody(id=event.rule, version=event.rule_version, name=stored.rule_name),
            track=event.track,
            direction=None if event.direction is None else event.direction.value,
            flags=[flag.value for flag in event.flags],
            box=edges_of(event.box),
            picture=None if stored.picture is None else picture_of(event.id),
            picture_at=None if stored.picture is None else stored.picture.at,
            model=ModelBody(name=stored.model_name, version=stored.model_version),
            revision=event.revision,
        )


class EventList(Body):
    """A page of events, newest first."""

    items: list[EventBody]
    next: str | None

    @classmethod
    def of(cls, page: EventPage) -> "EventList":
        """Write down a page."""
        return cls(items=[EventBody.of(stored) for stored in page.items], next=page.next)


class IncidentBody(Body):
    """Events that people review as one."""

    id: UUID
    camera: str
    started_at: Instant
    ended_at: Instant | None
    severity: int
    severity_name: str
    kinds: list[str]
    objects: list[str]
    event_count: int
    best_at: Instant
    picture: str | None
    picture_box: Edges | None
    seen_at: Instant | None
    seen_by: str | None
    verdict: Literal["true", "false"] | None
    verdict_by: str | None
    archived_by: str | None
    actions: list[str]
    events: tuple[EventBody, ...] = ()

    @classmethod
    def of(cls, view: IncidentView) -> "IncidentBody":
        """Write down an incident."""
        incident = view.incident
        return cls(
            id=incident.id,
            camera=incident.camera,
            started_at=incident.started_at,
            ended_at=incident.ended_at,
            severity=int(incident.severity),
            severity_name=incident.severity.name.lower(),
            kinds=list(incident.kinds),
            objects=list(incident.objects),
            event_count=incident.event_count,
            best_at=incident.best_at,
            picture=picture_of(incident.best_event) if incident.has_picture else None,
            picture_box=edges_of(incident.best_box) if incident.has_picture else None,
            seen_at=incident.seen_at,
            seen_by=incident.seen_by,
            verdict=None if incident.verdict is None else "true" if incident.verdict else "false",
            verdict_by=incident.verdict_by,
            archived_by=incident.archived_by,
            actions=["annotate"] if view.may_mark else [],
            events=tuple(EventBody.of(stored) for stored in view.events),
        )


class IncidentList(Body):
    """A page of incidents, newest first."""

    items: list[IncidentBody]
    next: str | None

    @classmethod
    def of(cls, page: IncidentPage) -> "IncidentList":
        """Write down a page."""
        return cls(items=[IncidentBody.of(view) for view in page.items], next=page.next)


class MarksBody(Body):
    """What a person says of an incident; what is left out stays as it is, a verdict of null is taken back."""

    seen: bool | None = None
    verdict: Literal["true", "false"] | None = None
    archived: bool | None = None

    def marks(self) -> Marks:
        """As the application takes it."""
        return Marks(
            is_seen=self.seen,
            is_archived=self.archived,
            sets_verdict="verdict" in self.model_fields_set,
            verdict=None if self.verdict is None else self.verdict == "true",
        )


def edges_of(box: Box) -> list[float]:
    """A box as a list."""
    return [round(value, 4) for value in (box.left, box.top, box.right, box.bottom)]


def picture_of(event: EventId) -> str:
    """Where an event's picture is served."""
    return f"/api/v1/events/{event}/picture"
