"""The audit: entries are only ever added, each chained to the one before."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from watchkeep.domain.audit import AuditEntry, AuditFilter, chain
from watchkeep.domain.errors import Tampered
from watchkeep.domain.ids import CameraId
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.queries import load

_QUERIES = load("audit")
_ZEROS = bytes(32)


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Entries newest first, and where to go on; `next` is None at the end."""

    items: tuple[AuditEntry, ...]
    next: int | None


def append(connection: Connection, entry: AuditEntry, *, camera: CameraId | None = None) -> None:
    """Add an entry; durable when the transaction is.

    Holds up others who add until this transaction ends: to be called last in it.

    Args:
        connection: An open transaction as writer or auditor.
        entry: What was done or refused.
        camera: The camera it was about, to find it by; not part of the chain.
    """
    connection.execute(_QUERIES["lock"])
    head = connection.execute(_QUERIES["head"]).fetchone()
    sequence, previous = (0, _ZEROS) if head is None else (head[0], bytes(head[1]))
    connection.execute(
        _QUERIES["append"],
        {
            "sequence": sequence + 1,
            "id": entry.id,
            "at": entry.at,
            "subject": entry.subject,
            "address": entry.address,
            "action": entry.action,
            "target": entry.target,
            "camera": camera,
            "outcome": entry.outcome,
            "reason": entry.reason,
            "facts": Jsonb(entry.facts),
            "previous": previous,
            "digest": chain(previous, entry),
        },
    )


def read(
    connection: Connection, wanted: AuditFilter | None = None, *, cursor: int | None = None, limit: int = 100
) -> AuditPage:
    """Entries newest first.

    Args:
        connection: An open transaction as writer.
        wanted: Which entries; all by default.
        cursor: `next` of the page before.
        limit: At most so many.
    """
    wanted = wanted or AuditFilter()
    facts = {
        "before": cursor,
        "subject": wanted.subject,
        "camera": wanted.camera,
        "start": wanted.start,
        "end": wanted.end,
        "limit": limit + 1,
    }
    with connection.cursor(row_factory=class_row(_EntryRow)) as rows:
        found = rows.execute(_QUERIES["read"], facts).fetchall()
    items = tuple(row.entry() for row in found[:limit])
    return AuditPage(items, found[limit - 1].sequence if len(found) > limit else None)


def verify(connection: Connection) -> int:
    """Check every entry against the chain; returns how many there are.

    The first entry that is kept vouches for those before it that have expired.

    Raises:
        Tampered: An entry was altered, removed from between or put in.
    """
    count = 0
    expected: tuple[int, bytes] | None = None
    for row in _chained(connection):
        previous = bytes(row.previous)
        is_next = expected is None or (row.sequence, previous) == expected
        if expected is None and row.sequence == 1:
            is_next = previous == _ZEROS
        if not is_next or bytes(row.digest) != chain(previous, row.entry()):
            raise Tampered(
                f"Audit entry {row.sequence} is not what was written; compare with the last good backup.",
                sequence=row.sequence,
            )
        expected = (row.sequence + 1, bytes(row.digest))
        count += 1
    return count


def _chained(connection: Connection) -> Iterator["_ChainRow"]:
    # A named cursor reads in steps: the audit of a year does not fit in memory.
    with connection.cursor(name="audit_chain", row_factory=class_row(_ChainRow)) as rows:
        rows.itersize = 2000
        yield from rows.execute(_QUERIES["chain"])


@dataclass(frozen=True, slots=True)
class _EntryRow:
    sequence: int
    entry_id: UUID
    at: datetime
    subject: str
    address: str
    action: str
    target: str
    outcome: str
    reason: str
    facts: dict[str, str]

    def entry(self) -> AuditEntry:
        return AuditEntry(
            id=self.entry_id,
            at=self.at.astimezone(UTC),
            subject=self.subject,
            address=self.address,
            action=self.action,
            target=self.target,
            outcome=self.outcome,
            reason=self.reason,
            facts=self.facts,
        )


@dataclass(frozen=True, slots=True)
class _ChainRow(_EntryRow):
    previous: bytes
    digest: bytes
