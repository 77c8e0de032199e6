"""Session descriptions as cameras write them, and as nobody should."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeep.domain.errors import Invalid, NoVideo
from watchkeep.domain.media import AudioCodec, Codec
from watchkeep.sources.rtsp.description import absolute, read_description

SPS, PPS = b"\x67\x64\x00\x1f\xac", b"\x68\xeb\xe3\xcb"
SETS = ",".join(base64.b64encode(nal).decode() for nal in (SPS, PPS))
VIDEO = f"""v=0
a=control:*
m=video 0 RTP/AVP 96
a=rtpmap:96 H264/90000
a=fmtp:96 packetization-mode=1; sprop-parameter-sets={SETS}
a=control:trackID=1
"""
AAC = """m=audio 0 RTP/AVP 104
a=rtpmap:104 mpeg4-generic/16000/1
a=fmtp:104 streamtype=5;mode=AAC-hbr;config=1408;SizeLength=13;IndexLength=3;IndexDeltaLength=3
a=control:trackID=2
"""


def test_video_and_sound_of_a_usual_camera() -> None:
    found = read_description((VIDEO + AAC).replace("\n", "\r\n").encode())

    assert found.control == "*"
    assert (found.video.codec, found.video.payload_type, found.video.control) == (Codec.H264, 96, "trackID=1")
    assert found.video.parameter_sets == (SPS, PPS)
    assert found.audio is not None
    assert found.audio.parameters.codec is AudioCodec.AAC
    assert (found.audio.parameters.sample_rate_hz, found.audio.parameters.channels) == (16000, 1)
    assert (found.audio.size_bits, found.audio.index_bits) == (13, 3)


@pytest.mark.parametrize("compression", ["", ".gzip", ".exi.onvif", ".exi.ext"])
def test_the_metadata_of_an_onvif_camera(compression: str) -> None:
    lines = f"m=application 0 RTP/AVP 107\na=rtpmap:107 vnd.onvif.metadata{compression}/90000\na=control:m\n"

    found = read_description((VIDEO + AAC + lines).encode()).metadata

    assert found is not None
    assert (found.payload_type, found.clock_rate_hz, found.control) == (107, 90_000, "m")
    assert found.encoding == "vnd.onvif.metadata" + compression


@pytest.mark.parametrize(
    "lines",
    [
        "",
        "m=application 0 RTP/AVP 107\n",
        "m=application 0 RTP/AVP 107\na=rtpmap:107 vnd.onvif.metadata/0\n",
        "m=application 0 RTP/AVP 107\na=rtpmap:107 vnd.onvif.metadata.zip/90000\n",
        "m=application 0 RTP/AVP 107\na=rtpmap:107 rtx/90000\n",
        "m=video 0 RTP/AVP 107\na=rtpmap:107 vnd.onvif.metadata/90000\n",
    ],
)
def test_what_is_no_metadata_is_left_out(lines: str) -> None:
    assert read_description((VIDEO + lines).encode()).metadata is None


@pytest.mark.parametrize(
    ("lines", "codec"),
    [
        ("m=audio 0 RTP/AVP 0\n", AudioCodec.PCMU),
        ("m=audio 0 RTP/AVP 8\na=rtpmap:8 PCMA/8000\n", AudioCodec.PCMA),
        ("m=audio 0 RTP/AVP 97\na=rtpmap:97 opus/48000/2\n", AudioCodec.OPUS),
    ],
)
def test_other_sounds(lines: str, codec: AudioCodec) -> None:
    found = read_description((VIDEO + lines).encode())

    assert found.audio is not None
    assert found.audio.parameters.codec is codec


@pytest.mark.parametrize(
    "lines",
    [
        "m=audio 0 RTP/AVP 9\na=rtpmap:9 G722/8000\n",
        "m=audio 0 RTP/AVP 104\na=rtpmap:104 mpeg4-generic/16000\n",
        AAC.replace("1408", "zz"),
        AAC.replace("SizeLength=13", "SizeLength=130"),
    ],
)
def test_sound_that_cannot_be_kept_leaves_the_pictures(lines: str) -> None:
    assert read_description((VIDEO + lines).encode()).audio is None


def test_h265_names_its_parameter_sets_apart() -> None:
    names = {"sprop-vps": b"\x40\x01\x0c", "sprop-sps": b"\x42\x01\x01", "sprop-pps": b"\x44\x01\xc1"}
    written = "; ".join(f"{name}={base64.b64encode(nal).decode()}" for name, nal in names.items())
    text = f"v=0\nm=video 0 RTP/AVP 98\na=rtpmap:98 H265/90000\na=fmtp:98 {written}\n"

    found = read_description(text.encode()).video

    assert found.codec is Codec.H265
    assert found.parameter_sets == tuple(names.values())


def test_a_broken_parameter_set_is_left_out_for_a_good_one_may_come_in_the_stream() -> None:
    text = (
        "v=0\nm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 sprop-parameter-sets=§§§,AAAAAWdkAB8=\n"
    )

    assert read_description(text.encode()).video.parameter_sets == (b"\x67\x64\x00\x1f",)


def test_what_is_offered_instead_is_said() -> None:
    with pytest.raises(NoVideo, match=r"JPEG.*choose H\.264"):
        read_description(b"v=0\nm=video 0 RTP/AVP 26\na=rtpmap:26 JPEG/90000\n")


@pytest.mark.parametrize("body", [b"", b"<html>no</html>", b"m=video\n" * 50, b"a=x\n" * 2000])
def test_what_is_no_description_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        read_description(body)


@pytest.mark.parametrize(
    ("control", "url"),
    [
        ("trackID=1", "rtsp://door/live?channel=1/trackID=1"),
        ("*", "rtsp://door/live?channel=1"),
        ("", "rtsp://door/live?channel=1"),
        ("rtsp://door/other", "rtsp://door/other"),
    ],
)
def test_a_control_is_appended_to_the_base_also_behind_a_query(control: str, url: str) -> None:
    assert absolute(control, "rtsp://door/live?channel=1") == url


@given(st.lists(st.sampled_from((VIDEO + AAC).splitlines()) | st.text(max_size=60), max_size=40))
def test_hostile_descriptions_are_read_or_refused(lines: list[str]) -> None:
    try:
        found = read_description("\n".join(lines).encode("utf-8", "surrogatepass"))
    except Invalid:
        return
    assert 0 <= found.video.payload_type < 128
