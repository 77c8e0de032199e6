import base64
import subprocess
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import av
import pytest
from av.error import HTTPUnauthorizedError

from simulator_process import SimulatedCameras, simulated_cameras
from time_code import read_time_code
from unit.sources.simulator.conftest import SECONDS
from unit.sources.simulator.rtsp_client import RtpPacket, RtspClient, SenderReport

LIBAV = {"rtsp_transport": "tcp", "timeout": "5000000", "analyzeduration": "1", "probesize": "32"}
LEFT_OUT = {"h264": {7, 8, 9}, "hevc": {32, 33, 34, 35}}


@pytest.fixture(scope="module")
def cameras(clips: dict[str, Path]) -> Iterator[SimulatedCameras]:
    with simulated_cameras({**clips, "h264/sub": clips["h264-annexb"]}) as running:
        yield running


def open_stream(url: str) -> "av.container.InputContainer":
    return av.open(url, options=LIBAV)


def annexb_nals(data: bytes, codec: str) -> tuple[bytes, ...]:
    nals = [nal.rstrip(b"\0") for nal in data.split(b"\0\0\1")[1:]]
    kinds = [nal[0] & 0x1F if codec == "h264" else nal[0] >> 1 & 0x3F for nal in nals]
    return tuple(nal for nal, kind in zip(nals, kinds, strict=True) if kind not in LEFT_OUT[codec])


def pictures_of_file(path: Path) -> list[tuple[bytes, ...]]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        codec = stream.codec_context.name
        nals = []
        for packet in container.demux(stream):
            data, at, found = bytes(packet), 0, []
            while at < len(data):
                length = int.from_bytes(data[at : at + 4], "big")
                found.append(data[at + 4 : at + 4 + length])
                at += 4 + length
            if found:
                nals.append(annexb_nals(b"".join(b"\0\0\1" + nal for nal in found), codec))
        return nals


@pytest.mark.parametrize("name", ["h264", "h264-b", "h265", "h265-b"])
def test_every_nal_arrives_in_order_over_the_loop(
    cameras: SimulatedCameras, clips: dict[str, Path], name: str
) -> None:
    wanted = pictures_of_file(clips[name])

    with open_stream(cameras.url(name)) as container:
        stream = container.streams.video[0]
        codec = stream.codec_context.name
        arrived = []
        for packet in container.demux(stream):
            arrived.append(annexb_nals(bytes(packet), codec))
            if len(arrived) == 2 * len(wanted) + 5:
                break

    start = wanted.index(arrived[0])
    assert arrived == [wanted[(start + number) % len(wanted)] for number in range(len(arrived))]


@pytest.mark.parametrize("name", ["h264", "h265"])
def test_the_time_code_tells_the_wall_time(cameras: SimulatedCameras, name: str) -> None:
    seen = []
    with open_stream(cameras.url(name)) as container:
        for frame in container.decode(video=0):
            shown = read_time_code(frame.to_ndarray(format="gray"))
            assert shown is not None
            seen.append((time.time() * 1000 - shown) % (SECONDS * 1000))
            if len(seen) == 30:
                break

    # libav holds one picture back (50 ms), and a busy machine is late at times; a picture that comes early
    # would look nearly a whole clip late.
    assert min(seen) < 500


def test_sequence_numbers_timestamps_and_markers_are_those_of_one_endless_stream(
    cameras: SimulatedCameras, clips: dict[str, Path]
) -> None:
    with RtspClient(cameras.url("h264")) as client:
        client.play()
        packets = client.packets(120)

    assert len({packet.ssrc for packet in packets}) == 1
    for before, after in pairwise(packets):
        assert after.sequence == (before.sequence + 1) % 65536
        step = (after.timestamp - before.timestamp) % (1 << 32)
        assert step == (4500 if before.is_marked else 0)


def test_what_play_promises_is_what_comes_first(cameras: SimulatedCameras) -> None:
    with RtspClient(cameras.url("h264")) as client:
        promise = client.play().headers["rtp-info"]
        first = client.packets(1)[0]

    assert f"seq={first.sequence};rtptime={first.timestamp}" in promise


def test_sender_reports_tie_the_timestamps_to_the_wall_clock(cameras: SimulatedCameras) -> None:
    with RtspClient(cameras.url("h264")) as client:
        client.play()
        frames = []
        for channel, frame in client.frames():
            frames.append((channel, frame))
            if isinstance(frame, RtpPacket) and len(frames) > 1:
                break

    channel, report = frames[0]
    assert channel == 1
    assert isinstance(report, SenderReport)
    assert abs(report.unix_seconds - time.time()) < 5
    packet = frames[1][1]
    shown_at = report.unix_seconds + (packet.timestamp - report.timestamp) / 90_000
    assert abs(shown_at - time.time()) < 5
    # Media times are those of the wall clock: a picture's time is a multiple of its interval.
    assert shown_at * 20 == pytest.approx(round(shown_at * 20), abs=0.01)


def test_two_streams_of_a_camera_show_the_same_instant(cameras: SimulatedCameras) -> None:
    shown = []
    for name in ("h264", "h264/sub"):
        with RtspClient(cameras.url(name)) as client:
            client.play()
            frames = client.frames()
            report = next(frame for _, frame in frames if isinstance(frame, SenderReport))
            packet = next(frame for _, frame in frames if isinstance(frame, RtpPacket))
            shown.append(report.unix_seconds + (packet.timestamp - report.timestamp) / 90_000)

    apart = (shown[1] - shown[0]) * 20
    assert apart == pytest.approx(round(apart), abs=0.01)


@pytest.mark.parametrize(("name", "codec"), [("h264", "h264"), ("h265", "hevc")])
def test_ffprobe_reads_it(cameras: SimulatedCameras, name: str, codec: str) -> None:
    fields = "stream=codec_name,width,height"
    command = ["ffprobe", "-v", "error", "-rtsp_transport", "tcp", "-show_entries", fields, "-of", "csv=p=0"]
    result = subprocess.run(
        [*command, cameras.url(name)], capture_output=True, text=True, timeout=60, check=False
    )

    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == f"{codec},480,320"


def test_the_parameter_sets_are_in_the_description(cameras: SimulatedCameras) -> None:
    with RtspClient(cameras.url("h265")) as client:
        body = client.ask("DESCRIBE").body

    for name, kind in (("vps", 32), ("sps", 33), ("pps", 34)):
        text = body.partition(f"sprop-{name}=")[2].splitlines()[0].partition(";")[0]
        assert base64.b64decode(text)[0] >> 1 == kind


def test_requests_out_of_turn_get_their_own_status(cameras: SimulatedCameras) -> None:
    with RtspClient(cameras.url("h264")) as client:
        assert client.ask("DESCRIBE", cameras.url("nobody")).status == 404
        assert client.ask("SETUP", Transport="RTP/AVP;unicast;client_port=5000-5001").status == 461
        assert client.ask("PLAY", Session="1").status == 455
        assert client.ask("RECORD").status == 501
        session = client.set_up()
        assert client.ask("PLAY", Session="other").status == 454
        assert client.ask("PLAY", Session=session).status == 200
        assert client.ask("GET_PARAMETER", Session=session).status == 200
        assert client.ask("PAUSE", Session=session).status == 200
        assert client.ask("TEARDOWN", Session=session).status == 200
        with pytest.raises(ConnectionError):
            client.packets(1)


def test_media_travels_on_the_channel_that_the_client_chose(cameras: SimulatedCameras) -> None:
    with RtspClient(cameras.url("h264")) as client:
        client.play(channels="4-5")
        frames = client.frames()
        channels = {type(frame): channel for channel, frame in (next(frames) for _ in range(40))}

    assert channels == {SenderReport: 5, RtpPacket: 4}


def test_a_wrong_password_is_refused_and_the_right_one_let_in(clips: dict[str, Path]) -> None:
    with simulated_cameras({"door": clips["h264"]}, user="guard", password="s3cret") as cameras:
        for sign_in in ("", "guard:wrong@", "other:s3cret@"):
            url = cameras.url("door").replace("rtsp://", f"rtsp://{sign_in}")
            with pytest.raises(HTTPUnauthorizedError):
                open_stream(url)

        with open_stream(cameras.url("door").replace("rtsp://", "rtsp://guard:s3cret@")) as container:
            assert container.streams.video[0].codec_context.width == 480

        basic = base64.b64encode(b"guard:s3cret").decode()
        with RtspClient(cameras.url("door")) as client:
            assert client.ask("DESCRIBE", Authorization=f"Basic {basic}").status == 200
            cameras.refuse_sign_in()
            assert client.ask("DESCRIBE", Authorization=f"Basic {basic}").status == 401


def test_a_client_that_does_not_read_is_dropped_and_the_others_see_nothing(clips: dict[str, Path]) -> None:
    with (
        simulated_cameras({"door": clips["h264"]}, client_limit_bytes=50_000) as cameras,
        RtspClient(cameras.url("door"), receive_buffer_bytes=4096) as idle,
        RtspClient(cameras.url("door")) as reader,
    ):
        # Answers fill the socket faster than pictures do; both go through the same queue.
        idle.play()
        reader.play()
        request = f"OPTIONS {idle.url} RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode()
        idle.socket.settimeout(5)
        with pytest.raises((ConnectionError, TimeoutError)):  # noqa: PT012
            for _ in range(2_000_000):
                idle.socket.sendall(request)
        packets = reader.packets(100)

    assert [packet.sequence for packet in packets] == [
        (packets[0].sequence + number) % 65536 for number in range(100)
    ]


def test_joining_at_a_key_begins_with_the_parameter_sets(clips: dict[str, Path]) -> None:
    with simulated_cameras({"door": clips["h264"]}, joins_at_key=True) as cameras:
        for _ in range(3):
            with RtspClient(cameras.url("door")) as client:
                client.play()
                kinds = [packet.payload[0] & 0x1F for packet in client.packets(2)]
                assert kinds == [7, 8]


def test_a_camera_that_stalls_keeps_the_connection_and_says_nothing(clips: dict[str, Path]) -> None:
    with (
        simulated_cameras({"door": clips["h264"], "yard": clips["h264"]}) as cameras,
        RtspClient(cameras.url("door")) as door,
        RtspClient(cameras.url("yard")) as yard,
    ):
        door.play()
        yard.play()
        cameras.stall("door")
        yard.packets(40)
        door.socket.settimeout(1)
        with pytest.raises(TimeoutError):
            door.packets(100_000)
        with RtspClient(cameras.url("door")) as late:
            late.socket.settimeout(0.5)
            with pytest.raises(TimeoutError):
                late.ask("DESCRIBE")
        cameras.resume()
        door.socket.settimeout(10)
        assert door.packets(10)


def test_dropped_clients_may_come_back(clips: dict[str, Path]) -> None:
    with simulated_cameras({"door": clips["h264"]}) as cameras:
        with RtspClient(cameras.url("door")) as client:
            client.play()
            cameras.drop_clients("door")
            with pytest.raises(ConnectionError):
                client.packets(100_000)
        with RtspClient(cameras.url("door")) as client:
            client.play()
            assert client.packets(10)


def is_open(cameras: SimulatedCameras, *, awaited: bool) -> bool:
    """Whether the port takes connections, once it does what is awaited or ten seconds are over."""
    deadline = time.monotonic() + 10
    while True:
        try:
            RtspClient(cameras.url("door")).socket.close()
            found = True
        except ConnectionError:
            # Refused, or reset when the port closed just then.
            found = False
        if found is awaited or time.monotonic() > deadline:
            return found


def test_a_closed_port_opens_again_under_the_same_number(clips: dict[str, Path]) -> None:
    with simulated_cameras({"door": clips["h264"]}) as cameras:
        cameras.refuse_connections()
        assert not is_open(cameras, awaited=False)
        cameras.refuse_connections(refuses=False)
        assert is_open(cameras, awaited=True)
        client = RtspClient(cameras.url("door"))
        with client:
            assert client.ask("OPTIONS").status == 200


def test_lost_pictures_leave_a_hole_in_the_sequence_numbers(clips: dict[str, Path]) -> None:
    with simulated_cameras({"door": clips["h264"]}) as cameras, RtspClient(cameras.url("door")) as client:
        client.play()
        packets = client.packets(5)
        cameras.lose_pictures("door", 3)
        packets += client.packets(100)

    holes = [
        (after.timestamp - before.timestamp) % (1 << 32)
        for before, after in pairwise(packets)
        if after.sequence != (before.sequence + 1) % 65536
    ]
    assert holes == [4 * 4500]


def test_a_cameras_own_clock_may_be_wrong(clips: dict[str, Path]) -> None:
    with simulated_cameras({"door": clips["h264"]}) as cameras:
        cameras.shift_ntp(-3600.0)
        with RtspClient(cameras.url("door")) as client:
            client.play()
            report = next(frame for _, frame in client.frames() if isinstance(frame, SenderReport))

    assert abs(report.unix_seconds + 3600 - time.time()) < 5
