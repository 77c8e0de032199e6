"""What happened before a camera."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from watchkeep.domain.detection import ObjectGroup, group_of
from watchkeep.domain.geometry import Box
from watchkeep.domain.ids import CameraId, EventId, RuleId, StreamId, TrackId, uuid8
from watchkeep.domain.rule import Direction, EventKind, Rule, Severity

INCIDENT_GAP = timedelta(seconds=30)
"""Events of one camera that are no further apart are one incident."""
LONG_VISIT = timedelta(seconds=60)


class EndReason(StrEnum):
    """Why an event is over. The list is closed."""

    LEFT = "left"
    """It left the zone."""
    GONE = "gone"
    """It was not seen any more."""
    RESTING = "resting"
    """It has stood still for so long that it belongs to the scene."""
    PASSED = "passed"
    """A crossing is over as it happens."""
    RULE_CHANGED = "rule_changed"
    CAMERA_LOST = "camera_lost"
    """No pictures came any more."""
    RESTART = "restart"
    """The analyst was restarted and did not find it again."""


class Flag(StrEnum):
    """What makes an event less sure than others of its kind."""

    CLIPPED = "clipped"
    """The box reached the lower edge of the picture, so where it stands is a guess."""
    GAP = "gap"
    """Nobody looked for more than three seconds while the line was crossed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BestMoment:
    """When an event's object was seen best, for its picture.

    Attributes:
        score: Confidence, size and distance from the border in one figure, 0 to 1.
    """

    at: datetime
    box: Box
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event as it stands. The same id with a higher revision replaces it; a lower one is late, so ignored.

    Attributes:
        started_at: Of the first picture that belongs to it.
        ended_at: None while it goes on.
        seen_until: Last picture that belongs to it so far.
        detected_at: When it was first known.
        confidence: The best that the model ever had of its track, 0 to 1; what `weigh` takes.
        severity_reasons: Why it is so severe, each a few words; recomputable by `weigh`.
        box: Of the object at its start.
        revision: From 1.
    """

    id: EventId
    kind: EventKind
    camera: CameraId
    stream: StreamId
    rule: RuleId
    rule_version: int
    track: TrackId
    object_type: str
    started_at: datetime
    seen_until: datetime
    ended_at: datetime | None
    end_reason: EndReason | None
    detected_at: datetime
    confidence: float
    severity: Severity
    severity_reasons: tuple[str, ...]
    box: Box
    best: BestMoment
    direction: Direction | None
    revision: int
    flags: tuple[Flag, ...] = ()


def event_id(rule: Rule, track: TrackId, started_at: datetime) -> EventId:
    """The id of what a rule tells of a track: the same whenever the footage is analysed again."""
    text = f"event {rule.camera} {rule.id} {rule.version} {track} {started_at.isoformat()}"
    return EventId(uuid8(started_at, hashlib.sha256(text.encode()).digest()))


@dataclass(frozen=True, slots=True)
class Weight:
    """A severity and what made it."""

    severity: Severity
    reasons: tuple[str, ...]


def weigh(rule: Rule, object_type: str, *, confidence: float, alert_from: float, lasted: timedelta) -> Weight:
    """Say how much an event matters: of stored facts only, and never less the longer it lasts.

    Args:
        rule: Whose it is; its own severity is where the weighing starts.
        object_type: Of what.
        confidence: The best that the model ever had of it.
        alert_from: The model's confidence from which on an event may be more than a notice.
        lasted: From its start to its end, or so far.
    """
    value = int(rule.text.severity)
    reasons = [f"rule {rule.text.name}: {rule.text.severity.name.lower()}"]
    group = group_of(object_type)
    is_visit = rule.text.kind is EventKind.ZONE_VISIT
    if is_visit and group is ObjectGroup.PERSON and lasted >= LONG_VISIT:
        value += 1
        reasons.append("stays longer than 60 s")
    if group is ObjectGroup.ANIMAL and value > Severity.INFO:
        value -= 1
        reasons.append("an animal")
    if value > Severity.NOTICE and confidence < alert_from:
        value = int(Severity.NOTICE)
        reasons.append("not sure enough for an alert")
    return Weight(Severity(min(max(value, 0), 3)), tuple(reasons))
