"""A run of packets made by hand: pictures and sounds at the ticks that a test names, cut into fragments."""

from collections.abc import Sequence

from builders import NOON, RUN, FixedClock
from mp4_reading import Sample, samples
from watchkeep.domain.media import (
    TICKS_PER_SECOND,
    AudioCodec,
    AudioPacket,
    AudioParameters,
    Fragment,
    Packet,
)
from watchkeep.ingestion.fragmenter import Fragmenter
from watchkeep.ingestion.wall_clock import WallClock

EIGHT_KHZ = AudioParameters(codec=AudioCodec.PCMU, sample_rate_hz=8000, channels=1)
SYNC = {1: 0, 2: 0}
"""The flags that samples have by default."""
FORTY_MS = TICKS_PER_SECOND // 25


def picture(dts: int, *, is_key: bool = False) -> Packet:
    return Packet(nals=(b"\x65" if is_key else b"\x41",), pts=dts, dts=dts, is_key=is_key, received_at=NOON)


def sound(pts: int, *, payload: bytes = b"", duration_ticks: int = FORTY_MS) -> AudioPacket:
    payload = payload or pts.to_bytes(8, "big", signed=True)
    return AudioPacket(payload=payload, pts=pts, duration_ticks=duration_ticks, received_at=NOON)


def fragmented(
    packets: Sequence[Packet | AudioPacket], audio: AudioParameters | None = EIGHT_KHZ
) -> tuple[list[Fragment], Fragmenter]:
    fragmenter = Fragmenter(RUN, wall_clock=WallClock(clock=FixedClock()), audio=audio)
    fragments: list[Fragment] = []
    for packet in packets:
        if isinstance(packet, Packet):
            fragments += fragmenter.push(packet)
        else:
            fragmenter.push_audio(packet)
    return fragments + fragmenter.end(), fragmenter


def media_of(fragments: list[Fragment]) -> bytes:
    return b"".join(fragment.payload for fragment in fragments)


def heard(fragments: list[Fragment]) -> list[Sample]:
    """The audio samples, read by a reader that knows only the standard."""
    return [sample for sample in samples(SYNC, media_of(fragments)) if sample.track == 2]
