"""How long footage is kept: one pure decision, with its reason. The sweeper only acts on it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from watchkeep.domain.category import DataClass
from watchkeep.domain.interval import Interval
from watchkeep.domain.segment import Segment, SegmentState
from watchkeep.domain.spans import Spans, common

FOOTAGE_CLASSES = (DataClass.RAW_FOOTAGE, DataClass.EVENT_CLIP, DataClass.ARCHIVED_EVENT)
"""The classes that a segment goes through, in this order; it never goes back."""
MARGIN = timedelta(seconds=10)
"""What is kept before and after an event."""
_CALLED = {DataClass.EVENT_CLIP: " as event clip", DataClass.ARCHIVED_EVENT: " as archived event"}


@dataclass(frozen=True, slots=True)
class Hold:
    """An order to keep a span of a camera whatever the policy says."""

    camera: str
    when: Interval
    reason: str


@dataclass(frozen=True, slots=True)
class Claim:
    """An event's right to a span of its camera's footage, its margins included.

    Attributes:
        data_class: EVENT_CLIP, or ARCHIVED_EVENT where a person archived it.
    """

    when: Interval
    data_class: DataClass


class Shortage(StrEnum):
    """Why footage may have to go before its time; the text is the reason that is given."""

    SPACE = "space was short and it was the next to go"
    CAMERA_QUOTA = "its camera had more than its quota"
    CLASS_QUOTA = "its class had more than its quota"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeps:
    """How long the footage of a camera is kept, by class, counted from a segment's end.

    Attributes:
        before: Kept of the footage before an event.
        after: And after it.
    """

    raw: timedelta
    clip: timedelta
    archived: timedelta
    before: timedelta = MARGIN
    after: timedelta = MARGIN

    def of(self, data_class: DataClass) -> timedelta:
        """The limit of one class; of one that is no footage, that of raw footage."""
        return {DataClass.EVENT_CLIP: self.clip, DataClass.ARCHIVED_EVENT: self.archived}.get(
            data_class, self.raw
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What to do with a segment, and why.

    Attributes:
        is_expired: The file goes.
        reason: One phrase for a person.
        data_class: What the segment is from now on.
        until: When the last of it goes, as things stand; None while a hold or its state says so.
        readable: What of it may still be handed out; empty when it is expired.
    """

    is_expired: bool
    reason: str
    data_class: DataClass
    until: datetime | None
    readable: Spans

    def narrows(self, segment: Segment) -> bool:
        """Whether the segment stays, but less of it may be handed out, or under another class."""
        is_less = self.readable != claimed(segment)
        return not self.is_expired and (is_less or self.data_class is not segment.data_class)


@dataclass(frozen=True, slots=True)
class _Layer:
    """One class's right to a part of the segment."""

    data_class: DataClass
    spans: Spans
    until: datetime


def claimed(segment: Segment) -> Spans:
    """What of a segment may be handed out: all of it, until its class changed for the first time."""
    return (segment.when,) if segment.claims is None else segment.claims


def judge(  # what it is, who wants it, and when
    segment: Segment,
    *,
    keeps: Keeps,
    claims: Collection[Claim] = (),
    holds: Collection[Hold] = (),
    now: datetime,
    shortage: Shortage | None = None,
) -> Verdict:
    """Say what becomes of a segment.

    Ages count from the segment's end. When the limit of raw footage is reached, what an event claims stays
    as its clip, by reference: the file stays whole, the rest of it is not handed out any more. What was once
    given up never comes back. A hold wins over age and over want of space; a segment that is still being
    written never goes; one whose file is lost goes by age alone, for it takes no space.

    Args:
        segment: As the catalog knows it.
        keeps: Of its camera.
        claims: Of its camera's events; others than those that touch it do no harm.
        holds: All that stand, of any camera.
        now: A time that is trusted.
        shortage: Why it may have to go before its time; None when it may not.
    """
    whole = claimed(segment)
    if segment.state in (SegmentState.OPEN, SegmentState.DOOMED):
        return _kept(segment, f"it is {segment.state}", whole)
    held = [hold for hold in holds if hold.camera == segment.camera and _touches(hold, whole)]
    layers = [layer for layer in _layers(segment, whole, keeps, claims) if layer.until > now]
    if layers and layers[0].spans is whole:
        readable = whole
    else:
        wanted = [span for layer in layers for span in layer.spans]
        readable = common(whole, [*wanted, *(hold.when for hold in held)])
    if held:
        return _kept(segment, f"held: {held[0].reason}", readable or whole)
    if not layers:
        called = _CALLED.get(segment.data_class, "")
        return _gone(segment, f"older than {keeps.of(segment.data_class).days} d{called}")
    if shortage is not None and segment.state is not SegmentState.LOST:
        return _gone(segment, shortage.value)
    last = max(layers, key=lambda layer: layer.until)
    following = min(layers, key=lambda layer: layer.until)
    return Verdict(
        is_expired=False,
        reason=f"kept until {last.until:%Y-%m-%d %H:%M} UTC{_CALLED.get(last.data_class, '')}",
        data_class=following.data_class,
        until=last.until,
        readable=readable,
    )


def _layers(segment: Segment, whole: Spans, keeps: Keeps, claims: Collection[Claim]) -> Iterator[_Layer]:
    """Each class's right, the segment's own first: that of a clip holds though its event may be forgotten."""
    yield _Layer(segment.data_class, whole, segment.when.end + keeps.of(segment.data_class))
    for data_class in FOOTAGE_CLASSES[1:]:
        spans = common(whole, [claim.when for claim in claims if claim.data_class is data_class])
        if spans:
            yield _Layer(data_class, spans, segment.when.end + keeps.of(data_class))


def _touches(hold: Hold, whole: Spans) -> bool:
    """Whether a hold keeps anything: what was given up before it was placed does not come back."""
    return any(hold.when.overlaps(span) for span in whole)


def _kept(segment: Segment, reason: str, readable: Spans) -> Verdict:
    return Verdict(
        is_expired=False, reason=reason, data_class=segment.data_class, until=None, readable=readable
    )


def _gone(segment: Segment, reason: str) -> Verdict:
    return Verdict(is_expired=True, reason=reason, data_class=segment.data_class, until=None, readable=())
