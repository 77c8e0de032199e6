"""Sums of spans: what several cover together, what two have in common."""

from collections.abc import Iterable, Sequence

from watchkeep.domain.interval import Interval

Spans = tuple[Interval, ...]
"""In order, apart from one another, none empty."""


def merged(spans: Iterable[Interval]) -> Spans:
    """What the spans cover together; those that touch become one, empty ones are left out."""
    found: list[Interval] = []
    for span in sorted(span for span in spans if span.start < span.end):
        if found and span.start <= found[-1].end:
            found[-1] = Interval(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return tuple(found)


def common(ours: Sequence[Interval], theirs: Sequence[Interval]) -> Spans:
    """What both cover; each of the two may overlap itself."""
    shared = (span for our in ours for their in theirs if (span := our.clip(their)) is not None)
    return merged(shared)
