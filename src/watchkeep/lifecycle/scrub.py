"""Reads stored footage again before somebody needs it; mends it from a copy, or says what is lost."""

import hashlib
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from watchkeep.domain.category import DataClass
from watchkeep.domain.clock import Clock
from watchkeep.domain.errors import KeyShredded, NotFound, WatchkeepError
from watchkeep.domain.fs import File
from watchkeep.domain.ids import GapId, uuid8
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import GapCause
from watchkeep.domain.segment import Gap
from watchkeep.lifecycle.examination import Examined, examine
from watchkeep.storage.catalog import placements, recordings, scrubbing
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.placements import PlacementState
from watchkeep.storage.catalog.recorder_rows import GapClosed, StoredSegment
from watchkeep.storage.media.reader import Keys

log = logging.getLogger(__name__)

SUBJECT = "keeper"
EVERY = timedelta(days=30)
"""All bytes are read again at least so often."""
WEEK = timedelta(days=7)
"""What would be due before the next run is read in this one."""
BATCH = 50
PART_BYTES = 1 << 20
LONGEST_NAP_S = 1.0
_GOOD_COPIES = (PlacementState.PLACED, PlacementState.VERIFIED)
DETAIL = "its bytes on the disk are not what was written"

Progress = Callable[[float, str], None]
IsCancelled = Callable[[], bool]


class Store(Protocol):
    """Where segments lie, by the paths that the catalog keeps; errors are ours or OSError."""

    def require_same(self) -> None:
        """Conflict if it is not the volume any more."""
        ...

    def open(self, name: str, *, is_fresh: bool = False) -> File:
        """Open for reading, past what is remembered if fresh; NotFound if there is no such file."""
        ...

    def put(self, name: str, chunks: Iterable[bytes], size_bytes: int) -> None:
        """Write a file whole, in the place of the old one; durable on return."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrub:
    """What a scrub works on.

    Attributes:
        stores: Of the volumes that can be read now, by their ids.
        bytes_per_s: Not faster than this, so that recording has the disk.
    """

    catalog: Catalog
    stores: Mapping[UUID, Store]
    clock: Clock
    keys: Keys
    bytes_per_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Harm:
    """A segment that was found damaged, and what became of it."""

    segment: StoredSegment
    why: str
    damaged: tuple[Interval, ...]
    is_mended: bool


@dataclass(slots=True, kw_only=True)
class Scrubbed:
    """What was read, and what was found.

    Attributes:
        missing: Segments without a file on a volume that is there.
        away: Segments on volumes that are not there now; they are read when they are back.
        is_over: Whether everything due was read.
    """

    segments: int = 0
    size_bytes: int = 0
    harms: list[Harm] = field(default_factory=list)
    missing: int = 0
    away: int = 0
    is_over: bool = False


def scrub_due(
    work: Scrub,
    now: datetime,
    *,
    progress: Progress = lambda *_: None,
    is_cancelled: IsCancelled = lambda: False,
    classes: Collection[DataClass] | None = None,
    older_than: timedelta = EVERY - WEEK,
) -> Scrubbed:
    """Read all that was not read for three weeks; goes on where an earlier run was interrupted.

    Args:
        work: What it works on.
        now: The time.
        progress: Told the share that is done and what is being done.
        is_cancelled: Asked between parts.
        classes: Only these data classes; None for all.
        older_than: How long ago it must have been recorded and verified.

    Raises:
        CatalogUnavailable: The database does not answer; what was read stays noted.
    """
    before = now - older_than
    with work.catalog.transaction(SUBJECT) as connection:
        total = max(1, scrubbing.due_bytes(connection, before=before, classes=classes))
    scrubbed = Scrubbed()
    after: StoredSegment | None = None
    while not is_cancelled():
        with work.catalog.transaction(SUBJECT) as connection:
            batch = scrubbing.due_segments(connection, BATCH, before=before, after=after, classes=classes)
        if not batch:
            scrubbed.is_over = True
            break
        after = batch[-1]
        _read_all(work, batch, scrubbed, is_cancelled)
        progress(min(scrubbed.size_bytes / total, 1.0), "reading footage again")
    return scrubbed


def scrub_sample(
    work: Scrub, now: datetime, *, count: int, is_cancelled: IsCancelled = lambda: False
) -> Scrubbed:
    """Read some segments of the last day: a disk that goes bad is noticed while it still matters."""
    with work.catalog.transaction(SUBJECT) as connection:
        batch = scrubbing.sample_segments(connection, count, since=now - timedelta(days=1))
    scrubbed = Scrubbed()
    _read_all(work, batch, scrubbed, is_cancelled)
    scrubbed.is_over = not is_cancelled()
    return scrubbed


def _read_all(
    work: Scrub, batch: Sequence[StoredSegment], scrubbed: Scrubbed, is_cancelled: IsCancelled
) -> None:
    whole: list[StoredSegment] = []
    for segment in batch:
        if is_cancelled():
            break
        began = work.clock.monotonic_ns()
        examined = _read(work, segment, scrubbed)
        if examined is None:
            continue
        scrubbed.segments += 1
        scrubbed.size_bytes += segment.size_bytes
        if examined.is_whole:
            whole.append(segment)
        else:
            scrubbed.harms.append(_deal_with(work, segment, examined))
        _nap(work, began, segment.size_bytes, is_cancelled)
    with work.catalog.transaction(SUBJECT) as connection:
        scrubbing.note_verified(connection, whole, at=work.clock.now())
        for segment in whole:
            scrubbing.mend(connection, segment)


def _read(work: Scrub, segment: StoredSegment, scrubbed: Scrubbed) -> Examined | None:
    """What became of a segment's bytes; None if there are none to be read."""
    store = work.stores.get(segment.volume)
    try:
        if store is None:
            raise NotFound("its volume is not there")
        store.require_same()
    except (WatchkeepError, OSError):
        scrubbed.away += 1
        return None
    try:
        with closing(store.open(segment.path, is_fresh=True)) as file:
            return examine(file, segment.path, segment, work.keys)
    except KeyShredded:
        return None
    except NotFound:
        scrubbed.missing += 1
        return None
    except OSError as error:
        return Examined(why=f"the disk does not give it ({error.strerror})", damaged=(segment.when,))


def _deal_with(work: Scrub, segment: StoredSegment, examined: Examined) -> Harm:
    """Mend a damaged segment from a copy, or write its damage into the ledger."""
    is_mended = any(_mend(work, segment, copy, name) for copy, name in _copies(work, segment))
    now = work.clock.now()
    with work.catalog.transaction(SUBJECT) as connection:
        scrubbing.mend(connection, segment)
        if not is_mended:
            gaps = [GapClosed(_gap(segment, span)) for span in examined.damaged]
            recordings.apply(connection, gaps)
        scrubbing.note_verified(connection, [segment], at=now)
    facts = {"camera": segment.camera, "segment": str(segment.id), "why": examined.why, "mended": is_mended}
    log.error("segment is damaged", extra=facts)
    return Harm(segment=segment, why=examined.why, damaged=examined.damaged, is_mended=is_mended)


def _gap(segment: StoredSegment, span: Interval) -> Gap:
    digest = hashlib.sha256(b"damage" + segment.id.bytes + span.start.isoformat().encode()).digest()
    return Gap(
        id=GapId(uuid8(span.start, digest)),
        camera=segment.camera,
        stream=segment.stream,
        started_at=span.start,
        ended_at=span.end,
        cause=GapCause.DAMAGED,
        detail=DETAIL,
    )


def _copies(work: Scrub, segment: StoredSegment) -> Iterator[tuple[Store, str]]:
    """The copies of a segment on other volumes, as far as they can be read now."""
    with work.catalog.transaction(SUBJECT) as connection:
        found = placements.placements(connection, segment)
    for placement in found:
        store = work.stores.get(placement.volume)
        if store is not None and placement.volume != segment.volume and placement.state in _GOOD_COPIES:
            yield store, placement.path


def _mend(work: Scrub, segment: StoredSegment, copy: Store, name: str) -> bool:
    """Put a good copy in the place of a damaged file; durable when it returns True.

    The copy is verified first, and then what was written, as it lies there. Killed at any point, the damaged
    file or the whole one is there.
    """
    store = work.stores[segment.volume]
    try:
        copy.require_same()
        with closing(copy.open(name, is_fresh=True)) as source:
            if not examine(source, name, segment, work.keys).is_whole:
                return False
            size_bytes = source.size()
            parts = (source.read_at(offset, PART_BYTES) for offset in range(0, size_bytes, PART_BYTES))
            store.put(segment.path, parts, size_bytes)
        with closing(store.open(segment.path, is_fresh=True)) as written:
            return examine(written, segment.path, segment, work.keys).is_whole
    except (WatchkeepError, OSError) as error:
        log.warning("segment not mended", extra={"segment": str(segment.id), "error": str(error)})
        return False


def _nap(work: Scrub, began_ns: int, size_bytes: int, is_cancelled: IsCancelled) -> None:
    """Wait until so many bytes were allowed."""
    until_ns = began_ns + size_bytes * 1_000_000_000 // max(work.bytes_per_s, 1)
    while (left_ns := until_ns - work.clock.monotonic_ns()) > 0 and not is_cancelled():
        work.clock.sleep(min(left_ns / 1e9, LONGEST_NAP_S))
