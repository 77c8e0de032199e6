"""What the analyst tells the recorder of a camera, and whether the recorder may go by it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from watchkeep.domain.ids import CameraId
from watchkeep.domain.mode import RecordingMode

LATE = timedelta(seconds=10)
"""A word that is older, or that speaks of pictures that are, is not gone by."""
AHEAD = timedelta(seconds=2)
"""The streams of one camera may be so far apart; a word of later pictures is of another clock."""
EVENT_DELAY = timedelta(seconds=2)
"""From the first picture of an event to the one that makes it sure: birth of a track, entering a zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What the analyst has seen of a camera.

    Attributes:
        until: It has looked up to this picture.
        moved_at: The newest picture in which something moved, or before which it could not look.
        event_at: The newest one at which an event was open.
        tells_events: Whether the camera has rules.
        blind: Why it cannot look at the camera, a clause for a person; "" while it can.
    """

    camera: CameraId
    until: datetime | None
    moved_at: datetime | None = None
    event_at: datetime | None = None
    tells_events: bool = True
    blind: str = ""

    def sign(self, mode: RecordingMode) -> datetime | None:
        """When there was last something to record in a mode, motion or events."""
        return self.event_at if mode is RecordingMode.EVENTS else self.moved_at

    def quiet_until(self, mode: RecordingMode) -> datetime | None:
        """No sign of that mode can be told any more of a picture before this one, but those told."""
        if self.until is None or mode is not RecordingMode.EVENTS:
            return self.until
        return self.until - EVENT_DELAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The analyst's last word on a camera, as the recorder has it.

    Attributes:
        sighting: None: it said nothing yet.
        age: Since it was said.
        is_analysis_on: Whether the node has an analyst at all.
    """

    sighting: Sighting | None = None
    age: timedelta = timedelta()
    is_analysis_on: bool = True

    def doubt(self, mode: RecordingMode, *, at: datetime) -> str:
        """Why a stream in this mode cannot go by the word, a clause for a person; "" when it can.

        Args:
            mode: Motion or events.
            at: The end of the newest fragment.
        """
        sighting = self.sighting
        if not self.is_analysis_on:
            return "analysis is switched off on this node"
        if sighting is not None and self.age > LATE:
            return "the analyst is away"
        if sighting is not None and sighting.blind:
            return f"the analyst cannot look at this camera: {sighting.blind}"
        if sighting is None or sighting.until is None:
            return "the analyst has not looked at this camera yet"
        if at - sighting.until > LATE:
            return f"the analyst is more than {LATE.seconds} s behind"
        if sighting.until - at > AHEAD:
            return "the analyst goes by another clock"
        if mode is RecordingMode.EVENTS and not sighting.tells_events:
            return "no rule tells events of this camera"
        return ""
