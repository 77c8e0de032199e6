"""Parameter sets read, records and codec strings made; hostile bytes refused."""

from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import CountingRng
from clip_packets import clip_packets
from time_code import make_clip
from watchkeep.domain.errors import Invalid
from watchkeep.domain.media import Codec, VideoParameters
from watchkeep.domain.sequence_parameters import SPS_LIMIT_BYTES, read_sps, without_emulation_prevention
from watchkeep.ingestion.parameters import codec_string, configuration_record

# x264, High, 1280x720.
H264_SPS = bytes.fromhex("6764001facd9405005bb011000000300100000030320f183196000")
H264_PPS = bytes.fromhex("68ebe3cb22c0")


def h264(*sets: bytes) -> VideoParameters:
    return VideoParameters(codec=Codec.H264, parameter_sets=sets, width_px=1280, height_px=720)


def test_an_h264_sps_says_size_profile_and_reordering() -> None:
    found = read_sps(Codec.H264, H264_SPS)

    assert (found.width_px, found.height_px) == (1280, 720)
    assert found.profile.hex() == "64001f"
    assert found.reorder_depth == 2
    assert (found.chroma_format, found.luma_bits, found.chroma_bits) == (1, 8, 8)


def test_the_codec_string_of_h264_is_its_profile() -> None:
    assert codec_string(h264(H264_SPS, H264_PPS)) == "avc1.64001F"


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ("0160000000b0000000000000", "hvc1.1.6.L93.B0"),
        ("2120000000b0000000000000", "hvc1.1.4.H120.B0"),
        ("0220000000000000000000ff", "hvc1.2.4.L153"),
    ],
)
def test_the_codec_string_of_h265_follows_iso_14496_15(profile: str, expected: str, tmp_path: Path) -> None:
    parameters, _ = clip_packets(make_clip(tmp_path / "clip.mp4", seconds=0.2, codec="h265"))
    vps, sps, pps = parameters.parameter_sets
    level = int(expected.split(".")[3][1:])
    plain = bytearray(without_emulation_prevention(sps))
    plain[3:15] = bytes.fromhex(profile)[:11] + bytes([level])
    changed = VideoParameters(
        codec=Codec.H265, parameter_sets=(vps, protected(bytes(plain)), pps), width_px=1, height_px=1
    )

    assert codec_string(changed) == expected


def protected(plain: bytes) -> bytes:
    out = bytearray()
    for byte in plain:
        if byte <= 3 and out[-2:] == b"\0\0":
            out.append(3)
        out.append(byte)
    return bytes(out)


@given(st.lists(st.sampled_from([0, 1, 2, 3, 4]), min_size=1, max_size=40).map(bytes))
def test_emulation_prevention_is_taken_out(plain: bytes) -> None:
    assert without_emulation_prevention(protected(plain)) == plain


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_the_record_is_the_one_that_libav_writes(codec: str, b_frames: int, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", seconds=0.5, codec=codec, b_frames=b_frames)
    parameters, _ = clip_packets(clip)
    with av.open(str(clip)) as container:
        written = container.streams.video[0].codec_context.extradata
    assert written is not None

    record = configuration_record(parameters)

    if codec == "h264":
        assert record == written
    else:
        # libav also writes down parallelism and SEI units; the rest is prescribed.
        assert record[:13] == written[:13]
        assert record[16:19] == written[16:19]
        for nal in parameters.parameter_sets:
            assert len(nal).to_bytes(2, "big") + nal in record


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("size", [(640, 360), (322, 182), (1920, 1080)])
def test_the_size_is_the_cropped_one(codec: str, size: tuple[int, int], tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", seconds=0.1, codec=codec, size=size)

    parameters, _ = clip_packets(clip)

    assert (parameters.width_px, parameters.height_px) == size


def test_a_missing_parameter_set_is_said() -> None:
    with pytest.raises(Invalid, match="no parameter set of type 8"):
        configuration_record(h264(H264_SPS))


def test_an_sps_that_ends_early_is_invalid() -> None:
    for length in range(1, 9):
        with pytest.raises(Invalid):
            read_sps(Codec.H264, H264_SPS[:length])


def test_a_broken_end_of_the_sps_does_not_cost_the_picture_size() -> None:
    assert read_sps(Codec.H264, H264_SPS[:13]).width_px == 1280


def test_an_overlong_sps_is_invalid() -> None:
    with pytest.raises(Invalid, match="too long"):
        read_sps(Codec.H264, H264_SPS + bytes(SPS_LIMIT_BYTES))


@given(st.sampled_from(Codec), st.integers(0, 1 << 32), st.integers(0, 300), st.booleans())
def test_hostile_bytes_are_read_or_invalid(codec: Codec, seed: int, length: int, starts_well: bool) -> None:
    head = H264_SPS[:9] if starts_well else b""

    try:
        found = read_sps(codec, head + CountingRng(seed).token(length))
    except Invalid:
        return

    assert 0 < found.width_px <= 16_384
    assert 0 < found.height_px <= 16_384
