"""Crossing a line: who goes over it, and who only stands on it."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from track_builders import Yard, a_line, a_view, at, box_at, seconds_of, stands, walk
from watchkeep.domain.event import EndReason, Flag
from watchkeep.domain.rule import Anchor, Direction, EventKind, Severity

WEST, EAST = (0.3, 0.5), (0.7, 0.5)
"""Of a line that is walked downwards: west is on its right hand, east on its left."""


def test_a_crossing_is_told_once_with_its_direction_and_is_over_at_once() -> None:
    event = Yard([a_line()]).watch(walk((0, WEST), (4, EAST)), 6).event

    assert event.kind is EventKind.LINE_CROSS
    assert event.direction is Direction.RIGHT_TO_LEFT
    assert event.end_reason is EndReason.PASSED
    assert event.started_at == event.ended_at


def test_a_crossing_is_at_the_first_picture_beyond_the_band_and_known_at_the_second() -> None:
    yard = Yard([a_line()]).watch(walk((0, WEST), (4, EAST)), 6)

    # 0.1 a second; the band is 0.08 of a box of 0.2.
    assert yard.event.started_at == at(2.2)
    assert yard.event.detected_at == at(2.4)
    assert yard.event.box.foot.x == pytest.approx(0.52)


def test_the_other_way_is_the_other_direction() -> None:
    assert Yard([a_line()]).watch(walk((0, EAST), (4, WEST)), 6).event.direction is Direction.LEFT_TO_RIGHT


def test_a_reversed_line_has_the_other_direction() -> None:
    line = a_line((0.5, 0.9), (0.5, 0.1))

    assert Yard([line]).watch(walk((0, WEST), (4, EAST)), 6).event.direction is Direction.LEFT_TO_RIGHT


@pytest.mark.parametrize("direction", [Direction.LEFT_TO_RIGHT, Direction.RIGHT_TO_LEFT])
def test_a_rule_may_want_one_direction(direction: Direction) -> None:
    there_and_back = walk((0, WEST), (4, EAST), (8, WEST))

    assert Yard([a_line(direction=direction)]).watch(there_and_back, 10).event.direction is direction


def test_there_and_back_are_two() -> None:
    yard = Yard([a_line()]).watch(walk((0, WEST), (4, EAST), (8, WEST)), 10)

    assert [event.direction for event in yard.events] == [Direction.RIGHT_TO_LEFT, Direction.LEFT_TO_RIGHT]
    assert len({event.id for event in yard.events}) == 2


@settings(max_examples=30)
@given(st.lists(st.floats(-0.99, 0.99), min_size=10, max_size=60))
def test_jitter_within_the_band_is_no_crossing(jitter: list[float]) -> None:
    yard = Yard([a_line()]).watch(stands(*WEST), 1)
    for number, share in enumerate(jitter):
        yard.look(a_view(2 + number / 5, (0.5 + share * 0.08 * 0.2, 0.5)))

    assert yard.told == []


def test_one_picture_on_the_other_side_is_no_crossing() -> None:
    yard = Yard([a_line()]).watch(stands(*WEST), 2)
    yard.look(a_view(2.2, EAST))
    yard.watch(stands(*WEST), 4, start=2.4)
    yard.look(a_view(4.2, EAST))
    yard.watch(stands(*WEST), 6, start=4.4)

    assert yard.told == []


def test_pictures_within_the_band_count_for_neither_side() -> None:
    yard = Yard([a_line()]).watch(stands(*WEST), 1)
    for seconds, x in ((1.2, 0.53), (1.4, 0.5), (1.6, 0.53)):
        yard.look(a_view(seconds, (x, 0.5)))

    assert yard.event.started_at == at(1.2)


def test_a_predicted_place_confirms_no_side() -> None:
    yard = Yard([a_line()]).watch(stands(*WEST), 2)
    yard.look(a_view(2.2, EAST))
    yard.look(a_view(2.4, EAST, observed_s=2.2))
    assert yard.told == []

    assert yard.look(a_view(2.6, EAST)) != []


def test_where_a_thing_is_seen_first_twice_is_its_side_and_no_crossing() -> None:
    assert Yard([a_line()]).watch(stands(*EAST), 4).told == []


def test_who_walks_around_the_end_of_a_line_does_not_cross_it() -> None:
    line = a_line((0.5, 0.1), (0.5, 0.4))
    around = walk((0, (0.3, 0.3)), (2, (0.3, 0.7)), (4, (0.7, 0.7)), (6, (0.7, 0.3)))

    assert Yard([line]).watch(around, 8).told == []


def test_a_line_of_several_parts_is_crossed_at_any_of_them() -> None:
    line = a_line((0.2, 0.2), (0.5, 0.4), (0.8, 0.2), (0.9, 0.9))

    assert (
        Yard([line]).watch(walk((0, (0.3, 0.1)), (4, (0.3, 0.6))), 6).event.direction
        is Direction.LEFT_TO_RIGHT
    )
    assert (
        Yard([line]).watch(walk((0, (0.6, 0.7)), (4, (0.99, 0.7))), 6).event.direction
        is Direction.RIGHT_TO_LEFT
    )


def test_the_band_is_as_wide_along_x_as_along_y() -> None:
    # 0.015 of the width are 0.03 of the height where the picture is wide: beyond 0.08 of a box of 0.2.
    wide, narrow = (Yard([a_line()], aspect=aspect) for aspect in (2, 1))
    for yard in (wide, narrow):
        yard.watch(walk((0, (0.485, 0.5)), (1, (0.485, 0.5)), (1.2, (0.515, 0.5)), (3, (0.515, 0.5))), 3)

    assert len(wide.events) == 1
    assert narrow.told == []


def test_the_foot_crosses_not_the_head() -> None:
    level = ((0.1, 0.5), (0.9, 0.5))
    step = walk((0, (0.5, 0.7)), (4, (0.5, 0.55)))

    assert Yard([a_line(*level)]).watch(step, 6).told == []
    assert len(Yard([a_line(*level, anchor=Anchor.CENTRE)]).watch(step, 6).events) == 1


def test_a_crossing_that_nobody_saw_for_three_seconds_is_flagged() -> None:
    seen = Yard([a_line()]).watch(stands(*WEST), 2)
    seen.watch(stands(*EAST), 6, start=5.0)
    unseen = Yard([a_line()]).watch(stands(*WEST), 2)
    unseen.watch(stands(*EAST), 6, start=5.2)

    assert seen.event.flags == ()
    assert unseen.event.flags == (Flag.GAP,)


def test_a_crossing_at_the_lower_edge_is_flagged() -> None:
    line = a_line((0.5, 0.5), (0.5, 1))

    assert Yard([line]).watch(walk((0, (0.3, 1.0)), (4, (0.7, 1.0))), 6).event.flags == (Flag.CLIPPED,)


def test_a_crossing_by_something_else_is_not_told_but_remembered() -> None:
    yard = Yard([a_line()]).watch(walk((0, WEST), (4, EAST)), 6, object_type="dog")
    yard.watch(walk((6, EAST), (10, WEST)), 12, start=6.2)

    assert [event.direction for event in yard.events] == [Direction.LEFT_TO_RIGHT]


def test_a_crossing_is_worth_what_its_rule_says() -> None:
    event = Yard([a_line(severity=Severity.ALERT)]).watch(walk((0, WEST), (4, EAST)), 6).event

    assert event.severity is Severity.ALERT
    assert event.severity_reasons == ("rule Rule: alert",)


@settings(max_examples=40)
@given(st.floats(0.05, 0.5), st.floats(0, 2 * math.pi), st.floats(0, 0.19))
def test_whoever_walks_straight_over_a_line_crosses_it_once(
    speed: float, heading: float, phase: float
) -> None:
    dx, dy = math.cos(heading), math.sin(heading)
    line = a_line((0.5 + 0.3 * dy, 0.5 - 0.3 * dx), (0.5 - 0.3 * dy, 0.5 + 0.3 * dx))
    yard = Yard([line])
    seconds = 0.0
    while seconds < 0.8 / speed:
        way = (seconds + phase) * speed - 0.4
        yard.look(
            a_view(seconds, (0.5 + way * dx, 0.5 + way * dy), box=box_at(0.5 + way * dx, 0.5 + way * dy))
        )
        seconds += 0.2

    # For someone who walks along the line he comes from the right.
    assert [event.direction for event in yard.events] == [Direction.RIGHT_TO_LEFT]
    assert seconds_of([yard.event.started_at])[0] == pytest.approx(
        0.4 / speed - phase, abs=0.2 + 0.016 / speed
    )
