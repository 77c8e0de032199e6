"""The session description of a clip. Source: RFC 4566, RFC 6184 section 8.2, RFC 7798 section 7.2."""

import base64

from watchkeep.domain.media import TICKS_PER_SECOND, Codec
from watchkeep.sources.simulator.clip import Clip
from watchkeep.sources.simulator.packetisation import PAYLOAD_TYPE


def describe(clip: Clip) -> bytes:
    """The SDP text, parameter sets included."""
    encoding = "H264" if clip.codec is Codec.H264 else "H265"
    frames_per_second = len(clip.pictures) * TICKS_PER_SECOND / clip.length_ticks
    lines = [
        "v=0",
        "o=- 0 0 IN IP4 0.0.0.0",
        "s=Camera simulator",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        "a=range:npt=now-",
        "a=control:*",
        f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
        f"a=rtpmap:{PAYLOAD_TYPE} {encoding}/{TICKS_PER_SECOND}",
        f"a=fmtp:{PAYLOAD_TYPE} {_format_parameters(clip)}",
        f"a=framerate:{frames_per_second:.3f}",
        f"a=x-dimensions:{clip.width_px},{clip.height_px}",
        "a=recvonly",
        "a=control:trackID=0",
        "",
    ]
    return "\r\n".join(lines).encode()


def _format_parameters(clip: Clip) -> str:
    sets = [(nal, base64.b64encode(nal).decode()) for nal in clip.parameter_sets]
    if clip.codec is Codec.H264:
        profile = clip.parameter_sets[0][1:4].hex().upper()
        texts = ",".join(text for _, text in sets)
        return f"packetization-mode=1;profile-level-id={profile};sprop-parameter-sets={texts}"
    names = {32: "sprop-vps", 33: "sprop-sps", 34: "sprop-pps"}
    return ";".join(f"{names[nal[0] >> 1 & 0x3F]}={text}" for nal, text in sets)
