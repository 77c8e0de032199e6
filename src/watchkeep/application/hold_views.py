"""A hold as the one who asks sees it, and as the audit tells of it."""

from dataclasses import dataclass
from datetime import datetime

from watchkeep.application.asking import Asking
from watchkeep.domain.hold import HoldState, Kept, Person, PlacedHold
from watchkeep.domain.ids import CameraId

Scope = frozenset[CameraId] | None
"""Some cameras, or None: every camera."""


@dataclass(frozen=True, slots=True)
class HoldView:
    """A hold as the asker sees it.

    Attributes:
        actions: What the asker may do now: extend, ask_release, confirm_release, withdraw_release.
        kept: What it keeps; only where one hold was asked for, and None when that cannot be added up now.
        going: Segments in its span that were doomed before it came; they are not kept.
    """

    hold: PlacedHold
    state: HoldState
    actions: tuple[str, ...]
    kept: Kept | None = None
    going: int = 0


def person_of(asking: Asking) -> Person:
    """Who asks, as holds tell people apart."""
    return Person(asking.subject.user, asking.subject.name)


def view_of(asking: Asking, placed: PlacedHold, now: datetime) -> HoldView:
    """A hold as the asker sees it now."""
    state = placed.state(now)
    actions: tuple[str, ...] = ()
    if state is HoldState.STANDING:
        actions = ("extend", "ask_release")
    elif state is HoldState.RELEASE_ASKED and placed.release is not None:
        is_own = placed.release.asked_by.is_same(person_of(asking))
        actions = ("extend", "withdraw_release") + (() if is_own else ("confirm_release",))
    return HoldView(placed, state, actions)


def facts_of(placed: PlacedHold) -> dict[str, str]:
    """What the audit says of a hold."""
    facts = {
        "cameras": "every camera" if placed.cameras is None else ", ".join(sorted(placed.cameras)),
        "from": placed.when.start.isoformat(),
        "to": placed.when.end.isoformat(),
        "reason": placed.reason,
        "expires": "never" if placed.expires_at is None else placed.expires_at.isoformat(),
        "case": placed.because.case,
        "incident": "" if placed.because.incident is None else str(placed.because.incident),
        "event": "" if placed.because.event is None else str(placed.because.event),
    }
    return {name: word for name, word in facts.items() if word}


def single(scope: Scope) -> CameraId | None:
    """The camera whose audit a deed belongs to, if it is one."""
    return next(iter(scope)) if scope is not None and len(scope) == 1 else None
