"""What analysts last said of their streams and detectors, and where they were."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from psycopg.rows import class_row

from watchkeep.domain.analyst import AnalysisCondition, DetectorPhase, DetectorState, StreamAnalysis
from watchkeep.domain.ids import CameraId, NodeId, StreamId
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.queries import load

_QUERIES = load("analysis_states")


@dataclass(frozen=True, slots=True)
class TrackerState:
    """Where the analyst was in a stream.

    Attributes:
        at: The newest picture that was analysed.
        saved: As the tracker made it.
    """

    at: datetime
    saved: bytes


def put_stream_states(connection: Connection, states: Sequence[StreamAnalysis]) -> None:
    """Note what an analyst says of its streams; an older word does not replace a newer one."""
    if not states:
        return
    facts = [
        {
            "stream": state.stream,
            "camera": state.camera,
            "condition": state.condition,
            "since": state.since,
            "detail": state.detail,
            "frames_analysed": state.frames_analysed,
            "frames_skipped": state.frames_skipped,
            "latency_s": state.latency_s,
            "objects": state.objects,
            "seen_at": state.seen_at,
        }
        for state in states
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_QUERIES["put_stream"], facts)


def stream_states(connection: Connection) -> list[StreamAnalysis]:
    """What was last said of every stream."""
    with connection.cursor(row_factory=class_row(_StreamRow)) as cursor:
        return [row.state() for row in cursor.execute(_QUERIES["streams"])]


def put_detector(connection: Connection, node: NodeId, state: DetectorState) -> None:
    """Note what a node's analyst says of its detector."""
    connection.execute(
        _QUERIES["put_detector"],
        {
            "node": node,
            "phase": state.phase,
            "model": state.model,
            "version": state.version,
            "engine": state.engine,
            "licence": state.licence,
            "object_types": list(state.object_types),
            "is_stand_in": state.is_stand_in,
            "detail": state.detail,
            "sandbox": list(state.sandbox),
            "seen_at": state.seen_at,
        },
    )


def detectors(connection: Connection) -> list[DetectorState]:
    """What was last said of every node's detector, newest first."""
    with connection.cursor(row_factory=class_row(_DetectorRow)) as cursor:
        return [row.state() for row in cursor.execute(_QUERIES["detectors"])]


def save_tracker(connection: Connection, stream: StreamId, at: datetime, saved: bytes) -> None:
    """Remember where the analyst is in a stream."""
    connection.execute(_QUERIES["save_tracker"], {"stream": stream, "at": at, "saved": saved})


def tracker_state(connection: Connection, stream: StreamId) -> TrackerState | None:
    """Where the analyst was in a stream; None if nobody ever looked."""
    row = connection.execute(_QUERIES["tracker"], {"stream": stream}).fetchone()
    return None if row is None else TrackerState(row[0].astimezone(UTC), bytes(row[1]))


@dataclass(frozen=True, slots=True)
class _StreamRow:
    stream_id: UUID
    camera_id: str
    condition: str
    since: datetime
    detail: str
    frames_analysed: int
    frames_skipped: int
    latency_s: float
    objects: int
    seen_at: datetime

    def state(self) -> StreamAnalysis:
        return StreamAnalysis(
            stream=StreamId(self.stream_id),
            camera=CameraId(self.camera_id),
            condition=AnalysisCondition(self.condition),
            since=self.since.astimezone(UTC),
            detail=self.detail,
            frames_analysed=self.frames_analysed,
            frames_skipped=self.frames_skipped,
            latency_s=self.latency_s,
            objects=self.objects,
            seen_at=self.seen_at.astimezone(UTC),
        )


@dataclass(frozen=True, slots=True)
class _DetectorRow:
    phase: str
    model: str
    version: str
    engine: str
    licence: str
    object_types: list[str]
    is_stand_in: bool
    detail: str
    sandbox: list[str]
    seen_at: datetime

    def state(self) -> DetectorState:
        return DetectorState(
            phase=DetectorPhase(self.phase),
            model=self.model,
            version=self.version,
            engine=self.engine,
            licence=self.licence,
            object_types=tuple(self.object_types),
            is_stand_in=self.is_stand_in,
            detail=self.detail,
            sandbox=tuple(self.sandbox),
            seen_at=self.seen_at.astimezone(UTC),
        )
