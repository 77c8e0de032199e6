"""Why footage is here, when it goes, how much will be stored, and what other rules would do."""

from typing import Annotated

from fastapi import APIRouter, Query

from watchkeep.application import forecast, retention
from watchkeep.domain.access import Action
from watchkeep.domain.ids import CameraId
from watchkeep.presentation.http.authentication import Asker, DoorRoute, Of, TheHouse, asks
from watchkeep.presentation.http.bodies.forecast import ForecastBody
from watchkeep.presentation.http.bodies.plain import Instant
from watchkeep.presentation.http.bodies.retention import (
    DeletionsBody,
    GoingBody,
    RulesBody,
    WhatIfAsked,
    WhatIfBody,
    WhyBody,
    WhysBody,
)

router = APIRouter(prefix="/api/v1", route_class=DoorRoute, tags=["retention"])


@router.get("/forecast")
@asks(Action.SEE_STATUS, Of.INSTALLATION)
def read_forecast(house: TheHouse, asking: Asker) -> ForecastBody:
    """How much will be stored when, by tier, class and camera, with a band; when a tier is full."""
    return ForecastBody.of(*forecast.read_forecast(house, asking))


@router.get("/retention")
@asks(Action.SEE_STATUS, Of.INSTALLATION)
def list_rules(house: TheHouse, asking: Asker) -> RulesBody:
    """How long the footage of each of the asker's cameras is kept, by class, and who says so."""
    return RulesBody.of(retention.list_rules(house, asking))


@router.get("/retention/deletions")
@asks(Action.SEE_STATUS, Of.INSTALLATION)
def list_deletions(
    house: TheHouse, asking: Asker, days: Annotated[int, Query(ge=1, le=retention.MOST_DAYS_AHEAD)] = 7
) -> DeletionsBody:
    """What goes by its age in each of the next days, with the reason."""
    going = retention.list_deletions(house, asking, days=days)
    return DeletionsBody(items=[GoingBody.of(each) for each in going])


@router.post("/retention/what-if")
@asks(Action.SEE_STATUS, Of.INSTALLATION)
def what_if(house: TheHouse, asking: Asker, wish: WhatIfAsked) -> WhatIfBody:
    """What other days of raw footage would do: what would go, and the new forecast. Nothing is saved."""
    days = {CameraId(camera): count for camera, count in wish.days.items()}
    return WhatIfBody.of(retention.what_if(house, asking, days))


@router.get("/cameras/{camera}/why")
@asks(Action.VIEW_RECORDED, Of.CAMERA)
def explain(
    house: TheHouse,
    asking: Asker,
    camera: str,
    at: Annotated[Instant, Query(description="An instant, ISO 8601 with a zone")],
) -> WhysBody:
    """Why the footage of an instant is here and when it goes; or when and why it went; of every stream."""
    found = retention.explain(house, asking, CameraId(camera), at)
    return WhysBody(items=[WhyBody.of(each) for each in found])
