"""Short ways to say domain words in these tests; seconds count from EPOCH."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from watchkeep.domain.camera import StreamRole
from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import CameraId, GapId, RunId, SegmentId, StreamId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import GapCause
from watchkeep.domain.segment import Gap, Segment, SegmentState

EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
CAMERA = CameraId("front-door")
STREAM = StreamId(UUID(int=2))


def at(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def span(start: float, end: float) -> Interval:
    return Interval(at(start), at(end))


def a_segment(
    start: float, end: float, *, state: SegmentState = SegmentState.CLOSED, camera: CameraId = CAMERA
) -> Segment:
    return Segment(
        id=SegmentId(UUID(int=1)),
        camera=camera,
        stream=STREAM,
        role=StreamRole.MAIN,
        run=RunId(UUID(int=3)),
        sequence=0,
        data_class=DataClass.RAW_FOOTAGE,
        state=state,
        when=span(start, end),
        size_bytes=1,
        fragment_count=1,
        root_digest=b"",
        path="",
    )


def a_gap(
    start: float, end: float | None, cause: GapCause = GapCause.UNREACHABLE, *, detail: str = ""
) -> Gap:
    return Gap(
        id=GapId(UUID(int=4)),
        camera=CAMERA,
        stream=STREAM,
        started_at=at(start),
        ended_at=None if end is None else at(end),
        cause=cause,
        detail=detail,
    )
