"""Cuts NAL units into RTP packets. Source: RFC 3550 section 5.1, RFC 6184 section 5, RFC 7798 section 4."""

import struct
from collections.abc import Sequence

from watchkeep.domain.media import Codec
from watchkeep.domain.rtp import rtp_payloads

PAYLOAD_TYPE = 96
FRAME_LENGTH = 4
"""Bytes of the interleaved frame's head: `$`, channel, length. Source: RFC 2326 section 10.12."""

_PATCHED = struct.Struct(">HII")  # sequence number, timestamp, SSRC
_HEAD = struct.Struct(">BBHBBHII")


def append_picture(buffer: bytearray, nals: Sequence[bytes], codec: Codec) -> tuple[int, ...]:
    """Append the picture's interleaved RTP packets to buffer; the last one carries the marker bit.

    Returns:
        Where in buffer each packet's sequence number lies, for `patch`.
    """
    payloads = [payload for nal in nals for payload in rtp_payloads(nal, codec)]
    offsets: list[int] = []
    for number, payload in enumerate(payloads, start=1):
        marker = 0x80 if number == len(payloads) else 0
        offsets.append(len(buffer) + FRAME_LENGTH + 2)
        buffer += _HEAD.pack(0x24, 0, 12 + len(payload), 0x80, marker | PAYLOAD_TYPE, 0, 0, 0)
        buffer += payload
    return tuple(offsets)


def patch(buffer: bytearray, offsets: Sequence[int], *, sequence: int, timestamp: int, ssrc: int) -> None:
    """Write sequence number (growing by one a packet), timestamp and SSRC into packets of buffer."""
    timestamp &= 0xFFFFFFFF
    for number, offset in enumerate(offsets, start=sequence):
        _PATCHED.pack_into(buffer, offset, number & 0xFFFF, timestamp, ssrc)


def restamp(packets: bytes | memoryview, *, sequence: int, timestamp: int, ssrc: int) -> bytes:
    """A copy of interleaved packets with something added to sequence numbers, timestamps and SSRC."""
    changed = bytearray(packets)
    at = 0
    while at < len(changed):
        offset = at + FRAME_LENGTH + 2
        old_sequence, old_timestamp, old_ssrc = _PATCHED.unpack_from(changed, offset)
        _PATCHED.pack_into(
            changed,
            offset,
            (old_sequence + sequence) & 0xFFFF,
            (old_timestamp + timestamp) & 0xFFFFFFFF,
            (old_ssrc + ssrc) & 0xFFFFFFFF,
        )
        at += FRAME_LENGTH + int.from_bytes(changed[at + 2 : at + 4], "big")
    return bytes(changed)


def on_channel(packets: bytes, channel: int) -> bytes:
    """The same interleaved packets for another channel than 0."""
    moved = bytearray(packets)
    offset = 0
    while offset < len(moved):
        moved[offset + 1] = channel
        offset += FRAME_LENGTH + int.from_bytes(moved[offset + 2 : offset + 4], "big")
    return bytes(moved)
