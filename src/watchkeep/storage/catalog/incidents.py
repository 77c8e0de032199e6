"""Incidents: events of one camera that overlap or follow within 30 s, computed whole from their events."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from watchkeep.domain.event import INCIDENT_GAP, Event
from watchkeep.domain.geometry import Box
from watchkeep.domain.ids import CameraId, EventId, IncidentId, uuid8
from watchkeep.domain.incident import Incident, IncidentFilter
from watchkeep.domain.rule import Severity
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.outbox import NoticeKind
from watchkeep.storage.catalog.queries import load

_QUERIES = load("incidents")

AROUND = timedelta(days=3)
"""Events of one incident lie no further apart; bounds the partitions that are searched."""

Notices = list[tuple[NoticeKind, CameraId, dict[str, str]]]


def take_in(connection: Connection, events: Sequence[Event], *, new: Collection[EventId]) -> Notices:
    """Put events into incidents, begun or merged as need be, and compute those anew; what to publish of it.

    The caller holds the cameras' locks.
    """
    touched: dict[IncidentId, tuple[Event, str]] = {}
    for event in sorted(events, key=lambda each: each.started_at):
        incident, is_begun = _home_of(connection, event)
        facts = {"incident": incident, "event": event.id, "start": event.started_at}
        connection.execute(_QUERIES["join_event"], facts)
        # At once: the next event's home depends on when this incident is over.
        compute(connection, incident, around=event.started_at)
        if event.id in new and not is_begun:
            connection.execute(_QUERIES["unsee"], {"id": incident})
        was = touched.get(incident)
        state = "new" if is_begun or (was is not None and was[1] == "new") else "changed"
        touched[incident] = (event, state)
    notices: Notices = []
    for incident, (event, state) in touched.items():
        now = get_incident(connection, incident)
        if now is None:
            continue  # merged into an older one a moment ago
        is_closed = state == "changed" and now.ended_at is not None
        facts_of = {
            "incident": str(incident),
            "state": "closed" if is_closed else state,
            "severity": str(int(now.severity)),
        }
        notices.append((NoticeKind.INCIDENT, event.camera, facts_of))
    return notices


def compute(connection: Connection, incident: IncidentId, *, around: datetime) -> None:
    """Compute an incident whole from its events; `around` is the start of one of them."""
    facts = {"id": incident, "first": around - AROUND, "last": around + AROUND}
    connection.execute(_QUERIES["compute"], facts)


def list_incidents(
    connection: Connection, wanted: IncidentFilter, *, after: tuple[datetime, UUID], limit: int
) -> list[Incident]:
    """Incidents, newest first; at most `limit`, behind `after` (start and id)."""
    facts = {
        "cameras": _texts(wanted.cameras),
        "kinds": _texts(wanted.kinds),
        "objects": _texts(wanted.objects),
        "severity": wanted.least_severity,
        "is_seen": wanted.is_seen,
        "has_verdict": wanted.has_verdict,
        "verdict": wanted.verdict,
        "from": wanted.since,
        "to": wanted.until,
        "cursor_at": after[0],
        "cursor_id": after[1],
        "limit": limit,
    }
    with connection.cursor(row_factory=class_row(_IncidentRow)) as cursor:
        return [row.incident() for row in cursor.execute(_QUERIES["list"], facts)]


def get_incident(connection: Connection, incident: IncidentId) -> Incident | None:
    """One incident; None if there is none, or it was merged into another."""
    with connection.cursor(row_factory=class_row(_IncidentRow)) as cursor:
        row = cursor.execute(_QUERIES["get"], {"id": incident}).fetchone()
    return None if row is None else row.incident()


def mark_seen(connection: Connection, incident: IncidentId, *, is_seen: bool, by: str, at: datetime) -> None:
    """Note that somebody has seen it, or takes that back."""
    facts = {"id": incident, "is_seen": is_seen, "by": by, "at": at}
    connection.execute(_QUERIES["mark_seen"], facts)


def mark_verdict(
    connection: Connection, incident: IncidentId, *, verdict: bool | None, by: str, at: datetime
) -> None:
    """Note whether it was true; None takes it back."""
    facts = {"id": incident, "verdict": verdict, "by": by, "at": at}
    connection.execute(_QUERIES["mark_verdict"], facts)


def _home_of(connection: Connection, event: Event) -> tuple[IncidentId, bool]:
    """The incident that an event belongs to, and whether it was begun for it."""
    facts = {
        "camera": event.camera,
        "start": event.started_at,
        "end": event.ended_at,
        "gap": INCIDENT_GAP,
    }
    found = connection.execute(_QUERIES["touching"], facts).fetchall()
    if not found:
        text = f"incident {event.camera} {event.id}".encode()
        incident = IncidentId(uuid8(event.started_at, hashlib.sha256(text).digest()))
        begun = {
            "id": incident,
            "camera": event.camera,
            "start": event.started_at,
            "event": event.id,
        }
        connection.execute(_QUERIES["begin"], begun)
        return incident, True
    home = IncidentId(found[0][0])
    others = [row[0] for row in found[1:]]
    if others:
        moved = {
            "incident": home,
            "others": others,
            "first": found[0][1] - AROUND,
            "last": max(row[2] for row in found) + AROUND,
        }
        connection.execute(_QUERIES["move_events"], moved)
        connection.execute(_QUERIES["drop"], {"others": others})
    return home, False


@dataclass(frozen=True, slots=True)
class _IncidentRow:
    incident_id: UUID
    camera_id: str
    started_at: datetime
    ended_at: datetime | None
    seen_until: datetime
    severity: int
    event_count: int
    event_types: list[str]
    object_types: list[str]
    best_event: UUID
    best_event_at: datetime
    reviewed_at: datetime | None
    reviewed_by: str | None
    verdict: bool | None
    verdict_at: datetime | None
    verdict_by: str | None
    has_picture: bool
    best_left: float | None
    best_top: float | None
    best_right: float | None
    best_bottom: float | None
    best_at: datetime | None

    def incident(self) -> Incident:
        return Incident(
            id=IncidentId(self.incident_id),
            camera=CameraId(self.camera_id),
            started_at=self.started_at.astimezone(UTC),
            ended_at=None if self.ended_at is None else self.ended_at.astimezone(UTC),
            seen_until=self.seen_until.astimezone(UTC),
            severity=Severity(self.severity),
            event_count=self.event_count,
            kinds=tuple(self.event_types),
            objects=tuple(self.object_types),
            best_event=EventId(self.best_event),
            best_at=(self.best_at or self.best_event_at).astimezone(UTC),
            best_box=Box(
                self.best_left or 0.0,
                self.best_top or 0.0,
                self.best_right or 0.0,
                self.best_bottom or 0.0,
            ),
            has_picture=self.has_picture,
            seen_at=None if self.reviewed_at is None else self.reviewed_at.astimezone(UTC),
            seen_by=self.reviewed_by,
            verdict=self.verdict,
            verdict_by=self.verdict_by,
        )


def _texts(values: Collection[str] | None) -> list[str] | None:
    return None if values is None else [str(value) for value in values]
