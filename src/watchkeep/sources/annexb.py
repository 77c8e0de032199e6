"""Takes access units and extradata apart into NAL units.

Source: H.264 and H.265 annex B; ISO/IEC 14496-15 5.3.3 (avcC) and 8.3.3 (hvcC).
"""

from dataclasses import dataclass

from watchkeep.domain.errors import Invalid

_START_CODE = b"\x00\x00\x01"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a stream's NAL units are packed.

    Attributes:
        length_size: Bytes of length before each NAL unit; 0 for start codes (Annex B).
        parameter_sets: Those that came beside the pictures, as they came.
    """

    length_size: int
    parameter_sets: tuple[bytes, ...]


def split(access_unit: bytes, length_size: int) -> tuple[bytes, ...]:
    """The NAL units of an access unit; empty ones are left out.

    Raises:
        Invalid: A length points beyond the end.
    """
    if length_size == 0:
        return split_annexb(access_unit)
    return split_length_prefixed(access_unit, length_size)


def split_annexb(stream: bytes) -> tuple[bytes, ...]:
    """The NAL units between start codes, without the zero bytes that may follow them."""
    nals: list[bytes] = []
    start = stream.find(_START_CODE)
    while start >= 0:
        start += len(_START_CODE)
        end = stream.find(_START_CODE, start)
        # A NAL unit never ends in zero: those are the next start code's, or padding.
        nal = stream[start : end if end >= 0 else None].rstrip(b"\x00")
        if nal:
            nals.append(nal)
        start = end
    return tuple(nals)


def split_length_prefixed(access_unit: bytes, length_size: int) -> tuple[bytes, ...]:
    """The NAL units behind their lengths, as in MP4.

    Raises:
        Invalid: A length points beyond the end.
    """
    nals: list[bytes] = []
    at = 0
    while at < len(access_unit):
        start = at + length_size
        at = start + int.from_bytes(access_unit[at:start], "big")
        if at > len(access_unit) or start > len(access_unit):
            raise Invalid("a picture is cut off in the middle; the file is damaged")
        if at > start:
            nals.append(access_unit[start:at])
    return tuple(nals)


def read_extradata(extradata: bytes, *, is_h265: bool) -> Layout:
    """What a container or an SDP says beside the pictures: avcC, hvcC, Annex B or nothing.

    Raises:
        Invalid: It ends too early.
    """
    if not extradata or extradata.startswith((_START_CODE, b"\x00" + _START_CODE)):
        return Layout(0, split_annexb(extradata))
    if is_h265:
        return _read_hevc_record(_Bytes(extradata))
    return _read_avc_record(_Bytes(extradata))


class _Bytes:
    """Reads from the front; Invalid beyond the end."""

    def __init__(self, rest: bytes) -> None:
        self._rest = memoryview(rest)

    def take(self, count: int) -> bytes:
        if count > len(self._rest):
            raise Invalid("the video's decoder configuration ends too early; the file is damaged")
        taken, self._rest = bytes(self._rest[:count]), self._rest[count:]
        return taken

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count), "big")


def _read_avc_record(record: _Bytes) -> Layout:
    record.take(4)
    length_size = (record.number(1) & 3) + 1
    sets = [record.take(record.number(2)) for _ in range(record.number(1) & 0x1F)]
    sets += [record.take(record.number(2)) for _ in range(record.number(1))]
    return Layout(length_size, tuple(nal for nal in sets if nal))


def _read_hevc_record(record: _Bytes) -> Layout:
    record.take(21)
    length_size = (record.number(1) & 3) + 1
    sets: list[bytes] = []
    for _ in range(record.number(1)):
        record.take(1)
        sets += [record.take(record.number(2)) for _ in range(record.number(2))]
    return Layout(length_size, tuple(nal for nal in sets if nal))
