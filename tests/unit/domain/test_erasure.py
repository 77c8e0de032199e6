"""What stays of a segment that an erased span cuts through, and which days a span touches."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeep.domain.erasure import days_of, is_whole_day, remainders
from watchkeep.domain.interval import Interval

START = datetime(2026, 11, 25, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Mark:
    when: Interval
    starts_with_key: bool


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def marks(count: int = 12) -> list[Mark]:
    """Half a second each, every fourth with a key picture."""
    return [Mark(Interval(at(number / 2), at((number + 1) / 2)), number % 4 == 0) for number in range(count)]


@pytest.mark.parametrize(
    ("start", "end", "stays"),
    [
        (2, 4, [range(4), range(8, 12)]),
        (2.1, 3.9, [range(4), range(8, 12)]),
        (2, 4.1, [range(4)]),
        (-5, 2, [range(4, 12)]),
        (-5, 1.9, [range(4, 12)]),
        (-5, 2.1, [range(8, 12)]),
        (4, 60, [range(8)]),
        (-5, 60, []),
        (-5, 5.9, []),
        (0, 0.4, [range(4, 12)]),
    ],
)
def test_what_stays_is_whole_fragments_outside_the_span_and_can_be_shown(
    start: float, end: float, stays: list[range]
) -> None:
    assert remainders(marks(), Interval(at(start), at(end))) == stays


@given(start=st.floats(-2, 8), length=st.floats(0.001, 10))
def test_nothing_of_the_span_stays_and_nothing_before_it_goes(start: float, length: float) -> None:
    when = Interval(at(start), at(start + length))
    all_marks = marks()

    stays = [number for stretch in remainders(all_marks, when) for number in stretch]

    assert not any(all_marks[number].when.overlaps(when) for number in stays)
    assert {number for number, mark in enumerate(all_marks) if mark.when.end <= when.start} <= set(stays)
    assert len(set(stays)) == len(stays)


def test_the_days_of_a_span_include_one_whose_last_segment_may_reach_into_it() -> None:
    midnight = datetime(2026, 11, 25, tzinfo=UTC)
    day = timedelta(days=1)

    assert days_of(Interval(midnight, midnight + day)) == [date(2026, 11, 24), date(2026, 11, 25)]
    assert days_of(Interval(START, at(1))) == [date(2026, 11, 25)]


def test_a_day_is_whole_only_from_midnight_to_midnight() -> None:
    midnight = datetime(2026, 11, 25, tzinfo=UTC)
    second, day = timedelta(seconds=1), timedelta(days=1)

    assert is_whole_day(midnight.date(), Interval(midnight, midnight + day))
    assert not is_whole_day(midnight.date(), Interval(midnight + second, midnight + day))
    assert not is_whole_day(midnight.date(), Interval(midnight, midnight + day - second))
