"""What is given up, and in which order, when there is less room than the policies need."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

WARNING = timedelta(days=7)
"""So long before the reserve is reached it is told."""
IN_HASTE = 2
"""With less than a half of the reserve left there is no time for gentle ways."""
_FAR_DAYS = 3650


class Rung(StrEnum):
    """The steps of the ladder, gentlest first."""

    NONE = "none"
    WARNED = "warned"
    """The reserve will be reached on a known date."""
    LEFTOVERS = "leftovers"
    """Pictures of events, which the footage shows as well, and what the analysis left behind."""
    SUB_ONLY = "sub_only"
    """Of the oldest raw footage the main stream goes, where the sub stream shows the same."""
    THINNING = "thinning"
    """Of the oldest raw footage only key pictures stay."""
    DELETING = "deleting"
    """What would expire soonest goes before its time."""
    STUCK = "stuck"
    """Nothing may go any more, and it is not enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What there is of it, bytes."""

    free: int
    reserve: int

    @property
    def missing(self) -> int:
        """What must be freed; 0 or less when nothing must."""
        return self.reserve - self.free


@dataclass(frozen=True, slots=True, kw_only=True)
class KeeperState:
    """What the keeper last said.

    Attributes:
        seen_at: When it last believed its clock.
        doubt: Why it deletes nothing; empty when there is no doubt.
        pressure: Where it stands on the ladder.
        detail: One sentence for a person; may be empty.
        since: Since when it stands there.
        full_on: When the reserve is reached; None when that is not in sight.
        trusted_at: When a person said that the clock is right, until that was taken up.
    """

    seen_at: datetime
    doubt: str
    pressure: Rung
    detail: str
    since: datetime
    full_on: datetime | None
    trusted_at: datetime | None


def rungs(room: Room) -> tuple[Rung, ...]:
    """The rungs to climb until there is room enough, in this order."""
    if room.missing <= 0:
        return ()
    if room.free * IN_HASTE < room.reserve:
        return (Rung.DELETING,)
    return (Rung.LEFTOVERS, Rung.SUB_ONLY, Rung.THINNING, Rung.DELETING)


def reserve_reached_on(room: Room, *, came: int, goes: int, now: datetime) -> datetime | None:
    """When the reserve is reached, if it goes on so; None when it is not in sight.

    Args:
        room: What there is.
        came: Bytes recorded in the day before.
        goes: Bytes that reach their limit in the day after.
        now: The time.
    """
    growth = came - goes
    if growth <= 0:
        return None
    days = max(0.0, -room.missing / growth)
    return None if days > _FAR_DAYS else now + timedelta(days=days)


def is_warned(reached_on: datetime | None, now: datetime) -> bool:
    """Whether it is time to tell."""
    return reached_on is not None and reached_on - now <= WARNING
