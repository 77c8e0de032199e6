"""A clip, read once and packetised once, ready to be sent for ever."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import median_low

import av
from av.error import FFmpegError
from av.video.stream import VideoStream

from watchkeep.domain.errors import NoVideo
from watchkeep.domain.media import TICKS_PER_SECOND, Codec
from watchkeep.sources.annexb import read_extradata, split
from watchkeep.sources.simulator.packetisation import append_picture

_CODECS = {"h264": Codec.H264, "hevc": Codec.H265}
# H.264: SPS, PPS, AUD. H.265: VPS, SPS, PPS, AUD. Parameter sets are put before every key picture by us.
_LEFT_OUT = {Codec.H264: {7, 8, 9}, Codec.H265: {32, 33, 34, 35}}
_PARAMETER_SETS = {Codec.H264: (7, 8), Codec.H265: (32, 33, 34)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One access unit of a clip.

    Attributes:
        pts_ticks: When it is shown, from the clip's first picture on, in 1/90000 s.
        send_ticks: When a camera would send it: its turn in decoding order, never before it is shown.
        start: Where its packets begin in the clip's buffer.
        end: Where they end.
        offsets: Where each packet is patched.
        first_packet: The number of its first RTP packet in the clip.
    """

    is_key: bool
    pts_ticks: int
    send_ticks: int
    start: int
    end: int
    offsets: tuple[int, ...]
    first_packet: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clip:
    """A file's pictures as interleaved RTP packets, in decoding order.

    Attributes:
        parameter_sets: SPS and PPS (H.264) or VPS, SPS and PPS (H.265).
        length_ticks: After how long the first picture follows again.
        packets: All RTP packets in `$` frames; patched in place, so only one loop may send them.
    """

    codec: Codec
    parameter_sets: tuple[bytes, ...]
    width_px: int
    height_px: int
    length_ticks: int
    pictures: tuple[Picture, ...]
    packets: bytearray
    packet_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unit:
    nals: tuple[bytes, ...]
    is_key: bool
    pts: int
    dts: int
    duration: int


def read_clip(path: Path) -> Clip:
    """Read the whole file and packetise it.

    Raises:
        NoVideo: The file cannot be read, or holds no H.264 or H.265 video.
        Invalid: The file is damaged.
    """
    try:
        with av.open(str(path)) as container:
            stream = next(iter(container.streams.video), None)
            codec = _CODECS.get(stream.codec_context.name) if stream is not None else None
            if stream is None or codec is None:
                raise NoVideo(
                    f"{path.name} holds no H.264 or H.265 video; prepare it as a clip first.", file=path.name
                )
            extradata = stream.codec_context.extradata or b""
            layout = read_extradata(extradata, is_h265=codec is Codec.H265)
            units = list(_units(container.demux(stream), stream, codec, layout.length_size))
            size_px = stream.codec_context.width, stream.codec_context.height
    except (FFmpegError, OSError) as error:
        raise NoVideo(
            f"{path.name} cannot be read as video ({error.strerror}); check the file.", file=path.name
        ) from error
    parameter_sets = _chosen(layout.parameter_sets, codec)
    units = _from_first_key(units)
    if not units or not parameter_sets:
        raise NoVideo(f"{path.name} holds no key picture; record or prepare it again.", file=path.name)
    return _packetised(units, codec, parameter_sets, size_px)


def _packetised(
    units: list[_Unit], codec: Codec, parameter_sets: tuple[bytes, ...], size_px: tuple[int, int]
) -> Clip:
    first = min(unit.pts for unit in units)
    # Decoding times run ahead of showing times by the encoder's reordering; a camera cannot.
    delay = max(unit.pts - unit.dts for unit in units)
    packets = bytearray()
    pictures: list[Picture] = []
    count = 0
    for unit in units:
        start = len(packets)
        nals = parameter_sets + unit.nals if unit.is_key else unit.nals
        offsets = append_picture(packets, nals, codec)
        pictures.append(
            Picture(
                is_key=unit.is_key,
                pts_ticks=unit.pts - first,
                send_ticks=unit.dts + delay - first,
                start=start,
                end=len(packets),
                offsets=offsets,
                first_packet=count,
            )
        )
        count += len(offsets)
    return Clip(
        codec=codec,
        parameter_sets=parameter_sets,
        width_px=size_px[0],
        height_px=size_px[1],
        length_ticks=max(unit.pts for unit in units) + _frame_duration(units) - first,
        pictures=tuple(pictures),
        packets=packets,
        packet_count=count,
    )


def _units(
    packets: "Iterator[av.Packet[VideoStream]]", stream: VideoStream, codec: Codec, length_size: int
) -> Iterator[_Unit]:
    base = stream.time_base or Fraction(1, TICKS_PER_SECOND)
    for packet in packets:
        if packet.pts is None or packet.dts is None or not packet.size:
            continue
        nals = split(bytes(packet), length_size)
        yield _Unit(
            nals=tuple(nal for nal in nals if _nal_type(nal, codec) not in _LEFT_OUT[codec]),
            is_key=packet.is_keyframe,
            pts=round(packet.pts * base * TICKS_PER_SECOND),
            dts=round(packet.dts * base * TICKS_PER_SECOND),
            duration=round((packet.duration or 0) * base * TICKS_PER_SECOND),
        )


def _from_first_key(units: list[_Unit]) -> list[_Unit]:
    """Without what cannot be decoded: before the first key picture, and pictures shown before it."""
    first = next((number for number, unit in enumerate(units) if unit.is_key), len(units))
    kept = units[first:]
    return [unit for unit in kept if unit.nals and unit.pts >= kept[0].pts]


def _frame_duration(units: list[_Unit]) -> int:
    times = sorted(unit.pts for unit in units)
    steps = [after - before for before, after in pairwise(times)]
    # A file with one picture plays it once a second.
    return median_low(steps) if steps else units[-1].duration or TICKS_PER_SECOND


def _nal_type(nal: bytes, codec: Codec) -> int:
    return nal[0] & 0x1F if codec is Codec.H264 else nal[0] >> 1 & 0x3F


def _chosen(parameter_sets: tuple[bytes, ...], codec: Codec) -> tuple[bytes, ...]:
    """The parameter sets in the order that VideoParameters wants."""
    wanted = _PARAMETER_SETS[codec]
    kept = [nal for nal in parameter_sets if _nal_type(nal, codec) in wanted]
    return tuple(sorted(kept, key=lambda nal: wanted.index(_nal_type(nal, codec))))
