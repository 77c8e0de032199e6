"""What goes by its age within a span: whole hours from the counts, the rest judged segment by segment."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from watchkeep.application.footage_rules import RuleBook
from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import EPOCH, CameraId
from watchkeep.domain.interval import Interval
from watchkeep.domain.retention import FOOTAGE_CLASSES, Claim
from watchkeep.storage.catalog import footage
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.footage import LONGEST
from watchkeep.storage.catalog.hours import HOUR, Numbers, StoredHours
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.catalog.retention import claims_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """Footage of a camera and class that goes within a span.

    Attributes:
        when: From when to when it goes.
        is_at_most: Some of it is claimed by events and will stay as their clips; that was not looked at.
        oldest: Start of the oldest of it.
        newest: End of the newest; to the hour where whole hours go.
    """

    camera: CameraId
    data_class: DataClass
    when: Interval
    reason: str
    is_at_most: bool
    segments: int
    size_bytes: int
    oldest: datetime
    newest: datetime

    def without(self, other: "Going | None") -> "Going":
        """The same less what goes anyway."""
        if other is None:
            return self
        return replace(
            self,
            segments=self.segments - other.segments,
            size_bytes=self.size_bytes - other.size_bytes,
            oldest=max(self.oldest, min(other.newest, self.newest)),
        )


def going_between(
    conn: Connection,
    stored: Sequence[StoredHours],
    rules: RuleBook,
    when: Interval,
    *,
    scope: Collection[CameraId] | None,
    to_the_hour: bool = False,
) -> list[Going]:
    """What goes by its age at an instant of the span, by camera and class; what is held does not.

    Args:
        conn: An open transaction.
        stored: What there is, by hour.
        rules: By which.
        when: In which it goes.
        scope: Cameras; None is all.
        to_the_hour: Let an hour go as one, at its end: no segment is looked at but where something is held.
    """
    found: dict[tuple[CameraId, DataClass], Going] = {}
    for each in stored:
        if scope is not None and each.camera not in scope:
            continue
        if each.data_class not in FOOTAGE_CLASSES:
            continue
        going = _of_hours(conn, each, rules, when, to_the_hour=to_the_hour)
        if going is not None:
            known = found.get((each.camera, each.data_class))
            found[each.camera, each.data_class] = going if known is None else _together(known, going)
    return [found[key] for key in sorted(found)]


def _of_hours(
    conn: Connection, stored: StoredHours, rules: RuleBook, when: Interval, *, to_the_hour: bool
) -> Going | None:
    """Of one camera, class and volume."""
    keeps = rules.keeps(stored.camera)
    keep = keeps.of(stored.data_class)
    since_s, until_s = (_unix_s(edge) - keep.total_seconds() for edge in (when.start, when.end))
    start_s = stored.hours * 3600
    # A segment that began in an hour ends in it, or within the five minutes after it.
    last_end_s = start_s + 3600 + LONGEST.total_seconds()
    if to_the_hour:
        may_go = (start_s + 3600 >= since_s) & (start_s + 3600 < until_s)
        is_whole = may_go.copy()
    else:
        may_go = (last_end_s >= since_s) & (start_s < until_s)
        is_whole = may_go & (start_s >= since_s) & (last_end_s < until_s)
    for span in rules.held(stored.camera):
        # Who holds what is the business of each segment.
        is_whole &= ~((last_end_s > _unix_s(span.start)) & (start_s < _unix_s(span.end)))
    claims: list[Claim] = []
    if may_go.any():
        first, last = (_hour(number) for number in stored.hours[may_go][[0, -1]])
        span = Interval(first.start, last.end + LONGEST)
        claims = claims_of(conn, [(stored.camera, span)], {stored.camera: keeps}).get(stored.camera, [])
    if not to_the_hour:
        for claim in claims:
            is_whole &= ~((last_end_s > _unix_s(claim.when.start)) & (start_s < _unix_s(claim.when.end)))
    segments, size_bytes = int(stored.segments[is_whole].sum()), int(stored.size_bytes[is_whole].sum())
    spans = [_hour(number) for number in stored.hours[is_whole][[0, -1]]] if is_whole.any() else []
    for segment in _one_by_one(conn, stored, stored.hours[may_go & ~is_whole]):
        touching = [claim for claim in claims if claim.when.overlaps(segment.when)]
        fate = rules.fate(segment, EPOCH, [] if to_the_hour else touching)
        if fate.goes_at is not None and (to_the_hour or when.start <= fate.goes_at < when.end):
            segments += 1
            size_bytes += segment.size_bytes
            spans.append(segment.when)
    if not segments:
        return None
    return Going(
        camera=stored.camera,
        data_class=stored.data_class,
        when=when,
        reason=f"older than {keep.days} d",
        is_at_most=to_the_hour and bool(claims),
        segments=segments,
        size_bytes=size_bytes,
        oldest=min(span.start for span in spans),
        newest=max(span.end for span in spans),
    )


def _one_by_one(conn: Connection, stored: StoredHours, numbers: Numbers) -> list[StoredSegment]:
    """The segments of some hours, read a run of touching hours at a time."""
    found: list[StoredSegment] = []
    for run in np.split(numbers, np.flatnonzero(np.diff(numbers) != 1) + 1) if len(numbers) else ():
        span = Interval(_hour(run[0]).start, _hour(run[-1]).end)
        found += footage.settled_of_camera(conn, stored.camera, stored.data_class, span)
    return [segment for segment in found if segment.volume == stored.volume]


def _together(one: Going, other: Going) -> Going:
    return replace(
        one,
        is_at_most=one.is_at_most or other.is_at_most,
        segments=one.segments + other.segments,
        size_bytes=one.size_bytes + other.size_bytes,
        oldest=min(one.oldest, other.oldest),
        newest=max(one.newest, other.newest),
    )


def _hour(number: np.int64) -> Interval:
    start = EPOCH + int(number) * HOUR
    return Interval(start, start + HOUR)


def _unix_s(instant: datetime) -> float:
    return (instant - EPOCH).total_seconds()
