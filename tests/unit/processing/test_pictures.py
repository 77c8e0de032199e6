"""Decoded pictures, and what is made of them."""

import io

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from scenes import BRIGHT, GROUND, Footage, empty_yard, filmed, with_square
from watchkeep.processing.pictures import Bytes, Converter, Frame, StreamDecoder, to_jpeg
from watchkeep.processing.samples import read_samples, read_setup


def decoded(run: Footage) -> list[Frame]:
    decoder = StreamDecoder(read_setup(run.init))
    samples = [sample for fragment in run.fragments for sample in read_samples(fragment.payload)]
    frames = [frame for sample in samples for frame in decoder.decode(sample)[0]]
    return frames + decoder.drain()


def seen(jpeg: bytes) -> Bytes:
    with av.open(io.BytesIO(jpeg)) as container:
        return next(container.decode(video=0)).to_ndarray(format="gray")


@pytest.mark.parametrize(
    ("codec", "options"),
    [("libx264", {}), ("libx264", {"bf": "3"}), ("libx265", {})],
    ids=["h264", "h264 with b pictures", "h265"],
)
def test_every_picture_comes_out_at_its_time(codec: str, options: dict[str, str]) -> None:
    run = filmed(with_square(empty_yard(), start=0), seconds=2, codec=codec, options=options)

    times = [frame.pts for frame in decoded(run)]

    first = min(sample.pts for sample in read_samples(run.fragments[0].payload))
    assert times == [first + n * 3600 for n in range(50)]


@pytest.mark.parametrize(
    ("pixels", "codec"),
    [
        ("yuv420p", "libx264"),
        ("yuvj420p", "libx264"),
        ("yuv422p", "libx264"),
        ("yuv444p", "libx264"),
        ("yuv420p10le", "libx264"),
        ("gray", "libx264"),
        ("yuv420p10le", "libx265"),
    ],
)
def test_any_kind_of_pixels_is_shown_to_detector_and_gate(pixels: str, codec: str) -> None:
    yard = with_square(empty_yard(noise=0), start=0)
    frame = decoded(filmed(yard, seconds=0.2, pixels=pixels, codec=codec))[0]
    convert = Converter()

    picture, grey = convert.scaled(frame, 160, 96), convert.grey(frame)

    assert (picture.shape, picture.dtype) == ((96, 160, 3), np.uint8)
    assert grey.shape == (90, 160)
    for shown, at in ((picture.mean(axis=2), (41, 14)), (grey.astype(float), (39, 14))):
        # Most cameras use 16 to 235 of 0 to 255.
        assert shown[at] == pytest.approx(BRIGHT, abs=24)
        assert shown.mean() == pytest.approx(GROUND, abs=15)


def test_red_is_the_last_channel() -> None:
    red = VideoFrame.from_ndarray(np.full((90, 160, 3), (250, 0, 0), np.uint8), format="rgb24")

    picture = Converter().scaled(Frame(0, red.reformat(format="yuv420p")), 64, 64)

    assert picture[32, 32, 2] > 200
    assert picture[32, 32, 0] < 60


@pytest.mark.parametrize(("asked", "given"), [(4000, (320, 180)), (320, (320, 180)), (100, (100, 56))])
def test_a_jpeg_is_made_smaller_but_never_larger(asked: int, given: tuple[int, int]) -> None:
    yard = with_square(empty_yard(noise=0), start=0)
    frame = decoded(filmed(yard, seconds=0.1))[0]

    jpeg, width, height = to_jpeg(frame.picture, width_px=asked)

    shown = seen(jpeg)
    assert (width, height) == given
    assert shown.shape == (height, width)
    assert shown[height * 78 // 180, width * 28 // 320] == pytest.approx(BRIGHT, abs=12)


def test_a_jpeg_looks_like_the_picture() -> None:
    frame = decoded(filmed(with_square(empty_yard(), start=0), seconds=0.1))[0]

    shown = seen(to_jpeg(frame.picture, width_px=4000)[0]).astype(float)

    original = frame.picture.reformat(format="yuvj420p").to_ndarray(format="gray").astype(float)
    error = np.sqrt(np.mean((shown - original) ** 2))
    assert 20 * np.log10(255 / error) > 34  # dB; what one calls good
