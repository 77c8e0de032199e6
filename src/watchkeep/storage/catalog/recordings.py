"""Takes in what recorders say of runs, segments and gaps, and tells them where they left off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from psycopg.types.multirange import Multirange

from watchkeep.domain.camera import StreamRole
from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import CameraId, GapId, NodeId, RunId, SegmentId, ShredKeyId, StreamId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import CameraClock, GapCause
from watchkeep.domain.segment import Gap, Run, SegmentState
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.queries import load
from watchkeep.storage.catalog.recorder_rows import (
    GapClosed,
    GapOpened,
    RecorderRow,
    RunBegan,
    RunEnded,
    SegmentClosed,
    SegmentOpened,
    StoredSegment,
    to_json,
)

_QUERIES = load("recordings")


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that the catalog could not take, and the database's reason."""

    row: RecorderRow
    reason: str


def apply(connection: Connection, rows: Sequence[RecorderRow]) -> list[Refused]:
    """Take in rows; those already known change nothing, so a repeat is harmless.

    Partitions for days that have none are made. A row that breaks a rule of the catalog is put aside in
    `refused_rows`, so that it does not hold up the others.

    Returns:
        The rows that were put aside; to be logged.

    Raises:
        psycopg.Error: Anything else; becomes CatalogUnavailable at the edge of the transaction.
    """
    if not rows:
        return []
    try:
        with connection.transaction():
            _put(connection, rows)
    except (psycopg.IntegrityError, psycopg.DataError):
        return _apply_one_by_one(connection, rows)
    return []


def _apply_one_by_one(connection: Connection, rows: Sequence[RecorderRow]) -> list[Refused]:
    refused: list[Refused] = []
    for row in rows:
        try:
            with connection.transaction():
                _put(connection, [row])
        except (psycopg.IntegrityError, psycopg.DataError) as error:
            reason = str(error).splitlines()[0]
            connection.execute(_QUERIES["refuse"], {"row": to_json(row), "reason": reason})
            refused.append(Refused(row, reason))
    return refused


def _put(connection: Connection, rows: Sequence[RecorderRow]) -> None:
    runs = [row.run for row in rows if isinstance(row, RunBegan | RunEnded)]
    segments = [row.segment for row in rows if isinstance(row, SegmentOpened | SegmentClosed)]
    gaps = [row.gap for row in rows if isinstance(row, GapOpened | GapClosed)]
    with connection.cursor() as cursor:
        if segments:
            days = sorted({segment.when.start.astimezone(UTC).date() for segment in segments})
            cursor.execute(_QUERIES["make_partitions"], {"days": days})
        if runs:
            cursor.executemany(_QUERIES["put_run"], [_of_run(run) for run in runs])
        if segments:
            facts = [_of_segment(segment) for segment in segments]
            cursor.executemany(_QUERIES["put_provisional_run"], facts)
            cursor.executemany(_QUERIES["put_segment"], facts)
        if gaps:
            cursor.executemany(_QUERIES["put_gap"], [_of_gap(gap) for gap in gaps])


def open_segments(connection: Connection) -> list[StoredSegment]:
    """All segments that are being written or were when a recorder died, oldest first."""
    with connection.cursor(row_factory=class_row(SegmentRow)) as cursor:
        return [row.segment() for row in cursor.execute(_QUERIES["open_segments"])]


def last_footage_end(
    connection: Connection, stream: StreamId, *, before: datetime | None = None
) -> datetime | None:
    """Up to when a stream was recorded, whatever became of that footage since; None if never.

    Args:
        connection: The transaction.
        stream: Which.
        before: Only segments that began earlier; None means all.
    """
    facts = {"stream": stream, "before": before}
    row = connection.execute(_QUERIES["last_footage_end"], facts).fetchone()
    return None if row is None else row[0]


def open_gaps(connection: Connection, stream: StreamId) -> list[Gap]:
    """The gaps that a stream is in, as far as the catalog knows, oldest first; more than one after a kill."""
    with connection.cursor(row_factory=class_row(GapRow)) as cursor:
        return [row.gap() for row in cursor.execute(_QUERIES["open_gaps"], {"stream": stream})]


def spans_of(found: Multirange[datetime]) -> tuple[Interval, ...]:
    """The spans of a multirange of ours: bounded, half-open."""
    return tuple(
        Interval(span.lower.astimezone(UTC), span.upper.astimezone(UTC))
        for span in found
        if span.lower is not None and span.upper is not None
    )


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """A row of video_segments, as the driver gives it."""

    segment_id: UUID
    start_time: datetime
    end_time: datetime
    video_id: UUID
    camera_id: str
    stream_id: UUID
    role: str
    sequence: int
    data_class: str
    state: str
    volume_id: UUID
    file_path: str
    size_bytes: int
    fragment_count: int
    root_digest: bytes
    shred_key: str
    node_id: UUID
    reason: str
    camera_clock_offset: timedelta | None
    camera_clock_drift_ppm: float | None
    camera_clock_reports: int | None
    camera_clock_at: datetime | None
    claims: Multirange[datetime] | None
    is_thinned: bool

    def segment(self) -> StoredSegment:
        """The same in the domain's words."""
        return StoredSegment(
            id=SegmentId(self.segment_id),
            camera=CameraId(self.camera_id),
            stream=StreamId(self.stream_id),
            role=StreamRole(self.role),
            run=RunId(self.video_id),
            sequence=self.sequence,
            data_class=DataClass(self.data_class),
            state=SegmentState(self.state),
            when=Interval(self.start_time.astimezone(UTC), self.end_time.astimezone(UTC)),
            size_bytes=self.size_bytes,
            fragment_count=self.fragment_count,
            root_digest=bytes(self.root_digest),
            path=self.file_path,
            volume=self.volume_id,
            node=NodeId(self.node_id),
            shred_key=ShredKeyId(self.shred_key),
            reason=self.reason,
            camera_clock=self._camera_clock(),
            claims=None if self.claims is None else spans_of(self.claims),
            is_thinned=self.is_thinned,
        )

    def _camera_clock(self) -> CameraClock | None:
        offset, reports, measured_at = (
            self.camera_clock_offset,
            self.camera_clock_reports,
            self.camera_clock_at,
        )
        if offset is None or reports is None or measured_at is None:
            return None
        return CameraClock(
            offset=offset,
            drift_ppm=self.camera_clock_drift_ppm,
            reports=reports,
            measured_at=measured_at.astimezone(UTC),
        )


@dataclass(frozen=True, slots=True)
class GapRow:
    """A row of gaps, as the driver gives it."""

    gap_id: UUID
    camera_id: str
    stream_id: UUID
    started_at: datetime
    ended_at: datetime | None
    cause: str
    detail: str

    def gap(self) -> Gap:
        """The same in the domain's words."""
        return Gap(
            id=GapId(self.gap_id),
            camera=CameraId(self.camera_id),
            stream=StreamId(self.stream_id),
            started_at=self.started_at.astimezone(UTC),
            ended_at=None if self.ended_at is None else self.ended_at.astimezone(UTC),
            cause=GapCause(self.cause),
            detail=self.detail,
        )


def _of_run(run: Run) -> dict[str, object]:
    return {
        "id": run.id,
        "camera": run.camera,
        "stream": run.stream,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "end_cause": run.end_cause,
        "codec": run.parameters.codec,
        "width_px": run.parameters.width_px,
        "height_px": run.parameters.height_px,
        "parameter_sets": list(run.parameters.parameter_sets),
    }


def _of_segment(segment: StoredSegment) -> dict[str, object]:
    clock = segment.camera_clock
    return {
        "id": segment.id,
        "start": segment.when.start,
        "end": segment.when.end,
        "run": segment.run,
        "camera": segment.camera,
        "stream": segment.stream,
        "role": segment.role,
        "sequence": segment.sequence,
        "data_class": segment.data_class,
        "state": segment.state,
        "volume": segment.volume,
        "path": segment.path,
        "size_bytes": segment.size_bytes,
        "fragment_count": segment.fragment_count,
        "root_digest": segment.root_digest,
        "shred_key": segment.shred_key,
        "node": segment.node,
        "clock_offset": None if clock is None else clock.offset,
        "clock_drift_ppm": None if clock is None else clock.drift_ppm,
        "clock_reports": None if clock is None else clock.reports,
        "clock_at": None if clock is None else clock.measured_at,
    }


def _of_gap(gap: Gap) -> dict[str, object]:
    return {
        "id": gap.id,
        "camera": gap.camera,
        "stream": gap.stream,
        "started_at": gap.started_at,
        "ended_at": gap.ended_at,
        "cause": gap.cause,
        "detail": gap.detail,
    }
