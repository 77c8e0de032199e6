"""Packets of a stream as interleaved RTP and RTCP. Source: RFC 3550 sections 5.1 and 6.4, RFC 2326 10.12."""

import struct
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from watchkeep.domain.media import TICKS_PER_SECOND, Packet, VideoParameters
from watchkeep.domain.nal import DELIMITERS, nal_type
from watchkeep.domain.rtp import rtp_payloads

PAYLOAD_TYPE = 96
REPORT_EVERY = timedelta(seconds=5)
_NTP_EPOCH = datetime(1900, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_HEAD = struct.Struct(">BBHBBHII")
_SENDER_REPORT = struct.Struct(">BBHBBHIQIII")
_NAME = b"watchkeep"


class Packetiser:
    """One client's sequence of RTP packets. Timestamps go on when a new run of the camera begins."""

    def __init__(self, *, chance: bytes, channel: int) -> None:
        """Begin.

        Args:
            chance: 10 random bytes: SSRC, first sequence number, first timestamp.
            channel: Of the packets; reports take the next.
        """
        self.ssrc = int.from_bytes(chance[:4], "big")
        self.sequence = int.from_bytes(chance[4:6], "big")
        self._offset = int.from_bytes(chance[6:10], "big")
        self._channel = channel
        self._parameters: VideoParameters | None = None
        self._is_new = True
        self._newest = (datetime.min.replace(tzinfo=UTC), 0)
        self._report_due = self._newest[0]
        self._packets = self._octets = 0

    def begin(self, parameters: VideoParameters) -> None:
        """A run of the camera begins; its ticks start anew."""
        self._parameters = parameters
        self._is_new = True

    def take(self, packets: Iterable[Packet]) -> bytes:
        """The next pictures in decoding order, with a sender report when one is due."""
        buffer = bytearray()
        for packet in packets:
            self._place(packet)
            if packet.received_at >= self._report_due:
                buffer += self._report(packet)
            self._append(buffer, packet)
        return bytes(buffer)

    def _place(self, packet: Packet) -> None:
        if self._is_new and self._packets:
            at, stamp = self._newest
            passed = max(packet.received_at - at, timedelta(milliseconds=1))
            self._offset = stamp + passed * TICKS_PER_SECOND // _SECOND - packet.pts
        self._is_new = False
        self._newest = (packet.received_at, packet.pts + self._offset)

    def _append(self, buffer: bytearray, packet: Packet) -> None:
        if self._parameters is None:
            raise ValueError("a picture came before its parameters")
        codec, nals = self._parameters.codec, packet.nals
        if packet.is_key:
            # Who joins here needs them, and not every program reads those of the description.
            first = 1 if nal_type(codec, nals[0]) == DELIMITERS[codec] else 0
            nals = (*nals[:first], *self._parameters.parameter_sets, *nals[first:])
        payloads = [payload for nal in nals for payload in rtp_payloads(nal, codec)]
        stamp = packet.pts + self._offset & 0xFFFFFFFF
        for number, payload in enumerate(payloads, start=1):
            kind = PAYLOAD_TYPE | (0x80 if number == len(payloads) else 0)
            size = 12 + len(payload)
            buffer += _HEAD.pack(0x24, self._channel, size, 0x80, kind, self.sequence, stamp, self.ssrc)
            buffer += payload
            self.sequence = self.sequence + 1 & 0xFFFF
            self._packets += 1
            self._octets += len(payload)

    def _report(self, packet: Packet) -> bytes:
        self._report_due = packet.received_at + REPORT_EVERY
        # When the picture was decoded and when it is shown differ where pictures are reordered; this is when
        # it came, on our clock.
        since_us = (packet.received_at - _NTP_EPOCH) // timedelta(microseconds=1)
        ntp = (since_us << 32) // 1_000_000 & 0xFFFFFFFFFFFFFFFF
        chunk = struct.pack(">I", self.ssrc) + bytes([1, len(_NAME)]) + _NAME
        chunk += bytes(4 - len(chunk) % 4)
        description = struct.pack(">BBH", 0x81, 202, len(chunk) // 4) + chunk
        stamp = packet.dts + self._offset & 0xFFFFFFFF
        counts = (self._packets & 0xFFFFFFFF, self._octets & 0xFFFFFFFF)
        head = (0x24, self._channel + 1, 28 + len(description), 0x80, 200, 6)
        return _SENDER_REPORT.pack(*head, self.ssrc, ntp, stamp, *counts) + description
