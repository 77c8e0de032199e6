"""Kill the recorder (-9) again and again; then look at the disk, and at what the camera really sent."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from simulator_process import simulated_cameras
from system.footage_oracle import Clip, StoredPicture, stored_pictures
from system.node_process import NodeProcess, running_node, wait_until
from time_code import make_clip
from watchkeep.domain.errors import WatchkeepError
from watchkeep.domain.ids import CameraId
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.system import Machine
from watchkeep.runtime.wiring import Node, open_node
from watchkeep.storage.media.reader import SealedReader


def settings_for(port: int) -> str:
    """Short segments, and leave to ask the simulator on this machine."""
    return f"cameras:\n  simulator_ports: [{port}]\nrecording:\n  segment_length: 10 s\n"


@dataclass(frozen=True, slots=True)
class Kill:
    """What one kill cost one camera."""

    camera: str
    lost_s: float
    """From the last picture kept to the kill."""
    back_after_s: float
    """From the kill to the first picture kept after it, as the camera sent it."""


@dataclass(frozen=True, slots=True)
class Damage:
    """What a drill found."""

    kills: list[Kill]
    unreadable: list[str]
    faults: list[str]


CAMERAS = (
    ("gate", "h264", "green"),
    ("yard", "h265", "blue"),
    ("hall", "h264", "red"),
    ("ramp", "h265", "yellow"),
)


def make_clips(folder: Path, *, count: int = 2, seconds: int = 40) -> dict[str, Path]:
    """Up to four cameras, every other H.265: GOP 1 s, each picture unlike any other."""
    clips = {}
    for name, codec, colour in CAMERAS[:count]:
        clips[name] = folder / f"{name}.mp4"
        make_clip(clips[name], seconds=seconds, codec=codec, fps=10, gop=10, size=(384, 256), colour=colour)
    return clips


def add_cameras(node: NodeProcess, urls: dict[str, str]) -> None:
    for name, url in urls.items():
        camera = {"name": name, "streams": [{"role": "main", "url": url}]}
        answer = node.signed_in().post("/cameras", json=camera)
        assert answer.status_code == 201, answer.text


def kill_database(folder: Path) -> None:
    """SIGKILL to the server of an embedded database."""
    os.kill(int((folder / "cluster" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)


def recording(node: NodeProcess, *, since: float = 0, seen_since: float = 0) -> int:
    """How many streams the recorder says it records: since after one Unix time, said after another."""
    answer = node.signed_in().get("/cameras")
    if answer.status_code == 401:
        node.sign_out()
        return 0
    if answer.status_code == 503:
        return 0
    cameras = answer.json()["items"]
    states = [stream["state"] for camera in cameras for stream in camera["streams"]]
    return sum(
        state is not None
        and state["condition"] == "recording"
        and datetime.fromisoformat(state["since"]).timestamp() > since
        and datetime.fromisoformat(state["seen_at"]).timestamp() > seen_since
        for state in states
    )


def run_drill(
    folder: Path, *, kills: int, seed: int, cameras: int = 2, say: Callable[[str], None] = print
) -> Damage:
    """Record cameras, kill the recorder at random instants, stop, judge."""
    chance = random.Random(seed)
    clips = make_clips(folder, count=cameras)
    data = folder / "data"
    times: list[float] = []
    with (
        simulated_cameras(clips) as simulated,
        running_node(data, settings=settings_for(simulated.port)) as node,
    ):
        add_cameras(node, {name: simulated.url(name) for name in clips})
        wait_until(lambda: recording(node) == cameras, seconds=60, what="all cameras to record")
        for number in range(kills):
            time.sleep(chance.uniform(0.0, 6.0))
            at = node.kill_child("recorder")
            times.append(at)
            wait_until(
                lambda at=at: recording(node, since=at) == cameras,
                seconds=60,
                what="all cameras to record again",
            )
            say(f"kill {number + 1} of {kills}")
        kill_database(data / "database")
        at = time.time()
        wait_until(
            lambda: recording(node, seen_since=at + 5) == cameras,
            seconds=90,
            what="word from the recorder again",
        )
        time.sleep(12)
        faults = doctor(data)
    return judge(data, {name: Clip(path) for name, path in clips.items()}, times, faults)


def doctor(data: Path) -> list[str]:
    """What the doctor finds between files and catalog, every byte read; nothing when all is well."""
    command = [sys.executable, "-m", "watchkeep", "doctor", "--json", "--depth", "full", "--data", str(data)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    return [] if done.returncode == 0 else [f"exit code {done.returncode}", done.stdout, done.stderr]


def missing_pictures(pictures: list[StoredPicture], clip: Clip) -> int:
    """How many pictures the camera sent between the first and the last stored one that are not stored."""
    sent = round(
        (pictures[-1].sent_at - pictures[0].sent_at).total_seconds() / clip.length_s * len(clip.pictures)
    )
    return sent + 1 - len({picture.sent_at for picture in pictures})


def judge(data: Path, clips: dict[str, Clip], times: list[float], faults: list[str]) -> Damage:
    node = open_node(DataFolder(data), machine=Machine())
    unreadable: list[str] = []
    kills: list[Kill] = []
    for name, clip in clips.items():
        segments = read_segments(node, name, unreadable)
        pictures = stored_pictures(clip, segments)
        kills += [_cost(name, pictures, at) for at in times]
    return Damage(kills, unreadable, faults)


def read_segments(node: Node, camera: str, unreadable: list[str]) -> list[tuple[datetime, bytes]]:
    """Start and MP4 bytes of every segment file of a camera, all of them verified."""
    found = []
    paths = [*node.volume.segments(), *node.volume.all_open_segments()]
    for path in paths:
        try:
            reader = SealedReader.open(path, fs=node.machine.fs, keys=node.keystore.find_shred_key)
            try:
                if reader.header.camera != CameraId(camera):
                    continue
                reader.verify()
                video = reader.read_video(0, reader.video_length)
                found.append((reader.header.started_at, video))
            finally:
                reader.close()
        except (WatchkeepError, OSError) as error:
            unreadable.append(f"{path.name}: {error}")
    return found


def _cost(camera: str, pictures: list[StoredPicture], killed_at: float) -> Kill:
    killed = datetime.fromtimestamp(killed_at, UTC)
    before = [picture.sent_at for picture in pictures if picture.sent_at <= killed]
    after = [picture.sent_at for picture in pictures if picture.sent_at > killed]
    return Kill(
        camera,
        (killed - max(before)).total_seconds(),
        (min(after) - killed).total_seconds(),
    )
