"""What tests ask of packets as they came, with the clip of `faulty_cameras`."""

from collections.abc import Callable
from itertools import pairwise

from simulator_process import SimulatedCameras
from unit.sources.simulator.rtsp_client import RtpPacket, RtspClient, SenderReport

WRAP = 1 << 32
FRAME, GOP = 1800, 45_000
"""Ticks from picture to picture, and from key picture to key picture."""


def played(cameras: SimulatedCameras, name: str, wanted: int = 120) -> list[RtpPacket]:
    with RtspClient(cameras.url(name)) as client:
        client.play()
        return client.packets(wanted)


def packets_until(
    client: RtspClient, packets: list[RtpPacket], is_enough: Callable[[list[RtpPacket]], bool]
) -> list[RtpPacket]:
    """The packets and those that follow, until they are enough; however much lay in the socket before."""
    while not is_enough(packets):
        assert len(packets) < 20_000
        packets = packets + client.packets(1)
    return packets


def sequence_steps(packets: list[RtpPacket]) -> list[int]:
    return [(after.sequence - before.sequence) % 65536 for before, after in pairwise(packets)]


def timestamp_steps(packets: list[RtpPacket]) -> set[int]:
    return {(after.timestamp - before.timestamp) % WRAP for before, after in pairwise(packets)}


def kind(packet: RtpPacket) -> int:
    """The NAL unit's type in an H.264 payload, that of the whole for a fragment."""
    first = packet.payload[0] & 0x1F
    return packet.payload[1] & 0x1F if first == 28 else first


def unexplained(before: SenderReport, after: SenderReport) -> float:
    """By how much the second report's clock has moved more than its timestamp."""
    return after.unix_seconds - before.unix_seconds - (after.timestamp - before.timestamp) / 90_000
