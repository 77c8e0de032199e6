"""RTP payloads of compressed pictures. Source: RFC 6184 section 5, RFC 7798 section 4."""

from collections.abc import Iterator

from watchkeep.domain.media import Codec

# With its headers it fits one Ethernet frame, as cameras send it over TCP too.
_PAYLOAD_LIMIT = 1400
_H264_FU_A = 28
_H265_FU = 49
_START, _END = 0x80, 0x40


def rtp_payloads(nal: bytes, codec: Codec) -> Iterator[bytes]:
    """The RTP payloads of one NAL unit: itself, or its fragmentation units when it is too long."""
    if len(nal) <= _PAYLOAD_LIMIT:
        yield nal
        return
    if codec is Codec.H264:
        head = bytes([nal[0] & 0xE0 | _H264_FU_A])
        nal_type, header_length = nal[0] & 0x1F, 1
    else:
        head = bytes([nal[0] & 0x81 | _H265_FU << 1, nal[1]])
        nal_type, header_length = nal[0] >> 1 & 0x3F, 2
    step = _PAYLOAD_LIMIT - len(head) - 1
    for offset in range(header_length, len(nal), step):
        mark = _START if offset == header_length else 0
        mark |= _END if offset + step >= len(nal) else 0
        yield head + bytes([mark | nal_type]) + nal[offset : offset + step]
