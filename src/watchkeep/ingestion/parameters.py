"""Decoder configuration records and codec strings, made of a stream's parameter sets.

Source: ISO/IEC 14496-15 5.3.3 (avcC), 8.3.3 (hvcC), annex E (codec strings); RFC 6381 section 3.3.
"""

import struct

from watchkeep.domain.errors import Invalid
from watchkeep.domain.media import Codec, VideoParameters
from watchkeep.domain.nal import PARAMETER_SETS, SEQUENCE_PARAMETERS, nal_type
from watchkeep.domain.sequence_parameters import SequenceParameters, read_sps

_H264_WITH_CHROMA = frozenset({100, 110, 122, 144, 244})
_LENGTH_SIZE = 4
"""Bytes before each NAL unit in a fragment."""


def read_sequence(parameters: VideoParameters) -> SequenceParameters:
    """Read the first SPS.

    Raises:
        Invalid: There is none, or it makes no sense.
    """
    return read_sps(parameters.codec, _sets(parameters, SEQUENCE_PARAMETERS[parameters.codec])[0])


def configuration_record(parameters: VideoParameters) -> bytes:
    """The body of an avcC or hvcC box.

    Raises:
        Invalid: A parameter set is missing or makes no sense.
    """
    sequence = read_sequence(parameters)
    if parameters.codec is Codec.H264:
        return _avc_record(parameters, sequence)
    return _hevc_record(parameters, sequence)


def codec_string(parameters: VideoParameters) -> str:
    """What browsers call it: "avc1.640028", "hvc1.1.6.L93.B0".

    Raises:
        Invalid: A parameter set is missing or makes no sense.
    """
    profile = read_sequence(parameters).profile
    if parameters.codec is Codec.H264:
        return f"avc1.{profile.hex().upper()}"
    space = ("", "A", "B", "C")[profile[0] >> 6]
    tier = "H" if profile[0] & 0x20 else "L"
    compatibility = int(f"{int.from_bytes(profile[1:5], 'big'):032b}"[::-1], 2)
    constraints = profile[5:11].rstrip(b"\x00")
    words = [f"{space}{profile[0] & 0x1F}", f"{compatibility:X}", f"{tier}{profile[11]}"]
    return ".".join(["hvc1", *words, *(f"{byte:X}" for byte in constraints)])


def _sets(parameters: VideoParameters, wanted: int) -> list[bytes]:
    found = [nal for nal in parameters.parameter_sets if nal and nal_type(parameters.codec, nal) == wanted]
    if not found:
        raise Invalid(
            f"the {parameters.codec} stream has no parameter set of type {wanted}; "
            "let the camera send its parameter sets",
            type=wanted,
        )
    if max(map(len, found)) > 0xFFFF or len(found) > 31:
        raise Invalid("the camera's parameter sets are too many or too long", type=wanted, count=len(found))
    return found


def _counted(nals: list[bytes]) -> bytes:
    return b"".join(struct.pack(">H", len(nal)) + nal for nal in nals)


def _avc_record(parameters: VideoParameters, sequence: SequenceParameters) -> bytes:
    sps, pps = (_sets(parameters, wanted) for wanted in PARAMETER_SETS[Codec.H264])
    head = bytes([1, *sequence.profile, 0xFC | _LENGTH_SIZE - 1, 0xE0 | len(sps)])
    record = head + _counted(sps) + bytes([len(pps)]) + _counted(pps)
    if sequence.profile[0] in _H264_WITH_CHROMA:
        depths = (0xF8 | sequence.luma_bits - 8, 0xF8 | sequence.chroma_bits - 8)
        record += bytes([0xFC | sequence.chroma_format, *depths, 0])
    return record


def _hevc_record(parameters: VideoParameters, sequence: SequenceParameters) -> bytes:
    head = bytes([1]) + sequence.profile
    head += struct.pack(
        ">HBBBBHB",
        0xF000,  # spatial segmentation: not said
        0xFC,  # parallelism: not said
        0xFC | sequence.chroma_format,
        0xF8 | sequence.luma_bits - 8,
        0xF8 | sequence.chroma_bits - 8,
        0,  # average frame rate: not said
        sequence.sub_layers << 3 | int(sequence.has_nested_sub_layers) << 2 | _LENGTH_SIZE - 1,
    )
    arrays = []
    for wanted in PARAMETER_SETS[Codec.H265]:
        nals = _sets(parameters, wanted)
        # 0x80: every parameter set is here, none in the pictures; hvc1 asks for it.
        arrays.append(struct.pack(">BH", 0x80 | wanted, len(nals)) + _counted(nals))
    return head + bytes([len(arrays)]) + b"".join(arrays)
