"""Cameras over HTTP, read through libav: what is recorded, what is refused, and who is led where."""

import base64
import io
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import av
import pytest

from clip_packets import clip_packets
from time_code import make_clip
from unit.sources.rtsp.scripted_camera import scripted_camera
from unit.sources.test_libav import PATIENCE_S, first_end, gather, source_of
from watchkeep.domain.camera import Secret, StreamAddress
from watchkeep.domain.media import GapCause, Packet, RunEnded, RunStarted
from watchkeep.runtime.system import SystemClock, SystemRng
from watchkeep.sources.choosing import open_address
from watchkeep.sources.container import open_container
from watchkeep.sources.probe import probe
from watchkeep.sources.rtsp.framing import ReadBuffer

SIGN_IN = "Basic " + base64.b64encode(b"ada:se/cret").decode()
JPEG = b"\xff\xd8\xff\xe0" + bytes(400) + b"\xff\xd9"


@dataclass
class HttpCamera:
    """Sends one clip over and over to whoever asks; notes which paths were asked for."""

    stream: bytes
    port: int = 0
    asked: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def answer(self, path: str, sign_in: str | None) -> tuple[int, dict[str, str], bytes]:
        if path == "/signed-in.ts" and sign_in != SIGN_IN:
            return 401, {"WWW-Authenticate": 'Basic realm="camera"'}, b""
        if path.endswith(".ts"):
            return 200, {"Content-Type": "video/mp2t"}, self.stream
        if path == "/moved":
            return 302, {"Location": self.url("/elsewhere.ts")}, b""
        if path == "/playlist.m3u8":
            text = (
                f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{self.url('/elsewhere.ts')}\n#EXT-X-ENDLIST\n"
            )
            return 200, {"Content-Type": "application/vnd.apple.mpegurl"}, text.encode()
        if path == "/pictures":
            part = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n" % (
                len(JPEG),
                JPEG,
            )
            return 200, {"Content-Type": "multipart/x-mixed-replace; boundary=frame"}, part * 20
        if path == "/page":
            return 200, {"Content-Type": "text/html"}, b"<html><title>Camera</title></html>" * 50
        return 404, {}, b""


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    clip = make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", seconds=3, fps=25, gop=25, size=(160, 90))
    return as_transport_stream(clip)


def as_transport_stream(clip: Path, *, stretch: int = 1) -> bytes:
    out = io.BytesIO()
    with av.open(str(clip)) as source, av.open(out, "w", format="mpegts") as target:
        video = source.streams.video[0]
        copy = target.add_stream_from_template(video)
        for packet in source.demux(video):
            if packet.dts is not None:
                packet.stream = copy
                packet.pts, packet.dts = packet.pts * stretch, packet.dts * stretch
                target.mux(packet)
    return out.getvalue()


@pytest.fixture
def camera(stream: bytes) -> Iterator[HttpCamera]:
    camera = HttpCamera(stream)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            camera.asked.append(self.path)
            camera.hosts.append(self.headers["Host"])
            status, headers, body = camera.answer(self.path, self.headers["Authorization"])
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        camera.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield camera
        server.shutdown()


def test_a_stream_over_http_is_recorded_and_it_is_said_that_libav_reads_it(camera: HttpCamera) -> None:
    address = StreamAddress(url=camera.url("/live.ts"))
    source = open_address(address, clock=SystemClock(), rng=SystemRng(), buffer=ReadBuffer())

    notices = gather(source, lambda notices: any(isinstance(notice, RunEnded) for notice in notices))
    source.close()

    start, *packets, end = notices
    assert isinstance(start, RunStarted)
    assert (start.parameters.width_px, start.parameters.height_px) == (160, 90)
    assert start.is_clear_text
    assert start.note == "read through libav, as it comes over HTTP; its sound is not recorded"
    pictures = [packet for packet in packets if isinstance(packet, Packet)]
    assert len(pictures) == len(packets) == 75
    assert {after.dts - before.dts for before, after in pairwise(pictures)} == {3600}
    assert isinstance(end, RunEnded)
    assert end.cause is GapCause.STREAM_ENDED


def test_a_film_on_a_server_comes_as_it_was_filmed_not_as_fast_as_it_can(camera: HttpCamera) -> None:
    source = source_of(StreamAddress(url=camera.url("/film.ts")))

    notices = gather(source, lambda notices: any(isinstance(notice, Packet) for notice in notices))
    began = time.monotonic()
    notices += gather(source, lambda notices: any(isinstance(notice, RunEnded) for notice in notices))
    took_s = time.monotonic() - began
    source.close()

    pictures = [notice for notice in notices if isinstance(notice, Packet)]
    first = pictures[0]
    ahead_s = [
        (each.dts - first.dts) / 90_000 - (each.received_at - first.received_at).total_seconds()
        for each in pictures
    ]
    assert len(pictures) == 75
    assert 1.9 < max(ahead_s) < 2.3
    # Who connects to it again and again gets no further into the future each time.
    assert took_s > 2.7


@pytest.mark.slow
def test_waiting_for_a_pictures_time_is_not_taken_for_silence(camera: HttpCamera, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", seconds=0.12, fps=25, gop=25, size=(160, 90))
    camera.stream = as_transport_stream(clip, stretch=240)  # a picture each 9.6 s
    source = source_of(StreamAddress(url=camera.url("/film.ts")))

    notices = gather(source, lambda notices: any(isinstance(notice, RunEnded) for notice in notices))
    source.close()

    assert [type(notice) for notice in notices] == [RunStarted, Packet, Packet, Packet, RunEnded]
    assert notices[-1].cause is GapCause.STREAM_ENDED


def test_each_picture_that_waits_is_counted_with_its_own_size(camera: HttpCamera, tmp_path: Path) -> None:
    parameters, packets = clip_packets(make_clip(tmp_path / "clip.mp4", seconds=0.6, size=(64, 64)))
    # Nothing tells their times, so the first eight are queued together.
    nals = [*parameters.parameter_sets, *packets[0].nals]
    bare = b"".join(b"\0\0\0\1" + nal for nal in nals)
    for number, packet in enumerate(packets[1:], 1):
        bare += b"".join(b"\0\0\0\1" + nal for nal in packet.nals) + bytes([0xAB]) * (12 << 20) * (number < 4)
    camera.stream = bare
    source = source_of(StreamAddress(url=camera.url("/bare.ts")))
    source.poll()
    deadline = time.monotonic() + PATIENCE_S
    while not source.dropped_packets:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    notices = source.poll()
    source.close()

    assert [type(notice).__name__ for notice in notices[:10]] == ["RunStarted", *["Packet"] * 8, "RunEnded"]


def test_a_camera_that_asks_for_a_password_gets_it(camera: HttpCamera) -> None:
    url = camera.url("/signed-in.ts")
    signed_in = StreamAddress(url=url, user="ada", password=Secret("se/cret"))

    found = probe(signed_in, clock=SystemClock())
    refused = first_end(StreamAddress(url=url, user="ada", password=Secret("wrong")))

    assert found.frames_per_second == 25
    assert refused.cause is GapCause.AUTHENTICATION
    assert "wrong" not in refused.detail


@pytest.mark.parametrize("path", ["/moved", "/playlist.m3u8"])
def test_nobody_is_led_to_a_place_that_was_not_checked(path: str, camera: HttpCamera) -> None:
    ended = first_end(StreamAddress(url=camera.url(path)))

    assert ended.cause is GapCause.NO_VIDEO
    assert "/elsewhere.ts" not in camera.asked


@pytest.mark.parametrize(
    ("path", "cause", "sentence"),
    [
        ("/pictures", GapCause.NO_VIDEO, "holds no H.264 or H.265 video"),
        ("/page", GapCause.NO_VIDEO, "gives no video at this address"),
        ("/nothing", GapCause.NO_VIDEO, "has no stream at this path"),
    ],
)
def test_what_is_no_video_of_ours_is_said(
    path: str, cause: GapCause, sentence: str, camera: HttpCamera
) -> None:
    ended = first_end(StreamAddress(url=camera.url(path)))

    assert ended.cause is cause
    assert sentence in ended.detail


def test_the_camera_hears_the_name_that_was_typed(camera: HttpCamera) -> None:
    source = source_of(StreamAddress(url=camera.url("/live.ts", host="localhost")))
    gather(source, lambda notices: notices)
    source.close()

    assert camera.hosts == [f"localhost:{camera.port}"]


@contextmanager
def listening() -> Iterator[tuple[int, list[bytes]]]:
    """A port that hangs up on everybody, and what each of them said first."""
    heard: list[bytes] = []

    def listen() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                heard.append(connection.recv(4096))

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=listen, daemon=True).start()
        yield server.getsockname()[1], heard
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(("scheme", "greeting"), [("http", b"GET /live.ts"), ("https", b"\x16\x03")])
def test_no_proxy_hears_of_a_camera(scheme: str, greeting: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening() as (camera_port, camera_heard), listening() as (proxy_port, proxy_heard):
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy_port}")
        monkeypatch.delenv("no_proxy", raising=False)
        url = f"{scheme}://127.0.0.1:{camera_port}/live.ts"
        first_end(StreamAddress(url=url, user="ada", password=Secret("se/cret")))

        assert camera_heard[0].startswith(greeting)
        assert proxy_heard == []


@pytest.mark.parametrize("kind", ["http", "file", "rtsp"])
def test_no_decoder_is_opened_where_an_address_is_read(
    kind: str, camera: HttpCamera, stream: bytes, tmp_path: Path
) -> None:
    film = tmp_path / "film.ts"
    film.write_bytes(stream)
    with scripted_camera() as scripted:
        urls = {"http": camera.url("/live.ts"), "file": film.as_uri(), "rtsp": scripted.url}
        level = av.logging.get_level()
        av.logging.set_level(av.logging.DEBUG)
        try:
            with (
                av.logging.Capture(local=False) as said,
                open_container(StreamAddress(url=urls[kind])) as container,
            ):
                assert container.streams.video[0].codec_context.name == "h264"
        finally:
            av.logging.set_level(level)

    sentences = [sentence for _, who, sentence in said if who == "h264"]
    assert any("not on whitelist" in sentence for sentence in sentences)
    assert not any("get_format" in sentence for sentence in sentences)
