"""MP4 boxes, and what the tracks of pictures and audio share. Source: ISO/IEC 14496-12 sections 4.2 and 8."""

import struct

MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
BOX_HEAD = 8
# The data of a run lie relative to its moof.
_BASE_IS_MOOF = 0x020000


def box(kind: bytes, body: bytes) -> bytes:
    """A box."""
    return struct.pack(">I4s", BOX_HEAD + len(body), kind) + body


def full_box(kind: bytes, body: bytes, *, version: int = 0, flags: int = 0) -> bytes:
    """A box with version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags) + body)


def media_box(*, timescale: int, handler: bytes, header: bytes, entry: bytes) -> bytes:
    """The mdia box of a track whose samples are all in fragments.

    Args:
        timescale: Ticks a second.
        handler: b"vide" or b"soun".
        header: The vmhd or smhd box.
        entry: The one sample entry.
    """
    language = 0x55C4  # "und"
    media_header = full_box(b"mdhd", struct.pack(">IIIIHH", 0, 0, timescale, 0, language, 0))
    handled = full_box(b"hdlr", struct.pack(">I4s12x", 0, handler) + b"Watchkeep\0")
    # 1: the media lie in this very file.
    here = box(b"dinf", full_box(b"dref", struct.pack(">I", 1) + full_box(b"url ", b"", flags=1)))
    tables = full_box(b"stsd", struct.pack(">I", 1) + entry)
    tables += b"".join(full_box(name, bytes(4)) for name in (b"stts", b"stsc"))
    tables += full_box(b"stsz", bytes(8)) + full_box(b"stco", bytes(4))
    return box(b"mdia", media_header + handled + box(b"minf", header + here + box(b"stbl", tables)))


def track_header(track: int, *, volume: int = 0, size: bytes = bytes(8)) -> bytes:
    """The tkhd box; size is width and height in 16.16."""
    # 7: enabled, in the movie, in previews.
    body = struct.pack(">IIIII8xhhhH", 0, 0, track, 0, 0, 0, 0, volume, 0) + MATRIX + size
    return full_box(b"tkhd", body, flags=7)


def movie_fragment(track: int, *, number: int, start: int, run_flags: int, samples: list[bytes]) -> bytes:
    """A moof of one track and one run, whose mdat follows at once.

    Args:
        track: Its id.
        number: Of the moof in the file; grows.
        start: Decoding time of the first sample, in the track's ticks.
        run_flags: Which fields a sample has, as in trun; the data offset comes on top.
        samples: These fields, packed.
    """
    header = full_box(b"mfhd", struct.pack(">I", number & 0xFFFFFFFF))
    track_fragment = full_box(b"tfhd", struct.pack(">I", track), flags=_BASE_IS_MOOF)
    track_fragment += full_box(b"tfdt", struct.pack(">Q", start), version=1)
    fields = b"".join(samples)
    run_length = BOX_HEAD + 12 + len(fields)
    media_offset = 2 * BOX_HEAD + len(header) + len(track_fragment) + run_length + BOX_HEAD
    run_head = struct.pack(">Ii", len(samples), media_offset)
    run = full_box(b"trun", run_head + fields, version=1, flags=run_flags | 1)
    return box(b"moof", header + box(b"traf", track_fragment + run))
