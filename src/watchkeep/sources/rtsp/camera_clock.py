"""What a camera's sender reports say: how wrong its clock is, and where its other tracks belong.

Source: RFC 3550 section 6.4.1; the least delayed report of a window counts, as in ingestion/wall_clock.py.
"""

from collections import deque
from datetime import UTC, datetime, timedelta

from watchkeep.domain.media import TICKS_PER_SECOND, CameraClock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_STEP_US = 1_000_000
"""A camera's clock that moves by more between two reports was set."""
_WINDOW = 720
"""Reports; an hour at the usual five seconds."""
_DRIFT_SPAN_US = 60_000_000
"""Below it the drift drowns in the network's delays."""
_PATIENCE_US = 1_000_000
"""So long sound and metadata wait for reports that tell their place; then arrivals do, until one comes."""
_APART_LIMIT_TICKS = TICKS_PER_SECOND // 10


class ClockReports:
    """Learns offset and drift of a camera's clock against ours."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, int]] = deque(maxlen=_WINDOW)
        """Our time and camera time less ours, in microseconds."""

    def take(self, unix_us: int, received_at: datetime) -> None:
        """A report came that names the camera's time."""
        now_us = (received_at - _EPOCH) // _MICROSECOND
        offset_us = unix_us - now_us
        if self._seen and abs(offset_us - self._seen[-1][1]) > _STEP_US:
            self._seen.clear()
        self._seen.append((now_us, offset_us))

    def forget(self) -> None:
        """The camera began anew."""
        self._seen.clear()

    @property
    def camera_clock(self) -> CameraClock | None:
        """As of the last report; None before one came."""
        seen = list(self._seen)  # once: it is asked from other threads, and the loop may forget meanwhile
        if not seen:
            return None
        # A delayed report makes the camera look late: the greatest offset of each half is nearest to truth.
        half = max(len(seen) // 2, 1)
        first, last = (max(part, key=lambda each: each[1]) for part in (seen[:half], seen[-half:]))
        span_us = last[0] - first[0]
        drift = _drift_ppm(last[1] - first[1], span_us) if span_us >= _DRIFT_SPAN_US else None
        newest_us = seen[-1][0]
        # The best report of the later half may be half an hour old.
        gained_us = 0 if drift is None else round(drift * (newest_us - last[0]) / 1e6)
        return CameraClock(
            offset=(last[1] + gained_us) * _MICROSECOND,
            drift_ppm=drift,
            reports=len(seen),
            measured_at=_EPOCH + newest_us * _MICROSECOND,
        )


def _drift_ppm(gained_us: int, span_us: int) -> float:
    """As exact as a segment file keeps it; a clock that stands still or runs twice as fast is the worst."""
    return round(min(max(gained_us * 1e6 / span_us, -1e6), 1e6), 3)


class TrackPlace:
    """Maps timestamps of another track, sound or metadata, to those of the pictures."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._video: tuple[int, int] | None = None
        self._track: tuple[int, int] | None = None
        self._offset: int | None = None
        self._is_guessed = False
        self._waits_since: datetime | None = None

    def learn(self, unix_us: int, timestamp: int, *, is_video: bool) -> None:
        """Take a report of either track: the camera's time and the track's timestamp then."""
        if is_video:
            self._video = (unix_us, timestamp)
        else:
            self._track = (unix_us, timestamp)
        if self._video is None or self._track is None:
            return
        apart = (self._track[0] - self._video[0]) * TICKS_PER_SECOND // 1_000_000
        offset = self._video[1] + apart - self.length(self._track[1])
        if self._offset is None or self._is_guessed or abs(offset - self._offset) > _APART_LIMIT_TICKS:
            self._offset, self._is_guessed = offset, False

    def forget(self) -> None:
        """The track began anew."""
        self._track = self._offset = self._waits_since = None

    def is_known(self, timestamp: int, picture_ticks: int, received_at: datetime) -> bool:
        """Whether what it brings can be placed; a second without reports, and arrivals tell it."""
        if self._offset is None:
            if self._waits_since is None:
                self._waits_since = received_at
            if received_at - self._waits_since < _PATIENCE_US * _MICROSECOND:
                return False
            self._offset, self._is_guessed = picture_ticks - self.length(timestamp), True
        return True

    def ticks(self, timestamp: int) -> int:
        """Where it belongs; `is_known` was true."""
        return self.length(timestamp) + (self._offset or 0)

    def length(self, units: int) -> int:
        """A length on the track's clock in ticks of 1/90000 s."""
        return units * TICKS_PER_SECOND // self._rate_hz
