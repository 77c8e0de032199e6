"""Events, their objects and tracks, as the analyst writes them and as they are asked for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from watchkeep.domain.event import Event
from watchkeep.domain.event_record import FAR_FUTURE, EventFilter, StoredEvent
from watchkeep.domain.geometry import Box
from watchkeep.domain.ids import CameraId, EventId, IncidentId, StreamId
from watchkeep.domain.track import TrackView
from watchkeep.storage.catalog import incidents, outbox
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.event_rows import event_rows
from watchkeep.storage.catalog.outbox import NoticeKind
from watchkeep.storage.catalog.queries import load

_QUERIES = load("events")

LONGEST = timedelta(days=2)
"""An event that goes on for longer is looked for no further back."""
LAST_ID = UUID(int=(1 << 128) - 1)
DELETE_AT_ONCE = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPicture:
    """Where the sealed picture of an event lies.

    Attributes:
        started_at: The event's; bounds the partition.
        path: Relative to the volume.
        at: Which moment it shows.
        box: Of the object then.
    """

    event: EventId
    started_at: datetime
    volume: UUID
    path: str
    size_bytes: int
    at: datetime
    box: Box


@dataclass(frozen=True, slots=True)
class After:
    """Where the next page begins: behind this one."""

    at: datetime
    id: UUID


FIRST_PAGE = After(FAR_FUTURE, LAST_ID)


def put_events(
    connection: Connection, events: Sequence[Event], *, model: UUID | None
) -> list[tuple[EventId, str]]:
    """Write events as they stand; a revision that is known or older changes nothing.

    Partitions for days that have none are made. Incidents of the cameras are brought up to date, and notices are
    published of what a person could notice. An event that breaks a rule of the catalog is put aside in
    `refused_rows`, so that it does not hold up the others.

    Returns:
        The events that were put aside, each with the reason; to be logged.
    """
    if not events:
        return []
    try:
        with connection.transaction():
            _put_all(connection, events, model)
    except (psycopg.IntegrityError, psycopg.DataError):
        return _put_one_by_one(connection, events, model)
    return []


def _put_one_by_one(
    connection: Connection, events: Sequence[Event], model: UUID | None
) -> list[tuple[EventId, str]]:
    refused: list[tuple[EventId, str]] = []
    for event in events:
        try:
            with connection.transaction():
                _put_all(connection, [event], model)
        except (psycopg.IntegrityError, psycopg.DataError) as error:
            reason = str(error).splitlines()[0]
            connection.execute(_QUERIES["refuse"], {"row": repr(event), "reason": reason})
            refused.append((event.id, reason))
    return refused


def _put_all(connection: Connection, events: Sequence[Event], model: UUID | None) -> None:
    days = sorted({event.started_at.astimezone(UTC).date() for event in events})
    connection.execute(_QUERIES["make_partitions"], {"days": days})
    for camera in sorted({event.camera for event in events}):
        connection.execute(_QUERIES["lock_camera"], {"camera": camera})
    known = _known(connection, events)
    changed = [event for event in events if event.revision > known.get(event.id, _UNKNOWN).revision]
    with connection.cursor() as cursor:
        if changed:
            cursor.executemany(_QUERIES["put_event"], [_facts(event, model) for event in changed])
            cursor.executemany(_QUERIES["put_object"], [_object_facts(event) for event in changed])
    new = {event.id for event in changed if event.id not in known}
    notices = incidents.take_in(connection, changed, new=new)
    for event in changed:
        before = known.get(event.id)
        is_over = event.ended_at is not None
        if before is None or before.severity != event.severity or (before.ended_at is not None) != is_over:
            notices.append((NoticeKind.EVENT, event.camera, _notice(event, is_new=before is None)))
    for kind, camera, facts in notices:
        outbox.publish(connection, kind, camera=camera, facts=facts)


def put_tracks(
    connection: Connection,
    camera: CameraId,
    stream: StreamId,
    model: UUID | None,
    tracks: Sequence[TrackView],
) -> None:
    """Write tracks as they stand; what is known with more observations stays."""
    if not tracks:
        return
    days = sorted({view.started_at.astimezone(UTC).date() for view in tracks})
    connection.execute(_QUERIES["make_partitions"], {"days": days})
    facts = [
        {
            "id": view.id,
            "start": view.started_at,
            "end": view.observed_at,
            "camera": camera,
            "stream": stream,
            "object": view.object_type,
            "model": model,
            "confidence_e4": round(view.confidence * 10_000),
            "observations": view.observations,
            "has_moved": view.has_moved,
            "is_over": view.is_predicted,
        }
        for view in tracks
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_QUERIES["put_track"], facts)


def put_analysed(
    connection: Connection, stream: StreamId, model: UUID, looked_at: Sequence[datetime]
) -> None:
    """Note which frames were looked at, in the order of their times."""
    if not looked_at:
        return
    start = looked_at[0]
    connection.execute(_QUERIES["make_partitions"], {"days": [start.astimezone(UTC).date()]})
    offsets = [(at - start) // timedelta(milliseconds=1) for at in looked_at]
    facts = {"stream": stream, "start": start, "model": model, "end": looked_at[-1], "offsets": offsets}
    connection.execute(_QUERIES["put_analysed"], facts)


def open_events(connection: Connection, streams: Sequence[StreamId], *, now: datetime) -> list[Event]:
    """Events of these streams that go on, as far as the catalog knows."""
    facts = {"streams": list(streams), "after": now - LONGEST}
    return [stored.event for stored in event_rows(connection, _QUERIES["open_events"], facts)]


def list_events(
    connection: Connection, wanted: EventFilter, *, after: After = FIRST_PAGE, limit: int = 100
) -> list[StoredEvent]:
    """Events, newest first; at most `limit`, behind `after`."""
    facts: dict[str, object] = {
        "cameras": _texts(wanted.cameras),
        "kinds": _texts(wanted.kinds),
        "objects": _texts(wanted.objects),
        "severity": wanted.least_severity,
        "rule": wanted.rule,
        "incident": wanted.incident,
        "from": wanted.begun_from,
        "to": wanted.begun_to,
        "overlaps_from": wanted.lasts_until,
        "cursor_at": after.at,
        "cursor_id": after.id,
        "limit": limit,
    }
    return event_rows(connection, _QUERIES["list"], facts)


def get_event(connection: Connection, event: EventId) -> StoredEvent | None:
    """One event; None if there is none. The millisecond in its id bounds the partition."""
    start = datetime.fromtimestamp((event.int >> 80) / 1000, UTC)
    wanted = EventFilter(begun_from=start, begun_to=start + timedelta(milliseconds=1))
    found = list_events(connection, wanted, limit=1000)
    return next((stored for stored in found if stored.event.id == event), None)


def set_picture(connection: Connection, picture: EventPicture) -> None:
    """Note the sealed picture of an event; an event that is not there is no error."""
    facts = {
        "id": picture.event,
        "start": picture.started_at,
        "volume": picture.volume,
        "path": picture.path,
        "size_bytes": picture.size_bytes,
        "at": picture.at,
    }
    row = connection.execute(_QUERIES["set_picture"], facts).fetchone()
    if row is None:
        return
    camera, incident = CameraId(row[0]), row[1]
    if incident is not None:
        incidents.compute(connection, IncidentId(incident), around=picture.started_at)
        facts_of = {"incident": str(incident), "state": "changed"}
        outbox.publish(connection, NoticeKind.INCIDENT, camera=camera, facts=facts_of)


def forget_events(connection: Connection, *, before: datetime) -> list[tuple[UUID, str]]:
    """Remove some of the events that began before an instant, and all else of that age that belongs to them.

    Roll-ups stay as they are. To be called again until it removes nothing.

    Returns:
        Volume and path of the pictures that nothing names any more.
    """
    connection.execute(_QUERIES["keep_marks_out"])
    old = connection.execute(_QUERIES["delete_old"], {"before": before, "limit": DELETE_AT_ONCE}).fetchall()
    facts = {"ids": [row[0] for row in old], "starts": [row[1] for row in old], "before": before}
    rows = connection.execute(_QUERIES["delete_events"], facts).fetchall()
    connection.execute(_QUERIES["delete_incidents"], {"before": before})
    connection.execute(_QUERIES["delete_tracks"], {"before": before})
    connection.execute(_QUERIES["delete_analysed"], {"before": before})
    return [(volume, path) for volume, path in rows if path is not None]


@dataclass(frozen=True, slots=True)
class _Known:
    revision: int
    severity: int
    ended_at: datetime | None


_UNKNOWN = _Known(0, -1, None)


def _known(connection: Connection, events: Sequence[Event]) -> dict[EventId, _Known]:
    starts = [event.started_at for event in events]
    facts = {
        "ids": [event.id for event in events],
        "starts": starts,
        "first": min(starts),
        "last": max(starts),
    }
    rows = connection.execute(_QUERIES["known"], facts)
    return {EventId(row[0]): _Known(*row[1:]) for row in rows}


def _facts(event: Event, model: UUID | None) -> dict[str, object]:
    best = event.best.box
    return {
        "id": event.id,
        "start": event.started_at,
        "end": event.ended_at,
        "detected_at": event.detected_at,
        "camera": event.camera,
        "kind": event.kind,
        "confidence": event.confidence,
        "severity": int(event.severity),
        "metadata": Jsonb({"flags": [flag.value for flag in event.flags]}),
        "rule": event.rule,
        "rule_version": event.rule_version,
        "track": event.track,
        "stream": event.stream,
        "object": event.object_type,
        "seen_until": event.seen_until,
        "end_reason": event.end_reason,
        "revision": event.revision,
        "severity_reasons": list(event.severity_reasons),
        "model": model,
        "direction": event.direction,
        "best_at": event.best.at,
        "best_score": min(max(event.best.score, 0.0), 1.0),
        "best_left": best.left,
        "best_top": best.top,
        "best_right": best.right,
        "best_bottom": best.bottom,
    }


def _object_facts(event: Event) -> dict[str, object]:
    box = event.box.clipped()
    return {
        "id": event.id,
        "start": event.started_at,
        "camera": event.camera,
        "object": event.object_type,
        "box_left": box.left,
        "box_top": box.top,
        "box_right": box.right,
        "box_bottom": box.bottom,
        "confidence": event.confidence,
        "track": event.track,
    }


def _notice(event: Event, *, is_new: bool) -> dict[str, str]:
    state = "new" if is_new else "closed" if event.ended_at is not None else "changed"
    return {
        "event": str(event.id),
        "kind": event.kind.value,
        "object": event.object_type,
        "severity": str(int(event.severity)),
        "state": state,
    }


def _texts(values: Collection[str] | None) -> list[str] | None:
    return None if values is None else [str(value) for value in values]
