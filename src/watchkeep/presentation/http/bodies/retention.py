"""Rules, reasons, what goes, and what is foretold."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field

from watchkeep.application.footage_rules import Fate, Origin, Rule
from watchkeep.application.going import Going
from watchkeep.application.retention import CameraRules, Here, WhatIf, Why
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.category import DataClass
from watchkeep.presentation.http.bodies.forecast import ForecastBody
from watchkeep.presentation.http.bodies.plain import Body, Instant, Text

DAY = timedelta(days=1)


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
    is_at_most: Annotated[bool, Field(description="events claim some of it, which will stay as clips")]
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
                "is_at_most": going.is_at_most,
                "segments": going.segments,
                "bytes": going.size_bytes,
                "oldest": going.oldest,
                "newest": going.newest,
            }
        )


class DeletionsBody(Body):
    """What goes, day by day."""

    items: list[GoingBody]


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
