"""Holds: who ordered which footage to be kept, and what became of the order."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from psycopg.rows import class_row

from watchkeep.domain.hold import Because, HoldFilter, Kept, Person, PlacedHold, ReleaseWish
from watchkeep.domain.ids import CameraId, EventId, HoldId, IncidentId, UserId
from watchkeep.domain.interval import Interval
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.queries import load

_QUERIES = load("holds")


def keep_still(connection: Connection) -> None:
    """Let no hold begin, end or change until the transaction ends; waits for those that are about to."""
    connection.execute(_QUERIES["keep_still"])


def begin(connection: Connection) -> None:
    """Wait for who dooms footage now: until the transaction ends nobody dooms any more."""
    connection.execute(_QUERIES["begin"])


def insert(connection: Connection, hold: PlacedHold) -> None:
    """Add a hold; it counts once it is committed."""
    facts = {
        "id": hold.id,
        "start": hold.when.start,
        "end": hold.when.end,
        "is_for_all": hold.cameras is None,
        "incident": hold.because.incident,
        "event": hold.because.event,
        "case": hold.because.case,
        "reason": hold.reason,
        "owner": hold.owner.user,
        "owner_name": hold.owner.name,
        "created_at": hold.created_at,
        "expires_at": hold.expires_at,
    }
    connection.execute(_QUERIES["add"], facts)
    if hold.cameras:
        connection.execute(_QUERIES["add_cameras"], {"id": hold.id, "cameras": sorted(hold.cameras)})


def update(connection: Connection, hold: PlacedHold) -> None:
    """Write what became of a hold: expiry and release. The caller has read it with `get_for_change`."""
    wish, released_by = hold.release, hold.released_by
    facts = {
        "id": hold.id,
        "expires_at": hold.expires_at,
        "release_user": wish and wish.asked_by.user,
        "release_name": wish and wish.asked_by.name,
        "release_asked_at": wish and wish.asked_at,
        "release_reason": wish and wish.reason,
        "release_ends_at": wish and wish.ends_at,
        "released_at": hold.released_at,
        "released_user": released_by and released_by.user,
        "released_name": released_by and released_by.name,
    }
    connection.execute(_QUERIES["change"], facts)


def get(connection: Connection, identifier: HoldId) -> PlacedHold | None:
    """One hold, ended or not; None if there is none."""
    found = _read(connection, "get", {"id": identifier})
    return found[0] if found else None


def get_for_change(connection: Connection, identifier: HoldId) -> PlacedHold | None:
    """As `get`; others who change it wait until the transaction ends."""
    connection.execute(_QUERIES["lock_one"], {"id": identifier})
    return get(connection, identifier)


def list_holds(
    connection: Connection, wanted: HoldFilter, *, at: datetime, after: tuple[datetime, UUID], limit: int
) -> list[PlacedHold]:
    """Holds as of an instant, newest first; at most `limit`, behind `after` (when made, and id)."""
    facts = {
        "scope": None if wanted.scope is None else sorted(wanted.scope),
        "camera": wanted.camera,
        "from": wanted.since,
        "to": wanted.until,
        "standing_at": None if wanted.with_ended else at,
        "cursor_at": after[0],
        "cursor_id": after[1],
        "limit": limit,
    }
    return _read(connection, "list", facts)


def standing(connection: Connection, *, at: datetime) -> list[PlacedHold]:
    """All holds that stand at an instant, oldest first."""
    return _read(connection, "standing", {"at": at, "from": None, "to": None, "cameras": None})


def covering(
    connection: Connection, cameras: Collection[CameraId] | None, when: Interval, *, at: datetime
) -> list[PlacedHold]:
    """The holds that stand at an instant and cover any of a span of these cameras, or of all, oldest first.

    Who acts on the answer calls `keep_still` first, in the same transaction.
    """
    named = None if cameras is None else sorted(cameras)
    return _read(connection, "standing", {"at": at, "from": when.start, "to": when.end, "cameras": named})


def has_footage(connection: Connection, hold: PlacedHold) -> bool:
    """Say whether there is living footage in a hold's span."""
    row = connection.execute(_QUERIES["has_footage"], _span_of(hold)).fetchone()
    return row is not None and bool(row[0])


def going_under(connection: Connection, hold: PlacedHold) -> int:
    """How many segments of a hold's span are doomed, and not kept."""
    row = connection.execute(_QUERIES["going"], _span_of(hold)).fetchone()
    return 0 if row is None else int(row[0])


def kept_by(connection: Connection, hold: PlacedHold) -> Kept:
    """What a hold keeps. Walks its segments, so one at a time, and not for every request."""
    row = connection.execute(_QUERIES["kept"], _span_of(hold)).fetchone()
    return Kept(0, 0) if row is None else Kept(*row)


def _span_of(hold: PlacedHold) -> dict[str, object]:
    named = None if hold.cameras is None else sorted(hold.cameras)
    return {"cameras": named, "start": hold.when.start, "end": hold.when.end}


def _read(connection: Connection, query: str, facts: Mapping[str, object]) -> list[PlacedHold]:
    with connection.cursor(row_factory=class_row(_HoldRow)) as cursor:
        # Not prepared: a plan that fits every filter would fit none.
        return [row.hold() for row in cursor.execute(_QUERIES[query], facts, prepare=False)]


@dataclass(frozen=True, slots=True)
class _HoldRow:
    hold_id: UUID
    start_time: datetime
    end_time: datetime
    is_for_all: bool
    incident_id: UUID | None
    event_id: UUID | None
    case_name: str
    reason: str
    owner_user: UUID | None
    owner_name: str
    created_at: datetime
    expires_at: datetime | None
    release_user: UUID | None
    release_name: str | None
    release_asked_at: datetime | None
    release_reason: str | None
    release_ends_at: datetime | None
    released_at: datetime | None
    released_user: UUID | None
    released_name: str | None
    cameras: list[str]

    def hold(self) -> PlacedHold:
        return PlacedHold(
            id=HoldId(self.hold_id),
            when=Interval(self.start_time.astimezone(UTC), self.end_time.astimezone(UTC)),
            cameras=None if self.is_for_all else frozenset(map(CameraId, self.cameras)),
            because=Because(
                incident=None if self.incident_id is None else IncidentId(self.incident_id),
                event=None if self.event_id is None else EventId(self.event_id),
                case=self.case_name,
            ),
            reason=self.reason,
            owner=_person(self.owner_user, self.owner_name),
            created_at=self.created_at.astimezone(UTC),
            expires_at=_utc(self.expires_at),
            release=self._release(),
            released_at=_utc(self.released_at),
            released_by=None
            if self.released_name is None
            else _person(self.released_user, self.released_name),
        )

    def _release(self) -> ReleaseWish | None:
        if self.release_asked_at is None or self.release_name is None or self.release_reason is None:
            return None
        return ReleaseWish(
            asked_by=_person(self.release_user, self.release_name),
            asked_at=self.release_asked_at.astimezone(UTC),
            reason=self.release_reason,
            ends_at=_utc(self.release_ends_at),
        )


def _person(user: UUID | None, name: str) -> Person:
    return Person(None if user is None else UserId(user), name)


def _utc(instant: datetime | None) -> datetime | None:
    return None if instant is None else instant.astimezone(UTC)
