"""Cameras and their streams."""

from base64 import b64encode
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, SecretStr, model_validator

from watchkeep.application.cameras import CameraChange, CameraView, NewCamera, StreamView, StreamWish
from watchkeep.application.house import Probe
from watchkeep.domain.camera import StreamRole, StreamState
from watchkeep.domain.mode import (
    SPANS_LIMIT,
    ModeSpan,
    RecordingMode,
    Weekday,
    minute_of,
    span_facts,
    span_of,
)
from watchkeep.presentation.http.bodies.plain import Body, Instant, Text, revealed

CameraName = Annotated[Text, Field(min_length=1, max_length=80)]
RetentionDays = Annotated[int, Field(ge=1, le=3650)]
Url = Annotated[Text, Field(min_length=1, max_length=2000)]
UserName = Annotated[Text, Field(max_length=200)]
_CLOCK_PATTERN = r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$"


def _checked_clock(text: str) -> str:
    minute_of(text)
    return text


# Not checked by the pattern, whose sentence would help nobody.
ClockText = Annotated[
    Text, AfterValidator(_checked_clock), Field(json_schema_extra={"pattern": _CLOCK_PATTERN})
]
CameraPassword = Annotated[SecretStr, Field(max_length=200)]


class StateBody(Body):
    """What the recorder last said of a stream."""

    condition: str
    since: Instant
    detail: str
    codec: str
    width_px: int
    height_px: int
    frames_per_second: float
    bits_per_second: int
    is_clear_text: bool
    seen_at: Instant

    @classmethod
    def of(cls, state: StreamState) -> "StateBody":
        """Write down a state."""
        return cls(
            condition=state.condition.value,
            since=state.since,
            detail=state.detail,
            codec=state.codec,
            width_px=state.width_px,
            height_px=state.height_px,
            frames_per_second=state.frames_per_second,
            bits_per_second=state.bits_per_second,
            is_clear_text=state.is_clear_text,
            seen_at=state.seen_at,
        )


class SpanOfWeekBody(Body):
    """A span of the week with a mode of its own, by the site's clock.

    Where the end is not later than the start, it is the next day's.
    """

    days: Annotated[list[Weekday], Field(min_length=1, max_length=7)]
    start: ClockText
    end: ClockText
    mode: RecordingMode

    @classmethod
    def of(cls, span: ModeSpan) -> "SpanOfWeekBody":
        """Write down a span."""
        return cls.model_validate(span_facts(span))

    @model_validator(mode="after")
    def _can_be(self) -> "SpanOfWeekBody":
        self.span()
        return self

    def span(self) -> ModeSpan:
        """In the domain's words; ValueError if it cannot be."""
        return span_of(self.model_dump())


class StreamBody(Body):
    """A stream; its address only for those who may configure it, its password for nobody."""

    id: UUID
    role: Literal["main", "sub"]
    url: str
    user: str
    has_password: bool
    mode: RecordingMode
    schedule: list[SpanOfWeekBody]
    state: StateBody | None

    @classmethod
    def of(cls, view: StreamView) -> "StreamBody":
        """Write down a stream as the asker may see it."""
        return cls(
            id=view.id,
            role=view.role.value,
            url=view.url,
            user=view.user,
            has_password=view.has_password,
            mode=view.modes.default,
            schedule=[SpanOfWeekBody.of(span) for span in view.modes.spans],
            state=None if view.state is None else StateBody.of(view.state),
        )


class CameraBody(Body):
    """A camera as the asker may see it."""

    id: str
    name: str
    is_enabled: bool
    retention_days: int
    audio: bool
    created_at: Instant
    actions: list[str]
    streams: list[StreamBody]

    @classmethod
    def of(cls, view: CameraView) -> "CameraBody":
        """Write down a camera."""
        return cls(
            id=view.id,
            name=view.name,
            is_enabled=view.is_enabled,
            retention_days=view.retention_days,
            audio=view.audio,
            created_at=view.created_at,
            actions=sorted(view.actions),
            streams=[StreamBody.of(stream) for stream in view.streams],
        )


class CameraList(Body):
    """The cameras the asker may see."""

    items: list[CameraBody]
    next: None = None


class StreamWishBody(Body):
    """A stream as wanted; a password of null keeps the one there is, "" clears it.

    A mode or a schedule of null keeps what there is, too; a new stream is recorded always. The older word for
    the mode is `record`: true for continuous, false for off.
    """

    role: StreamRole
    url: Url
    user: UserName | None = None
    password: CameraPassword | None = None
    mode: RecordingMode | None = None
    schedule: Annotated[list[SpanOfWeekBody], Field(max_length=SPANS_LIMIT)] | None = None
    record: bool | None = None

    def wish(self) -> StreamWish:
        """In the application's words."""
        mode = self.mode
        if mode is None and self.record is not None:
            mode = RecordingMode.CONTINUOUS if self.record else RecordingMode.OFF
        return StreamWish(
            role=self.role,
            url=self.url,
            user=self.user,
            password=revealed(self.password),
            mode=mode,
            spans=None if self.schedule is None else tuple(span.span() for span in self.schedule),
        )


class NewCameraBody(Body):
    """A camera to add; its audio is recorded only if that is said."""

    name: CameraName
    retention_days: RetentionDays | None = None
    audio: bool = False
    streams: Annotated[list[StreamWishBody], Field(min_length=1, max_length=2)]

    def wish(self) -> NewCamera:
        """In the application's words."""
        return NewCamera(
            name=self.name,
            retention_days=self.retention_days,
            audio=self.audio,
            streams=tuple(stream.wish() for stream in self.streams),
        )


class CameraChangeBody(Body):
    """What to change; what is left out stays."""

    name: CameraName | None = None
    is_enabled: bool | None = None
    retention_days: RetentionDays | None = None
    audio: bool | None = None
    streams: Annotated[list[StreamWishBody], Field(min_length=1, max_length=2)] | None = None

    def change(self) -> CameraChange:
        """In the application's words."""
        return CameraChange(
            name=self.name,
            is_enabled=self.is_enabled,
            retention_days=self.retention_days,
            audio=self.audio,
            streams=None if self.streams is None else tuple(stream.wish() for stream in self.streams),
        )


class TestBody(Body):
    """An address to try; with `camera`, its kept password is used where none is given."""

    __test__ = False  # pytest would take it for a test by its name

    url: Url
    user: UserName | None = None
    password: CameraPassword | None = None
    camera: Annotated[Text, Field(max_length=50)] | None = None


class ProbeBody(Body):
    """What the address answered."""

    codec: str
    width_px: int
    height_px: int
    frames_per_second: float
    is_clear_text: bool
    picture: str

    @classmethod
    def of(cls, probe: Probe) -> "ProbeBody":
        """Write down a probe, the picture as a data address."""
        return cls(
            codec=probe.codec,
            width_px=probe.width_px,
            height_px=probe.height_px,
            frames_per_second=probe.frames_per_second,
            is_clear_text=probe.is_clear_text,
            picture="data:image/jpeg;base64," + b64encode(probe.picture).decode(),
        )
