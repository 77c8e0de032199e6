"""Every second is accounted for: recorded, or a gap with its cause."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from watchkeep.domain.interval import Interval
from watchkeep.domain.media import GapCause
from watchkeep.domain.segment import Gap, Segment, SegmentState


class Coverage(StrEnum):
    """What is known of an instant."""

    RECORDED = "recorded"
    OPEN = "open"
    GAP = "gap"
    BEFORE = "before"
    """The camera was not there yet."""
    AHEAD = "ahead"
    """Not happened yet."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one coverage."""

    when: Interval
    coverage: Coverage
    cause: GapCause | None = None
    detail: str = ""


_RANKS = {Coverage.OPEN: 1, Coverage.RECORDED: 2}


def account(
    when: Interval,
    *,
    segments: Iterable[Segment],
    gaps: Iterable[Gap],
    known_since: datetime,
    now: datetime,
) -> list[Span]:
    """Say what became of every instant of a span.

    Footage wins over gaps; of two gaps the one that began later names the cause; what neither covers is a
    gap of unknown cause.

    Args:
        when: The span asked about.
        segments: Those of one stream that overlap it; in any order; doomed and lost ones are passed over.
        gaps: Those of the stream that overlap it.
        known_since: When the stream was added.
        now: The end of what can be known.

    Returns:
        Spans without hole or overlap whose lengths add up to that of `when`, neighbours merged where alike.
    """
    layers: list[tuple[Interval, Span]] = []
    for gap in gaps:
        end = min(gap.ended_at or now, now)
        if gap.started_at < end:
            span = Interval(gap.started_at, end)
            layers.append((span, Span(span, Coverage.GAP, gap.cause, gap.detail)))
    layers.sort(key=lambda layer: layer[0].start)
    for segment in segments:
        if segment.state in (SegmentState.DOOMED, SegmentState.LOST):
            continue
        coverage = Coverage.OPEN if segment.state is SegmentState.OPEN else Coverage.RECORDED
        parts = (segment.when,) if segment.claims is None else segment.claims
        layers.extend((part, Span(part, coverage)) for part in parts)

    cuts = {when.start, when.end}
    for span, _ in layers:
        cuts.update(instant for instant in (span.start, span.end) if when.start < instant < when.end)
    cuts.update(instant for instant in (known_since, now) if when.start < instant < when.end)
    ordered = sorted(cuts)

    spans: list[Span] = []
    active = sorted(layers, key=lambda layer: layer[0].start)
    position = 0
    live: list[tuple[Interval, Span]] = []
    for start, end in itertools.pairwise(ordered):
        while position < len(active) and active[position][0].start <= start:
            live.append(active[position])
            position += 1
        live = [layer for layer in live if layer[0].end > start]
        _extend(spans, _verdict(Interval(start, end), live, known_since, now))
    return spans


def _verdict(when: Interval, live: list[tuple[Interval, Span]], known_since: datetime, now: datetime) -> Span:
    best: Span | None = None
    for _, span in live:
        if best is None or _rank(span) >= _rank(best):
            best = span
    if best is not None:
        return Span(when, best.coverage, best.cause, best.detail)
    if when.start >= now:
        return Span(when, Coverage.AHEAD)
    if when.start < known_since:
        return Span(when, Coverage.BEFORE)
    return Span(when, Coverage.GAP, GapCause.UNKNOWN, "nothing says what happened here")


def _rank(span: Span) -> int:
    return _RANKS.get(span.coverage, 0)


def _extend(spans: list[Span], span: Span) -> None:
    if spans:
        last = spans[-1]
        if (last.coverage, last.cause, last.detail) == (span.coverage, span.cause, span.detail):
            joined = Interval(last.when.start, span.when.end)
            spans[-1] = Span(joined, last.coverage, last.cause, last.detail)
            return
    spans.append(span)
