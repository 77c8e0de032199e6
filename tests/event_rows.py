"""Small true events for tests of the catalog and of what is built on it."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from catalog_rows import FRONT, FRONT_MAIN, START, seconds
from watchkeep.domain.detection import ModelCard, Thresholds
from watchkeep.domain.event import BestMoment, EndReason, Event, event_id
from watchkeep.domain.geometry import Box
from watchkeep.domain.ids import CameraId, RuleId, StreamId, TrackId
from watchkeep.domain.rule import EventKind, Rule, RuleText, Severity
from watchkeep.domain.track import TrackView

RULE = RuleId(UUID(int=0x801E))
BOX = Box(0.4, 0.3, 0.5, 0.7)
MODEL = ModelCard(
    name="a-model",
    version="1",
    digest="ab" * 32,
    engine="tests",
    licence="Apache-2.0",
    object_types=("person", "vehicle"),
    thresholds=Thresholds(low=0.1, high=0.3, birth=0.4, alert=0.5),
    is_stand_in=False,
    id=UUID(int=0x30DE1),
)


def a_rule(**changes: object) -> Rule:
    """The default rule of the front door's camera."""
    text = RuleText(name="Any person", kind=EventKind.OBJECT, objects=("person", "vehicle", "cycle"))
    return Rule(id=RULE, version=1, camera=FRONT, text=replace(text, **changes))  # type: ignore[arg-type]


def an_event(
    number: int = 1,
    *,
    start: datetime = START,
    length_s: float | None = 10,
    camera: CameraId = FRONT,
    stream: StreamId = FRONT_MAIN,
    **changes: object,
) -> Event:
    """An event of a person; open when it has no length."""
    rule = replace(a_rule(), camera=camera)
    track = TrackId(UUID(int=(int(start.timestamp()) << 80) | 0x8 << 76 | 0b10 << 62 | number))
    end = None if length_s is None else start + seconds(length_s)
    event = Event(
        id=event_id(rule, track, start),
        kind=EventKind.OBJECT,
        camera=camera,
        stream=stream,
        rule=RULE,
        rule_version=1,
        track=track,
        object_type="person",
        started_at=start,
        seen_until=end or start + seconds(1),
        ended_at=end,
        end_reason=None if end is None else EndReason.GONE,
        detected_at=start + seconds(0.5),
        confidence=0.8,
        severity=Severity.NOTICE,
        severity_reasons=("rule Any person: notice",),
        box=BOX,
        best=BestMoment(at=start + seconds(1), box=BOX, score=0.5),
        direction=None,
        revision=1,
    )
    return replace(event, **changes)  # type: ignore[arg-type]


def a_track(
    number: int = 1, *, start: datetime = START, length_s: float = 10, **changes: object
) -> TrackView:
    """A track of a person that has moved."""
    view = TrackView(
        id=TrackId(UUID(int=(int(start.timestamp() * 1000) << 80) | 0x8 << 76 | 0b10 << 62 | number)),
        started_at=start,
        at=start + timedelta(seconds=length_s),
        observed_at=start + timedelta(seconds=length_s),
        object_type="person",
        box=BOX,
        confidence=0.75,
        peak_confidence=0.9,
        observations=50,
        is_stationary=False,
        has_moved=True,
    )
    return replace(view, **changes)  # type: ignore[arg-type]
