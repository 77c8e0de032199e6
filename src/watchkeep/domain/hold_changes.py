"""What becomes of a hold: one person extends it, two release it or let it end earlier."""

from dataclasses import replace
from datetime import datetime

from watchkeep.domain.errors import Conflict, Forbidden, Invalid
from watchkeep.domain.hold import Person, PlacedHold, ReleaseWish


def ask_release(hold: PlacedHold, wish: ReleaseWish) -> PlacedHold:
    """Ask for a release, or for an earlier end; it stands until another person confirms.

    Raises:
        Conflict: It has ended, or a release was asked for already.
        Invalid: The wanted end is no earlier one.
    """
    _require_standing(hold, wish.asked_at)
    if hold.release is not None:
        raise Conflict(
            f"{hold.release.asked_by.name} has asked for the release of this hold already; "
            "another person may confirm it.",
            hold=str(hold.id),
        )
    if wish.ends_at is not None:
        if wish.ends_at <= wish.asked_at:
            raise Invalid("This end has passed; leave it out to release the hold at once.", field="ends_at")
        if hold.expires_at is not None and wish.ends_at >= hold.expires_at:
            raise Invalid("The hold ends before that already; extend it instead.", field="ends_at")
    return replace(hold, release=wish)


def confirm_release(hold: PlacedHold, by: Person, *, now: datetime) -> PlacedHold:
    """End a hold, or shorten it, as another person asked.

    Raises:
        Conflict: It has ended, or nobody asked.
        Forbidden: The one who asked is the one who confirms.
    """
    release = _require_asked(hold, now)
    if release.asked_by.is_same(by):
        raise Forbidden(
            "You asked for this release yourself; another person who may hold here must confirm it.",
            hold=str(hold.id),
        )
    if release.ends_at is not None and release.ends_at > now:
        return replace(hold, expires_at=release.ends_at, release=None)
    return replace(hold, released_at=now, released_by=by)


def withdraw_release(hold: PlacedHold, *, now: datetime) -> PlacedHold:
    """Take back that a release was asked for. Footage stays, so whoever may hold here may do it.

    Raises:
        Conflict: It has ended, or nobody asked.
    """
    _require_asked(hold, now)
    return replace(hold, release=None)


def extend(hold: PlacedHold, expires_at: datetime | None, *, now: datetime) -> PlacedHold:
    """Let a hold end later, or never; a release that was asked for is taken back by it.

    Raises:
        Conflict: It has ended.
        Invalid: The new end is earlier.
    """
    _require_standing(hold, now)
    if expires_at is not None and (hold.expires_at is None or expires_at < hold.expires_at):
        raise Invalid(
            "The new end is earlier than the old one; to shorten a hold ask for its release at that time, "
            "which another person confirms.",
            field="expires_at",
        )
    return replace(hold, expires_at=expires_at, release=None)


def _require_standing(hold: PlacedHold, now: datetime) -> None:
    if not hold.stands(now):
        raise Conflict(f"This hold has {hold.state(now)}; place another one.", hold=str(hold.id))


def _require_asked(hold: PlacedHold, now: datetime) -> ReleaseWish:
    _require_standing(hold, now)
    if hold.release is None:
        raise Conflict("Nobody has asked for the release of this hold.", hold=str(hold.id))
    return hold.release
