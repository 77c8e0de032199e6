"""NAL units as RTP payloads, and back as a receiver does it."""

import pytest

from watchkeep.domain.media import Codec
from watchkeep.domain.rtp import rtp_payloads


def put_together(payloads: list[bytes], codec: Codec) -> bytes:
    """What RFC 6184 5.8 and RFC 7798 4.4.3 tell a receiver to do."""
    first = payloads[0]
    if codec is Codec.H264:
        assert first[1] & 0x80
        assert payloads[-1][1] & 0x40
        assert not any(payload[1] & 0xC0 for payload in payloads[1:-1])
        return bytes([first[0] & 0xE0 | first[1] & 0x1F]) + b"".join(payload[2:] for payload in payloads)
    assert first[2] & 0x80
    assert payloads[-1][2] & 0x40
    head = bytes([first[0] & 0x81 | (first[2] & 0x3F) << 1, first[1]])
    return head + b"".join(payload[3:] for payload in payloads)


@pytest.mark.parametrize("codec", list(Codec))
@pytest.mark.parametrize("length", [1401, 1402, 2795, 2796, 2797, 2798, 50_000])
def test_a_long_nal_is_cut_and_put_together_again(codec: Codec, length: int) -> None:
    head = b"\x65" if codec is Codec.H264 else b"\x26\x01"
    nal = head + bytes(number * 7 % 251 for number in range(length - len(head)))

    payloads = list(rtp_payloads(nal, codec))

    assert len(payloads) > 1
    assert max(map(len, payloads)) <= 1400
    assert put_together(payloads, codec) == nal


@pytest.mark.parametrize("codec", list(Codec))
def test_a_short_nal_travels_whole(codec: Codec) -> None:
    assert list(rtp_payloads(b"\x41" * 1400, codec)) == [b"\x41" * 1400]
