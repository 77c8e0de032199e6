"""Places: boxes, zones and lines, against other ways to compute the same."""

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from watchkeep.domain.errors import Invalid
from watchkeep.domain.geometry import (
    POINTS_LIMIT,
    Box,
    Point,
    checked_line,
    checked_zone,
    crosses,
    is_inside,
    signed_distance,
)

SQUARE = (Point(0.2, 0.2), Point(0.8, 0.2), Point(0.8, 0.8), Point(0.2, 0.8))
shares = st.integers(0, 1000).map(lambda number: number / 1000)
points = st.builds(Point, shares, shares)
grid = st.builds(Point, st.integers(0, 8).map(lambda n: n / 8), st.integers(0, 8).map(lambda n: n / 8))
"""Few places, so that points meet lines and one another all the time; and exact as binary fractions."""


def right_lines(of: st.SearchStrategy[Point]) -> st.SearchStrategy[tuple[Point, ...]]:
    return st.lists(of, min_size=2, max_size=6).filter(is_right_line).map(tuple)


def is_right_line(line: Sequence[Point]) -> bool:
    try:
        checked_line(line)
    except Invalid:
        return False
    return True


def winding_number(corners: Sequence[Point], point: Point) -> int:
    """How often the corners go around a point, by the sum of their angles."""
    total = 0.0
    for a, b in zip(corners, [*corners[1:], corners[0]], strict=True):
        ax, ay, bx, by = a.x - point.x, a.y - point.y, b.x - point.x, b.y - point.y
        total += math.atan2(ax * by - ay * bx, ax * bx + ay * by)
    return round(total / (2 * math.pi))


def distance_to(a: Point, b: Point, point: Point) -> float:
    """By trying places along the segment, closer and closer."""
    low, high = 0.0, 1.0

    def away(share: float) -> float:
        return math.hypot(a.x + share * (b.x - a.x) - point.x, a.y + share * (b.y - a.y) - point.y)

    for _ in range(80):
        third = (high - low) / 3
        if away(low + third) < away(high - third):
            high -= third
        else:
            low += third
    return away((low + high) / 2)


def exactly_meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether two segments share a place, in fractions."""
    ax, ay, bx, by = (Fraction(value) for value in (a.x, a.y, b.x, b.y))
    cx, cy, dx, dy = (Fraction(value) for value in (c.x, c.y, d.x, d.y))
    ux, uy, vx, vy, wx, wy = bx - ax, by - ay, dx - cx, dy - cy, cx - ax, cy - ay
    divisor = ux * vy - uy * vx
    if divisor != 0:
        return 0 <= (wx * vy - wy * vx) / divisor <= 1 and 0 <= (wx * uy - wy * ux) / divisor <= 1
    if wx * uy - wy * ux != 0 or wx * vy - wy * vx != 0:
        return False
    spans = [
        (min(ax, bx), max(ax, bx), min(cx, dx), max(cx, dx)),
        (min(ay, by), max(ay, by), min(cy, dy), max(cy, dy)),
    ]
    return all(max(low, low2) <= min(high, high2) for low, high, low2, high2 in spans)


def exactly_on(point: Point, segment: tuple[Point, Point]) -> bool:
    return exactly_meet(point, point, *segment)


def exactly_crosses_itself(corners: Sequence[Point], *, is_closed: bool) -> bool:
    """Whether two of its edges share more than the corner that they have to share."""
    edges = list(zip(corners, [*corners[1:], corners[0]], strict=True))[: None if is_closed else -1]
    for (i, first), (j, second) in itertools.combinations(enumerate(edges), 2):
        if j == i + 1:
            meets = exactly_on(first[0], second) or exactly_on(second[1], first)
        elif is_closed and i == 0 and j == len(edges) - 1:
            meets = exactly_on(second[0], first) or exactly_on(first[1], second)
        else:
            meets = exactly_meet(*first, *second)
        if meets:
            return True
    return False


def test_a_box_knows_its_size_its_foot_and_its_middle() -> None:
    box = Box(0.2, 0.1, 0.4, 0.5)

    assert (box.width, box.height, box.area) == pytest.approx((0.2, 0.4, 0.08))
    assert (box.foot.x, box.foot.y) == pytest.approx((0.3, 0.5))
    assert (box.centre.x, box.centre.y) == pytest.approx((0.3, 0.3))


def test_a_box_that_is_inside_out_has_no_area() -> None:
    assert Box(0.5, 0.5, 0.4, 0.9).area == 0


def test_a_box_is_clipped_to_the_picture() -> None:
    assert Box(-0.2, 0.5, 1.3, 1.1).clipped() == Box(0, 0.5, 1, 1)
    assert Box(1.2, 0.5, 1.3, 0.6).clipped().area == 0


def test_boxes_overlap_by_what_they_share() -> None:
    assert Box(0, 0, 0.2, 0.2).overlap(Box(0.1, 0, 0.3, 0.2)) == pytest.approx(1 / 3)
    assert Box(0, 0, 0.2, 0.2).overlap(Box(0, 0, 0.2, 0.2)) == pytest.approx(1)
    assert Box(0, 0, 0.2, 0.2).overlap(Box(0.2, 0, 0.4, 0.2)) == 0
    assert Box(0, 0, 0.2, 0.2).overlap(Box(0, 0.5, 0.2, 0.6)) == 0


@pytest.mark.parametrize("point", [Point(0.2, 0.5), Point(0.2, 0.2), Point(0.5, 0.8), Point(0.8, 0.8)])
def test_the_boundary_belongs_to_a_zone(point: Point) -> None:
    assert is_inside(SQUARE, point)


def test_a_zone_with_a_bay_leaves_the_bay_out() -> None:
    corners = (Point(0, 0), Point(1, 0), Point(1, 1), Point(0.5, 0.2), Point(0, 1))

    assert is_inside(corners, Point(0.1, 0.5))
    assert not is_inside(corners, Point(0.5, 0.5))


@given(st.lists(points, min_size=3, max_size=9), points)
@example(list(SQUARE), Point(0.5, 0.2005))
def test_inside_is_what_an_odd_winding_number_says_off_the_boundary(
    corners: list[Point], point: Point
) -> None:
    edges = list(zip(corners, [*corners[1:], corners[0]], strict=True))
    assume(all(distance_to(a, b, point) > 1e-9 for a, b in edges))

    assert is_inside(corners, point) == (winding_number(corners, point) % 2 == 1)


@given(st.lists(grid, min_size=3, max_size=9), st.data())
def test_a_place_on_an_edge_is_inside(corners: list[Point], data: st.DataObject) -> None:
    a, b = data.draw(st.sampled_from(list(zip(corners, [*corners[1:], corners[0]], strict=True))))
    share = data.draw(st.sampled_from([0, 0.25, 0.5, 1]))

    assert is_inside(corners, Point(a.x + share * (b.x - a.x), a.y + share * (b.y - a.y)))


def test_right_is_the_right_hand_of_who_walks_along_the_line() -> None:
    down = (Point(0.5, 0.2), Point(0.5, 0.8))

    assert signed_distance(down, Point(0.4, 0.5)) == pytest.approx(0.1)
    assert signed_distance(down, Point(0.6, 0.5)) == pytest.approx(-0.1)


def test_distances_are_in_heights_of_the_picture() -> None:
    down = (Point(0.5, 0.2), Point(0.5, 0.8))

    assert signed_distance(down, Point(0.4, 0.5), aspect=2) == pytest.approx(0.2)


def test_straight_ahead_of_a_line_is_neither_left_nor_right() -> None:
    assert signed_distance((Point(0.5, 0.25), Point(0.5, 0.5)), Point(0.5, 0.75)) == 0


def test_outside_a_sharp_corner_is_one_side_only() -> None:
    # Down and nearly straight up again: it turns to the left, so all beyond its tip is on the right.
    sharp = (Point(0.4, 0.1), Point(0.5, 0.5), Point(0.6, 0.1))

    for x in (0.3, 0.45, 0.5, 0.55, 0.7):
        assert signed_distance(sharp, Point(x, 0.7)) > 0
        assert signed_distance(sharp[::-1], Point(x, 0.7)) < 0
    assert signed_distance(sharp, Point(0.5, 0.2)) < 0


@given(right_lines(points), points, st.sampled_from([1.0, 4 / 3, 16 / 9]))
def test_the_reversed_line_has_its_sides_exchanged(
    line: tuple[Point, ...], point: Point, aspect: float
) -> None:
    distance = signed_distance(line, point, aspect=aspect)

    assert signed_distance(line[::-1], point, aspect=aspect) == pytest.approx(-distance, abs=1e-12)


@given(right_lines(points), points)
def test_a_distance_is_the_way_to_the_nearest_place(line: tuple[Point, ...], point: Point) -> None:
    found = abs(signed_distance(line, point))

    assert found == 0 or found == pytest.approx(
        min(distance_to(a, b, point) for a, b in itertools.pairwise(line)), abs=1e-9
    )


@given(points, points, points, points)
def test_who_crosses_a_straight_line_is_on_its_other_side(
    a: Point, b: Point, start: Point, end: Point
) -> None:
    assume(a != b)
    before, after = signed_distance((a, b), start), signed_distance((a, b), end)
    assume(min(abs(before), abs(after)) > 1e-6)

    assert not crosses((a, b), start, end) or before * after < 0


@given(right_lines(grid), grid, grid)
def test_the_way_back_crosses_what_the_way_there_crosses(
    line: tuple[Point, ...], start: Point, end: Point
) -> None:
    assert crosses(line, start, end) == crosses(line, end, start)
    assert crosses(line, start, end) == crosses(line[::-1], start, end)


@given(right_lines(grid), grid, grid)
def test_crossing_is_what_fractions_say(line: tuple[Point, ...], start: Point, end: Point) -> None:
    exact = any(exactly_meet(start, end, a, b) for a, b in itertools.pairwise(line))

    assert crosses(line, start, end) == exact


@given(st.lists(grid, min_size=3, max_size=8))
@example([Point(0, 0), Point(1, 0), Point(0.5, 0), Point(0.5, 1)])
@example([Point(0, 0), Point(1, 1), Point(1, 0), Point(0, 1)])
@example([Point(0.5, 0), Point(0, 0), Point(0, 1), Point(1, 0)])
def test_every_zone_that_crosses_itself_is_refused(corners: list[Point]) -> None:
    assume(all(a != b for a, b in zip(corners, [*corners[1:], corners[0]], strict=True)))
    doubled = sum(a.x * b.y - b.x * a.y for a, b in zip(corners, [*corners[1:], corners[0]], strict=True))
    is_wrong = exactly_crosses_itself(corners, is_closed=True) or abs(doubled) < 2e-4
    try:
        checked_zone(corners)
    except Invalid:
        assert is_wrong
    else:
        assert not is_wrong


@given(st.lists(grid, min_size=2, max_size=6))
@example([Point(0, 0), Point(1, 0), Point(0.5, 0)])
@example([Point(0, 0), Point(0.5, 0), Point(0, 0)])
def test_every_line_that_crosses_itself_is_refused(line: list[Point]) -> None:
    assume(all(a != b for a, b in itertools.pairwise(line)))

    assert is_right_line(line) != exactly_crosses_itself(line, is_closed=False)


def test_a_good_zone_and_a_good_line_come_back_as_they_are() -> None:
    assert checked_zone(list(SQUARE)) == SQUARE
    assert checked_line(list(SQUARE)) == SQUARE


@pytest.mark.parametrize(
    ("corners", "sentence"),
    [
        (SQUARE[:2], "A zone has 3 to 64 points, not 2"),
        ([Point(0.5, 0.5)] * (POINTS_LIMIT + 1), "not 65"),
        ((*SQUARE[:3], Point(0.2, 1.2)), "Point 4 of the zone lies outside the picture"),
        ((*SQUARE[:3], Point(math.nan, 0.2)), "Point 4 of the zone lies outside the picture"),
        ((SQUARE[0], SQUARE[0], *SQUARE[1:]), "Points 1 and 2 of the zone are the same"),
        ((*SQUARE, SQUARE[0]), "The last point of the zone is the same as the first"),
        ((SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]), "the part after point 1 meets the part after point 3"),
        ((Point(0.1, 0.1), Point(0.5, 0.1), Point(0.501, 0.1001)), "no area"),
    ],
)
def test_a_zone_that_cannot_be_is_refused_in_a_sentence(corners: Sequence[Point], sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        checked_zone(corners)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (SQUARE[:1], "A line has 2 to 64 points, not 1"),
        ((SQUARE[0], SQUARE[0]), "Points 1 and 2 of the line are the same"),
        ((SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]), "The line crosses itself"),
    ],
)
def test_a_line_that_cannot_be_is_refused_in_a_sentence(line: Sequence[Point], sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        checked_line(line)
