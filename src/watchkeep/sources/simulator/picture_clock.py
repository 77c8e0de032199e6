"""Decides which picture of an endless clip is due, and stamps it.

The clip is tied to the wall clock: the picture with media time m of a clip of length L is sent when
Unix time modulo L is m. So a time code that is burnt into the clip tells the wall time modulo L, two
streams of one camera show the same instant, and a restarted simulator goes on where it would have been.
A phase other than 0 moves that, so that many cameras of one clip do not send their key pictures at once.
"""

from bisect import bisect_left

from watchkeep.sources.simulator.clip import Clip, Picture
from watchkeep.sources.simulator.packetisation import patch


class PictureClock:
    """The endless sequence of a clip's pictures; picture n is picture n mod count of loop n // count.

    Sequence numbers and timestamps follow from n alone, so they go on across the loop without a jump.

    Args:
        clip: What is played.
        chance: 8 random bytes: SSRC and starts of sequence numbers and timestamps.
        phase_ticks: How much later than Unix time tells everything is shown and sent.
    """

    def __init__(self, clip: Clip, chance: bytes, *, phase_ticks: int = 0) -> None:
        self.clip = clip
        self._phase_ticks = phase_ticks
        self.ssrc = int.from_bytes(chance[:4], "big")
        self._first_sequence = int.from_bytes(chance[4:6], "big")
        self._first_timestamp = int.from_bytes(chance[4:8], "big")
        self._send_ticks = [picture.send_ticks for picture in clip.pictures]

    def next_after(self, ticks: int) -> int:
        """The first picture that is due at or after ticks of Unix time."""
        since = ticks - self._phase_ticks - self._send_ticks[0]
        loop, position = divmod(since, self.clip.length_ticks)
        return loop * len(self._send_ticks) + bisect_left(self._send_ticks, position + self._send_ticks[0])

    def due_ticks(self, number: int) -> int:
        """When picture number is due, in ticks of Unix time."""
        loop, index = divmod(number, len(self._send_ticks))
        return loop * self.clip.length_ticks + self._send_ticks[index] + self._phase_ticks

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
        shown = loop * self.clip.length_ticks + self.picture(number).pts_ticks
        return self.timestamp_at(shown + self._phase_ticks)

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
