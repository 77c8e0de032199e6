"""What recorders last said of their streams and of themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from psycopg.rows import class_row

from watchkeep.domain.camera import StreamCondition, StreamState
from watchkeep.domain.ids import NodeId, StreamId
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.queries import load

_QUERIES = load("states")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """A recorder process's sign of life.

    Attributes:
        shard: Which process of the node, from 0.
        spool_rows: How many rows wait for the database.
        camera_revision: The camera plan that it works by.
    """

    node: NodeId
    seen_at: datetime
    spool_rows: int
    camera_revision: int
    shard: int = 0
    detail: str = ""


def put_stream_states(connection: Connection, states: Sequence[StreamState]) -> None:
    """Note what a recorder says of its streams; an older word does not replace a newer one."""
    if not states:
        return
    with connection.cursor() as cursor:
        cursor.executemany(_QUERIES["put_state"], [_facts(state) for state in states])


def stream_states(connection: Connection) -> dict[StreamId, StreamState]:
    """What was last said of every stream."""
    with connection.cursor(row_factory=class_row(_StateRow)) as cursor:
        states = [row.state() for row in cursor.execute(_QUERIES["states"])]
    return {state.stream: state for state in states}


def beat(connection: Connection, heartbeat: Heartbeat) -> None:
    """Note a sign of life."""
    connection.execute(
        _QUERIES["beat"],
        {
            "node": heartbeat.node,
            "shard": heartbeat.shard,
            "seen_at": heartbeat.seen_at,
            "spool_rows": heartbeat.spool_rows,
            "camera_revision": heartbeat.camera_revision,
            "detail": heartbeat.detail,
        },
    )


def heartbeats(connection: Connection) -> list[Heartbeat]:
    """The last sign of life of every recorder."""
    return [
        Heartbeat(
            node=NodeId(node),
            shard=shard,
            seen_at=seen_at.astimezone(UTC),
            spool_rows=spool_rows,
            camera_revision=camera_revision,
            detail=detail,
        )
        for node, shard, seen_at, spool_rows, camera_revision, detail in connection.execute(
            _QUERIES["heartbeats"]
        )
    ]


def bit_rates(connection: Connection) -> list[int]:
    """Bits a second of each stream that recorders are to take, as last measured; 0 where nothing came yet."""
    return [rate for (rate,) in connection.execute(_QUERIES["bit_rates"])]


def _facts(state: StreamState) -> dict[str, object]:
    return {
        "stream": state.stream,
        "condition": state.condition,
        "since": state.since,
        "detail": state.detail,
        "codec": state.codec,
        "width_px": state.width_px,
        "height_px": state.height_px,
        "frames_per_second": state.frames_per_second,
        "bits_per_second": state.bits_per_second,
        "is_clear_text": state.is_clear_text,
        "seen_at": state.seen_at,
    }


@dataclass(frozen=True, slots=True)
class _StateRow:
    stream_id: UUID
    condition: str
    since: datetime
    detail: str
    codec: str
    width_px: int
    height_px: int
    frames_per_second: float
    bits_per_second: int
    is_clear_text: bool
    seen_at: datetime

    def state(self) -> StreamState:
        return StreamState(
            stream=StreamId(self.stream_id),
            condition=StreamCondition(self.condition),
            since=self.since.astimezone(UTC),
            detail=self.detail,
            codec=self.codec,
            width_px=self.width_px,
            height_px=self.height_px,
            frames_per_second=self.frames_per_second,
            bits_per_second=self.bits_per_second,
            is_clear_text=self.is_clear_text,
            seen_at=self.seen_at.astimezone(UTC),
        )
