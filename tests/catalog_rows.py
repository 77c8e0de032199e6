"""Small true rows for tests of the catalog."""

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

from watchkeep.domain.camera import StreamRole
from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import CameraId, GapId, NodeId, RunId, SegmentId, ShredKeyId, StreamId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import CameraClock, Codec, GapCause, VideoParameters
from watchkeep.domain.segment import Gap, Run, SegmentState
from watchkeep.storage.catalog.recorder_rows import StoredSegment

START = datetime(2026, 11, 25, 12, tzinfo=UTC)
SITE = UUID(int=0x5173)
NODE = NodeId(UUID(int=0x40DE))
VOLUME = UUID(int=0x401)
FRONT = CameraId("front-door")
FRONT_MAIN = StreamId(UUID(int=0xF0))
YARD = CameraId("yard")
YARD_MAIN = StreamId(UUID(int=0xA0))


def id7(at: datetime, number: int) -> UUID:
    """A UUIDv7 of an instant, told apart by a number."""
    return UUID(int=(int(at.timestamp() * 1000) << 80) | 0x7 << 76 | 0b10 << 62 | number)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def a_run(
    number: int = 1,
    *,
    start: datetime = START,
    end: datetime | None = None,
    camera: CameraId = FRONT,
    stream: StreamId = FRONT_MAIN,
) -> Run:
    return Run(
        id=RunId(id7(start, number)),
        camera=camera,
        stream=stream,
        started_at=start,
        ended_at=end,
        end_cause=GapCause.STREAM_ENDED if end else None,
        parameters=VideoParameters(
            codec=Codec.H264, parameter_sets=(b"\x67sps", b"\x68pps"), width_px=640, height_px=360
        ),
    )


def a_segment(
    number: int = 1,
    *,
    start: datetime = START,
    length_s: float = 60,
    state: SegmentState = SegmentState.CLOSED,
    run: Run | None = None,
    size_bytes: int = 1000,
    camera_clock: CameraClock | None = None,
) -> StoredSegment:
    run = run or a_run()
    identifier = SegmentId(id7(start, number))
    is_open = state is SegmentState.OPEN
    return StoredSegment(
        id=identifier,
        camera=run.camera,
        stream=run.stream,
        role=StreamRole.MAIN,
        run=run.id,
        sequence=number,
        data_class=DataClass.RAW_FOOTAGE,
        state=state,
        when=Interval(start, start + seconds(length_s)),
        size_bytes=size_bytes,
        fragment_count=int(length_s * 2),
        root_digest=b"" if is_open else hashlib.sha256(identifier.bytes).digest(),
        path=f"open/{identifier}.wks" if is_open else f"{run.camera}/{start:%Y-%m-%d}/{identifier}.wks",
        volume=VOLUME,
        node=NODE,
        shred_key=ShredKeyId(f"{run.camera}/{start:%Y-%m-%d}/raw_footage"),
        camera_clock=camera_clock,
    )


def a_gap(
    number: int = 1,
    *,
    start: datetime = START,
    end: datetime | None = None,
    cause: GapCause = GapCause.UNREACHABLE,
    stream: StreamId = FRONT_MAIN,
    camera: CameraId = FRONT,
) -> Gap:
    return Gap(
        id=GapId(id7(start, number)),
        camera=camera,
        stream=stream,
        started_at=start,
        ended_at=end,
        cause=cause,
        detail="the camera does not answer",
    )
