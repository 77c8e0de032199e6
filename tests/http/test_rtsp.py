"""The RTSP server, over real sockets: who may, what is answered, when it ends."""

import asyncio
import base64
import hashlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from house_builder import a_camera
from live_recorder import Recorder
from site_server import PASSWORD, Site
from watchkeep.application import live, restream, users
from watchkeep.application.asking import system_asking
from watchkeep.application.packets import packets_of, parameters_of
from watchkeep.application.users import GrantWish, UserChange
from watchkeep.domain.camera import Secret
from watchkeep.domain.ids import CameraId
from watchkeep.presentation.rtsp.server import Place, RtspServer

Clip = Callable[..., Path]


class Program:
    """Another program that fetches a stream: one connection, Digest, interleaved RTP."""

    def __init__(self, port: int, path: str, *, name: str = "", password: str = "") -> None:
        self.url = f"rtsp://127.0.0.1:{port}/{path}"
        self.name, self.password = name, password
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.file = self.socket.makefile("rb")
        self.nonce = self.session = ""

    def ask(self, method: str, *, track: str = "", **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body; a 401 is answered once, if there is a name."""
        found = self._ask(method, self.url + track, headers)
        if found[0] == 401 and self.name and not self.nonce:
            asked = re.search(r'nonce="(\w+)"', found[1]["www-authenticate"])
            assert asked is not None
            self.nonce = asked[1]
            found = self._ask(method, self.url + track, headers)
        return found

    def play(self) -> tuple[int, ...]:
        """Set up and play; the statuses."""
        described, _, _ = self.ask("DESCRIBE")
        set_up, headers, _ = self.ask(
            "SETUP", track="/trackID=0", Transport="RTP/AVP/TCP;unicast;interleaved=2-3"
        )
        self.session = headers.get("session", "").partition(";")[0]
        playing, _, _ = self.ask("PLAY", Session=self.session)
        return described, set_up, playing

    def packet(self) -> tuple[int, bytes] | None:
        """The next interleaved packet with its channel; None when the server has hung up."""
        head = self.file.read(4)
        if len(head) < 4:
            return None
        assert head[:1] == b"$"
        return head[1], self.file.read(int.from_bytes(head[2:], "big"))

    def pictures(self, count: int) -> list[tuple[int, list[bytes]]]:
        """Timestamp and whole NAL units of the next pictures."""
        found: list[tuple[int, list[bytes]]] = []
        nals: list[bytes] = []
        while len(found) < count:
            packet = self.packet()
            assert packet is not None, "the server hung up"
            channel, data = packet
            if channel != 2:
                continue
            payload = data[12:]
            if payload[0] & 31 != 28:
                nals.append(payload)
            elif payload[1] & 0x80:
                nals.append(bytes([payload[0] & 0xE0 | payload[1] & 31]) + payload[2:])
            else:
                nals[-1] += payload[2:]
            if data[1] & 0x80:
                found.append((int.from_bytes(data[4:8], "big"), nals))
                nals = []
        return found

    def is_hung_up(self) -> bool:
        """Read on until the server hangs up."""
        while self.packet() is not None:
            pass
        return True

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def _ask(self, method: str, url: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        lines = [
            f"{method} {url} RTSP/1.0",
            "CSeq: 7",
            *(f"{name}: {text}" for name, text in headers.items()),
        ]
        if self.nonce:
            sign_in = md5(f"{self.name}:Watchkeep:{self.password}")
            response = md5(f"{sign_in}:{self.nonce}:{md5(f'{method}:{url}')}")
            lines.append(
                f'Authorization: Digest username="{self.name}", realm="Watchkeep", nonce="{self.nonce}", '
                f'uri="{url}", response="{response}"'
            )
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        status = int(self.file.readline().split()[1])
        answered: dict[str, str] = {}
        while line := self.file.readline().strip().decode():
            name, _, text = line.partition(":")
            answered[name.lower()] = text.strip()
        assert answered["cseq"] == "7"
        return status, answered, self.file.read(int(answered.get("content-length", "0")))


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@pytest.fixture
def camera(site: Site) -> CameraId:
    return a_camera(site.house, "Front door")


@pytest.fixture
def recorder(site: Site, camera: CameraId, clip: Clip) -> Iterator[Recorder]:
    made = Recorder(site, camera, clip(seconds=8))
    yield made
    made.close()


@pytest.fixture
def port(site: Site) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free: int = probe.getsockname()[1]
    loop = asyncio.new_event_loop()
    over, serving = asyncio.Event(), threading.Event()

    async def until() -> None:
        serving.set()
        await over.wait()

    place = Place(host="127.0.0.1", port=free, tls=None)
    thread = threading.Thread(
        target=lambda: loop.run_until_complete(RtspServer(site.house).serve(place, until=until))
    )
    thread.start()
    assert serving.wait(10)
    yield free
    loop.call_soon_threadsafe(over.set)
    thread.join(10)
    loop.run_until_complete(asyncio.sleep(0))
    for task in asyncio.all_tasks(loop):
        task.cancel()
        loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


Connect = Callable[..., Program]


@pytest.fixture
def connect(site: Site, port: int, camera: CameraId) -> Iterator[Connect]:
    programs: list[Program] = []

    def make(path: str = f"{camera}/main", *, name: str = "", password: str | None = None) -> Program:
        if password is None:
            user = restream.stream_user(site.house, name, address="test")
            password = "" if user is None else user.password.reveal()
        programs.append(Program(port, path, name=name, password=password))
        return programs[-1]

    yield make
    for program in programs:
        program.close()


def test_a_program_is_described_the_stream_and_gets_every_picture(
    site: Site, recorder: Recorder, connect: Connect
) -> None:
    browser = site.administrator()
    recorder.begin()
    recorder.publish(*recorder.fragments[:2])
    program = connect(name="ada")

    status, _, description = program.ask("DESCRIBE")
    assert status == 200
    sets = recorder.parameters.parameter_sets
    assert ",".join(base64.b64encode(nal).decode() for nal in sets) in description.decode()
    assert program.play() == (200, 200, 200)
    recorder.publish(recorder.fragments[2])

    sent = [packet for fragment in recorder.fragments[:3] for packet in packets_of(fragment)]
    came = program.pictures(len(sent))
    assert [[nal for nal in nals if nal not in sets] for _, nals in came] == [
        list(each.nals) for each in sent
    ]
    first = came[0][0]
    assert [(stamp - first) & 0xFFFFFFFF for stamp, _ in came] == [each.pts - sent[0].pts for each in sent]
    # Who joins at a key picture finds the parameter sets in front of it.
    assert came[0][1][: len(sets)] == list(sets)
    items = browser.get("/api/v1/audit", params={"camera": recorder.stream.camera}).json()["items"]
    assert [item["action"] for item in items if item["subject"] == "ada"] == ["view_live"]


def test_nobody_gets_in_without_the_stream_password(site: Site, recorder: Recorder, connect: Connect) -> None:
    site.administrator()
    recorder.begin()

    assert connect().ask("DESCRIBE")[0] == 401
    assert connect(name="ada", password=PASSWORD).ask("DESCRIBE")[0] == 401
    assert connect(name="nobody", password="x").ask("DESCRIBE")[0] == 401
    assert connect(name="ada").ask("DESCRIBE")[0] == 200
    assert connect().ask("SETUP", Transport="RTP/AVP/TCP;interleaved=0-1")[0] == 401
    assert connect().ask("PLAY")[0] == 401


def test_an_answer_made_for_another_connection_or_address_is_worth_nothing(
    site: Site, recorder: Recorder, connect: Connect, camera: CameraId
) -> None:
    site.administrator()
    recorder.begin()
    overheard = connect(name="ada")
    overheard.ask("DESCRIBE")
    again = connect(name="ada")
    again.nonce = overheard.nonce
    assert again.ask("DESCRIBE")[0] == 401


def test_cameras_that_are_not_the_users_are_not_there(
    site: Site, recorder: Recorder, connect: Connect
) -> None:
    site.administrator()
    garden = a_camera(site.house, "Garden")
    site.user("vera", "viewer", [garden])
    recorder.begin()

    statuses = [
        connect(path, name="vera").ask("DESCRIBE")[0]
        for path in (
            f"{recorder.stream.camera}/main",
            "no-such-camera/main",
            f"{garden}/third",
            "",
            "%00/main",
        )
    ]

    assert statuses == [404] * 5
    # Her own is there, but nothing comes from it now.
    assert connect(f"{garden}/main", name="vera").ask("DESCRIBE")[0] == 503


@pytest.mark.parametrize("what", ["grant", "password", "switched off"])
def test_it_ends_when_the_right_the_password_or_the_account_does(
    site: Site, recorder: Recorder, connect: Connect, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(live, "RECHECK_EVERY_S", 0.2)
    site.administrator()
    other = a_camera(site.house, "Garden")
    vera = site.user("vera", "viewer", [recorder.stream.camera])
    recorder.begin()
    recorder.publish(*recorder.fragments[:2])
    program = connect(name="vera")
    old = program.password
    assert program.play() == (200, 200, 200)
    program.pictures(1)

    changes = {
        "grant": UserChange(grants=(GrantWish(role="viewer", cameras=frozenset({other})),)),
        "password": UserChange(password=Secret("quite another password")),
        "switched off": UserChange(is_disabled=True),
    }
    users.change_user(site.house, system_asking(), vera, changes[what])

    assert program.is_hung_up()
    refused = connect(name="vera", password=old).ask("DESCRIBE")[0]
    assert refused == (404 if what == "grant" else 401)


def test_a_new_run_goes_on_in_time_and_one_of_another_kind_hangs_up(
    site: Site, recorder: Recorder, connect: Connect, clip: Clip
) -> None:
    site.administrator()
    recorder.begin()
    recorder.publish(recorder.fragments[0])
    program = connect(name="ada")
    program.play()
    before = program.pictures(recorder.fragments[0].packet_count)[-1][0]

    recorder.begin()
    later = replace(recorder.fragments[0], when=recorder.fragments[4].when)
    recorder.publish(later)

    after = program.pictures(1)[0][0]
    last = packets_of(recorder.fragments[0])[-1].received_at
    passed = (later.when.start - last).total_seconds() * 90_000
    assert ((after - before) & 0xFFFFFFFF) == pytest.approx(passed, abs=2)
    recorder.parameters = replace(recorder.parameters, width_px=1, height_px=1)
    recorder.init = recorder.init.replace(
        (256).to_bytes(2, "big") + (160).to_bytes(2, "big"), b"\0\x80\0\x80"
    )
    recorder.begin()
    assert program.is_hung_up()


def test_what_is_no_rtsp_or_out_of_order_is_answered_or_ended(
    site: Site, recorder: Recorder, connect: Connect
) -> None:
    site.administrator()
    recorder.begin()
    program = connect(name="ada")
    assert program.ask("OPTIONS")[0] == 200
    assert program.ask("PLAY")[0] == 455
    assert program.ask("SETUP", Transport="RTP/AVP;unicast;client_port=5000-5001")[0] == 461
    assert program.ask("SETUP", track="/trackID=1", Transport="RTP/AVP/TCP;interleaved=0-1")[0] == 404
    assert program.ask("SETUP", Transport="RTP/AVP/TCP;interleaved=0-1")[0] == 200
    assert program.ask("PLAY", Session="another")[0] == 454
    assert program.ask("RECORD")[0] == 501
    assert program.ask("TEARDOWN")[0] == 200
    assert program.is_hung_up()
    for nonsense in (b"GET / HTTP/1.1\r\n\r\n", b"x" * 20_000, b"A B RTSP/1.0\r\nContent-Length: -1\r\n\r\n"):
        stranger = connect()
        stranger.socket.sendall(nonsense)
        assert stranger.file.read() == b""


def test_the_packets_of_a_fragment_and_the_parameters_of_an_init_section_come_back_whole(
    recorder: Recorder,
) -> None:
    assert parameters_of(recorder.init) == recorder.parameters
    packets = [packet for fragment in recorder.fragments for packet in packets_of(fragment)]
    assert len(packets) == sum(fragment.packet_count for fragment in recorder.fragments)
    assert all(late.dts > early.dts for early, late in pairwise(packets))


def test_the_own_stream_password_is_shown_for_the_own_password(
    site: Site, recorder: Recorder, connect: Connect
) -> None:
    browser = site.administrator()
    recorder.begin()

    def ask(password: str) -> httpx.Response:
        return browser.post("/api/v1/session/stream-password", json={"password": password})

    shown = ask(PASSWORD)

    assert ask("not " + PASSWORD).status_code == 401
    assert site.browser().post("/api/v1/session/stream-password", json={"password": "x"}).status_code == 401
    assert shown.status_code == 200
    assert connect(name="ada", password=shown.json()["stream_password"]).ask("DESCRIBE")[0] == 200
    assert ask(PASSWORD).json() == shown.json()
    items = browser.get("/api/v1/audit").json()["items"]
    asked = [item["outcome"] for item in items if item["action"] == "show stream password"]
    assert sorted(asked) == ["allowed", "allowed", "refused"]
