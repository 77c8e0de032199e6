"""What the MP4 boxes of footage say of its audio: where it begins, how it is coded; the same without it.

Source: ISO/IEC 14496-12 sections 4.2 and 8; 14496-14 section 5.6; 14496-1 section 7.2.6 (descriptors);
14496-3 section 1.6.2.1 (AudioSpecificConfig); RFC 6381 section 3.3 (codec strings).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from watchkeep.domain.errors import DataLoss
from watchkeep.domain.media import AudioCodec

VIDEO_TRACK = 1
AUDIO_TRACK = 2
AUDIO_ENTRIES = {
    AudioCodec.AAC: b"mp4a",
    AudioCodec.OPUS: b"Opus",
    AudioCodec.PCMU: b"ulaw",
    AudioCodec.PCMA: b"alaw",
}
"""The names of their sample entries; G.711 has none in MP4 and takes QuickTime's."""

_HEAD = struct.Struct(">I4s")
_TRACK_ID_AT = 12
"""In the body of a tkhd of version 0."""
_ENTRY_SIZE = 28
"""Of an AudioSampleEntry before its boxes."""
_DECODER_CONFIG, _DECODER_SPECIFIC = 4, 5
_ESCAPED_OBJECT_TYPE = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioSetup:
    """What an init section says of its audio track.

    Attributes:
        codec_string: As browsers call it ("mp4a.40.2", "opus"); empty when none of them plays it (G.711).
        timescale: Ticks a second of the track's times: its sample rate.
    """

    codec: AudioCodec
    codec_string: str
    timescale: int


def boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start of the body and end of each box in a part of data.

    Raises:
        DataLoss: A box is cut off.
    """
    while start < end:
        size, kind = _HEAD.unpack_from(data, start) if start + _HEAD.size <= end else (0, b"")
        if size < _HEAD.size or start + size > end:
            raise DataLoss("A box of the footage is cut off; the segment is damaged.")
        yield kind, start + _HEAD.size, start + size
        start += size


def audio_offset(payload: bytes) -> int:
    """Where a fragment's audio begins: after its first moof and mdat; the fragment's length when it has none.

    Raises:
        DataLoss: The bytes are no fragment of ours.
    """
    found = boxes(payload, 0, len(payload))
    (first, _, _), (second, _, end) = next(found, _NONE), next(found, _NONE)
    if (first, second) != (b"moof", b"mdat"):
        raise DataLoss("A fragment does not begin with its pictures; the segment is damaged.")
    return end


def audio_setup(init: bytes) -> AudioSetup | None:
    """What an init section says of its audio track; None when it has none.

    Raises:
        DataLoss: The bytes are no init section of ours.
    """
    track = _audio_track(init)
    if track is None:
        return None
    media = _inside(init, track, b"mdia")
    header, _ = _inside(init, media, b"mdhd")
    start, end = _inside(init, media, b"minf", b"stbl", b"stsd")
    kind, entry, entry_end = next(boxes(init, start + 8, end), _NONE)
    codec = next((codec for codec, name in AUDIO_ENTRIES.items() if name == kind), None)
    if codec is None:
        raise DataLoss("The audio's format is unknown; update Watchkeep, or the segment is damaged.")
    if codec is AudioCodec.AAC:
        esds, _ = _inside(init, (entry + _ENTRY_SIZE, entry_end), b"esds")
        word = f"mp4a.40.{object_type(_specific_config(init[esds + 4 : entry_end]))}"
    else:
        word = "opus" if codec is AudioCodec.OPUS else ""
    timescale = int.from_bytes(init[header + 12 : header + 16], "big")
    return AudioSetup(codec=codec, codec_string=word, timescale=timescale)


def without_audio(init: bytes) -> bytes:
    """The init section of the pictures alone, as of a run without audio; fragments go with it up to theirs.

    Raises:
        DataLoss: The bytes are no init section of ours.
    """
    track = _audio_track(init)
    if track is None:
        return init
    movie, movie_end = _inside(init, (0, len(init)), b"moov")
    extends = _inside(init, (movie, movie_end), b"mvex")
    header_end = _inside(init, (movie, movie_end), b"mvhd")[1]
    # The header ends with the next free track id.
    kept = init[movie : header_end - 4] + AUDIO_TRACK.to_bytes(4, "big")
    kept += b"".join(
        init[start - 8 : end]
        for kind, start, end in boxes(init, header_end, movie_end)
        if kind != b"mvex" and (start, end) != track
    )
    defaults = b"".join(
        init[start - 8 : end]
        for _, start, end in boxes(init, *extends)
        if int.from_bytes(init[start + 4 : start + 8], "big") != AUDIO_TRACK
    )
    body = kept + _HEAD.pack(8 + len(defaults), b"mvex") + defaults
    return init[: movie - 8] + _HEAD.pack(8 + len(body), b"moov") + body + init[movie_end:]


def object_type(configuration: bytes) -> int:
    """The audio object type at the head of an AudioSpecificConfig: 2 is AAC-LC, 5 HE-AAC; 0 if empty."""
    bits = int.from_bytes(configuration[:2].ljust(2, b"\0"), "big")
    kind = bits >> 11
    return 32 + (bits >> 5 & 0x3F) if kind == _ESCAPED_OBJECT_TYPE else kind


_NONE = (b"", 0, 0)


def _audio_track(init: bytes) -> tuple[int, int] | None:
    for kind, start, end in boxes(init, *_inside(init, (0, len(init)), b"moov")):
        if kind == b"trak":
            header, _ = _inside(init, (start, end), b"tkhd")
            if int.from_bytes(init[header + _TRACK_ID_AT : header + _TRACK_ID_AT + 4], "big") == AUDIO_TRACK:
                return start, end
    return None


def _inside(data: bytes, span: tuple[int, int], *path: bytes) -> tuple[int, int]:
    """Where the body of a box lies, by its path of names within a span."""
    for name in path:
        found = next(((start, end) for kind, start, end in boxes(data, *span) if kind == name), None)
        if found is None:
            raise DataLoss(f"The footage holds no {name.decode()} box; the segment is damaged.")
        span = found
    return span


def _specific_config(descriptors: bytes) -> bytes:
    """The AudioSpecificConfig within the descriptors of an esds box; empty if there is none."""
    at = 0
    while at + 2 <= len(descriptors):
        tag, size, at = descriptors[at], 0, at + 1
        while at < len(descriptors):
            size, at = size << 7 | descriptors[at] & 0x7F, at + 1
            if not descriptors[at - 1] & 0x80:
                break
        if tag == _DECODER_SPECIFIC:
            return descriptors[at : at + size]
        # These two hold others behind some fixed fields; everything else is stepped over.
        at += {3: 3, _DECODER_CONFIG: 13}.get(tag, size)
    return b""
