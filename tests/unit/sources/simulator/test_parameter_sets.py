import io
from pathlib import Path

import av
import pytest

from simulator_process import simulated_cameras
from unit.sources.simulator.rtsp_client import RtspClient
from watchkeep.domain.media import Codec
from watchkeep.sources.simulator.clip import read_clip
from watchkeep.sources.simulator.faults import PictureSize
from watchkeep.sources.simulator.parameter_sets import is_sps, sps_of_size

FORMATS = {Codec.H264: "h264", Codec.H265: "hevc"}


class Bits:
    """Reads an SPS as H.264 section 7.2 and 9.1 say, without its emulation prevention."""

    def __init__(self, nal: bytes, head: int) -> None:
        plain = nal[head:].replace(b"\x00\x00\x03", b"\x00\x00")
        self.text = "".join(f"{byte:08b}" for byte in plain)
        self.at = 0

    def fixed(self, count: int) -> int:
        self.at += count
        return int(self.text[self.at - count : self.at], 2)

    def golomb(self) -> int:
        zeros = self.text.index("1", self.at) - self.at
        self.at += zeros
        return self.fixed(zeros + 1) - 1


def told_size(sps: bytes, codec: Codec) -> tuple[int, int]:
    if codec is Codec.H265:
        bits = Bits(sps, 2)
        bits.at = 8 + 96
        assert (bits.golomb(), bits.golomb()) == (0, 1)
        return bits.golomb(), bits.golomb()
    bits = Bits(sps, 1)
    bits.at = 24
    assert [bits.golomb() for _ in range(4)] == [0, 0, 2, 1]
    bits.fixed(1)
    across, down = bits.golomb() + 1, bits.golomb() + 1
    assert bits.fixed(3) == 0b111
    left, right, top, bottom = (bits.golomb() for _ in range(4))
    return 16 * across - 2 * (left + right), 16 * down - 2 * (top + bottom)


@pytest.mark.parametrize("codec", list(Codec))
@pytest.mark.parametrize("size", [(0, 0), (640, 360), (1918, 1078), (1280, 0), (16384, 16384)])
def test_an_sps_tells_the_size(codec: Codec, size: tuple[int, int]) -> None:
    sps = sps_of_size(codec, *size)

    assert is_sps(sps, codec)
    assert told_size(sps, codec) == size
    for start_code in (b"\x00\x00\x00", b"\x00\x00\x01", b"\x00\x00\x02"):
        assert start_code not in sps


@pytest.mark.parametrize("codec", list(Codec))
def test_libav_reads_the_size_in_a_stream(codec: Codec, clips: dict[str, Path]) -> None:
    with av.open(str(clips[codec])) as container:
        key = bytes(next(container.demux(video=0)))
    parameter_sets = read_clip(clips[codec]).parameter_sets
    nals = [sps_of_size(codec, 1280, 720) if is_sps(nal, codec) else nal for nal in parameter_sets]
    at = 0
    while at < len(key):
        length = int.from_bytes(key[at : at + 4], "big")
        nal, at = key[at + 4 : at + 4 + length], at + 4 + length
        # The clip's own SPS may lie in the picture too.
        if not is_sps(nal, codec):
            nals.append(nal)
    stream = b"".join(b"\x00\x00\x00\x01" + nal for nal in nals)

    with av.open(io.BytesIO(stream), format=FORMATS[codec]) as container:
        found = container.streams.video[0].codec_context

    assert (found.width, found.height) == (1280, 720)


@pytest.mark.parametrize("size", [(0, 0), (16384, 16384)])
def test_a_camera_tells_an_impossible_size(clips: dict[str, Path], size: tuple[int, int]) -> None:
    fault = PictureSize(width_px=size[0], height_px=size[1])
    with simulated_cameras({"door": clips["h264"], "yard": clips["h265"]}, faults=[fault]) as cameras:
        for name, codec in (("door", Codec.H264), ("yard", Codec.H265)):
            with RtspClient(cameras.url(name)) as client:
                assert f"a=x-dimensions:{size[0]},{size[1]}" in client.ask("DESCRIBE").body
                client.play()
                packets = client.packets(60)
            sets = [packet.payload for packet in packets if is_sps(packet.payload, codec)]
            assert sets
            assert {told_size(nal, codec) for nal in sets} == {size}
