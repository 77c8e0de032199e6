"""The test clips' time code reads back, also after compression and scaling, in Python and in JavaScript."""

import json
import shutil
import subprocess
from pathlib import Path

import av
import numpy as np
import pytest

from time_code import JAVASCRIPT, draw_time_code, make_clip, read_time_code


@pytest.mark.parametrize("milliseconds", [0, 1, 40, 999, 123_456, (1 << 24) - 1])
@pytest.mark.parametrize("size", [(256, 160), (640, 360), (1920, 1080), (770, 434)])
def test_a_drawn_time_reads_back(milliseconds: int, size: tuple[int, int]) -> None:
    luma = np.full((size[1], size[0]), 180, np.uint8)
    draw_time_code(luma, milliseconds)

    assert read_time_code(luma) == milliseconds


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_it_survives_hard_compression_and_scaling(tmp_path: Path, codec: str) -> None:
    clip = make_clip(tmp_path / "clip.mp4", seconds=1, codec=codec, size=(640, 360), bit_rate=150_000)

    with av.open(str(clip)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            small = frame.reformat(width=320, height=180, format="gray").to_ndarray()
            assert read_time_code(frame.to_ndarray(format="gray")) == number * 40
            assert read_time_code(small) == number * 40


def test_a_flipped_cell_is_noticed() -> None:
    luma = np.full((360, 640), 180, np.uint8)
    draw_time_code(luma, 1234)
    luma[0:36, 10 * 40 : 11 * 40] = 251 - luma[0:36, 10 * 40 : 11 * 40]

    assert read_time_code(luma) is None


def test_a_picture_without_a_time_code_has_none() -> None:
    assert read_time_code(np.full((360, 640), 180, np.uint8)) is None


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
@pytest.mark.parametrize("milliseconds", [0, 40, 123_456, (1 << 24) - 1])
def test_javascript_reads_the_same(milliseconds: int) -> None:
    luma = np.full((180, 320), 180, np.uint8)
    draw_time_code(luma, milliseconds)
    rgba = np.repeat(luma[:, :, None], 4, axis=2).reshape(-1).tolist()
    program = (
        f"{JAVASCRIPT}; console.log(readTimeCode({{width: 320, height: 180, data: {json.dumps(rgba)}}}))"
    )

    found = subprocess.run(
        ["node", "-"], input=program, capture_output=True, text=True, check=True, timeout=60
    )

    assert json.loads(found.stdout) == milliseconds
