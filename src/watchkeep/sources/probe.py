"""Looks at an address once: what it sends, and one picture of it. For a child process: decoding may crash."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from watchkeep.domain.camera import StreamAddress
from watchkeep.domain.clock import Clock
from watchkeep.domain.errors import CameraRefused, CameraUnreachable, NoVideo, WatchkeepError
from watchkeep.domain.media import (
    TICKS_PER_SECOND,
    GapCause,
    Packet,
    RunStarted,
    SourceNotice,
    VideoParameters,
)
from watchkeep.sources.address import place_of
from watchkeep.sources.container import access_unit, assembler_for, is_clear_text, open_container
from watchkeep.sources.container import video_stream as find_video
from watchkeep.sources.libav_errors import explain

PICTURE_LIMIT_PX = 8192
"""A side longer than this is not decoded: memory grows with the square."""
PREVIEW_WIDTH_PX = 1280
_MEASURED_TICKS = 3 * TICKS_PER_SECOND // 2
_ENOUGH_PACKETS = 200
_START_CODE = b"\x00\x00\x00\x01"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """What an address sends.

    Attributes:
        frames_per_second: Measured over a second or two of packets; 0 when only one came.
    """

    parameters: VideoParameters
    frames_per_second: float
    is_clear_text: bool
    has_audio: bool


def probe(address: StreamAddress, *, clock: Clock, seconds: float = 8) -> ProbeResult:
    """Find out what an address sends; blocks for `seconds` and one silence limit at most.

    Raises:
        CameraUnreachable: No answer.
        CameraRefused: User or password is wrong.
        NoVideo: It answers, but with no H.264 or H.265 pictures.
    """
    parameters: VideoParameters | None = None
    times: list[int] = []
    has_audio = False
    try:
        with open_container(address, is_video_only=False) as container:
            has_audio = len(container.streams.audio) > 0
            for notice in _notices(container, address, clock=clock, seconds=seconds):
                if isinstance(notice, RunStarted):
                    parameters = notice.parameters
                    times.clear()
                elif isinstance(notice, Packet):
                    times.append(notice.dts)
                    if times[-1] - times[0] >= _MEASURED_TICKS or len(times) >= _ENOUGH_PACKETS:
                        break
    except FFmpegError as error:
        # `from None`: libav's text holds the password.
        raise _problem(error, address, has_pictures=bool(times)) from None
    if parameters is None:
        raise _no_key_picture(address)
    span = times[-1] - times[0] if times else 0
    return ProbeResult(
        parameters=parameters,
        frames_per_second=round((len(times) - 1) * TICKS_PER_SECOND / span, 2) if span else 0.0,
        is_clear_text=is_clear_text(address),
        has_audio=has_audio,
    )


def first_picture(address: StreamAddress, *, clock: Clock, seconds: float = 8) -> bytes:
    """The first key picture as a JPEG, at most 1280 wide.

    Raises:
        CameraUnreachable: No answer.
        CameraRefused: User or password is wrong.
        NoVideo: No key picture came in time, or it cannot be decoded.
    """
    parameters: VideoParameters | None = None
    try:
        with open_container(address) as container:
            for notice in _notices(container, address, clock=clock, seconds=seconds):
                if isinstance(notice, RunStarted):
                    parameters = notice.parameters
                elif isinstance(notice, Packet) and parameters is not None:
                    return to_jpeg(_decode(notice, parameters))
    except FFmpegError as error:
        raise _problem(error, address, has_pictures=parameters is not None) from None
    raise _no_key_picture(address)


def to_jpeg(picture: VideoFrame) -> bytes:
    """The picture as a JPEG, at most 1280 wide."""
    width = min(picture.width, PREVIEW_WIDTH_PX) // 2 * 2 or 2
    height = max(round(picture.height * width / picture.width / 2) * 2, 2)
    encoder = av.CodecContext.create("mjpeg", "w")
    if not isinstance(encoder, VideoCodecContext):
        raise TypeError("mjpeg is a video codec")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"qmin": "3", "qmax": "5"}
    small = picture.reformat(width=width, height=height, format="yuvj420p")
    small.pts = None
    return b"".join(bytes(packet) for packet in [*encoder.encode(small), *encoder.encode(None)])


def _notices(
    container: InputContainer, address: StreamAddress, *, clock: Clock, seconds: float
) -> Iterator[SourceNotice]:
    """What comes within so many seconds."""
    deadline_ns = clock.monotonic_ns() + round(seconds * 1e9)
    stream: VideoStream = find_video(container, address)
    assembler, size = assembler_for(stream, address)
    for packet in container.demux(stream):
        if clock.monotonic_ns() > deadline_ns:
            return
        if packet.size > 0:
            yield from assembler.take(access_unit(packet, container, clock.now(), length_size=size))


def _decode(packet: Packet, parameters: VideoParameters) -> VideoFrame:
    if max(parameters.width_px, parameters.height_px) > PICTURE_LIMIT_PX:
        raise NoVideo(
            f"pictures of {parameters.width_px} x {parameters.height_px} are too large; "
            f"choose at most {PICTURE_LIMIT_PX} in the camera",
            width_px=parameters.width_px,
            height_px=parameters.height_px,
        )
    decoder = av.CodecContext.create("h264" if parameters.codec == "h264" else "hevc", "r")
    if not isinstance(decoder, VideoCodecContext):
        raise TypeError("H.264 and H.265 are video codecs")
    decoder.thread_count = 1
    decoder.options = {"max_pixels": str(PICTURE_LIMIT_PX**2)}
    encoded = b"".join(_START_CODE + nal for nal in (*parameters.parameter_sets, *packet.nals))
    try:
        for frame in [*decoder.decode(av.Packet(encoded)), *decoder.decode(None)]:
            return frame
    except FFmpegError:
        pass  # said below, the same as for no picture
    raise NoVideo("the camera's key picture cannot be decoded; check its video settings")


def _problem(error: FFmpegError, address: StreamAddress, *, has_pictures: bool) -> WatchkeepError:
    ended = explain(error, address, has_pictures=has_pictures)
    match ended.cause:
        case GapCause.AUTHENTICATION:
            return CameraRefused(ended.detail)
        case GapCause.NO_VIDEO:
            return NoVideo(ended.detail)
        case _:
            return CameraUnreachable(ended.detail)


def _no_key_picture(address: StreamAddress) -> NoVideo:
    place = place_of(address)
    return NoVideo(f"{place} sends no key picture; set a shorter key-frame interval in it", place=place)
