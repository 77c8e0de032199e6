from pathlib import Path

import pytest

from time_code import make_clip

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
