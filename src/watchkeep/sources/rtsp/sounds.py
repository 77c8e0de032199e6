"""Takes sound out of RTP payloads. Source: RFC 3640 section 3, RFC 3551 section 4.5, RFC 7587 section 4."""

from collections.abc import Sequence
from typing import NamedTuple

from watchkeep.domain.media import AudioCodec
from watchkeep.sources.rtsp.description import AudioTrack
from watchkeep.sources.rtsp.rtp import RtpPacket

_AAC_FRAME_SAMPLES = 1024
_FRAMES_LIMIT = 64
"""AAC frames of one packet."""
_FRAME_LIMIT_BYTES = 64 * 1024
_OPUS_SAMPLES = (480, 960, 1920, 2880)
"""By the configuration number's last two bits, for SILK; RFC 6716 table 2."""


class Sound(NamedTuple):
    """One access unit of sound; times in the track's clock rate."""

    payload: bytes
    timestamp: int
    duration: int


class SoundAssembler:
    """Takes the packets of an audio track in order.

    Attributes:
        malformed: Payloads that are not what the codec's RFC prescribes.
    """

    def __init__(self, track: AudioTrack) -> None:
        self._track = track
        self._part = bytearray()
        """The beginning of an AAC frame that is longer than a packet."""
        self._wanted_bytes = 0
        self.malformed = 0

    def take(self, packet: RtpPacket) -> Sequence[Sound]:
        """Take the next packet."""
        if not packet.payload:
            return ()
        match self._track.parameters.codec:
            case AudioCodec.AAC:
                return self._take_aac(packet)
            case AudioCodec.OPUS:
                payload = packet.payload
                return (Sound(payload, packet.timestamp, opus_samples(payload)),)
            case _:
                samples = len(packet.payload) // self._track.parameters.channels
                return (Sound(packet.payload, packet.timestamp, samples),) if samples else ()

    def _take_aac(self, packet: RtpPacket) -> Sequence[Sound]:
        track, payload = self._track, packet.payload
        if packet.lost or packet.has_new_source:
            self._part.clear()
        header_bits = track.size_bits + track.index_bits
        if len(payload) < 2:
            self.malformed += 1
            return ()
        headers_bits = int.from_bytes(payload[:2], "big")
        count, at = headers_bits // header_bits, 2 + (headers_bits + 7) // 8
        if not 1 <= count <= _FRAMES_LIMIT or at > len(payload):
            self.malformed += 1
            return ()
        headers = int.from_bytes(payload[2:at], "big") >> ((at - 2) * 8 - count * header_bits)
        sizes = [
            headers >> ((count - 1 - number) * header_bits + track.index_bits) & (1 << track.size_bits) - 1
            for number in range(count)
        ]
        if count == 1 and (sizes[0] > len(payload) - at or self._part):
            return self._take_part(packet, payload[at:], sizes[0])
        if sum(sizes) > len(payload) - at:
            self.malformed += 1
            return ()
        self._part.clear()
        duration = _AAC_FRAME_SAMPLES * track.clock_rate_hz // track.parameters.sample_rate_hz
        sounds: list[Sound] = []
        for number, size in enumerate(sizes):
            sounds.append(Sound(payload[at : at + size], packet.timestamp + number * duration, duration))
            at += size
        return [sound for sound in sounds if sound.payload]

    def _take_part(self, packet: RtpPacket, rest: bytes, size: int) -> Sequence[Sound]:
        """A frame over several packets; each names the size of the whole (RFC 3640 section 3.2.3)."""
        if self._part and size != self._wanted_bytes:
            self._part.clear()
        if size > _FRAME_LIMIT_BYTES:
            self.malformed += 1
            return ()
        self._wanted_bytes = size
        self._part += rest
        if len(self._part) < size:
            return ()
        payload = bytes(self._part[:size])
        self._part.clear()
        track = self._track
        duration = _AAC_FRAME_SAMPLES * track.clock_rate_hz // track.parameters.sample_rate_hz
        return (Sound(payload, packet.timestamp, duration),)


def opus_samples(payload: bytes) -> int:
    """How many samples at 48 kHz an Opus packet holds. Source: RFC 6716 sections 3.1 and 3.2."""
    setting, code = payload[0] >> 3, payload[0] & 3
    if setting < 12:
        samples = _OPUS_SAMPLES[setting & 3]
    elif setting < 16:
        samples = 480 << (setting & 1)
    else:
        samples = 120 << (setting & 3)
    if code == 3:
        return samples * max(payload[1] & 0x3F if len(payload) > 1 else 1, 1)
    return samples * (1 if code == 0 else 2)
