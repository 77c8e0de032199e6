"""What goes by its age within a span: whole hours from the counts, the rest judged segment by segment."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from watchkeep.application.footage_rules import Fate, RuleBook
from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import EPOCH, CameraId
from watchkeep.domain.interval import Interval
from watchkeep.storage.catalog import footage
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.footage import LONGEST
from watchkeep.storage.catalog.hours import HOUR, StoredHours
from watchkeep.storage.catalog.recorder_rows import StoredSegment


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """Footage of a camera and class that goes within a span.

    Attributes:
        when: From when to when it goes.
        oldest: Start of the oldest of it.
        newest: End of the newest; to the hour where whole hours go.
    """

    camera: CameraId
    data_class: DataClass
    when: Interval
    reason: str
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
        if each.data_class not in rules.of(each.camera):
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
    keep = rules.of(stored.camera)[stored.data_class].keep
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
    segments, size_bytes = int(stored.segments[is_whole].sum()), int(stored.size_bytes[is_whole].sum())
    spans = [_hour(number) for number in stored.hours[is_whole][[0, -1]]] if is_whole.any() else []
    for number in stored.hours[may_go & ~is_whole]:
        for segment, fate in _judged(conn, stored, _hour(number), rules, when):
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
        segments=segments,
        size_bytes=size_bytes,
        oldest=min(span.start for span in spans),
        newest=max(span.end for span in spans),
    )


def _judged(
    conn: Connection, stored: StoredHours, hour: Interval, rules: RuleBook, when: Interval
) -> list[tuple[StoredSegment, Fate]]:
    """The segments of one hour, and what becomes of each."""
    found = footage.settled_of_camera(conn, stored.camera, stored.data_class, hour)
    return [(segment, rules.fate(segment, when.end)) for segment in found if segment.volume == stored.volume]


def _together(one: Going, other: Going) -> Going:
    return replace(
        one,
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
