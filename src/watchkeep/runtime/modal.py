"""What a stream that is not simply recorded always goes by: its modes, the analyst's word, causes of gaps."""

from datetime import datetime, timedelta

from watchkeep.domain.clock import Clock
from watchkeep.domain.ids import CameraId
from watchkeep.domain.media import Fragment, GapCause
from watchkeep.domain.mode import ModeSchedule, RecordingMode
from watchkeep.ingestion.modal_recording import ModalRecording
from watchkeep.ingestion.sightings import Sightings
from watchkeep.runtime.gap_ledger import GapLedger

LOOK_EVERY_NS = 1_000_000_000
"""While no pictures come, the clock alone says when a mode begins to hold."""

WAITS_UNTOLD = timedelta(seconds=10)
"""What waits in a ring for longer is told as a gap, though it may yet be recorded: all time is explained."""

OFF = (GapCause.SCHEDULED_OFF, "not recorded now, as it is set")
_STOPS = (GapCause.RECORDER_STOPPED, GapCause.SWITCHED_OFF)
"""Nobody looks at the modes from then on."""


class Modal:
    """Of one stream, while its worker lives."""

    def __init__(
        self, camera: CameraId, recording: ModalRecording, *, sightings: Sightings, clock: Clock
    ) -> None:
        self._camera = camera
        self._recording = recording
        self._sightings = sightings
        self._clock = clock
        self._look_at_ns = 0

    @property
    def is_recording(self) -> bool:
        """Whether the newest fragment is recorded."""
        return self._recording.cause is None

    @property
    def sentence(self) -> str:
        """Why it is, or is not; "" when there is nothing to say."""
        return self._recording.sentence

    @property
    def ring_bytes(self) -> int:
        """What waits in memory."""
        return self._recording.ring_bytes

    def place(self, fragment: Fragment) -> list[Fragment]:
        """The fragments to record now that this one has come, in order."""
        return self._recording.place(fragment, self._sightings.of(self._camera))

    def end(self) -> list[Fragment]:
        """The run is over: those that waited."""
        return self._recording.end()

    def change(self, modes: ModeSchedule) -> None:
        """Take other modes."""
        self._recording.change(modes)

    def explain(self, gaps: GapLedger, *, last_end: datetime | None, until: datetime) -> None:
        """Say why there is no footage; what waits in the ring may yet be recorded, and is no gap so far.

        Args:
            gaps: Of the stream.
            last_end: Where its footage ended.
            until: The end of the newest fragment.
        """
        since, cause = self._recording.unrecorded_since, self._recording.cause
        waits_since = self._recording.ring_since
        if since is None and waits_since is not None and until - waits_since > WAITS_UNTOLD:
            since = waits_since
        if since is None or cause is None:
            return
        gaps.end_in_hand()
        gaps.open((last_end if gaps.gap is None else None) or since, cause, self.sentence)

    def look(self, gaps: GapLedger, *, outage: tuple[GapCause, str]) -> None:
        """While no pictures come: the gap has the cause that holds now.

        Args:
            gaps: Of the stream.
            outage: Why no pictures come.
        """
        if self._clock.monotonic_ns() < self._look_at_ns:
            return
        self._look_at_ns = self._clock.monotonic_ns() + LOOK_EVERY_NS
        if self._is_off():
            gaps.open(self._clock.now(), *OFF)
        elif gaps.gap is not None and gaps.gap.cause is GapCause.SCHEDULED_OFF:
            gaps.open(self._clock.now(), *outage)

    def cause_of_end(self, cause: GapCause, detail: str) -> tuple[GapCause, str]:
        """The cause of the gap after a run: where nothing would be recorded, a lost camera is no loss."""
        return OFF if cause not in _STOPS and self._is_off() else (cause, detail)

    def _is_off(self) -> bool:
        return self._recording.mode_at(self._clock.now()) is RecordingMode.OFF
