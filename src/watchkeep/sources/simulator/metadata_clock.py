"""A small ONVIF metadata document every second. Source: ONVIF Streaming Specification section 5.1.2."""

import struct
from datetime import UTC, datetime, timedelta

from watchkeep.domain.clock import Rng
from watchkeep.domain.media import TICKS_PER_SECOND
from watchkeep.sources.simulator.faults import MetadataForm, WrongMetadata

METADATA_PAYLOAD_TYPE = 98
_HEAD = struct.Struct(">BBHBBHII")
_MARKER = 0x80
_LARGEST_PAYLOAD = 65_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DOCUMENT = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<tt:MetadataStream xmlns:tt="http://www.onvif.org/ver10/schema">'
    '<tt:VideoAnalytics><tt:Frame UtcTime="{time}"/></tt:VideoAnalytics>'
    "</tt:MetadataStream>"
)


def wrong_metadata(packet: bytes | memoryview, fault: WrongMetadata, rng: Rng) -> bytes:
    """What comes in place of a document's packet; the sequence numbers go on."""
    fields = list(_HEAD.unpack_from(packet))
    if fault.form is MetadataForm.WITHOUT_END:
        fields[4] &= ~_MARKER
        size = _LARGEST_PAYLOAD
    else:
        size = len(packet) - _HEAD.size
    sent = bytearray()
    for _ in range(fault.times):
        fields[2] = 12 + size
        sent += _HEAD.pack(*fields) + rng.token(size)
        fields[5] = (fields[5] + 1) & 0xFFFF
    return bytes(sent)


class MetadataClock:
    """The endless sequence of documents; document n tells of second n of Unix time.

    Args:
        chance: 8 random bytes, as for `PictureClock`.
    """

    def __init__(self, chance: bytes) -> None:
        self.ssrc = int.from_bytes(chance[:4], "big")
        self._first_sequence = int.from_bytes(chance[4:6], "big")
        self._first_timestamp = int.from_bytes(chance[4:8], "big")

    def next_after(self, ticks: int) -> int:
        """The first document that is due at or after ticks of Unix time."""
        return -(-ticks // TICKS_PER_SECOND)

    def due_ticks(self, number: int) -> int:
        """When document number is due."""
        return number * TICKS_PER_SECOND

    def sequence(self, number: int) -> int:
        """The sequence number of the document's only packet."""
        return (number + self._first_sequence) & 0xFFFF

    def timestamp(self, number: int) -> int:
        """The document's RTP timestamp."""
        return self.timestamp_at(self.due_ticks(number))

    def timestamp_at(self, ticks: int) -> int:
        """The RTP timestamp of an instant of Unix time, in ticks."""
        return (ticks + self._first_timestamp) & 0xFFFFFFFF

    def stamped(self, number: int) -> memoryview:
        """The document in one packet, marked as whole."""
        time = (_EPOCH + timedelta(seconds=number)).isoformat().replace("+00:00", "Z")
        payload = _DOCUMENT.format(time=time).encode()
        head = _HEAD.pack(
            0x24,
            0,
            12 + len(payload),
            0x80,
            0x80 | METADATA_PAYLOAD_TYPE,
            self.sequence(number),
            self.timestamp(number),
            self.ssrc,
        )
        return memoryview(head + payload)
