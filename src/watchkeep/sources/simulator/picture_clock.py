"""Decides which picture of an endless clip is due, and stamps it.

The clip is tied to the wall clock: the picture with media time m of a clip of length L is sent when
Unix time modulo L is m. So a time code that is burnt into the clip tells the wall time modulo L, two
streams of one camera show the same instant, and a restarted simulator goes on where it would have been.
"""

import struct
from bisect import bisect_left

from watchkeep.domain.media import TICKS_PER_SECOND
from watchkeep.sources.simulator.clip import Clip, Picture
from watchkeep.sources.simulator.packetisation import patch

_NTP_EPOCH_SECONDS = 2_208_988_800  # from 1900 to 1970
_SENDER_REPORT = struct.Struct(">BBHBBHIQIII")
_SDES_CNAME = b"simulator"


class PictureClock:
    """The endless sequence of a clip's pictures; picture n is picture n mod count of loop n // count.

    Sequence numbers and timestamps follow from n alone, so they go on across the loop without a jump.

    Args:
        clip: What is played.
        chance: 8 random bytes: SSRC and starts of sequence numbers and timestamps.
    """

    def __init__(self, clip: Clip, chance: bytes) -> None:
        self.clip = clip
        self.ssrc = int.from_bytes(chance[:4], "big")
        self._first_sequence = int.from_bytes(chance[4:6], "big")
        self._first_timestamp = int.from_bytes(chance[4:8], "big")
        self._send_ticks = [picture.send_ticks for picture in clip.pictures]

    def next_after(self, ticks: int) -> int:
        """The first picture that is due at or after ticks of Unix time."""
        loop, position = divmod(ticks - self._send_ticks[0], self.clip.length_ticks)
        return loop * len(self._send_ticks) + bisect_left(self._send_ticks, position + self._send_ticks[0])

    def due_ticks(self, number: int) -> int:
        """When picture number is due, in ticks of Unix time."""
        loop, index = divmod(number, len(self._send_ticks))
        return loop * self.clip.length_ticks + self._send_ticks[index]

    def picture(self, number: int) -> Picture:
        """Picture number, of whichever loop."""
        return self.clip.pictures[number % len(self._send_ticks)]

    def next_key(self, number: int) -> int:
        """The first key picture at or after number."""
        while not self.picture(number).is_key:
            number += 1
        return number

    def sequence(self, number: int) -> int:
        """The sequence number of the picture's first packet."""
        loop = number // len(self._send_ticks)
        first = loop * self.clip.packet_count + self.picture(number).first_packet
        return (first + self._first_sequence) & 0xFFFF

    def timestamp(self, number: int) -> int:
        """The picture's RTP timestamp."""
        loop = number // len(self._send_ticks)
        return self.timestamp_at(loop * self.clip.length_ticks + self.picture(number).pts_ticks)

    def timestamp_at(self, ticks: int) -> int:
        """The RTP timestamp of an instant of Unix time, in ticks."""
        return (ticks + self._first_timestamp) & 0xFFFFFFFF

    def stamped(self, number: int) -> memoryview:
        """The picture's packets, stamped; valid until any picture of the clip is stamped again."""
        picture = self.picture(number)
        patch(
            self.clip.packets,
            picture.offsets,
            sequence=self.sequence(number),
            timestamp=self.timestamp(number),
            ssrc=self.ssrc,
        )
        return memoryview(self.clip.packets)[picture.start : picture.end]

    def sender_report(self, ticks: int, *, channel: int, ntp_offset_s: float) -> bytes:
        """An RTCP sender report with CNAME as an interleaved frame. Source: RFC 3550 section 6.4.1."""
        seconds = ticks / TICKS_PER_SECOND + ntp_offset_s + _NTP_EPOCH_SECONDS
        ntp = int(seconds * (1 << 32)) & 0xFFFFFFFFFFFFFFFF
        chunk = struct.pack(">I", self.ssrc) + bytes([1, len(_SDES_CNAME)]) + _SDES_CNAME
        chunk += bytes(4 - len(chunk) % 4)
        description = struct.pack(">BBH", 0x81, 202, len(chunk) // 4) + chunk
        # Counts of packets and octets are of no use to a recorder and stay 0.
        report = _SENDER_REPORT.pack(
            0x24, channel, 28 + len(description), 0x80, 200, 6, self.ssrc, ntp, self.timestamp_at(ticks), 0, 0
        )
        return report + description
