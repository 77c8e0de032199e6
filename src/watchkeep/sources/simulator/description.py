"""The session description of a stream. Source: RFC 4566, RFC 6184 section 8.2, RFC 7798 section 7.2."""

import base64

from watchkeep.domain.media import TICKS_PER_SECOND, Codec
from watchkeep.sources.simulator.clip import Clip
from watchkeep.sources.simulator.media_section import METADATA, SOUND, VIDEO
from watchkeep.sources.simulator.metadata_clock import METADATA_PAYLOAD_TYPE
from watchkeep.sources.simulator.packetisation import PAYLOAD_TYPE
from watchkeep.sources.simulator.sound import Sound, SoundCodec
from watchkeep.sources.simulator.sound_clock import payload_type

_SOUND_NAMES = {SoundCodec.AAC: "MPEG4-GENERIC", SoundCodec.PCMU: "PCMU", SoundCodec.PCMA: "PCMA"}


def describe(clip: Clip, sound: Sound | None = None, *, has_metadata: bool = False) -> bytes:
    """The SDP text, parameter sets included; a media section for each section."""
    lines = [
        "v=0",
        "o=- 0 0 IN IP4 0.0.0.0",
        "s=Camera simulator",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        "a=range:npt=now-",
        "a=control:*",
        *_pictures(clip),
        *(_sound(sound) if sound is not None else ()),
        *(_metadata() if has_metadata else ()),
        "",
    ]
    return "\r\n".join(lines).encode()


def _pictures(clip: Clip) -> list[str]:
    encoding = "H264" if clip.codec is Codec.H264 else "H265"
    frames_per_second = len(clip.pictures) * TICKS_PER_SECOND / clip.length_ticks
    return [
        f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
        f"a=rtpmap:{PAYLOAD_TYPE} {encoding}/{TICKS_PER_SECOND}",
        f"a=fmtp:{PAYLOAD_TYPE} {_format_parameters(clip)}",
        f"a=framerate:{frames_per_second:.3f}",
        f"a=x-dimensions:{clip.width_px},{clip.height_px}",
        "a=recvonly",
        f"a=control:trackID={VIDEO}",
    ]


def _sound(sound: Sound) -> list[str]:
    """Source: RFC 3640 section 4.1 and 3.3.6 (AAC-hbr), RFC 3551 section 6."""
    number = payload_type(sound)
    channels = f"/{sound.channel_count}" if sound.channel_count > 1 else ""
    lines = [
        f"m=audio 0 RTP/AVP {number}",
        f"a=rtpmap:{number} {_SOUND_NAMES[sound.codec]}/{sound.rate_hz}{channels}",
    ]
    if sound.codec is SoundCodec.AAC:
        lines.append(
            f"a=fmtp:{number} streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;"
            f"indexdeltalength=3;config={sound.config.hex().upper()}"
        )
    return [*lines, "a=recvonly", f"a=control:trackID={SOUND}"]


def _metadata() -> list[str]:
    """Source: ONVIF Streaming Specification section 5.2.1.1."""
    return [
        f"m=application 0 RTP/AVP {METADATA_PAYLOAD_TYPE}",
        f"a=rtpmap:{METADATA_PAYLOAD_TYPE} vnd.onvif.metadata/{TICKS_PER_SECOND}",
        "a=recvonly",
        f"a=control:trackID={METADATA}",
    ]


def _format_parameters(clip: Clip) -> str:
    sets = [(nal, base64.b64encode(nal).decode()) for nal in clip.parameter_sets]
    if clip.codec is Codec.H264:
        profile = clip.parameter_sets[0][1:4].hex().upper()
        texts = ",".join(text for _, text in sets)
        return f"packetization-mode=1;profile-level-id={profile};sprop-parameter-sets={texts}"
    names = {32: "sprop-vps", 33: "sprop-sps", 34: "sprop-pps"}
    return ";".join(f"{names[nal[0] >> 1 & 0x3F]}={text}" for nal, text in sets)
