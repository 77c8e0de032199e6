"""Incidents: events of one camera that overlap or follow within 30 s, computed whole from their events."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from psycopg.rows import class_row

from watchkeep.domain.event import INCIDENT_GAP, Event
from watchkeep.domain.geometry import Box
from watchkeep.domain.ids import CameraId, EventId, IncidentId, uuid8
from watchkeep.domain.incident import Incident, IncidentFilter
from watchkeep.domain.interval import Interval
from watchkeep.domain.rule import Severity
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.outbox import NoticeKind, Notices
from watchkeep.storage.catalog.queries import load

_QUERIES = load("incidents")


class Intake:
    """Puts changed events into incidents, begun or merged as need be; `notices` says what became of it.

    The caller holds the locks of the cameras until the transaction ends.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._before: dict[IncidentId, _Look | None] = {}  # None: there was none
        self._pictured: set[IncidentId] = set()

    def refresh(self, incident: IncidentId, *, is_pictured: bool = False) -> None:
        """Compute an incident anew: one of its events changed, or got a picture; none came."""
        look = self._look(incident)
        if look is not None:
            if is_pictured:
                self._pictured.add(incident)
            self._before.setdefault(incident, look)
            self._compute(incident, first=look.started_at, last=look.seen_until)

    def join(self, event: Event, *, is_new: bool) -> None:
        """Find the incident of an event that came, or that may reach others than before."""
        incident, reach = self._home_of(event)
        facts = {"incident": incident, "event": event.id, "start": event.started_at}
        self._connection.execute(_QUERIES["join_event"], facts)
        if is_new:
            self._connection.execute(_QUERIES["unsee"], {"id": incident})
        # At once: the next event's home depends on when this incident is over.
        first, last = min(reach.start, event.started_at), max(reach.end, event.started_at)
        self._compute(incident, first=first, last=last)

    def notices(self) -> Notices:
        """What people can notice of it."""
        told: Notices = []
        for incident, before in self._before.items():
            now = self._look(incident)
            known = now or before
            is_same = before is not None and now is not None and now.is_like(before)
            if known is None or (is_same and incident not in self._pictured):
                continue
            # Who asks for one that was merged into an older one learns that it is not there.
            state = "new" if before is None else "changed"
            if before is not None and before.ended_at is None and known.ended_at is not None:
                state = "closed"
            facts = {"incident": str(incident), "state": state, "severity": str(known.severity)}
            told.append((NoticeKind.INCIDENT, CameraId(known.camera_id), facts))
        return told

    def _compute(self, incident: IncidentId, *, first: datetime, last: datetime) -> None:
        self._connection.execute(_QUERIES["compute"], {"id": incident, "first": first, "last": last})

    def _look(self, incident: IncidentId) -> "_Look | None":
        with self._connection.cursor(row_factory=class_row(_Look)) as cursor:
            return cursor.execute(_QUERIES["look"], {"id": incident}).fetchone()

    def _home_of(self, event: Event) -> tuple[IncidentId, Interval]:
        """The incident that an event belongs to, and in which span its other events begin."""
        facts = {
            "camera": event.camera,
            "start": event.started_at,
            "end": event.ended_at,
            "gap": INCIDENT_GAP,
        }
        found = self._connection.execute(_QUERIES["touching"], facts).fetchall()
        if not found:
            return self._begin(event), Interval(event.started_at, event.started_at)
        for row in found:
            incident = IncidentId(row[0])
            if incident not in self._before:
                self._before[incident] = self._look(incident)
        home = IncidentId(found[0][0])
        others = [row[0] for row in found[1:]]
        reach = Interval(found[0][1], max(row[2] for row in found))
        if others:
            moved = {"incident": home, "others": others, "first": reach.start, "last": reach.end}
            for query in ("move_events", "merge_marks", "drop"):
                self._connection.execute(_QUERIES[query], moved)
        return home, reach

    def _begin(self, event: Event) -> IncidentId:
        text = f"incident {event.camera} {event.id}".encode()
        incident = IncidentId(uuid8(event.started_at, hashlib.sha256(text).digest()))
        facts = {"id": incident, "camera": event.camera, "start": event.started_at, "event": event.id}
        self._connection.execute(_QUERIES["begin"], facts)
        self._before.setdefault(incident, None)
        return incident


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
        # Not prepared: a plan that fits every filter would fit none.
        return _whole(connection, cursor.execute(_QUERIES["list"], facts, prepare=False).fetchall())


def get_incident(connection: Connection, incident: IncidentId) -> Incident | None:
    """One incident; None if there is none, or it was merged into another."""
    with connection.cursor(row_factory=class_row(_IncidentRow)) as cursor:
        found = _whole(connection, cursor.execute(_QUERIES["get"], {"id": incident}).fetchall())
    return found[0] if found else None


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


def mark_archived(
    connection: Connection, incident: Incident, *, is_archived: bool, by: str, at: datetime
) -> None:
    """Note that it is to be kept with its footage, or not any more: then footage kept only for it goes."""
    facts = {"id": incident.id, "is_archived": is_archived, "by": by, "at": at}
    connection.execute(_QUERIES["mark_archived"], facts)
    if not is_archived:
        span = {"camera": incident.camera, "start": incident.started_at, "end": incident.seen_until}
        connection.execute(_QUERIES["disown_footage"], span)


@dataclass(frozen=True, slots=True)
class _Look:
    camera_id: str
    started_at: datetime
    ended_at: datetime | None
    seen_until: datetime
    severity: int
    event_count: int
    event_types: list[str]
    object_types: list[str]
    best_event: UUID

    def is_like(self, other: "_Look") -> bool:
        """Whether nobody could tell them apart; that it went on a little is no news."""
        return replace(self, seen_until=other.seen_until) == other


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
    verdict_by: str | None
    archived_at: datetime | None
    archived_by: str | None

    def incident(self, best: "_BestRow | None") -> Incident:
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
            best_at=(self.best_event_at if best is None else best.at).astimezone(UTC),
            best_box=Box(0, 0, 0, 0) if best is None else best.box(),
            has_picture=best is not None and best.has_picture,
            seen_at=None if self.reviewed_at is None else self.reviewed_at.astimezone(UTC),
            seen_by=self.reviewed_by,
            verdict=self.verdict,
            verdict_by=self.verdict_by,
            archived_by=self.archived_by,
        )


@dataclass(frozen=True, slots=True)
class _BestRow:
    event_id: UUID
    has_picture: bool
    at: datetime
    box_left: float
    box_top: float
    box_right: float
    box_bottom: float

    def box(self) -> Box:
        return Box(self.box_left, self.box_top, self.box_right, self.box_bottom)


def _whole(connection: Connection, rows: Sequence[_IncidentRow]) -> list[Incident]:
    """Incidents with their best moments."""
    if not rows:
        return []
    facts = {
        "ids": [row.best_event for row in rows],
        "first": min(row.best_event_at for row in rows),
        "last": max(row.best_event_at for row in rows),
    }
    with connection.cursor(row_factory=class_row(_BestRow)) as cursor:
        best = {row.event_id: row for row in cursor.execute(_QUERIES["best"], facts, prepare=False)}
    return [row.incident(best.get(row.best_event)) for row in rows]


def _texts(values: Collection[str] | None) -> list[str] | None:
    return None if values is None else [str(value) for value in values]
