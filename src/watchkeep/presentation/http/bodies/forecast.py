"""What is foretold."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from watchkeep.application.forecast import Outlook
from watchkeep.domain.category import DataClass
from watchkeep.domain.forecast import CameraForecast, Forecast, TierForecast
from watchkeep.domain.hindsight import Miss
from watchkeep.domain.ids import CameraId
from watchkeep.domain.stock import Expected
from watchkeep.presentation.http.bodies.plain import Body, Instant

DAY = timedelta(days=1)
Point = tuple[Instant, int, int, int]
Line = Annotated[
    list[Point], Field(description="a point a day: when, least, expected and most bytes, nine times in ten")
]


class TierForecastBody(Body):
    """What will lie on a tier."""

    name: str
    capacity_bytes: Annotated[int | None, Field(description="what footage may take; null: no bound")]
    line: Line
    full_at: Instant | None
    full_from: Instant | None
    full_until: Instant | None

    @classmethod
    def of(cls, tier: TierForecast) -> "TierForecastBody":
        """Write down a tier's forecast."""
        return cls(
            name=tier.limit.name,
            capacity_bytes=tier.limit.capacity_bytes,
            line=line_of(tier.line),
            full_at=tier.full_at,
            full_from=tier.full_from,
            full_until=tier.full_until,
        )


class ClassForecastBody(Body):
    """What will be stored of a class."""

    data_class: DataClass
    line: Line


class StepBody(Body):
    """A camera brings so many times what it brought before."""

    at: Instant
    ratio: float


class CameraForecastBody(Body):
    """What a camera brings, and how long it can be kept; null is "not enough data"."""

    camera: str
    name: str
    keep_days: float
    known_h: Annotated[int, Field(description="hours of which this was learnt")]
    bytes_per_day: int | None
    steps: list[StepBody]
    line: Line
    reached_at: Annotated[Instant | None, Field(description="null when it does not fit, or is not known")]
    days: float | None
    days_low: float | None

    @classmethod
    def of(cls, camera: CameraForecast, name: str) -> "CameraForecastBody":
        """Write down a camera's forecast."""
        return cls(
            camera=camera.camera,
            name=name,
            keep_days=camera.keep / DAY,
            known_h=camera.known_h,
            bytes_per_day=None if camera.bytes_per_day is None else round(camera.bytes_per_day),
            steps=[StepBody(at=step.at, ratio=round(step.ratio, 3)) for step in camera.steps],
            line=line_of(camera.line),
            reached_at=camera.reached_at,
            days=None if camera.days is None else round(camera.days, 2),
            days_low=None if camera.days_low is None else round(camera.days_low, 2),
        )


class MissBody(Body):
    """How far a forecast of then would have been off by now."""

    made_at: Instant
    expected_bytes: int
    came_bytes: int
    miss: Annotated[float, Field(description="share; positive when more came")]
    of_steps: Annotated[float, Field(description="of that, owed to bitrate steps since")]
    days: float


class ForecastBody(Body):
    """What is expected."""

    at: Instant
    spread: Annotated[float | None, Field(description="standard deviation of a day, as a share of it")]
    days_known: int
    tiers: list[TierForecastBody]
    classes: list[ClassForecastBody]
    cameras: list[CameraForecastBody]
    unknown: Annotated[list[str], Field(description="cameras with not enough data: in no line")]
    miss: MissBody | None

    @classmethod
    def of(cls, outlook: Outlook, forecast: Forecast) -> "ForecastBody":
        """Write down a forecast with how well an earlier one did."""
        return cls.with_names(forecast, outlook.names, outlook.miss())

    @classmethod
    def with_names(
        cls, forecast: Forecast, names: Mapping[CameraId, str], miss: Miss | None
    ) -> "ForecastBody":
        """Write down a forecast."""
        return cls(
            at=forecast.at,
            spread=None if forecast.spread is None else round(forecast.spread.share, 4),
            days_known=0 if forecast.spread is None else forecast.spread.days,
            tiers=[TierForecastBody.of(each) for each in forecast.tiers],
            classes=[
                ClassForecastBody(data_class=each.data_class, line=line_of(each.line))
                for each in forecast.classes
            ],
            cameras=[
                CameraForecastBody.of(each, names.get(each.camera, each.camera)) for each in forecast.cameras
            ],
            unknown=list(forecast.unknown),
            miss=None if miss is None else _miss(miss),
        )


def line_of(points: Sequence[Expected]) -> list[Point]:
    """A line in whole bytes; never below nothing."""
    return [
        (each.at, max(0, round(each.low)), max(0, round(each.expected)), max(0, round(each.high)))
        for each in points
    ]


def _miss(miss: Miss) -> MissBody:
    return MissBody(
        made_at=miss.made_at,
        expected_bytes=round(miss.expected_bytes),
        came_bytes=round(miss.came_bytes),
        miss=round(miss.miss, 4),
        of_steps=round(miss.of_steps, 4),
        days=round(miss.days, 2),
    )
