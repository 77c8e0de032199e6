"""What a recorder tells the catalog, as rows that can wait in the spool.

Each row says everything it knows, so that rows may arrive late, twice and in any order and still leave the
same tables behind.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NotRequired, TypedDict, cast
from uuid import UUID

from watchkeep.domain.camera import StreamRole
from watchkeep.domain.category import DataClass
from watchkeep.domain.errors import Invalid
from watchkeep.domain.ids import CameraId, GapId, NodeId, RunId, SegmentId, ShredKeyId, StreamId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import CameraClock, Codec, GapCause, VideoParameters
from watchkeep.domain.segment import Gap, Run, Segment, SegmentState


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSegment(Segment):
    """A segment with where it lies and what opens it.

    Attributes:
        volume: The volume that `path` is relative to.
        reason: Why it is doomed or lost; empty otherwise.
    """

    volume: UUID
    node: NodeId
    shred_key: ShredKeyId
    reason: str = field(default="")


@dataclass(frozen=True, slots=True)
class RunBegan:
    """A connection delivers packets."""

    run: Run


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A connection is over; the run says when and why."""

    run: Run


@dataclass(frozen=True, slots=True)
class SegmentOpened:
    """A segment's header is durable and named; said again as it grows, if wanted."""

    segment: StoredSegment


@dataclass(frozen=True, slots=True)
class SegmentClosed:
    """A segment is whole and durable, closed or recovered."""

    segment: StoredSegment


@dataclass(frozen=True, slots=True)
class GapOpened:
    """Footage is missing from an instant on. Another cause is another gap."""

    gap: Gap


@dataclass(frozen=True, slots=True)
class GapClosed:
    """A gap is over; the gap says when."""

    gap: Gap


RecorderRow = RunBegan | RunEnded | SegmentOpened | SegmentClosed | GapOpened | GapClosed


class _ClockFacts(TypedDict):
    offset_us: int
    drift_ppm: float | None
    reports: int
    measured_at: str


class _RunFacts(TypedDict):
    id: str
    camera: str
    stream: str
    started_at: str
    ended_at: str | None
    end_cause: str | None
    codec: str
    parameter_sets: list[str]
    width_px: int
    height_px: int


class _SegmentFacts(TypedDict):
    id: str
    camera: str
    stream: str
    role: str
    run: str
    sequence: int
    data_class: str
    state: str
    start: str
    end: str
    size_bytes: int
    fragment_count: int
    root_digest: str
    path: str
    volume: str
    node: str
    shred_key: str
    # A row that an older version left in the spool has none.
    camera_clock: NotRequired[_ClockFacts | None]


class _GapFacts(TypedDict):
    id: str
    camera: str
    stream: str
    started_at: str
    ended_at: str | None
    cause: str
    detail: str


def to_json(row: RecorderRow) -> str:
    """One line of JSON that `from_json` turns into an equal row."""
    return json.dumps([type(row).__name__, _facts(row)], separators=(",", ":"), ensure_ascii=False)


def from_json(text: str) -> RecorderRow:
    """The row that `to_json` wrote.

    Raises:
        Invalid: The text is no such row.
    """
    try:
        kind, facts = json.loads(text)
        match kind:
            case "RunBegan":
                return RunBegan(_run(facts))
            case "RunEnded":
                return RunEnded(_run(facts))
            case "SegmentOpened":
                return SegmentOpened(_segment(facts))
            case "SegmentClosed":
                return SegmentClosed(_segment(facts))
            case "GapOpened":
                return GapOpened(_gap(facts))
            case "GapClosed":
                return GapClosed(_gap(facts))
    except (ValueError, KeyError, TypeError) as error:
        raise Invalid("A row of the spool is not one of a recorder; it is left aside.", row=text) from error
    raise Invalid("A row of the spool is of an unknown kind; a newer version may know it.", kind=kind)


def _facts(row: RecorderRow) -> _RunFacts | _SegmentFacts | _GapFacts:
    match row:
        case RunBegan(run) | RunEnded(run):
            return _of_run(run)
        case SegmentOpened(segment) | SegmentClosed(segment):
            return _of_segment(segment)
        case GapOpened(gap) | GapClosed(gap):
            return _of_gap(gap)


def _of_run(run: Run) -> _RunFacts:
    return {
        "id": str(run.id),
        "camera": run.camera,
        "stream": str(run.stream),
        "started_at": run.started_at.isoformat(),
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
        "end_cause": run.end_cause,
        "codec": run.parameters.codec,
        "parameter_sets": [part.hex() for part in run.parameters.parameter_sets],
        "width_px": run.parameters.width_px,
        "height_px": run.parameters.height_px,
    }


def _run(facts: object) -> Run:
    known = cast("_RunFacts", facts)
    return Run(
        id=RunId(UUID(known["id"])),
        camera=CameraId(known["camera"]),
        stream=StreamId(UUID(known["stream"])),
        started_at=_instant(known["started_at"]),
        ended_at=_perhaps_instant(known["ended_at"]),
        end_cause=GapCause(known["end_cause"]) if known["end_cause"] else None,
        parameters=VideoParameters(
            codec=Codec(known["codec"]),
            parameter_sets=tuple(bytes.fromhex(part) for part in known["parameter_sets"]),
            width_px=known["width_px"],
            height_px=known["height_px"],
        ),
    )


def _of_segment(segment: StoredSegment) -> _SegmentFacts:
    return {
        "id": str(segment.id),
        "camera": segment.camera,
        "stream": str(segment.stream),
        "role": segment.role,
        "run": str(segment.run),
        "sequence": segment.sequence,
        "data_class": segment.data_class,
        "state": segment.state,
        "start": segment.when.start.isoformat(),
        "end": segment.when.end.isoformat(),
        "size_bytes": segment.size_bytes,
        "fragment_count": segment.fragment_count,
        "root_digest": segment.root_digest.hex(),
        "path": segment.path,
        "volume": str(segment.volume),
        "node": str(segment.node),
        "shred_key": segment.shred_key,
        "camera_clock": _of_clock(segment.camera_clock),
    }


def _segment(facts: object) -> StoredSegment:
    known = cast("_SegmentFacts", facts)
    return StoredSegment(
        id=SegmentId(UUID(known["id"])),
        camera=CameraId(known["camera"]),
        stream=StreamId(UUID(known["stream"])),
        role=StreamRole(known["role"]),
        run=RunId(UUID(known["run"])),
        sequence=known["sequence"],
        data_class=DataClass(known["data_class"]),
        state=SegmentState(known["state"]),
        when=Interval(_instant(known["start"]), _instant(known["end"])),
        size_bytes=known["size_bytes"],
        fragment_count=known["fragment_count"],
        root_digest=bytes.fromhex(known["root_digest"]),
        path=known["path"],
        volume=UUID(known["volume"]),
        node=NodeId(UUID(known["node"])),
        shred_key=ShredKeyId(known["shred_key"]),
        camera_clock=_clock(known.get("camera_clock")),
    )


def _of_clock(clock: CameraClock | None) -> _ClockFacts | None:
    if clock is None:
        return None
    return {
        "offset_us": clock.offset // timedelta(microseconds=1),
        "drift_ppm": clock.drift_ppm,
        "reports": clock.reports,
        "measured_at": clock.measured_at.isoformat(),
    }


def _clock(facts: _ClockFacts | None) -> CameraClock | None:
    if facts is None:
        return None
    return CameraClock(
        offset=timedelta(microseconds=facts["offset_us"]),
        drift_ppm=facts["drift_ppm"],
        reports=facts["reports"],
        measured_at=_instant(facts["measured_at"]),
    )


def _of_gap(gap: Gap) -> _GapFacts:
    return {
        "id": str(gap.id),
        "camera": gap.camera,
        "stream": str(gap.stream),
        "started_at": gap.started_at.isoformat(),
        "ended_at": gap.ended_at.isoformat() if gap.ended_at else None,
        "cause": gap.cause,
        "detail": gap.detail,
    }


def _gap(facts: object) -> Gap:
    known = cast("_GapFacts", facts)
    return Gap(
        id=GapId(UUID(known["id"])),
        camera=CameraId(known["camera"]),
        stream=StreamId(UUID(known["stream"])),
        started_at=_instant(known["started_at"]),
        ended_at=_perhaps_instant(known["ended_at"]),
        cause=GapCause(known["cause"]),
        detail=known["detail"],
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _perhaps_instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
