"""What may go wrong with a simulated camera: a closed list.

Each fault names a stream (None: all of them), when it begins, in seconds after the simulator's first turn,
and how long it lasts. Those that happen at one instant say so and ignore the length. Faults of packets
concern pictures only, but for the one of metadata.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import TypeVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What all faults have."""

    stream: str | None = None
    start_s: float = 0.0
    length_s: float = inf


# --- The connection -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall(Fault):
    """Answers nothing and sends nothing; connections stay open. What was missed is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfOpen(Fault):
    """At that instant the clients' connections fall silent for good, without FIN; new ones are served.

    The operating system still acknowledges what the client sends; it is never read.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop(Fault):
    """At that instant connections are closed with FIN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset(Fault):
    """At that instant connections are closed with RST."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTimeout(Fault):
    """Sessions end when the client has asked nothing for so long; the Session header tells it."""

    timeout_s: int = 60


# --- Answers --------------------------------------------------------------------------------------------


class Description(StrEnum):
    """How a DESCRIBE may be answered wrongly."""

    WITHOUT_PARAMETER_SETS = "without_parameter_sets"
    OTHER_CODEC = "other_codec"
    """Names H.265 for H.264, and the other way round."""
    HUGE = "huge"
    """A body of 256 MiB, as fast as the client takes it."""
    BINARY = "binary"
    """Random bytes."""
    CUT_OFF = "cut_off"
    """Half of the body, then the connection is closed."""
    ENDLESS_HEADERS = "endless_headers"
    """Header lines without end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongDescription(Fault):
    """DESCRIBE is answered wrongly."""

    form: Description


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect(Fault):
    """DESCRIBE is answered with 302.

    Attributes:
        to: Where; the stream's own address makes a loop.
    """

    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowAnswers(Fault):
    """Answers before pictures flow come byte by byte."""

    bytes_per_second: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal(Fault):
    """A method is answered with a status: 453 or 461 for SETUP, 503 for anything."""

    method: str = "SETUP"
    status: int = 453


# --- Sign-in --------------------------------------------------------------------------------------------


class SignInScheme(StrEnum):
    """Ways to sign in."""

    DIGEST_MD5 = "digest_md5"
    """Source: RFC 2617."""
    DIGEST_SHA256 = "digest_sha256"
    """Source: RFC 7616."""
    BASIC = "basic"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedSignIn(Fault):
    """Other ways to sign in than Digest with MD5 and Basic are offered, and only these are accepted."""

    schemes: tuple[SignInScheme, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseSignIn(Fault):
    """Everyone gets 401, over and over, whatever the password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleNonce(Fault):
    """A right Digest answer gets 401 with `stale=true` and a new nonce, so often on each connection."""

    times: int = 1


# --- Pictures -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturesOf(Fault):
    """Another stream's pictures go on under this name.

    For who is connected, sequence numbers, timestamps and SSRC go on, and parameter sets change in
    mid-stream. Who connects gets the other stream's description: another camera under this name.
    """

    other: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LostPictures(Fault):
    """The next pictures are left out; the sequence numbers show the hole."""

    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPicturesOnly(Fault):
    """Only key pictures are sent, without a hole in the sequence numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoMoreKeys(Fault):
    """No client gets a key picture after its first: a GOP of hours. Decoders show smears after a while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSize(Fault):
    """The SPS tells another size, in the description and in the stream; 0 and 16384 are sizes too."""

    width_px: int
    height_px: int


# --- RTP ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class GarbagePayloads(Fault):
    """A share of the packets has random payloads behind sound RTP heads."""

    share: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GarbageFraming(Fault):
    """Instead of a share of the pictures come as many random bytes, without interleaved framing."""

    share: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss(Fault):
    """A share of the packets is lost."""

    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reorder(Fault):
    """A share of the packets comes after the packet that follows it, within a picture."""

    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates(Fault):
    """A share of the packets comes twice."""

    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingMarkers(Fault):
    """No packet carries the marker bit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CutFragments(Fault):
    """The last fragment of each fragmented NAL unit never comes; the sequence numbers show no hole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceWrap(Fault):
    """At that instant sequence numbers jump, so that they wrap so many packets later."""

    packets: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampWrap(Fault):
    """At that instant timestamps jump (reports with them), so that they wrap so much later."""

    after_s: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampJump(Fault):
    """At that instant timestamps jump; reports go with them, so the told time of a picture stays right."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SsrcChange(Fault):
    """At that instant the SSRC changes, and with it sequence numbers and timestamps start elsewhere."""


# --- Metadata -------------------------------------------------------------------------------------------


class MetadataForm(StrEnum):
    """How a metadata track may be wrong."""

    GARBAGE = "garbage"
    """Random bytes, marked as whole documents."""
    WITHOUT_END = "without_end"
    """As much as a packet holds, and never a marker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongMetadata(Fault):
    """The metadata track is not what ONVIF says.

    Attributes:
        times: How many packets come in place of each.
    """

    form: MetadataForm
    times: int = 1


# --- The camera's own clock -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockOffset(Fault):
    """The clock of the sender reports is ahead by so much; one that begins later is a clock that steps.

    Several add up.
    """

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockDrift(Fault):
    """From that instant on the clock of the sender reports gains; several add up."""

    parts_per_million: float


FAULTS: tuple[type[Fault], ...] = (
    Stall,
    HalfOpen,
    Drop,
    Reset,
    SessionTimeout,
    WrongDescription,
    Redirect,
    SlowAnswers,
    Refusal,
    OfferedSignIn,
    RefuseSignIn,
    StaleNonce,
    PicturesOf,
    LostPictures,
    KeyPicturesOnly,
    NoMoreKeys,
    PictureSize,
    GarbagePayloads,
    GarbageFraming,
    Loss,
    Reorder,
    Duplicates,
    MissingMarkers,
    CutFragments,
    SequenceWrap,
    TimestampWrap,
    TimestampJump,
    SsrcChange,
    WrongMetadata,
    ClockOffset,
    ClockDrift,
)
"""All there are."""

AnyFault = TypeVar("AnyFault", bound=Fault)


def active(faults: Sequence[Fault], kind: type[AnyFault]) -> AnyFault | None:
    """The newest fault of a kind."""
    return next((fault for fault in reversed(faults) if isinstance(fault, kind)), None)
