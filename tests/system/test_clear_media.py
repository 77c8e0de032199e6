"""No clear media on disk: not in the data folder, not in temporary folders, whatever was done."""

import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from simulator_process import simulated_cameras
from system.clear_media import clear_places
from system.footage_oracle import Clip
from system.kill_drill import add_cameras, make_clips, recording, settings_for
from system.node_process import NodeProcess, running_node, wait_until


@pytest.mark.slow
def test_recording_watching_playing_and_killing_leave_no_clear_picture_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = make_clips(tmp_path)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    data = tmp_path / "data"
    with (
        simulated_cameras(clips) as cameras,
        running_node(data, settings=settings_for(cameras.port)) as node,
    ):
        tested = node.signed_in().post("/cameras/test", json={"url": cameras.url("gate")})
        assert tested.status_code == 200, tested.text
        add_cameras(node, {name: cameras.url(name) for name in clips})
        wait_until(lambda: recording(node) == 2, seconds=60, what="both cameras to record")
        wait_until(lambda: _finished(data) >= 2, seconds=60, what="a finished segment of each camera")
        played = _play(node)
        node.kill_child("recorder")
        assert _export(node, tmp_path / "export.mp4") == 0

    known = [Clip(path) for path in clips.values()]
    may = [*clips.values(), tmp_path / "export.mp4"]
    assert clear_places(known, [tmp_path, Path("/dev/shm")], but=may) == []

    # The search finds what is there: the export, what was played, and a file left by a planted bug.
    assert clear_places(known, [tmp_path], but=clips.values()) != []
    (temporary / "left-behind.mp4").write_bytes(played)
    assert clear_places(known, [temporary]) != []


def _finished(data: Path) -> int:
    return len({path.parts[-3] for path in (data / "footage").glob("*/*/*.wks")})


def _play(node: NodeProcess) -> bytes:
    """Play as the page does: a playlist, then every part it names."""
    client = node.signed_in()
    now = datetime.now(UTC)
    span = {"from": (now - timedelta(minutes=2)).isoformat(), "to": now.isoformat()}
    playlist = client.get("/cameras/gate/playlist.m3u8", params=span)
    assert playlist.status_code == 200, playlist.text
    addresses = {line for line in playlist.text.splitlines() if line and not line.startswith("#")}
    parts = [client.get(node.url + address).content for address in sorted(addresses)]
    assert all(parts)
    return b"".join(parts)


def _export(node: NodeProcess, out: Path) -> int:
    now = datetime.now(UTC)
    command = [sys.executable, "-m", "watchkeep", "export", str(out), "--camera", "gate"]
    command += ["--from", (now - timedelta(minutes=2)).isoformat(), "--to", now.isoformat()]
    return subprocess.run([*command, "--data", str(node.data)], check=False).returncode
