"""The analyst's last word on each camera."""

from datetime import timedelta

from watchkeep.domain.clock import Clock
from watchkeep.domain.ids import CameraId
from watchkeep.domain.sighting import Heard, Sighting

CAMERAS_LIMIT = 1024
"""Who speaks is a process of ours, but what it says is bounded all the same."""


class Sightings:
    """Used by the recorder's loop alone."""

    def __init__(self, clock: Clock, *, is_analysis_on: bool = True) -> None:
        self._clock = clock
        self._is_analysis_on = is_analysis_on
        self._words: dict[CameraId, tuple[Sighting, int]] = {}

    def hear(self, sighting: Sighting) -> None:
        """Take a word."""
        if sighting.camera in self._words or len(self._words) < CAMERAS_LIMIT:
            self._words[sighting.camera] = (sighting, self._clock.monotonic_ns())

    def of(self, camera: CameraId) -> Heard:
        """The last word on a camera."""
        known = self._words.get(camera)
        if known is None:
            return Heard(is_analysis_on=self._is_analysis_on)
        sighting, heard_ns = known
        age = timedelta(microseconds=(self._clock.monotonic_ns() - heard_ns) // 1000)
        return Heard(sighting=sighting, age=age, is_analysis_on=self._is_analysis_on)
