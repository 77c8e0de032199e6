"""What became of every instant of a span."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchkeep.application.asking import Asking, require
from watchkeep.application.footage import find_stream
from watchkeep.application.house import House
from watchkeep.domain.access import Action, CameraObject
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.coverage import Span, account
from watchkeep.domain.errors import Invalid
from watchkeep.domain.ids import CameraId, GapId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import GapCause
from watchkeep.domain.segment import Gap, Segment
from watchkeep.storage.catalog import footage
from watchkeep.storage.catalog.hours import HOUR, hour_of

LONGEST_WITH_SPANS = timedelta(days=2)
LONGEST = timedelta(days=3660)
LONGEST_DELAY = timedelta(seconds=15)
"""How far the catalog may be behind the recorder while all is well: rows of open segments come each 5 s."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """The shares of a stretch recorded, and not recorded on purpose: in [0, 1], also their sum."""

    start: datetime
    recorded_share: float
    unwanted_share: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Spans of a short span, or buckets of a long one; the other is empty.

    Attributes:
        known_since: When the camera was added.
        oldest: Start of its oldest footage, None if there is none.
        newest: End of its newest.
        bucket_s: Length of a bucket; the last may be shorter. The first may begin within the hour before
            the span.
    """

    when: Interval
    known_since: datetime
    oldest: datetime | None
    newest: datetime | None
    spans: Sequence[Span] = ()
    bucket_s: float | None = None
    buckets: Sequence[Bucket] = ()


def read_timeline(  # who, what, and how fine
    house: House, asking: Asking, camera: CameraId, when: Interval, *, role: StreamRole, buckets: int
) -> Timeline:
    """Say what became of every instant of a span.

    It shows no picture and is asked for at every move of the page, so only refusals go into the audit.

    Raises:
        NotFound: The camera is missing or foreign, or has no such stream.
        Invalid: The span is longer than ten years.
    """
    require(house, asking, Action.VIEW_RECORDED, CameraObject(camera))
    if when.length > LONGEST:
        raise Invalid("A timeline shows at most ten years; ask for a shorter span.")
    with house.catalog.transaction(asking.subject.name) as conn:
        known, stream = find_stream(conn, camera, role)
        bounds = footage.footage_bounds(conn, stream.id)
        oldest = None if bounds is None else bounds.start
        newest = None if bounds is None else bounds.end
        if when.length <= LONGEST_WITH_SPANS:
            segments = footage.segments_between(conn, stream.id, when)
            gaps = footage.gaps_between(conn, stream.id, when)
            gaps += [
                _as_gap(camera, deletion)
                for deletion in footage.deletions(conn, camera, when)
                if deletion.stream == stream.id
            ]
            gaps += [_given_up(segment) for segment in segments if segment.claims is not None]
            spans = account(
                when,
                segments=segments,
                gaps=gaps,
                known_since=_known_since(known.created_at, segments, gaps),
                now=_known_until(house.clock.now(), segments, gaps),
            )
            return Timeline(
                when=when, known_since=known.created_at, oldest=oldest, newest=newest, spans=spans
            )
        frame, length = _frame(when, buckets)
        count = footage.recorded_per_hours if length >= HOUR else footage.recorded_per_bucket
        recorded = count(conn, stream.id, frame, bucket=length)
        now = house.clock.now()
        unwanted = footage.unwanted_per_bucket(conn, stream.id, frame, bucket=length, now=now)
    return Timeline(
        when=when,
        known_since=known.created_at,
        oldest=oldest,
        newest=newest,
        bucket_s=length.total_seconds(),
        buckets=shares(frame, length, dict(recorded), dict(unwanted)),
    )


def _frame(when: Interval, buckets: int) -> tuple[Interval, timedelta]:
    """The buckets of a long span: half an hour or more becomes whole hours, which are counted already."""
    length = timedelta(seconds=math.ceil(when.length.total_seconds() / buckets))
    if length < HOUR / 2:
        return when, length
    start, last = hour_of(when.start), hour_of(when.end)
    end = last if last == when.end else last + HOUR
    return Interval(start, end), math.ceil(length / HOUR) * HOUR


def _as_gap(camera: CameraId, deletion: footage.Deletion) -> Gap:
    """Footage that was there and was deleted, with the reason."""
    return Gap(
        id=GapId(deletion.segment),
        camera=camera,
        stream=deletion.stream,
        started_at=deletion.when.start,
        ended_at=deletion.when.end,
        cause=GapCause.DELETED,
        detail=deletion.reason,
    )


def _given_up(segment: Segment) -> Gap:
    """What no event claimed of footage that is kept for the sake of one; the footage wins over it."""
    return Gap(
        id=GapId(segment.id),
        camera=segment.camera,
        stream=segment.stream,
        started_at=segment.when.start,
        ended_at=segment.when.end,
        cause=GapCause.DELETED,
        detail=f"its limit was reached; only its {segment.data_class.value.replace('_', ' ')} is left",
    )


def _known_until(now: datetime, segments: Sequence[Segment], gaps: Sequence[Gap]) -> datetime:
    """Rows of footage follow it by some seconds: what lies after the newest is not known yet, no gap."""
    newest = max((segment.when.end for segment in segments), default=None)
    if newest is None or not now - LONGEST_DELAY <= newest < now:
        return now
    is_in_gap = any(gap.ended_at is None or gap.ended_at > newest for gap in gaps)
    return now if is_in_gap else newest


def _known_since(created_at: datetime, segments: Sequence[Segment], gaps: Sequence[Gap]) -> datetime:
    """The recorder takes up a new camera some seconds after it was added."""
    starts = [segment.when.start for segment in segments] + [gap.started_at for gap in gaps]
    first = min(starts, default=created_at)
    return first if created_at < first <= created_at + LONGEST_DELAY else created_at


def shares(
    when: Interval,
    length: timedelta,
    recorded: dict[datetime, float],
    unwanted: dict[datetime, float] | None = None,
) -> list[Bucket]:
    """Turn seconds per bucket into shares; buckets without footage are 0, and footage wins over gaps."""
    made: list[Bucket] = []
    start = when.start
    while start < when.end:
        end = min(start + length, when.end)
        seconds = (end - start).total_seconds()
        share = round(min(recorded.get(start, 0.0) / seconds, 1.0), 4)
        rest = round(min((unwanted or {}).get(start, 0.0) / seconds, 1.0 - share), 4)
        made.append(Bucket(start, share, rest))
        start = end
    return made
