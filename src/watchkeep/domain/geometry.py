"""Places in a picture: shares of its width and height, origin top left, y downwards.

Source of the definitions: docs/reference/rules.md.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from watchkeep.domain.errors import Invalid

POINTS_LIMIT = 64
"""A zone or line with more corners is a mistake, or an attack on whoever computes with it."""


@dataclass(frozen=True, slots=True)
class Point:
    """A place in the picture; (0, 0) is the top left corner, (1, 1) the bottom right one."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in the picture. A filtered box may stand out of the picture a little."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Share of the picture's width."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Share of the picture's height."""
        return self.bottom - self.top

    @property
    def area(self) -> float:
        """Share of the picture."""
        return max(self.width, 0.0) * max(self.height, 0.0)

    @property
    def foot(self) -> Point:
        """Where the thing stands: the middle of the lower edge."""
        return Point((self.left + self.right) / 2, self.bottom)

    @property
    def centre(self) -> Point:
        """The middle."""
        return Point((self.left + self.right) / 2, (self.top + self.bottom) / 2)

    def clipped(self) -> "Box":
        """The part within the picture."""
        left, top = (min(max(value, 0.0), 1.0) for value in (self.left, self.top))
        return Box(left, top, min(max(self.right, left), 1.0), min(max(self.bottom, top), 1.0))

    def overlap(self, other: "Box") -> float:
        """Intersection over union, 0 to 1."""
        shared = Box(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )
        if shared.width <= 0 or shared.height <= 0:
            return 0.0
        return shared.area / (self.area + other.area - shared.area)


def is_inside(corners: Sequence[Point], point: Point) -> bool:
    """Say whether a point lies in a polygon: even-odd rule, the boundary belongs to it."""
    inside = False
    for a, b in _edges(corners):
        if _is_on_segment(point, a, b):
            return True
        if (a.y > point.y) != (b.y > point.y):
            x = a.x + (point.y - a.y) * (b.x - a.x) / (b.y - a.y)
            if point.x < x:
                inside = not inside
    return inside


def signed_distance(line: Sequence[Point], point: Point, *, aspect: float = 1.0) -> float:
    """Distance to a directed polyline in shares of the picture's height; negative on its left.

    Left is what lies to the left hand of someone who walks from its first point to its last, as seen in the
    picture. Where a corner is nearest, the point lies outside the turn there: left of a turn to the right.
    Straight ahead of the last point or behind the first one is neither left nor right: 0.

    Args:
        line: At least two points; a right one, see `checked_line`.
        point: Where.
        aspect: Width of the picture divided by its height.
    """
    points = [Point(each.x * aspect, each.y) for each in line]
    here = Point(point.x * aspect, point.y)
    pieces = list(itertools.pairwise(points))
    nearest = min(range(len(pieces)), key=lambda number: _distance(*pieces[number], here))
    a, b = pieces[nearest]
    distance = _distance(a, b, here)
    # y grows downwards, so a positive turn is to the right hand.
    turn = _turn(a, b, here)
    share = _share(a, b, here)
    if share >= 1 and nearest + 1 < len(pieces):
        turn = -_turn(a, b, pieces[nearest + 1][1]) or turn
    elif share <= 0 and nearest > 0:
        turn = -_turn(*pieces[nearest - 1], b) or turn
    return math.copysign(distance, turn) if turn else 0.0


def crosses(line: Sequence[Point], start: Point, end: Point) -> bool:
    """Say whether the way from start to end touches a polyline."""
    return any(_intersect(start, end, a, b) for a, b in itertools.pairwise(line))


def checked_zone(corners: Sequence[Point]) -> tuple[Point, ...]:
    """A zone's corners, when they are right.

    Raises:
        Invalid: Fewer than three corners, too many, out of the picture, without area, or crossing itself.
    """
    _check_points(corners, what="zone", least=3)
    if _is_same(corners[0], corners[-1]):
        raise Invalid(
            "The last point of the zone is the same as the first; remove it, a zone closes by itself.",
            point=len(corners),
        )
    _check_uncrossed(_edges(corners), what="zone", is_closed=True)
    doubled = sum(a.x * b.y - b.x * a.y for a, b in _edges(corners))
    if abs(doubled) < 2e-4:
        raise Invalid("The zone has no area; draw it around a part of the picture.")
    return tuple(corners)


def checked_line(points: Sequence[Point]) -> tuple[Point, ...]:
    """A line's points, when they are right.

    Raises:
        Invalid: Fewer than two points, too many, out of the picture, two in the same place, or crossing
            itself: then nobody could say which side is left.
    """
    _check_points(points, what="line", least=2)
    _check_uncrossed(list(itertools.pairwise(points)), what="line", is_closed=False)
    return tuple(points)


def _check_points(points: Sequence[Point], *, what: str, least: int) -> None:
    if not least <= len(points) <= POINTS_LIMIT:
        raise Invalid(
            f"A {what} has {least} to {POINTS_LIMIT} points, not {len(points)}; draw it again.",
            count=len(points),
        )
    for number, point in enumerate(points, start=1):
        if not (0 <= point.x <= 1 and 0 <= point.y <= 1):  # not-a-number fails this too
            raise Invalid(
                f"Point {number} of the {what} lies outside the picture ({point.x:g}, {point.y:g}); both "
                "numbers are shares from 0 to 1.",
                point=number,
            )
    for number, (a, b) in enumerate(itertools.pairwise(points), start=1):
        if _is_same(a, b):
            raise Invalid(
                f"Points {number} and {number + 1} of the {what} are the same; remove one.", point=number
            )


def _check_uncrossed(edges: Sequence[tuple[Point, Point]], *, what: str, is_closed: bool) -> None:
    count = len(edges)
    for first, second in itertools.combinations(range(count), 2):
        if second == first + 1:
            meets = _folds_back(*edges[first], edges[second][1])
        elif is_closed and second - first == count - 1:
            meets = _folds_back(*edges[second], edges[first][1])
        else:
            meets = _intersect(*edges[first], *edges[second])
        if meets:
            raise Invalid(
                f"The {what} crosses itself: the part after point {first + 1} meets the part after point "
                f"{second + 1}; draw it without crossing.",
                first=first + 1,
                second=second + 1,
            )


def _is_same(a: Point, b: Point) -> bool:
    return math.hypot(a.x - b.x, a.y - b.y) < 1e-6


def _share(a: Point, b: Point, point: Point) -> float:
    """Where along a segment its place nearest to a point would be, were it a whole line: 0 at a, 1 at b."""
    dx, dy = b.x - a.x, b.y - a.y
    return ((point.x - a.x) * dx + (point.y - a.y) * dy) / (dx * dx + dy * dy)


def _distance(a: Point, b: Point, point: Point) -> float:
    """From a segment."""
    share = min(max(_share(a, b, point), 0.0), 1.0)
    return math.hypot(point.x - a.x - share * (b.x - a.x), point.y - a.y - share * (b.y - a.y))


def _folds_back(a: Point, b: Point, c: Point) -> bool:
    """Whether the way from b to c lies on the way from a to b."""
    is_backwards = (b.x - a.x) * (c.x - b.x) + (b.y - a.y) * (c.y - b.y) < 0
    return is_backwards and (_is_on_segment(c, a, b) or _is_on_segment(a, b, c))


def _edges(corners: Sequence[Point]) -> list[tuple[Point, Point]]:
    return list(zip(corners, [*corners[1:], corners[0]], strict=True))


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)


def _is_on_segment(point: Point, a: Point, b: Point) -> bool:
    return (
        abs(_turn(a, b, point)) < 1e-12
        and min(a.x, b.x) <= point.x <= max(a.x, b.x)
        and min(a.y, b.y) <= point.y <= max(a.y, b.y)
    )


def _intersect(a: Point, b: Point, c: Point, d: Point) -> bool:
    if any(
        (_is_on_segment(a, c, d), _is_on_segment(b, c, d), _is_on_segment(c, a, b), _is_on_segment(d, a, b))
    ):
        return True
    return (_turn(a, b, c) > 0) != (_turn(a, b, d) > 0) and (_turn(c, d, a) > 0) != (_turn(c, d, b) > 0)
