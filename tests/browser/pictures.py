"""What a video element shows: decoded pictures, their brightness, and the time code in them."""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator

from system.node_process import wait_until
from time_code import JAVASCRIPT

_PIXELS = """
function pixelsOf(picture, width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0);
  return context.getImageData(0, 0, width, height);
}
"""

_LOOK = f"""(video) => {{
  {JAVASCRIPT}
  {_PIXELS}
  if (!video.videoWidth) return null;
  const pixels = pixelsOf(video, video.videoWidth, video.videoHeight);
  let brightest = 0;
  for (let at = 0; at < pixels.data.length; at += 4) {{
    const [red, green, blue] = pixels.data.subarray(at, at + 3);
    brightest = Math.max(brightest, 0.299 * red + 0.587 * green + 0.114 * blue);
  }}
  return {{
    decoded: video.getVideoPlaybackQuality().totalVideoFrames,
    position_s: video.currentTime,
    brightest,
    code_ms: readTimeCode(pixels),
    program_time: video.dataset.programTime ?? "",
    is_paused: video.paused,
  }};
}}"""

_READ_STILL = f"""(image) => {{
  {JAVASCRIPT}
  {_PIXELS}
  return readTimeCode(pixelsOf(image, image.naturalWidth, image.naturalHeight));
}}"""

# The first picture after a jump, as it was presented: when anybody looks, a playing video has moved on.
_WATCH_JUMPS = f"""(video) => {{
  {JAVASCRIPT}
  {_PIXELS}
  window.jumps = {{ count: 0, codes: [] }};
  const forget = () => {{ window.jumps.count += 1; window.jumps.codes = []; }};
  for (const name of ["emptied", "seeking"]) video.addEventListener(name, forget);
  const see = () => {{
    if (!video.seeking) {{
      const code = readTimeCode(pixelsOf(video, video.videoWidth, video.videoHeight));
      if (code !== null) window.jumps.codes.push(code);
    }}
    video.requestVideoFrameCallback(see);
  }};
  video.requestVideoFrameCallback(see);
}}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at a video.

    Attributes:
        decoded: How many pictures the browser decoded since the source was attached.
        brightest: The luma of the brightest pixel: 255 is white.
        code_ms: What the picture's time code says; None when it cannot be read.
        program_time: The wall time that the page claims for it; empty where it claims none.
    """

    decoded: int
    position_s: float
    brightest: float
    code_ms: int | None
    program_time: str
    is_paused: bool


def look(video: Locator) -> Look | None:
    """None while the video shows nothing."""
    seen: dict[str, Any] | None = video.evaluate(_LOOK)
    return None if seen is None else Look(**seen)


def wait_until_moving(video: Locator, *, seconds: float = 60) -> list[int]:
    """Wait until pictures are decoded, bright, and change their time code; the codes seen, in order."""
    codes: list[int] = []
    seen: Look | None = None

    def is_moving() -> bool:
        nonlocal seen
        seen = look(video)
        if seen is None:
            return False
        if seen.code_ms is not None and seen.code_ms not in codes:
            codes.append(seen.code_ms)
        return seen.decoded > 5 and seen.position_s > 0.5 and seen.brightest > 180 and len(codes) >= 3

    try:
        wait_until(is_moving, seconds=seconds, what="a moving picture")
    except AssertionError as error:
        raise AssertionError(f"{error}; time codes so far: {codes}; last look: {seen}") from None
    return codes


def read_still(image: Locator) -> int | None:
    """The time code of a still picture."""
    code: int | None = image.evaluate(_READ_STILL)
    return code


class Jumps:
    """Tells which picture was the first after each jump of a video, although it plays on at once."""

    def __init__(self, video: Locator) -> None:
        self._video = video
        video.evaluate(_WATCH_JUMPS)

    @property
    def count(self) -> int:
        return int(self._video.evaluate("() => window.jumps.count"))

    def first_code_after(self, count: int, *, seconds: float = 60) -> int:
        """The time code, in ms, of the first picture shown after more than `count` jumps."""

        def find() -> list[int] | None:
            state = self._video.evaluate("() => window.jumps")
            return state["codes"] if state["count"] > count and state["codes"] else None

        codes: list[int] = wait_until(find, seconds=seconds, what="a picture after the jump")
        return codes[0]


def apart_s(code_ms: int, unix_s: float, *, length_s: float) -> float:
    """How far a time code is from a wall time, in seconds, modulo the clip's length.

    The simulator sends the picture of media time m when the Unix time is m modulo the clip's length.
    """
    difference = (code_ms / 1000 - unix_s) % length_s
    return min(difference, length_s - difference)
