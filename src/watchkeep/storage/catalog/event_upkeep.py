"""Ends events that nobody follows any more, and removes those whose time is up with all of theirs."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from watchkeep.domain.event import EndReason
from watchkeep.domain.ids import CameraId, EventId, IncidentId, StreamId
from watchkeep.storage.catalog import outbox
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.events import lock_cameras
from watchkeep.storage.catalog.incidents import Intake
from watchkeep.storage.catalog.outbox import NoticeKind
from watchkeep.storage.catalog.queries import load

_QUERIES = load("event_upkeep")

AT_ONCE = 2000
"""Rows of a kind in one transaction: some hundred milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueEvent:
    """An event whose time is up.

    Attributes:
        picture: Path of its sealed picture, relative to the volume; None if it has none.
    """

    id: EventId
    started_at: datetime
    camera: CameraId
    picture: str | None


def close_orphans(
    connection: Connection,
    *,
    streams: Collection[StreamId] | None = None,
    seen_before: datetime,
    reason: EndReason,
) -> list[EventId]:
    """End events that go on as far as is known, though nobody follows them: at the last picture of each.

    Whoever follows one all the same replaces it with its next revision but one. To be called last in a
    transaction, for it publishes.

    Args:
        connection: The transaction.
        streams: Whose; None is all, an empty collection none.
        seen_before: Only events with no picture since.
        reason: Why they end.

    Returns:
        Those that were ended.
    """
    wanted = None if streams is None else list(streams)
    facts: dict[str, object] = {"before": seen_before, "streams": wanted}
    found = connection.execute(_QUERIES["orphans"], facts).fetchall()
    if not found:
        return []
    lock_cameras(connection, {CameraId(row[2]) for row in found})
    starts = [row[1] for row in found]
    facts |= {"reason": reason, "ids": [row[0] for row in found], **_bounds(starts)}
    closed = connection.execute(_QUERIES["close"], facts).fetchall()
    intake = Intake(connection)
    for incident in sorted({row[2] for row in closed if row[2] is not None}):
        intake.refresh(IncidentId(incident))
    notices = intake.notices()
    for event, camera, _, kind, object_type, severity in closed:
        told = {
            "event": str(event),
            "kind": str(kind),
            "object": str(object_type),
            "severity": str(severity),
            "state": "closed",
        }
        notices.append((NoticeKind.EVENT, CameraId(camera), told))
    outbox.publish_all(connection, notices)
    return [EventId(row[0]) for row in closed]


def keep(connection: Connection) -> tuple[timedelta, timedelta]:
    """How long events, tracks and notes of analysed frames are kept; and events that a person archived."""
    row = connection.execute(_QUERIES["keep_days"]).fetchone()
    if row is None:
        raise LookupError("data_classes has no row for event")
    return timedelta(days=row[0]), timedelta(days=row[1])


def due_events(
    connection: Connection,
    *,
    before: datetime,
    archived_before: datetime | None = None,
    volume: UUID,
    limit: int = AT_ONCE,
) -> list[DueEvent]:
    """The oldest events that began before an instant; those with a picture on another volume stay.

    Of those that a person archived only such as began before the other instant, if that is given.
    """
    archived_before = before if archived_before is None else archived_before
    facts = {"before": before, "archived_before": archived_before, "volume": volume, "limit": limit}
    return [
        DueEvent(
            id=EventId(row[0]), started_at=row[1].astimezone(UTC), camera=CameraId(row[2]), picture=row[3]
        )
        for row in connection.execute(_QUERIES["due"], facts)
    ]


def forget_events(connection: Connection, due: Sequence[DueEvent]) -> int:
    """Remove events whose pictures are gone already, with their objects and analytics; returns how many.

    Incidents are computed from what is left of them; empty ones go. Roll-ups stay: the caller has moved their
    seal. An event that got another picture meanwhile stays.
    """
    if not due:
        return 0
    connection.execute(_QUERIES["keep_marks_out"])
    lock_cameras(connection, {event.camera for event in due})
    starts = [event.started_at for event in due]
    facts: dict[str, object] = {
        "ids": [event.id for event in due],
        "paths": [event.picture for event in due],
        **_bounds(starts),
    }
    facts["ids"] = [row[0] for row in connection.execute(_QUERIES["lock_events"], facts)]
    for query in ("delete_objects", "delete_analytics"):
        connection.execute(_QUERIES[query], facts)
    gone = connection.execute(_QUERIES["delete_events"], facts).fetchall()
    touched = {"incidents": list({row[0] for row in gone if row[0] is not None})}
    connection.execute(_QUERIES["delete_empty"], touched)
    left = connection.execute(_QUERIES["left"], touched).fetchall()
    intake = Intake(connection)
    for row in left:
        intake.refresh(IncidentId(row[0]))
    return len(gone)


def forget_tracks(connection: Connection, *, before: datetime, limit: int = AT_ONCE) -> int:
    """Remove some of the tracks that began before an instant; returns how many.

    The caller has moved the roll-ups' seal.
    """
    connection.execute(_QUERIES["keep_marks_out"])
    return connection.execute(_QUERIES["delete_tracks"], {"before": before, "limit": limit}).rowcount


def forget_analysed(connection: Connection, *, before: datetime, limit: int = AT_ONCE) -> int:
    """Remove some of the notes of frames that were looked at before an instant; returns how many."""
    return connection.execute(_QUERIES["delete_analysed"], {"before": before, "limit": limit}).rowcount


def _bounds(starts: Sequence[datetime]) -> dict[str, object]:
    """The events' starts, which bound the partitions."""
    return {"starts": starts, "first": min(starts), "last": max(starts)}
