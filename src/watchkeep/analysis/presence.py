"""Being there: in a zone, or before the camera at all. Source: docs/reference/rules.md."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watchkeep.analysis.telling import Teller, Told, ended, place_of
from watchkeep.domain.detection import ObjectGroup, group_of
from watchkeep.domain.event import EndReason, Event
from watchkeep.domain.geometry import Box, is_inside
from watchkeep.domain.rule import EventKind, Rule
from watchkeep.domain.track import TrackView

ENTER_AFTER = timedelta(seconds=0.4)
ENTER_OBSERVATIONS = 2
LEAVE_AFTER = timedelta(seconds=1)
REOPEN_WITHIN = timedelta(seconds=5)
RESTS_AFTER = {ObjectGroup.VEHICLE: timedelta(seconds=60), ObjectGroup.CYCLE: timedelta(seconds=60)}
RESTS_AFTER_ELSE = timedelta(seconds=300)


@dataclass(slots=True)
class _Coming:
    """Somebody who is there, but not yet for long enough.

    Attributes:
        box: At `since`.
    """

    since: datetime
    box: Box
    observations: int


class Presence:
    """One rule about being there, and one track.

    Args:
        rule: About a zone, or the whole picture.
        teller: Makes the events.
        told: An event that was open before a restart and goes on.
        last: One that was given up after a restart, and goes on when the track is back soon.
        is_whole: Whether the track was seen from its beginning.
        rests: Whether it stood there already when somebody began to look, so belongs to the scene.
    """

    def __init__(
        self,
        rule: Rule,
        teller: Teller,
        *,
        told: Event | None = None,
        last: Event | None = None,
        is_whole: bool = False,
        rests: bool = False,
    ) -> None:
        self.rule = rule
        self.rests = rests and told is None
        self._teller = teller
        self._is_whole_picture = rule.text.kind is EventKind.OBJECT
        self._told = Told(told, told, told.seen_until) if told is not None else None
        self._last = last
        self._is_whole = is_whole
        self._coming: _Coming | None = None
        self._outside_since: datetime | None = None
        self._still_since: datetime | None = None

    @property
    def event(self) -> Event | None:
        """The open event."""
        return self._told.event if self._told is not None else None

    def look(self, view: TrackView, known_at: datetime) -> list[Event]:
        """Take an observation of the track."""
        if (rested := self._rest(view)) is not None:
            return rested
        if self._is_there(view):
            return self._inside(view, known_at)
        return self._outside(view)

    def coast(self, view: TrackView) -> list[Event]:
        """Take a predicted place: it says where the track is, but makes nobody enter."""
        if self.rests:
            return []
        if self._is_there(view):
            self._outside_since = None
            return []
        return self._outside(view)

    def end(self, reason: EndReason) -> list[Event]:
        """The track is over, or nobody looks any more."""
        has_left = reason is EndReason.GONE and self._outside_since is not None
        self._coming = self._outside_since = None
        if self._told is None:
            return []
        self._last = ended(self._told.event, EndReason.LEFT if has_left else reason)
        self._told = None
        return [self._last]

    def _is_there(self, view: TrackView) -> bool:
        return self._is_whole_picture or is_inside(
            self.rule.text.points, place_of(view, self.rule.text.anchor)
        )

    def _inside(self, view: TrackView, known_at: datetime) -> list[Event]:
        self._outside_since = None
        if self._told is not None:
            return self._told.grow(self._teller.grown(self.rule, self._told.event, view))
        coming = self._coming = self._come(view)
        is_long = self._is_whole_picture or view.at - coming.since >= ENTER_AFTER
        if not (view.has_moved and is_long and coming.observations >= ENTER_OBSERVATIONS):
            return []
        if not self.rule.means(view.object_type):
            return []
        event = self._again(view, coming.since) or self._teller.begin(
            self.rule, view, started_at=coming.since, box=coming.box, known_at=known_at
        )
        self._coming, self._told = None, Told(event, event, view.at)
        return [event]

    def _come(self, view: TrackView) -> _Coming:
        """Count an observation of who comes."""
        coming = self._coming
        if coming is None:
            is_from_start = self._is_whole and self._is_whole_picture
            since = view.started_at if is_from_start else view.at
            coming = _Coming(since, view.box, view.observations - 1 if is_from_start else 0)
        coming.observations += 1
        self._is_whole = False
        return coming

    def _again(self, view: TrackView, since: datetime) -> Event | None:
        """The event before, when it was left for a moment only."""
        last = self._last
        if last is None or last.ended_at is None or since - last.ended_at > REOPEN_WITHIN:
            return None
        again = replace(last, ended_at=None, end_reason=None, revision=last.revision + 1)
        return self._teller.grown(self.rule, again, view)

    def _outside(self, view: TrackView) -> list[Event]:
        self._coming, self._is_whole = None, False
        if self._told is None:
            return []
        if self._outside_since is None:
            self._outside_since = view.at
        if view.at - self._outside_since < LEAVE_AFTER:
            return []
        return self.end(EndReason.LEFT)

    def _rest(self, view: TrackView) -> list[Event] | None:
        """What stands for long belongs to the scene until it moves again; None when it does not rest."""
        if not view.is_stationary:
            self._still_since = None
            if self.rests:
                self.rests, self._is_whole = False, False
                self._coming = self._last = None
            return None
        if self.rests:
            return []
        self._still_since = self._still_since or view.at
        limit = RESTS_AFTER.get(group_of(view.object_type), RESTS_AFTER_ELSE)
        if view.at - self._still_since < limit:
            return None
        self.rests = True
        return self.end(EndReason.RESTING)
