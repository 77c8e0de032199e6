"""What travels from a camera's socket to a segment: packets, fragments, and the notices of a source."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from watchkeep.domain.ids import RunId
from watchkeep.domain.interval import Interval

TICKS_PER_SECOND = 90_000
"""The media clock everywhere inside Watchkeep. Source: RFC 6184 section 8.2.1, RFC 7798 section 7.1."""


class Codec(StrEnum):
    """How pictures are compressed."""

    H264 = "h264"
    H265 = "h265"


class AudioCodec(StrEnum):
    """How sound is compressed."""

    AAC = "aac"
    PCMU = "pcmu"
    PCMA = "pcma"
    OPUS = "opus"


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoParameters:
    """What a decoder needs before the first picture.

    Attributes:
        parameter_sets: NAL units without start code, in this order: SPS and PPS (H.264),
            VPS, SPS and PPS (H.265).
    """

    codec: Codec
    parameter_sets: tuple[bytes, ...]
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioParameters:
    """What a decoder needs before the first sound.

    Attributes:
        sample_rate_hz: Of the decoded sound; 48,000 for Opus, whatever was spoken into the microphone.
        configuration: The AudioSpecificConfig of AAC (ISO/IEC 14496-3 section 1.6.2.1); b"" else.
    """

    codec: AudioCodec
    sample_rate_hz: int
    channels: int
    configuration: bytes = b""


class Packet(NamedTuple):
    """One compressed picture, as the camera sent it. Source: RFC 6184 section 5, RFC 7798 section 4.

    A tuple, for one is made of each picture of each camera, and a frozen dataclass costs four times as much.

    Attributes:
        nals: The access unit's NAL units in order, without start code or length, SEI included;
            parameter sets are left out (they are in VideoParameters).
        pts: Presentation time in ticks of 1/90000 s on the camera's clock, unwrapped within a run.
        dts: Decoding time in the same ticks; strictly grows within a run.
        received_at: When its last byte arrived, on our clock.
    """

    nals: tuple[bytes, ...]
    pts: int
    dts: int
    is_key: bool
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioPacket:
    """One access unit of sound: an AAC frame, what one RTP packet of G.711 held, an Opus packet.

    Attributes:
        pts: When it is heard, in ticks of 1/90000 s on the axis of the run's pictures, unwrapped like theirs.
        duration_ticks: How long it sounds; above 0.
        received_at: When its last byte arrived, on our clock.
    """

    payload: bytes
    pts: int
    duration_ticks: int
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document of a camera's ONVIF metadata: what it says of its scene, kept as it came.

    Attributes:
        encoding: As the camera names it, in lower case: "vnd.onvif.metadata" is XML.
        pts: The instant that it speaks of, in ticks of 1/90000 s on the axis of the run's pictures.
        received_at: When its last byte arrived, on our clock.
    """

    payload: bytes
    encoding: str
    pts: int
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """At most about half a second of a stream as moof + mdat (ISO 14496-12 section 8.8), and what goes along.

    Attributes:
        sequence: From 0 within the run, without holes.
        when: On our clock; touches or follows the fragment before it, never overlaps it.
        start_ticks: Decoding time of the first packet since the run's first packet; the moof's tfdt.
        starts_with_key: Whether a decoder can start here.
        payload: moof + mdat of the pictures; behind it an emsg for each document, then for each stretch of
            audio a moof + mdat of that. Playable after the init section.
        media_offset: Where in payload the body of the pictures' mdat starts; from there to audio_offset is
            their bitstream (each NAL behind its four-byte length).
        audio_offset: Where in payload documents and audio start; its length when there are none.
    """

    run: RunId
    sequence: int
    when: Interval
    start_ticks: int
    duration_ticks: int
    packet_count: int
    starts_with_key: bool
    payload: bytes
    media_offset: int
    audio_offset: int

    def without_audio(self) -> "Fragment":
        """The pictures alone, without documents too."""
        if self.audio_offset == len(self.payload):
            return self
        return replace(self, payload=self.payload[: self.audio_offset])


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraClock:
    """How a camera's own clock stands against ours; evidence only, nothing is placed by it.

    Attributes:
        offset: Camera less ours at measured_at; positive: it is ahead.
        drift_ppm: How much it gains, in microseconds a second; None until a minute was seen.
        reports: How many of the camera's reports this rests on; at least 1, of one connection.
        measured_at: When the newest of them came, on our clock.
    """

    offset: timedelta
    drift_ppm: float | None
    reports: int
    measured_at: datetime


class GapCause(StrEnum):
    """Why there is no footage. The list is closed."""

    CONNECTING = "connecting"
    """The first connection to a new stream was on its way."""
    UNREACHABLE = "unreachable"
    AUTHENTICATION = "authentication"
    STREAM_ENDED = "stream_ended"
    STALLED = "stalled"
    PARAMETERS_CHANGED = "parameters_changed"
    NO_VIDEO = "no_video"
    PACKETS_LOST = "packets_lost"
    DISK = "disk"
    RECORDER_STOPPED = "recorder_stopped"
    SWITCHED_OFF = "switched_off"
    SCHEDULED_OFF = "scheduled_off"
    """Its mode was off: always, or in this span of the week."""
    NOTHING_MOVED = "nothing_moved"
    """Its mode was motion, and the analyst saw none."""
    NO_EVENT = "no_event"
    """Its mode was events, and there was none."""
    CLOCK_STEP = "clock_step"
    DELETED = "deleted"
    DAMAGED = "damaged"
    UNKNOWN = "unknown"

    @property
    def is_on_purpose(self) -> bool:
        """Whether the stream was there and is not recorded because somebody wants it so: no loss."""
        return self in _ON_PURPOSE


_ON_PURPOSE = frozenset({GapCause.SCHEDULED_OFF, GapCause.NOTHING_MOVED, GapCause.NO_EVENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A source has connected and knows its parameters; packets follow."""

    parameters: VideoParameters
    is_clear_text: bool
    """Whether the pictures cross the network unencrypted (plain RTSP)."""
    audio: AudioParameters | None = None
    """None: there is no sound, or it is not wanted; then no AudioPacket follows."""
    note: str = ""
    """What a person should know of how it is read, one sentence; "" for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """The connection is over, or never came to be. The source tries again by itself."""

    cause: GapCause
    detail: str
    """One sentence for a person; never a password."""


SourceNotice = RunStarted | Packet | AudioPacket | Document | RunEnded
