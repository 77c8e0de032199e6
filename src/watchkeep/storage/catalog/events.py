"""Events, their objects and tracks, as the analyst writes them and as they are asked for."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from watchkeep.domain.event import Event
from watchkeep.domain.event_record import FAR_FUTURE, EventFilter, StoredEvent
from watchkeep.domain.geometry import Box
from watchkeep.domain.ids import CameraId, EventId, IncidentId, StreamId, made_at
from watchkeep.domain.interval import Interval
from watchkeep.domain.track import TrackView
from watchkeep.storage.catalog import outbox
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.event_rows import event_rows
from watchkeep.storage.catalog.incidents import Intake
from watchkeep.storage.catalog.outbox import NoticeKind, Notices
from watchkeep.storage.catalog.queries import load

_QUERIES = load("events")

LONGEST = timedelta(days=2)
"""An event that goes on for longer is looked for no further back."""
FIRST_WINDOW = timedelta(days=10)
"""Partitions are made a week ahead: of the last ten days two or three hold something."""
LAST_ID = UUID(int=(1 << 128) - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPicture:
    """Where the sealed picture of an event lies.

    Attributes:
        started_at: The event's; bounds the partition.
        path: Relative to the volume.
        at: Which moment it shows.
        box: Of the object then.
    """

    camera: CameraId
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


@dataclass(frozen=True, slots=True)
class _Known:
    revision: int
    severity: int
    ended_at: datetime | None
    incident: IncidentId | None

    def reaches_less_than(self, event: Event) -> bool:
        """Whether the event may now touch others than it did; one that goes on touches all that come."""
        return self.ended_at is not None and (event.ended_at is None or event.ended_at > self.ended_at)


_UNKNOWN = _Known(0, -1, None, None)


def put_events(
    connection: Connection,
    events: Sequence[Event],
    *,
    model: UUID | None,
    pictures: Sequence[EventPicture] = (),
) -> list[tuple[EventId, str]]:
    """Write events as they stand, then their pictures; a revision that is known or older changes nothing.

    Partitions for days that have none are made. Incidents of the cameras are brought up to date, and notices
    are published of what a person could notice: to be called last in a transaction. An event that breaks a
    rule of the catalog is put aside in `refused_rows`, so that it does not hold up the others; a picture of
    an event that is not there is no error.

    Returns:
        The events that were put aside, each with the reason; to be logged.
    """
    if not events and not pictures:
        return []
    days = sorted({event.started_at.astimezone(UTC).date() for event in events})
    connection.execute(_QUERIES["make_partitions"], {"days": days})
    # Whoever changes incidents takes these locks first and publishes last, so nobody waits in a circle.
    touched = {event.camera for event in events} | {picture.camera for picture in pictures}
    lock_cameras(connection, touched)
    refused: list[tuple[EventId, str]] = []
    try:
        with connection.transaction():
            notices = _put_all(connection, events, model)
    except (psycopg.IntegrityError, psycopg.DataError):
        notices, refused = _put_one_by_one(connection, events, model)
    if pictures:
        notices += _put_pictures(connection, pictures)
    outbox.publish_all(connection, notices)
    return refused


def lock_cameras(connection: Connection, cameras: Collection[CameraId]) -> None:
    """One writer of a camera's incidents at a time, until the transaction ends."""
    for camera in sorted(cameras):
        connection.execute(_QUERIES["lock_camera"], {"camera": camera})


def _put_one_by_one(
    connection: Connection, events: Sequence[Event], model: UUID | None
) -> tuple[Notices, list[tuple[EventId, str]]]:
    notices: Notices = []
    refused: list[tuple[EventId, str]] = []
    for event in events:
        try:
            with connection.transaction():
                notices += _put_all(connection, [event], model)
        except (psycopg.IntegrityError, psycopg.DataError) as error:
            reason = str(error).splitlines()[0]
            connection.execute(_QUERIES["refuse"], {"row": repr(event), "reason": reason})
            refused.append((event.id, reason))
    return notices, refused


def _put_all(connection: Connection, events: Sequence[Event], model: UUID | None) -> Notices:
    if not events:
        return []
    known = _known(connection, events)
    changed = [event for event in events if event.revision > known.get(event.id, _UNKNOWN).revision]
    if not changed:
        return []
    with connection.cursor() as cursor:
        cursor.executemany(_QUERIES["put_event"], [_facts(event, model) for event in changed])
        cursor.executemany(_QUERIES["put_object"], [_object_facts(event) for event in changed])
    notices = _to_incidents(connection, changed, known)
    for event in changed:
        before = known.get(event.id)
        is_over = event.ended_at is not None
        if before is None or before.severity != event.severity or (before.ended_at is not None) != is_over:
            notices.append((NoticeKind.EVENT, event.camera, _notice(event, is_new=before is None)))
    return notices


def _to_incidents(connection: Connection, changed: Sequence[Event], known: dict[EventId, _Known]) -> Notices:
    """Bring the incidents up to date; what can be noticed of them."""
    intake = Intake(connection)
    reaching: list[Event] = []
    homes: dict[IncidentId, None] = {}
    for event in changed:
        before = known.get(event.id, _UNKNOWN)
        if before.incident is None or before.reaches_less_than(event):
            reaching.append(event)
        else:
            homes[before.incident] = None
    # First those that grew no further than they were known to reach: they may be over before others begin.
    for incident in homes:
        intake.refresh(incident)
    for event in sorted(reaching, key=lambda each: each.started_at):
        intake.join(event, is_new=event.id not in known)
    return intake.notices()


def _put_pictures(connection: Connection, pictures: Sequence[EventPicture]) -> Notices:
    intake = Intake(connection)
    for picture in pictures:
        facts = {
            "id": picture.event,
            "start": picture.started_at,
            "volume": picture.volume,
            "path": picture.path,
            "size_bytes": picture.size_bytes,
            "at": picture.at,
            "left": picture.box.left,
            "top": picture.box.top,
            "right": picture.box.right,
            "bottom": picture.box.bottom,
        }
        row = connection.execute(_QUERIES["set_picture"], facts).fetchone()
        if row is not None and row[0] is not None:
            intake.refresh(IncidentId(row[0]), is_pictured=True)
    return intake.notices()


def put_tracks(
    connection: Connection,
    camera: CameraId,
    stream: StreamId,
    model: UUID | None,
    tracks: Sequence[TrackView],
) -> None:
    """Write tracks as they stand; what is known with more observations stays.

    A view of a track that was not seen any more when it was made is the last one.
    """
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
    """Events, newest first; at most `limit`, behind `after`.

    Whoever gives no span walks back through all partitions, window by window, until the page is full: a plan
    over half a year of partitions takes longer than the page.
    """
    facts: dict[str, object] = {
        "cameras": _texts(wanted.cameras),
        "kinds": _texts(wanted.kinds),
        "objects": _texts(wanted.objects),
        "severity": wanted.least_severity,
        "rule": wanted.rule,
        "incident": wanted.incident,
        "overlaps_from": wanted.lasts_until,
        "cursor_at": after.at,
        "cursor_id": after.id,
    }
    found: list[StoredEvent] = []
    for window in _windows(connection, wanted, after):
        facts |= {"from": window.start, "to": window.end, "limit": limit - len(found)}
        found += event_rows(connection, _QUERIES["list"], facts)
        if len(found) >= limit:
            break
    return found


def _windows(connection: Connection, wanted: EventFilter, after: After) -> Iterator[Interval]:
    """Where to look, newest first, both ends included; each window is twice as long as the one before."""
    row = connection.execute(_QUERIES["days"]).fetchone()
    if row is None or row[0] is None:
        return
    oldest = max(wanted.begun_from, row[0].astimezone(UTC))
    end = min(wanted.begun_to, after.at, row[1].astimezone(UTC))
    length = FIRST_WINDOW
    while end >= oldest:
        start = max(oldest, end - length)
        yield Interval(start, end)
        end = start - timedelta(microseconds=1)
        length *= 2


def get_event(connection: Connection, event: EventId) -> StoredEvent | None:
    """One event; None if there is none. The millisecond in its id bounds the partition."""
    start = made_at(event)
    wanted = EventFilter(begun_from=start, begun_to=start + timedelta(milliseconds=1))
    found = list_events(connection, wanted, limit=1000)
    return next((stored for stored in found if stored.event.id == event), None)


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
