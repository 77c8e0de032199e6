"""Reads session descriptions. Source: RFC 8866; RFC 6184 8.2, RFC 7798 7.2, RFC 3640 4, RFC 3551, RFC 7587 7.

What cameras send is often not quite SDP, so only what is needed is read, and everything has a bound.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watchkeep.domain.errors import Invalid, NoVideo
from watchkeep.domain.media import TICKS_PER_SECOND, AudioCodec, AudioParameters, Codec

_LINE_LIMIT = 1000
_MEDIA_LIMIT = 32
_PARAMETER_SET_LIMIT = 32
_STATIC_AUDIO = {0: ("PCMU", 8000, 1), 8: ("PCMA", 8000, 1)}
"""Payload types that need no rtpmap. Source: RFC 3551 table 4."""
_RTP_MAP = re.compile(r"(\d{1,3})\s+([\w.-]+)/(\d{1,6})(?:/(\d{1,2}))?.*")
_VIDEO = {"H264": Codec.H264, "H265": Codec.H265, "HEVC": Codec.H265}
_METADATA = frozenset(
    "VND.ONVIF.METADATA" + compression for compression in ("", ".GZIP", ".EXI.ONVIF", ".EXI.EXT")
)
_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One medium of a session.

    Attributes:
        control: As written: relative, absolute, or "" when the session is controlled as a whole.
        clock_rate_hz: Of its timestamps.
    """

    control: str
    payload_type: int
    clock_rate_hz: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoTrack(Track):
    """Pictures.

    Attributes:
        parameter_sets: Those of the description; cameras may send others, or all of them, in the stream.
        has_decoding_order: Each NAL unit carries a number of two bytes (RFC 7798 sprop-max-don-diff).
    """

    codec: Codec
    parameter_sets: tuple[bytes, ...]
    has_decoding_order: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioTrack(Track):
    """Sound.

    Attributes:
        size_bits: Of the size in an AU header; AAC only.
        index_bits: Of the index after it; AAC only.
    """

    parameters: AudioParameters
    size_bits: int = 0
    index_bits: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataTrack(Track):
    """ONVIF metadata. Source: ONVIF Streaming Specification section 5.1.2.

    Attributes:
        encoding: "vnd.onvif.metadata", or with ".gzip", ".exi.onvif" or ".exi.ext" behind it.
    """

    encoding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDescription:
    """What a camera offers, as far as it is taken.

    Attributes:
        control: Of the session as a whole; "" when it names none.
    """

    control: str
    video: VideoTrack
    audio: AudioTrack | None
    metadata: MetadataTrack | None


@dataclass(slots=True)
class _Medium:
    kind: str
    payload_types: tuple[str, ...]
    lines: list[str]

    def attributes(self, name: str) -> list[str]:
        return [line[len(name) + 3 :].strip() for line in self.lines if line.startswith(f"a={name}:")]


def read_description(body: bytes) -> SessionDescription:
    """Choose the first video track that can be recorded, the first audio track that can, and ONVIF metadata.

    Raises:
        Invalid: It is no session description.
        NoVideo: It describes no H.264 or H.265 video.
    """
    lines = body.decode("utf-8", "replace").splitlines()
    if len(lines) > _LINE_LIMIT:
        raise Invalid(f"the camera's description has more than {_LINE_LIMIT} lines")
    session = _Medium("", (), [])
    media: list[_Medium] = []
    for line in lines:
        if line.startswith("m="):
            words = line[2:].split()
            media.append(_Medium(words[0].lower() if words else "", tuple(words[3:]), []))
        else:
            (media[-1] if media else session).lines.append(line.strip())
    if len(media) > _MEDIA_LIMIT:
        raise Invalid(f"the camera's description has more than {_MEDIA_LIMIT} media")
    if not media:
        raise Invalid("the camera's description names no media")
    video = next(filter(None, map(_video, media)), None)
    if video is None:
        raise NoVideo(
            f"the camera sends {_offered(media)}, which is not recorded; choose H.264 or H.265 in it"
        )
    audio = next(filter(None, map(_audio, media)), None)
    metadata = next(filter(None, map(_metadata, media)), None)
    return SessionDescription(control=_control(session), video=video, audio=audio, metadata=metadata)


def absolute(control: str, base: str) -> str:
    """The address of a control attribute.

    Cameras mean "append to the base", also behind a query, and not what RFC 3986 says of relative ones.
    """
    if not control or control == "*":
        return base
    if re.match(r"rtspu?://", control, re.IGNORECASE):
        return control
    return base.rstrip("/") + "/" + control.lstrip("/")


def _control(medium: _Medium) -> str:
    return next(iter(medium.attributes("control")), "")


def _rtp_map(medium: _Medium) -> tuple[int, str, int, int] | None:
    """Payload type, encoding, clock rate and channels of the medium's first format."""
    for payload_type in medium.payload_types:
        for text in medium.attributes("rtpmap"):
            found = _RTP_MAP.fullmatch(text)
            if found is not None and found[1] == payload_type and int(found[1]) < 128:
                return int(found[1]), found[2].upper(), int(found[3]), int(found[4] or 1)
        if payload_type.isdecimal() and int(payload_type) in _STATIC_AUDIO:
            return int(payload_type), *_STATIC_AUDIO[int(payload_type)]
    return None


def _format_parameters(medium: _Medium, payload_type: int) -> Mapping[str, str]:
    for text in medium.attributes("fmtp"):
        number, _, rest = text.partition(" ")
        if number == str(payload_type):
            pairs = (each.partition("=") for each in rest.split(";"))
            return {name.strip().lower(): value.strip() for name, _, value in pairs}
    return {}


def _video(medium: _Medium) -> VideoTrack | None:
    mapped = _rtp_map(medium) if medium.kind == "video" else None
    if mapped is None or mapped[1] not in _VIDEO:
        return None
    payload_type, encoding, rate, _ = mapped
    if rate != TICKS_PER_SECOND:
        return None
    codec = _VIDEO[encoding]
    parameters = _format_parameters(medium, payload_type)
    names = ("sprop-parameter-sets",) if codec is Codec.H264 else ("sprop-vps", "sprop-sps", "sprop-pps")
    return VideoTrack(
        control=_control(medium),
        payload_type=payload_type,
        clock_rate_hz=rate,
        codec=codec,
        parameter_sets=_parameter_sets([parameters.get(name, "") for name in names]),
        has_decoding_order=parameters.get("sprop-max-don-diff", "0") not in ("", "0"),
    )


def _parameter_sets(texts: Sequence[str]) -> tuple[bytes, ...]:
    """What can be read of them: broken ones are left out, for good ones may come in the stream."""
    found: list[bytes] = []
    for text in ",".join(texts).split(",")[:_PARAMETER_SET_LIMIT]:
        word = text.strip().rstrip("=")
        try:
            nal = base64.b64decode(word + "=" * (-len(word) % 4))
        except (binascii.Error, ValueError):
            continue
        # Some cameras put a start code before them.
        nal = re.sub(rb"^\x00{2,3}\x01", b"", nal)
        if len(nal) > 2:
            found.append(nal)
    return tuple(found)


def _audio(medium: _Medium) -> AudioTrack | None:
    mapped = _rtp_map(medium) if medium.kind == "audio" else None
    if mapped is None or mapped[2] == 0 or not 1 <= mapped[3] <= 8:
        return None
    payload_type, encoding, rate, channels = mapped
    control = _control(medium)
    match encoding:
        case "PCMU" | "PCMA" | "OPUS":
            parameters = AudioParameters(
                codec=AudioCodec(encoding.lower()),
                sample_rate_hz=rate,
                channels=channels,
                configuration=b"",
            )
            return AudioTrack(
                control=control, payload_type=payload_type, clock_rate_hz=rate, parameters=parameters
            )
        case "MPEG4-GENERIC":
            return _aac(_format_parameters(medium, payload_type), control, payload_type, rate, channels)
        case _:
            return None


def _aac(
    parameters: Mapping[str, str], control: str, payload_type: int, rate: int, channels: int
) -> AudioTrack | None:
    """AAC in the modes that carry whole frames (RFC 3640 section 3.3.5 and 3.3.6)."""
    sizes = [parameters.get(name, "0") for name in ("sizelength", "indexlength", "indexdeltalength")]
    if not all(text.isdecimal() and len(text) < 3 for text in sizes):
        return None
    size_bits, index_bits, delta_bits = map(int, sizes)
    if not 1 <= size_bits <= 16 or index_bits != delta_bits or index_bits > 16:
        return None
    try:
        configuration = bytes.fromhex(parameters.get("config", ""))
    except ValueError:
        return None
    if not 2 <= len(configuration) <= 64:
        return None
    bits = int.from_bytes(configuration[:2], "big")
    rate_index, channel_setting = bits >> 7 & 0xF, bits >> 3 & 0xF
    return AudioTrack(
        control=control,
        payload_type=payload_type,
        clock_rate_hz=rate,
        parameters=AudioParameters(
            codec=AudioCodec.AAC,
            sample_rate_hz=_AAC_RATES[rate_index] if rate_index < len(_AAC_RATES) else rate,
            channels=8 if channel_setting == 7 else channel_setting or channels,
            configuration=configuration,
        ),
        size_bits=size_bits,
        index_bits=index_bits,
    )


def _metadata(medium: _Medium) -> MetadataTrack | None:
    mapped = _rtp_map(medium) if medium.kind == "application" else None
    if mapped is None or mapped[1] not in _METADATA or mapped[2] == 0:
        return None
    payload_type, encoding, rate, _ = mapped
    return MetadataTrack(
        control=_control(medium), payload_type=payload_type, clock_rate_hz=rate, encoding=encoding.lower()
    )


def _offered(media: Sequence[_Medium]) -> str:
    """The video codecs it names, for a sentence."""
    names = {mapped[1] for each in media if each.kind == "video" and (mapped := _rtp_map(each))}
    words = sorted(re.sub(r"[^A-Z0-9-]", "", name)[:20] for name in names)
    return " and ".join(words[:3]) or "no video"
