"""Decides which sound is due, and stamps it.

Access units follow each other without a gap, each exactly one unit of samples after the one before, whatever
the clip's length. Which unit of the clip it is follows from Unix time modulo the clip's length, as for
pictures, so that sound and pictures stay together within one unit (21 ms at 48 kHz) over any number of loops.
"""

import struct

from watchkeep.domain.media import TICKS_PER_SECOND
from watchkeep.sources.simulator.sound import Sound, SoundCodec

AAC_PAYLOAD_TYPE = 97
_HEAD = struct.Struct(">BBHBBHII")
_STATIC_PAYLOAD_TYPES = {SoundCodec.PCMU: 0, SoundCodec.PCMA: 8}
_STATIC_RATE_HZ = 8000


def payload_type(sound: Sound) -> int:
    """0 or 8 for G.711 as RFC 3551 section 6 has it, a dynamic one otherwise."""
    is_static = sound.rate_hz == _STATIC_RATE_HZ and sound.channel_count == 1
    return _STATIC_PAYLOAD_TYPES.get(sound.codec, AAC_PAYLOAD_TYPE) if is_static else AAC_PAYLOAD_TYPE


class SoundClock:
    """The endless sequence of a clip's sound packets; packet n begins n packets' length after 1970.

    Args:
        sound: What is heard.
        length_ticks: After how long the clip's pictures begin again.
        units_per_packet: Access units in one RTP packet.
        chance: 8 random bytes, as for `PictureClock`.
        phase_ticks: As for `PictureClock`.
    """

    def __init__(
        self,
        sound: Sound,
        *,
        length_ticks: int,
        units_per_packet: int,
        chance: bytes,
        phase_ticks: int = 0,
    ) -> None:
        self.sound = sound
        self.ssrc = int.from_bytes(chance[:4], "big")
        self._length_ticks = length_ticks
        self._units_per_packet = units_per_packet
        self._packet_samples = sound.unit_samples * units_per_packet
        self._phase_ticks = phase_ticks
        self._first_sequence = int.from_bytes(chance[4:6], "big")
        self._first_timestamp = int.from_bytes(chance[4:8], "big")

    def next_after(self, ticks: int) -> int:
        """The first packet that is due at or after ticks of Unix time."""
        number = ticks * self.sound.rate_hz // (self._packet_samples * TICKS_PER_SECOND) - 1
        while self.due_ticks(number) < ticks:
            number += 1
        return number

    def due_ticks(self, number: int) -> int:
        """When packet number is due: when its last sample has been heard."""
        return (number + 1) * self._packet_samples * TICKS_PER_SECOND // self.sound.rate_hz

    def sequence(self, number: int) -> int:
        """The packet's sequence number."""
        return (number + self._first_sequence) & 0xFFFF

    def timestamp(self, number: int) -> int:
        """The packet's RTP timestamp, in samples."""
        return (number * self._packet_samples + self._first_timestamp) & 0xFFFFFFFF

    def timestamp_at(self, ticks: int) -> int:
        """The RTP timestamp of an instant of Unix time, in ticks."""
        return (ticks * self.sound.rate_hz // TICKS_PER_SECOND + self._first_timestamp) & 0xFFFFFFFF

    def stamped(self, number: int) -> memoryview:
        """The packet as an interleaved frame."""
        first = number * self._units_per_packet
        units = [self._unit(first + place) for place in range(self._units_per_packet)]
        payload = _aac_payload(units) if self.sound.codec is SoundCodec.AAC else b"".join(units)
        # The marker: AAC's packets end with an access unit (RFC 3640 section 3.1); G.711 never pauses.
        marker = 0x80 if self.sound.codec is SoundCodec.AAC else 0
        head = _HEAD.pack(
            0x24,
            0,
            12 + len(payload),
            0x80,
            marker | payload_type(self.sound),
            self.sequence(number),
            self.timestamp(number),
            self.ssrc,
        )
        return memoryview(head + payload)

    def _unit(self, number: int) -> bytes:
        # In 1/(90000 * rate) s, so that nothing is rounded and no unit comes twice.
        step = self.sound.unit_samples * TICKS_PER_SECOND
        since = number * step - self._phase_ticks * self.sound.rate_hz
        index = since % (self._length_ticks * self.sound.rate_hz) // step
        return self.sound.units[index % len(self.sound.units)]


def _aac_payload(units: list[bytes]) -> bytes:
    """AAC-hbr: 13 bits of size and 3 of index a unit. Source: RFC 3640 section 3.3.6."""
    heads = b"".join((len(unit) << 3).to_bytes(2, "big") for unit in units)
    return (len(heads) * 8).to_bytes(2, "big") + heads + b"".join(units)
