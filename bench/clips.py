"""Clips for benches, made of real footage."""

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from figures import IS_QUICK

SIZE = (1920, 1080)
FPS = 25
GOP = 50
BIT_RATE = 3_000_000


def camera_clip(path: Path, *, seconds: int = 8 if IS_QUICK else 16) -> Path:
    """A real scene as a 1080p25 camera would send it: sensor noise, no B-frames, about 3 Mbit/s."""
    noise = np.random.default_rng(1).integers(-3, 4, (8, SIZE[1], SIZE[0]), dtype=np.int16)
    scene = Path(os.environ["WATCHKEEP_ASSETS"]) / "footage" / "person-bicycle-car-detection.mp4"
    with av.open(str(scene)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream("libx264", rate=FPS)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = BIT_RATE
        stream.time_base = Fraction(1, FPS)
        stream.codec_context.gop_size = GOP
        stream.codec_context.options = {
            "preset": "veryfast",
            "bf": "0",
            "refs": "1",
            "sc_threshold": "0",
            "x264-params": "sliced-threads=0",
        }
        for number, frame in enumerate(source.decode(video=0)):
            if number >= seconds * FPS:
                break
            picture = frame.reformat(width=SIZE[0], height=SIZE[1], format="yuv420p").to_ndarray()
            light = picture[: SIZE[1]].astype(np.int16) + noise[number % len(noise)]
            picture[: SIZE[1]] = light.clip(0, 255).astype(np.uint8)
            made = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            made.pts = number
            target.mux(stream.encode(made))
        target.mux(stream.encode(None))
    return path
