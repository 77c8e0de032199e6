"""What stands, what has moved, and how long what stands is waited for."""

import pytest

from unit.processing.walking import (
    Path,
    Walker,
    at,
    followed,
    hidden,
    look,
    looks,
    straight,
    times,
    tracker,
    watched,
)
from watchkeep.domain.track import Tracked, TrackView

STAND = straight(2.0, 2.0)


def views(told: list[Tracked]) -> list[TrackView]:
    """Of the only track."""
    return [view for tracked in told for view in tracked.alive]


def stays_then_goes(start: float, speed: float) -> Path:
    return lambda seconds: (2.0 + max(seconds - start, 0.0) * speed, 2.0)


def first_still(told: list[Tracked]) -> float:
    return next((view.at - at(0)).total_seconds() for view in views(told) if view.is_stationary)


@pytest.mark.parametrize("rate", [1.0, 1.7, 2.0, 3.5, 5.0, 7.0, 15.0, 25.0])
def test_what_stands_for_ten_seconds_is_stationary_whatever_the_rate_of_looks(rate: float) -> None:
    told = watched(Walker(STAND), end=14, rate=rate)

    assert 10 <= first_still(told) <= 10 + max(1 / rate, 0.4) + 0.001
    assert not any(view.has_moved for view in views(told))


def test_a_little_trembling_is_standing() -> None:
    trembling: Path = lambda seconds: (2.0 + 0.05 * (-1) ** round(seconds * 5), 2.0)  # noqa: E731

    assert first_still(watched(Walker(trembling), end=12)) <= 10.5


def test_one_observation_in_twenty_that_is_off_does_not_disturb() -> None:
    jumpy: Path = lambda seconds: (2.0 + 0.2 * (round(seconds * 5) % 20 == 7), 2.0)  # noqa: E731

    assert first_still(watched(Walker(jumpy), end=12)) <= 10.5


@pytest.mark.parametrize("speed", [0.03, 0.1, 1.0])
def test_what_creeps_is_not_stationary(speed: float) -> None:
    assert not any(view.is_stationary for view in views(watched(Walker(straight(1, 2, speed=speed)), end=20)))


def test_what_goes_is_stationary_no_more_and_stands_again_only_after_another_ten_seconds() -> None:
    def goes(seconds: float) -> tuple[float, float]:
        return (2.0 + min(max(seconds - 15, 0.0), 2.0) * 0.5, 2.0)

    said = views(watched(Walker(goes), end=40))
    still = [(view.at - at(0)).total_seconds() for view in said if view.is_stationary]

    left = next(second for second in still if second > 15)
    assert max(second for second in still if second < 17) <= 16.2
    assert left <= 16.2
    again = min(second for second in still if second > 17)
    assert 25.5 <= again <= 28.5


def test_what_sways_less_than_three_tenths_of_its_height_goes_on_standing() -> None:
    def sways(seconds: float) -> tuple[float, float]:
        return (2.0 + (0.2 if seconds > 12 else 0.0), 2.0)

    assert views(watched(Walker(sways), end=30))[-1].is_stationary


def test_a_thing_has_moved_when_it_was_twice_observed_three_tenths_of_its_height_from_its_start() -> None:
    said = views(watched(Walker(straight(1.0, 2.0, speed=0.5)), end=2))

    moved = next((view.at - at(0)).total_seconds() for view in said if view.has_moved)
    assert 0.8 <= moved <= 1.0


def test_a_single_jump_is_no_move_and_a_move_is_not_forgotten() -> None:
    def jumps(seconds: float) -> tuple[float, float]:
        return (2.0 + (0.35 if seconds in (2.0, 3.0) else 0.0), 2.0)

    def comes_back(seconds: float) -> tuple[float, float]:
        return (2.0 + (0.5 if 2 <= seconds < 4 else 0.0), 2.0)

    assert not any(view.has_moved for view in views(watched(Walker(jumps), end=5)))
    assert views(watched(Walker(comes_back), end=8))[-1].has_moved


def test_what_stood_and_goes_has_moved_then() -> None:
    said = views(watched(Walker(stays_then_goes(14, 0.5)), end=18))

    moved = next((view.at - at(0)).total_seconds() for view in said if view.has_moved)
    assert 14.8 <= moved <= 15.4


def test_what_stands_is_waited_for_ten_seconds() -> None:
    told = watched(Walker(hidden(STAND, 15, 24.5)), end=26)
    assert len({view.id for view in views(told)}) == 1

    told = watched(Walker(hidden(STAND, 15, 26)), end=28)
    assert [view.observed_at for tracked in told for view in tracked.ended] == [at(14.8)]


def test_what_stands_is_followed_by_one_look_a_second_and_does_not_drift() -> None:
    by = tracker()
    followed(by, looks([Walker(STAND)], times(12)))
    told = followed(by, looks([Walker(hidden(STAND, 20, 28))], times(40, start=12, rate=1.0)))

    assert len({view.id for view in views(told)}) == 1
    assert all(view.is_stationary for view in views(told))
    lefts = [view.box.left for view in views(told)]
    assert max(lefts) - min(lefts) < 1e-6


def test_what_has_left_its_place_is_waited_for_no_longer_than_others() -> None:
    by = tracker()
    followed(by, looks([Walker(stays_then_goes(12, 1.0))], times(14)))

    assert by.update(look(15.2)).ended == ()
    assert len(by.update(look(15.4)).ended) == 1
