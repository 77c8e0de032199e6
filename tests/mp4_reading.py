"""A small reader of fragmented MP4, written from ISO/IEC 14496-12 alone; no code of Watchkeep's."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """Times in ticks of its track."""

    track: int
    start: int
    duration: int
    data: bytes
    is_sync: bool


def boxes(data: bytes) -> list[tuple[str, bytes]]:
    """All boxes of a body; whatever does not end exactly is an error."""
    found, at = [], 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        assert 8 <= size <= len(data) - at, (kind, size, len(data) - at)
        found.append((kind.decode("latin-1"), data[at + 8 : at + size]))
        at += size
    return found


def inside(data: bytes, *path: str) -> list[bytes]:
    """The bodies of all boxes at a path."""
    bodies = [data]
    for name in path:
        bodies = [body for outer in bodies for kind, body in boxes(outer) if kind == name]
    return bodies


def one(data: bytes, *path: str) -> bytes:
    """The only box at a path."""
    (body,) = inside(data, *path)
    return body


def track_ids(init: bytes) -> list[int]:
    """In order."""
    return [struct.unpack_from(">12xI", header)[0] for header in inside(init, "moov", "trak", "tkhd")]


def timescales(init: bytes) -> list[int]:
    """Of the tracks in order."""
    return [struct.unpack_from(">12xI", each)[0] for each in inside(init, "moov", "trak", "mdia", "mdhd")]


def entries(init: bytes) -> list[tuple[str, bytes]]:
    """The sample entries of the tracks in order."""
    described = inside(init, "moov", "trak", "mdia", "minf", "stbl", "stsd")
    return [boxes(body[8:])[0] for body in described]


def default_flags(init: bytes) -> dict[int, int]:
    """Of each track."""
    found = {}
    for body in inside(init, "moov", "mvex", "trex"):
        _, track, _, _, _, flags = struct.unpack(">IIIIII", body)
        found[track] = flags
    return found


def moof_numbers(media: bytes) -> list[int]:
    """In order."""
    return [struct.unpack(">4xI", body)[0] for body in inside(media, "moof", "mfhd")]


def samples(defaults: dict[int, int], media: bytes) -> Iterator[Sample]:
    """All samples of all tracks in the order of the file; the defaults are `default_flags(init)`."""
    at = 0
    for kind, body in boxes(media):
        if kind == "moof":
            for traf in inside(body, "traf"):
                yield from _run(traf, media, at, defaults)
        at += 8 + len(body)


def documents(media: bytes) -> list[tuple[int, str, bytes, int]]:
    """Time, value, bytes and id of each event message of ONVIF metadata, in the order of the file."""
    found = []
    for body in inside(media, "emsg"):
        version, timescale, ticks, length, number = struct.unpack_from(">IIQII", body)
        assert (version, timescale, length) == (1 << 24, 90_000, 0)
        scheme, value, document = body[24:].split(b"\0", 2)
        assert scheme == b"http://www.onvif.org/ver10/schema"
        found.append((ticks, value.decode(), document, number))
    return found


def _run(traf: bytes, media: bytes, moof_at: int, defaults: dict[int, int]) -> Iterator[Sample]:
    flags, track = struct.unpack(">II", one(traf, "tfhd"))
    assert flags == 0x020000, "the base is the moof, nothing else is given"
    version, start = struct.unpack(">B3xQ", one(traf, "tfdt"))
    assert version == 1
    run = one(traf, "trun")
    word, count, offset = struct.unpack_from(">IIi", run)
    names = [bit for bit in (0x100, 0x200, 0x400, 0x800) if word & bit]
    assert word & 1
    assert len(run) == 12 + 4 * count * len(names)
    at = moof_at + offset
    for number in range(count):
        values = struct.unpack_from(f">{len(names)}I", run, 12 + 4 * number * len(names))
        fields = dict(zip(names, values, strict=True))
        sync = not fields.get(0x400, defaults[track]) & 0x10000
        data = media[at : at + fields[0x200]]
        assert len(data) == fields[0x200]
        yield Sample(track, start, fields[0x100], data, sync)
        at += fields[0x200]
        start += fields[0x100]
