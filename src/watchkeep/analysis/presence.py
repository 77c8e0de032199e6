"""Being there: in a zone, or before the camera at all. Source: docs/reference/rules.md."""

from dataclasses import replace
from datetime import datetime, timedelta

from watchkeep.analysis.telling import Teller, Told, ended, place_of
from watchkeep.domain.detection import ObjectGroup, group_of
from watchkeep.domain.event import EndReason, Event
from watchkeep.domain.geometry import is_inside
from watchkeep.domain.rule import EventKind, Rule
from watchkeep.domain.track import TrackView

ENTER_AFTER = timedelta(seconds=0.4)
ENTER_OBSERVATIONS = 2
LEAVE_AFTER = timedelta(seconds=1)
REOPEN_WITHIN = timedelta(seconds=5)
RESTS_AFTER = {ObjectGroup.VEHICLE: timedelta(seconds=60), ObjectGroup.CYCLE: timedelta(seconds=60)}
RESTS_AFTER_ELSE = timedelta(seconds=300)


class Presence:
    """One rule about being there, and one track."""

    def __init__(self, rule: Rule, teller: Teller, told: Event | None = None) -> None:
        """Begin; `told` is an event that was open before a restart and goes on."""
        self.rule = rule
        self._teller = teller
        self._told = Told(told, told, told.seen_until) if told is not None else None
        self._last: Event | None = None
        self._inside_since: datetime | None = None
        self._observations = 0
        self._outside_since: datetime | None = None
        self._still_since: datetime | None = None
        self._rests = False

    @property
    def event(self) -> Event | None:
        """The open event."""
        return self._told.event if self._told is not None else None

    def look(self, view: TrackView, known_at: datetime) -> list[Event]:
        """Take an observation of the track."""
        rests = self._rest(view)
        if rests is not None:
            return rests
        if self._is_there(view):
            return self._inside(view, known_at)
        return self._outside(view)

    def end(self, reason: EndReason) -> list[Event]:
        """The track is over, or nobody looks any more."""
        if self._told is None:
            return []
        self._last = ended(self._told.event, reason)
        self._told = None
        return [self._last]

    def _is_there(self, view: TrackView) -> bool:
        if self.rule.text.kind is EventKind.OBJECT:
            return True
        return is_inside(self.rule.text.points, place_of(view, self.rule.text.anchor))

    def _inside(self, view: TrackView, known_at: datetime) -> list[Event]:
        self._outside_since = None
        if self._told is not None:
            return self._told.grow(self._teller.grown(self.rule, self._told.event, view))
        if self._inside_since is None:
            is_whole = self.rule.text.kind is EventKind.OBJECT and self._last is None
            self._inside_since = view.started_at if is_whole else view.at
            self._observations = view.observations - 1 if is_whole else 0
        self._observations += 1
        is_long = view.at - self._inside_since >= ENTER_AFTER or self.rule.text.kind is EventKind.OBJECT
        if not (view.has_moved and is_long and self._observations >= ENTER_OBSERVATIONS):
            return []
        if not self.rule.means(view.object_type):
            return []
        event = self._again(view) or self._teller.begin(
            self.rule, view, started_at=self._inside_since, known_at=known_at
        )
        self._told = Told(event, event, view.at)
        return [event]

    def _again(self, view: TrackView) -> Event | None:
        """The event before, when it was left for a moment only."""
        last, since = self._last, self._inside_since
        if last is None or last.ended_at is None or since is None or since - last.ended_at > REOPEN_WITHIN:
            return None
        again = replace(last, ended_at=None, end_reason=None, revision=last.revision + 1)
        return self._teller.grown(self.rule, again, view)

    def _outside(self, view: TrackView) -> list[Event]:
        self._inside_since = None
        self._observations = 0
        if self._told is None:
            return []
        if self._outside_since is None:
            self._outside_since = view.at
        if view.at - self._outside_since < LEAVE_AFTER:
            return []
        self._outside_since = None
        return self.end(EndReason.LEFT)

    def _rest(self, view: TrackView) -> list[Event] | None:
        """What stands for long belongs to the scene until it moves again; None when it does not rest."""
        if not view.is_stationary:
            self._still_since = None
            if self._rests:
                self._rests = False
                self._last, self._inside_since = None, view.at
                self._observations = 0
            return None
        if self._rests:
            return []
        self._still_since = self._still_since or view.at
        limit = RESTS_AFTER.get(group_of(view.object_type), RESTS_AFTER_ELSE)
        if view.at - self._still_since < limit:
            return None
        self._rests = True
        return self.end(EndReason.RESTING)
