"""Holds: footage that is kept whatever the policies say."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from watchkeep.application import hold_changes, holds
from watchkeep.domain.access import Action
from watchkeep.domain.hold import HoldFilter
from watchkeep.domain.ids import CameraId, HoldId
from watchkeep.presentation.http.authentication import Asker, DoorRoute, Of, TheHouse, asks
from watchkeep.presentation.http.bodies.holds import (
    ExtensionBody,
    HoldBody,
    HoldList,
    HoldWishBody,
    ReleaseWishBody,
)
from watchkeep.presentation.http.bodies.plain import Instant, Text

router = APIRouter(prefix="/api/v1", route_class=DoorRoute, tags=["holds"])


@router.get("/holds")
@asks(Action.HOLD, Of.SOME_CAMERA)
def list_holds(  # noqa: PLR0913, PLR0917  # one a filter
    house: TheHouse,
    asking: Asker,
    camera: Annotated[Text | None, Query(description="that hold this camera")] = None,
    start: Annotated[Instant | None, Query(alias="from", description="of a span that they touch")] = None,
    end: Annotated[Instant | None, Query(alias="to")] = None,
    ended: Annotated[bool, Query(description="released and expired ones, too")] = False,
    cursor: Annotated[Text | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> HoldList:
    """Holds all of whose cameras the asker may hold, newest first."""
    wanted = HoldFilter(
        camera=None if camera is None else CameraId(camera),
        since=start,
        until=end,
        with_ended=ended,
    )
    return HoldList.of(holds.list_holds(house, asking, wanted, cursor=cursor, limit=limit))


@router.post("/holds", status_code=201)
@asks(Action.HOLD, Of.SOME_CAMERA)
def place_hold(house: TheHouse, asking: Asker, body: HoldWishBody) -> HoldBody:
    """Hold footage: no retention, want of space or erasure takes it while the hold stands."""
    return HoldBody.of(holds.place_hold(house, asking, body.wish()))


@router.get("/holds/{hold}")
@asks(Action.HOLD, Of.FOUND)
def read_hold(house: TheHouse, asking: Asker, hold: UUID) -> HoldBody:
    """One hold, with what it keeps."""
    return HoldBody.of(holds.read_hold(house, asking, HoldId(hold)))


@router.patch("/holds/{hold}")
@asks(Action.HOLD, Of.FOUND)
def extend_hold(house: TheHouse, asking: Asker, hold: UUID, body: ExtensionBody) -> HoldBody:
    """Let a hold end later, or never; an earlier end is a release."""
    return HoldBody.of(hold_changes.extend_hold(house, asking, HoldId(hold), body.expires_at))


@router.post("/holds/{hold}/release/confirmation")
@asks(Action.HOLD, Of.FOUND)
def confirm_release(house: TheHouse, asking: Asker, hold: UUID) -> HoldBody:
    """Confirm a release that another person asked for."""
    return HoldBody.of(hold_changes.confirm_release(house, asking, HoldId(hold)))


@router.post("/holds/{hold}/release")
@asks(Action.HOLD, Of.FOUND)
def ask_release(house: TheHouse, asking: Asker, hold: UUID, body: ReleaseWishBody) -> HoldBody:
    """Ask for the release of a hold, or for an earlier end; another person confirms it."""
    wished = hold_changes.ask_release(house, asking, HoldId(hold), reason=body.reason, ends_at=body.ends_at)
    return HoldBody.of(wished)


@router.delete("/holds/{hold}/release")
@asks(Action.HOLD, Of.FOUND)
def withdraw_release(house: TheHouse, asking: Asker, hold: UUID) -> HoldBody:
    """Take back that a release was asked for."""
    return HoldBody.of(hold_changes.withdraw_release(house, asking, HoldId(hold)))
