"""`watchkeep record --once` as a person meets it: a process, a simulated camera, a file that plays."""

import errno
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import pytest

from clip_packets import clip_packets
from faulty_fs import FaultyFs
from mp4_reading import boxes, default_flags, samples
from simulator_process import SimulatedCameras, simulated_cameras
from time_code import make_clip
from unit.sources.simulator.sound_files import add_sound
from watchkeep.cli.commands import main
from watchkeep.domain.errors import Conflict, Exhausted
from watchkeep.domain.ids import RunId, uuid7
from watchkeep.ingestion.fragmenter import Fragmenter
from watchkeep.ingestion.mux import init_section
from watchkeep.ingestion.wall_clock import WallClock
from watchkeep.runtime.plain_file import PlainFile
from watchkeep.runtime.system import SystemClock, SystemFs, SystemRng

PATIENCE_S = 60
"""No test waits so long unless it fails."""


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("clips")
    door = make_clip(folder / "silent.mp4", seconds=2, gop=10, size=(256, 160))
    return {
        "door": add_sound(door, folder / "door.mp4", seconds=2),
        "yard": make_clip(folder / "yard.mp4", seconds=2, gop=10, size=(320, 192)),
    }


@pytest.fixture(scope="module")
def cameras(clips: dict[str, Path]) -> Iterator[SimulatedCameras]:
    with simulated_cameras(clips, user="ada", password="right") as cameras:
        yield cameras


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "watchkeep", "record", *arguments]


def record(*arguments: str, password: str = "right") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        input=password + "\n",
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def sign_in(cameras: SimulatedCameras, name: str) -> list[str]:
    return ["--once", cameras.url(name), "--user", "ada", "--password"]


def start(*arguments: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        command(*arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    process.stdin.write("right\n")
    process.stdin.close()
    process.stdin = None
    return process


def wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def fragments_in(path: Path) -> int:
    return path.read_bytes().count(b"moof") if path.exists() else 0


def pictures_of(path: Path) -> int:
    """How many pictures decode, without an error."""
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def sent_by(path: Path) -> list[bytes]:
    """The video samples of a file, each with the lengths of its NAL units."""
    data = path.read_bytes()
    media = data[data.index(b"moof") - 4 :]
    return [
        each.data for each in samples(default_flags(data[: len(data) - len(media)]), media) if each.track == 1
    ]


def test_a_camera_becomes_one_file_that_players_take_and_that_holds_what_it_sent(
    cameras: SimulatedCameras, clips: dict[str, Path], tmp_path: Path, needs_tool: Callable[[str], Path]
) -> None:
    out = tmp_path / "out.mp4"

    done = record(*sign_in(cameras, "door"), "--audio", "--for", "2s", "--json", str(out))

    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["is_sealed"], told["interruptions"], told["note"]) == (False, 0, "")
    (file,) = told["files"]
    assert file["has_audio"] is True
    assert 1.5 <= file["seconds"] < 10
    assert file["size_bytes"] == out.stat().st_size
    probed = subprocess.run(
        [needs_tool("ffprobe"), "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", out],
        capture_output=True,
        text=True,
        check=True,
    )
    assert probed.stdout.split() == ["h264", "aac"]
    decoded = subprocess.run(
        [needs_tool("ffmpeg"), "-v", "error", "-i", out, "-f", "null", "-"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert decoded.stderr == ""
    _, packets = clip_packets(clips["door"])
    clip = [b"".join(len(nal).to_bytes(4, "big") + nal for nal in each.nals) for each in packets]
    sent = sent_by(out)
    begin = clip.index(sent[0])
    assert sent == [clip[(begin + number) % len(clip)] for number in range(len(sent))]


def test_a_file_is_played_as_a_camera_would_send_it(clips: dict[str, Path], tmp_path: Path) -> None:
    done = record("--once", str(clips["yard"]), "--for", "1s", str(tmp_path / "out.mp4"))

    assert done.returncode == 0
    assert pictures_of(tmp_path / "out.mp4") >= 20


def test_what_was_recorded_before_a_kill_plays(cameras: SimulatedCameras, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    with start(*sign_in(cameras, "door"), "--audio", str(out)) as process:
        try:
            wait_for(lambda: fragments_in(out) >= 4)
        finally:
            process.kill()

    assert process.returncode == -signal.SIGKILL
    assert pictures_of(out) >= 10


def test_ctrl_c_ends_a_file_that_is_whole_and_silent_unless_asked_and_says_that_it_is_not_sealed(
    cameras: SimulatedCameras, tmp_path: Path
) -> None:
    out = tmp_path / "out.mp4"
    with start(*sign_in(cameras, "door"), "--for", "1h", str(out)) as process:
        wait_for(lambda: fragments_in(out) >= 2)
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 0
    assert told.count("\n") == 1
    assert told.endswith("Not sealed: whoever has the file can watch and change it.\n")
    assert {kind for kind, _ in boxes(out.read_bytes())} == {"ftyp", "moov", "moof", "mdat"}
    with av.open(str(out)) as container:
        assert [stream.type for stream in container.streams] == ["video"]


def test_other_parameters_go_into_a_file_of_their_own_and_the_same_ones_go_on_in_theirs(
    clips: dict[str, Path], tmp_path: Path
) -> None:
    out, second = tmp_path / "out.mp4", tmp_path / "out-2.mp4"
    with simulated_cameras({"door": clips["yard"]}) as cameras:
        process = start("--once", cameras.url("door"), "--json", str(out))
        wait_for(lambda: fragments_in(out) >= 2)
        port = cameras.port
        cameras.drop_clients()
        before = fragments_in(out)
        wait_for(lambda: fragments_in(out) >= before + 3)
    with simulated_cameras({"door": clips["door"]}, port=port):
        wait_for(lambda: fragments_in(second) >= 2)
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 0
    assert [Path(each["path"]).name for each in json.loads(told)["files"]] == ["out.mp4", "out-2.mp4"]
    assert json.loads(told)["interruptions"] == 2
    data = out.read_bytes()
    media = data[data.index(b"moof") - 4 :]
    times = [each.start for each in samples(default_flags(data[: len(data) - len(media)]), media)]
    assert times == sorted(set(times))
    assert pictures_of(out) >= 20
    assert pictures_of(second) >= 10


def test_a_file_that_is_there_is_not_touched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.mp4"
    out.write_bytes(b"mine")

    code = main(["record", "--once", "rtsp://192.0.2.1/door", str(out)])

    assert (code, out.read_bytes()) == (6, b"mine")
    assert capsys.readouterr().err == f"watchkeep: {out} exists already; name another file\n"


def test_a_wrong_password_is_one_sentence_and_leaves_no_file(
    cameras: SimulatedCameras, tmp_path: Path
) -> None:
    done = record(*sign_in(cameras, "door"), str(tmp_path / "out.mp4"), password="wrong")

    place = f"127.0.0.1:{cameras.port}"
    assert done.returncode == 5
    assert done.stderr == f"watchkeep: {place} refuses the user name or the password; check them\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("length", ["ten", "0s", "10", "-5s", "1d", "9999999h", ""])
def test_a_length_that_is_none_is_told_before_anything_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], length: str
) -> None:
    code = main(["record", "--once", "rtsp://192.0.2.1/door", f"--for={length}", str(tmp_path / "out.mp4")])

    cure = "is no length of time; write for example 30s, 10m or 1h"
    assert (code, capsys.readouterr().err) == (4, f"watchkeep: --for {length!r} {cure}\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("once", "out", "code", "sentence"),
    [
        ("nothing.mp4", "out.mp4", 3, "nothing.mp4 is not there; name a file or rtsp://…"),
        (
            "ftp://192.0.2.1/",
            "out.mp4",
            4,
            "must begin with rtsp://, rtsps://, http://, https:// or file:///",
        ),
        ("rtsp://192.0.2.1/", "nowhere/out.mp4", 3, "nowhere is not there; make it first"),
    ],
)
def test_what_cannot_be_recorded_or_written_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], once: str, out: str, code: int, sentence: str
) -> None:
    found = main(["record", "--once", once, str(tmp_path / out)])

    told = capsys.readouterr().err
    assert (found, told.count("\n")) == (code, 1)
    assert sentence in told


def test_a_camera_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]

    done = record("--once", f"rtsp://127.0.0.1:{port}/door", str(tmp_path / "out.mp4"))

    assert done.returncode == 7
    assert done.stderr == f"watchkeep: 127.0.0.1:{port} refuses connections; check the port\n"
    assert list(tmp_path.iterdir()) == []


def test_a_camera_that_does_not_come_back_is_told_at_the_end(clips: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    with simulated_cameras({"door": clips["door"]}) as cameras:
        process = start("--once", cameras.url("door"), "--for", "2s", "--json", str(out))
        wait_for(lambda: fragments_in(out) >= 1)
    told, error = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 7
    assert json.loads(error)["sentence"].startswith(f"{out} ends early: 127.0.0.1:")
    assert json.loads(told)["files"][0]["size_bytes"] == out.stat().st_size
    assert pictures_of(out) >= 10


def test_a_full_disk_leaves_a_file_that_ends_with_a_whole_fragment(
    clips: dict[str, Path], tmp_path: Path
) -> None:
    clock, rng, fs = SystemClock(), SystemRng(), FaultyFs()
    parameters, packets = clip_packets(clips["yard"])
    fragmenter = Fragmenter(RunId(uuid7(clock, rng)), wall_clock=WallClock(clock=clock))
    fragments = [fragment for packet in packets for fragment in fragmenter.push(packet)]
    out = tmp_path / "out.mp4"
    file = PlainFile(out, init_section(parameters), None, fs=fs, clock=clock)
    file.append(fragments[0])
    fs.fail(kinds={"append"}, code=errno.ENOSPC)

    with pytest.raises(Exhausted, match="is full; free some space"):
        file.append(fragments[1])
    file.append(fragments[2])
    file.close()

    assert [kind for kind, _ in boxes(out.read_bytes())] == ["ftyp", "moov", "moof", "mdat"]
    assert pictures_of(out) == fragments[0].packet_count


def test_a_file_that_appeared_meanwhile_is_not_touched_either(tmp_path: Path) -> None:
    out = tmp_path / "out-2.mp4"
    out.write_bytes(b"mine")

    with pytest.raises(Conflict, match="exists already; name another file"):
        PlainFile(out, b"init", None, fs=SystemFs(), clock=SystemClock())

    assert out.read_bytes() == b"mine"
