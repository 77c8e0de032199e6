"""What we write, read back by libav and by ffprobe."""

from collections.abc import Callable
from pathlib import Path

import av
import pytest

from builders import RUN
from clip_packets import clip_packets, demuxed, probed
from time_code import make_clip
from watchkeep.domain.media import Packet, VideoParameters
from watchkeep.ingestion.fragmenter import Fragmenter
from watchkeep.ingestion.mux import fragment_payload, init_section
from watchkeep.ingestion.wall_clock import WallClock
from watchkeep.runtime.system import SystemClock

CLIPS = {
    "h264": {"codec": "h264"},
    "h264 with B-frames": {"codec": "h264", "b_frames": 3},
    "h265": {"codec": "h265"},
    "h265 with B-frames": {"codec": "h265", "b_frames": 3},
    "h264 of odd size": {"codec": "h264", "size": (322, 182)},
    "h265 of odd size": {"codec": "h265", "size": (322, 182)},
}


@pytest.fixture(scope="module", params=list(CLIPS))
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    return make_clip(path, seconds=3, gop=30, **CLIPS[request.param])


def muxed(path: Path, parameters: VideoParameters, packets: list[Packet]) -> list[int]:
    """Write the whole file; the fragments' packet counts."""
    fragmenter = Fragmenter(RUN, wall_clock=WallClock(clock=SystemClock()))
    fragments = [fragment for packet in packets for fragment in fragmenter.push(packet)] + fragmenter.end()
    path.write_bytes(init_section(parameters) + b"".join(fragment.payload for fragment in fragments))
    return [fragment.packet_count for fragment in fragments]


def check_round_trip(clip: Path, out: Path) -> None:
    parameters, packets = clip_packets(clip)

    counts = muxed(out, parameters, packets)

    first = packets[0].dts
    assert sum(counts) == len(packets)
    assert demuxed(out) == [(x.pts - first, x.dts - first, x.is_key, x.nals) for x in packets]


def test_libav_reads_back_the_same_nals_and_times(clip: Path, tmp_path: Path) -> None:
    check_round_trip(clip, tmp_path / "out.mp4")


@pytest.mark.parametrize("name", ["person-bicycle-car-detection.mp4", "one-by-one-person-detection.mp4"])
def test_real_footage_reads_back_the_same(name: str, footage: Callable[[str], Path], tmp_path: Path) -> None:
    check_round_trip(footage(name), tmp_path / "out.mp4")


def test_ffprobe_sees_the_stream_that_was_put_in(
    clip: Path, tmp_path: Path, needs_tool: Callable[[str], Path]
) -> None:
    ffprobe = needs_tool("ffprobe")
    parameters, packets = clip_packets(clip)
    out = tmp_path / "out.mp4"

    muxed(out, parameters, packets)

    before, after = probed(ffprobe, clip), probed(ffprobe, out)
    assert after.pop("codec_tag_string") == ("avc1" if parameters.codec == "h264" else "hvc1")
    before.pop("codec_tag_string")
    # Without a pasp box square samples are not written down; 1:1 and unknown are one.
    assert before.pop("sample_aspect_ratio") in {"1:1", "N/A"}
    assert after.pop("sample_aspect_ratio") in {"1:1", "N/A"}
    assert after == before


def test_every_picture_decodes(clip: Path, tmp_path: Path) -> None:
    parameters, packets = clip_packets(clip)
    out = tmp_path / "out.mp4"
    muxed(out, parameters, packets)

    with av.open(str(out)) as container:
        container.streams.video[0].codec_context.options = {"err_detect": "explode"}
        sizes = [(frame.width, frame.height) for frame in container.decode(video=0)]

    assert sizes == [(parameters.width_px, parameters.height_px)] * len(packets)


def test_a_fragment_plays_alone_after_the_init_section(clip: Path, tmp_path: Path) -> None:
    parameters, packets = clip_packets(clip)
    second_key = next(number for number, x in enumerate(packets) if number and x.is_key)
    gop = packets[second_key : second_key + 10]
    out = tmp_path / "out.mp4"

    payload, media_offset = fragment_payload(gop, sequence=7, start_ticks=1 << 33, duration_ticks=36_000)

    out.write_bytes(init_section(parameters) + payload)
    assert [nals for *_, nals in demuxed(out)] == [packet.nals for packet in gop]
    assert demuxed(out)[0][1] == 1 << 33
    assert payload[media_offset - 4 : media_offset] == b"mdat"


def test_samples_that_are_not_square_are_said(tmp_path: Path, needs_tool: Callable[[str], Path]) -> None:
    source = tmp_path / "wide.mp4"
    with av.open(str(source), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"x264-params": "sar=16/11"})
        stream.width, stream.height = 352, 288
        frame = av.VideoFrame(352, 288, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    out = tmp_path / "out.mp4"

    parameters, packets = clip_packets(source)
    muxed(out, parameters, packets)

    assert b"pasp" + bytes([0, 0, 0, 16, 0, 0, 0, 11]) in out.read_bytes()
    assert probed(needs_tool("ffprobe"), out)["sample_aspect_ratio"] == "16:11"
