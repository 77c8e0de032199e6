"""Makes runs of what a demuxer gives: parameter sets out of the pictures, every packet with its times."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from watchkeep.domain.media import (
    TICKS_PER_SECOND,
    Codec,
    GapCause,
    Packet,
    RunEnded,
    RunStarted,
    SourceNotice,
    VideoParameters,
)
from watchkeep.domain.nal import PARAMETER_SETS, SEQUENCE_PARAMETERS, has_key_picture, nal_type
from watchkeep.domain.sequence_parameters import SequenceParameters, read_sps
from watchkeep.sources.annexb import Layout, split
from watchkeep.sources.timeline import Timeline

_UNTIMED_LIMIT = 8
_GUESSED_INTERVAL_TICKS = TICKS_PER_SECOND // 25


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessUnit:
    """One picture as a demuxer gives it.

    Attributes:
        pts: In 1/90000 s, unwrapped; None when the source does not say.
        dts: The same.
        is_marked_key: What the container says; an IDR picture counts as key without it.
    """

    encoded: bytes
    pts: int | None
    dts: int | None
    is_marked_key: bool
    received_at: datetime


class RunAssembler:
    """Carries one connection. A run starts at a key picture whose parameter sets are known.

    It ends, and another starts at the next key picture, when the parameter sets change, when the camera's
    clock jumps, and when packets were lost.
    """

    def __init__(self, codec: Codec, layout: Layout, *, is_clear_text: bool) -> None:
        self._codec = codec
        self._length_size = layout.length_size
        self._sets = _in_order(codec, layout.parameter_sets)
        self._is_clear_text = is_clear_text
        self._timeline: Timeline | None = None
        """Of the run that goes on; None between runs."""
        self._untimed: list[tuple[AccessUnit, tuple[bytes, ...]]] = []

    @property
    def is_running(self) -> bool:
        """Whether packets come out now."""
        return self._timeline is not None

    def take(self, unit: AccessUnit) -> list[SourceNotice]:
        """Take the next picture in decoding order.

        Raises:
            Invalid: The bytes are not what the codec or container prescribes.
        """
        notices: list[SourceNotice] = []
        sets: list[bytes] = []
        nals: list[bytes] = []
        for nal in split(unit.encoded, self._length_size):
            (sets if nal_type(self._codec, nal) in PARAMETER_SETS[self._codec] else nals).append(nal)
        if sets and self._learn(sets):
            notices += self.interrupt(GapCause.PARAMETERS_CHANGED, "the camera changed its video settings")
        if nals:
            is_key = unit.is_marked_key or has_key_picture(self._codec, nals)
            notices += self._place(unit, tuple(nals), is_key=is_key)
        return notices

    def interrupt(self, cause: GapCause, detail: str) -> list[SourceNotice]:
        """End the run, if there is one; the connection stays and the next key picture starts another."""
        self._untimed.clear()
        if self._timeline is None:
            return []
        self._timeline = None
        return [RunEnded(cause=cause, detail=detail)]

    def _place(self, unit: AccessUnit, nals: tuple[bytes, ...], *, is_key: bool) -> list[SourceNotice]:
        notices: list[SourceNotice] = []
        if self._timeline is not None and self._timeline.jumps(unit.pts, unit.dts):
            notices += self.interrupt(GapCause.CLOCK_STEP, "the camera's clock was set")
        if self._timeline is None and not self._untimed:
            sequence = self._sequence()
            if not is_key or sequence is None:
                return notices
            if unit.pts is None and unit.dts is None:
                # libav cannot tell the first picture's time; the next one's tells both.
                self._untimed.append((unit, nals))
                return notices
            notices += self._start(sequence)
        elif self._timeline is None:
            return notices + self._release_untimed(unit, nals, is_key=is_key)
        notices.append(self._stamp(unit, nals, is_key=is_key))
        return notices

    def _release_untimed(
        self, unit: AccessUnit, nals: tuple[bytes, ...], *, is_key: bool
    ) -> list[SourceNotice]:
        time = unit.dts if unit.dts is not None else unit.pts
        sequence = self._sequence()
        if (time is None and len(self._untimed) < _UNTIMED_LIMIT) or sequence is None:
            self._untimed.append((unit, nals))
            return []
        held, self._untimed = self._untimed, []
        notices = self._start(sequence)
        timeline = self._timeline
        for number, (earlier, earlier_nals) in enumerate(held):
            pts = None if time is None else time - (len(held) - number) * _GUESSED_INTERVAL_TICKS
            stamped = timeline.stamp(pts, None) if timeline is not None else (0, 0)
            notices.append(_packet(earlier, earlier_nals, stamped, is_key=number == 0))
        notices.append(self._stamp(unit, nals, is_key=is_key))
        return notices

    def _start(self, sequence: SequenceParameters) -> list[SourceNotice]:
        self._timeline = Timeline(reorder_depth=sequence.reorder_depth)
        parameters = VideoParameters(
            codec=self._codec,
            parameter_sets=self._sets,
            width_px=sequence.width_px,
            height_px=sequence.height_px,
        )
        return [RunStarted(parameters=parameters, is_clear_text=self._is_clear_text)]

    def _stamp(self, unit: AccessUnit, nals: tuple[bytes, ...], *, is_key: bool) -> Packet:
        timeline = self._timeline
        stamped = timeline.stamp(unit.pts, unit.dts) if timeline is not None else (0, 0)
        return _packet(unit, nals, stamped, is_key=is_key)

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


def _in_order(codec: Codec, sets: Iterable[bytes]) -> tuple[bytes, ...]:
    order = PARAMETER_SETS[codec]
    known = [nal for nal in dict.fromkeys(sets) if nal_type(codec, nal) in order]
    return tuple(sorted(known, key=lambda nal: order.index(nal_type(codec, nal))))


def _packet(unit: AccessUnit, nals: tuple[bytes, ...], stamped: tuple[int, int], *, is_key: bool) -> Packet:
    pts, dts = stamped
    return Packet(nals=nals, pts=pts, dts=dts, is_key=is_key, received_at=unit.received_at)
