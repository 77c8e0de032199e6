"""The packets of our own fragments again, and the parameters of an init section.

Source: ISO/IEC 14496-12 sections 8.8.7, 8.8.8 and 8.8.12; 14496-15 sections 5.3.3 and 8.3.3.
"""

import struct
from collections.abc import Iterator
from datetime import timedelta

from watchkeep.domain.errors import DataLoss
from watchkeep.domain.media import TICKS_PER_SECOND, Codec, Fragment, Packet, VideoParameters

_HEAD = struct.Struct(">I4s")
_SAMPLE = struct.Struct(">IIIi")
_KEY_FLAGS = 0x02000000
_VISUAL_ENTRY_BYTES = 78
"""Of a VisualSampleEntry before its boxes; width and height lie at 24."""
_MOVIE = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
_Span = tuple[int, int]


def packets_of(fragment: Fragment) -> list[Packet]:
    """The pictures of a fragment, in decoding order; times in ticks since the run's first packet.

    Raises:
        DataLoss: The bytes are no fragment of ours.
    """
    payload = fragment.payload
    try:
        traf = _inside(payload, (0, len(payload)), b"moof", b"traf")
        dts = int.from_bytes(payload[(at := _inside(payload, traf, b"tfdt")[0]) + 4 : at + 12], "big")
        run, run_end = _inside(payload, traf, b"trun")
        packets: list[Packet] = []
        at = fragment.media_offset
        for duration, size, flags, offset in _SAMPLE.iter_unpack(payload[run + 12 : run_end]):
            late_us = (dts - fragment.start_ticks) * 1_000_000 // TICKS_PER_SECOND
            packets.append(
                Packet(
                    nals=tuple(_nals(payload, at, at + size)),
                    pts=dts + offset,
                    dts=dts,
                    is_key=flags == _KEY_FLAGS,
                    received_at=fragment.when.start + timedelta(microseconds=late_us),
                )
            )
            dts, at = dts + duration, at + size
    except struct.error as error:
        raise DataLoss("A fragment's table of pictures is cut off.") from error
    return packets


def parameters_of(init: bytes) -> VideoParameters:
    """What an init section says of the pictures.

    Raises:
        DataLoss: The bytes are no init section of ours.
    """
    start, end = _inside(init, (0, len(init)), *_MOVIE)
    kind, entry, entry_end = next(_boxes(init, start + 8, end), (b"", 0, 0))
    if kind not in (b"avc1", b"hvc1"):
        raise DataLoss("An init section names no codec of ours.")
    codec = Codec.H264 if kind == b"avc1" else Codec.H265
    inside = (entry + _VISUAL_ENTRY_BYTES, entry_end)
    if codec is Codec.H264:
        sets = _avc_sets(init[slice(*_inside(init, inside, b"avcC"))])
    else:
        sets = _hevc_sets(init[slice(*_inside(init, inside, b"hvcC"))])
    width_px, height_px = struct.unpack_from(">HH", init, entry + 24)
    return VideoParameters(codec=codec, parameter_sets=tuple(sets), width_px=width_px, height_px=height_px)


def _avc_sets(record: bytes) -> Iterator[bytes]:
    count, at = record[5] & 0x1F, 6
    for _ in range(2):
        for _ in range(count):
            nal, at = _counted(record, at)
            yield nal
        count, at = record[at] if at < len(record) else 0, at + 1


def _hevc_sets(record: bytes) -> Iterator[bytes]:
    at = 23
    for _ in range(record[22]):
        count, at = int.from_bytes(record[at + 1 : at + 3], "big"), at + 3
        for _ in range(count):
            nal, at = _counted(record, at)
            yield nal


def _counted(record: bytes, at: int) -> tuple[bytes, int]:
    end = at + 2 + int.from_bytes(record[at : at + 2], "big")
    return record[at + 2 : end], end


def _nals(payload: bytes, at: int, end: int) -> Iterator[bytes]:
    while at < end:
        length = int.from_bytes(payload[at : at + 4], "big")
        yield payload[at + 4 : at + 4 + length]
        at += 4 + length


def _inside(data: bytes, span: _Span, *path: bytes) -> _Span:
    for name in path:
        found = next(((start, end) for kind, start, end in _boxes(data, *span) if kind == name), None)
        if found is None:
            raise DataLoss(f"There is no {name.decode()} box where one must be.")
        span = found
    return span


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start of the body and end of each box."""
    while start < end:
        size, kind = _HEAD.unpack_from(data, start) if start + _HEAD.size <= end else (0, b"")
        if size < _HEAD.size or start + size > end:
            raise DataLoss("A box is cut off.")
        yield kind, start + _HEAD.size, start + size
        start += size
