"""Tiers: on which volumes footage lies at which age, and when it goes on to the next ones.

Source: the specification, 3.1, as ruled: a tier says where, a data class says how long.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

MINUTES_OF_A_DAY = 1440
DEFAULT_TIER = "hot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """Space on a volume that stays free: so many bytes, or a share of the whole."""

    size_bytes: int = 0
    share: float = 0.0

    def of(self, total_bytes: int) -> int:
        """Bytes to keep free on a volume of that size."""
        return max(self.size_bytes, int(self.share * total_bytes))


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyHours:
    """A span of every day, by the clock on the site's wall.

    Attributes:
        start_minute: Of the day, 0 to 1439.
        end_minute: Of the day, 1 to 1440; when it is not later than the start, of the day after.
    """

    start_minute: int
    end_minute: int

    def __post_init__(self) -> None:
        if not (0 <= self.start_minute < MINUTES_OF_A_DAY and 0 < self.end_minute <= MINUTES_OF_A_DAY):
            raise ValueError("hours begin between 00:00 and 23:59 and end between 00:01 and 24:00")
        if self.start_minute == self.end_minute:
            raise ValueError("hours end at another time of the day than they begin; 00:00-24:00 is a day")

    def __str__(self) -> str:
        return "-".join(f"{at // 60:02}:{at % 60:02}" for at in (self.start_minute, self.end_minute))

    def holds(self, local: datetime) -> bool:
        """Whether an instant, told by the site's clock, lies in them."""
        minute = local.hour * 60 + local.minute
        if self.start_minute < self.end_minute:
            return self.start_minute <= minute < self.end_minute
        return minute >= self.start_minute or minute < self.end_minute


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A class of storage with what bounds it; the order of a node's tiers is the way that footage goes.

    Attributes:
        max_age: Since the end of a segment, after which it goes on; None if age moves nothing. Of the last
            tier it is only told: how long footage stays at all, its data class says.
        max_bytes: Of footage on all its volumes; None for no bound.
        min_free: To be left free on each of its disks; footage goes on from a disk that has less.
        bytes_per_second: What moves into it take at most; None for no bound.
        hours: When moves into it may run; empty for always.
    """

    name: str
    max_age: timedelta | None = None
    max_bytes: int | None = None
    min_free: Reserve = Reserve()
    bytes_per_second: int | None = None
    hours: tuple[DailyHours, ...] = ()

    def may_move(self, local: datetime) -> bool:
        """Whether moves into it may run at an instant, told by the site's clock."""
        return not self.hours or any(hours.holds(local) for hours in self.hours)


SPECIFIED = {
    "hot": (timedelta(days=7), 10 * 10**12),
    "warm": (timedelta(days=30), 100 * 10**12),
    "cold": (timedelta(days=365), None),
}
"""Greatest age and size of the tiers that the specification names."""


class Condition(StrEnum):
    """How a volume is."""

    GOOD = "good"
    FULL = "full"
    """Nothing more fits without going below what is to stay free."""
    AWAY = "away"
    """It does not answer, or is not mounted; what is on it is known and waits."""
    WRONG = "wrong"
    """Another volume is in its place, or it was emptied: nothing is read or written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What there is on a volume, and what may still come.

    Attributes:
        free_bytes: Beyond what is to stay free, minus what is on its way; None where nothing bounds it.
        used_bytes: Of our footage.
    """

    volume: UUID
    free_bytes: int | None
    used_bytes: int = 0

    def has_room(self, size_bytes: int) -> bool:
        """Whether so much still fits."""
        return self.free_bytes is None or size_bytes <= self.free_bytes

    def after(self, size_bytes: int) -> "Room":
        """The volume once so much has come."""
        free = None if self.free_bytes is None else self.free_bytes - size_bytes
        return Room(volume=self.volume, free_bytes=free, used_bytes=self.used_bytes + size_bytes)


def choose_volume(rooms: Collection[Room], size_bytes: int, *, without: Collection[UUID] = ()) -> Room | None:
    """Where a segment goes: to the volume with most room; None when it fits nowhere.

    Of several without bounds it is the one that has least.
    """
    fitting = [room for room in rooms if room.has_room(size_bytes) and room.volume not in without]
    if not fitting:
        return None

    def rank(room: Room) -> tuple[float, int, int]:
        free = float("inf") if room.free_bytes is None else room.free_bytes
        return (-free, room.used_bytes, room.volume.int)

    return min(fitting, key=rank)


def share_out(
    sizes: Sequence[int],
    rooms: Collection[Room],
    *,
    lies_on: Sequence[Collection[UUID]],
    most_bytes: int | None = None,
) -> list[UUID | None]:
    """Choose a volume for each of some segments, one after the other; None for those that fit nowhere.

    Args:
        sizes: Of the segments, bytes.
        rooms: What there is.
        lies_on: For each segment, the volumes that have it already.
        most_bytes: What all rooms together take; None for no bound.
    """
    left = {room.volume: room for room in rooms}
    chosen: list[UUID | None] = []
    for size, has in zip(sizes, lies_on, strict=True):
        is_too_much = most_bytes is not None and size > most_bytes
        room = None if is_too_much else choose_volume(left.values(), size, without=has)
        chosen.append(None if room is None else room.volume)
        if room is not None:
            left[room.volume] = room.after(size)
            most_bytes = None if most_bytes is None else most_bytes - size
    return chosen


def destination(tiers: Sequence[Tier], number: int, age: timedelta) -> int:
    """Where footage that leaves a tier goes: to the next one that is meant for its age, else the last."""
    for later in range(number + 1, len(tiers) - 1):
        most = tiers[later].max_age
        if most is None or age < most:
            return later
    return len(tiers) - 1


class Limit(StrEnum):
    """What makes footage go on from a tier."""

    AGE = "age"
    SIZE = "size"
    FREE = "free"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """How full a tier is, and how fast it fills.

    Attributes:
        oldest_end: End of its oldest segment; None if it holds none.
        spare_bytes: On its disks beyond what is to stay free; None if that bounds nothing.
        bytes_per_day: That come in; None if it is not known.
    """

    used_bytes: int
    oldest_end: datetime | None
    spare_bytes: int | None = None
    bytes_per_day: int | None = None


@dataclass(frozen=True, slots=True)
class Binding:
    """The limit of a tier that is reached first, and when; an instant in the past: it binds now."""

    limit: Limit
    at: datetime


def what_binds(tier: Tier, filling: Filling, *, now: datetime) -> Binding | None:
    """Say which limit of a tier is reached first; None if none will be, or not enough is known."""
    found: list[Binding] = []
    if tier.max_age is not None and filling.oldest_end is not None:
        found.append(Binding(Limit.AGE, filling.oldest_end + tier.max_age))
    for limit, left in (
        (Limit.SIZE, None if tier.max_bytes is None else tier.max_bytes - filling.used_bytes),
        (Limit.FREE, filling.spare_bytes),
    ):
        at = None if left is None else _reached(left, filling.bytes_per_day, now)
        if at is not None:
            found.append(Binding(limit, at))
    return min(found, key=lambda each: each.at, default=None)


def _reached(left_bytes: int, bytes_per_day: int | None, now: datetime) -> datetime | None:
    if left_bytes <= 0:
        return now
    if not bytes_per_day:
        return None
    days = left_bytes / bytes_per_day
    return now + timedelta(days=days) if days < MOST_DAYS else None


MOST_DAYS = 36_500
"""A hundred years: beyond is never."""


def contradictions(tiers: Sequence[Tier]) -> list[tuple[int, str]]:
    """What does not fit together, as (number of the tier from 0, the rest of a sentence)."""
    found: list[tuple[int, str]] = []
    for number, tier in enumerate(tiers):
        if any(other.name == tier.name for other in tiers[:number]):
            found.append((number, f"name: there are two tiers {tier.name}; give each a name of its own"))
        if number == 0:
            continue
        before = tiers[number - 1]
        if before.max_age is not None and tier.max_age is not None and tier.max_age <= before.max_age:
            sentence = (
                f"max_age: {tier.name} lets go of footage at {_days(tier.max_age)}, and {before.name} "
                f"keeps it to {_days(before.max_age)}; ages count from capture, so each is above the last"
            )
            found.append((number, sentence))
    return found


def _days(age: timedelta) -> str:
    return f"{age / timedelta(days=1):g} d"
