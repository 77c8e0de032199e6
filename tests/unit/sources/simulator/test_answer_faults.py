"""Faults of connections, answers and sign-in, as a client meets them."""

import hashlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator_process import SimulatedCameras, simulated_cameras
from unit.sources.simulator.rtsp_client import Answer, RtspClient
from unit.sources.simulator.wire import (
    FRAME,
    kind,
    packets_until,
    sequence_steps,
    timestamp_steps,
)
from watchkeep.sources.simulator.faults import (
    Description,
    HalfOpen,
    OfferedSignIn,
    Redirect,
    Refusal,
    Reset,
    SessionTimeout,
    SignInScheme,
    SlowAnswers,
    StaleNonce,
    Stall,
    WrongDescription,
)

# --- The connection ---


def test_a_stall_ends_by_itself_and_what_was_missed_is_lost(
    faulty_cameras: SimulatedCameras, name: str
) -> None:
    with RtspClient(faulty_cameras.url(name)) as client:
        client.play()
        packets = client.packets(5)
        faulty_cameras.inject(Stall(stream=name, start_s=0.2, length_s=1.5))
        packets = packets_until(client, packets, lambda packets: max(timestamp_steps(packets)) > FRAME)

    assert max(timestamp_steps(packets)) > 0.5 * 90_000
    assert [step for step in sequence_steps(packets) if step != 1] != []


def test_a_half_open_connection_says_nothing_and_is_not_closed(
    faulty_cameras: SimulatedCameras, name: str
) -> None:
    with RtspClient(faulty_cameras.url(name)) as client, RtspClient(faulty_cameras.url(name)) as late:
        client.play()
        client.packets(5)
        faulty_cameras.inject(HalfOpen(stream=name))
        late.play()
        assert late.packets(50)
        client.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            client.packets(100_000)
        client.send("GET_PARAMETER")
        with pytest.raises(TimeoutError):
            client.packets(1)


def test_after_a_reset_the_socket_is_reset(faulty_cameras: SimulatedCameras, name: str) -> None:
    with RtspClient(faulty_cameras.url(name)) as client:
        client.play()
        faulty_cameras.inject(Reset(stream=name))
        with pytest.raises(ConnectionResetError):
            client.packets(100_000)


def test_a_session_ends_when_the_client_says_nothing(faulty_cameras: SimulatedCameras, name: str) -> None:
    faulty_cameras.inject(SessionTimeout(stream=name, timeout_s=3))
    with RtspClient(faulty_cameras.url(name)) as quiet, RtspClient(faulty_cameras.url(name)) as talking:
        answer = quiet.ask("SETUP", quiet.url + "/trackID=0", Transport="RTP/AVP/TCP;interleaved=0-1")
        assert answer.headers["session"].endswith(";timeout=3")
        quiet.ask("PLAY", Session=answer.headers["session"].partition(";")[0])
        session = talking.play().headers["session"].partition(";")[0]
        began = time.monotonic()
        ended = False
        while not ended and time.monotonic() < began + 30:
            assert talking.ask("GET_PARAMETER", Session=session).status == 200
            quiet.socket.settimeout(0.2)
            try:
                quiet.packets(100_000)
            except TimeoutError:
                continue
            except ConnectionError:
                ended = True
        assert ended
        assert talking.packets(10)


# --- Answers ---


def test_a_description_may_lack_the_parameter_sets(faulty_cameras: SimulatedCameras, name: str) -> None:
    faulty_cameras.inject(WrongDescription(stream=name, form=Description.WITHOUT_PARAMETER_SETS))
    with RtspClient(faulty_cameras.url(name)) as client:
        body = client.ask("DESCRIBE").body

    assert "a=rtpmap:96 H264/90000" in body
    assert "sprop" not in body


def test_a_description_may_name_the_other_codec(faulty_cameras: SimulatedCameras, name: str) -> None:
    faulty_cameras.inject(WrongDescription(stream=name, form=Description.OTHER_CODEC))
    with RtspClient(faulty_cameras.url(name)) as client:
        assert "a=rtpmap:96 H265/90000" in client.ask("DESCRIBE").body
        client.play()
        kinds = {kind(packet) for packet in client.packets(200)}

    assert 1 in kinds  # H.264 all the same: pictures, with what may stand beside them
    assert kinds <= {1, 5, 6, 7, 8}


def test_a_description_may_be_binary(faulty_cameras: SimulatedCameras, name: str) -> None:
    faulty_cameras.inject(WrongDescription(stream=name, form=Description.BINARY))
    with RtspClient(faulty_cameras.url(name)) as client:
        answer = client.ask("DESCRIBE")

    assert answer.headers["content-length"] == "4096"
    assert "v=0" not in answer.body


def test_a_description_may_be_cut_off(faulty_cameras: SimulatedCameras, name: str) -> None:
    faulty_cameras.inject(WrongDescription(stream=name, form=Description.CUT_OFF))
    with RtspClient(faulty_cameras.url(name)) as client, pytest.raises(ConnectionError):
        client.ask("DESCRIBE")


def poured(faulty_cameras: SimulatedCameras, name: str, form: Description, wanted: int) -> bytes:
    faulty_cameras.inject(WrongDescription(stream=name, form=form))
    received = bytearray()
    with RtspClient(faulty_cameras.url(name)) as client:
        client.send("DESCRIBE")
        while len(received) < wanted:
            received += client.socket.recv(1 << 20)
    return bytes(received)


def test_headers_may_never_end(faulty_cameras: SimulatedCameras, name: str) -> None:
    received = poured(faulty_cameras, name, Description.ENDLESS_HEADERS, 5_000_000)

    assert received.startswith(b"RTSP/1.0 200 OK\r\n")
    assert b"\r\n\r\n" not in received
    assert {len(line) for line in received.split(b"\r\n")[5:-1]} == {1022}


def test_a_description_may_be_huge(faulty_cameras: SimulatedCameras, name: str) -> None:
    received = poured(faulty_cameras, name, Description.HUGE, 5_000_000)

    head, _, body = received.partition(b"\r\n\r\n")
    assert b"Content-Length: 268435456" in head
    assert body.startswith(b"a=x-nothing:")


def test_a_redirect_names_the_other_address_and_may_lead_back(
    faulty_cameras: SimulatedCameras, name: str
) -> None:
    faulty_cameras.inject(Redirect(stream=name, to=faulty_cameras.url("other"), length_s=100))
    with RtspClient(faulty_cameras.url(name)) as client:
        answer = client.ask("DESCRIBE")
        assert answer.status == 302
        assert answer.headers["location"] == faulty_cameras.url("other")

        faulty_cameras.inject(Redirect(stream=name, to=faulty_cameras.url(name)))
        for _ in range(3):
            assert client.ask("DESCRIBE").headers["location"] == client.url


def test_slow_answers_come_byte_by_byte(faulty_cameras: SimulatedCameras, name: str) -> None:
    faulty_cameras.inject(SlowAnswers(stream=name, bytes_per_second=200))
    pieces = []
    with RtspClient(faulty_cameras.url(name)) as client:
        client.send("OPTIONS")
        while b"\r\n\r\n" not in b"".join(pieces):
            pieces.append(client.socket.recv(65536))
        client.ask("OPTIONS")
        client.play()
        assert client.packets(20)

    assert pieces[0] == b"R"
    assert max(map(len, pieces)) < 100


@pytest.mark.parametrize(
    ("method", "status"), [("SETUP", 453), ("SETUP", 461), ("DESCRIBE", 503), ("SETUP", 599)]
)
def test_a_method_is_refused(faulty_cameras: SimulatedCameras, name: str, method: str, status: int) -> None:
    faulty_cameras.inject(Refusal(stream=name, method=method, status=status))
    with RtspClient(faulty_cameras.url(name)) as client:
        assert client.ask("OPTIONS").status == 200
        assert client.ask(method, Transport="RTP/AVP/TCP;interleaved=0-1").status == status


# --- Sign-in ---


def signed(answer: Answer, client: RtspClient, algorithm: str, method: str = "DESCRIBE") -> str:
    """The Authorization value for a 401. Source: RFC 7616 section 3.4, RFC 2617 section 3.2.2."""
    hashed = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}[algorithm]
    found = re.search(r'nonce="(\w+)"', answer.headers["www-authenticate"])
    assert found is not None
    nonce = found[1]

    def digest(text: str) -> str:
        return hashed(text.encode()).hexdigest()

    who = digest("guard:Camera simulator:s3cret")
    what = digest(f"{method}:{client.url}")
    value = f'Digest username="guard", realm="Camera simulator", nonce="{nonce}", uri="{client.url}"'
    if algorithm == "MD5":
        return f'{value}, response="{digest(f"{who}:{nonce}:{what}")}"'
    middle = f"{nonce}:00000001:abc:auth"
    given = f'algorithm={algorithm}, qop=auth, nc=00000001, cnonce="abc"'
    return f'{value}, {given}, response="{digest(f"{who}:{middle}:{what}")}"'


@pytest.fixture(scope="module")
def guarded(clips: dict[str, Path]) -> Iterator[SimulatedCameras]:
    faults = [
        OfferedSignIn(stream="sha", schemes=(SignInScheme.DIGEST_SHA256, SignInScheme.BASIC)),
        StaleNonce(stream="stale", times=2),
    ]
    with simulated_cameras(
        dict.fromkeys(("sha", "stale"), clips["h264"]), user="guard", password="s3cret", faults=faults
    ) as running:
        yield running


def test_digest_with_sha_256_is_offered_and_md5_is_refused(guarded: SimulatedCameras) -> None:
    with RtspClient(guarded.url("sha")) as client:
        asked = client.ask("DESCRIBE")
        assert asked.status == 401
        assert "algorithm=SHA-256" in asked.headers["www-authenticate"]
        assert "Basic realm=" in asked.headers["www-authenticate"]
        assert "MD5" not in asked.headers["www-authenticate"]
        assert client.ask("DESCRIBE", Authorization=signed(asked, client, "MD5")).status == 401
        wrong = signed(asked, client, "SHA-256", method="SETUP")
        assert client.ask("DESCRIBE", Authorization=wrong).status == 401
        assert client.ask("DESCRIBE", Authorization=signed(asked, client, "SHA-256")).status == 200


def test_a_right_answer_to_a_stale_nonce_gets_a_new_one(guarded: SimulatedCameras) -> None:
    nonces = set()
    with RtspClient(guarded.url("stale")) as client:
        answer = client.ask("DESCRIBE")
        assert "stale" not in answer.headers["www-authenticate"]
        for _ in range(2):
            nonces.add(answer.headers["www-authenticate"].partition("nonce=")[2][:18])
            answer = client.ask("DESCRIBE", Authorization=signed(answer, client, "MD5"))
            assert answer.status == 401
            assert "stale=true" in answer.headers["www-authenticate"]
        assert client.ask("DESCRIBE", Authorization=signed(answer, client, "MD5")).status == 200
    assert len(nonces) == 2
