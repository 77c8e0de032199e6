"""What is given up first, and when it is told that it will come to that."""

from datetime import timedelta

from unit.domain.words import at
from watchkeep.domain.pressure import Room, Rung, is_warned, reserve_reached_on, rungs


def test_with_room_enough_nothing_is_given_up() -> None:
    assert rungs(Room(free=100, reserve=100)) == ()


def test_the_gentlest_way_comes_first_and_deletion_last() -> None:
    assert rungs(Room(free=99, reserve=100)) == (
        Rung.LEFTOVERS,
        Rung.SUB_ONLY,
        Rung.THINNING,
        Rung.DELETING,
    )


def test_in_haste_there_is_only_deletion() -> None:
    assert rungs(Room(free=49, reserve=100)) == (Rung.DELETING,)
    assert rungs(Room(free=50, reserve=100))[0] is Rung.LEFTOVERS


def test_the_day_on_which_the_reserve_is_reached_follows_from_what_comes_and_goes() -> None:
    now = at(0)

    assert reserve_reached_on(Room(free=400, reserve=100), came=150, goes=50, now=now) == now + timedelta(
        days=3
    )
    assert reserve_reached_on(Room(free=50, reserve=100), came=150, goes=50, now=now) == now
    assert reserve_reached_on(Room(free=400, reserve=100), came=50, goes=50, now=now) is None
    assert reserve_reached_on(Room(free=10**9, reserve=0), came=51, goes=50, now=now) is None


def test_it_is_told_a_week_before() -> None:
    now = at(0)

    assert is_warned(now + timedelta(days=7), now)
    assert not is_warned(now + timedelta(days=7, seconds=1), now)
    assert not is_warned(None, now)
