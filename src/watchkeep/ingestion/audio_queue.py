"""Audio on its way into the fragments of a run: placed by when it is heard, never waited for."""

from collections import deque
from collections.abc import Iterator

from watchkeep.domain.media import TICKS_PER_SECOND, AudioPacket, AudioParameters
from watchkeep.ingestion.audio_boxes import AudioSample, audio_payload

APART_LIMIT_TICKS = 10 * TICKS_PER_SECOND
"""Audio that claims to be heard so long before or after the newest picture has a clock that is wrong."""
WAITING_LIMIT_BYTES = 1 << 20
"""A minute of 128 kbit/s, should pictures not come."""
LONGEST_TICKS = TICKS_PER_SECOND
"""No codec puts more into a packet; AAC at 8 kHz puts an eighth."""
_ROUNDING = 2
"""Between ticks of 1/90000 s and those of a sample rate, in the latter."""
_PACKET_BYTES = 128
"""What a packet takes here beside its payload, about."""


class AudioQueue:
    """The audio of one run that is in no fragment yet.

    It is handed out with the fragment of pictures in whose decoding-time span it begins, as far as it is here
    when that fragment is cut; what comes later goes out with the next. Packets keep their order and never
    overlap: each lasts until the next begins, if that follows closely, else its own time.

    Attributes:
        dropped_packets: Audio before the first key picture or after the last, audio that does not follow the
            audio before it, audio with a clock that is wrong, and what waited too long for pictures.
    """

    def __init__(self, parameters: AudioParameters) -> None:
        self._rate = parameters.sample_rate_hz
        self._waiting: deque[AudioPacket] = deque()
        self._waiting_bytes = 0
        self._newest_pts: int | None = None
        self._first_dts: int | None = None
        self._newest_dts = 0
        self._end = 0
        self.dropped_packets = 0

    def push(self, packet: AudioPacket) -> None:
        """Take the next packet."""
        is_behind = self._newest_pts is not None and packet.pts <= self._newest_pts
        if is_behind or not packet.payload or self._is_apart(packet):
            self.dropped_packets += 1
            return
        self._newest_pts = packet.pts
        self._waiting.append(packet)
        self._waiting_bytes += len(packet.payload) + _PACKET_BYTES
        while self._waiting_bytes > WAITING_LIMIT_BYTES:
            self._drop()

    def observe(self, dts: int) -> None:
        """A picture came; the first one is where the run begins."""
        if self._first_dts is None:
            self._begin(dts)
        self._newest_dts = dts

    def take(self, end_dts: int, numbers: Iterator[int]) -> bytes:
        """Moof + mdat of the audio that begins before end_dts; b"" if there is none.

        Args:
            end_dts: Where the fragment of pictures ends.
            numbers: Of the moofs within the run.
        """
        packets: list[AudioPacket] = []
        while self._waiting and self._waiting[0].pts < end_dts:
            packets.append(self._pop())
        if not packets:
            return b""
        # Where the next one begins tells how long the last one lasts.
        samples = self._placed(packets, self._waiting[0] if self._waiting else None)
        self._end = samples[-1].start + samples[-1].duration
        return audio_payload(samples, numbers)

    def end(self) -> None:
        """The run is over: what is left belongs to no picture."""
        while self._waiting:
            self._drop()

    def _begin(self, dts: int) -> None:
        self._first_dts = self._newest_dts = dts
        came, self._waiting, self._waiting_bytes, self._newest_pts = self._waiting, deque(), 0, None
        for packet in came:
            self.push(packet)

    def _is_apart(self, packet: AudioPacket) -> bool:
        if packet.duration_ticks > LONGEST_TICKS:
            return True
        if self._first_dts is None:
            return False
        return packet.pts < self._first_dts or abs(packet.pts - self._newest_dts) > APART_LIMIT_TICKS

    def _placed(self, packets: list[AudioPacket], following: AudioPacket | None) -> list[AudioSample]:
        samples: list[AudioSample] = []
        start = max(self._start(packets[0], self._end), self._end)
        for packet, after in zip(packets, (*packets[1:], following), strict=True):
            length = max(1, self._samples(packet.duration_ticks))
            next_start = start + length if after is None else self._start(after, start + length)
            if next_start - start <= length + length // 2:
                length = max(1, next_start - start)
            samples.append(AudioSample(payload=packet.payload, start=start, duration=length))
            start = max(next_start, start + length)
        return samples

    def _start(self, packet: AudioPacket, end: int) -> int:
        """Where a packet begins; where the one before ends if only rounding is between them."""
        start = self._samples(packet.pts - (self._first_dts or 0))
        return end if abs(start - end) <= _ROUNDING else start

    def _samples(self, ticks: int) -> int:
        return (ticks * self._rate + TICKS_PER_SECOND // 2) // TICKS_PER_SECOND

    def _drop(self) -> None:
        self._pop()
        self.dropped_packets += 1

    def _pop(self) -> AudioPacket:
        packet = self._waiting.popleft()
        self._waiting_bytes -= len(packet.payload) + _PACKET_BYTES
        return packet
