"""Objects followed through time."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from watchkeep.domain.geometry import Box
from watchkeep.domain.ids import StreamId, TrackId, uuid8


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackView:
    """A track as it stands after one look.

    Attributes:
        started_at: When it was first observed; known again after a replay, so that the id is the same.
        at: Of which look this is.
        observed_at: When it was last seen in a picture; before `at` while it is only predicted.
        object_type: What it most likely is, all its observations taken together.
        box: Filtered; where the thing is at `at`.
        confidence: Mean score of its observations of that type.
        peak_confidence: The best score so far.
        observations: How many detections it has.
        is_stationary: It has not moved for ten seconds.
        has_moved: It has moved at least once by 0.3 of its height, twice observed.
    """

    id: TrackId
    started_at: datetime
    at: datetime
    observed_at: datetime
    object_type: str
    box: Box
    confidence: float
    peak_confidence: float
    observations: int
    is_stationary: bool
    has_moved: bool

    @property
    def is_predicted(self) -> bool:
        """Whether it was not seen in this look."""
        return self.observed_at < self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """What one look did to the tracks of a stream.

    Attributes:
        alive: Confirmed tracks, in the order of their start.
        ended: Tracks that are over, as they stood when last observed.
    """

    alive: tuple[TrackView, ...]
    ended: tuple[TrackView, ...]


def track_id(stream: StreamId, started_at: datetime, box: Box) -> TrackId:
    """The id of a track that began there and then: the same whenever the footage is analysed again."""
    place = ",".join(f"{value:.4f}" for value in (box.left, box.top, box.right, box.bottom))
    text = f"track {stream} {started_at.isoformat()} {place}"
    return TrackId(uuid8(started_at, hashlib.sha256(text.encode()).digest()))
