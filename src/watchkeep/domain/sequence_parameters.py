"""What a sequence parameter set says of its pictures. Reads hostile bytes: bounded, and Invalid when wrong.

Source: ITU-T H.264 (08/2021) 7.3.2.1 and annex E; ITU-T H.265 (08/2021) 7.3.2.2 and 7.3.3.
"""

from dataclasses import dataclass

from watchkeep.domain.errors import Invalid
from watchkeep.domain.media import Codec

SPS_LIMIT_BYTES = 4096
"""Real ones have 20 to 100 bytes; scaling lists can add a few hundred."""
SIDE_LIMIT_PX = 16_384
"""Larger than any level of either standard allows."""

_H264_WITH_CHROMA = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_H264_BASELINE = 66
# Table E-1: index to sample aspect ratio; 255 means that it is written out.
_ASPECTS = (
    *((1, 1), (1, 1), (12, 11), (10, 11), (16, 11), (40, 33), (24, 11), (20, 11), (32, 11)),
    *((80, 33), (18, 11), (15, 11), (64, 33), (160, 99), (4, 3), (3, 2), (2, 1)),
)
_EXTENDED_ASPECT = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceParameters:
    """One SPS, read.

    Attributes:
        width_px: After cropping.
        height_px: After cropping; of the whole picture when fields are coded apart.
        profile: The three bytes after the NAL header (H.264: profile, constraints, level); the twelve bytes
            of the general profile, tier and level (H.265).
        chroma_format: 0 grey, 1 4:2:0, 2 4:2:2, 3 4:4:4.
        sample_aspect: Width and height of a sample; (1, 1) when it is not said.
        reorder_depth: How many pictures may be decoded before a picture yet shown after it; None when unsaid.
        sub_layers: Temporal sub-layers (H.265); 1 for H.264.
    """

    width_px: int
    height_px: int
    profile: bytes
    chroma_format: int
    luma_bits: int
    chroma_bits: int
    sample_aspect: tuple[int, int] = (1, 1)
    reorder_depth: int | None = None
    sub_layers: int = 1
    has_nested_sub_layers: bool = True


def read_sps(codec: Codec, nal: bytes) -> SequenceParameters:
    """Read an SPS, given as a NAL unit without start code.

    Raises:
        Invalid: It is too long, ends early, or says something impossible.
    """
    if len(nal) > SPS_LIMIT_BYTES:
        raise Invalid("the camera's sequence parameter set is too long to be one", length_bytes=len(nal))
    bits = _Bits(without_emulation_prevention(nal))
    found = _read_h264(bits) if codec is Codec.H264 else _read_h265(bits)
    if not (0 < found.width_px <= SIDE_LIMIT_PX and 0 < found.height_px <= SIDE_LIMIT_PX):
        raise Invalid(
            "the camera describes pictures of an impossible size; check its video settings",
            width_px=found.width_px,
            height_px=found.height_px,
        )
    return found


def without_emulation_prevention(nal: bytes) -> bytes:
    """The NAL unit with each 00 00 03 turned back into 00 00. Source: H.264 7.4.1, H.265 7.4.2."""
    parts: list[bytes] = []
    start = 0
    while (at := nal.find(b"\x00\x00\x03", start)) >= 0:
        parts.append(nal[start : at + 2])
        start = at + 3
    parts.append(nal[start:])
    return b"".join(parts)


class _Bits:
    """Reads bits from the most significant on; Invalid beyond the end."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = len(data) * 8

    def u(self, count: int) -> int:
        """An unsigned number of count bits."""
        self._left -= count
        if self._left < 0:
            raise Invalid("the camera's sequence parameter set ends too early")
        return self._value >> self._left & (1 << count) - 1

    def flag(self) -> bool:
        """One bit."""
        return self.u(1) == 1

    def ue(self) -> int:
        """An unsigned Exp-Golomb number below 2^32. Source: H.264 9.1."""
        zeros = 0
        while not self.flag():
            zeros += 1
            if zeros > 31:
                raise Invalid("the camera's sequence parameter set holds an impossible number")
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        """A signed Exp-Golomb number."""
        number = self.ue()
        return (number + 1) // 2 if number % 2 else -(number // 2)


@dataclass(slots=True)
class _Chroma:
    format: int = 1
    is_separate: bool = False
    luma_bits: int = 8
    chroma_bits: int = 8

    def crop_unit(self) -> tuple[int, int]:
        """Width and height of a step of the cropping window. Source: H.264 7.4.2.1.1, H.265 table 6-1."""
        if self.is_separate or self.format in (0, 3):
            return 1, 1
        return (2, 2) if self.format == 1 else (2, 1)


def _read_h264(bits: _Bits) -> SequenceParameters:
    bits.u(8)
    profile = bits.u(24).to_bytes(3, "big")
    bits.ue()
    chroma = _read_h264_chroma(bits) if profile[0] in _H264_WITH_CHROMA else _Chroma()
    bits.ue()
    is_in_order = _skip_picture_order(bits) or profile[0] == _H264_BASELINE
    bits.ue()
    bits.u(1)
    width, units = (bits.ue() + 1) * 16, bits.ue() + 1
    fields = 1 if bits.flag() else 2
    if fields == 2:
        bits.u(1)
    height = units * 16 * fields
    bits.u(1)
    left, right, top, bottom = (bits.ue() for _ in range(4)) if bits.flag() else (0, 0, 0, 0)
    across, down = chroma.crop_unit()
    aspect, depth = _read_h264_usability(bits)
    return SequenceParameters(
        width_px=width - (left + right) * across,
        height_px=height - (top + bottom) * down * fields,
        profile=profile,
        chroma_format=chroma.format,
        luma_bits=chroma.luma_bits,
        chroma_bits=chroma.chroma_bits,
        sample_aspect=aspect,
        reorder_depth=0 if is_in_order else depth,
    )


def _read_h264_chroma(bits: _Bits) -> _Chroma:
    chroma = _Chroma(bits.ue())
    if chroma.format > 3:
        raise Invalid("the camera names a colour format that does not exist; check its video settings")
    chroma.is_separate = chroma.format == 3 and bits.flag()
    chroma.luma_bits, chroma.chroma_bits = 8 + _depth(bits), 8 + _depth(bits)
    bits.u(1)
    if bits.flag():
        for number in range(12 if chroma.format == 3 else 8):
            if bits.flag():
                _skip_scaling_list(bits, 16 if number < 6 else 64)
    return chroma


def _depth(bits: _Bits) -> int:
    depth = bits.ue()
    if depth > 8:
        raise Invalid("the camera names a colour depth that does not exist; check its video settings")
    return depth


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following != 0:
            following = (last + bits.se()) % 256
        last = following or last


def _skip_picture_order(bits: _Bits) -> bool:
    """Skip what orders pictures; True when they are shown as they are decoded."""
    kind = bits.ue()
    if kind == 0:
        bits.ue()
    elif kind == 1:
        bits.u(1)
        bits.se()
        bits.se()
        count = bits.ue()
        if count > 255:
            raise Invalid("the camera's sequence parameter set holds an impossible count")
        for _ in range(count):
            bits.se()
    return kind == 2


def _read_h264_usability(bits: _Bits) -> tuple[tuple[int, int], int | None]:
    """Sample aspect and reorder depth; cameras that write a broken end here still decode."""
    aspect = (1, 1)
    try:
        if not bits.flag():
            return aspect, None
        aspect = _read_aspect(bits)
        _skip_h264_signals(bits)
        if not bits.flag():
            return aspect, None
        bits.u(1)
        for _ in range(4):
            bits.ue()
        depth = bits.ue()
    except Invalid:
        return aspect, None
    return aspect, depth if depth <= 16 else None


def _read_aspect(bits: _Bits) -> tuple[int, int]:
    if not bits.flag():
        return 1, 1
    index = bits.u(8)
    if index == _EXTENDED_ASPECT:
        width, height = bits.u(16), bits.u(16)
        return (width, height) if width and height else (1, 1)
    return _ASPECTS[index] if index < len(_ASPECTS) else (1, 1)


def _skip_h264_signals(bits: _Bits) -> None:
    if bits.flag():  # overscan
        bits.u(1)
    if bits.flag():  # video signal type
        bits.u(4)
        if bits.flag():
            bits.u(24)
    if bits.flag():  # chroma location
        bits.ue()
        bits.ue()
    if bits.flag():  # timing
        bits.u(65)
    has_buffer_model = False
    for _ in range(2):
        if bits.flag():
            has_buffer_model = True
            _skip_h264_buffer_model(bits)
    if has_buffer_model:
        bits.u(1)
    bits.u(1)


def _skip_h264_buffer_model(bits: _Bits) -> None:
    count = bits.ue() + 1
    if count > 32:
        raise Invalid("the camera's sequence parameter set holds an impossible count")
    bits.u(8)
    for _ in range(count):
        bits.ue()
        bits.ue()
        bits.u(1)
    bits.u(20)


def _read_h265(bits: _Bits) -> SequenceParameters:
    bits.u(16)
    bits.u(4)
    extra_layers = bits.u(3)
    is_nested = bits.flag()
    profile = bits.u(96).to_bytes(12, "big")
    _skip_h265_layers(bits, extra_layers)
    bits.ue()
    chroma = _Chroma(bits.ue())
    if chroma.format > 3:
        raise Invalid("the camera names a colour format that does not exist; check its video settings")
    chroma.is_separate = chroma.format == 3 and bits.flag()
    width, height = bits.ue(), bits.ue()
    left, right, top, bottom = (bits.ue() for _ in range(4)) if bits.flag() else (0, 0, 0, 0)
    chroma.luma_bits, chroma.chroma_bits = 8 + _depth(bits), 8 + _depth(bits)
    bits.ue()
    depth = 0
    for _ in range(extra_layers + 1 if bits.flag() else 1):
        bits.ue()
        depth = bits.ue()
        bits.ue()
    across, down = chroma.crop_unit()
    return SequenceParameters(
        width_px=width - (left + right) * across,
        height_px=height - (top + bottom) * down,
        profile=profile,
        chroma_format=chroma.format,
        luma_bits=chroma.luma_bits,
        chroma_bits=chroma.chroma_bits,
        reorder_depth=depth if depth <= 16 else None,
        sub_layers=extra_layers + 1,
        has_nested_sub_layers=is_nested,
    )


def _skip_h265_layers(bits: _Bits, extra_layers: int) -> None:
    said = [(bits.flag(), bits.flag()) for _ in range(extra_layers)]
    if extra_layers:
        bits.u(2 * (8 - extra_layers))
    for has_profile, has_level in said:
        if has_profile:
            bits.u(88)
        if has_level:
            bits.u(8)
