"""Which fragments of a stream are recorded, by its modes and the analyst's word; decides, and does nothing.

On doubt it is recorded. Only what the analyst has looked at and found quiet is let go of; when it is away,
behind or blind, when the mode changes, the ring is full or the run ends, what is in the ring is recorded.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from watchkeep.domain.media import Fragment, GapCause
from watchkeep.domain.mode import ModeSchedule, RecordingMode
from watchkeep.domain.sighting import Heard
from watchkeep.ingestion.event_ring import EventRing

RING_LIMIT_BYTES = 32 << 20
"""Of one stream: 16 s of 16 Mbit/s, the pre-event and the most that the analyst may be behind."""

CAUSES = {
    RecordingMode.OFF: GapCause.SCHEDULED_OFF,
    RecordingMode.MOTION: GapCause.NOTHING_MOVED,
    RecordingMode.EVENTS: GapCause.NO_EVENT,
}
_QUIET = {
    RecordingMode.OFF: "not recorded now, as it is set",
    RecordingMode.MOTION: "not recorded while nothing moves",
    RecordingMode.EVENTS: "not recorded while there is no event",
}
_BUSY = {
    RecordingMode.MOTION: "recorded because something moved",
    RecordingMode.EVENTS: "recorded because of an event",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """How much is recorded before the first sign and after the last one."""

    before: timedelta = timedelta(seconds=5)
    after: timedelta = timedelta(seconds=10)


class ModalRecording:
    """Of one stream, over its runs.

    Attributes:
        cause: Why the newest fragment was not recorded at once; None when it was.
        sentence: Why it is, or is not, recorded now; "" in continuous mode.
        unrecorded_since: Where what was let go of since the last recorded fragment began; None: nothing was.
    """

    def __init__(
        self,
        modes: ModeSchedule,
        *,
        zone: tzinfo,
        margins: Margins,
        limit_bytes: int = RING_LIMIT_BYTES,
    ) -> None:
        self.modes = modes
        self._zone = zone
        self._margins = margins
        self._limit_bytes = limit_bytes
        self._ring = EventRing()
        self._mode: RecordingMode | None = None
        self._is_flowing = True
        self._needs_key = False
        self._sign: datetime | None = None
        self._wanted_until: datetime | None = None
        self.cause: GapCause | None = None
        self.sentence = ""
        self.unrecorded_since: datetime | None = None

    @property
    def ring_bytes(self) -> int:
        """What waits in memory."""
        return self._ring.size_bytes

    @property
    def ring_since(self) -> datetime | None:
        """Where what waits begins; None when nothing does."""
        return self._ring.since

    def mode_at(self, instant: datetime) -> RecordingMode:
        """The mode at an instant."""
        return self.modes.at(instant.astimezone(self._zone))

    def place(self, fragment: Fragment, heard: Heard) -> list[Fragment]:
        """Say what is recorded now that this fragment has come; it may be recorded later, or never.

        Returns:
            In order, each once; where the first does not follow what was recorded before, it starts with a
            key picture.
        """
        mode = self.mode_at(fragment.when.start)
        kept: list[Fragment] = []
        if mode is not self._mode:
            kept = self._ring.take()
            self._needs_key = self._mode is RecordingMode.OFF or (self._needs_key and not kept)
            self._mode, self._is_flowing, self._wanted_until = mode, True, None
        if mode is RecordingMode.OFF or (self._needs_key and not fragment.starts_with_key):
            since = None if kept else self.unrecorded_since
            self.unrecorded_since = since or fragment.when.start
            self.cause, self.sentence = CAUSES[RecordingMode.OFF], _QUIET[RecordingMode.OFF]
            return kept
        self._needs_key = False
        if mode is RecordingMode.CONTINUOUS or self._is_wanted(mode, fragment, heard):
            kept += [*self._ring.take(), fragment]
            self._is_flowing = True
        else:
            kept += self._hold(mode, fragment, heard)
        if kept:
            self.unrecorded_since = None
        self.cause = None if self._is_flowing else CAUSES[mode]
        if not self._is_flowing:
            self.sentence = _QUIET[mode]
        elif mode is RecordingMode.CONTINUOUS:
            self.sentence = ""
        return kept

    def end(self) -> list[Fragment]:
        """The run is over: what waited, all of it, for nobody has looked at its last pictures yet."""
        self._mode, self._is_flowing, self._needs_key = None, True, False
        kept = self._ring.take()
        if kept:
            self.unrecorded_since = None
        return kept

    def change(self, modes: ModeSchedule) -> None:
        """Take other modes, from the next fragment on."""
        self.modes = modes

    def _is_wanted(self, mode: RecordingMode, fragment: Fragment, heard: Heard) -> bool:
        doubt = heard.doubt(mode, at=fragment.when.end)
        sign = None if heard.sighting is None else heard.sighting.sign(mode)
        is_news = sign is not None and sign != self._sign
        self._sign = sign
        if doubt:
            self.sentence = f"recorded continuously: {doubt}"
            self._want_until(fragment.when.end)
            return True
        if self._wanted_until is None:  # the mode has just begun to hold
            self._want_until(fragment.when.end)
        if sign is not None and is_news:
            self._want_until(sign)
        wanted_until = self._wanted_until
        is_in_time = wanted_until is not None and fragment.when.start < wanted_until + self._margins.after
        # It stops between GOPs, so that the ring begins with a key picture.
        is_mid_gop = self._is_flowing and not fragment.starts_with_key
        is_wanted = is_in_time or is_mid_gop or (is_news and not self._is_flowing)
        if is_wanted:
            self.sentence = _BUSY[mode]
        return is_wanted

    def _want_until(self, instant: datetime) -> None:
        known = self._wanted_until
        self._wanted_until = instant if known is None else max(known, instant)

    def _hold(self, mode: RecordingMode, fragment: Fragment, heard: Heard) -> list[Fragment]:
        """Keep it in the ring; give all that is there when it is full of what nobody has looked at."""
        self._is_flowing = False
        self._ring.push(fragment)
        quiet_until = None if heard.sighting is None else heard.sighting.quiet_until(mode)
        if quiet_until is not None:
            dropped = self._ring.drop_before(quiet_until - self._margins.before)
            if self._ring.size_bytes > self._limit_bytes:
                # Shortens what is kept before a sign; a ring that holds the newest GOP only is not cut.
                more = self._ring.drop_before(quiet_until, down_to_bytes=self._limit_bytes)
                dropped = dropped or more
            self.unrecorded_since = self.unrecorded_since or dropped
        if self._ring.size_bytes <= self._limit_bytes:
            return []
        self._is_flowing = True
        self._want_until(fragment.when.end)
        self.sentence = "recorded because the memory for its last seconds is full"
        return self._ring.take()
