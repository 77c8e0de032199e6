"""Every second is accounted for."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from unit.domain.words import EPOCH, a_gap, a_segment, at, span
from watchkeep.domain.coverage import Coverage, Span, account
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import GapCause
from watchkeep.domain.segment import Gap, Segment, SegmentState

HOUR = span(0, 3600)


def kinds(spans: list[Span]) -> list[tuple[float, float, str]]:
    def seconds(instant: datetime) -> float:
        return (instant - EPOCH).total_seconds()

    return [(seconds(s.when.start), seconds(s.when.end), s.cause or s.coverage) for s in spans]


def asked(
    *,
    segments: Sequence[Segment] = (),
    gaps: Sequence[Gap] = (),
    since: float = 0,
    now: float = 3600,
) -> list[tuple[float, float, str]]:
    return kinds(account(HOUR, segments=segments, gaps=gaps, known_since=at(since), now=at(now)))


def test_what_nothing_covers_is_a_gap_of_unknown_cause() -> None:
    assert asked() == [(0, 3600, "unknown")]


def test_an_empty_span_has_no_account() -> None:
    assert account(span(5, 5), segments=[], gaps=[], known_since=at(0), now=at(9)) == []


def test_before_the_camera_and_after_now_are_no_gaps() -> None:
    assert asked(since=600, now=3000) == [(0, 600, "before"), (600, 3000, "unknown"), (3000, 3600, "ahead")]


def test_touching_segments_are_one_recording() -> None:
    assert asked(segments=[a_segment(60, 120), a_segment(0, 60)], now=120) == [
        (0, 120, "recorded"),
        (120, 3600, "ahead"),
    ]


def test_footage_wins_over_a_gap_that_overlaps_it() -> None:
    assert asked(segments=[a_segment(100, 200)], gaps=[a_gap(0, 3600)]) == [
        (0, 100, "unreachable"),
        (100, 200, "recorded"),
        (200, 3600, "unreachable"),
    ]


def test_closed_footage_wins_over_open() -> None:
    open_one = a_segment(0, 100, state=SegmentState.OPEN)
    recovered = a_segment(50, 200, state=SegmentState.RECOVERED)

    assert asked(segments=[recovered, open_one], now=200)[:2] == [(0, 50, "open"), (50, 200, "recorded")]


def test_a_doomed_or_lost_segment_is_no_footage() -> None:
    segments = [a_segment(0, 10, state=SegmentState.DOOMED), a_segment(10, 20, state=SegmentState.LOST)]

    assert asked(segments=segments) == [(0, 3600, "unknown")]


def test_of_two_gaps_the_later_one_names_the_cause() -> None:
    gaps = [a_gap(100, 200, GapCause.DISK), a_gap(0, 300)]

    assert asked(gaps=gaps, now=300)[:3] == [
        (0, 100, "unreachable"),
        (100, 200, "disk"),
        (200, 300, "unreachable"),
    ]


def test_a_gap_that_lasts_ends_now() -> None:
    assert asked(gaps=[a_gap(3000, None)], now=3300) == [
        (0, 3000, "unknown"),
        (3000, 3300, "unreachable"),
        (3300, 3600, "ahead"),
    ]


def test_a_gap_that_begins_after_now_says_nothing() -> None:
    assert asked(gaps=[a_gap(3400, 3500)], now=3300)[-1] == (3300, 3600, "ahead")


def test_gaps_of_like_cause_and_unlike_detail_stay_apart() -> None:
    gaps = [a_gap(0, 100, detail="refused"), a_gap(100, 200, detail="no route")]
    spans = account(span(0, 200), segments=[], gaps=gaps, known_since=at(0), now=at(200))

    assert [s.detail for s in spans] == ["refused", "no route"]


INSTANTS = st.integers(-20, 120)
LENGTHS = st.integers(0, 60)
SEGMENTS = st.lists(
    st.builds(
        lambda start, length, state: a_segment(start, start + length, state=state),
        INSTANTS,
        LENGTHS,
        st.sampled_from(SegmentState),
    ),
    max_size=12,
)
GAPS = st.lists(
    st.builds(
        lambda start, length, cause: a_gap(start, None if length is None else start + length, cause),
        INSTANTS,
        st.none() | LENGTHS,
        st.sampled_from(GapCause),
    ),
    max_size=12,
)


@given(SEGMENTS, GAPS, INSTANTS, INSTANTS)
def test_the_account_is_whole_and_footage_wins_unless_it_is_damaged(
    segments: list[Segment], gaps: list[Gap], since: int, now: int
) -> None:
    when = span(0, 100)
    spans = account(when, segments=segments, gaps=gaps, known_since=at(since), now=at(now))

    assert spans[0].when.start == when.start
    assert spans[-1].when.end == when.end
    for earlier, later in itertools.pairwise(spans):
        assert earlier.when.end == later.when.start, "a hole or an overlap"
        assert (earlier.coverage, earlier.cause, earlier.detail) != (
            later.coverage,
            later.cause,
            later.detail,
        )
    assert sum((s.when.length for s in spans), timedelta(0)) == when.length
    for second in range(100):
        assert coverage_at(spans, second + 0.5) is expected_at(second + 0.5, segments, gaps, since, now)


def coverage_at(spans: list[Span], second: float) -> Coverage:
    (found,) = [s for s in spans if s.when.start <= at(second) < s.when.end]
    return found.coverage


def expected_at(second: float, segments: list[Segment], gaps: list[Gap], since: int, now: int) -> Coverage:
    """The same decision, instant by instant."""

    def covers(when: Interval) -> bool:
        return when.start <= at(second) < when.end

    latest = datetime.max.replace(tzinfo=UTC)
    there = [g for g in gaps if g.started_at <= at(second) < (g.ended_at or latest) and second < now]
    if any(g.cause is GapCause.DAMAGED for g in there):
        return Coverage.GAP
    states = {s.state for s in segments if covers(s.when)}
    if states & {SegmentState.CLOSED, SegmentState.RECOVERED}:
        return Coverage.RECORDED
    if SegmentState.OPEN in states:
        return Coverage.OPEN
    if second >= now:
        return Coverage.AHEAD
    if there:
        return Coverage.GAP
    return Coverage.BEFORE if second < since else Coverage.GAP
