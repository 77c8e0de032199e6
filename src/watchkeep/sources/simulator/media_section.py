"""The media sections of a camera: pictures, sound, metadata; each an endless sequence of numbered units."""

import struct
from typing import Protocol

from watchkeep.domain.media import TICKS_PER_SECOND

VIDEO, SOUND, METADATA = 0, 1, 2
"""Numbers of the sections, as in `trackID=1`."""

_NTP_EPOCH_SECONDS = 2_208_988_800  # from 1900 to 1970
_SENDER_REPORT = struct.Struct(">BBHBBHIQIII")
_SDES_CNAME = b"simulator"


class MediaSection(Protocol):
    """What goes out as one RTP stream. Everything about a unit follows from its number alone."""

    ssrc: int

    def next_after(self, ticks: int) -> int:
        """The first unit that is due at or after ticks of Unix time."""
        ...

    def due_ticks(self, number: int) -> int:
        """When unit number is due, in ticks of Unix time."""
        ...

    def sequence(self, number: int) -> int:
        """The sequence number of the unit's first packet."""
        ...

    def timestamp(self, number: int) -> int:
        """The unit's RTP timestamp."""
        ...

    def timestamp_at(self, ticks: int) -> int:
        """The RTP timestamp of an instant of Unix time, in ticks."""
        ...

    def stamped(self, number: int) -> memoryview:
        """The unit's packets as interleaved frames of channel 0; valid until the next one is stamped."""
        ...


def sender_report(*, ssrc: int, unix_s: float, timestamp: int, channel: int) -> bytes:
    """An RTCP sender report with CNAME as an interleaved frame. Source: RFC 3550 section 6.4.1."""
    ntp = int((unix_s + _NTP_EPOCH_SECONDS) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF
    chunk = struct.pack(">I", ssrc) + bytes([1, len(_SDES_CNAME)]) + _SDES_CNAME
    chunk += bytes(4 - len(chunk) % 4)
    description = struct.pack(">BBH", 0x81, 202, len(chunk) // 4) + chunk
    # Counts of packets and octets are of no use to a recorder and stay 0.
    report = _SENDER_REPORT.pack(
        0x24, channel, 28 + len(description), 0x80, 200, 6, ssrc, ntp, timestamp & 0xFFFFFFFF, 0, 0
    )
    return report + description


def unix_seconds(ticks: int) -> float:
    """Unix time of ticks."""
    return ticks / TICKS_PER_SECOND
