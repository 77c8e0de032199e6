"""Applies the rules of one camera to the tracks of its stream."""

from collections.abc import Sequence
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
"""Of looks after a restart: what was there is there again by then, or is gone."""


@dataclass(slots=True)
class _Followed:
    """What the rules know of a track."""

    presences: dict[RuleId, Presence] = field(default_factory=dict)
    crossings: dict[RuleId, Crossing] = field(default_factory=dict)


class RuleEngine:
    """Of one camera.

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
        self._rules = {rule.id: rule for rule in rules if rule.text.is_enabled}
        self._followed: dict[TrackId, _Followed] = {}
        self._opens = {(event.rule, event.track): event for event in opens}
        self._opens_until: datetime | None = None

    def update(self, tracked: Tracked, *, aspect: float, known_at: datetime) -> list[Event]:
        """Take the tracks after a look; the events that changed, as they stand now.

        Args:
            tracked: From the tracker.
            aspect: Width of the picture divided by its height.
            known_at: Now, on our clock.
        """
        told: list[Event] = []
        for view in tracked.alive:
            if not view.is_predicted:
                told += self._look(view, aspect, known_at)
        for view in tracked.ended:
            followed = self._followed.pop(view.id, None)
            if followed is not None:
                for presence in followed.presences.values():
                    told += presence.end(EndReason.GONE)
        if self._opens and tracked.alive:
            told += self._give_up_opens(tracked.alive[0].at)
        return told

    def lose(self, reason: EndReason) -> list[Event]:
        """Nobody looks any more: everything open ends at the last picture that belongs to it."""
        told = self._end_opens()
        for followed in self._followed.values():
            for presence in followed.presences.values():
                told += presence.end(reason)
        self._followed.clear()
        return told

    def change_rules(self, rules: Sequence[Rule]) -> list[Event]:
        """Take other rules; what was open of a changed or removed one ends."""
        new = {rule.id: rule for rule in rules if rule.text.is_enabled}
        gone = {rule.id for rule in self._rules.values() if new.get(rule.id) != rule}
        self._rules = new
        told: list[Event] = []
        for followed in self._followed.values():
            for rule in gone:
                followed.crossings.pop(rule, None)
                presence = followed.presences.pop(rule, None)
                if presence is not None:
                    told += presence.end(EndReason.RULE_CHANGED)
        for key in [key for key in self._opens if key[0] in gone]:
            told.append(ended(self._opens.pop(key), EndReason.RULE_CHANGED))
        return told

    def open_events(self) -> list[Event]:
        """What goes on."""
        return [
            presence.event
            for followed in self._followed.values()
            for presence in followed.presences.values()
            if presence.event is not None
        ]

    def _look(self, view: TrackView, aspect: float, known_at: datetime) -> list[Event]:
        followed = self._followed.setdefault(view.id, _Followed())
        told: list[Event] = []
        for rule in self._rules.values():
            if rule.text.kind is EventKind.LINE_CROSS:
                crossing = followed.crossings.get(rule.id)
                if crossing is None:
                    crossing = followed.crossings[rule.id] = Crossing(rule, self._teller)
                told += crossing.look(view, known_at, aspect=aspect)
                continue
            presence = followed.presences.get(rule.id)
            if presence is None:
                before = self._opens.pop((rule.id, view.id), None)
                if before is not None and before.rule_version != rule.version:
                    told.append(ended(before, EndReason.RULE_CHANGED))
                    before = None
                presence = followed.presences[rule.id] = Presence(rule, self._teller, before)
            told += presence.look(view, known_at)
        return told

    def _give_up_opens(self, at: datetime) -> list[Event]:
        if self._opens_until is None:
            self._opens_until = at + FOUND_AGAIN_WITHIN
        return self._end_opens() if at > self._opens_until else []

    def _end_opens(self) -> list[Event]:
        told = [ended(event, EndReason.RESTART) for event in self._opens.values()]
        self._opens.clear()
        return told
