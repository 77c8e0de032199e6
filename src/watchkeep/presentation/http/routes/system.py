"""Health and the demonstration."""

from fastapi import APIRouter

from watchkeep.application import demo, status
from watchkeep.domain.access import Action
from watchkeep.presentation.http.authentication import Asker, DoorRoute, Of, TheHouse, asks
from watchkeep.presentation.http.bodies.system import DemoBody, DemoSwitch, HealthBody

router = APIRouter(prefix="/api/v1", route_class=DoorRoute, tags=["system"])


@router.get("/health")
@asks(Action.SEE_STATUS, Of.INSTALLATION)
def read_health(house: TheHouse, asking: Asker) -> HealthBody:
    """How it goes."""
    return HealthBody.of(status.read_health(house, asking))


@router.post("/demo")
@asks(Action.CONFIGURE, Of.INSTALLATION)
def switch_demo(house: TheHouse, asking: Asker, body: DemoSwitch) -> DemoBody:
    """Turn the demonstration cameras on or off."""
    state = demo.switch(house, asking, is_on=body.on)
    return DemoBody(state=state.phase.value, progress=state.progress, detail=state.detail)
