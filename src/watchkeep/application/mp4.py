"""What an export rewrites of a fragment: numbers and times. Source: ISO 14496-12 sections 8.8.5 to 8.8.12."""

import struct
from collections.abc import Iterator

from watchkeep.domain.errors import DataLoss
from watchkeep.domain.media import TICKS_PER_SECOND
from watchkeep.domain.mp4 import boxes
from watchkeep.ingestion.audio_boxes import AudioSample, audio_payload

_RUN_FLAGS = 0x000301
_SAMPLE = struct.Struct(">II")


def rebased(payload: bytes, *, number: int, decode_ticks: int) -> bytes:
    """Give a fragment's pictures (moof + mdat) another number and decoding time; they stay as they are.

    Raises:
        DataLoss: The bytes are no fragment of ours.
    """
    changed = bytearray(payload)
    moof = _only(payload, 0, len(payload), b"moof")
    mfhd = _only(payload, *moof, b"mfhd")
    traf = _only(payload, *moof, b"traf")
    tfdt, end = _only(payload, *traf, b"tfdt")
    changed[mfhd[0] + 4 : mfhd[0] + 8] = number.to_bytes(4, "big")
    size = 8 if payload[tfdt] == 1 else 4  # version 1 has 64-bit times
    if end - tfdt != 4 + size or decode_ticks >= 1 << 8 * size:
        raise DataLoss("A fragment's decoding time has no room for the export's; the segment is damaged.")
    changed[tfdt + 4 : tfdt + 4 + size] = decode_ticks.to_bytes(size, "big")
    return bytes(changed)


def audio_samples(part: bytes) -> Iterator[AudioSample]:
    """The packets in the audio part of a fragment, in order.

    Raises:
        DataLoss: The bytes are none of ours.
    """
    moof = (0, 0)
    for kind, start, end in boxes(part, 0, len(part)):
        if kind == b"mdat":
            yield from _run(part, moof, end)
        moof = (start, end)


class ExportAudio:
    """The audio of an export: moved to its times, in order, never on top of what came before."""

    def __init__(self, timescale: int) -> None:
        self._timescale = timescale
        self._end = 0

    def moved(self, part: bytes, *, shift_ticks: int, numbers: Iterator[int]) -> bytes:
        """The audio part of a fragment at other times, without what is heard before the first picture.

        Args:
            part: Of a fragment, from its audio offset on.
            shift_ticks: How much later than in its run it is heard, 1/90000 s; mostly negative.
            numbers: Of the moofs in the export.

        Raises:
            DataLoss: The bytes are none of ours.
        """
        shift = round(shift_ticks * self._timescale / TICKS_PER_SECOND)
        kept: list[AudioSample] = []
        for sample in audio_samples(part):
            if sample.start + shift < 0:
                continue
            # Where two runs meet the first one's last packet may last into the second.
            start = max(sample.start + shift, self._end)
            kept.append(AudioSample(payload=sample.payload, start=start, duration=sample.duration))
            self._end = start + sample.duration
        return audio_payload(kept, numbers)


def _run(part: bytes, moof: tuple[int, int], end: int) -> Iterator[AudioSample]:
    """The samples of a moof whose mdat ends there."""
    traf = _only(part, *moof, b"traf")
    tfdt, _ = _only(part, *traf, b"tfdt")
    run, run_end = _only(part, *traf, b"trun")
    try:
        start = struct.unpack_from(">4xQ", part, tfdt)[0]
        flags, count, offset = struct.unpack_from(">IIi", part, run)
    except struct.error as error:
        raise DataLoss("A fragment's audio is cut off; the segment is damaged.") from error
    at = moof[0] - 8 + offset
    if flags & 0xFFFFFF != _RUN_FLAGS or run_end - run != 12 + count * _SAMPLE.size or at < moof[1]:
        raise DataLoss("A fragment's audio is none of ours; the segment is damaged.")
    for number in range(count):
        duration, size = _SAMPLE.unpack_from(part, run + 12 + number * _SAMPLE.size)
        if at + size > end:
            raise DataLoss("A fragment's audio is shorter than it says; the segment is damaged.")
        yield AudioSample(payload=part[at : at + size], start=start, duration=duration)
        at, start = at + size, start + duration


def _only(data: bytes, start: int, end: int, kind: bytes) -> tuple[int, int]:
    for name, inner, after in boxes(data, start, end):
        if name == kind:
            return inner, after
    raise DataLoss(f"A fragment holds no {kind.decode()} box; the segment is damaged.")
