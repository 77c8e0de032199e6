"""Holds: footage that is kept whatever the policies say, until two people release it or its time is up."""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from watchkeep.application import events, incidents
from watchkeep.application.asking import (
    INSTALLATION,
    Asking,
    Deed,
    doing,
    knows,
    no_such_camera,
    note,
    refusal,
    require,
)
from watchkeep.application.hold_views import HoldView, Scope, facts_of, person_of, single, view_of
from watchkeep.application.house import House
from watchkeep.application.pages import cursor_of, position
from watchkeep.domain import hold as rules
from watchkeep.domain.access import Action, CameraObject, visible_cameras
from watchkeep.domain.errors import CatalogUnavailable, Forbidden, Invalid, NotFound
from watchkeep.domain.hold import Because, HoldFilter, Kept, PlacedHold, Reach
from watchkeep.domain.ids import CameraId, HoldId, uuid7
from watchkeep.domain.interval import Interval
from watchkeep.storage.catalog import cameras, holds, outbox
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.outbox import NoticeKind

AROUND = timedelta(seconds=30)
"""What is held before and after an incident or an event when no span is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldWish:
    """What is to be held.

    Attributes:
        cameras: May be empty when an incident or an event says which.
        is_for_all: Every camera, those added later too.
        when: None takes the span of the incident or the event, and half a minute around it.
        expires_at: None is never.
    """

    reason: str
    cameras: frozenset[CameraId] = frozenset()
    is_for_all: bool = False
    when: Interval | None = None
    because: Because = field(default_factory=Because)
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HoldPage:
    """Holds, newest first, and where the next page begins."""

    items: tuple[HoldView, ...]
    next: str | None


def place_hold(house: House, asking: Asking, wish: HoldWish) -> HoldView:
    """Hold footage. On return no sweep takes it any more; what was doomed before is said in `going`.

    Raises:
        NotFound: A camera, the incident or the event is missing or foreign.
        Forbidden: The asker may not hold there.
        Invalid: It can keep nothing: no footage, no span, an end before it begins.
    """
    scope, when = _reach_of(house, asking, wish)
    allowance = _require_all(house, asking, scope)
    now = house.clock.now()
    identifier = HoldId(uuid7(house.clock, house.rng))
    deed = Deed("place hold", f"hold {identifier}", allowance, single(scope))
    with doing(house, asking, deed) as conn:
        placed = PlacedHold(
            id=identifier,
            when=when,
            cameras=scope,
            because=replace(wish.because, case=rules.checked_case(wish.because.case)),
            reason=rules.checked_reason(wish.reason),
            owner=person_of(asking),
            created_at=now,
            expires_at=wish.expires_at,
        )
        deed.facts |= facts_of(placed)
        # A sweep that is under way is waited for here: what is counted from now on, nobody dooms any more.
        holds.begin(conn)
        rules.check_can_hold(placed, _met(conn, placed))
        holds.insert(conn, placed)
        if going := holds.going_under(conn, placed):
            deed.facts["doomed_before"] = str(going)
        tell(conn)
    kept = _kept(house, asking, placed)
    return replace(view_of(asking, placed, now), kept=kept, going=going)


def list_holds(
    house: House, asking: Asking, wanted: HoldFilter, *, cursor: str | None, limit: int
) -> HoldPage:
    """Holds all of whose cameras are the asker's to hold, newest first.

    Raises:
        Invalid: The cursor is none that was given out, or the span ends before it begins.
    """
    if wanted.since is not None and wanted.until is not None and wanted.until <= wanted.since:
        raise Invalid("The span ends before it begins; `from` must be earlier than `to`.")
    after, now = position(cursor), house.clock.now()
    scoped = replace(wanted, scope=visible_cameras(asking.subject, Action.HOLD))
    with house.catalog.transaction(asking.subject.name) as conn:
        found = holds.list_holds(conn, scoped, at=now, after=(after.at, after.id), limit=limit + 1)
    page = found[:limit]
    following = cursor_of(page[-1].created_at, page[-1].id) if len(found) > limit else None
    return HoldPage(tuple(view_of(asking, each, now) for each in page), following)


def read_hold(house: House, asking: Asking, identifier: HoldId) -> HoldView:
    """One hold, ended or not, with what it keeps.

    Raises:
        NotFound: There is none, or one of its cameras is not the asker's.
        Forbidden: The asker may not hold there.
    """
    placed, _ = find_hold(house, asking, identifier)
    with house.catalog.transaction(asking.subject.name) as conn:
        going = holds.going_under(conn, placed)
    kept = _kept(house, asking, placed)
    return replace(view_of(asking, placed, house.clock.now()), kept=kept, going=going)


def _reach_of(house: House, asking: Asking, wish: HoldWish) -> tuple[Scope, Interval]:
    """The cameras and the span that are meant; those of an incident or event where none were named."""
    camera, around = None, None
    if wish.because.incident is not None:
        incident = incidents.read_incident(house, asking, wish.because.incident).incident
        camera, around = incident.camera, Interval(incident.started_at, incident.seen_until)
    elif wish.because.event is not None:
        event = events.read_event(house, asking, wish.because.event).event
        camera, around = event.camera, Interval(event.started_at, event.ended_at or house.clock.now())
    when = wish.when
    if when is None and around is not None:
        when = Interval(around.start - AROUND, around.end + AROUND)
    if when is None:
        raise Invalid("Say from when to when, or name an incident or an event.", field="from")
    if wish.is_for_all:
        return None, when
    return wish.cameras or frozenset({camera} if camera is not None else ()), when


def _kept(house: House, asking: Asking, placed: PlacedHold) -> Kept | None:
    """What it keeps, in a transaction of its own: millions of segments take their time, or too long."""
    with suppress(CatalogUnavailable), house.catalog.transaction(asking.subject.name) as conn:
        return holds.kept_by(conn, placed)
    return None


def _require_all(house: House, asking: Asking, scope: Scope) -> str:
    """Let pass who may hold on all of these cameras; returns by which right."""
    if scope is None and not _may_hold(asking, scope):
        deed = Deed(Action.HOLD.value, "every camera", f"no grant of {asking.subject.name} allows it")
        note(house, asking, deed, outcome="refused")
        raise Forbidden("You may hold on some cameras only; name them.", action=Action.HOLD.value)
    for camera in sorted(scope or ()):
        require(house, asking, Action.HOLD, CameraObject(camera))
    return _allowance(asking, scope)


def find_hold(house: House, asking: Asking, identifier: HoldId) -> tuple[PlacedHold, str]:
    """A hold of which the asker may hold every camera, and by which right; else it is not there."""
    missing = NotFound(f"There is no hold {identifier} here that you may see.", hold=str(identifier))
    with house.catalog.transaction(asking.subject.name) as conn:
        found = holds.get(conn, identifier)
    if found is None:
        raise missing
    if _may_hold(asking, found.cameras):
        return found, _allowance(asking, found.cameras)
    reason = f"no grant of {asking.subject.name} allows it on all its cameras"
    deed = Deed(Action.HOLD.value, f"hold {identifier}", reason, single(found.cameras))
    note(house, asking, deed, outcome="refused")
    if found.cameras is not None and all(knows(asking.subject, camera) for camera in found.cameras):
        raise refusal(asking.subject, Action.HOLD, INSTALLATION)
    raise missing


def _may_hold(asking: Asking, scope: Scope) -> bool:
    own = visible_cameras(asking.subject, Action.HOLD)
    return own is None or (scope is not None and scope <= own)


def _allowance(asking: Asking, scope: Scope) -> str:
    """Which roles allow it: "operator on front-door, yard"."""
    names = "every camera" if scope is None else ", ".join(sorted(scope))
    granted = [grant.role.name for grant in asking.subject.grants if Action.HOLD in grant.role.actions]
    return f"{' and '.join(dict.fromkeys(granted))} on {names}"


def _met(conn: Connection, placed: PlacedHold) -> Reach:
    """What a hold would meet; NotFound for a camera that never was."""
    known = cameras.list_cameras(conn, scope=placed.cameras, with_removed=True)
    for camera in sorted((placed.cameras or frozenset()) - {each.id for each in known}):
        raise no_such_camera(camera)
    return Reach(
        has_footage=holds.has_footage(conn, placed),
        is_recorded=any(each.is_enabled and each.removed_at is None for each in known),
    )


def tell(conn: Connection) -> None:
    """Without a camera and without facts: who may see which hold is decided when they ask."""
    outbox.publish(conn, NoticeKind.STORAGE, facts={"change": "holds"})
