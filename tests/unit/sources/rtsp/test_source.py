"""The RTSP client against a camera that follows a script, on a clock that is driven by hand."""

import hashlib
import re
import time
from collections.abc import Callable, Iterator

import pytest

from builders import CountingRng, FixedClock
from unit.sources.rtsp.scripted_camera import (
    SDP,
    ScriptedCamera,
    answer,
    picture,
    scripted_camera,
    willing,
)
from watchkeep.domain.camera import Secret, StreamAddress
from watchkeep.domain.media import AudioPacket, GapCause, Packet, RunEnded, RunStarted, SourceNotice
from watchkeep.domain.rtsp_messages import Request
from watchkeep.sources.choosing import CameraSource
from watchkeep.sources.rtsp.framing import ReadBuffer
from watchkeep.sources.rtsp.source import RtspSource

PATIENCE_S = 20


CLIENTS: list["Client"] = []


@pytest.fixture(autouse=True)
def _hang_up() -> Iterator[None]:
    """Close the sources that a test has made."""
    yield
    while CLIENTS:
        CLIENTS.pop().source.close()


class Client:
    """A source and its clock."""

    def __init__(self, url: str, *, user: str = "", password: str = "", with_audio: bool = False) -> None:
        CLIENTS.append(self)
        self.clock = FixedClock()
        self.notices: list[SourceNotice] = []
        address = StreamAddress(url=url, user=user, password=Secret(password))
        self.source: RtspSource | CameraSource = RtspSource(
            address, clock=self.clock, rng=CountingRng(), buffer=ReadBuffer(), with_audio=with_audio
        )

    def until(self, is_enough: Callable[[], object]) -> None:
        """Poll in real time; the client's own clock stands."""
        deadline = time.monotonic() + PATIENCE_S
        while not is_enough():
            assert time.monotonic() < deadline, self.notices[-5:]
            self.notices += self.source.poll()
            time.sleep(0.002)

    def ends(self) -> list[RunEnded]:
        return [notice for notice in self.notices if isinstance(notice, RunEnded)]

    def packets(self) -> list[Packet]:
        return [notice for notice in self.notices if isinstance(notice, Packet)]

    def until_ended(self) -> RunEnded:
        self.until(self.ends)
        return self.ends()[-1]

    def until_playing(self, camera: ScriptedCamera) -> None:
        """Until a few pictures came."""
        self.until(lambda: any(isinstance(notice, RunStarted) for notice in self.notices))
        camera.send(picture(1) + picture(2))
        self.until(lambda: len(self.packets()) >= 2)


def test_a_camera_is_asked_in_the_order_of_the_rfc_and_its_pictures_come() -> None:
    with scripted_camera() as camera:
        client = Client(camera.url)
        client.until_playing(camera)
        client.source.close()

    assert camera.methods()[:4] == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]
    assert camera.requests[2].url == camera.url + "/trackID=0"
    assert camera.requests[3].headers["session"] == "abc"
    assert isinstance(client.notices[0], RunStarted)
    assert [packet.pts for packet in client.packets()][:2] == [0, 3600]
    assert client.source.poll() == ()


def guarded(realm_lines: list[str], is_right: Callable[[Request], bool]) -> Callable[[Request], bytes]:
    """A camera that asks for a signature."""

    def script(request: Request) -> bytes:
        if request.method == "OPTIONS" or is_right(request):
            return willing(request)
        refusal = answer(request, "401 Unauthorized")
        lines = "".join(f"WWW-Authenticate: {line}\r\n" for line in realm_lines)
        return refusal[:-2] + lines.encode() + b"\r\n"

    return script


def test_a_nonce_that_grows_stale_is_signed_anew_and_the_password_is_right_all_along() -> None:
    nonces = iter(range(100))
    current = {"nonce": "0", "uses": 0}

    def is_right(request: Request) -> bool:
        given = request.headers.get("authorization", "")
        found = re.search(r'nonce="(\d+)", uri="([^"]+)", response="(\w+)"', given)
        secret = hashlib.sha256(b"ada:r:pass").hexdigest()
        if found is not None and found[1] == current["nonce"] and int(current["uses"]) < 1:
            current["uses"] = 1
            asked = hashlib.sha256(f"{request.method}:{found[2]}".encode()).hexdigest()
            return hashlib.sha256(f"{secret}:{found[1]}:{asked}".encode()).hexdigest() == found[3]
        current.update(nonce=str(next(nonces)), uses=0)
        lines[0] = f'Digest realm="r", nonce="{current["nonce"]}", algorithm=SHA-256, stale=true'
        return False

    lines = [""]
    with scripted_camera(guarded(lines, is_right)) as camera:
        client = Client(camera.url, user="ada", password="pass")
        client.until_playing(camera)

    assert camera.methods().count("SETUP") == 2


def test_a_wrong_password_is_tried_once_a_connection_so_that_nobody_is_locked_out() -> None:
    with scripted_camera(guarded(['Digest realm="r", nonce="n"'], lambda _: False)) as camera:
        client = Client(camera.url, user="ada", password="wr0ng")
        ended = client.until_ended()
        client.until(lambda: client.source.poll() == ())

    assert ended.cause is GapCause.AUTHENTICATION
    assert "wr0ng" not in ended.detail
    assert camera.methods() == ["OPTIONS", "DESCRIBE", "DESCRIBE"]
    assert camera.connections == 1


def test_without_credentials_a_refusal_is_said_at_once() -> None:
    with scripted_camera(guarded(['Digest realm="r", nonce="n"'], lambda _: False)) as camera:
        ended = Client(camera.url).until_ended()

    assert ended.cause is GapCause.AUTHENTICATION
    assert camera.methods() == ["OPTIONS", "DESCRIBE"]


def redirecting(target: str, *, is_endless: bool = False) -> Callable[[Request], bytes]:
    def script(request: Request) -> bytes:
        is_there = request.url.endswith("/other") and not is_endless
        if request.method == "DESCRIBE" and not is_there:
            return answer(request, "302 Moved", {"Location": target.format(request.url.rpartition("/")[0])})
        return willing(request)

    return script


def test_a_redirect_on_the_same_camera_is_followed() -> None:
    with scripted_camera(redirecting("{}/other")) as camera:
        Client(camera.url).until_playing(camera)

    assert camera.requests[2].url.endswith("/other")


@pytest.mark.parametrize("target", ["rtsp://192.0.2.7/x", "http://127.0.0.1/", "rtsp://[", ""])
def test_a_redirect_elsewhere_is_not_followed_for_nobody_has_checked_it(target: str) -> None:
    with scripted_camera(redirecting(target)) as camera:
        ended = Client(camera.url).until_ended()

    assert ended.cause is GapCause.UNREACHABLE
    assert "another address" in ended.detail


def test_a_redirect_in_a_circle_ends() -> None:
    with scripted_camera(redirecting("{}/other", is_endless=True)) as camera:
        ended = Client(camera.url).until_ended()

    assert ended.cause is GapCause.UNREACHABLE
    assert camera.methods().count("DESCRIBE") == 4


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        ("404 Not Found", GapCause.NO_VIDEO),
        ("453 Not Enough Bandwidth", GapCause.UNREACHABLE),
        ("503 Service Unavailable", GapCause.UNREACHABLE),
        ("500 Odd", GapCause.UNREACHABLE),
    ],
)
def test_refusals_have_their_cause(status: str, cause: GapCause) -> None:
    def script(request: Request) -> bytes:
        return answer(request, status) if request.method == "DESCRIBE" else willing(request)

    with scripted_camera(script) as camera:
        assert Client(camera.url).until_ended().cause is cause


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe\x00"], ids=["nothing", "page", "binary"])
def test_a_description_that_is_none_is_said_and_another_reader_may_try(body: bytes) -> None:
    def script(request: Request) -> bytes:
        return answer(request, body=body) if request.method == "DESCRIBE" else willing(request)

    with scripted_camera(script) as camera:
        client = Client(camera.url)
        ended = client.until_ended()

    assert "not understood" in ended.detail
    assert isinstance(client.source, RtspSource)
    assert client.source.for_libav


def test_a_camera_that_only_sends_over_udp_is_handed_to_libav_which_is_said() -> None:
    def script(request: Request) -> bytes:
        return answer(request, "461 Unsupported Transport") if request.method == "SETUP" else willing(request)

    with scripted_camera(script) as camera:
        source = CameraSource(
            StreamAddress(url=camera.url), clock=FixedClock(), rng=CountingRng(), buffer=ReadBuffer()
        )
        deadline = time.monotonic() + PATIENCE_S
        while camera.connections < 2 and time.monotonic() < deadline:
            source.poll()
            time.sleep(0.01)
        source.close()

    assert camera.connections >= 2  # the second one is libav's
    assert "read through libav" in source.note
    assert "TCP" in source.note


def test_a_camera_that_was_only_starting_is_read_by_our_client_again() -> None:
    describes: list[Request] = []

    def script(request: Request) -> bytes:
        if request.method == "DESCRIBE":
            describes.append(request)
            if len(describes) < 3:
                return answer(request, body=b"<html>starting</html>")
        return willing(request)

    with scripted_camera(script) as camera:
        client = Client(camera.url)
        client.source = CameraSource(
            StreamAddress(url=camera.url), clock=client.clock, rng=CountingRng(), buffer=ReadBuffer()
        )
        client.until(lambda: len(client.ends()) == 2)  # ours, and libav's
        assert client.source.note == ""
        client.clock.advance(61)
        client.until(lambda: any(isinstance(notice, RunStarted) for notice in client.notices))

    assert client.source.note == ""


def test_the_session_is_kept_alive_by_the_cameras_own_time_and_in_its_own_way() -> None:
    def script(request: Request) -> bytes:
        if request.method == "GET_PARAMETER":
            return answer(request, "451 Parameter Not Understood")
        return willing(request).replace(b"timeout=60", b"timeout=20")

    with scripted_camera(script) as camera:
        client = Client(camera.url)
        client.until_playing(camera)
        for number in range(3, 60):
            camera.send(picture(number))
            client.clock.advance(3)
            seen = len(client.packets())
            client.until(lambda seen=seen: len(client.packets()) > seen)
            if "OPTIONS" in camera.methods()[4:]:
                break

    assert camera.methods()[4] == "GET_PARAMETER"
    assert camera.methods()[-1] == "OPTIONS"
    assert client.ends() == []


def test_a_camera_that_falls_silent_is_given_up_within_five_seconds() -> None:
    with scripted_camera() as camera:
        client = Client(camera.url)
        client.until_playing(camera)
        client.clock.advance(4.4)
        client.notices += client.source.poll()
        assert client.ends() == []
        client.clock.advance(0.2)
        ended = client.until_ended()

    assert ended.cause is GapCause.STALLED


def test_a_camera_that_answers_drop_by_drop_is_given_up_in_the_end() -> None:
    with scripted_camera(lambda request: answer(request)[:20]) as camera:
        client = Client(camera.url)
        client.until(lambda: camera.requests)
        client.clock.advance(16)
        ended = client.until_ended()

    assert ended.cause is GapCause.STALLED
    assert "slowly" in ended.detail


def test_a_camera_that_hangs_up_ends_the_run_and_is_called_again_at_once() -> None:
    with scripted_camera() as camera:
        client = Client(camera.url)
        client.until_playing(camera)
        camera.hang_up()
        assert client.until_ended().cause is GapCause.STREAM_ENDED
        client.until(lambda: camera.connections == 2)


def test_a_port_where_nobody_listens_is_called_again_within_seconds_for_ever() -> None:
    with scripted_camera() as camera:
        pass
    client = Client(camera.url)
    pauses = []
    for count in range(1, 15):
        client.until(lambda count=count: len(client.ends()) == count)
        waited = 0.0
        while len(client.ends()) == count:
            client.clock.advance(0.25)
            waited += 0.25
            for _ in range(3):
                client.notices += client.source.poll()
                time.sleep(0.001)
        pauses.append(waited)

    assert {ended.cause for ended in client.ends()} == {GapCause.UNREACHABLE}
    assert max(pauses) <= 6.5
    assert pauses[-1] > 3


def test_lost_packets_are_counted_and_the_rest_is_recorded_on() -> None:
    with scripted_camera() as camera:
        client = Client(camera.url)
        client.until_playing(camera)
        before = client.source.lost_packets
        camera.send(picture(4) + picture(5))
        client.until(lambda: len(client.packets()) >= 5)

    # The simulated numbers leave two of three out between pictures, and one whole picture was left out.
    assert client.source.lost_packets - before == 2 + 3 + 2
    assert client.ends() == []


def test_a_long_hole_ends_the_run_for_nothing_was_recorded_there() -> None:
    with scripted_camera() as camera:
        client = Client(camera.url)
        client.until_playing(camera)
        camera.send(picture(200))
        ended = client.until_ended()
        client.clock.advance(1)
        camera.send(picture(201, is_key=True) + picture(202) + picture(203))
        client.until(lambda: isinstance(client.notices[-1], Packet))

    assert ended.cause is GapCause.PACKETS_LOST
    assert sum(isinstance(notice, RunStarted) for notice in client.notices) == 2


def test_sound_is_asked_for_only_when_it_is_wanted() -> None:
    body = SDP + b"m=audio 0 RTP/AVP 0\r\na=control:trackID=1\r\n"

    def script(request: Request) -> bytes:
        if request.method == "DESCRIBE":
            return answer(request, headers={"Content-Base": request.url + "/"}, body=body)
        if request.method == "SETUP" and request.url.endswith("trackID=1"):
            return answer(
                request, headers={"Transport": "RTP/AVP/TCP;unicast;interleaved=2-3", "Session": "abc"}
            )
        return willing(request)

    with scripted_camera(script) as camera:
        Client(camera.url).until_playing(camera)
        assert camera.methods().count("SETUP") == 1
    with scripted_camera(script) as camera:
        client = Client(camera.url, with_audio=True)
        client.until_playing(camera)
        started = client.notices[0]
        assert isinstance(started, RunStarted)
        assert started.audio is not None
        sound = bytes([0x80, 0]) + bytes(10) + b"\xd5" * 160
        for number in range(3):
            packet = sound[:2] + number.to_bytes(2, "big") + (160 * number).to_bytes(4, "big") + sound[8:]
            camera.send(b"$\x02" + len(packet).to_bytes(2, "big") + packet)
            client.clock.advance(3.5)
            camera.send(picture(3 + number))
            seen = len(client.packets())
            client.until(lambda seen=seen: len(client.packets()) > seen)
        client.until(lambda: any(isinstance(notice, AudioPacket) for notice in client.notices))
