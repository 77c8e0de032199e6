"""Puts pictures together from RTP payloads. Source: RFC 6184 section 5, RFC 7798 section 4."""

from collections.abc import Sequence
from typing import NamedTuple

from watchkeep.domain.media import Codec
from watchkeep.sources.assembler import PICTURE_LIMIT_BYTES
from watchkeep.sources.rtsp.rtp import Instant, RtpPacket

NAL_LIMIT = 4096
"""Of one picture."""

_H264_STAP_A, _H264_FU_A = 24, 28
_H265_AP, _H265_FU = 48, 49
_START, _END = 0x80, 0x40


class Picture(NamedTuple):
    """One access unit.

    Attributes:
        timestamp: The RTP timestamp, unwrapped.
        is_damaged: A part of it is missing; what is whole is there.
    """

    nals: tuple[bytes, ...]
    timestamp: int
    is_damaged: bool


class PictureAssembler:
    """Takes the packets of a video track in order; gives pictures.

    A NAL unit of which a part is missing is left out. A picture ends with the marker bit, or, for cameras
    that leave it out, where the timestamp changes.

    Attributes:
        malformed: Payloads that are not what the codec's RFC prescribes.
        damaged: Pictures that lack a part.
        lead_bytes: How many bytes of a payload say what it is.
    """

    def __init__(self, codec: Codec, *, has_decoding_order: bool = False) -> None:
        self._is_h264 = codec is Codec.H264
        self._order_bytes = 2 if has_decoding_order else 0
        self.lead_bytes = 2 if self._is_h264 else 3
        self._nals: list[bytes] = []
        self._parts: list[bytes] = []
        """Of the NAL unit that is being put together; empty when none is."""
        self._lead = b""
        """How the payload of a part from its middle begins."""
        self._parts_bytes = 0
        self._size_bytes = 0
        """Of the NAL units that are whole."""
        self._timestamp: int | None = None
        self._is_damaged = False
        self.malformed = 0
        self.damaged = 0

    @property
    def held_bytes(self) -> int:
        """Of the picture that is being put together."""
        return self._size_bytes + self._parts_bytes

    @property
    def lead(self) -> bytes:
        """How the payload of a further part of the NAL unit in hand begins; b"" when none is in hand."""
        return self._lead if self._parts else b""

    @property
    def is_between(self) -> bool:
        """Whether nothing of a picture is in hand: the next packet begins one."""
        return self._timestamp is None

    def whole(self, instant: Instant) -> bytes | None:
        """The NAL unit that is all of an instant, if nothing else is in it; takes nothing."""
        first, lead, last, parts, _ = instant
        if self._order_bytes:
            return None
        if not last:
            kind = first[0] & 0x1F if self._is_h264 else first[0] >> 1 & 0x3F
            is_single = 1 <= kind <= 23 if self._is_h264 else kind < _H265_AP
            return first + parts[0] if is_single else None
        mark = first[-1]
        if mark & (_START | _END) != _START or last != first[:-1] + bytes((mark ^ (_START | _END),)):
            return None
        if lead and lead != first[:-1] + bytes((mark ^ _START,)):
            return None
        if self._is_h264:
            if first[0] & 0x1F != _H264_FU_A:
                return None
            head = bytes((first[0] & 0xE0 | mark & 0x1F,))
        else:
            if first[0] >> 1 & 0x3F != _H265_FU:
                return None
            head = bytes((first[0] & 0x81 | (mark & 0x3F) << 1, first[1]))
        return b"".join((head, *parts))

    def take_parts(self, parts: Sequence[bytes]) -> None:
        """Take what followed the lead in packets that came in order."""
        self._parts += parts
        self._parts_bytes += sum(map(len, parts))
        if self.held_bytes > PICTURE_LIMIT_BYTES:
            self._give_up()

    def take(self, packet: RtpPacket) -> list[Picture]:
        """Take the next packet; mostly nothing comes out, two pictures at most."""
        payload, timestamp, has_marker, lost, has_new_source = packet
        pictures: list[Picture] = []
        if timestamp != self._timestamp or has_new_source:
            if lost and self._nals:
                # Nobody knows which of the two pictures the missing packets belong to.
                self._is_damaged = True
            pictures += self._end()
            self._timestamp = timestamp
        if lost:
            self._drop_parts()
            self._is_damaged = True
        if len(payload) <= (0 if self._is_h264 else 2):
            self.malformed += 1
        elif self._is_h264:
            self._take_h264(payload)
        else:
            self._take_h265(payload)
        if has_marker:
            pictures += self._end()
        return pictures

    def _end(self) -> list[Picture]:
        if self._parts:
            self._drop_parts()
            self._is_damaged = True
        nals, self._nals = self._nals, []
        is_damaged, self._is_damaged = self._is_damaged, False
        timestamp, self._timestamp = self._timestamp, None
        self._size_bytes = 0
        self.damaged += is_damaged
        if not nals or timestamp is None:
            return []
        return [Picture(tuple(nals), timestamp, is_damaged)]

    def _take_h264(self, payload: bytes) -> None:
        kind = payload[0] & 0x1F
        if kind == _H264_FU_A:
            if len(payload) < 3:
                self.malformed += 1
                return
            mark = payload[1]
            head = b""
            if mark & _START:
                head = bytes((payload[0] & 0xE0 | mark & 0x1F,))
                self._lead = bytes((payload[0], mark & 0x1F))
            self._add_part(head, payload[2:], mark)
        elif kind == _H264_STAP_A:
            self._take_aggregate(payload[1:])
        elif 1 <= kind <= 23:
            self._add(payload)
        else:
            self.malformed += 1

    def _take_h265(self, payload: bytes) -> None:
        kind = payload[0] >> 1 & 0x3F
        if kind == _H265_FU:
            if len(payload) < 4 + self._order_bytes:
                self.malformed += 1
                return
            mark = payload[2]
            head, order_bytes = b"", 0
            if mark & _START:
                head = bytes((payload[0] & 0x81 | (mark & 0x3F) << 1, payload[1]))
                self._lead = bytes((payload[0], payload[1], mark & 0x3F))
                # Only the first part carries the decoding order number.
                order_bytes = self._order_bytes
            self._add_part(head, payload[3 + order_bytes :], mark)
        elif kind == _H265_AP:
            self._take_aggregate(payload[2 + self._order_bytes :], between=1 if self._order_bytes else 0)
        elif kind < 48:
            self._add(payload[:2] + payload[2 + self._order_bytes :])
        else:
            self.malformed += 1

    def _take_aggregate(self, rest: bytes, *, between: int = 0) -> None:
        """Several NAL units behind their lengths; between: bytes of order number before all but the first."""
        at = 0
        while at + 2 <= len(rest):
            length = rest[at] << 8 | rest[at + 1]
            at += 2
            if length == 0 or at + length > len(rest):
                break
            self._add(rest[at : at + length])
            at += length + between
        if at < len(rest):
            self.malformed += 1

    def _add(self, nal: bytes) -> None:
        if self._parts:
            # A fragmented unit that never ended.
            self._drop_parts()
            self._is_damaged = True
        self._size_bytes += len(nal)
        if self._size_bytes > PICTURE_LIMIT_BYTES or len(self._nals) >= NAL_LIMIT:
            self.malformed += 1
            self._is_damaged = True
            return
        self._nals.append(nal)

    def _add_part(self, head: bytes, rest: bytes, mark: int) -> None:
        if mark & _START:
            if self._parts:
                self._drop_parts()
                self._is_damaged = True
            self._parts.append(head)
        elif not self._parts:
            # Its beginning is missing, which was noticed before.
            self._is_damaged = True
            return
        self._parts.append(rest)
        self._parts_bytes += len(head) + len(rest)
        if self.held_bytes > PICTURE_LIMIT_BYTES:
            self._give_up()
        elif mark & _END:
            nal = b"".join(self._parts)
            self._drop_parts()
            self._add(nal)

    def _give_up(self) -> None:
        """The NAL unit is longer than any."""
        self.malformed += 1
        self._drop_parts()
        self._is_damaged = True

    def _drop_parts(self) -> None:
        self._parts = []
        self._parts_bytes = 0
