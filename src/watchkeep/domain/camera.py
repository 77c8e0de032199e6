"""Cameras and their streams."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from watchkeep.domain.ids import CameraId, StreamId
from watchkeep.domain.mode import ALWAYS, ModeSchedule

_CAMERA_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?")


class StreamRole(StrEnum):
    """Which encoded view of a camera."""

    MAIN = "main"
    SUB = "sub"


class Secret:
    """A text that shows itself only when asked: `reveal()`.

    Neither a str nor a dataclass, so that no encoder writes it down and `asdict` does not take it apart.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "Secret(•••)"

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __deepcopy__(self, memo: object) -> "Secret":
        return self

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written down")

    def reveal(self) -> str:
        """The text itself; for the socket that needs it, never for a log."""
        return self._text


_NO_SECRET = Secret("")


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamAddress:
    """Where a stream is fetched: an RTSP or HTTP address or a file, with its sign-in kept apart.

    Attributes:
        url: `rtsp://host[:port]/path`, `rtsps://…`, `http://…`, `https://…` or `file:///…`, without user and
            password.
    """

    url: str
    user: str = ""
    password: Secret = _NO_SECRET


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One encoded view of a camera.

    Attributes:
        modes: What of it is recorded, and when; it can be watched live in any mode.
        audio: Whether sound is taken, too; when it is not, the source does not even ask the camera for it.
    """

    id: StreamId
    camera: CameraId
    role: StreamRole
    address: StreamAddress
    modes: ModeSchedule = ALWAYS
    audio: bool = False

    @property
    def takes_audio(self) -> bool:
        """Whether the source is asked for sound: it is only ever recorded, never heard live."""
        return self.audio and self.modes.is_ever_recorded

    @property
    def takes_metadata(self) -> bool:
        """Whether the source is asked for what the camera says of its scene: it is only ever recorded."""
        return self.modes.is_ever_recorded


def camera_id_from(name: str) -> CameraId:
    """Make an id of a name: "Front door" becomes "front-door"; "camera" if nothing is left."""
    word = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:50].strip("-")
    return CameraId(word or "camera")


def is_camera_id(word: str) -> bool:
    """Say whether word may name a camera."""
    return _CAMERA_ID.fullmatch(word) is not None


class StreamCondition(StrEnum):
    """What a stream is doing now."""

    RECORDING = "recording"
    STANDBY = "standby"
    """Pictures come and are not recorded now, on purpose."""
    CONNECTING = "connecting"
    FAILED = "failed"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState:
    """What the recorder last said of a stream."""

    stream: StreamId
    condition: StreamCondition
    since: datetime
    detail: str
    codec: str
    width_px: int
    height_px: int
    frames_per_second: float
    bits_per_second: int
    is_clear_text: bool
    seen_at: datetime
