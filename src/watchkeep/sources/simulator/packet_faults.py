"""Changes a picture's RTP packets on their way: what a bad network or a bad camera does to them.

Which packets are hit follows from sequence number and timestamp alone, so that a run can be repeated.
"""

from collections.abc import Iterator, Sequence
from zlib import crc32

from watchkeep.domain.clock import Rng
from watchkeep.domain.media import Codec
from watchkeep.sources.simulator.faults import (
    CutFragments,
    Duplicates,
    Fault,
    GarbageFraming,
    GarbagePayloads,
    Loss,
    MissingMarkers,
    PictureSize,
    Reorder,
    active,
)
from watchkeep.sources.simulator.packetisation import FRAME_LENGTH
from watchkeep.sources.simulator.parameter_sets import is_sps, sps_of_size

_HEAD_LENGTH = FRAME_LENGTH + 12
_MARKER = 0x80
_FRAGMENT_END = 0x40
_FU_A, _FU = 28, 49


def spoiled(packets: bytes | memoryview, faults: Sequence[Fault], codec: Codec, rng: Rng) -> bytes:
    """A picture's interleaved packets after what the faults do to them."""
    cut = list(_split(packets))
    framing = active(faults, GarbageFraming)
    if framing is not None and cut and _is_hit(cut[0], framing.share):
        return _noise(len(packets), rng)
    size = active(faults, PictureSize)
    if size is not None:
        cut = [_with_size(packet, size, codec) for packet in cut]
    if active(faults, MissingMarkers):
        for packet in cut:
            packet[FRAME_LENGTH + 1] &= ~_MARKER
    payloads = active(faults, GarbagePayloads)
    if payloads is not None:
        for packet in cut:
            if _is_hit(packet, payloads.share):
                packet[_HEAD_LENGTH:] = rng.token(len(packet) - _HEAD_LENGTH)
    return b"".join(_on_the_way(cut, faults))


def without_ends(packets: bytes | memoryview, codec: Codec) -> tuple[bytes, int]:
    """Without the last fragment of each fragmented NAL unit; and how many packets that were.

    The packets that follow close up in their sequence numbers.
    """
    kept = bytearray()
    missing = 0
    for packet in _split(packets):
        if _ends_fragments(packet, codec):
            missing += 1
            continue
        sequence = int.from_bytes(packet[6:8], "big") - missing
        packet[6:8] = (sequence & 0xFFFF).to_bytes(2, "big")
        kept += packet
    return bytes(kept), missing


def cuts_fragments(faults: Sequence[Fault]) -> bool:
    """Whether the ends of fragmented NAL units are to be left out."""
    return active(faults, CutFragments) is not None


def _on_the_way(packets: list[bytearray], faults: Sequence[Fault]) -> Iterator[bytearray]:
    loss, twice, swap = active(faults, Loss), active(faults, Duplicates), active(faults, Reorder)
    if loss is not None:
        packets = [packet for packet in packets if not _is_hit(packet, loss.share)]
    if swap is not None:
        packets = _reordered(packets, swap.share)
    for packet in packets:
        yield packet
        if twice is not None and _is_hit(packet, twice.share):
            yield packet


def _reordered(packets: list[bytearray], share: float) -> list[bytearray]:
    swapped = list(packets)
    place = 0
    while place + 1 < len(swapped):
        if _is_hit(swapped[place], share):
            swapped[place], swapped[place + 1] = swapped[place + 1], swapped[place]
            place += 1
        place += 1
    return swapped


def _split(packets: bytes | memoryview) -> Iterator[bytearray]:
    at = 0
    while at < len(packets):
        end = at + FRAME_LENGTH + int.from_bytes(packets[at + 2 : at + 4], "big")
        yield bytearray(packets[at:end])
        at = end


def _is_hit(packet: bytearray, share: float) -> bool:
    """Whether chance has it, by sequence number and timestamp."""
    return crc32(packet[6:12]) < share * (1 << 32)


def _with_size(packet: bytearray, size: PictureSize, codec: Codec) -> bytearray:
    if not is_sps(packet[_HEAD_LENGTH:], codec):
        return packet
    sps = sps_of_size(codec, size.width_px, size.height_px)
    changed = packet[:_HEAD_LENGTH] + sps
    changed[2:4] = (len(changed) - FRAME_LENGTH).to_bytes(2, "big")
    return changed


def _ends_fragments(packet: bytearray, codec: Codec) -> bool:
    """Source: RFC 6184 section 5.8, RFC 7798 section 4.4.3."""
    if codec is Codec.H264:
        return packet[_HEAD_LENGTH] & 0x1F == _FU_A and bool(packet[_HEAD_LENGTH + 1] & _FRAGMENT_END)
    return packet[_HEAD_LENGTH] >> 1 & 0x3F == _FU and bool(packet[_HEAD_LENGTH + 2] & _FRAGMENT_END)


def _noise(length: int, rng: Rng) -> bytes:
    """Random bytes that do not begin as an interleaved frame by chance."""
    noise = bytearray(rng.token(length))
    noise[0] ^= 0x40 if noise[0] == 0x24 else 0
    return bytes(noise)
