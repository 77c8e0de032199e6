"""Test clips that carry their own time: each frame shows its media time in milliseconds as large blocks.

Two rows of 16 cells across the whole width at the top of the picture, each a tenth of the height:
4 marker cells (white, black, white, black), 24 bits of milliseconds, 4 check bits, most significant first.
All in shares of the picture, so that a scaled copy reads the same. Cells are at least 16 px in a picture of
256 x 160 or more.
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import ArrayLike, NDArray

COLUMNS = 16
ROWS = 2
ROW_SHARE = 0.1
"""Height of a row as a share of the picture's height."""
_MARKER = (1, 0, 1, 0)
_LIMIT_MS = 1 << 24

# Chroma (U, V) of the background, so that cameras can be told apart.
COLOURS = {
    "grey": (128, 128),
    "red": (100, 170),
    "green": (90, 80),
    "blue": (180, 100),
    "yellow": (60, 145),
}

JAVASCRIPT = """
function readTimeCode(picture) {
  // picture: ImageData of the whole video frame. Returns milliseconds, or null when there is no time code.
  const { width, height, data } = picture;
  const light = (cell) => {
    const cellWidth = width / 16, cellHeight = height / 10;
    const left = (cell % 16) * cellWidth, top = Math.floor(cell / 16) * cellHeight;
    let sum = 0, count = 0;
    for (let y = Math.floor(top + cellHeight * 0.3); y < top + cellHeight * 0.7; y++)
      for (let x = Math.floor(left + cellWidth * 0.3); x < left + cellWidth * 0.7; x++) {
        const at = (y * width + x) * 4;
        sum += 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
        count++;
      }
    return sum / count;
  };
  const cells = Array.from({ length: 32 }, (_, cell) => light(cell));
  const white = Math.min(cells[0], cells[2]), black = Math.max(cells[1], cells[3]);
  if (!(white - black > 60)) return null;
  const bits = cells.slice(4).map((value) => (value > (white + black) / 2 ? 1 : 0));
  const number = (part) => part.reduce((sum, bit) => sum * 2 + bit, 0);
  const milliseconds = number(bits.slice(0, 24));
  let check = 9;
  for (let shift = 20; shift >= 0; shift -= 4) check = (check * 3 + ((milliseconds >> shift) & 15)) & 15;
  return number(bits.slice(24)) === check ? milliseconds : null;
}
"""


def make_clip(
    path: Path,
    *,
    seconds: float,
    codec: str = "h264",
    fps: int = 25,
    gop: int = 25,
    size: tuple[int, int] = (640, 360),
    colour: str = "grey",
    b_frames: int = 0,
    bit_rate: int | None = None,
) -> Path:
    """Write a clip (MP4, MKV or TS by its suffix) whose frame at media time m shows m as a time code."""
    library = {"h264": "libx264", "h265": "libx265"}[codec]
    options = {"preset": "ultrafast", "tune": "zerolatency"} if not b_frames else {"preset": "superfast"}
    if codec == "h265":
        options["x265-params"] = (
            f"log-level=none:scenecut=0:keyint={gop}:min-keyint={gop}:bframes={b_frames}:pools=1"
        )
    else:
        options |= {"x264-params": f"scenecut=0:keyint={gop}:min-keyint={gop}:bframes={b_frames}"}
    with av.open(str(path), "w") as container:
        stream = container.add_stream(library, rate=fps, options=options)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.gop_size = gop
        stream.codec_context.thread_count = 1
        if bit_rate is not None:
            stream.bit_rate = bit_rate
        if codec == "h265" and path.suffix == ".mp4":
            stream.codec_context.codec_tag = "hvc1"
        for frame in _frames(round(seconds * fps), fps, size, COLOURS[colour]):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def read_time_code(luma: ArrayLike) -> int | None:
    """The milliseconds that a picture shows.

    Args:
        luma: (height, width) of the whole picture, array or nested lists, any scale.

    Returns:
        None when there is no time code, or its check bits do not fit.
    """
    picture = np.asarray(luma, dtype=np.float32)
    height, width = picture.shape
    cell_height, cell_width = height * ROW_SHARE, width / COLUMNS
    cells = [
        float(
            picture[
                int(row * cell_height + cell_height * 0.3) : int(
                    np.ceil(row * cell_height + cell_height * 0.7)
                ),
                int(column * cell_width + cell_width * 0.3) : int(
                    np.ceil(column * cell_width + cell_width * 0.7)
                ),
            ].mean()
        )
        for row in range(ROWS)
        for column in range(COLUMNS)
    ]
    white, black = min(cells[0], cells[2]), max(cells[1], cells[3])
    if not white - black > 60:
        return None
    bits = [int(value > (white + black) / 2) for value in cells[len(_MARKER) :]]
    milliseconds = _number(bits[:24])
    return milliseconds if _number(bits[24:]) == _check(milliseconds) else None


def draw_time_code(luma: NDArray[np.uint8], milliseconds: int) -> None:
    """Draw the time code into a picture's luma."""
    if not 0 <= milliseconds < _LIMIT_MS:
        raise ValueError(f"{milliseconds} ms does not fit 24 bits")
    bits = [*_MARKER, *_bits(milliseconds, 24), *_bits(_check(milliseconds), 4)]
    height, width = luma.shape
    for cell, bit in enumerate(bits):
        row, column = divmod(cell, COLUMNS)
        top, bottom = round(row * height * ROW_SHARE), round((row + 1) * height * ROW_SHARE)
        left, right = round(column * width / COLUMNS), round((column + 1) * width / COLUMNS)
        luma[top:bottom, left:right] = 235 if bit else 16


def _frames(count: int, fps: int, size: tuple[int, int], chroma: tuple[int, int]) -> Iterator[av.VideoFrame]:
    """A slowly moving bright ramp with a block that walks across it."""
    width, height = size
    ramp = np.abs((np.arange(width * 2) % width) - width // 2).astype(np.float32) / (width // 2)
    slope = np.linspace(0, 30, height, dtype=np.float32)[:, None]
    for number in range(count):
        shift = number * 2 % width
        luma = (150 + 50 * ramp[shift : shift + width][None, :] + slope).astype(np.uint8)
        left, side = number * 5 % width, max(16, height // 6)
        luma[height // 2 : height // 2 + side, left : left + side] = 60
        draw_time_code(luma, number * 1000 // fps)
        planes = np.empty((height * 3 // 2, width), np.uint8)
        planes[:height] = luma
        planes[height : height + height // 4] = chroma[0]
        planes[height + height // 4 :] = chroma[1]
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, fps)
        yield frame


def _check(milliseconds: int) -> int:
    check = 9
    for shift in range(20, -4, -4):
        check = (check * 3 + (milliseconds >> shift & 15)) & 15
    return check


def _bits(number: int, count: int) -> list[int]:
    return [number >> shift & 1 for shift in range(count - 1, -1, -1)]


def _number(bits: list[int]) -> int:
    return int("".join(map(str, bits)), 2)
