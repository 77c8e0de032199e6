"""Events as they are told: how they begin, grow and end."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watchkeep.domain.event import BestMoment, EndReason, Event, Flag, event_id, weigh
from watchkeep.domain.geometry import Box, Point
from watchkeep.domain.ids import CameraId, StreamId
from watchkeep.domain.rule import Anchor, Direction, EventKind, Rule
from watchkeep.domain.track import TrackView

TARGET_AREA = 0.02
"""A thing that covers so much of the picture is seen well enough."""
BETTER_BY = 1.1
BORDER = 0.01
BORDER_PENALTY = 0.5
CLIPPED_FROM = 0.99
TELL_EVERY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """What all events of an engine have in common.

    Attributes:
        alert_from: The model's confidence from which on an event may be more than a notice.
    """

    camera: CameraId
    stream: StreamId
    alert_from: float

    def begin(
        self,
        rule: Rule,
        view: TrackView,
        *,
        started_at: datetime,
        box: Box,
        known_at: datetime,
        direction: Direction | None = None,
    ) -> Event:
        """An event at its first revision; a crossing is over at once.

        Args:
            rule: Whose.
            view: The observation that made it sure.
            started_at: When it began.
            box: Of the object then.
            known_at: Now.
            direction: Of a crossing.
        """
        is_crossing = direction is not None
        ended_at = started_at if is_crossing else None
        weight = weigh(
            rule,
            view.object_type,
            confidence=view.peak_confidence,
            alert_from=self.alert_from,
            lasted=view.at - started_at if not is_crossing else timedelta(0),
        )
        return Event(
            id=event_id(rule, view.id, started_at),
            kind=rule.text.kind,
            camera=self.camera,
            stream=self.stream,
            rule=rule.id,
            rule_version=rule.version,
            track=view.id,
            object_type=view.object_type,
            started_at=started_at,
            seen_until=view.observed_at,
            ended_at=ended_at,
            end_reason=EndReason.PASSED if is_crossing else None,
            detected_at=known_at,
            confidence=view.peak_confidence,
            severity=weight.severity,
            severity_reasons=weight.reasons,
            box=box.clipped(),
            best=BestMoment(at=view.observed_at, box=view.box.clipped(), score=score_of(view)),
            direction=direction,
            revision=1,
            flags=(Flag.CLIPPED,) if _is_clipped(rule, box) else (),
        )

    def grown(self, rule: Rule, event: Event, view: TrackView) -> Event:
        """The event after one more observation; its revision is raised when it is told."""
        best = event.best
        if is_better(score := score_of(view), best.score):
            best = BestMoment(at=view.observed_at, box=view.box.clipped(), score=score)
        weight = weigh(
            rule,
            view.object_type,
            confidence=view.peak_confidence,
            alert_from=self.alert_from,
            lasted=view.observed_at - event.started_at,
        )
        is_graver = weight.severity > event.severity
        return replace(
            event,
            object_type=view.object_type if rule.means(view.object_type) else event.object_type,
            seen_until=view.observed_at,
            confidence=view.peak_confidence,
            severity=weight.severity if is_graver else event.severity,
            severity_reasons=weight.reasons if is_graver else event.severity_reasons,
            best=best,
        )


def ended(event: Event, reason: EndReason) -> Event:
    """The event, over, at the last picture that belongs to it."""
    end = max(event.seen_until, event.started_at)
    return replace(event, ended_at=end, end_reason=reason, revision=event.revision + 1)


def is_better(score: float, than: float) -> bool:
    """Whether a moment is enough better to stand for an event instead."""
    return score > than and score >= than * BETTER_BY


def score_of(view: TrackView) -> float:
    """How good a picture this moment would make, 0 to 1."""
    box = view.box.clipped()
    touches = box.left < BORDER or box.top < BORDER or box.right > 1 - BORDER or box.bottom > 1 - BORDER
    size = min(1.0, box.area / TARGET_AREA)
    return view.confidence * size * (1 - BORDER_PENALTY if touches else 1.0)


def _is_clipped(rule: Rule, box: Box) -> bool:
    """Whether a place in the picture was asked for that is not in the picture."""
    is_of_a_place = rule.text.kind is not EventKind.OBJECT and rule.text.anchor is Anchor.FOOT
    return is_of_a_place and box.bottom >= CLIPPED_FROM


def place_of(view: TrackView, anchor: Anchor) -> Point:
    """Where the thing is, for a rule; within the picture."""
    point = view.box.foot if anchor is Anchor.FOOT else view.box.centre
    return Point(min(max(point.x, 0.0), 1.0), min(max(point.y, 0.0), 1.0))


@dataclass(slots=True)
class Told:
    """An open event and what the world knows of it."""

    event: Event
    known: Event
    known_at: datetime

    def grow(self, event: Event) -> list[Event]:
        """Take the event as it is now; give it when the world should know."""
        self.event = event
        at = event.seen_until
        is_due = at - self.known_at >= TELL_EVERY
        is_seen_better = is_better(event.best.score, self.known.best.score)
        if not (is_due or event.severity != self.known.severity or is_seen_better):
            return []
        self.event = self.known = replace(event, revision=event.revision + 1)
        self.known_at = at
        return [self.event]
