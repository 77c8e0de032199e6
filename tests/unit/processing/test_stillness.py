"""What stands, what has moved, and how long what stands is waited for."""

import itertools
from collections.abc import Sequence

import numpy as np
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
from watchkeep.processing.stillness import Stillness

STAND = straight(2.0, 2.0)


def views(told: list[Tracked]) -> list[TrackView]:
    """Of the only track."""
    return [view for tracked in told for view in tracked.alive]


def observed(feet: Sequence[float], *, every_s: float) -> Stillness:
    """A thing of height 1 whose foot was seen in these places."""
    places = np.array([[x, 1.0] for x in feet])
    stillness = Stillness.begin(places[:1], 0.0)
    for number, place in enumerate(places[1:], start=1):
        stillness.observe(np.array([0]), place[None, :], np.array([1.0]), number * every_s)
    return stillness


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


@pytest.mark.parametrize(("off", "stands"), [(2, True), (4, False)])
def test_one_place_in_ten_may_be_off(off: int, stands: bool) -> None:
    feet = [0.2 if number in range(10, 10 + off) else 0.0 for number in range(27)]

    assert observed(feet, every_s=0.4).is_still[0] == stands


@pytest.mark.parametrize("speed", [0.03, 0.1, 1.0])
def test_what_creeps_is_not_stationary(speed: float) -> None:
    assert not any(view.is_stationary for view in views(watched(Walker(straight(1, 2, speed=speed)), end=20)))


def test_what_goes_is_stationary_no_more_and_stands_again_only_after_another_ten_seconds() -> None:
    def goes(seconds: float) -> tuple[float, float]:
        return (2.0 + min(max(seconds - 15, 0.0), 2.0) * 0.5, 2.0)

    said = views(watched(Walker(goes), end=40))
    states = [list(group) for _, group in itertools.groupby(said, key=lambda view: view.is_stationary)]

    assert [state[0].is_stationary for state in states] == [False, True, False, True]
    left, again = ((states[number][0].at - at(0)).total_seconds() for number in (2, 3))
    assert 15.6 <= left <= 16.2
    assert 25.6 <= again <= 28.5


def test_what_sways_less_than_three_tenths_of_its_height_goes_on_standing() -> None:
    def sways(seconds: float) -> tuple[float, float]:
        return (2.0 + (0.2 if seconds > 12 else 0.0), 2.0)

    assert views(watched(Walker(sways), end=30))[-1].is_stationary


def test_a_thing_has_moved_when_it_was_twice_observed_three_tenths_of_its_height_from_its_start() -> None:
    said = views(watched(Walker(straight(1.0, 2.0, speed=0.5)), end=2))

    moved = next((view.at - at(0)).total_seconds() for view in said if view.has_moved)
    assert 0.8 <= moved <= 1.0


@pytest.mark.parametrize(
    ("feet", "has_moved"),
    [
        ([0, 0.31, 0.31], True),
        ([0, 0.31, 0.31, 0, 0], True),
        ([0, 0.31, 0, 0.31, 0], False),
        ([0, 0.29, 0.29, 0.29], False),
        ([0, 0.31, -0.31], True),
    ],
    ids=["there", "and back", "single jumps", "not far", "to and fro"],
)
def test_a_move_is_two_places_in_a_row_far_from_the_start_and_is_not_forgotten(
    feet: list[float], has_moved: bool
) -> None:
    assert observed(feet, every_s=0.2).has_moved[0] == has_moved


def test_what_walked_and_stands_does_not_leave_by_a_single_jump() -> None:
    stands = [1.0] * 27
    assert observed([0, *stands], every_s=0.4).is_still[0]

    assert observed([0, *stands, 1.35, 1.0], every_s=0.4).is_still[0]
    assert observed([0, *stands[:25], 1.35], every_s=0.4).is_still[0]
    assert not observed([0, *stands, 1.35, 1.35], every_s=0.4).is_still[0]


def test_what_has_just_left_does_not_stand_where_it_stood() -> None:
    assert not observed([0.0] * 54 + [0.31] * 4, every_s=0.2).is_still[0]


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
    trembling: Path = lambda seconds: (2.0 + 0.05 * (-1) ** round(seconds), 2.0)  # noqa: E731
    by = tracker()
    followed(by, looks([Walker(trembling)], times(12)))
    followed(by, looks([Walker(trembling)], times(20, start=12, rate=1.0)))
    told = followed(by, looks([], times(29, start=20, rate=1.0)))

    assert len({view.id for view in views(told)}) == 1
    assert all(view.is_stationary for view in views(told))
    assert len({view.box.left for view in views(told)}) == 1


def test_what_has_left_its_place_is_waited_for_no_longer_than_others() -> None:
    by = tracker()
    followed(by, looks([Walker(stays_then_goes(12, 1.0))], times(14)))

    assert by.update(look(15.2)).ended == ()
    assert len(by.update(look(15.4)).ended) == 1
