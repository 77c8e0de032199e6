"""Each fault, as a client sees it on the wire. The cameras of a module share a process: one name a test."""

import hashlib
import re
import time
from collections.abc import Iterator
from itertools import count, pairwise
from pathlib import Path

import pytest

from simulator_process import SimulatedCameras, simulated_cameras
from time_code import make_clip
from unit.sources.simulator.rtsp_client import Answer, RtpPacket, RtspClient, SenderReport
from watchkeep.sources.simulator.faults import (
    ClockDrift,
    ClockOffset,
    CutFragments,
    Description,
    Duplicates,
    Fault,
    GarbageFraming,
    GarbagePayloads,
    HalfOpen,
    KeyPicturesOnly,
    Loss,
    LostPictures,
    MissingMarkers,
    NoMoreKeys,
    OfferedSignIn,
    PicturesOf,
    Redirect,
    Refusal,
    Reorder,
    Reset,
    SequenceWrap,
    SessionTimeout,
    SignInScheme,
    SlowAnswers,
    SsrcChange,
    StaleNonce,
    Stall,
    TimestampJump,
    TimestampWrap,
    WrongDescription,
)
from watchkeep.sources.simulator.stream import numbered

WRAP = 1 << 32
FRAME, GOP = 1800, 45_000
"""Ticks from picture to picture, and from key picture to key picture."""


@pytest.fixture(scope="module")
def cameras(tmp_path_factory: pytest.TempPathFactory, clips: dict[str, Path]) -> Iterator[SimulatedCameras]:
    folder = tmp_path_factory.mktemp("fast")
    clip = make_clip(folder / "fast.mp4", seconds=2, fps=50, gop=25, size=(640, 360), bit_rate=4_000_000)
    files = dict.fromkeys(numbered("cam", 60), clip) | {"other": clips["h265"]}
    with simulated_cameras(files, report_every_s=0.4) as running:
        yield running


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return count()


@pytest.fixture
def name(numbers: Iterator[int]) -> str:
    """A camera that no other test has spoilt."""
    return f"cam-{next(numbers):03}"


def played(cameras: SimulatedCameras, name: str, wanted: int = 120) -> list[RtpPacket]:
    with RtspClient(cameras.url(name)) as client:
        client.play()
        return client.packets(wanted)


def sequence_steps(packets: list[RtpPacket]) -> list[int]:
    return [(after.sequence - before.sequence) % 65536 for before, after in pairwise(packets)]


def timestamp_steps(packets: list[RtpPacket]) -> set[int]:
    return {(after.timestamp - before.timestamp) % WRAP for before, after in pairwise(packets)}


def kind(packet: RtpPacket) -> int:
    """The NAL unit's type in an H.264 payload, that of the whole for a fragment."""
    first = packet.payload[0] & 0x1F
    return packet.payload[1] & 0x1F if first == 28 else first


# --- The connection ---


def test_a_stall_ends_by_itself_and_what_was_missed_is_lost(cameras: SimulatedCameras, name: str) -> None:
    with RtspClient(cameras.url(name)) as client:
        client.play()
        client.packets(5)
        cameras.inject(Stall(stream=name, start_s=0.2, length_s=1.0))
        packets = client.packets(200)

    longest = max(timestamp_steps(packets))
    assert 0.9 * 90_000 < longest < 1.5 * 90_000
    assert [step for step in sequence_steps(packets) if step != 1] != []


def test_a_half_open_connection_says_nothing_and_is_not_closed(cameras: SimulatedCameras, name: str) -> None:
    with RtspClient(cameras.url(name)) as client, RtspClient(cameras.url(name)) as late:
        client.play()
        client.packets(5)
        cameras.inject(HalfOpen(stream=name))
        late.play()
        assert late.packets(50)
        client.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            client.packets(100_000)
        client.send("GET_PARAMETER")
        with pytest.raises(TimeoutError):
            client.packets(1)


def test_after_a_reset_the_socket_is_reset(cameras: SimulatedCameras, name: str) -> None:
    with RtspClient(cameras.url(name)) as client:
        client.play()
        cameras.inject(Reset(stream=name))
        with pytest.raises(ConnectionResetError):
            client.packets(100_000)


def test_a_session_ends_when_the_client_says_nothing(cameras: SimulatedCameras, name: str) -> None:
    cameras.inject(SessionTimeout(stream=name, timeout_s=1))
    with RtspClient(cameras.url(name)) as quiet, RtspClient(cameras.url(name)) as talking:
        answer = quiet.ask("SETUP", quiet.url + "/trackID=0", Transport="RTP/AVP/TCP;interleaved=0-1")
        assert answer.headers["session"].endswith(";timeout=1")
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


def test_a_description_may_lack_the_parameter_sets(cameras: SimulatedCameras, name: str) -> None:
    cameras.inject(WrongDescription(stream=name, form=Description.WITHOUT_PARAMETER_SETS))
    with RtspClient(cameras.url(name)) as client:
        body = client.ask("DESCRIBE").body

    assert "a=rtpmap:96 H264/90000" in body
    assert "sprop" not in body


def test_a_description_may_name_the_other_codec(cameras: SimulatedCameras, name: str) -> None:
    cameras.inject(WrongDescription(stream=name, form=Description.OTHER_CODEC))
    with RtspClient(cameras.url(name)) as client:
        assert "a=rtpmap:96 H265/90000" in client.ask("DESCRIBE").body
        client.play()
        assert kind(client.packets(200)[-1]) in (1, 5, 7, 8)  # H.264 all the same


def test_a_description_may_be_binary(cameras: SimulatedCameras, name: str) -> None:
    cameras.inject(WrongDescription(stream=name, form=Description.BINARY))
    with RtspClient(cameras.url(name)) as client:
        answer = client.ask("DESCRIBE")

    assert answer.headers["content-length"] == "4096"
    assert "v=0" not in answer.body


def test_a_description_may_be_cut_off(cameras: SimulatedCameras, name: str) -> None:
    cameras.inject(WrongDescription(stream=name, form=Description.CUT_OFF))
    with RtspClient(cameras.url(name)) as client, pytest.raises(ConnectionError):
        client.ask("DESCRIBE")


def poured(cameras: SimulatedCameras, name: str, form: Description, wanted: int) -> bytes:
    cameras.inject(WrongDescription(stream=name, form=form))
    received = bytearray()
    with RtspClient(cameras.url(name)) as client:
        client.send("DESCRIBE")
        while len(received) < wanted:
            received += client.socket.recv(1 << 20)
    return bytes(received)


def test_headers_may_never_end(cameras: SimulatedCameras, name: str) -> None:
    received = poured(cameras, name, Description.ENDLESS_HEADERS, 5_000_000)

    assert received.startswith(b"RTSP/1.0 200 OK\r\n")
    assert b"\r\n\r\n" not in received
    assert {len(line) for line in received.split(b"\r\n")[5:-1]} == {1022}


def test_a_description_may_be_huge(cameras: SimulatedCameras, name: str) -> None:
    received = poured(cameras, name, Description.HUGE, 5_000_000)

    head, _, body = received.partition(b"\r\n\r\n")
    assert b"Content-Length: 268435456" in head
    assert body.startswith(b"a=x-nothing:")


def test_a_redirect_names_the_other_address_and_may_lead_back(cameras: SimulatedCameras, name: str) -> None:
    cameras.inject(Redirect(stream=name, to=cameras.url("other"), length_s=100))
    with RtspClient(cameras.url(name)) as client:
        answer = client.ask("DESCRIBE")
        assert answer.status == 302
        assert answer.headers["location"] == cameras.url("other")

        cameras.inject(Redirect(stream=name, to=cameras.url(name)))
        for _ in range(3):
            assert client.ask("DESCRIBE").headers["location"] == client.url


def test_slow_answers_come_byte_by_byte(cameras: SimulatedCameras, name: str) -> None:
    cameras.inject(SlowAnswers(stream=name, bytes_per_second=200))
    pieces = []
    with RtspClient(cameras.url(name)) as client:
        client.send("OPTIONS")
        while b"\r\n\r\n" not in b"".join(pieces):
            pieces.append(client.socket.recv(65536))
        client.ask("OPTIONS")
        client.play()
        assert client.packets(20)

    assert pieces[0] == b"R"
    assert max(map(len, pieces)) < 100


@pytest.mark.parametrize(("method", "status"), [("SETUP", 453), ("SETUP", 461), ("DESCRIBE", 503)])
def test_a_method_is_refused(cameras: SimulatedCameras, name: str, method: str, status: int) -> None:
    cameras.inject(Refusal(stream=name, method=method, status=status))
    with RtspClient(cameras.url(name)) as client:
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


# --- Pictures ---


def test_another_cameras_pictures_go_on_under_the_name_and_back(cameras: SimulatedCameras, name: str) -> None:
    with RtspClient(cameras.url(name)) as client:
        client.play()
        packets = client.packets(20)
        cameras.inject(PicturesOf(stream=name, other="other", length_s=1.5))
        with RtspClient(cameras.url(name)) as late:
            assert "H265" in late.ask("DESCRIBE").body
        packets += client.packets(200)

    # A VPS says that it is H.265 now; an H.264 SPS after it, that it is the old one again.
    change = next(place for place, packet in enumerate(packets) if packet.payload[:2] == b"\x40\x01")
    assert [packet.payload[0] >> 1 for packet in packets[change : change + 3]] == [32, 33, 34]
    after = packets[change:]
    back = next(place for place, packet in enumerate(after) if packet.payload[0] == 0x67)
    assert after[back + 1].payload[0] == 0x68
    assert set(sequence_steps(packets)) == {1}
    assert len({packet.ssrc for packet in packets}) == 1
    # Each change may cost the wait for a key picture, and no more.
    assert max(timestamp_steps(packets)) < 1.5 * 90_000


def test_lost_pictures_may_be_ordered_ahead(cameras: SimulatedCameras, name: str) -> None:
    cameras.inject(LostPictures(stream=name, count=2, start_s=0.3))
    packets = played(cameras, name, 80)

    assert max(timestamp_steps(packets)) == 3 * FRAME


def test_key_pictures_only(cameras: SimulatedCameras, name: str) -> None:
    cameras.inject(KeyPicturesOnly(stream=name))
    packets = played(cameras, name, 60)

    assert {kind(packet) for packet in packets} <= {5, 6, 7, 8}
    assert set(sequence_steps(packets)) == {1}
    assert timestamp_steps(packets) == {0, GOP}


def test_no_key_picture_comes_after_the_first(cameras: SimulatedCameras, name: str) -> None:
    cameras.inject(NoMoreKeys(stream=name))
    for _ in range(2):
        packets = played(cameras, name, 150)
        assert (packets[-1].timestamp - packets[0].timestamp) % WRAP > 2 * GOP
        assert [kind(packet) for packet in packets].count(7) == 1
        assert set(sequence_steps(packets)) == {1}


# --- RTP ---


def test_garbage_payloads_travel_behind_sound_heads(cameras: SimulatedCameras, name: str) -> None:
    usual = {packet.payload for packet in played(cameras, name, 200)}
    cameras.inject(GarbagePayloads(stream=name))
    packets = played(cameras, name)

    assert not {packet.payload for packet in packets} & usual
    assert set(sequence_steps(packets)) == {1}
    assert timestamp_steps(packets) == {0, FRAME}


def test_garbage_framing_is_no_interleaved_frame(cameras: SimulatedCameras, name: str) -> None:
    with RtspClient(cameras.url(name)) as client:
        client.play()
        client.packets(5)
        cameras.inject(GarbageFraming(stream=name, share=0.5))
        with pytest.raises(AssertionError):
            client.packets(10_000)


def test_a_share_of_the_packets_is_lost(cameras: SimulatedCameras, name: str) -> None:
    cameras.inject(Loss(stream=name, share=0.2))
    steps = sequence_steps(played(cameras, name, 200))

    lost = sum(steps) - len(steps)
    assert 10 < lost < 100


def test_a_share_of_the_packets_comes_late(cameras: SimulatedCameras, name: str) -> None:
    cameras.inject(Reorder(stream=name, share=0.3))
    packets = played(cameras, name, 200)

    steps = sequence_steps(packets)
    assert 65535 in steps
    known = sorted((packet.sequence - packets[0].sequence + 32768) % 65536 for packet in packets)
    # Nothing is missing but what changed places over the end.
    assert {after - before for before, after in pairwise(known[2:-2])} == {1}


def test_a_share_of_the_packets_comes_twice(cameras: SimulatedCameras, name: str) -> None:
    cameras.inject(Duplicates(stream=name, share=0.3))
    packets = played(cameras, name, 200)

    steps = sequence_steps(packets)
    assert set(steps) == {0, 1}
    twice = [before == after for before, after in pairwise(packets)]
    assert twice == [step == 0 for step in steps]


def test_no_packet_is_marked(cameras: SimulatedCameras, name: str) -> None:
    cameras.inject(MissingMarkers(stream=name))
    packets = played(cameras, name)

    assert not any(packet.is_marked for packet in packets)
    assert {packet.payload_type for packet in packets} == {96}


def test_fragments_are_cut_off_before_their_end(cameras: SimulatedCameras, name: str) -> None:
    cameras.inject(CutFragments(stream=name))
    packets = played(cameras, name, 150)

    fragments = [packet.payload[1] for packet in packets if packet.payload[0] & 0x1F == 28]
    assert any(head & 0x80 for head in fragments)
    assert not any(head & 0x40 for head in fragments)
    assert set(sequence_steps(packets)) == {1}


def test_sequence_numbers_wrap_when_ordered(cameras: SimulatedCameras, name: str) -> None:
    with RtspClient(cameras.url(name)) as client:
        client.play()
        packets = client.packets(5)
        cameras.inject(SequenceWrap(stream=name, packets=10))
        packets += client.packets(60)

    jump = next(place for place, step in enumerate(sequence_steps(packets)) if step != 1) + 1
    assert [packet.sequence for packet in packets[jump : jump + 11]] == [*range(65526, 65536), 0]


def test_timestamps_wrap_when_ordered(cameras: SimulatedCameras, name: str) -> None:
    cameras.inject(TimestampWrap(stream=name, after_s=1.0))
    packets = played(cameras, name)

    wraps = [place for place, (a, b) in enumerate(pairwise(packets)) if a.timestamp > WRAP / 2 > b.timestamp]
    assert len(wraps) == 1
    assert timestamp_steps(packets) == {0, FRAME}


def test_timestamps_jump_and_the_reports_go_with_them(cameras: SimulatedCameras, name: str) -> None:
    with RtspClient(cameras.url(name)) as client:
        client.play()
        packets = client.packets(10)
        cameras.inject(TimestampJump(stream=name, seconds=-100.0))
        packets += client.packets(60)
        report = client.report()
        packet = client.packets(1)[0]

    assert len([step for step in timestamp_steps(packets) if step not in (0, FRAME)]) == 1
    assert min(timestamp_steps(packets) - {0, FRAME}) == WRAP - 100 * 90_000 + FRAME
    shown_at = report.unix_seconds + (packet.timestamp - report.timestamp) / 90_000
    assert abs(shown_at - time.time()) < 5


def test_the_ssrc_changes_and_the_reports_with_it(cameras: SimulatedCameras, name: str) -> None:
    with RtspClient(cameras.url(name)) as client:
        client.play()
        packets = client.packets(10)
        cameras.inject(SsrcChange(stream=name))
        packets += client.packets(60)
        assert client.report().ssrc == packets[-1].ssrc

    change = next(place for place, packet in enumerate(packets) if packet.ssrc != packets[0].ssrc)
    assert {packet.ssrc for packet in packets[change:]} == {packets[-1].ssrc}
    assert packets[change].sequence != (packets[change - 1].sequence + 1) % 65536
    assert set(sequence_steps(packets[change:])) == {1}


# --- The camera's clock ---


def test_a_report_tells_a_clock_that_is_30_s_ahead_and_one_that_steps(
    cameras: SimulatedCameras, name: str
) -> None:
    cameras.inject(ClockOffset(stream=name, seconds=30.0))
    with RtspClient(cameras.url(name)) as client:
        client.play()
        first, second = client.report(), client.report()
        assert abs(first.unix_seconds - 30 - time.time()) < 5
        cameras.inject(ClockOffset(stream=name, seconds=-130.0, start_s=0.2))
        later = [client.report() for _ in range(3)]

    assert _unexplained(first, second) == pytest.approx(0, abs=0.001)
    assert _unexplained(first, later[-1]) == pytest.approx(-130, abs=0.001)


def test_a_report_tells_a_clock_that_gains(cameras: SimulatedCameras, name: str) -> None:
    cameras.inject(ClockDrift(stream=name, parts_per_million=20_000))
    with RtspClient(cameras.url(name)) as client:
        client.play()
        first = client.report()
        reports = [client.report() for _ in range(3)]

    passed = (reports[-1].timestamp - first.timestamp) / 90_000
    assert reports[-1].unix_seconds - first.unix_seconds == pytest.approx(passed * 1.02, abs=0.001)


def _unexplained(before: SenderReport, after: SenderReport) -> float:
    """By how much the second report's clock has moved more than its timestamp."""
    return after.unix_seconds - before.unix_seconds - (after.timestamp - before.timestamp) / 90_000


def test_all_faults_end_together(cameras: SimulatedCameras, name: str) -> None:
    faults: list[Fault] = [MissingMarkers(stream=name), Refusal(stream=name), Loss(stream=name, share=0.5)]
    for fault in faults:
        cameras.inject(fault)
    cameras.clear()
    packets = played(cameras, name)

    assert set(sequence_steps(packets)) == {1}
    assert any(packet.is_marked for packet in packets)


def test_a_neighbour_in_the_same_group_is_left_alone(cameras: SimulatedCameras, name: str) -> None:
    neighbour = "cam-059"
    faults: list[Fault] = [Loss(stream=name, share=0.5), MissingMarkers(stream=name), SsrcChange(stream=name)]
    with RtspClient(cameras.url(name)) as spoilt, RtspClient(cameras.url(neighbour)) as well:
        spoilt.play()
        well.play()
        for fault in faults:
            cameras.inject(fault)
        spoilt.packets(100)
        packets = well.packets(150)

    assert set(sequence_steps(packets)) == {1}
    assert timestamp_steps(packets) == {0, FRAME}
    assert any(packet.is_marked for packet in packets)
    assert len({packet.ssrc for packet in packets}) == 1
