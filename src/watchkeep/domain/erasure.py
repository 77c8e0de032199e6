"""Erasing a span on purpose: what goes, what of a segment at its edges stays, what is remembered for ever."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import NewType, Protocol
from uuid import UUID

from watchkeep.domain.ids import CameraId, ShredKeyId
from watchkeep.domain.interval import Interval

ErasureId = NewType("ErasureId", UUID)


class ErasureState(StrEnum):
    """How far an erasure is."""

    ORDERED = "ordered"
    """To be carried out; taken up again after a kill."""
    DONE = "done"
    REFUSED = "refused"
    """A hold came before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """An order to erase a span of some cameras.

    Attributes:
        reason: Why, in a person's words: the case, the request.
        told: What came of it, or what it waits for; may be empty.
        receipt: Canonical bytes of the signed receipt; empty until it is done.
    """

    id: ErasureId
    cameras: tuple[CameraId, ...]
    when: Interval
    reason: str
    asked_by: str
    asked_at: datetime
    state: ErasureState
    told: str = ""
    done_at: datetime | None = None
    receipt: bytes = b""


@dataclass(frozen=True, slots=True)
class ErasedKey:
    """What of a shred key's things was erased.

    Attributes:
        day: The UTC day that the key belongs to.
        things: Ids of segments and of events with a picture; None: everything that the key ever sealed.
    """

    id: ShredKeyId
    day: date
    things: frozenset[UUID] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One erasure as the ledger remembers it: random ids, days and a span, nothing of a person."""

    erasure: ErasureId
    at: datetime
    when: Interval
    keys: tuple[ErasedKey, ...]


class Stretch(Protocol):
    """What is asked of a fragment's mark."""

    @property
    def when(self) -> Interval:
        """Its span."""
        ...

    @property
    def starts_with_key(self) -> bool:
        """Whether a decoder can start there."""
        ...


def remainders(marks: Sequence[Stretch], when: Interval) -> list[range]:
    """Which fragments of a segment stay when a span is erased: those before it, and those after it.

    A fragment that the span touches goes whole. Behind the span the next key picture is the first to stay:
    what lies between cannot be shown without what was erased.

    Returns:
        Numbers of fragments; nothing, one or two stretches.
    """
    before = next((number for number, mark in enumerate(marks) if mark.when.end > when.start), len(marks))
    after = next(
        (number for number, mark in enumerate(marks) if mark.when.start >= when.end and mark.starts_with_key),
        len(marks),
    )
    return [stretch for stretch in (range(before), range(max(before, after), len(marks))) if stretch]


def days_of(when: Interval) -> list[date]:
    """The UTC days that a span touches; also the one before, whose last segment may reach into it."""
    first = (when.start - timedelta(minutes=5)).date()
    last = (when.end - timedelta(microseconds=1)).date()
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def is_whole_day(day: date, when: Interval) -> bool:
    """Whether a span holds the whole of a UTC day."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return when.start <= start and start + timedelta(days=1) <= when.end
