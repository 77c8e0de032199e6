"""Other programs fetch the cameras' streams from us: as ffmpeg and ffprobe see them, NAL by NAL as sent."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulator_process import SimulatedCameras, simulated_cameras
from system.footage_oracle import Clip, pictures_of_mp4
from system.kill_drill import add_cameras, make_clips, settings_for
from system.node_process import ADMINISTRATOR, NodeProcess, free_port, running_node, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.tools, pytest.mark.timeout(300)]

SPAN_S = 6


@dataclass
class Serving:
    """A node that serves two cameras over RTSP."""

    node: NodeProcess
    cameras: SimulatedCameras
    clips: dict[str, Clip]
    port: int

    def password(self) -> str:
        command = [sys.executable, "-m", "watchkeep", "user", "stream-password", ADMINISTRATOR[0]]
        command += ["--json", "--data", str(self.node.data)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        secret: str = json.loads(done.stdout)["stream_password"]
        return secret

    def url(self, path: str, *, scheme: str = "rtsp") -> str:
        return f"{scheme}://{ADMINISTRATOR[0]}:{self.password()}@127.0.0.1:{self.port}/{path}"


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("rtsp")
    clips, port = make_clips(folder), free_port()
    with simulated_cameras(clips) as cameras:
        settings = settings_for(cameras.port) + f"rtsp:\n  listen: 127.0.0.1:{port}\n"
        with running_node(folder / "data", settings=settings) as node:
            add_cameras(node, {name: cameras.url(name) for name in clips})
            made = Serving(node, cameras, {name: Clip(path) for name, path in clips.items()}, port)
            for name in clips:
                wait_until(lambda name=name: is_recorded(node, name), seconds=60, what=f"{name} recorded")
            yield made


def is_recorded(node: NodeProcess, camera: str) -> bool:
    cameras = {each["id"]: each for each in node.signed_in().get("/cameras").json()["items"]}
    state = cameras[camera]["streams"][0]["state"]
    return bool(state and state["condition"] == "recording")


@pytest.mark.parametrize(("camera", "codec"), [("gate", "h264"), ("yard", "hevc")])
def test_ffmpeg_gets_what_the_camera_sent_nal_by_nal(
    serving: Serving, needs_tool: Callable[[str], Path], tmp_path: Path, camera: str, codec: str
) -> None:
    url, out = serving.url(f"{camera}/main"), tmp_path / "fetched.mp4"
    common = ["-v", "error", "-rtsp_transport", "tcp"]

    probed = subprocess.run(
        [
            needs_tool("ffprobe"),
            *common,
            "-show_entries",
            "stream=codec_name,width,height",
            "-of",
            "json",
            url,
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    fetched = subprocess.run(
        [needs_tool("ffmpeg"), *common, "-i", url, "-t", str(SPAN_S), "-c", "copy", out],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )

    assert json.loads(probed.stdout)["streams"] == [{"codec_name": codec, "width": 384, "height": 256}]
    assert (probed.stderr, fetched.stderr) == ("", "")
    # ffmpeg's own MP4 of H.265 from RTSP counts the next start code's first zero to the NAL unit before it.
    pictures = [tuple(nal.rstrip(b"\0") for nal in nals) for nals in pictures_of_mp4(out)]
    assert len(pictures) >= SPAN_S * 10 - 1
    assert serving.clips[camera].follows(pictures) is None


def test_recording_goes_on_when_the_rtsp_process_dies_and_it_comes_back(
    serving: Serving, needs_tool: Callable[[str], Path]
) -> None:
    url = serving.url("gate/main")
    ffprobe = [needs_tool("ffprobe"), "-v", "error", "-rtsp_transport", "tcp", url]
    recorder = serving.node.children("recorder")

    serving.node.kill_child("rtsp")

    wait_until(
        lambda: subprocess.run(ffprobe, timeout=30, check=False, capture_output=True).returncode == 0,
        seconds=60,
        what="the streams to be served again",
    )
    assert serving.node.children("recorder") == recorder
