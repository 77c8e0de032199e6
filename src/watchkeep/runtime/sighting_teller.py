"""Makes the analyst's word to the recorder of what it sees: once a second, and at once on a change."""

from datetime import datetime, timedelta

from watchkeep.domain.ids import CameraId
from watchkeep.domain.sighting import Sighting

TELL_EVERY_NS = 1_000_000_000
NEW_AFTER = timedelta(seconds=1)
"""A sign so long after the one told last is told at once."""
SENTENCE_LIMIT = 500
"""The recorder takes no long words from its readers."""


class SightingTeller:
    """Of one camera."""

    def __init__(self, camera: CameraId) -> None:
        self._camera = camera
        self._until: datetime | None = None
        self._moved_at: datetime | None = None
        self._event_at: datetime | None = None
        self._has_missed = True
        self._told = Sighting(camera=camera, until=None)
        self._told_ns: int | None = None

    def looked(self, *, until: datetime | None, moved_at: datetime | None) -> None:
        """Pictures were looked at, all of them up to an instant since the last call.

        The first after some that could not be looked at counts as one in which something moves.
        """
        if until is None or until == self._until:
            return
        self._until = until
        if self._has_missed:
            self._has_missed = False
            self._moved_at = self._event_at = until
        elif moved_at is not None and (self._moved_at is None or moved_at > self._moved_at):
            self._moved_at = moved_at

    def missed(self) -> None:
        """Pictures were not looked at: whatever happened in them is not known."""
        self._has_missed = True

    def event(self, at: datetime) -> None:
        """At this picture an event is open, or was told."""
        self._event_at = at if self._event_at is None else max(at, self._event_at)

    def due(self, now_ns: int, *, tells_events: bool, blind: str) -> Sighting | None:
        """What the recorder is to be told now; None: nothing yet."""
        word = Sighting(
            camera=self._camera,
            until=self._until,
            moved_at=self._moved_at,
            event_at=self._event_at,
            tells_events=tells_events,
            blind=blind[:SENTENCE_LIMIT],
        )
        told = self._told
        is_news = (
            (word.blind, word.tells_events) != (told.blind, told.tells_events)
            or _is_new(word.moved_at, told.moved_at)
            or _is_new(word.event_at, told.event_at)
        )
        if not is_news and self._told_ns is not None and now_ns - self._told_ns < TELL_EVERY_NS:
            return None
        self._told, self._told_ns = word, now_ns
        return word


def _is_new(sign: datetime | None, told: datetime | None) -> bool:
    return sign is not None and (told is None or sign - told > NEW_AFTER)
