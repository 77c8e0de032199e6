"""Rules, reasons, what goes, and what is foretold."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field

from watchkeep.application.footage_rules import Fate, Origin, Rule
from watchkeep.application.forecast import Outlook
from watchkeep.application.going import Going
from watchkeep.application.retention import CameraRules, Here, WhatIf, Why
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.category import DataClass
from watchkeep.domain.forecast import CameraForecast, Expected, Forecast, TierForecast
from watchkeep.domain.hindsight import Miss
from watchkeep.domain.ids import CameraId
from watchkeep.presentation.http.bodies.plain import Body, Instant, Text

DAY = timedelta(days=1)
Point = tuple[Instant, int, int, int]
Line = Annotated[
    list[Point], Field(description="a point a day: when, least, expected and most bytes, nine times in ten")
]


class RuleBody(Body):
    """How long one class is kept, and who says so."""

    data_class: DataClass
    keep_days: float
    origin: Origin

    @classmethod
    def of(cls, rule: Rule) -> "RuleBody":
        """Write down a rule."""
        return cls(data_class=rule.data_class, keep_days=rule.keep / DAY, origin=rule.origin)


class CameraRulesBody(Body):
    """The rules of one camera."""

    camera: str
    name: str
    rules: list[RuleBody]


class RulesBody(Body):
    """The rules of the asker's cameras."""

    items: list[CameraRulesBody]

    @classmethod
    def of(cls, found: Sequence[CameraRules]) -> "RulesBody":
        """Write down rules."""
        return cls(
            items=[
                CameraRulesBody(
                    camera=each.camera, name=each.name, rules=[RuleBody.of(rule) for rule in each.rules]
                )
                for each in found
            ]
        )


class FateBody(Body):
    """What becomes of a segment as things stand."""

    is_due: bool
    goes_at: Annotated[Instant | None, Field(description="null while a hold or its state keeps it")]
    rule: RuleBody | None

    @classmethod
    def of(cls, fate: Fate) -> "FateBody":
        """Write down a fate."""
        rule = None if fate.rule is None else RuleBody.of(fate.rule)
        return cls(is_due=fate.is_due, goes_at=fate.goes_at, rule=rule)


class WhyBody(Body):
    """What became of an instant of one stream, and why."""

    role: StreamRole
    here: Here
    reason: str
    segment: UUID | None
    from_: Annotated[Instant | None, Field(alias="from")]
    to: Instant | None
    bytes: int
    data_class: str
    place: str
    fate: FateBody | None
    deleted_at: Instant | None

    @classmethod
    def of(cls, why: Why) -> "WhyBody":
        """Write down a reason."""
        return cls.model_validate(
            {
                "role": why.role,
                "here": why.here,
                "reason": why.reason,
                "segment": why.segment,
                "from": None if why.when is None else why.when.start,
                "to": None if why.when is None else why.when.end,
                "bytes": why.size_bytes,
                "data_class": why.data_class,
                "place": why.place,
                "fate": None if why.fate is None else FateBody.of(why.fate),
                "deleted_at": why.deleted_at,
            }
        )


class WhysBody(Body):
    """One reason a stream."""

    items: list[WhyBody]


class GoingBody(Body):
    """Footage of a camera and class that goes within a span."""

    camera: str
    data_class: DataClass
    from_: Annotated[Instant, Field(alias="from")]
    to: Instant
    reason: str
    segments: int
    bytes: int
    oldest: Instant
    newest: Instant

    @classmethod
    def of(cls, going: Going) -> "GoingBody":
        """Write down what goes."""
        return cls.model_validate(
            {
                "camera": going.camera,
                "data_class": going.data_class,
                "from": going.when.start,
                "to": going.when.end,
                "reason": going.reason,
                "segments": going.segments,
                "bytes": going.size_bytes,
                "oldest": going.oldest,
                "newest": going.newest,
            }
        )


class DeletionsBody(Body):
    """What goes, day by day."""

    items: list[GoingBody]


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


class WhatIfAsked(Body):
    """Days of raw footage that somebody thinks of, by camera."""

    days: Annotated[dict[Text, int], Field(max_length=1000)]


class WhatIfBody(Body):
    """What they would do."""

    going: list[GoingBody]
    freed_bytes: int
    before: ForecastBody
    after: ForecastBody

    @classmethod
    def of(cls, found: WhatIf) -> "WhatIfBody":
        """Write down what other rules would do."""
        return cls(
            going=[GoingBody.of(each) for each in found.going],
            freed_bytes=sum(each.size_bytes for each in found.going),
            before=ForecastBody.with_names(found.before, found.names, None),
            after=ForecastBody.with_names(found.after, found.names, None),
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
