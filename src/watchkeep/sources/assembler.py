"""Makes runs of what a demuxer gives: parameter sets out of the pictures, every packet with its times."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from watchkeep.domain.media import (
    TICKS_PER_SECOND,
    AudioParameters,
    Codec,
    GapCause,
    Packet,
    RunEnded,
    RunStarted,
    SourceNotice,
    VideoParameters,
)
from watchkeep.domain.nal import KEY_PICTURES, PARAMETER_SETS, SEQUENCE_PARAMETERS, nal_type
from watchkeep.domain.sequence_parameters import SequenceParameters, read_sps
from watchkeep.sources.timeline import Timeline, reordering

PICTURE_LIMIT_BYTES = 16 << 20
"""Whoever sends a longer one sends no video."""
_HELD_LIMIT = 8
_TELLING_PICTURES = 5
"""So many pictures show how a camera reorders: a key picture, the next one shown far ahead, those between."""
_TELLING_TICKS = TICKS_PER_SECOND
"""A slow camera is not waited for."""
_GUESSED_INTERVAL_TICKS = TICKS_PER_SECOND // 25
_RUN_PAUSE = timedelta(seconds=1)
"""From one run of a connection to the next: each makes a segment file, and a camera that changes its settings
with every picture would keep the disk from all others."""
_NO_TIME = timedelta(0)


class AccessUnit(NamedTuple):
    """One picture as a demuxer gives it; a tuple, for one is made of each picture of each camera.

    Attributes:
        nals: Its NAL units in order, parameter sets included, none of them empty.
        pts: In 1/90000 s, unwrapped; None when the source does not say.
        dts: The same.
        is_marked_key: What the container says; an IDR picture counts as key without it.
    """

    nals: tuple[bytes, ...]
    pts: int | None
    dts: int | None
    is_marked_key: bool
    received_at: datetime


@dataclass(frozen=True, slots=True)
class _Held:
    """A picture at the start of a run, until the times of the run can be told."""

    unit: AccessUnit
    nals: tuple[bytes, ...]
    is_key: bool

    @property
    def time(self) -> int | None:
        return self.unit.dts if self.unit.dts is not None else self.unit.pts


class RunAssembler:
    """Carries one connection. A run starts at a key picture whose parameter sets are known.

    It ends when the parameter sets change, when the camera's clock jumps, and when packets were lost. Another
    starts at the next key picture, a second after this one did at the earliest.
    """

    def __init__(
        self,
        codec: Codec,
        parameter_sets: Iterable[bytes],
        *,
        is_clear_text: bool,
        audio: AudioParameters | None = None,
        note: str = "",
    ) -> None:
        """Begin a connection.

        Args:
            codec: Of its pictures.
            parameter_sets: Those that came beside the pictures, if any.
            is_clear_text: Whether the pictures cross the network unencrypted.
            audio: Of its sound, if it is taken.
            note: What a person should know of the connection (see RunStarted).
        """
        self._codec = codec
        # At hand, for each NAL unit of each picture of each camera is asked for its kind.
        self._is_h264 = codec is Codec.H264
        self._set_kinds = frozenset(PARAMETER_SETS[codec])
        self._key_kinds = frozenset(KEY_PICTURES[codec])
        self._sets = _in_order(codec, parameter_sets)
        self._is_clear_text = is_clear_text
        self._audio = audio
        self._note = note
        self._timeline: Timeline | None = None
        """Of the run that goes on; None between runs."""
        self._held: list[_Held] = []
        self._began_at: datetime | None = None
        """When the newest run did."""

    @property
    def is_running(self) -> bool:
        """Whether packets come out now."""
        return self._timeline is not None

    def take(self, unit: AccessUnit) -> list[SourceNotice]:
        """Take the next picture in decoding order.

        Raises:
            Invalid: Its parameter sets make no sense.
        """
        sets: list[bytes] = []
        nals: list[bytes] = []
        is_key = unit.is_marked_key
        for nal in unit.nals:
            kind = nal[0] & 0x1F if self._is_h264 else nal[0] >> 1 & 0x3F
            if kind in self._set_kinds:
                sets.append(nal)
            else:
                nals.append(nal)
                is_key = is_key or kind in self._key_kinds
        notices: list[SourceNotice] = []
        if sets and self._learn(sets):
            notices += self.interrupt(GapCause.PARAMETERS_CHANGED, "the camera changed its video settings")
        if nals:
            notices += self._place(unit, tuple(nals), is_key=is_key)
        return notices

    def take_plain(self, nal: bytes, ticks: int, received_at: datetime) -> Packet | None:
        """Take a picture of one NAL unit if it plainly goes on with the run; most do.

        Returns:
            None when there is more to it than that: then nothing was taken, and `take` does.
        """
        timeline = self._timeline
        kind = nal[0] & 0x1F if self._is_h264 else nal[0] >> 1 & 0x3F
        if timeline is None or kind in self._set_kinds:
            return None
        dts = timeline.stamp_next(ticks)
        return None if dts is None else Packet((nal,), ticks, dts, kind in self._key_kinds, received_at)

    def interrupt(self, cause: GapCause, detail: str) -> list[SourceNotice]:
        """End the run, if there is one; the connection stays and the next key picture starts another."""
        self._held.clear()
        if self._timeline is None:
            return []
        self._timeline = None
        return [RunEnded(cause=cause, detail=detail)]

    def _place(self, unit: AccessUnit, nals: tuple[bytes, ...], *, is_key: bool) -> list[SourceNotice]:
        notices: list[SourceNotice] = []
        if self._timeline is not None and self._timeline.jumps(unit.pts, unit.dts):
            notices += self.interrupt(GapCause.CLOCK_STEP, "the camera's clock was set")
        if self._timeline is None:
            return notices + self._wait(_Held(unit, nals, is_key))
        return [*notices, self._stamp(unit, nals, is_key=is_key)]

    def _wait(self, picture: _Held) -> list[SourceNotice]:
        """Hold the first pictures until their times can be told; then start the run with all of them."""
        if self._began_at is not None and _NO_TIME <= picture.unit.received_at - self._began_at < _RUN_PAUSE:
            return []
        sequence = self._sequence()
        if sequence is None or not (picture.is_key or self._held):
            return []
        self._held.append(picture)
        times = [each.unit.pts for each in self._held if each.unit.pts is not None]
        if len(self._held) < _HELD_LIMIT and not self._is_told(times, sequence):
            return []
        held, self._held = self._held, []
        self._began_at = picture.unit.received_at
        notices = self._start(sequence, least_depth=reordering(times))
        for number, each in enumerate(held):
            unit = each.unit if each.time is not None else each.unit._replace(pts=_guessed(held, number))
            notices += self._place(unit, each.nals, is_key=each.is_key)
        return notices

    def _is_told(self, times: list[int], sequence: SequenceParameters) -> bool:
        if sequence.reorder_depth is not None or any(each.unit.dts is not None for each in self._held):
            # libav cannot tell the first picture's time; the next one's tells both.
            return any(each.time is not None for each in self._held)
        # A decoding time found too late would put all before it too early, and move the clock of the run.
        return len(times) >= _TELLING_PICTURES or (
            len(times) > 1 and max(times) - min(times) >= _TELLING_TICKS
        )

    def _start(self, sequence: SequenceParameters, *, least_depth: int) -> list[SourceNotice]:
        self._timeline = Timeline(reorder_depth=sequence.reorder_depth, least_depth=least_depth)
        parameters = VideoParameters(
            codec=self._codec,
            parameter_sets=self._sets,
            width_px=sequence.width_px,
            height_px=sequence.height_px,
        )
        return [
            RunStarted(
                parameters=parameters,
                is_clear_text=self._is_clear_text,
                audio=self._audio,
                note=self._note,
            )
        ]

    def _stamp(self, unit: AccessUnit, nals: tuple[bytes, ...], *, is_key: bool) -> Packet:
        timeline = self._timeline
        pts, dts = timeline.stamp(unit.pts, unit.dts) if timeline is not None else (0, 0)
        return Packet(nals, pts, dts, is_key, unit.received_at)

    def _sequence(self) -> SequenceParameters | None:
        """What the SPS says; None while a parameter set is missing."""
        kinds = {nal_type(self._codec, nal) for nal in self._sets}
        if not kinds.issuperset(PARAMETER_SETS[self._codec]):
            return None
        wanted = SEQUENCE_PARAMETERS[self._codec]
        return read_sps(self._codec, next(x for x in self._sets if nal_type(self._codec, x) == wanted))

    def _learn(self, sets: list[bytes]) -> bool:
        """Take the parameter sets of a picture; True when they differ from those known."""
        if all(nal in self._sets for nal in sets):
            return False
        kinds = {nal_type(self._codec, nal) for nal in sets}
        # A part of a set replaces those of its kinds only.
        kept = [nal for nal in self._sets if nal_type(self._codec, nal) not in kinds]
        self._sets = _in_order(self._codec, [*kept, *sets])
        return True


def _guessed(held: Sequence[_Held], number: int) -> int | None:
    """A time for a picture that has none, from the next one that has; None if no other has."""
    for later, each in enumerate(held[number:]):
        if each.time is not None:
            return each.time - later * _GUESSED_INTERVAL_TICKS
    return None


def _in_order(codec: Codec, sets: Iterable[bytes]) -> tuple[bytes, ...]:
    order = PARAMETER_SETS[codec]
    known = [nal for nal in dict.fromkeys(sets) if nal_type(codec, nal) in order]
    return tuple(sorted(known, key=lambda nal: order.index(nal_type(codec, nal))))
