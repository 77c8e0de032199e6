"""Scenes made for a purpose, filmed as a camera would: encoded, and cut by the product's own ingestion."""

import itertools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from builders import NOON, RUN, FixedClock
from clip_packets import clip_packets
from watchkeep.domain.detection import Detection, ModelCard, Thresholds
from watchkeep.domain.geometry import Box
from watchkeep.domain.ids import EPOCH, uuid8
from watchkeep.domain.media import Fragment
from watchkeep.ingestion.fragmenter import Fragmenter
from watchkeep.ingestion.mux import init_section
from watchkeep.ingestion.wall_clock import WallClock

Grey = NDArray[np.uint8]
Scene = Callable[[float], Grey]
"""Seconds since the beginning to brightness, (height, width)."""

WIDTH, HEIGHT = 320, 180
BRIGHT, GROUND = 235, 90
NOISE = 3.0


@dataclass(frozen=True)
class Footage:
    """A run, as the recorder offers it."""

    init: bytes
    fragments: list[Fragment]

    @property
    def frames(self) -> int:
        """How many pictures."""
        return sum(fragment.packet_count for fragment in self.fragments)


def empty_yard(seed: int = 1, *, noise: float = NOISE) -> Scene:
    """A textured ground under sensor noise; nothing moves."""
    texture = np.kron(
        np.random.default_rng(seed).integers(-40, 40, (HEIGHT // 20, WIDTH // 20)), np.ones((20, 20))
    )
    chance = np.random.default_rng(seed + 1)
    # A few pictures over and over: nothing repeats that an encoder or the gate could make use of.
    shown = [
        (GROUND + texture + chance.normal(0, noise, (HEIGHT, WIDTH))).clip(0, 200).astype(np.uint8)
        for _ in range(7)
    ]
    turn = itertools.cycle(shown)
    return lambda _seconds: next(turn).copy()


def with_square(
    scene: Scene, *, start: float, end: float = 1e9, speed: float = 0.12, side: int = 36
) -> Scene:
    """A bright square that is there from start to end, and moves so many picture widths a second."""

    def at(seconds: float) -> Grey:
        shown = scene(seconds)
        if start - 1e-6 <= seconds < end:
            way = speed * (seconds - start) * WIDTH
            left = 10 + int(way) % (WIDTH - side - 20)
            shown[60 : 60 + side, left : left + side] = BRIGHT
        return shown

    return at


def filmed(
    scene: Scene,
    *,
    seconds: float,
    rate: int = 25,
    gop_s: float = 1.0,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    pixels: str = "yuv420p",
) -> Footage:
    """The scene as a run that begins at NOON; without B pictures unless the options ask for them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scene.mp4"
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=rate)
            assert isinstance(stream, VideoStream)
            first = scene(0)
            stream.height, stream.width = first.shape
            stream.pix_fmt = pixels
            gop = str(round(gop_s * rate))
            settings = {"preset": "ultrafast", "crf": "23", "g": gop, "sc_threshold": "0", "bf": "0"}
            if codec == "libx265":
                x265 = f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes=0:open-gop=0:log-level=none"
                settings["x265-params"] = x265
            stream.options = settings | (options or {})
            stream.codec_context.time_base = Fraction(1, rate)
            for number in range(round(seconds * rate)):
                frame = av.VideoFrame.from_ndarray(
                    first if number == 0 else scene(number / rate), format="gray"
                )
                frame.pts = number
                container.mux(stream.encode(frame.reformat(format=pixels)))
            container.mux(stream.encode(None))
        return footage_of(path)


def footage_of(clip: Path, *, start: datetime = NOON) -> Footage:
    """A clip as a run."""
    parameters, packets = clip_packets(clip)
    clock = FixedClock(start)
    fragmenter = Fragmenter(RUN, wall_clock=WallClock(clock=clock))
    fragments: list[Fragment] = []
    for packet in packets:
        clock.advance((packet.received_at - clock.now()).total_seconds())
        fragments += fragmenter.push(packet)
    return Footage(init_section(parameters), fragments + fragmenter.end())


def seconds_of(at: datetime) -> float:
    """Since NOON."""
    return (at - NOON) / timedelta(seconds=1)


@dataclass
class BrightestBlob:
    """A detector that finds the white square of these scenes, and remembers how often it was asked."""

    input_width: int = 160
    input_height: int = 96
    asked: int = 0
    shapes: set[tuple[int, ...]] = field(default_factory=set)
    card: ModelCard = field(
        default_factory=lambda: ModelCard(
            name="brightest-blob",
            version="1",
            digest="00" * 32,
            engine="numpy",
            licence="MIT",
            object_types=("square",),
            thresholds=Thresholds(low=0.1, high=0.5, birth=0.6, alert=0.7),
            is_stand_in=False,
            id=uuid8(EPOCH, b"brightest-blob"),
        )
    )

    def detect(self, picture: NDArray[np.uint8]) -> list[Detection]:
        """One box around everything that is nearly white."""
        self.asked += 1
        self.shapes.add(picture.shape)
        rows, columns = np.nonzero(picture.mean(axis=2) > 215)
        if rows.size < 12:
            return []
        height, width = picture.shape[:2]
        box = Box(
            columns.min() / width, rows.min() / height, (columns.max() + 1) / width, (rows.max() + 1) / height
        )
        return [Detection("square", box, 0.9)]


def bits_flipped(fragment: bytes, *, seed: int, share: float = 0.002, start: int = 0) -> bytes:
    """Bytes with some of their bits changed from an offset on."""
    chance = np.random.default_rng(seed)
    body = np.frombuffer(fragment, np.uint8).copy()
    count = max(int((len(body) - start) * share), 1)
    places = chance.integers(start, len(body), count)
    body[places] ^= (1 << chance.integers(0, 8, count)).astype(np.uint8)
    return body.tobytes()
