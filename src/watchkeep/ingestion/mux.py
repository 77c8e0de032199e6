"""Writes fragmented MP4: an init section once, then moof + mdat a fragment; nothing is buffered.

A fragment is a moof + mdat of the pictures, with its audio behind it: whoever wants none stops before that.
Source: ISO/IEC 14496-12 sections 4.2 and 8; 14496-15 sections 5 and 8; CMAF, ISO/IEC 23000-19 section 7.
"""

import struct
from collections.abc import Sequence

from watchkeep.domain.media import TICKS_PER_SECOND, AudioParameters, Codec, Packet, VideoParameters
from watchkeep.domain.mp4 import AUDIO_TRACK, VIDEO_TRACK
from watchkeep.ingestion.audio_boxes import audio_defaults, audio_track
from watchkeep.ingestion.boxes import (
    BOX_HEAD,
    MATRIX,
    box,
    full_box,
    media_box,
    movie_fragment,
    track_header,
)
from watchkeep.ingestion.parameters import configuration_record, read_sequence

_KEY_FLAGS = 0x02000000
"""Depends on no other sample."""
_OTHER_FLAGS = 0x01010000
"""Depends on others, is no sync sample."""
# Duration, size, flags and composition offset of each sample.
_RUN_FIELDS = 0x000100 | 0x000200 | 0x000400 | 0x000800
_SAMPLE = struct.Struct(">IIIi")
_LENGTH = struct.Struct(">I")


def init_section(parameters: VideoParameters, audio: AudioParameters | None = None) -> bytes:
    """The boxes ftyp + moov: what a player needs before any fragment of the run.

    Raises:
        Invalid: A parameter set is missing or makes no sense; the audio cannot be described.
    """
    brands = b"iso6" + struct.pack(">I", 0) + b"iso6cmfcmp41"
    movie = full_box(
        b"mvhd",
        struct.pack(">IIIIIH10x", 0, 0, TICKS_PER_SECOND, 0, 0x10000, 0x100)
        + MATRIX
        + bytes(24)
        + struct.pack(">I", AUDIO_TRACK if audio is None else AUDIO_TRACK + 1),  # the next free track id
    )
    defaults = full_box(b"trex", struct.pack(">IIIII", VIDEO_TRACK, 1, 0, 0, 0))
    tracks = _video_track(parameters)
    if audio is not None:
        tracks += audio_track(audio)
        defaults += audio_defaults()
    return box(b"ftyp", brands) + box(b"moov", movie + tracks + box(b"mvex", defaults))


def fragment_payload(
    packets: Sequence[Packet], *, sequence: int, start_ticks: int, duration_ticks: int
) -> tuple[bytes, int]:
    """Moof + mdat of some packets.

    Args:
        packets: In decoding order, at least one.
        sequence: Of the moof within the run, from 0; it grows.
        start_ticks: Decoding time of the first packet since the run's first; the tfdt.
        duration_ticks: From the first packet's decoding time to that of the packet after the last.

    Returns:
        The bytes, and where in them the mdat's body starts.
    """
    samples: list[bytes] = []
    media: list[bytes] = []
    media_bytes = 0
    end = packets[0].dts + duration_ticks
    for following_at, packet in enumerate(packets, start=1):
        following = packets[following_at].dts if following_at < len(packets) else end
        size = 0
        for nal in packet.nals:
            size += 4 + len(nal)
            media.append(_LENGTH.pack(len(nal)))
            media.append(nal)
        media_bytes += size
        flags = _KEY_FLAGS if packet.is_key else _OTHER_FLAGS
        samples.append(_SAMPLE.pack(following - packet.dts, size, flags, packet.pts - packet.dts))
    moof = movie_fragment(
        VIDEO_TRACK, number=sequence + 1, start=start_ticks, run_flags=_RUN_FIELDS, samples=samples
    )
    head = struct.pack(">I4s", BOX_HEAD + media_bytes, b"mdat")
    # One join: the pictures are copied once.
    return b"".join((moof, head, *media)), len(moof) + BOX_HEAD


def _video_track(parameters: VideoParameters) -> bytes:
    size = struct.pack(">II", parameters.width_px << 16, parameters.height_px << 16)
    video_header = full_box(b"vmhd", bytes(8), flags=1)
    media = media_box(
        timescale=TICKS_PER_SECOND, handler=b"vide", header=video_header, entry=_video_entry(parameters)
    )
    return box(b"trak", track_header(VIDEO_TRACK, size=size) + media)


def _video_entry(parameters: VideoParameters) -> bytes:
    kind, record = (b"avc1", b"avcC") if parameters.codec is Codec.H264 else (b"hvc1", b"hvcC")
    entry = struct.pack(">6xH16xHH", 1, parameters.width_px, parameters.height_px)
    # 72 dpi twice, one frame a sample, no name, 24 bit deep, no colour table.
    entry += struct.pack(">III H32xHh", 0x480000, 0x480000, 0, 1, 24, -1)
    entry += box(record, configuration_record(parameters))
    aspect = read_sequence(parameters).sample_aspect
    if aspect != (1, 1):
        entry += box(b"pasp", struct.pack(">II", *aspect))
    return box(kind, entry)
