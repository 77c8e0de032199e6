"""Opens addresses with libav, and reads its packets."""

from dataclasses import replace
from datetime import datetime
from ipaddress import ip_address
from socket import SOCK_STREAM, getaddrinfo
from urllib.parse import urlsplit, urlunsplit

import av
from av.container import InputContainer
from av.packet import Packet as LibavPacket
from av.video.stream import VideoStream

from watchkeep.domain.camera import StreamAddress
from watchkeep.domain.errors import CameraUnreachable, NoVideo
from watchkeep.domain.media import TICKS_PER_SECOND, Codec, VideoParameters
from watchkeep.sources.address import file_path, is_forbidden, is_number, place_of, with_credentials
from watchkeep.sources.annexb import Layout, read_extradata, split
from watchkeep.sources.assembler import AccessUnit, RunAssembler

SILENCE_LIMIT_S = 5
"""A camera from which nothing comes for so long is gone."""

_CODECS = {"h264": Codec.H264, "hevc": Codec.H265}
_WITHOUT_DECODING_TIMES = frozenset({"rtsp", "matroska,webm"})
"""What libav guesses there is worse than what the SPS tells us."""
# A playlist would name other places; none of them is ours to read.
_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,avi,flv,mpeg,h264,hevc,asf"
# Strangers' bytes are decoded in a child process or not at all; what we need is in the headers and the SPS.
_NO_DECODING = {"codec_whitelist": "none"}
_FILE_OPTIONS = {
    **_NO_DECODING,
    "protocol_whitelist": "file",
    "format_whitelist": _FORMATS,
    "fflags": "genpts",
}
_HTTP_OPTIONS = {
    **_NO_DECODING,
    "protocol_whitelist": "http,https,tcp,tls",
    "format_whitelist": f"{_FORMATS},mpjpeg",  # the last only to be told from what is no video at all
    "rw_timeout": str(SILENCE_LIMIT_S * 1_000_000),
    # It would lead to a place that nobody checked.
    "max_redirects": "0",
    # Else the one of the environment would hear the camera's password.
    "http_proxy": "",
    "seekable": "0",
    "analyzeduration": "1000000",
}
_RTSP_OPTIONS = {
    **_NO_DECODING,
    "timeout": str(SILENCE_LIMIT_S * 1_000_000),
    # Everything needed is in the SDP; probing would decode pictures for seconds.
    "analyzeduration": "1",
    "probesize": "32",
    "fpsprobesize": "0",
}


def open_container(
    address: StreamAddress, *, is_video_only: bool = True, transport: str = "tcp"
) -> InputContainer:
    """Open a file, or a camera over RTSP or HTTP; blocks for as long as the camera lets it.

    Args:
        address: Where.
        is_video_only: Leave sound alone.
        transport: What libav tries for RTSP: "tcp", "udp", or "udp+tcp" for one after the other.

    Raises:
        FFmpegError: libav's; its text may hold the password, so only `libav_errors.explain` may see it.
        CameraUnreachable: The name is unknown, or leads to this machine.
    """
    path = file_path(address)
    if path is not None:
        return av.open("file:" + path, options=dict(_FILE_OPTIONS))
    if is_over_http(address):
        # Else the number would stand there.
        host = {"headers": f"Host: {urlsplit(address.url).netloc}\r\n"}
        return av.open(with_credentials(_pinned(address)), options={**_HTTP_OPTIONS, **host})
    options = {**_RTSP_OPTIONS, "rtsp_transport": transport}
    if is_video_only:
        # With sound, libav mixes sender reports into the pictures' times, and they jump.
        options["allowed_media_types"] = "video"
    return av.open(with_credentials(_pinned(address)), options=options)


def video_stream(container: InputContainer, address: StreamAddress) -> VideoStream:
    """The first H.264 or H.265 stream.

    Raises:
        NoVideo: There is none.
    """
    for stream in container.streams.video:
        if stream.codec_context.name in _CODECS:
            return stream
    raise NoVideo(
        f"{place_of(address)} holds no H.264 or H.265 video; choose one of these codecs in the camera",
        place=place_of(address),
    )


def assembler_for(stream: VideoStream, address: StreamAddress, *, note: str = "") -> tuple[RunAssembler, int]:
    """What makes runs of the stream's packets, and how many bytes of length come before each NAL unit.

    Raises:
        Invalid: The decoder configuration is damaged.
    """
    codec = _CODECS[stream.codec_context.name]
    layout: Layout = read_extradata(stream.codec_context.extradata or b"", is_h265=codec is Codec.H265)
    assembler = RunAssembler(codec, layout.parameter_sets, is_clear_text=is_clear_text(address), note=note)
    return assembler, layout.length_size


def parameters_of(stream: VideoStream) -> VideoParameters:
    """What the container says beside the pictures of how they are compressed.

    Raises:
        Invalid: The decoder configuration is damaged.
    """
    codec = _CODECS[stream.codec_context.name]
    layout = read_extradata(stream.codec_context.extradata or b"", is_h265=codec is Codec.H265)
    return VideoParameters(
        codec=codec,
        parameter_sets=tuple(layout.parameter_sets),
        width_px=stream.codec_context.width,
        height_px=stream.codec_context.height,
    )


def is_clear_text(address: StreamAddress) -> bool:
    """Whether the pictures cross the network unencrypted."""
    return urlsplit(address.url).scheme in ("rtsp", "http")


def access_unit(
    packet: "LibavPacket[VideoStream]", container: InputContainer, received_at: datetime, *, length_size: int
) -> AccessUnit:
    """The packet in our words; its decoding time only where the container really carries one.

    Args:
        packet: Of video.
        container: From which it comes.
        received_at: When.
        length_size: Bytes of length before each NAL unit; 0 for start codes.

    Raises:
        Invalid: A length points beyond the end.
    """
    stream = packet.stream
    has_dts = container.format.name not in _WITHOUT_DECODING_TIMES
    return AccessUnit(
        nals=split(bytes(packet), length_size),
        pts=_to_ticks(packet.pts, stream),
        dts=_to_ticks(packet.dts, stream) if has_dts else None,
        is_marked_key=packet.is_keyframe,
        received_at=received_at,
    )


def lasting_ticks(packet: "LibavPacket[VideoStream]") -> int | None:
    """How long the packet is shown; None or 0 when the container does not say."""
    return _to_ticks(packet.duration, packet.stream)


def is_over_http(address: StreamAddress) -> bool:
    """Whether it is fetched over HTTP, encrypted or not."""
    return urlsplit(address.url).scheme in ("http", "https")


def _to_ticks(time: int | None, stream: VideoStream) -> int | None:
    """A time of the stream in 1/90000 s, rounded to the nearest."""
    base = stream.time_base
    if time is None or base is None:
        return None
    return (2 * time * base.numerator * TICKS_PER_SECOND + base.denominator) // (2 * base.denominator)


def _pinned(address: StreamAddress) -> StreamAddress:
    """The address with its name resolved, once, so that what is checked is what is connected to.

    A number was checked when it was typed.

    Raises:
        CameraUnreachable: The name is unknown, or leads to this machine.
    """
    parts = urlsplit(address.url)
    host = parts.hostname or ""
    if host == "localhost" or is_number(host):
        return address
    try:
        found = [ip_address(str(entry[4][0])) for entry in getaddrinfo(host, None, type=SOCK_STREAM)]
    except (OSError, UnicodeError, ValueError):
        raise CameraUnreachable(
            f"the name {host} is not known; check it, or write the camera's number", host=host
        ) from None
    if any(is_forbidden(number) for number in found):
        raise CameraUnreachable(
            f"the name {host} leads to this machine or to its own link; write the camera's number", host=host
        )
    number = f"[{found[0]}]" if found[0].version == 6 else str(found[0])
    port = "" if parts.port is None else f":{parts.port}"
    return replace(address, url=urlunsplit(parts._replace(netloc=number + port)))
