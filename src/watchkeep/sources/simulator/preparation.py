"""Makes clips of videos: H.264, a key picture each second, no B pictures, as surveillance cameras send."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
from av.error import FFmpegError
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from watchkeep.domain.errors import NoVideo, Unavailable
from watchkeep.domain.fs import Fs
from watchkeep.domain.media import TICKS_PER_SECOND

Progress = Callable[[float], None]
"""Told the share that is done, from 0 to 1."""

_TIME_BASE = Fraction(1, TICKS_PER_SECOND)
# Two threads: it helps on any machine and leaves a small one able to record meanwhile.
_THREADS = 2
_QUALITY = "23"  # x264's constant rate factor: no visible loss


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipPlan:
    """One clip to make of a video.

    Attributes:
        target: An MP4 file; made with its folder, never seen half-written.
        left: Where the kept part begins, as a share of the width; 0.5 keeps the right half.
        right: Where it ends.
        divisor: By how much it is made smaller in both directions.
    """

    target: Path
    left: float = 0.0
    right: float = 1.0
    divisor: int = 1


@dataclass(slots=True, kw_only=True, eq=False)
class _Output:
    container: "av.container.OutputContainer"
    stream: VideoStream
    graph: Graph

    def write(self, frame: VideoFrame, ticks: int) -> None:
        self.graph.vpush(frame)
        made = self.graph.vpull()
        made.pts, made.time_base = ticks, _TIME_BASE
        # The encoder chooses the kind of picture, not the source's.
        made.pict_type = 0
        self.container.mux(self.stream.encode(made))

    def end(self) -> None:
        self.container.mux(self.stream.encode(None))
        self.container.close()


def prepare_clips(source: Path, plans: Sequence[ClipPlan], *, fs: Fs, progress: Progress) -> None:
    """Make all clips in one pass over the video; clips that exist stay as they are. Durable on return.

    Raises:
        NoVideo: The video cannot be read.
        Unavailable: A clip cannot be written.
    """
    missing = [plan for plan in plans if plan.target.name not in _names(fs, plan.target.parent)]
    if missing:
        for plan in missing:
            fs.make_directories(plan.target.parent)
            fs.unlink(_part(plan))
        _transcode(source, missing, progress)
        for plan in missing:
            _settle(plan, fs)
    progress(1.0)


def _transcode(source: Path, plans: Sequence[ClipPlan], progress: Progress) -> None:
    try:
        with av.open(str(source)) as container:
            stream = next(iter(container.streams.video), None)
            if stream is None:
                raise NoVideo(f"{source.name} holds no video; take another file.", file=source.name)
            outputs = [_output(plan, stream) for plan in plans]
            total = stream.frames or 0
            step = TICKS_PER_SECOND / (stream.average_rate or 25)
            last = -1
            for number, frame in enumerate(container.decode(stream)):
                last = _ticks(frame, fallback=round(number * step), last=last)
                for output in outputs:
                    output.write(frame, last)
                progress(min(number / total, 0.99) if total else 0.5)
            for output in outputs:
                output.end()
    except FFmpegError as error:
        raise NoVideo(
            f"{source.name} cannot be made a clip ({error.strerror}); check the file and the free space.",
            file=source.name,
        ) from error
    if last < 0:
        raise NoVideo(f"{source.name} holds no picture; take another file.", file=source.name)


def _ticks(frame: VideoFrame, *, fallback: int, last: int) -> int:
    """The frame's time, strictly growing; videos without times are taken as evenly paced."""
    if frame.pts is None or frame.time_base is None:
        return max(fallback, last + 1)
    return max(round(frame.pts * frame.time_base * TICKS_PER_SECOND), last + 1)


def _output(plan: ClipPlan, source: VideoStream) -> _Output:
    width, height = source.codec_context.width, source.codec_context.height
    left = _even(width * plan.left)
    kept = _even(width * plan.right) - left
    size_px = _even(kept / plan.divisor), _even(height / plan.divisor)
    rate = source.average_rate or Fraction(25)
    gop = max(1, round(rate))
    container = av.open(str(_part(plan)), "w", format="mp4")
    x264 = f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes=0:threads={_THREADS}"
    stream = container.add_stream(
        "libx264", rate=rate, options={"preset": "veryfast", "crf": _QUALITY, "x264-params": x264}
    )
    stream.width, stream.height = size_px
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = _TIME_BASE
    return _Output(container=container, stream=stream, graph=_graph(source, left, kept, size_px))


def _graph(source: VideoStream, left: int, kept: int, size_px: tuple[int, int]) -> Graph:
    """Crop, scale, 4:2:0."""
    graph = Graph()
    height = source.codec_context.height
    steps = [
        graph.add_buffer(template=source),
        graph.add("crop", f"{kept}:{height}:{left}:0"),
        graph.add("scale", f"{size_px[0]}:{size_px[1]}"),
        graph.add("format", "yuv420p"),
        graph.add("buffersink"),
    ]
    for first, second in pairwise(steps):
        first.link_to(second)
    graph.configure()
    return graph


def _settle(plan: ClipPlan, fs: Fs) -> None:
    part = _part(plan)
    try:
        file = fs.open_to_append(part)
        try:
            file.sync()
        finally:
            file.close()
        fs.rename(part, plan.target)
        fs.sync_directory(plan.target.parent)
    except OSError as error:
        raise Unavailable(
            f"The clip {plan.target} cannot be written ({error.strerror}); check the free space.",
            file=plan.target.name,
        ) from error


def _part(plan: ClipPlan) -> Path:
    return plan.target.with_name(plan.target.name + ".part")


def _names(fs: Fs, folder: Path) -> set[str]:
    return {entry.name for entry in fs.entries(folder)}


def _even(length: float) -> int:
    """H.264 in 4:2:0 wants even sizes."""
    return round(length / 2) * 2
