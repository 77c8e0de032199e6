"""Four cameras, two recorder processes: each records its own, and what befalls one leaves the other alone."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulator_process import SimulatedCameras, simulated_cameras
from system.footage_oracle import Clip, StoredPicture, pictures_of_mp4, stored_pictures
from system.kill_drill import (
    add_cameras,
    doctor,
    make_clips,
    missing_pictures,
    read_segments,
    recording,
    settings_for,
)
from system.node_process import NodeProcess, running_node, start_node, wait_until
from watchkeep.domain.ids import CameraId
from watchkeep.domain.sharing import shard_of
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.system import Machine
from watchkeep.runtime.wiring import open_node

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

SETTINGS = "  processes: 2\nanalysis:\n  enabled: false\n"


def pid_of(data: Path, name: str) -> int:
    return int((data / "run" / f"{name}.pid").read_text())


def are_live(node: NodeProcess, cameras: Iterable[str]) -> bool:
    client = node.signed_in()

    def is_live(camera: str) -> bool:
        answer = client.get(f"/cameras/{camera}/live.m3u8", params={"role": "main"})
        return answer.status_code == 200 and "#EXT-X-MAP" in answer.text

    with ThreadPoolExecutor() as at_once:
        return all(at_once.map(is_live, cameras))


def is_exported(node: NodeProcess, camera: str, start: datetime) -> bool:
    span = {"from": start.isoformat(), "to": datetime.now(UTC).isoformat()}
    answer = node.signed_in().get(f"/cameras/{camera}/export.mp4", params=span)
    return answer.status_code == 200 and len(pictures_of_mp4(answer.content)) > 0


def stop_without_a_last_word(node: NodeProcess) -> float:
    """SIGKILL to the supervisor and, before it can end in order, to the second recorder."""
    second = pid_of(node.data, "recorder-1")
    os.kill(node.process.pid, signal.SIGKILL)
    os.kill(second, signal.SIGKILL)
    node.process.wait()
    return time.time()


def record_and_kill(data: Path, simulated: SimulatedCameras, clips: dict[str, Path]) -> tuple[float, float]:
    with running_node(data, settings=settings_for(simulated.port) + SETTINGS) as node:
        began = datetime.now(UTC)
        add_cameras(node, {name: simulated.url(name) for name in clips})
        wait_until(lambda: recording(node) == len(clips), seconds=60, what="all cameras to record")
        first, second = pid_of(data, "recorder"), pid_of(data, "recorder-1")
        killed_at = time.time()
        os.kill(second, signal.SIGKILL)
        touched = sum(shard_of(CameraId(name), 2) for name in clips)
        wait_until(lambda: recording(node, since=killed_at) == touched, seconds=60, what="recording again")
        assert pid_of(data, "recorder") == first
        assert are_live(node, clips)
        for name in clips:
            # The catalog hears of an open segment at its first sync.
            wait_until(lambda name=name: is_exported(node, name, began), seconds=30, what=f"export of {name}")
        return killed_at, stop_without_a_last_word(node)


def cost(pictures: list[StoredPicture], at: float) -> tuple[float, float]:
    """Seconds lost before an instant, and seconds without pictures after it."""
    times = [picture.sent_at.timestamp() for picture in pictures]
    return at - max(each for each in times if each <= at), min(each for each in times if each > at) - at


def test_a_shard_that_is_killed_touches_no_other_and_one_process_takes_over_what_two_left(
    tmp_path: Path,
) -> None:
    clips, data = make_clips(tmp_path, count=4, seconds=20), tmp_path / "data"
    shards = {name: shard_of(CameraId(name), 2) for name in clips}
    assert set(shards.values()) == {0, 1}
    with simulated_cameras(clips) as simulated:
        killed_at, ended_at = record_and_kill(data, simulated, clips)
        left = list((data / "footage/open/1").iterdir())
        assert left, "nothing was left open, so nothing is proved"
        settings = (data / "watchkeep.yaml").read_text()
        (data / "watchkeep.yaml").write_text(re.sub("processes: 2", "processes: 1", settings))
        with running_node(data) as node:
            wait_until(
                lambda: recording(node, since=ended_at) == len(clips), seconds=60, what="one to record all"
            )
            assert len(node.children("recorder")) == 1
            assert list((data / "footage/open/1").iterdir()) == []
            assert doctor(data) == []

    opened, unreadable = open_node(DataFolder(data), machine=Machine()), list[str]()
    for name, path in clips.items():
        clip = Clip(path)
        pictures = stored_pictures(clip, read_segments(opened, name, unreadable))
        lost_s, back_after_s = cost(pictures, ended_at)
        assert lost_s <= 1.5, name
        assert back_after_s < 60, name
        before = [picture for picture in pictures if picture.sent_at.timestamp() <= ended_at]
        if shards[name] == 0:
            assert missing_pictures(before, clip) == 0, name
        else:
            lost_s, back_after_s = cost(pictures, killed_at)
            assert lost_s <= 1.0, name
            assert back_after_s <= 10.0, name
    assert unreadable == []


SMALL = """
from watchkeep.cli.main import main
from watchkeep.domain import sharing
from watchkeep.runtime import shards

sharing.STREAMS_A_SHARD, shards.GROWS_AFTER_NS, shards.cores = 3, 2_000_000_000, lambda: 2
main()
"""
"""A supervisor for which four streams are too many for one process."""


def test_a_node_grows_by_a_process_when_cameras_are_added_and_hardly_anything_is_lost(tmp_path: Path) -> None:
    clips, data = make_clips(tmp_path, count=4, seconds=20), tmp_path / "data"
    with simulated_cameras(clips) as simulated:
        settings = settings_for(simulated.port) + "analysis:\n  enabled: false\n"
        node = start_node(data, settings=settings, program=("-c", SMALL))
        try:
            node.wait_until_serving()
            add_cameras(node, {name: simulated.url(name) for name in list(clips)[:3]})
            wait_until(lambda: recording(node) == 3, seconds=60, what="three cameras to record")
            first = pid_of(data, "recorder")
            assert len(node.children("recorder")) == 1
            add_cameras(node, {name: simulated.url(name) for name in list(clips)[3:]})
            wait_until(lambda: len(node.children("recorder")) == 2, seconds=60, what="another recorder")
            grown_at = time.time()
            wait_until(lambda: recording(node, seen_since=grown_at + 4) == 4, seconds=60, what="all")
            assert pid_of(data, "recorder") == first
            assert are_live(node, clips)
            command = [sys.executable, "-m", "watchkeep", "doctor", "--depth", "full", "--data", str(data)]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            assert "The process recorder runs." in said
            assert "The process recorder-1 runs." in said
        finally:
            node.stop()

    opened, unreadable = open_node(DataFolder(data), machine=Machine()), list[str]()
    for name, path in clips.items():
        clip = Clip(path)
        pictures = stored_pictures(clip, read_segments(opened, name, unreadable))
        missing = missing_pictures(pictures, clip)
        twice = len(pictures) - len({picture.sent_at for picture in pictures})
        print(f"{name}: of {len(pictures)} pictures {missing} missing, {twice} there twice")
        # Ten pictures a second. What goes over lacks them until the new process has started.
        assert missing <= 100 * shard_of(CameraId(name), 2), name
        assert twice == 0, name
    assert unreadable == []
