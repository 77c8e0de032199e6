"""Which streams a turn reads, and for how many turns the loop may sleep."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOON, RUN
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import TICKS_PER_SECOND, Fragment
from watchkeep.runtime.read_beat import ROUND, TOGETHER, is_read, turns_until_next
from watchkeep.runtime.stream_rate import needs_each_turn


@given(st.integers(0, 10_000))
def test_each_stream_is_read_twice_in_a_round_at_an_uneven_beat(number: int) -> None:
    turns = [turn for turn in range(2 * ROUND) if is_read(turn, number)]

    assert len(turns) == 4
    assert {after - before for before, after in pairwise(turns)} == {7, 8}


@given(st.integers(0, 1000), st.integers(0, 600))
def test_the_loop_sleeps_through_no_turn_in_which_a_stream_is_read(turn: int, streams: int) -> None:
    turns = turns_until_next(turn, streams)

    assert 1 <= turns <= 8
    slept_through = range(turn + 1, turn + turns)
    assert not any(is_read(each, number) for each in slept_through for number in range(streams))


def test_few_streams_are_read_together_and_many_in_groups() -> None:
    assert len({tuple(is_read(turn, number) for turn in range(ROUND)) for number in range(TOGETHER)}) == 1
    assert turns_until_next(0, 50) == 8
    assert turns_until_next(0, 1000) == 1


def a_fragment(size_bytes: int, *, seconds: float, pictures: int) -> Fragment:
    ticks = round(seconds * TICKS_PER_SECOND)
    return Fragment(
        run=RUN,
        sequence=0,
        when=Interval(NOON, NOON + timedelta(seconds=seconds)),
        start_ticks=0,
        duration_ticks=ticks,
        packet_count=pictures,
        starts_with_key=True,
        payload=bytes(size_bytes),
        media_offset=0,
        audio_offset=size_bytes,
    )


@pytest.mark.parametrize(
    ("size_bytes", "seconds", "pictures", "is_pressing"),
    [
        (190_000, 0.48, 12, False),  # 3 Mbit/s
        (2_000_000, 0.48, 12, True),  # 32 Mbit/s
        (170_000, 0.04, 1, True),  # the same, the short fragment before a key picture
        (20_000, 0.4, 2, True),  # five pictures a second
    ],
)
def test_heavy_and_slow_streams_are_read_each_turn(
    size_bytes: int, seconds: float, pictures: int, is_pressing: bool
) -> None:
    assert needs_each_turn(a_fragment(size_bytes, seconds=seconds, pictures=pictures)) is is_pressing
