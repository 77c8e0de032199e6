"""Holds."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from watchkeep.application.hold_views import HoldView
from watchkeep.application.holds import HoldPage, HoldWish
from watchkeep.domain.errors import Invalid
from watchkeep.domain.hold import Because, Kept, ReleaseWish
from watchkeep.domain.ids import CameraId, EventId, IncidentId
from watchkeep.domain.interval import Interval
from watchkeep.presentation.http.bodies.plain import Body, Instant, Text

Reason = Annotated[Text, Field(min_length=1, max_length=2000, description="why; shown in the audit")]


class HoldWishBody(Body):
    """What is to be held: a span of cameras, or an incident or an event with half a minute around it."""

    reason: Reason
    cameras: Annotated[list[Text], Field(max_length=1000)] = Field(default_factory=list)
    all_cameras: Annotated[bool, Field(description="every camera, those added later too")] = False
    from_: Annotated[Instant | None, Field(alias="from")] = None
    to: Annotated[Instant | None, Field(description="not included")] = None
    incident: UUID | None = None
    event: UUID | None = None
    case: Annotated[Text, Field(max_length=200, description="a name of your own")] = ""
    expires_at: Annotated[Instant | None, Field(description="left out or null: never")] = None

    def wish(self) -> HoldWish:
        """As the application takes it."""
        when = None
        if self.from_ is not None or self.to is not None:
            if self.from_ is None or self.to is None or self.to <= self.from_:
                raise Invalid("The span ends before it begins; `from` must be earlier than `to`.", field="to")
            when = Interval(self.from_, self.to)
        return HoldWish(
            reason=self.reason,
            cameras=frozenset(CameraId(each) for each in self.cameras),
            is_for_all=self.all_cameras,
            when=when,
            because=Because(
                incident=None if self.incident is None else IncidentId(self.incident),
                event=None if self.event is None else EventId(self.event),
                case=self.case,
            ),
            expires_at=self.expires_at,
        )


class ExtensionBody(Body):
    """A later end, or none."""

    expires_at: Annotated[Instant | None, Field(description="null: never")]


class ReleaseWishBody(Body):
    """That a hold is to be released, as soon as another person confirms."""

    reason: Reason
    ends_at: Annotated[Instant | None, Field(description="an earlier end; left out: at once")] = None


class ReleaseBody(Body):
    """A release that was asked for."""

    asked_by: str
    asked_at: Instant
    reason: str
    ends_at: Instant | None

    @classmethod
    def of(cls, wish: ReleaseWish) -> "ReleaseBody":
        """Write down a wish."""
        return cls(
            asked_by=wish.asked_by.name, asked_at=wish.asked_at, reason=wish.reason, ends_at=wish.ends_at
        )


class KeptBody(Body):
    """What a hold keeps."""

    segments: int
    bytes: int

    @classmethod
    def of(cls, kept: Kept) -> "KeptBody":
        """Write down figures."""
        return cls(segments=kept.segments, bytes=kept.size_bytes)


class HoldBody(Body):
    """A hold. `cameras` of null are all; `kept` is null in lists, and when it cannot be added up now.

    `going` segments of its span were doomed before it came, and are not kept.
    """

    id: UUID
    state: Literal["standing", "release_asked", "released", "expired"]
    cameras: list[str] | None
    from_: Annotated[Instant, Field(alias="from")]
    to: Instant
    reason: str
    incident: UUID | None
    event: UUID | None
    case: str
    owner: str
    created_at: Instant
    expires_at: Instant | None
    release: ReleaseBody | None
    released_at: Instant | None
    released_by: str | None
    actions: list[str]
    kept: KeptBody | None
    going: int

    @classmethod
    def of(cls, view: HoldView) -> "HoldBody":
        """Write down a hold."""
        placed = view.hold
        return cls.model_validate(
            {
                "id": placed.id,
                "state": view.state.value,
                "cameras": None if placed.cameras is None else sorted(placed.cameras),
                "from": placed.when.start,
                "to": placed.when.end,
                "reason": placed.reason,
                "incident": placed.because.incident,
                "event": placed.because.event,
                "case": placed.because.case,
                "owner": placed.owner.name,
                "created_at": placed.created_at,
                "expires_at": placed.expires_at,
                "release": None if placed.release is None else ReleaseBody.of(placed.release),
                "released_at": placed.released_at,
                "released_by": None if placed.released_by is None else placed.released_by.name,
                "actions": list(view.actions),
                "kept": None if view.kept is None else KeptBody.of(view.kept),
                "going": view.going,
            }
        )


class HoldList(Body):
    """A page of holds, newest first."""

    items: list[HoldBody]
    next: str | None

    @classmethod
    def of(cls, page: HoldPage) -> "HoldList":
        """Write down a page."""
        return cls(items=[HoldBody.of(view) for view in page.items], next=page.next)
