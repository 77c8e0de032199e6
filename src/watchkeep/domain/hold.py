"""Holds: orders to keep footage whatever the policies say; ended by their expiry, or by two people."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from watchkeep.domain.errors import Invalid
from watchkeep.domain.ids import CameraId, EventId, HoldId, IncidentId, UserId
from watchkeep.domain.interval import Interval

LONGEST_REASON = 500
LONGEST_CASE = 100


class HoldState(StrEnum):
    """Where a hold is in its life."""

    STANDING = "standing"
    RELEASE_ASKED = "release_asked"
    """It stands; one person asked for its release, another has not confirmed yet."""
    RELEASED = "released"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Person:
    """Who did something to a hold.

    Attributes:
        user: None for the owner of the machine at the command line: one person, whatever the name.
    """

    user: UserId | None
    name: str

    def is_same(self, other: "Person") -> bool:
        """Say whether the two count as one person; names may be given anew, accounts are not."""
        return self.user == other.user


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """What footage is held for, where there is such a thing."""

    incident: IncidentId | None = None
    event: EventId | None = None
    case: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseWish:
    """That one person asks for a release.

    Attributes:
        ends_at: When the hold is to end; None means as soon as another person confirms.
    """

    asked_by: Person
    asked_at: datetime
    reason: str
    ends_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedHold:
    """An order to keep a span of some cameras; `retention.Hold` is what the sweeper sees of it.

    Attributes:
        cameras: None means every camera, those added later too.
        owner: Who placed it.
        expires_at: When it ends by itself; None means never.
        release: A release that waits for a second person.
    """

    id: HoldId
    when: Interval
    cameras: frozenset[CameraId] | None
    because: Because
    reason: str
    owner: Person
    created_at: datetime
    expires_at: datetime | None
    release: ReleaseWish | None = None
    released_at: datetime | None = None
    released_by: Person | None = None

    def state(self, now: datetime) -> HoldState:
        """Where it is in its life at an instant."""
        if self.released_at is not None:
            return HoldState.RELEASED
        if self.expires_at is not None and self.expires_at <= now:
            return HoldState.EXPIRED
        return HoldState.STANDING if self.release is None else HoldState.RELEASE_ASKED

    def stands(self, now: datetime) -> bool:
        """Say whether it keeps what it covers at an instant."""
        return self.state(now) in (HoldState.STANDING, HoldState.RELEASE_ASKED)

    def covers(self, cameras: Collection[CameraId], when: Interval) -> bool:
        """Say whether it covers an instant of the span of one of the cameras."""
        is_of_these = self.cameras is None or any(camera in self.cameras for camera in cameras)
        return is_of_these and self.when.overlaps(when)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldFilter:
    """Which holds are wanted; None is any.

    Attributes:
        scope: Only those all of whose cameras are among these; one of every camera is then none of them.
        camera: Only those that hold this camera.
        since: Whose span ends later.
        until: Whose span begins before.
        with_ended: Released and expired ones, too.
    """

    scope: Collection[CameraId] | None = None
    camera: CameraId | None = None
    since: datetime | None = None
    until: datetime | None = None
    with_ended: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """What a hold keeps.

    Attributes:
        size_bytes: Of sealed files; of an open segment as of its last row.
    """

    segments: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Reach:
    """What of a house a new hold would meet.

    Attributes:
        has_footage: There is footage in its span.
        is_recorded: One of its cameras is there and switched on, so that footage may come.
    """

    has_footage: bool
    is_recorded: bool


def checked_reason(text: str) -> str:
    """The reason without spaces around it.

    Raises:
        Invalid: Empty or too long.
    """
    words = " ".join(text.split())
    if not words or len(words) > LONGEST_REASON:
        raise Invalid(f"Say why, in 1 to {LONGEST_REASON} characters.", field="reason")
    return words


def checked_case(text: str) -> str:
    """The name of a case without spaces around it; it may be empty.

    Raises:
        Invalid: Too long.
    """
    words = " ".join(text.split())
    if len(words) > LONGEST_CASE:
        raise Invalid(f"The name of a case has at most {LONGEST_CASE} characters.", field="case")
    return words


def check_can_hold(hold: PlacedHold, reach: Reach) -> None:
    """Let pass what keeps something, or may do so once it is recorded.

    Raises:
        Invalid: It can never keep anything.
    """
    now = hold.created_at
    if hold.when.start == hold.when.end:
        raise Invalid("The span is empty; `to` must be later than `from`.", field="to")
    if hold.cameras is not None and not hold.cameras:
        raise Invalid("Name the cameras whose footage is to be held, or all of them.", field="cameras")
    if hold.expires_at is not None and hold.expires_at <= max(now, hold.when.start):
        raise Invalid("The hold would end before it keeps anything; let it expire later.", field="expires_at")
    if reach.has_footage or (reach.is_recorded and hold.when.end > now):
        return
    if hold.when.end > now:
        raise Invalid(
            "There is no footage in this span, and none of these cameras is recorded any more.",
            field="cameras",
        )
    raise Invalid(
        "There is no footage of these cameras in this span; look at the timeline in Play.", field="from"
    )
