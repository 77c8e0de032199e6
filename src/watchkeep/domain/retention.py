"""How long footage is kept. The smallest true form; the rooms stay when it grows."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchkeep.domain.interval import Interval
from watchkeep.domain.segment import Segment, SegmentState


@dataclass(frozen=True, slots=True)
class Hold:
    """An order to keep a span of a camera whatever the policy says."""

    camera: str
    when: Interval
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a segment, and why."""

    is_expired: bool
    reason: str


def judge(
    segment: Segment,
    *,
    keep: timedelta,
    holds: Collection[Hold],
    now: datetime,
    is_space_short: bool = False,
) -> Verdict:
    """Say whether a segment may go.

    Age counts from the segment's end. A hold wins over age and over want of space; a segment that is
    still being written never goes.
    """
    if segment.state in (SegmentState.OPEN, SegmentState.DOOMED, SegmentState.LOST):
        return Verdict(False, f"it is {segment.state}")
    for hold in holds:
        if hold.camera == segment.camera and hold.when.overlaps(segment.when):
            return Verdict(False, f"held: {hold.reason}")
    age = now - segment.when.end
    if age >= keep:
        return Verdict(True, f"older than {keep.days} d")
    if is_space_short:
        return Verdict(True, "space was short and it was the oldest")
    return Verdict(False, f"kept until {segment.when.end + keep:%Y-%m-%d %H:%M} UTC")
