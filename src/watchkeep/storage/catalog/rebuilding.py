"""Takes footage into the catalog that is known from its files only, many rows at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import LiteralString

import psycopg
from psycopg.rows import TupleRow

from watchkeep.domain.camera import StreamRole
from watchkeep.domain.ids import CameraId, SegmentId, StreamId
from watchkeep.domain.interval import Interval
from watchkeep.domain.segment import Run
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.queries import load
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.catalog.recordings import make_partitions

_QUERIES = load("rebuilding")
DELETED = "deleted"
"""The state of a segment of which only the tombstone is left."""
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def known_of_day(connection: Connection, camera: CameraId, day: date) -> Mapping[SegmentId, str]:
    """The states of a camera's segments that began on a UTC day; `DELETED` if only a tombstone is left."""
    start = datetime.combine(day, time(), UTC)
    facts = {"camera": camera, "start": start, "end": start + timedelta(days=1)}
    return {SegmentId(each): state for each, state in connection.execute(_QUERIES["known_of_day"], facts)}


def encode_found(segment: StoredSegment) -> bytes:
    """A found segment as a line for `put_found`; made where the file was read, in a process of its own."""
    clock = segment.camera_clock
    fields = (
        str(segment.id),
        segment.when.start.isoformat(),
        segment.when.end.isoformat(),
        str(segment.run),
        segment.camera,
        str(segment.stream),
        segment.role.value,
        str(segment.sequence),
        segment.data_class.value,
        segment.state.value,
        str(segment.volume),
        segment.path.translate(_ESCAPES),
        str(segment.size_bytes),
        str(segment.fragment_count),
        f"\\\\x{segment.root_digest.hex()}",
        segment.shred_key.translate(_ESCAPES),
        str(segment.node),
        "\\N" if clock is None else f"{clock.offset // timedelta(microseconds=1)} microseconds",
        "\\N" if clock is None or clock.drift_ppm is None else repr(clock.drift_ppm),
        "\\N" if clock is None else str(clock.reports),
        "\\N" if clock is None else clock.measured_at.isoformat(),
    )
    return ("\t".join(fields) + "\n").encode()


def put_found(
    connection: Connection, lines: Sequence[bytes], *, runs: Iterable[Run], days: Iterable[date]
) -> int:
    """Take in found segments and their runs; those that are known, doomed or deleted stay as they are.

    Args:
        connection: The transaction; at most one call in each.
        lines: Of `encode_found`.
        runs: Of these segments, with the bounds that they show.
        days: The UTC days on which they begin.

    Returns:
        How many rows were added or came back.
    """
    if not lines:
        return 0
    make_partitions(connection, days)
    with connection.cursor() as cursor:
        cursor.executemany(_QUERIES["put_found_run"], [_of_run(run) for run in runs])
        try:
            with connection.transaction():
                return _copy(cursor, _QUERIES["copy_new"], lines)
        except psycopg.errors.UniqueViolation:
            # Some are known, as lost or open, or came meanwhile: a third slower, and right for all.
            cursor.execute(_QUERIES["make_found"])
            _copy(cursor, _QUERIES["copy_found"], lines)
            return cursor.execute(_QUERIES["put_found"]).rowcount


def _copy(cursor: psycopg.Cursor[TupleRow], query: LiteralString, lines: Sequence[bytes]) -> int:
    with cursor.copy(query) as copy:
        copy.write(b"".join(lines))
    return cursor.rowcount


@dataclass(frozen=True, slots=True)
class FootageOfStream:
    """A stream that has footage, and from when to when."""

    stream: StreamId
    role: StreamRole
    when: Interval


def streams_of(connection: Connection, camera: CameraId) -> list[FootageOfStream]:
    """The streams of which a camera has footage, that with the newest last."""
    rows = connection.execute(_QUERIES["streams_of"], {"camera": camera})
    return [
        FootageOfStream(
            StreamId(stream), StreamRole(role), Interval(start.astimezone(UTC), end.astimezone(UTC))
        )
        for stream, role, start, end in rows
    ]


def explain_holes(connection: Connection, stream: StreamId, when: Interval) -> int:
    """Write down why footage is missing between a stream's segments; returns how many gaps."""
    facts = {"stream": stream, "start": when.start, "end": when.end}
    return connection.execute(_QUERIES["explain_holes"], facts).rowcount


def _of_run(run: Run) -> dict[str, object]:
    return {
        "id": run.id,
        "camera": run.camera,
        "stream": run.stream,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "codec": run.parameters.codec,
        "width_px": run.parameters.width_px,
        "height_px": run.parameters.height_px,
        "parameter_sets": list(run.parameters.parameter_sets),
    }
