"""The session description of a stream. Source: RFC 4566, RFC 6184 section 8.2, RFC 7798 section 7.2."""

import base64

from watchkeep.domain.media import TICKS_PER_SECOND, Codec, VideoParameters
from watchkeep.domain.nal import nal_type
from watchkeep.presentation.rtsp.messages import TRACK
from watchkeep.presentation.rtsp.packetiser import PAYLOAD_TYPE

_H265_NAMES = {32: "sprop-vps", 33: "sprop-sps", 34: "sprop-pps"}


def describe(parameters: VideoParameters) -> bytes:
    """The SDP text, parameter sets included."""
    encoding = "H264" if parameters.codec is Codec.H264 else "H265"
    lines = [
        "v=0",
        "o=- 0 0 IN IP4 0.0.0.0",
        "s=Watchkeep",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        "a=range:npt=now-",
        "a=control:*",
        f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
        f"a=rtpmap:{PAYLOAD_TYPE} {encoding}/{TICKS_PER_SECOND}",
        f"a=fmtp:{PAYLOAD_TYPE} {_format_parameters(parameters)}",
        "a=recvonly",
        f"a=control:{TRACK}",
        "",
    ]
    return "\r\n".join(lines).encode()


def _format_parameters(parameters: VideoParameters) -> str:
    sets = [(nal, base64.b64encode(nal).decode()) for nal in parameters.parameter_sets]
    if parameters.codec is Codec.H264:
        profile = parameters.parameter_sets[0][1:4].hex().upper()
        texts = ",".join(text for _, text in sets)
        return f"packetization-mode=1;profile-level-id={profile};sprop-parameter-sets={texts}"
    by_name: dict[str, list[str]] = {}
    for nal, text in sets:
        by_name.setdefault(_H265_NAMES[nal_type(Codec.H265, nal)], []).append(text)
    return ";".join(f"{name}={','.join(texts)}" for name, texts in by_name.items())
