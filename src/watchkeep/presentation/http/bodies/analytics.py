"""Counts of objects and events, step by step."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from watchkeep.application.analytics import Analytics, EventPoint, ObjectPoint
from watchkeep.domain.rollup import BucketLength
from watchkeep.presentation.http.bodies.plain import Body, Instant


class Step(StrEnum):
    """How long each step is; days and weeks are those of the site."""

    FIVE_MINUTES = "5m"
    QUARTER_HOUR = "15m"
    HOUR = "1h"
    DAY = "1d"
    WEEK = "1w"

    @property
    def length(self) -> BucketLength:
        """The same, as the domain knows it."""
        return BucketLength[self.name]


class ObjectSeriesBody(Body):
    """Objects of one type before one camera."""

    camera: str
    object: str
    points: Annotated[
        list[tuple[Instant, int, float | None]],
        Field(description="start of the step, how many came, mean confidence or null when none came"),
    ]


class EventSeriesBody(Body):
    """Events of one kind before one camera."""

    camera: str
    kind: str
    points: Annotated[
        list[tuple[Instant, int, tuple[int, int, int, int]]],
        Field(description="start of the step, how many began, how many of each severity 0 to 3"),
    ]


class AnalyticsBody(Body):
    """What every answer says beside its series."""

    step: Step
    zone: str
    from_: Annotated[Instant, Field(alias="from")]
    to: Instant
    as_of: Annotated[Instant | None, Field(description="all that was written before is counted")]
    complete_until: Annotated[
        Instant, Field(description="steps that end until then are whole, as far as is known now")
    ]


class ObjectAnalyticsBody(AnalyticsBody):
    """Objects, by camera and type."""

    series: list[ObjectSeriesBody]

    @classmethod
    def of(cls, found: Analytics[ObjectPoint]) -> "ObjectAnalyticsBody":
        """Write down what was counted."""
        series = [
            ObjectSeriesBody(
                camera=each.camera,
                object=each.type,
                points=[(point.start, point.count, point.confidence) for point in each.points],
            )
            for each in found.series
        ]
        return cls.model_validate({**_frame(found), "series": series})


class EventAnalyticsBody(AnalyticsBody):
    """Events, by camera and kind."""

    series: list[EventSeriesBody]

    @classmethod
    def of(cls, found: Analytics[EventPoint]) -> "EventAnalyticsBody":
        """Write down what was counted."""
        series = [
            EventSeriesBody(
                camera=each.camera,
                kind=each.type,
                points=[(point.start, point.count, point.severities) for point in each.points],
            )
            for each in found.series
        ]
        return cls.model_validate({**_frame(found), "series": series})


def _frame(found: Analytics[ObjectPoint] | Analytics[EventPoint]) -> dict[str, str | datetime | None]:
    return {
        "step": Step[found.step.name],
        "zone": found.zone,
        "from": found.when.start,
        "to": found.when.end,
        "as_of": found.as_of,
        "complete_until": found.complete_until,
    }
