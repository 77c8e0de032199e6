"""One key picture out of a fragment, without decoding it.

Source: ISO/IEC 14496-12 sections 8.8.4 to 8.8.8.
"""

import struct
from dataclasses import dataclass

from watchkeep.domain.errors import DataLoss
from watchkeep.domain.mp4 import boxes

_HEAD = struct.Struct(">I4s")
_RUN = struct.Struct(">III")
"""Version and flags, count, data offset; then the samples."""
_SAMPLE = struct.Struct(">IIIi")
"""Duration, size, flags, composition offset."""


@dataclass(frozen=True, slots=True)
class KeyPicture:
    """A fragment of one picture.

    Attributes:
        media_offset: Where its mdat's body starts in the payload.
    """

    payload: bytes
    media_offset: int


def key_picture(payload: bytes, *, duration_ticks: int) -> KeyPicture:
    """The first picture of a fragment as a fragment of its own, shown for so long.

    Audio and documents are left out.

    Raises:
        DataLoss: The bytes are no fragment of ours.
    """
    found = list(boxes(payload, 0, len(payload)))
    if [kind for kind, _, _ in found[:2]] != [b"moof", b"mdat"]:
        raise DataLoss("A fragment does not begin with its pictures; the segment is damaged.")
    (_, moof, moof_end), (_, media, _) = found[:2]
    parts = [(kind, payload[start:end]) for kind, start, end in boxes(payload, moof, moof_end)]
    track = next((body for kind, body in parts if kind == b"traf"), b"")
    inner = [(kind, track[start:end]) for kind, start, end in boxes(track, 0, len(track))]
    run = next((body for kind, body in inner if kind == b"trun"), b"")
    if len(run) < _RUN.size + _SAMPLE.size:
        raise DataLoss("A fragment's table of pictures is cut off; the segment is damaged.")
    flags, _, _ = _RUN.unpack_from(run)
    _, size, sample_flags, offset = _SAMPLE.unpack_from(run, _RUN.size)
    one = _SAMPLE.pack(duration_ticks, size, sample_flags, offset)
    rest = sum(_HEAD.size + len(body) for kind, body in inner if kind != b"trun")
    others = sum(_HEAD.size + len(body) for kind, body in parts if kind != b"traf")
    moof_size = 3 * _HEAD.size + others + rest + _RUN.size + _SAMPLE.size
    new_run = _RUN.pack(flags, 1, moof_size + _HEAD.size) + one
    new_track = b"".join(_box(kind, new_run if kind == b"trun" else body) for kind, body in inner)
    new_moof = _box(
        b"moof", b"".join(_box(kind, new_track if kind == b"traf" else body) for kind, body in parts)
    )
    return KeyPicture(new_moof + _box(b"mdat", payload[media : media + size]), moof_size + _HEAD.size)


def _box(kind: bytes, body: bytes) -> bytes:
    return _HEAD.pack(_HEAD.size + len(body), kind) + body
