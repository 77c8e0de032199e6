"""Applies the rules of one camera to the tracks of its stream."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watchkeep.analysis.crossing import Crossing
from watchkeep.analysis.presence import Presence
from watchkeep.analysis.telling import Teller, ended
from watchkeep.domain.event import EndReason, Event
from watchkeep.domain.ids import CameraId, RuleId, StreamId, TrackId
from watchkeep.domain.rule import EventKind, Rule
from watchkeep.domain.track import Tracked, TrackView

FOUND_AGAIN_WITHIN = timedelta(seconds=2)
"""Of looks after a restart: what was there is there again by then, or its event ends."""
COAST = timedelta(seconds=0.3)
"""So long after its last observation a predicted place still says where a thing is."""
NEW_OBSERVATIONS = 2
"""A track that has no more is just confirmed: nobody can have told of it before."""


@dataclass(slots=True)
class _Followed:
    """What the rules know of a track.

    Attributes:
        at: Of the newest look that was taken.
        is_new: Whether the track was seen here from its beginning, until its first look is over.
    """

    at: datetime
    is_new: bool
    presences: dict[RuleId, Presence] = field(default_factory=dict)
    crossings: dict[RuleId, Crossing] = field(default_factory=dict)


class RuleEngine:
    """Of one camera. Holds something only of tracks that are alive.

    Args:
        camera: Whose rules.
        stream: Whose tracks.
        rules: Disabled ones are left out.
        alert_from: The model's confidence from which on an event may be more than a notice.
        opens: Events that were open before a restart; each goes on with its track, or ends.
    """

    def __init__(
        self,
        camera: CameraId,
        stream: StreamId,
        rules: Sequence[Rule],
        *,
        alert_from: float,
        opens: Sequence[Event] = (),
    ) -> None:
        self._teller = Teller(camera=camera, stream=stream, alert_from=alert_from)
        self._rules = _enabled(rules)
        self._followed: dict[TrackId, _Followed] = {}
        self._opens = {(event.rule, event.track): event for event in opens}
        self._opens_until: datetime | None = None
        self._given_up: dict[tuple[RuleId, TrackId], Event] = {}

    def update(self, tracked: Tracked, *, aspect: float, known_at: datetime) -> list[Event]:
        """Take the tracks after a look; the events that changed, as they stand now.

        A track's look that is not later than the one before changes nothing.

        Args:
            tracked: From the tracker.
            aspect: Width of the picture divided by its height.
            known_at: Now, on our clock.
        """
        told = self._drop_opens_of_other_rules()
        for view in tracked.alive:
            told += self._look(view, aspect, known_at)
        alive = {view.id for view in tracked.alive}
        for track in [track for track in self._followed if track not in alive]:
            told += _end(self._followed.pop(track), EndReason.GONE)
        return told + self._give_up_opens(tracked)

    def lose(self, reason: EndReason) -> list[Event]:
        """Nobody looks any more: everything open ends at the last picture that belongs to it."""
        told = self._end_opens(EndReason.RESTART)
        for followed in self._followed.values():
            told += _end(followed, reason)
        return told

    def change_rules(self, rules: Sequence[Rule]) -> list[Event]:
        """Take other rules; what was open of a changed or removed one ends."""
        new = _enabled(rules)
        gone = {rule.id for rule in self._rules.values() if new.get(rule.id) != rule}
        self._rules = new
        told: list[Event] = []
        for followed in self._followed.values():
            for rule_id in gone:
                followed.crossings.pop(rule_id, None)
                before = followed.presences.pop(rule_id, None)
                if before is None:
                    continue
                told += before.end(EndReason.RULE_CHANGED)
                rule = new.get(rule_id)
                if rule is not None and rule.text.kind is not EventKind.LINE_CROSS:
                    followed.presences[rule_id] = Presence(rule, self._teller, rests=before.rests)
        return told + self._drop_opens_of_other_rules()

    def open_events(self) -> list[Event]:
        """What goes on, also what is not found again yet."""
        presences = (
            presence for followed in self._followed.values() for presence in followed.presences.values()
        )
        return [*self._opens.values(), *(each.event for each in presences if each.event is not None)]

    def _look(self, view: TrackView, aspect: float, known_at: datetime) -> list[Event]:
        followed = self._followed.get(view.id)
        if followed is None:
            is_new = view.observations <= NEW_OBSERVATIONS
            followed = self._followed[view.id] = _Followed(view.at, is_new)
        elif view.at <= followed.at:
            return []
        followed.at = view.at
        told: list[Event] = []
        for rule in self._rules.values():
            if rule.text.kind is EventKind.LINE_CROSS:
                told += self._at_line(rule, followed, view, aspect, known_at)
            else:
                told += self._at_place(rule, followed, view, known_at)
        followed.is_new = False
        return told

    def _at_line(
        self, rule: Rule, followed: _Followed, view: TrackView, aspect: float, known_at: datetime
    ) -> list[Event]:
        crossing = followed.crossings.get(rule.id)
        if crossing is None:
            crossing = followed.crossings[rule.id] = Crossing(rule, self._teller)
        return [] if view.is_predicted else crossing.look(view, known_at, aspect=aspect)

    def _at_place(self, rule: Rule, followed: _Followed, view: TrackView, known_at: datetime) -> list[Event]:
        presence = followed.presences.get(rule.id)
        if presence is None:
            key = (rule.id, view.id)
            presence = followed.presences[rule.id] = Presence(
                rule,
                self._teller,
                told=self._opens.pop(key, None),
                last=self._given_up.pop(key, None),
                is_whole=followed.is_new,
                rests=view.is_stationary,
            )
        if not view.is_predicted:
            return presence.look(view, known_at)
        return presence.coast(view) if view.at - view.observed_at <= COAST else []

    def _drop_opens_of_other_rules(self) -> list[Event]:
        """What was open of a rule that is not there any more, or not in that version, ends."""
        versions = {rule.id: rule.version for rule in self._rules.values()}
        other = [key for key, event in self._opens.items() if versions.get(key[0]) != event.rule_version]
        return [ended(self._opens.pop(key), EndReason.RULE_CHANGED) for key in other]

    def _give_up_opens(self, tracked: Tracked) -> list[Event]:
        """End what is not found again. Where nothing is alive there may be no more looks for long."""
        if not (self._opens or self._given_up):
            return []
        if not tracked.alive:
            return self._end_opens(EndReason.RESTART)
        at = tracked.alive[0].at
        if self._opens_until is None:
            self._opens_until = at + FOUND_AGAIN_WITHIN
        if at <= self._opens_until:
            return []
        told = self._end_opens(EndReason.RESTART)
        self._given_up.clear()
        return told

    def _end_opens(self, reason: EndReason) -> list[Event]:
        told = [ended(event, reason) for event in self._opens.values()]
        # Its track may yet come, within the two seconds: then it is the same event that goes on.
        self._given_up |= {(event.rule, event.track): event for event in told}
        self._opens.clear()
        return told


def _enabled(rules: Sequence[Rule]) -> dict[RuleId, Rule]:
    return {rule.id: rule for rule in rules if rule.text.is_enabled}


def _end(followed: _Followed, reason: EndReason) -> Iterator[Event]:
    for presence in followed.presences.values():
        yield from presence.end(reason)
