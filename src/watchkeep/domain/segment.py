"""Segments: about a minute of one stream in one sealed file."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from watchkeep.domain.camera import StreamRole
from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import CameraId, GapId, NodeId, RunId, SegmentId, ShredKeyId, StreamId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import CameraClock, GapCause, VideoParameters


class SegmentState(StrEnum):
    """Where a segment is in its life."""

    OPEN = "open"
    """Being written; readers read to the last whole record."""
    CLOSED = "closed"
    RECOVERED = "recovered"
    """Closed after a crash, at its last whole fragment."""
    DOOMED = "doomed"
    """Its row says so before its file goes."""
    LOST = "lost"
    """Its file is gone and nobody ordered it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentHeader:
    """What a segment file says of itself in its plain header; written once, never changed.

    Attributes:
        sequence: From 0 within the run.
        epoch: Fencing number of the camera's lease; 0 on one node.
        started_at: Start of the first fragment, on our clock.
        start_ticks: Its decoding time since the run's first packet, 1/90000 s.
        monotonic_ns: The node's monotonic clock when the header was made: clock evidence beside started_at.
        clock_is_synchronised: What the system said of its clock then; None if it did not say.
        shred_day: The UTC day of started_at, which the shred key belongs to.
    """

    segment: SegmentId
    node: NodeId
    camera: CameraId
    stream: StreamId
    role: StreamRole
    run: RunId
    epoch: int
    sequence: int
    data_class: DataClass
    started_at: datetime
    start_ticks: int
    monotonic_ns: int
    clock_is_synchronised: bool | None
    parameters: VideoParameters
    shred_key: ShredKeyId
    shred_day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A segment as the catalog knows it.

    Attributes:
        when: Of an open segment, up to the last fragment that was durable when the row was written.
        size_bytes: Of the sealed file; of an open segment, at the time of the row.
        root_digest: SHA-256 over the fragments' salted digests, in order (32 bytes); empty while open.
        camera_clock: How the camera's clock stood when it was closed; None if no report told, after a crash,
            and while open.
        claims: What of it may still be handed out, in order; None means all of it.
        is_thinned: Whether only its key pictures are left.
    """

    id: SegmentId
    camera: CameraId
    stream: StreamId
    role: StreamRole
    run: RunId
    sequence: int
    data_class: DataClass
    state: SegmentState
    when: Interval
    size_bytes: int
    fragment_count: int
    root_digest: bytes
    path: str
    """Relative to the volume."""
    camera_clock: CameraClock | None = None
    claims: tuple[Interval, ...] | None = None
    is_thinned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came from one unbroken connection to a stream (the specification's "video")."""

    id: RunId
    camera: CameraId
    stream: StreamId
    started_at: datetime
    ended_at: datetime | None
    end_cause: GapCause | None
    parameters: VideoParameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A span without footage, with its cause; `ended_at` is None while it lasts."""

    id: GapId
    camera: CameraId
    stream: StreamId
    started_at: datetime
    ended_at: datetime | None
    cause: GapCause
    detail: str
