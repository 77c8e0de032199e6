"""Takes fragmented MP4 apart again: what a decoder needs of an init section and of fragments.

Reads what `ingestion.mux` writes, and trusts none of it: every length is checked. Source: ISO/IEC 14496-12
sections 4.2 and 8.8, 14496-15 sections 5 and 8.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from watchkeep.domain.errors import Invalid
from watchkeep.domain.media import TICKS_PER_SECOND, Codec

SAMPLES_LIMIT = 4096
SPAN_LIMIT_TICKS = 10 * TICKS_PER_SECOND
"""All pictures of a fragment are shown within it of its beginning. One that lies about its times would put a
look into the future, and until then no other would be taken."""
LARGEST_PX = 8192
SMALLEST_PX = 16

_HEAD = struct.Struct(">I4s")
_SAMPLE = struct.Struct(">IIIi")
_ENTRY_SIZE = 78
_CODECS = {b"avc1": (Codec.H264, b"avcC"), b"hvc1": (Codec.H265, b"hvcC")}
_DIFFERENCE = 0x00010000
"""sample_is_non_sync_sample."""
_RUN_FLAGS = 0x000F01


@dataclass(frozen=True, slots=True)
class StreamSetup:
    """What a decoder needs before any picture.

    Attributes:
        extradata: avcC or hvcC.
    """

    codec: Codec
    extradata: bytes
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One compressed picture.

    Attributes:
        data: NAL units, each behind its length.
        dts: Decoding time in ticks since the run's start.
        pts: Presentation time in the same.
    """

    data: bytes
    dts: int
    pts: int
    is_key: bool


def read_setup(init: bytes) -> StreamSetup:
    """Read an init section.

    Raises:
        Invalid: It is none, or of a picture that is too small or too large.
    """
    try:
        body = init
        for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd"):
            body = _child(body, name)
        length, kind = _HEAD.unpack_from(body, 8)
        entry = body[16 : 8 + length]
        codec, record = _CODECS[kind]
        width, height = struct.unpack_from(">HH", entry, 24)
        extradata = _child(entry[_ENTRY_SIZE:], record)
    except (struct.error, KeyError) as error:
        raise Invalid("the init section is none of ours") from error
    if not (SMALLEST_PX <= width <= LARGEST_PX and SMALLEST_PX <= height <= LARGEST_PX):
        raise Invalid(
            f"Its pictures are {width}x{height}; from {SMALLEST_PX} to {LARGEST_PX} pixels a side can be "
            "analysed.",
            width_px=width,
            height_px=height,
        )
    return StreamSetup(codec, extradata, width, height)


def read_samples(payload: bytes) -> list[Sample]:
    """The compressed pictures of a fragment, in decoding order.

    Raises:
        Invalid: It is no fragment of ours, or its numbers do not fit one another.
    """
    try:
        traf = _child(_child(payload, b"moof"), b"traf")
        time = struct.unpack_from(">4xQ", _child(traf, b"tfdt"))[0]
        run = _child(traf, b"trun")
        flags, count, offset = struct.unpack_from(">IIi", run)
    except (struct.error, KeyError) as error:
        raise Invalid("the fragment is none of ours") from error
    if flags & 0xFFFFFF != _RUN_FLAGS or not 0 < count <= SAMPLES_LIMIT or len(run) != 12 + count * 16:
        raise Invalid("the fragment's run of samples is none of ours")
    samples: list[Sample] = []
    start = time
    for number in range(count):
        duration, size, sample_flags, composition = _SAMPLE.unpack_from(run, 12 + number * 16)
        data = payload[offset : offset + size] if offset >= 0 else b""
        if not data or len(data) != size:
            # An empty one would tell the decoder that the stream is over.
            raise Invalid("the fragment is shorter than it says")
        if abs(time + composition - start) > SPAN_LIMIT_TICKS:
            raise Invalid("the fragment's pictures are too far apart")
        samples.append(Sample(data, time, time + composition, not sample_flags & _DIFFERENCE))
        offset += size
        time += duration
    return samples


def _child(body: bytes, name: bytes) -> bytes:
    """The body of the first box of that name; KeyError if there is none."""
    for kind, content in _boxes(body):
        if kind == name:
            return content
    raise KeyError(name)


def _boxes(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + _HEAD.size <= len(body):
        length, kind = _HEAD.unpack_from(body, at)
        if length < _HEAD.size:
            return
        yield kind, body[at + _HEAD.size : at + length]
        at += length
