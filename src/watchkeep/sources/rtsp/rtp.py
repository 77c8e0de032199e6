"""RTP packets of one track: their order, what is missing, and their times. Source: RFC 3550 5 and 6."""

import struct
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

_HEAD = struct.Struct(">BBHII")
FIXED_BYTES = 12
"""Of the header that every packet has."""
_REPORT = struct.Struct(">BBHIQI")
_SENDER_REPORT = 200
_GOODBYE = 203
_LATE_LIMIT = 3000
"""A number that is behind by less came late or twice; by more, the camera began anew (RFC 3550 A.1)."""
_NTP_EPOCH_S = 2_208_988_800


_FRAME = struct.Struct(">IHH8x")
"""An interleaved frame's head, and the fixed header of the RTP packet in it."""
_FRAME_BYTES = 4


@cache
def _layout(part_bytes: int, lead_bytes: int) -> struct.Struct | None:
    """An interleaved frame: what stays the same before its number, the number, the same behind, the part."""
    return struct.Struct(f">6sH{8 + lead_bytes}s{part_bytes}s") if part_bytes > 0 else None


class RtpPacket(NamedTuple):
    """One packet, in order.

    Attributes:
        timestamp: In the track's clock rate, unwrapped: it goes on over 2**32.
        lost: Packets that are missing before this one.
        has_new_source: The camera began anew: timestamps before say nothing of those after.
    """

    payload: bytes
    timestamp: int
    has_marker: bool
    lost: int
    has_new_source: bool


class Instant(NamedTuple):
    """All packets of one timestamp: the last has the marker, those between are of one size and begin alike.

    Attributes:
        first_lead: How the payload of the first begins.
        lead: How those between begin; b"" if there are none.
        last_lead: How the last begins; b"" if there is but one.
        parts: What follows the lead in each.
        timestamp: As in RtpPacket.
    """

    first_lead: bytes
    lead: bytes
    last_lead: bytes
    parts: list[bytes]
    timestamp: int

    def packets(self) -> "list[RtpPacket]":
        """The packets, one by one."""
        count = len(self.parts)
        leads = [self.first_lead, *[self.lead] * (count - 2), self.last_lead][:count]
        return [
            RtpPacket(lead + part, self.timestamp, number == count, 0, False)
            for number, (lead, part) in enumerate(zip(leads, self.parts, strict=True), start=1)
        ]


class RtpReader:
    """Reads the packets of one track.

    Attributes:
        packets: Taken so far.
        lost: Missing so far, by their numbers.
        malformed: Those that were no RTP, or of another payload type.
        late: Those that came late or twice; a TCP connection brings none.
    """

    def __init__(self, payload_type: int) -> None:
        self._payload_type = payload_type
        self._source: int | None = None
        self._sequence = 0
        self._timestamp = 0
        self._instant = b""
        """Timestamp and source of the last packet, as they were sent."""
        self.packets = 0
        self.lost = 0
        self.malformed = 0
        self.late = 0

    def take_run(self, data: bytes, at: int, *, channel: int, lead: bytes) -> tuple[list[bytes], int]:
        """Take frames that are plainly the next of the same instant, of one size, and begin alike.

        Most packets are parts from the middle of a picture; taken so, one costs a tenth of what `take` does.

        Args:
            data: What was read.
            at: Where in it a frame begins, if there is one.
            channel: Of this track.
            lead: How the payloads begin.

        Returns:
            What follows the lead in each that was taken, and where the first begins that was not. Those taken
            carry no marker, and none is missing.
        """
        length = data[at + 2 : at + _FRAME_BYTES]
        constant = b"\x24%c%b\x80%c" % (channel, length, self._payload_type)
        parts, after = _further(
            data, at, constant, self._sequence, self._instant + lead, lead_bytes=len(lead)
        )
        self._sequence = (self._sequence + len(parts)) & 0xFFFF
        self.packets += len(parts)
        return parts, after

    def take_instant(
        self, data: bytes, at: int, *, channel: int, lead_bytes: int
    ) -> tuple[Instant, int] | None:
        """Take all packets of the next instant, if they lie in a row and are plainly whole and in order.

        Most pictures come so; taken at once, one costs a quarter of what its packets do.

        Args:
            data: What was read.
            at: Where in it a frame begins, if there is one.
            channel: Of this track.
            lead_bytes: How many bytes of each payload are told apart.

        Returns:
            The packets, and where the next frame begins; None if it is not that plain, then none was taken.
        """
        sequence = (self._sequence + 1) & 0xFFFF
        first = self._plain(data, at, channel, sequence, lead_bytes)
        instant = data[at + 8 : at + _FRAME.size]
        if first is None or instant[4:] != self._instant[4:]:
            return None
        has_marker, after = first
        start = at + _FRAME.size + lead_bytes
        first_lead, lead, last_lead = data[start - lead_bytes : start], b"", b""
        parts = [data[start:after]]
        if not has_marker:
            lead_at = after + _FRAME.size
            lead = data[lead_at : lead_at + lead_bytes]
            further, last_at = _further(
                data, after, data[at : at + 6], sequence, instant + lead, lead_bytes=lead_bytes
            )
            sequence = (sequence + len(further) + 1) & 0xFFFF
            last = self._plain(data, last_at, channel, sequence, lead_bytes)
            if last is None or not last[0] or data[last_at + 8 : last_at + _FRAME.size] != instant:
                return None
            after = last[1]
            start = last_at + _FRAME.size + lead_bytes
            last_lead = data[start - lead_bytes : start]
            parts += further
            parts.append(data[start:after])
            lead = lead if further else b""
        self._sequence, self._instant = sequence, instant
        self.packets += len(parts)
        self._timestamp = unwrap(int.from_bytes(instant[:4], "big"), self._timestamp)
        return Instant(first_lead, lead, last_lead, parts, self._timestamp), after

    def _plain(
        self, data: bytes, at: int, channel: int, sequence: int, lead_bytes: int
    ) -> tuple[bool, int] | None:
        """Whether the packet of that number has a marker, and where its frame ends; None without it."""
        start = at + _FRAME.size + lead_bytes
        if start > len(data):
            return None
        frame, head, its_sequence = _FRAME.unpack_from(data, at)
        after = at + _FRAME_BYTES + (frame & 0xFFFF)
        if (
            frame >> 16 != 0x2400 | channel
            or head & 0xFF7F != 0x8000 | self._payload_type
            or its_sequence != sequence
            or not start <= after <= len(data)
        ):
            return None
        return bool(head & 0x80), after

    def take(self, packet: bytes) -> RtpPacket | None:
        """Read one packet; None when it is none that counts."""
        if len(packet) < FIXED_BYTES:
            self.malformed += 1
            return None
        first, second, sequence, timestamp, source = _HEAD.unpack_from(packet)
        if (
            first == 0x80
            and second & 0x7F == self._payload_type
            and sequence == (self._sequence + 1) & 0xFFFF
            and source == self._source
        ):
            self._sequence, self._instant = sequence, packet[4:12]
            self.packets += 1
            if timestamp != self._timestamp & 0xFFFFFFFF:
                self._timestamp = unwrap(timestamp, self._timestamp)
            return RtpPacket(packet[FIXED_BYTES:], self._timestamp, second > 0x7F, 0, False)
        if first >> 6 != 2 or second & 0x7F != self._payload_type:
            self.malformed += 1
            return None
        payload = packet[FIXED_BYTES:] if first == 0x80 else _payload(packet, first)
        if payload is None:
            self.malformed += 1
            return None
        lost, is_new = 0, source != self._source
        if not is_new:
            step = (sequence - self._sequence) & 0xFFFF
            if step != 1:
                behind = (self._sequence - sequence) & 0xFFFF
                if behind < _LATE_LIMIT:
                    self.late += 1
                    return None
                if step > _LATE_LIMIT:
                    is_new = True
                else:
                    lost = step - 1
                    self.lost += lost
        self._source, self._sequence, self._instant = source, sequence, packet[4:12]
        self.packets += 1
        self._timestamp = timestamp if is_new else unwrap(timestamp, self._timestamp)
        return RtpPacket(payload, self._timestamp, bool(second & 0x80), lost, is_new and self.packets > 1)

    def unwrapped(self, timestamp: int) -> int:
        """A timestamp of a report as those of the packets are told."""
        return unwrap(timestamp, self._timestamp)

    @property
    def source(self) -> int | None:
        """The camera's SSRC; None before the first packet."""
        return self._source

    @property
    def sequence(self) -> int:
        """The number of the last packet."""
        return self._sequence


def _further(
    data: bytes, at: int, constant: bytes, sequence: int, same: bytes, *, lead_bytes: int
) -> tuple[list[bytes], int]:
    """Take the frames from a place on that differ in their number and their part only.

    Args:
        data: What was read.
        at: Where the first may begin.
        constant: Their first six bytes.
        sequence: The number before the first.
        same: Instant and lead.
        lead_bytes: The length of the lead.

    Returns:
        What follows the lead in each, and where the first begins that was not taken.
    """
    parts: list[bytes] = []
    layout = _layout((constant[2] << 8 | constant[3]) - FIXED_BYTES - lead_bytes, lead_bytes)
    count = (len(data) - at) // layout.size if layout is not None else 0
    if layout is None or count <= 0:
        return parts, at
    whole = memoryview(data)[at : at + count * layout.size]
    for its_constant, its_sequence, its_same, part in layout.iter_unpack(whole):
        sequence = (sequence + 1) & 0xFFFF
        if its_sequence != sequence or its_same != same or its_constant != constant:
            break
        parts.append(part)
    return parts, at + len(parts) * layout.size


def unwrap(timestamp: int, near: int) -> int:
    """The number that is `timestamp` modulo 2**32 and nearest to `near`."""
    return near + ((timestamp - near + 0x80000000) & 0xFFFFFFFF) - 0x80000000


def _payload(packet: bytes, first: int) -> bytes | None:
    """The payload of a packet with sources, an extension or padding; None when they do not fit."""
    start, end = FIXED_BYTES + 4 * (first & 0xF), len(packet)
    if first & 0x10:
        if start + 4 > end:
            return None
        start += 4 + 4 * int.from_bytes(packet[start + 2 : start + 4], "big")
    if first & 0x20:
        end -= packet[-1]
    return packet[start:end] if start <= end else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderReport:
    """What a camera says about its clock.

    Attributes:
        source: Whose timestamps it speaks of.
        unix_us: Its time of day, microseconds since 1970.
        timestamp: The same instant on the track's clock, modulo 2**32.
    """

    source: int
    unix_us: int
    timestamp: int


def read_reports(packet: bytes) -> tuple[list[SenderReport], bool]:
    """The sender reports of a compound RTCP packet, and whether the camera says goodbye."""
    reports: list[SenderReport] = []
    has_goodbye = False
    at = 0
    while at + 4 <= len(packet) and packet[at] >> 6 == 2:
        kind, length = packet[at + 1], 4 + 4 * int.from_bytes(packet[at + 2 : at + 4], "big")
        if kind == _SENDER_REPORT and length >= _REPORT.size and at + _REPORT.size <= len(packet):
            _, _, _, source, ntp, timestamp = _REPORT.unpack_from(packet, at)
            seconds = ntp >> 32
            # From 2036 on the seconds begin anew (RFC 4330 section 3).
            if seconds < 0x80000000:
                seconds += 1 << 32
            unix_us = (seconds - _NTP_EPOCH_S) * 1_000_000 + ((ntp & 0xFFFFFFFF) * 1_000_000 >> 32)
            reports.append(SenderReport(source=source, unix_us=unix_us, timestamp=timestamp))
        has_goodbye = has_goodbye or kind == _GOODBYE
        at += length
    return reports, has_goodbye


def receiver_report(reader: RtpReader, *, own_source: int) -> bytes:
    """A receiver report, so that a camera that waits for them knows that somebody listens.

    Delay and jitter stay 0: over TCP nobody acts on them. Source: RFC 3550 section 6.4.2.
    """
    lost = min(reader.lost, 0x7FFFFF)
    return struct.pack(
        ">BBHIIIIIII", 0x81, 201, 7, own_source, reader.source or 0, lost, reader.sequence, 0, 0, 0
    )
