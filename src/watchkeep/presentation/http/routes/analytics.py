"""Counts of objects and events over time."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from watchkeep.application import analytics
from watchkeep.application.analytics import Asked
from watchkeep.domain.access import Action
from watchkeep.domain.errors import Invalid
from watchkeep.domain.ids import CameraId
from watchkeep.domain.interval import Interval
from watchkeep.domain.rule import EventKind
from watchkeep.presentation.http.authentication import Asker, DoorRoute, Of, TheHouse, asks
from watchkeep.presentation.http.bodies.analytics import EventAnalyticsBody, ObjectAnalyticsBody, Step
from watchkeep.presentation.http.bodies.plain import Instant, Text

router = APIRouter(prefix="/api/v1/analytics", route_class=DoorRoute, tags=["analytics"])

Cameras = Annotated[list[Text], Query(alias="camera", max_length=200, default_factory=list)]
Objects = Annotated[list[Text], Query(alias="object", max_length=200, default_factory=list)]
Kinds = Annotated[list[EventKind], Query(alias="kind", default_factory=list)]
From = Annotated[Instant, Query(alias="from", description="Start of a step, ISO 8601 with a zone")]
To = Annotated[Instant, Query(alias="to", description="End of a step, ISO 8601 with a zone")]


@router.get("/objects")
@asks(Action.VIEW_RECORDED, Of.SOME_CAMERA)
def read_objects(
    house: TheHouse,
    asking: Asker,
    start: From,
    end: To,
    step: Step,
    cameras: Cameras,
    objects: Objects,
) -> ObjectAnalyticsBody:
    """How many moving objects came, by camera and type: each counted once, in the step in which it came."""
    asked = _asked(cameras, objects, step, start, end)
    return ObjectAnalyticsBody.of(analytics.count_objects(house, asking, asked))


@router.get("/events")
@asks(Action.VIEW_RECORDED, Of.SOME_CAMERA)
def read_events(
    house: TheHouse,
    asking: Asker,
    start: From,
    end: To,
    step: Step,
    cameras: Cameras,
    kinds: Kinds,
) -> EventAnalyticsBody:
    """How many events began, by camera and kind, with their severities."""
    asked = _asked(cameras, [each.value for each in kinds], step, start, end)
    return EventAnalyticsBody.of(analytics.count_events(house, asking, asked))


def _asked(cameras: list[str], types: list[str], step: Step, start: datetime, end: datetime) -> Asked:
    if end <= start:
        raise Invalid("The span ends before it begins; `from` must be earlier than `to`.")
    return Asked(
        cameras=[CameraId(camera) for camera in cameras] or None,
        types=types or None,
        step=step.length,
        when=Interval(start, end),
    )
