"""What the NAL unit types mean. Source: H.264 table 7-1, H.265 table 7-1."""

from watchkeep.domain.media import Codec

PARAMETER_SETS = {Codec.H264: (7, 8), Codec.H265: (32, 33, 34)}
"""SPS and PPS; VPS, SPS and PPS: in the order in which VideoParameters holds them."""
SEQUENCE_PARAMETERS = {Codec.H264: 7, Codec.H265: 33}
DELIMITERS = {Codec.H264: 9, Codec.H265: 35}
"""The access unit delimiter; where there is one, it comes first."""
KEY_PICTURES = {Codec.H264: range(5, 6), Codec.H265: range(16, 22)}
"""At these decoding can start: IDR pictures, or IRAP ones (H.265)."""


def nal_type(codec: Codec, nal: bytes) -> int:
    """The type in the NAL unit's header; of at least one byte."""
    return nal[0] & 0x1F if codec is Codec.H264 else nal[0] >> 1 & 0x3F
