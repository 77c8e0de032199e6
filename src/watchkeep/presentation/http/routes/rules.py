"""Rules of a camera, and the detector."""

from uuid import UUID

from fastapi import APIRouter

from watchkeep.application import detector, rules
from watchkeep.domain.access import Action
from watchkeep.domain.ids import CameraId, RuleId
from watchkeep.presentation.http.authentication import Asker, DoorRoute, Of, TheHouse, asks
from watchkeep.presentation.http.bodies.rules import (
    DetectorBody,
    RuleBody,
    RuleChangeBody,
    RuleList,
    RuleTextBody,
)

router = APIRouter(prefix="/api/v1", route_class=DoorRoute, tags=["events"])


@router.get("/cameras/{camera}/rules")
@asks(Action.VIEW_RECORDED, Of.CAMERA)
def list_rules(house: TheHouse, asking: Asker, camera: str) -> RuleList:
    """A camera's rules, oldest first."""
    return RuleList(items=[RuleBody.of(view) for view in rules.list_rules(house, asking, CameraId(camera))])


@router.post("/cameras/{camera}/rules", status_code=201)
@asks(Action.CONFIGURE, Of.CAMERA)
def add_rule(house: TheHouse, asking: Asker, camera: str, body: RuleTextBody) -> RuleBody:
    """Add a rule; it is applied within seconds."""
    return RuleBody.of(rules.add_rule(house, asking, CameraId(camera), body.text()))


@router.patch("/cameras/{camera}/rules/{rule}")
@asks(Action.CONFIGURE, Of.CAMERA)
def change_rule(house: TheHouse, asking: Asker, camera: str, rule: UUID, body: RuleChangeBody) -> RuleBody:
    """Give a rule another text; what it told so far keeps the old one."""
    return RuleBody.of(rules.change_rule(house, asking, CameraId(camera), RuleId(rule), body.change()))


@router.delete("/cameras/{camera}/rules/{rule}", status_code=204)
@asks(Action.CONFIGURE, Of.CAMERA)
def remove_rule(house: TheHouse, asking: Asker, camera: str, rule: UUID) -> None:
    """Remove a rule; what it told stays."""
    rules.remove_rule(house, asking, CameraId(camera), RuleId(rule))


@router.get("/detector")
@asks(Action.SEE_STATUS, Of.INSTALLATION)
def read_detector(house: TheHouse, asking: Asker) -> DetectorBody:
    """Which model runs, and how it fares with the asker's cameras."""
    return DetectorBody.of(detector.read_detector(house, asking))
