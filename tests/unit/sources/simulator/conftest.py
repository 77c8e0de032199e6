from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from simulator_process import SimulatedCameras, simulated_cameras
from time_code import make_clip
from watchkeep.sources.simulator.stream import numbered

SECONDS = 2


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two seconds each, with a time code; key pictures need several RTP packets."""
    folder = tmp_path_factory.mktemp("clips")
    small = {"seconds": SECONDS, "fps": 20, "gop": 20, "size": (480, 320)}
    return {
        "h264": make_clip(folder / "h264.mp4", codec="h264", **small),
        "h264-b": make_clip(folder / "h264-b.mp4", codec="h264", b_frames=2, **small),
        "h264-annexb": make_clip(folder / "h264.ts", codec="h264", **small),
        "h265": make_clip(folder / "h265.mp4", codec="h265", **small),
        "h265-b": make_clip(folder / "h265-b.mp4", codec="h265", b_frames=2, **small),
    }


@pytest.fixture(scope="module")
def faulty_cameras(
    tmp_path_factory: pytest.TempPathFactory, clips: dict[str, Path]
) -> Iterator[SimulatedCameras]:
    """Many that share a process: a name for each test, and a fast clip (see `wire`)."""
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
