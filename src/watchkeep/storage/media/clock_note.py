"""The clock note: how the camera's clock stood when its segment was closed.

Source: docs/formats/segment.md, "The clock note".
"""

import struct
from datetime import timedelta

from watchkeep.domain.errors import Invalid
from watchkeep.domain.interval import instant_at, unix_us
from watchkeep.domain.media import CameraClock

_NOTE = struct.Struct(">IBBHIiqq")
_KIND = 2
_KIND_AT = 4
_HAS_DRIFT = 1
NOTE_SIZE = _NOTE.size
_MICROSECOND = timedelta(microseconds=1)
_PER_MILLION = 1000
"""Parts per billion in one part per million."""
_DRIFT_LIMIT = (1 << 31) - 1


def is_clock_note(plaintext: bytes) -> bool:
    """Whether a metadata record is one, and no fragment mark."""
    return plaintext[_KIND_AT : _KIND_AT + 1] == bytes([_KIND])


def pack_clock_note(clock: CameraClock, *, fragment_count: int) -> bytes:
    """32 bytes; a drift beyond 2 000 000 ppm is written as that much."""
    drift = 0 if clock.drift_ppm is None else round(clock.drift_ppm * _PER_MILLION)
    return _NOTE.pack(
        fragment_count,
        _KIND,
        0 if clock.drift_ppm is None else _HAS_DRIFT,
        0,
        clock.reports,
        min(max(drift, -_DRIFT_LIMIT), _DRIFT_LIMIT),
        clock.offset // _MICROSECOND,
        unix_us(clock.measured_at),
    )


def unpack_clock_note(encoded: bytes) -> tuple[CameraClock, int]:
    """A note that passed its tag, and how many fragments stand before it.

    Raises:
        Invalid: A newer version wrote it.
    """
    if len(encoded) != NOTE_SIZE:
        raise Invalid("a clock note has an unknown form; read the file with a newer Watchkeep")
    fragments, kind, flags, _, reports, drift, offset, measured = _NOTE.unpack(encoded)
    if kind != _KIND or flags > _HAS_DRIFT:
        raise Invalid("a clock note has an unknown form; read the file with a newer Watchkeep")
    clock = CameraClock(
        offset=offset * _MICROSECOND,
        drift_ppm=drift / _PER_MILLION if flags & _HAS_DRIFT else None,
        reports=reports,
        measured_at=instant_at(measured),
    )
    return clock, fragments
