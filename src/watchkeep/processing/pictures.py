"""Decodes compressed pictures; libav is met only here. Runs in the decoder process, never where keys are."""

from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.codec.context import CodecContext
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from watchkeep.domain.errors import NoVideo
from watchkeep.domain.media import TICKS_PER_SECOND, Codec
from watchkeep.processing.samples import LARGEST_PX, SMALLEST_PX, Sample, StreamSetup

Bytes = NDArray[np.uint8]

GREY_WIDTH, GREY_HEIGHT = 160, 90
_NAMES = {Codec.H264: "h264", Codec.H265: "hevc"}
_EIGHT_BIT = ("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "gray")
_TIME_BASE = Fraction(1, TICKS_PER_SECOND)


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded picture.

    Attributes:
        pts: Ticks since the run's start.
    """

    pts: int
    picture: VideoFrame

    @property
    def aspect(self) -> float:
        """Width divided by height."""
        return self.picture.width / self.picture.height


class StreamDecoder:
    """Of one run; one thread, so that many cameras share the processor fairly."""

    def __init__(self, setup: StreamSetup) -> None:
        """Open it.

        Raises:
            NoVideo: The parameters cannot be decoded.
        """
        self._setup = setup
        self._context = self._open()

    def restart(self) -> None:
        """Forget all pictures: the next sample is a key picture from elsewhere."""
        self._context.flush_buffers()

    def decode(self, sample: Sample) -> tuple[list[Frame], int]:
        """Decode one sample.

        Returns:
            The pictures that are ready, and how many were not decodable.
        """
        packet = av.Packet(sample.data)
        packet.pts, packet.dts, packet.time_base = sample.pts, sample.dts, _TIME_BASE
        packet.is_keyframe = sample.is_key
        try:
            pictures = self._context.decode(packet)
        except (FFmpegError, MemoryError):
            return [], 1
        frames = _sound(pictures)
        return frames, len(pictures) - len(frames)

    def drain(self) -> list[Frame]:
        """The pictures that are still held, of a camera that reorders; only a key picture may follow."""
        try:
            return _sound(self._context.decode(None))
        except (FFmpegError, MemoryError):
            return []
        finally:
            self._context.flush_buffers()

    def _open(self) -> VideoCodecContext:
        context = CodecContext.create(_NAMES[self._setup.codec], "r")
        if not isinstance(context, VideoCodecContext):
            raise TypeError("a video codec")
        context.extradata = self._setup.extradata
        context.thread_count = 1
        # Not err_detect=explode: cameras with a broken SEI would never be watched.
        context.options = {"max_pixels": str(LARGEST_PX * LARGEST_PX)}
        try:
            context.open()
        except FFmpegError as error:
            raise NoVideo(f"Its parameters cannot be decoded ({error.strerror}).") from error
        return context


class Converter:
    """Makes of one stream's pictures what detector and gate look at."""

    def __init__(self) -> None:
        # Each keeps its conversion as long as what it is asked for stays the same.
        self._scaling, self._greying = VideoReformatter(), VideoReformatter()

    def scaled(self, frame: Frame, width: int, height: int) -> Bytes:
        """(height, width, 3) blue, green, red; stretched.

        Raises:
            NoVideo: It cannot be converted.
        """
        try:
            made = self._scaling.reformat(
                frame.picture,
                width=width,
                height=height,
                format="bgr24",
                interpolation=Interpolation.BILINEAR,
                threads=1,
            )
        except (FFmpegError, MemoryError) as error:
            raise NoVideo("its pictures cannot be converted") from error
        return np.asarray(made.to_ndarray(), dtype=np.uint8)

    def grey(self, frame: Frame) -> Bytes:
        """About (90, 160) of the picture's brightness, sampled: for motion, not for the eye.

        Raises:
            NoVideo: It cannot be converted.
        """
        picture = frame.picture
        if picture.format.name not in _EIGHT_BIT:
            try:
                picture = self._greying.reformat(picture, format="gray", threads=1)
            except (FFmpegError, MemoryError) as error:
                raise NoVideo("its pictures cannot be converted") from error
        plane = picture.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[
            :, : plane.width
        ]
        step_y, step_x = max(plane.height // GREY_HEIGHT, 1), max(plane.width // GREY_WIDTH, 1)
        sampled: Bytes = rows[::step_y, ::step_x].copy()
        return sampled


def to_jpeg(picture: VideoFrame, *, width_px: int) -> tuple[bytes, int, int]:
    """The picture as a JPEG, at most so wide; its width and height.

    Raises:
        NoVideo: It cannot be encoded.
    """
    width = min(picture.width, width_px) // 2 * 2
    height = max(round(picture.height * width / picture.width / 2) * 2, 2)
    encoder = CodecContext.create("mjpeg", "w")
    if not isinstance(encoder, VideoCodecContext):
        raise TypeError("mjpeg is a video codec")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base, encoder.thread_count = Fraction(1, 25), 1
    encoder.options = {"qmin": "3", "qmax": "5"}
    try:
        small = VideoReformatter().reformat(picture, width=width, height=height, format="yuvj420p", threads=1)
        small.pts = None
        packets = [*encoder.encode(small), *encoder.encode(None)]
    except (FFmpegError, MemoryError) as error:
        raise NoVideo("the picture cannot be made a JPEG") from error
    return b"".join(bytes(packet) for packet in packets), width, height


def _sound(pictures: list[VideoFrame]) -> list[Frame]:
    return [Frame(each.pts, each) for each in pictures if each.pts is not None and _is_sound(each)]


def _is_sound(picture: VideoFrame) -> bool:
    is_size_right = all(SMALLEST_PX <= side <= LARGEST_PX for side in (picture.width, picture.height))
    return is_size_right and not picture.is_corrupt
