"""What every source of packets does: our RTSP client and libav at a simulated camera, libav on the file."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from clip_packets import clip_packets
from simulator_process import SimulatedCameras, simulated_cameras
from time_code import make_clip
from watchkeep.domain.camera import Secret, StreamAddress
from watchkeep.domain.media import GapCause, Packet, RunEnded, RunStarted, SourceNotice, VideoParameters
from watchkeep.runtime.system import SystemClock, SystemRng
from watchkeep.sources.choosing import CameraSource, open_address
from watchkeep.sources.container import open_container
from watchkeep.sources.libav import LibavSource
from watchkeep.sources.rtsp.framing import ReadBuffer

CLIPS = {
    "h264": {"codec": "h264"},
    "h264-b": {"codec": "h264", "b_frames": 2},
    "h265": {"codec": "h265"},
    "h265-b": {"codec": "h265", "b_frames": 2},
}
SECONDS = 2
FPS = 25
PATIENCE_S = 60
"""No test waits so long unless it fails."""


@dataclass(frozen=True, slots=True)
class Rig:
    """Where the clip can be fetched, and what is in it."""

    address: StreamAddress
    parameters: VideoParameters
    packets: list[Packet]
    is_clear_text: bool
    is_read_by_libav: bool = False


Source = LibavSource | CameraSource


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("clips")
    return {
        name: make_clip(folder / f"{name}.mp4", seconds=SECONDS, fps=FPS, gop=25, **CLIPS[name])
        for name in CLIPS
    }


@pytest.fixture(scope="module")
def cameras(clips: dict[str, Path]) -> Iterator[SimulatedCameras]:
    with simulated_cameras(clips, user="ada", password="p@:/ #?") as cameras:
        yield cameras


@pytest.fixture(params=[(kind, name) for kind in ("rtsp", "libav", "file") for name in CLIPS], ids="-".join)
def rig(request: pytest.FixtureRequest, clips: dict[str, Path], cameras: SimulatedCameras) -> Rig:
    kind, name = request.param
    parameters, packets = clip_packets(clips[name])
    if kind == "file":
        return Rig(StreamAddress(url=clips[name].as_uri()), parameters, packets, False)
    address = StreamAddress(url=cameras.url(name), user="ada", password=Secret("p@:/ #?"))
    return Rig(address, parameters, packets, True, kind == "libav")


@contextmanager
def source_of(address: StreamAddress, *, is_read_by_libav: bool = False) -> Iterator[Source]:
    with closing(
        LibavSource(address, clock=SystemClock(), rng=SystemRng())
        if is_read_by_libav
        else open_address(address, clock=SystemClock(), rng=SystemRng(), buffer=ReadBuffer())
    ) as source:
        yield source


def gather(source: Source, is_enough: Callable[[list[SourceNotice]], bool]) -> list[SourceNotice]:
    """Poll until enough came."""
    notices: list[SourceNotice] = []
    deadline = time.monotonic() + PATIENCE_S
    while not is_enough(notices):
        assert time.monotonic() < deadline, [type(notice).__name__ for notice in notices][-20:]
        notices += source.poll()
        time.sleep(0.01)
    return notices


def packets_of(notices: list[SourceNotice]) -> list[Packet]:
    return [notice for notice in notices if isinstance(notice, Packet)]


def test_every_nal_of_the_clip_arrives_in_order_and_on_over_its_end(rig: Rig) -> None:
    count = len(rig.packets)
    with source_of(rig.address, is_read_by_libav=rig.is_read_by_libav) as source:
        notices = gather(source, lambda notices: len(packets_of(notices)) >= 2 * count + 5)

    started, *rest = notices
    assert isinstance(started, RunStarted)
    assert started.parameters == rig.parameters
    assert started.is_clear_text is rig.is_clear_text
    packets = packets_of(rest)
    assert len(packets) == len(rest)  # nothing ended
    # Encoded pictures of these clips differ, so the first tells where in the clip it began. A demuxer may
    # find an access-unit delimiter that the simulator left out of none of them.
    sent = [significant(packet) for packet in rig.packets]
    begin = sent.index(significant(packets[0]))
    assert packets[0].is_key
    for number, packet in enumerate(packets):
        assert significant(packet) == sent[(begin + number) % count], number
        assert packet.is_key == rig.packets[(begin + number) % count].is_key


def significant(packet: Packet) -> tuple[bytes, ...]:
    """All but access unit delimiters, which the simulator does not send."""
    return tuple(nal for nal in packet.nals if nal[0] & 0x1F != 9 and nal[0] >> 1 != 35)


def test_times_are_those_of_the_clip_and_never_jump(rig: Rig) -> None:
    count = len(rig.packets)
    with source_of(rig.address, is_read_by_libav=rig.is_read_by_libav) as source:
        notices = gather(source, lambda notices: len(packets_of(notices)) >= 2 * count + 5)

    packets = packets_of(notices)
    shown = sorted(packet.pts for packet in packets[1:-5])
    assert {after - before for before, after in pairwise(shown)} == {90_000 // FPS}
    assert all(before.dts < after.dts for before, after in pairwise(packets))
    assert all(packet.dts <= packet.pts for packet in packets)
    assert all(before.received_at <= after.received_at for before, after in pairwise(packets))


def test_packets_come_at_the_pace_of_their_times(rig: Rig) -> None:
    with source_of(rig.address, is_read_by_libav=rig.is_read_by_libav) as source:
        packets = packets_of(gather(source, lambda notices: len(packets_of(notices)) >= 30))

    media_s = (packets[-1].dts - packets[5].dts) / 90_000
    wall_s = (packets[-1].received_at - packets[5].received_at).total_seconds()
    assert wall_s > media_s - 0.3  # a slow machine may make it longer, nothing makes it shorter


def test_poll_never_waits_and_a_closed_source_is_silent(rig: Rig) -> None:
    with source_of(rig.address, is_read_by_libav=rig.is_read_by_libav) as source:
        gather(source, lambda notices: len(packets_of(notices)) >= 3)
        source.close()

        assert source.poll() == ()


@pytest.mark.parametrize("is_read_by_libav", [False, True], ids=["rtsp", "libav"])
def test_a_wrong_password_is_an_authentication_gap_that_never_shows_it(
    cameras: SimulatedCameras,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    is_read_by_libav: bool,
) -> None:
    caplog.set_level(0)
    address = StreamAddress(url=cameras.url("h264"), user="ada", password=Secret("wr0ng-Secret"))
    with source_of(address, is_read_by_libav=is_read_by_libav) as source:
        (ended,) = gather(source, bool)

    assert isinstance(ended, RunEnded)
    assert ended.cause is GapCause.AUTHENTICATION
    said = ended.detail + caplog.text + "".join(capfd.readouterr())
    said += "".join(str(vars(record)) for record in caplog.records)
    assert "wr0ng" not in said
    assert "password" in ended.detail


@pytest.mark.parametrize("is_read_by_libav", [False, True], ids=["rtsp", "libav"])
def test_a_path_that_the_camera_does_not_know_is_said(
    cameras: SimulatedCameras, is_read_by_libav: bool
) -> None:
    address = StreamAddress(url=cameras.url("attic"), user="ada", password=Secret("p@:/ #?"))
    with source_of(address, is_read_by_libav=is_read_by_libav) as source:
        (ended,) = gather(source, bool)

    assert isinstance(ended, RunEnded)
    assert ended.cause is GapCause.NO_VIDEO
    assert "path" in ended.detail


@pytest.mark.parametrize("is_read_by_libav", [False, True], ids=["rtsp", "libav"])
def test_a_dropped_connection_ends_the_run_and_the_source_comes_back(
    clips: dict[str, Path], is_read_by_libav: bool
) -> None:
    with (
        simulated_cameras({"door": clips["h264"]}) as cameras,
        source_of(StreamAddress(url=cameras.url("door")), is_read_by_libav=is_read_by_libav) as source,
    ):
        gather(source, lambda notices: len(packets_of(notices)) >= 3)
        cameras.drop_clients()
        notices = gather(source, lambda notices: any(isinstance(x, RunStarted) for x in notices))

    ended = [notice for notice in notices if isinstance(notice, RunEnded)]
    assert ended[0].cause is GapCause.STREAM_ENDED


@pytest.mark.slow
@pytest.mark.parametrize("is_read_by_libav", [False, True], ids=["rtsp", "libav"])
def test_a_camera_that_falls_silent_is_stalled_and_comes_back(
    clips: dict[str, Path], is_read_by_libav: bool
) -> None:
    with (
        simulated_cameras({"door": clips["h265"]}) as cameras,
        source_of(StreamAddress(url=cameras.url("door")), is_read_by_libav=is_read_by_libav) as source,
    ):
        gather(source, lambda notices: len(packets_of(notices)) >= 3)
        cameras.stall()
        notices = gather(source, lambda notices: any(isinstance(x, RunEnded) for x in notices))
        cameras.resume()
        again = gather(source, lambda notices: len(packets_of(notices)) >= 3)

    (ended,) = [notice for notice in notices if isinstance(notice, RunEnded)]
    assert ended.cause is GapCause.STALLED
    assert any(isinstance(notice, RunStarted) for notice in again)


def test_where_udp_is_refused_libav_goes_on_over_tcp(cameras: SimulatedCameras) -> None:
    address = StreamAddress(url=cameras.url("h264"), user="ada", password=Secret("p@:/ #?"))
    opener = partial(open_container, transport="udp+tcp")
    with closing(LibavSource(address, clock=SystemClock(), rng=SystemRng(), opener=opener)) as source:
        notices = gather(source, lambda notices: len(packets_of(notices)) >= 3)

    assert isinstance(notices[0], RunStarted)
