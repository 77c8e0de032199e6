"""What goes wrong between us and a camera or a file, and how it is said."""

import gc
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

import av
import pytest

from builders import CountingRng, FixedClock
from clip_packets import clip_packets
from time_code import make_clip
from watchkeep.domain.camera import StreamAddress
from watchkeep.domain.errors import CameraUnreachable, NoVideo, WatchkeepError
from watchkeep.domain.media import GapCause, Packet, RunEnded, RunStarted, SourceNotice
from watchkeep.runtime.system import SystemClock, SystemRng
from watchkeep.sources.assembler import PICTURE_LIMIT_BYTES
from watchkeep.sources.libav import LibavSource
from watchkeep.sources.packet_thread import Opener
from watchkeep.sources.probe import first_picture, probe

PATIENCE_S = 60
CLOCK = SystemClock()


def source_of(address: StreamAddress) -> LibavSource:
    return LibavSource(address, clock=CLOCK, rng=SystemRng())


def gather(source: LibavSource, is_enough: Callable[[list[SourceNotice]], object]) -> list[SourceNotice]:
    notices: list[SourceNotice] = []
    deadline = time.monotonic() + PATIENCE_S
    while not is_enough(notices):
        assert time.monotonic() < deadline
        notices += source.poll()
        time.sleep(0.01)
    return notices


def first_end(address: StreamAddress) -> RunEnded:
    with closing(source_of(address)) as source:
        notices = gather(source, lambda notices: notices)
    assert isinstance(notices[-1], RunEnded)
    return notices[-1]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def threads() -> int:
    return sum(thread.name == "packets" for thread in threading.enumerate())


def wait_for_threads_to_end(limit_s: float) -> None:
    deadline = time.monotonic() + limit_s
    while threads():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_closed_port_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    ended = first_end(StreamAddress(url=f"rtsp://127.0.0.1:{port}/door"))

    assert ended.cause is GapCause.UNREACHABLE
    assert ended.detail == f"127.0.0.1:{port} refuses connections; check the port"


@pytest.mark.slow
def test_a_port_that_never_answers_is_unreachable_and_close_ends_the_thread(silent_port: int) -> None:
    source = source_of(StreamAddress(url=f"rtsp://127.0.0.1:{silent_port}/door"))
    source.poll()
    source.close()
    wait_for_threads_to_end(20)

    ended = first_end(StreamAddress(url=f"rtsp://127.0.0.1:{silent_port}/door"))

    assert ended.cause is GapCause.UNREACHABLE
    assert "answer" in ended.detail


def test_a_name_that_leads_to_this_machine_is_refused() -> None:
    ended = first_end(StreamAddress(url="rtsp://nobody.localhost:554/door"))

    assert ended.cause is GapCause.UNREACHABLE
    assert "nobody.localhost" in ended.detail


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    ended = first_end(StreamAddress(url=(tmp_path / "no.mp4").as_uri()))

    assert ended.cause is GapCause.UNREACHABLE
    assert "no.mp4 is not there" in ended.detail


def a_playlist(path: Path) -> None:
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n")


def sound_only(path: Path) -> None:
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=48_000)
        frame = av.AudioFrame(format="fltp", layout="stereo", samples=1024)
        frame.sample_rate = 48_000
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def another_codec(path: Path) -> None:
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height = 64, 64
        container.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        container.mux(stream.encode(None))


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_text("dear diary"),
        lambda path: path.write_bytes(b""),
        a_playlist,
        sound_only,
        another_codec,
    ],
    ids=["text", "empty", "playlist", "sound", "codec"],
)
def test_a_file_without_video_is_said_in_one_sentence(make: Callable[[Path], object], tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    make(path)

    ended = first_end(StreamAddress(url=path.as_uri()))

    assert ended.cause is GapCause.NO_VIDEO
    assert str(path) in ended.detail
    with pytest.raises(NoVideo):
        probe(StreamAddress(url=path.as_uri()), clock=CLOCK)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "h264", "flv"])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_files_of_every_kind_give_the_same_pictures(suffix: str, b_frames: int, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", seconds=0.8, gop=10, b_frames=b_frames)
    other = clip if suffix == "mp4" else tmp_path / f"other.{suffix}"
    if suffix != "mp4":
        remux(clip, other)
    _, expected = clip_packets(clip)

    with closing(source_of(StreamAddress(url=other.as_uri()))) as source:
        notices = gather(source, lambda notices: len(notices) > 2 * len(expected))

    started, *packets = notices
    assert isinstance(started, RunStarted)
    got = [notice for notice in packets if isinstance(notice, Packet)]
    assert len(got) == len(packets)
    for number, packet in enumerate(got):
        sent = expected[number % len(expected)]
        assert without_delimiters(packet.nals) == without_delimiters(sent.nals)
    assert [x.dts - got[0].dts for x in got] == [3600 * n for n in range(len(got))]


def without_delimiters(nals: tuple[bytes, ...]) -> list[bytes]:
    return [nal for nal in nals if nal[0] & 0x1F != 9]


def remux(source: Path, target: Path) -> None:
    with av.open(str(source)) as read, av.open(str(target), "w") as written:
        stream = read.streams.video[0]
        copy = written.add_stream_from_template(stream)
        for packet in read.demux(stream):
            if packet.size:
                packet.stream = copy
                written.mux(packet)


def test_a_source_that_nobody_polls_ends_the_run_instead_of_growing(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", seconds=1, fps=100, gop=10, size=(64, 64))
    source = source_of(StreamAddress(url=clip.as_uri()))
    with closing(source):
        source.poll()
        deadline = time.monotonic() + PATIENCE_S
        while source.dropped_packets < 20:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        notices = list(source.poll())
        after = gather(source, lambda notices: any(isinstance(x, Packet) for x in notices))

    assert isinstance(notices[0], RunStarted)
    packets = [notice for notice in notices if isinstance(notice, Packet)]
    ends = [notice.cause for notice in notices if isinstance(notice, RunEnded)]
    assert 1000 <= len(packets) <= 1001
    assert ends == [GapCause.PACKETS_LOST]
    kinds = [type(notice).__name__ for notice in [*notices, *after] if not isinstance(notice, Packet)]
    assert kinds == ["RunStarted", "RunEnded", "RunStarted"]


def test_closing_a_source_ends_its_thread(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", seconds=1)
    source = source_of(StreamAddress(url=clip.as_uri()))
    gather(source, lambda notices: len(notices) > 3)
    assert threads() >= 1

    source.close()

    wait_for_threads_to_end(20)
    gc.collect()


def test_a_probe_measures_what_a_file_sends(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", seconds=2, fps=15, gop=15, codec="h265", size=(322, 182))

    found = probe(StreamAddress(url=clip.as_uri()), clock=CLOCK)

    assert found.parameters.codec == "h265"
    assert (found.parameters.width_px, found.parameters.height_px) == (322, 182)
    assert found.frames_per_second == 15
    assert not found.is_clear_text
    assert not found.has_audio


def test_sound_beside_the_pictures_is_seen(footage: Callable[[str], Path]) -> None:
    clips = ["person-bicycle-car-detection.mp4", "one-by-one-person-detection.mp4"]
    found = {probe(StreamAddress(url=footage(name).as_uri()), clock=CLOCK).has_audio for name in clips}

    assert found == {True, False}


@pytest.mark.parametrize(("size", "expected"), [((1920, 1080), (1280, 720)), ((322, 182), (322, 182))])
@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_the_first_picture_is_a_small_jpeg(
    size: tuple[int, int], expected: tuple[int, int], codec: str, tmp_path: Path
) -> None:
    clip = make_clip(tmp_path / "clip.mp4", seconds=0.2, size=size, codec=codec, colour="green")

    jpeg = first_picture(StreamAddress(url=clip.as_uri()), clock=CLOCK)

    shown = tmp_path / "picture.jpg"
    shown.write_bytes(jpeg)
    assert jpeg.startswith(b"\xff\xd8\xff")
    with av.open(str(shown)) as container:
        frame = next(container.decode(video=0))
    assert (frame.width, frame.height) == expected
    middle = frame.to_ndarray(format="rgb24")[expected[1] // 2 :].mean(axis=(0, 1))
    assert middle[1] > middle[0]
    assert middle[1] > middle[2]


def test_a_probe_of_a_camera_that_is_not_there_raises_without_its_password() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(CameraUnreachable) as refused:
        probe(StreamAddress(url=f"rtsp://127.0.0.1:{port}/door"), clock=CLOCK)

    assert refused.value.__suppress_context__


class PassingClock(FixedClock):
    """A little later each time it is asked, as every clock is."""

    def monotonic_ns(self) -> int:
        self.monotonic += 1000
        return self.monotonic


@pytest.fixture
def hanging() -> Iterator[Opener]:
    """Opens nothing, for as long as the test lasts."""
    is_over = threading.Event()

    def hang(address: StreamAddress) -> NoReturn:
        is_over.wait(PATIENCE_S)
        raise CameraUnreachable("the test is over")

    yield hang
    is_over.set()


def test_a_connection_may_take_its_time_to_open_but_not_for_ever(hanging: Opener) -> None:
    clock = PassingClock()
    address = StreamAddress(url="rtsps://192.0.2.1/door")
    with closing(LibavSource(address, clock=clock, rng=CountingRng(), opener=hanging)) as source:
        source.poll()
        clock.advance(19)
        assert source.poll() == []
        clock.advance(2)
        ends = source.poll()

    assert [notice.cause for notice in ends if isinstance(notice, RunEnded)] == [GapCause.UNREACHABLE]


@pytest.mark.parametrize(
    ("error", "is_soon"),
    [(CameraUnreachable("nobody is there"), True), (NoVideo("only sound", place="door"), False)],
)
def test_who_does_not_answer_is_called_every_five_seconds(error: WatchkeepError, is_soon: bool) -> None:
    clock = PassingClock()
    calls: list[int] = []

    def refuse(address: StreamAddress) -> NoReturn:
        calls.append(clock.monotonic)
        raise error

    address = StreamAddress(url="rtsps://192.0.2.1/door")
    with closing(LibavSource(address, clock=clock, rng=CountingRng(), opener=refuse)) as source:
        for number in range(1, 8):
            gather(source, lambda notices: notices)
            while len(calls) == number:
                clock.advance(0.5)
                source.poll()
                time.sleep(0.005)
    pauses_s = [(after - before) / 1e9 for before, after in pairwise(calls)]

    assert (max(pauses_s) < 8) is is_soon


def test_connections_that_hang_are_few_even_when_it_is_begun_anew(hanging: Opener) -> None:
    clock = PassingClock()
    address = StreamAddress(url="rtsps://192.0.2.1/door")
    before = threads()
    begun = []
    with closing(LibavSource(address, clock=clock, rng=CountingRng(), opener=hanging)) as source:
        for _ in range(5):
            begun.append(source.restart(note=""))
            for _ in range(2):
                source.poll()
                clock.advance(21)
            source.poll()
        count = threads() - before

    assert begun == [True, True, True, False, False]
    assert count == 3


def with_more(clip: Path, target: Path, sizes: list[int]) -> None:
    """The clip, and behind it pictures of these sizes."""
    with av.open(str(clip)) as read, av.open(str(target), "w") as written:
        stream = read.streams.video[0]
        copy = written.add_stream_from_template(stream)
        packets = [packet for packet in read.demux(stream) if packet.size]
        ends = packets[-1].dts + packets[-1].duration
        for number, size in enumerate(sizes):
            extra = av.Packet((size - 4).to_bytes(4) + b"\x41" + bytes(size - 5))
            extra.pts = extra.dts = ends + number * packets[-1].duration
            extra.time_base = stream.time_base
            packets.append(extra)
        for packet in packets:
            packet.stream = copy
            written.mux(packet)


def test_a_picture_larger_than_any_ends_the_run_and_is_never_taken(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", seconds=0.2)
    with_more(clip, tmp_path / "large.mkv", [PICTURE_LIMIT_BYTES, PICTURE_LIMIT_BYTES + 1])

    with closing(source_of(StreamAddress(url=(tmp_path / "large.mkv").as_uri()))) as source:
        notices = gather(source, lambda notices: any(isinstance(x, RunEnded) for x in notices))

    started, *packets, ended = notices
    assert isinstance(started, RunStarted)
    assert [sum(map(len, x.nals)) for x in packets if isinstance(x, Packet)][-1] == PICTURE_LIMIT_BYTES - 4
    assert len(packets) == 6
    assert isinstance(ended, RunEnded)
    assert ended.cause is GapCause.NO_VIDEO
    assert "more than 16 MiB" in ended.detail
