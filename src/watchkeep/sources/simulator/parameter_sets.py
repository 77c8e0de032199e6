"""Sequence parameter sets that tell any picture size.

Source: ITU-T H.264 section 7.3.2.1, H.265 section 7.3.2.2.
"""

from watchkeep.domain.media import Codec

_H264_SPS, _H265_SPS = 7, 33


def is_sps(nal: bytes | bytearray, codec: Codec) -> bool:
    """Whether a NAL unit is a sequence parameter set."""
    if codec is Codec.H264:
        return nal[0] & 0x1F == _H264_SPS
    return nal[0] >> 1 & 0x3F == _H265_SPS


def sps_of_size(codec: Codec, width_px: int, height_px: int) -> bytes:
    """An SPS NAL unit with id 0; a size of 0 is what no standard allows and some cameras send."""
    return _h264(width_px, height_px) if codec is Codec.H264 else _h265(width_px, height_px)


class _Bits:
    def __init__(self) -> None:
        self._text = ""

    def fixed(self, value: int, count: int) -> None:
        self._text += f"{value:0{count}b}"

    def golomb(self, *values: int) -> None:
        """Unsigned Exp-Golomb codes."""
        for value in values:
            digits = f"{value + 1:b}"
            self._text += "0" * (len(digits) - 1) + digits

    def nal(self, head: bytes) -> bytes:
        """With the stop bit, and with emulation prevention (section 7.4.1)."""
        text = self._text + "1"
        text += "0" * (-len(text) % 8)
        plain = int(text, 2).to_bytes(len(text) // 8, "big")
        escaped = bytearray()
        for byte in plain:
            if byte <= 3 and escaped[-2:] == b"\x00\x00":
                escaped.append(3)
            escaped.append(byte)
        return head + bytes(escaped)


def _h264(width_px: int, height_px: int) -> bytes:
    across, down = max(1, -(-width_px // 16)), max(1, -(-height_px // 16))
    right, bottom = (across * 16 - width_px) // 2, (down * 16 - height_px) // 2
    bits = _Bits()
    bits.fixed(0x42C033, 24)  # constrained baseline, level 5.1
    bits.golomb(0, 0, 2, 1)  # id; log2_max_frame_num - 4; pic_order_cnt_type; max_num_ref_frames
    bits.fixed(0, 1)  # no gaps in frame_num
    bits.golomb(across - 1, down - 1)
    bits.fixed(0b11, 2)  # frames only; direct_8x8_inference
    bits.fixed(1, 1)  # cropping, in steps of 2 pixels
    bits.golomb(0, right, 0, bottom)
    bits.fixed(0, 1)  # no VUI
    return bits.nal(b"\x67")


def _h265(width_px: int, height_px: int) -> bytes:
    bits = _Bits()
    bits.fixed(0b0000_000_1, 8)  # VPS 0; one sub-layer; temporal nesting
    bits.fixed(1, 8)  # Main profile
    bits.fixed(0x60000000, 32)
    bits.fixed(0x900000000000, 48)  # progressive, frames only
    bits.fixed(186, 8)  # level 6.2
    bits.golomb(0, 1, width_px, height_px)  # id; 4:2:0
    bits.fixed(0, 1)  # no conformance window
    bits.golomb(0, 0, 4)  # 8 bits, 8 bits; log2_max_pic_order_cnt_lsb - 4
    bits.fixed(1, 1)
    bits.golomb(1, 0, 0)  # pictures kept; reordered; latency
    bits.golomb(0, 3, 0, 3, 0, 0)  # sizes of blocks
    bits.fixed(0b0000, 4)  # no scaling lists, AMP, SAO, PCM
    bits.golomb(0)  # no short-term reference sets
    bits.fixed(0b00000, 5)  # no long-term ones, no temporal MVP, no smoothing, no VUI, no extension
    return bits.nal(b"\x42\x01")
