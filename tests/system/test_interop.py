"""What goes in comes out: an exported MP4 holds the camera's video, NAL by NAL.

From our own simulator, and from GStreamer's RTSP server (Debian), which none of us wrote. Twenty seconds in
every run, the issue's ninety by `make test-interop`.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from simulator_process import simulated_cameras
from system.footage_oracle import Clip, pictures_of_mp4
from system.kill_drill import add_cameras, make_clips, recording, settings_for
from system.node_process import NodeProcess, running_node, wait_until

SPAN_S = float(os.environ.get("WATCHKEEP_EXPORT_S", "15"))
SERVER = Path(__file__).with_name("gstreamer_server.py")


@contextmanager
def gstreamer(clip: Path, codec: str) -> Iterator[int]:
    """GStreamer's RTSP server over a file, by the system's own Python; gives the port."""
    process = subprocess.Popen(
        ["/usr/bin/python3", str(SERVER), str(clip), codec],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def export(node: NodeProcess, camera: str, out: Path) -> tuple[datetime, datetime]:
    """Export the last SPAN_S seconds that are sure to be on disk."""
    oldest = wait_until(lambda: _oldest(node, camera), seconds=30, what=f"footage of {camera}")
    start = oldest + timedelta(seconds=2)
    end = start + timedelta(seconds=SPAN_S)
    wait_until(
        lambda: datetime.now(UTC) > end + timedelta(seconds=8), seconds=SPAN_S + 60, what="the span to pass"
    )
    command = [sys.executable, "-m", "watchkeep", "export", str(out), "--camera", camera, "--json"]
    command += ["--from", start.isoformat(), "--to", end.isoformat(), "--data", str(node.data)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    assert json.loads(done.stdout)["size_bytes"] == out.stat().st_size
    return start, end


def _oldest(node: NodeProcess, camera: str) -> datetime | None:
    for item in node.signed_in().get("/storage").json()["cameras"]:
        if item["id"] == camera and item["oldest"]:
            return datetime.fromisoformat(item["oldest"])
    return None


def check_export(out: Path, clip: Clip, ffprobe: Path, ffmpeg: Path) -> int:
    """Every access unit of the export follows the one before it in the camera's clip; all tools agree."""
    exported = pictures_of_mp4(out)
    assert clip.follows(exported) is None
    counted = subprocess.run(
        [
            *(str(ffprobe), "-v", "error", "-count_packets", "-select_streams", "v"),
            *("-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", str(out)),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(counted.stdout.strip().strip(",")) == len(exported)
    decoded = subprocess.run(
        [str(ffmpeg), "-v", "error", "-i", str(out), "-f", "null", "-"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert decoded.stderr == ""
    return len(exported)


@pytest.mark.slow
@pytest.mark.tools
@pytest.mark.timeout(SPAN_S + 240)
def test_an_export_holds_what_our_simulator_sent(tmp_path: Path, needs_tool: Callable[[str], Path]) -> None:
    ffprobe, ffmpeg = needs_tool("ffprobe"), needs_tool("ffmpeg")
    clips = make_clips(tmp_path)
    with (
        simulated_cameras(clips) as cameras,
        running_node(tmp_path / "data", settings=settings_for(cameras.port)) as node,
    ):
        add_cameras(node, {name: cameras.url(name) for name in clips})
        wait_until(lambda: recording(node) == 2, seconds=60, what="both cameras to record")
        for name, path in clips.items():
            out = tmp_path / f"{name}-export.mp4"
            export(node, name, out)
            clip = Clip(path)
            count = check_export(out, clip, ffprobe, ffmpeg)
            print(f"{name}: {count} access units over {SPAN_S:g} s equal")
            assert count >= SPAN_S * len(clip.pictures) / clip.length_s


@pytest.mark.slow
@pytest.mark.tools
@pytest.mark.timeout(SPAN_S + 240)
def test_an_export_holds_what_gstreamer_sent(
    tmp_path: Path, needs_tool: Callable[[str], Path], footage: Callable[[str], Path]
) -> None:
    ffprobe, ffmpeg = needs_tool("ffprobe"), needs_tool("ffmpeg")
    if subprocess.run(["/usr/bin/python3", "-c", _HAS_SERVER], capture_output=True, check=False).returncode:
        needs_tool("gst-rtsp-server for the system's Python")
    path = footage("one-by-one-person-detection.mp4")
    with (
        gstreamer(path, "h264") as port,
        running_node(tmp_path / "data", settings=settings_for(port)) as node,
    ):
        add_cameras(node, {"street": f"rtsp://127.0.0.1:{port}/camera"})
        wait_until(lambda: recording(node) == 1, seconds=60, what="the camera to record")
        out = tmp_path / "street.mp4"
        export(node, "street", out)
        clip = Clip(path)
        count = check_export(out, clip, ffprobe, ffmpeg)
        print(f"gstreamer: {count} access units over {SPAN_S:g} s equal")
        assert count >= SPAN_S * len(clip.pictures) / clip.length_s * 0.98


_HAS_SERVER = "import gi; gi.require_version('GstRtspServer', '1.0')"
