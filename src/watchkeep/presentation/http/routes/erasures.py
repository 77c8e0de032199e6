"""Erasing for good."""

from uuid import UUID

from fastapi import APIRouter

from watchkeep.application import erasures
from watchkeep.domain.access import Action
from watchkeep.presentation.http.authentication import Asker, DoorRoute, Of, TheHouse, asks
from watchkeep.presentation.http.bodies.erasures import ErasureBody, ErasureList, NewErasureBody

router = APIRouter(prefix="/api/v1/erasures", route_class=DoorRoute, tags=["footage"])


@router.get("")
@asks(Action.DELETE, Of.SOME_CAMERA)
def list_erasures(house: TheHouse, asking: Asker) -> ErasureList:
    """Erasures of cameras that the asker may delete from, newest first."""
    return ErasureList(items=[ErasureBody.of(each) for each in erasures.list_erasures(house, asking)])


@router.post("", status_code=202)
@asks(Action.DELETE, Of.SOME_CAMERA)
def order_erasure(house: TheHouse, asking: Asker, body: NewErasureBody) -> ErasureBody:
    """Erase a span of cameras for good. It begins at once; read the erasure to see how it goes."""
    return ErasureBody.of(erasures.order_erasure(house, asking, body.wish()))


@router.get("/{erasure}")
@asks(Action.DELETE, Of.FOUND)
def read_erasure(house: TheHouse, asking: Asker, erasure: UUID) -> ErasureBody:
    """One erasure, with its signed receipt once it is done."""
    return ErasureBody.of(erasures.read_erasure(house, asking, erasure))
