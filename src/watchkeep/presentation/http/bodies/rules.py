"""Rules, and the detector that they depend on."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from watchkeep.application.detector import DetectorView
from watchkeep.application.rules import RuleChange, RuleView
from watchkeep.domain.analyst import StreamAnalysis
from watchkeep.domain.geometry import Point
from watchkeep.domain.rule import Anchor, Direction, EventKind, RuleText, Severity
from watchkeep.presentation.http.bodies.plain import Body, Instant, Text

PointBody = Annotated[
    list[float], Field(min_length=2, max_length=2, description="x and y, shares from 0 to 1")
]
Points = Annotated[list[PointBody], Field(max_length=500)]
ObjectName = Annotated[Text, Field(min_length=1, max_length=50)]


class RuleTextBody(Body):
    """What a rule says."""

    name: Annotated[Text, Field(max_length=200)]
    kind: EventKind
    objects: Annotated[list[ObjectName], Field(max_length=100)]
    points: Points = Field(default_factory=list)
    direction: Direction = Direction.ANY
    severity: Severity = Severity.NOTICE
    anchor: Anchor = Anchor.FOOT
    is_enabled: bool = True

    def text(self) -> RuleText:
        """As the application takes it."""
        return RuleText(
            name=self.name.strip(),
            kind=self.kind,
            objects=tuple(dict.fromkeys(self.objects)),
            points=tuple(Point(x, y) for x, y in self.points),
            direction=self.direction,
            severity=self.severity,
            anchor=self.anchor,
            is_enabled=self.is_enabled,
        )


class RuleChangeBody(Body):
    """What is to be different; what is left out stays."""

    name: Annotated[Text, Field(max_length=200)] | None = None
    kind: EventKind | None = None
    objects: Annotated[list[ObjectName], Field(max_length=100)] | None = None
    points: Points | None = None
    direction: Direction | None = None
    severity: Severity | None = None
    anchor: Anchor | None = None
    is_enabled: bool | None = None

    def change(self) -> RuleChange:
        """As the application takes it."""
        return RuleChange(
            name=None if self.name is None else self.name.strip(),
            kind=self.kind,
            objects=None if self.objects is None else tuple(dict.fromkeys(self.objects)),
            points=None if self.points is None else tuple(Point(x, y) for x, y in self.points),
            direction=self.direction,
            severity=self.severity,
            anchor=self.anchor,
            is_enabled=self.is_enabled,
        )


class RuleBody(RuleTextBody):
    """A rule."""

    id: UUID
    version: int
    lacking: list[str]

    @classmethod
    def of(cls, view: RuleView) -> "RuleBody":
        """Write down a rule."""
        text = view.rule.text
        return cls(
            id=view.rule.id,
            version=view.rule.version,
            name=text.name,
            kind=text.kind,
            objects=list(text.objects),
            points=[[point.x, point.y] for point in text.points],
            direction=text.direction,
            severity=text.severity,
            anchor=text.anchor,
            is_enabled=text.is_enabled,
            lacking=list(view.lacking),
        )


class RuleList(Body):
    """A camera's rules, oldest first."""

    items: list[RuleBody]


class WatchedBody(Body):
    """How the analyst fares with a camera."""

    camera: str
    condition: str
    detail: str
    frames_analysed: int
    frames_skipped: int
    latency_s: float
    objects: int
    seen_at: Instant

    @classmethod
    def of(cls, state: StreamAnalysis) -> "WatchedBody":
        """Write down a state."""
        return cls(
            camera=state.camera,
            condition=state.condition.value,
            detail=state.detail,
            frames_analysed=state.frames_analysed,
            frames_skipped=state.frames_skipped,
            latency_s=round(state.latency_s, 3),
            objects=state.objects,
            seen_at=state.seen_at,
        )


class DetectorBody(Body):
    """Which model runs, and what it does."""

    phase: str
    model: str = ""
    version: str = ""
    engine: str = ""
    licence: str = ""
    objects: tuple[str, ...] = ()
    is_stand_in: bool = False
    detail: str = ""
    sandbox: tuple[str, ...] = ()
    seen_at: Instant | None = None
    cameras: list[WatchedBody]

    @classmethod
    def of(cls, view: DetectorView) -> "DetectorBody":
        """Write down what is said of the detector."""
        cameras = [WatchedBody.of(each) for each in view.cameras]
        state = view.state
        if state is None:
            return cls(phase="off", cameras=cameras)
        return cls(
            phase=state.phase.value,
            model=state.model,
            version=state.version,
            engine=state.engine,
            licence=state.licence,
            objects=state.object_types,
            is_stand_in=state.is_stand_in,
            detail=state.detail,
            sandbox=state.sandbox,
            seen_at=state.seen_at,
            cameras=cameras,
        )
