"""Tiers: where footage belongs, what binds, which volume is chosen."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeep.domain.tier import (
    Binding,
    DailyHours,
    Filling,
    Limit,
    Reserve,
    Room,
    Tier,
    choose_volume,
    contradictions,
    destination,
    share_out,
    what_binds,
)

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
A, B, C = (UUID(int=number) for number in (1, 2, 3))


def local(hour: int, minute: int = 0) -> datetime:
    return NOW.replace(hour=hour, minute=minute)


def test_a_reserve_is_a_size_or_a_share() -> None:
    assert Reserve(size_bytes=5).of(1000) == 5
    assert Reserve(share=0.1).of(1000) == 100


def test_hours_may_go_over_midnight() -> None:
    night = DailyHours(start_minute=22 * 60, end_minute=6 * 60)
    noon = DailyHours(start_minute=12 * 60, end_minute=13 * 60)

    assert [night.holds(local(hour)) for hour in (21, 22, 23, 0, 5, 6)] == [
        False,
        True,
        True,
        True,
        True,
        False,
    ]
    assert [noon.holds(local(11, 59)), noon.holds(local(12)), noon.holds(local(13))] == [False, True, False]
    assert str(night) == "22:00-06:00"


@pytest.mark.parametrize(("start", "end"), [(-1, 60), (1440, 60), (0, 0), (60, 1441), (60, 60)])
def test_hours_that_are_none_refuse_to_be_built(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="hours"):
        DailyHours(start_minute=start, end_minute=end)


def test_without_hours_moves_may_always_run() -> None:
    assert Tier(name="warm").may_move(local(3))
    noon = Tier(name="warm", hours=(DailyHours(start_minute=720, end_minute=780),))
    assert noon.may_move(local(12))
    assert not noon.may_move(local(14))


def test_the_volume_with_most_room_is_chosen() -> None:
    rooms = [Room(volume=A, free_bytes=10), Room(volume=B, free_bytes=20), Room(volume=C, free_bytes=5)]

    assert choose_volume(rooms, 6) == rooms[1]
    assert choose_volume(rooms, 6, without=[B]) == rooms[0]
    assert choose_volume(rooms, 6, without=[A, B]) is None
    assert choose_volume(rooms, 21) is None


def test_of_volumes_without_bounds_the_emptiest_is_chosen() -> None:
    rooms = [
        Room(volume=A, free_bytes=1 << 40),
        Room(volume=B, free_bytes=None, used_bytes=9),
        Room(volume=C, free_bytes=None, used_bytes=3),
    ]

    assert choose_volume(rooms, 100) == rooms[2]


@given(
    sizes=st.lists(st.integers(1, 50), max_size=30),
    free=st.lists(st.one_of(st.none(), st.integers(0, 300)), min_size=1, max_size=4),
    bound=st.one_of(st.none(), st.integers(0, 500)),
)
def test_what_is_shared_out_fits(sizes: list[int], free: list[int | None], bound: int | None) -> None:
    rooms = [Room(volume=UUID(int=number), free_bytes=each) for number, each in enumerate(free)]

    chosen = share_out(sizes, rooms, lies_on=[()] * len(sizes), most_bytes=bound)

    for room in rooms:
        got = sum(size for size, each in zip(sizes, chosen, strict=True) if each == room.volume)
        assert room.free_bytes is None or got <= room.free_bytes
    total = sum(size for size, each in zip(sizes, chosen, strict=True) if each is not None)
    assert bound is None or total <= bound


def test_two_disks_are_filled_until_they_are_level() -> None:
    rooms = [Room(volume=A, free_bytes=100), Room(volume=B, free_bytes=40)]

    chosen = share_out([10] * 10, rooms, lies_on=[()] * 10)

    assert chosen[:6] == [A] * 6
    assert chosen.count(A) == 8


def test_nothing_goes_where_it_is_already() -> None:
    rooms = [Room(volume=A, free_bytes=100), Room(volume=B, free_bytes=40)]

    assert share_out([10, 10], rooms, lies_on=[{A}, {A, B}]) == [B, None]


TIERS = [
    Tier(name="hot", max_age=7 * DAY),
    Tier(name="warm", max_age=30 * DAY),
    Tier(name="cold", max_age=365 * DAY),
]


@pytest.mark.parametrize(
    ("number", "days", "to"), [(0, 7, 1), (0, 29.9, 1), (0, 30, 2), (0, 400, 2), (1, 8, 2)]
)
def test_footage_goes_to_the_next_tier_that_is_meant_for_its_age(number: int, days: float, to: int) -> None:
    assert destination(TIERS, number, days * DAY) == to


def test_a_tier_without_an_age_takes_footage_of_any() -> None:
    tiers = [TIERS[0], replace(TIERS[1], max_age=None), TIERS[2]]

    assert destination(tiers, 0, 400 * DAY) == 1


def test_the_limit_that_is_reached_first_binds() -> None:
    tier = Tier(name="hot", max_age=7 * DAY, max_bytes=1000)
    filling = Filling(used_bytes=400, oldest_end=NOW - 5 * DAY, spare_bytes=900, bytes_per_day=100)

    assert what_binds(tier, filling, now=NOW) == Binding(Limit.AGE, NOW + 2 * DAY)
    assert what_binds(tier, replace(filling, bytes_per_day=600), now=NOW) == Binding(Limit.SIZE, NOW + DAY)
    assert what_binds(tier, replace(filling, spare_bytes=50), now=NOW) == Binding(Limit.FREE, NOW + DAY / 2)
    assert what_binds(tier, replace(filling, spare_bytes=-1), now=NOW) == Binding(Limit.FREE, NOW)


def test_nothing_binds_what_has_no_limits_or_does_not_grow() -> None:
    assert what_binds(Tier(name="x"), Filling(used_bytes=5, oldest_end=NOW), now=NOW) is None
    still = Filling(used_bytes=5, oldest_end=None, spare_bytes=10)
    assert what_binds(Tier(name="x", max_age=DAY, max_bytes=10), still, now=NOW) is None
    slow = replace(still, spare_bytes=10**15, bytes_per_day=1)
    assert what_binds(Tier(name="x"), slow, now=NOW) is None


def test_what_does_not_fit_together_is_said() -> None:
    young = [TIERS[0], replace(TIERS[1], max_age=7 * DAY)]
    twice = [TIERS[0], replace(TIERS[1], name="hot")]

    assert contradictions(TIERS) == []
    assert contradictions([TIERS[0], Tier(name="any"), TIERS[2]]) == []
    assert [number for number, _ in contradictions(young)] == [1]
    assert "warm lets go of footage at 7 d, and hot keeps it to 7 d" in contradictions(young)[0][1]
    assert contradictions(twice)[0][1].startswith("name: there are two tiers hot")
