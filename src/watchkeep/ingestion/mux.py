"""Writes fragmented MP4: an init section once, then one moof + mdat a fragment; nothing is buffered.

Source: ISO/IEC 14496-12 sections 4.2 and 8; 14496-15 sections 5 and 8; CMAF, ISO/IEC 23000-19 section 7.
"""

import struct
from collections.abc import Sequence

from watchkeep.domain.media import TICKS_PER_SECOND, Codec, Packet, VideoParameters
from watchkeep.ingestion.parameters import configuration_record, read_sequence

_TRACK = 1
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_KEY_FLAGS = 0x02000000
"""Depends on no other sample."""
_OTHER_FLAGS = 0x01010000
"""Depends on others, is no sync sample."""
_BASE_IS_MOOF = 0x020000
# Data offset; then duration, size, flags and composition offset of each sample.
_RUN_FIELDS = 0x000001 | 0x000100 | 0x000200 | 0x000400 | 0x000800
_SAMPLE = struct.Struct(">IIIi")
_LENGTH = struct.Struct(">I")
_BOX_HEAD = 8


def init_section(parameters: VideoParameters) -> bytes:
    """The boxes ftyp + moov: what a player needs before any fragment of the run.

    Raises:
        Invalid: A parameter set is missing or makes no sense.
    """
    brands = b"iso6" + struct.pack(">I", 0) + b"iso6cmfcmp41"
    movie = _full_box(
        b"mvhd",
        struct.pack(">IIIIIH10x", 0, 0, TICKS_PER_SECOND, 0, 0x10000, 0x100)
        + _MATRIX
        + bytes(24)
        + struct.pack(">I", _TRACK + 1),
    )
    extends = _box(b"mvex", _full_box(b"trex", struct.pack(">IIIII", _TRACK, 1, 0, 0, 0)))
    return _box(b"ftyp", brands) + _box(b"moov", movie + _track(parameters) + extends)


def fragment_payload(
    packets: Sequence[Packet], *, sequence: int, start_ticks: int, duration_ticks: int
) -> tuple[bytes, int]:
    """Moof + mdat of some packets.

    Args:
        packets: In decoding order, at least one.
        sequence: From 0 within the run.
        start_ticks: Decoding time of the first packet since the run's first; the tfdt.
        duration_ticks: From the first packet's decoding time to that of the packet after the last.

    Returns:
        The bytes, and where in them the mdat's body starts.
    """
    samples: list[bytes] = []
    media: list[bytes] = []
    media_bytes = 0
    end = packets[0].dts + duration_ticks
    for number, packet in enumerate(packets, start=1):
        following = packets[number].dts if number < len(packets) else end
        size = 0
        for nal in packet.nals:
            size += 4 + len(nal)
            media.append(_LENGTH.pack(len(nal)))
            media.append(nal)
        media_bytes += size
        flags = _KEY_FLAGS if packet.is_key else _OTHER_FLAGS
        samples.append(_SAMPLE.pack(following - packet.dts, size, flags, packet.pts - packet.dts))
    moof = _moof(samples, sequence=sequence, start_ticks=start_ticks)
    head = struct.pack(">I4s", _BOX_HEAD + media_bytes, b"mdat")
    # One join: the pictures are copied once.
    return b"".join((moof, head, *media)), len(moof) + _BOX_HEAD


def _moof(samples: list[bytes], *, sequence: int, start_ticks: int) -> bytes:
    header = _full_box(b"mfhd", struct.pack(">I", sequence + 1 & 0xFFFFFFFF))
    track_header = _full_box(b"tfhd", struct.pack(">I", _TRACK), flags=_BASE_IS_MOOF)
    decode_time = _full_box(b"tfdt", struct.pack(">Q", start_ticks), version=1)
    run_length = 20 + len(samples) * _SAMPLE.size
    before_run = 2 * _BOX_HEAD + len(header) + len(track_header) + len(decode_time)
    media_offset = before_run + run_length + _BOX_HEAD
    run = _full_box(
        b"trun",
        struct.pack(">Ii", len(samples), media_offset) + b"".join(samples),
        version=1,
        flags=_RUN_FIELDS,
    )
    return _box(b"moof", header + _box(b"traf", track_header + decode_time + run))


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", _BOX_HEAD + len(body), kind) + body


def _full_box(kind: bytes, body: bytes, *, version: int = 0, flags: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags) + body)


def _track(parameters: VideoParameters) -> bytes:
    size = struct.pack(">II", parameters.width_px << 16, parameters.height_px << 16)
    # 7: enabled, in the movie, in previews.
    header = _full_box(
        b"tkhd", struct.pack(">IIIII8xhhhH", 0, 0, _TRACK, 0, 0, 0, 0, 0, 0) + _MATRIX + size, flags=7
    )
    language = 0x55C4  # "und"
    media_header = _full_box(b"mdhd", struct.pack(">IIIIHH", 0, 0, TICKS_PER_SECOND, 0, language, 0))
    handler = _full_box(b"hdlr", struct.pack(">I4s12x", 0, b"vide") + b"Watchkeep\0")
    # 1: the media lie in this very file.
    here = _box(b"dinf", _full_box(b"dref", struct.pack(">I", 1) + _full_box(b"url ", b"", flags=1)))
    video_header = _full_box(b"vmhd", bytes(8), flags=1)
    information = _box(b"minf", video_header + here + _sample_tables(parameters))
    return _box(b"trak", header + _box(b"mdia", media_header + handler + information))


def _sample_tables(parameters: VideoParameters) -> bytes:
    kind, record = (b"avc1", b"avcC") if parameters.codec is Codec.H264 else (b"hvc1", b"hvcC")
    entry = struct.pack(">6xH16xHH", 1, parameters.width_px, parameters.height_px)
    # 72 dpi twice, one frame a sample, no name, 24 bit deep, no colour table.
    entry += struct.pack(">III H32xHh", 0x480000, 0x480000, 0, 1, 24, -1)
    entry += _box(record, configuration_record(parameters))
    aspect = read_sequence(parameters).sample_aspect
    if aspect != (1, 1):
        entry += _box(b"pasp", struct.pack(">II", *aspect))
    described = _full_box(b"stsd", struct.pack(">I", 1) + _box(kind, entry))
    empty = b"".join(_full_box(name, bytes(4)) for name in (b"stts", b"stsc"))
    empty += _full_box(b"stsz", bytes(8)) + _full_box(b"stco", bytes(4))
    return _box(b"stbl", described + empty)
