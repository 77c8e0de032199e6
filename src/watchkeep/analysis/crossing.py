"""Crossing a line. Source: docs/reference/rules.md."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watchkeep.analysis.telling import Teller, place_of
from watchkeep.domain.event import Event, Flag
from watchkeep.domain.geometry import Box, Point, crosses, signed_distance
from watchkeep.domain.rule import Direction, Rule
from watchkeep.domain.track import TrackView

BAND = 0.08
"""Nearer to the line than this, in box heights, a foot is on neither side."""
CONFIRM_OBSERVATIONS = 2
GAP = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class _Stand:
    """A foot on a known side."""

    is_right: bool
    point: Point
    box: Box
    at: datetime


class Crossing:
    """One line rule and one track."""

    def __init__(self, rule: Rule, teller: Teller) -> None:
        self.rule = rule
        self._teller = teller
        self._side: _Stand | None = None
        """Confirmed, with the newest place on it."""
        self._first: _Stand | None = None
        self._count = 0

    def look(self, view: TrackView, known_at: datetime, *, aspect: float) -> list[Event]:
        """Take an observation of the track."""
        point = place_of(view, self.rule.text.anchor)
        distance = signed_distance(self.rule.text.points, point, aspect=aspect)
        if abs(distance) <= BAND * view.box.height:
            return []
        stand = _Stand(distance > 0, point, view.box, view.at)
        if self._side is not None and stand.is_right == self._side.is_right:
            self._side, self._first, self._count = stand, None, 0
            return []
        if self._first is None or self._first.is_right != stand.is_right:
            self._first, self._count = stand, 0
        self._count += 1
        if self._count < CONFIRM_OBSERVATIONS:
            return []
        old, first = self._side, self._first
        self._side, self._first, self._count = stand, None, 0
        if old is None or not crosses(self.rule.text.points, old.point, stand.point):
            return []
        return self._tell(view, old, first, known_at)

    def _tell(self, view: TrackView, old: _Stand, first: _Stand, known_at: datetime) -> list[Event]:
        direction = Direction.LEFT_TO_RIGHT if first.is_right else Direction.RIGHT_TO_LEFT
        if self.rule.text.direction not in (Direction.ANY, direction):
            return []
        if not self.rule.means(view.object_type):
            return []
        event = self._teller.begin(
            self.rule, view, started_at=first.at, box=first.box, known_at=known_at, direction=direction
        )
        if first.at - old.at > GAP:
            event = replace(event, flags=(*event.flags, Flag.GAP))
        return [event]
