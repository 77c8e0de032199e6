"""Spans are half-open, in UTC, never negative."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit.domain.words import EPOCH, at, span
from watchkeep.domain.interval import Interval

SPANS = st.builds(lambda start, length: span(start, start + length), st.integers(0, 20), st.integers(0, 20))


def test_a_span_that_runs_backwards_refuses_to_be_built() -> None:
    with pytest.raises(ValueError, match="does not run backwards"):
        span(1, 0)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (datetime(2026, 1, 1), EPOCH),  # noqa: DTZ001  # the point of the test
        (EPOCH, datetime(2027, 1, 1)),  # noqa: DTZ001
        (datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1))), EPOCH),
    ],
)
def test_a_span_outside_utc_refuses_to_be_built(start: datetime, end: datetime) -> None:
    with pytest.raises(ValueError, match="is in UTC"):
        Interval(start, end)


def test_another_name_for_utc_will_do() -> None:
    assert Interval(datetime(2026, 1, 1, tzinfo=timezone(timedelta(0))), EPOCH).end.tzinfo is UTC


def test_length_is_from_start_to_end() -> None:
    assert span(5, 65).length == timedelta(seconds=60)


def test_touching_spans_do_not_overlap() -> None:
    assert not span(0, 10).overlaps(span(10, 20))
    assert span(0, 10).clip(span(10, 20)) is None
    assert span(0, 11).overlaps(span(10, 20))
    assert span(0, 11).clip(span(10, 20)) == span(10, 11)


@given(SPANS, SPANS)
def test_what_is_clipped_lies_in_both(one: Interval, other: Interval) -> None:
    shared = one.clip(other)

    assert shared == other.clip(one)
    if shared is not None:
        assert one.overlaps(other)
        assert shared.length > timedelta(0)
        assert max(one.start, other.start) == shared.start
        assert min(one.end, other.end) == shared.end


@given(SPANS, st.integers(0, 40))
def test_an_instant_of_both_spans_means_they_overlap(one: Interval, second: int) -> None:
    other = span(second, second + 1)

    assert one.overlaps(other) is (one.start <= at(second) < one.end)
