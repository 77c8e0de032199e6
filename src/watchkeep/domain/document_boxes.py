"""Documents in MP4: an event message box each, of version 1. Source: ISO/IEC 23009-1 section 5.10.3.3."""

import struct
from collections.abc import Iterator

from watchkeep.domain.media import TICKS_PER_SECOND, Document
from watchkeep.domain.mp4 import boxes

DOCUMENT_BOX = b"emsg"
SCHEME = b"http://www.onvif.org/ver10/schema"
"""The namespace of the documents, so that the scheme is ONVIF's own and not made up by us."""

_VERSION_1 = 1 << 24
_FIELDS = struct.Struct(">IIQII")
"""Version and flags, timescale, presentation time, duration, id."""
_HEAD = struct.Struct(">I4s")
_NO_LENGTH = 0


def document_box(document: Document, *, number: int, ticks: int) -> bytes:
    """The box of a document.

    Args:
        document: What it holds, byte for byte.
        number: Of the document in the run; a player takes a second one of a number for a repeat.
        ticks: When it is, on the axis of the pictures' track, 1/90000 s.
    """
    fields = _FIELDS.pack(_VERSION_1, TICKS_PER_SECOND, ticks, _NO_LENGTH, number & 0xFFFFFFFF)
    words = SCHEME + b"\0" + document.encoding.encode() + b"\0"
    return _box(fields + words + document.payload)


def moved_documents(part: bytes, *, shift_ticks: int, numbers: Iterator[int]) -> bytes:
    """The documents behind a fragment's pictures, at other times; without those before the first picture.

    Args:
        part: Of a fragment, from its audio offset on.
        shift_ticks: How much later than in its run each is, 1/90000 s; mostly negative.
        numbers: Of the documents in the export.

    Raises:
        DataLoss: The bytes are none of ours.
    """
    moved: list[bytes] = []
    for kind, start, end in boxes(part, 0, len(part)):
        if kind != DOCUMENT_BOX or end - start < _FIELDS.size:
            continue
        version, timescale, ticks, length, _ = _FIELDS.unpack_from(part, start)
        if ticks + shift_ticks >= 0:
            fields = _FIELDS.pack(version, timescale, ticks + shift_ticks, length, next(numbers) & 0xFFFFFFFF)
            moved.append(_box(fields + part[start + _FIELDS.size : end]))
    return b"".join(moved)


def _box(body: bytes) -> bytes:
    return _HEAD.pack(_HEAD.size + len(body), DOCUMENT_BOX) + body
