"""Planned copies of segments on other volumes: what is due, who makes it now, what became of it.

A move is a copy that becomes the segment's own place once it is verified; what was that is doomed then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from psycopg.rows import class_row

from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import NodeId, SegmentId
from watchkeep.domain.interval import Interval
from watchkeep.domain.segment import Segment
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.placements import PlacementState
from watchkeep.storage.catalog.queries import load
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.catalog.recordings import SegmentRow

_QUERIES = load("moves")


class Purpose(StrEnum):
    """What a copy is made for."""

    MOVE = "move"
    COPY = "copy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to make a copy onto a volume, for a while.

    Attributes:
        start: The segment's start; part of its key.
        attempts: How often it failed before.
    """

    segment: SegmentId
    start: datetime
    volume: UUID
    purpose: Purpose
    attempts: int


def on_volumes(
    connection: Connection, volumes: Sequence[UUID], *, before: datetime, limit: int
) -> list[StoredSegment]:
    """The oldest finished segments on some volumes that ended by an instant and are not on the move."""
    facts = {"volumes": list(volumes), "before": before, "limit": limit}
    return _segments(connection, "on_volumes", facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyRule:
    """How many copies there are to be of some segments, and where.

    Attributes:
        volumes: Where their own place is.
        among: Where the other copies are to be.
        copies: How many, the own place too.
    """

    data_class: DataClass
    volumes: Sequence[UUID]
    among: Sequence[UUID]
    copies: int

    def facts(self, when: Interval) -> dict[str, object]:
        """For the queries."""
        return {
            "data_class": self.data_class,
            "volumes": list(self.volumes),
            "among": list(self.among),
            "copies": self.copies,
            "from": when.start,
            "before": when.end,
        }


def lacking_copies(
    connection: Connection, rule: CopyRule, *, when: Interval, limit: int
) -> list[StoredSegment]:
    """The oldest finished segments that began in a span and have, or will have, fewer copies than that."""
    return _segments(connection, "lacking_copies", {**rule.facts(when), "limit": limit})


def doom_spare_copies(connection: Connection, rule: CopyRule, *, when: Interval) -> int:
    """Doom copies elsewhere of segments that began in a span and have enough where they are to be."""
    return connection.execute(_QUERIES["doom_spare_copies"], rule.facts(when)).rowcount


def volumes_of(connection: Connection, segment: Segment) -> set[UUID]:
    """The volumes that have a copy of a segment, or will, beside its own place."""
    facts = {"segment": segment.id, "start": segment.when.start}
    return {row[0] for row in connection.execute(_QUERIES["volumes_of"], facts)}


def want(connection: Connection, segment: Segment, volume: UUID, purpose: Purpose) -> bool:
    """Plan a copy; False if the segment went meanwhile, or is or will be there anyway."""
    facts = {"segment": segment.id, "start": segment.when.start, "volume": volume, "purpose": purpose}
    return connection.execute(_QUERIES["want"], facts).rowcount == 1


def lease(
    connection: Connection, volume: UUID, node: NodeId, *, now: datetime, until: datetime, limit: int
) -> list[Lease]:
    """Take the oldest planned copies onto a volume; nobody else makes them before `until`."""
    facts = {"volume": volume, "node": node, "now": now, "until": until, "limit": limit}
    found = [
        Lease(
            segment=SegmentId(segment),
            start=start.astimezone(UTC),
            volume=volume,
            purpose=Purpose(purpose),
            attempts=attempts,
        )
        for segment, start, purpose, attempts in connection.execute(_QUERIES["lease"], facts)
    ]
    return sorted(found, key=lambda each: (each.start, each.segment))


def leased_segment(
    connection: Connection, leased: Lease, node: NodeId, *, until: datetime
) -> StoredSegment | None:
    """The segment to be copied, its lease prolonged; None if it went, or the lease is another's by now."""
    found = _segments(connection, "leased_segment", {**_key(leased), "node": node, "until": until})
    return found[0] if found else None


def free_leases(connection: Connection, node: NodeId, *, volume: UUID | None = None) -> int:
    """Let go of what this node had taken, onto a volume or all; to be called when nobody is at it."""
    return connection.execute(_QUERIES["free_leases"], {"node": node, "volume": volume}).rowcount


def finish_move(
    connection: Connection, segment: StoredSegment, leased: Lease, node: NodeId, *, copies: int
) -> bool:
    """Make a verified copy the segment's own place, and doom the place before.

    Args:
        connection: An open transaction.
        segment: As it was when it was copied.
        leased: The right to it.
        node: Who has it.
        copies: How many there are to be of its class; the place before stays as one while they lack.

    Returns:
        False if the segment went, or the lease did: then the copy is nobody's and to be removed.
    """
    return _move(connection, "finish_move", segment, {**_key(leased), "node": node, "copies": copies})


def finish_copy(connection: Connection, leased: Lease, node: NodeId, *, now: datetime) -> bool:
    """Note a verified copy that stays beside the own place; False as for `finish_move`."""
    facts = {**_key(leased), "node": node, "now": now}
    return connection.execute(_QUERIES["finish_copy"], facts).rowcount == 1


def swap(connection: Connection, segment: StoredSegment, volume: UUID, *, copies: int) -> bool:
    """Make a copy that is verified already the own place; False if there is none."""
    facts = {"segment": segment.id, "start": segment.when.start, "volume": volume, "copies": copies}
    return _move(connection, "swap", segment, facts)


def plan_anew(connection: Connection, volume: UUID) -> int:
    """Forget what is planned for a volume and was not begun; returns how many."""
    return connection.execute(_QUERIES["plan_anew"], {"volume": volume}).rowcount


def put_off(
    connection: Connection,
    leased: Lease,
    node: NodeId,
    *,
    until: datetime | None,
    detail: str = "",
    has_failed: bool = False,
    may_be_there: bool = False,
) -> None:
    """Let go of a copy for now.

    Args:
        connection: An open transaction.
        leased: Which.
        node: Who has it.
        until: When it may be tried again; None for at once.
        detail: What hinders it.
        has_failed: Whether that counts as a try.
        may_be_there: Whether some of it may lie on the volume.
    """
    facts = {
        **_key(leased),
        "node": node,
        "not_before": until,
        "detail": detail,
        "tries": int(has_failed),
        "state": PlacementState.COPYING if may_be_there else PlacementState.WANTED,
    }
    connection.execute(_QUERIES["put_off"], facts)


def give_up_place(connection: Connection, leased: Lease) -> None:
    """Doom a copy that nobody wants any more; its blob, if there is one, goes with the next deletion."""
    connection.execute(_QUERIES["give_up_place"], _key(leased))


def _key(leased: Lease) -> dict[str, object]:
    return {"segment": leased.segment, "start": leased.start, "volume": leased.volume}


def _move(connection: Connection, query: str, segment: StoredSegment, facts: Mapping[str, object]) -> bool:
    text = _QUERIES["finish_move"] if query == "finish_move" else _QUERIES["swap"]
    place = {"source": segment.volume, "source_path": segment.path, "path": segment.path}
    return connection.execute(text, {**facts, **place}).rowcount == 1


def _segments(connection: Connection, query: str, facts: Mapping[str, object]) -> list[StoredSegment]:
    with connection.cursor(row_factory=class_row(SegmentRow)) as cursor:
        return [row.segment() for row in cursor.execute(_QUERIES[query], facts)]
