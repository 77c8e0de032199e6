"""Makes planned copies of segments on a volume, verifies them, and lets them take the place of their source.

Order: copy → read back past the cache, every tag and the root digest → own place and doomed source in one
transaction → source deleted → its row dropped (`copies.clear_volume`). A kill anywhere leaves at least one
whole copy, named by a row, and the next try goes on from there.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo
from functools import partial

from watchkeep.domain.category import DataClass
from watchkeep.domain.clock import Clock
from watchkeep.domain.errors import (
    Conflict,
    DataLoss,
    Exhausted,
    Forbidden,
    NotFound,
    Unavailable,
    VolumeAway,
    WatchkeepError,
)
from watchkeep.domain.ids import NodeId
from watchkeep.domain.tier import Tier
from watchkeep.lifecycle.pace import Pace
from watchkeep.lifecycle.verification import verify_blob
from watchkeep.storage.blobs.store import Blobs, chunks_of
from watchkeep.storage.blobs.volumes import Volumes
from watchkeep.storage.catalog import moves
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.moves import Lease, Purpose
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.media.reader import Keys

log = logging.getLogger(__name__)

BATCH = 32
AT_ONCE = 4
LEASE = timedelta(minutes=30)
"""Longer than the longest segment takes on a slow line; it ends early when the process does."""
FIRST_REST = timedelta(seconds=30)
LONGEST_REST = timedelta(minutes=30)
SUBJECT = "mover"


@dataclass(slots=True)
class Moved:
    """What one turn did.

    Attributes:
        failures: Copies that were put off, by reason.
        stopped_by: Why the turn ended early: the volume is away or full; empty if it did not.
    """

    segments: int = 0
    size_bytes: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    stopped_by: str = ""

    def add(self, other: "Moved") -> None:
        """Count in what another did."""
        self.segments += other.segments
        self.size_bytes += other.size_bytes
        for reason, count in other.failures.items():
            self.failures[reason] = self.failures.get(reason, 0) + count
        self.stopped_by = self.stopped_by or other.stopped_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """Brings to one volume what is planned for it; `turn` is called by one thread.

    A volume that is away, slow, full or wrong ends the turn and costs its sources nothing.

    Attributes:
        volumes: Sources and target.
        keys: Opens what was copied.
        node: Whose leases they are.
        tier: That of the target: its bandwidth, its hours.
        zone: Of the site, for the hours.
        copies: How many there are to be of a class; one of those that are not named.
        is_stopping: Asked between chunks; True ends the turn.
        at_once: So many copies are made side by side: while one is synced, another is read or opened.
    """

    catalog: Catalog
    volumes: Volumes
    keys: Keys
    clock: Clock
    node: NodeId
    tier: Tier
    zone: tzinfo
    copies: Mapping[DataClass, int] = field(default_factory=dict)
    is_stopping: Callable[[], bool] = lambda: False
    at_once: int = AT_ONCE
    _pace: Pace = field(init=False)

    def __post_init__(self) -> None:
        pace = Pace(self.tier.bytes_per_second, clock=self.clock, is_stopping=self.is_stopping)
        object.__setattr__(self, "_pace", pace)

    def turn(self, target: Blobs) -> Moved:
        """Make the oldest planned copies on a volume, a batch of them.

        Raises:
            CatalogUnavailable: The database does not answer; what was copied is taken up again.
        """
        moved = Moved()
        if not self._may_run():
            return moved
        now = self.clock.now()
        with self.catalog.transaction(SUBJECT) as connection:
            leases = moves.lease(connection, target.id, self.node, now=now, until=now + LEASE, limit=BATCH)
        with ThreadPoolExecutor(self.at_once) as pool:
            for one in pool.map(partial(self._make_in_turn, target, moved), leases):
                moved.add(one)
        with self.catalog.transaction(SUBJECT) as connection:
            moves.free_leases(connection, self.node, volume=target.id)
        return moved

    def _make_in_turn(self, target: Blobs, so_far: Moved, leased: Lease) -> Moved:
        """Make one copy, unless the turn is to end."""
        one = Moved()
        if not so_far.stopped_by and not self.is_stopping() and self._may_run():
            self._make(target, leased, one)
            if one.stopped_by:
                so_far.stopped_by = one.stopped_by
        return one

    def _may_run(self) -> bool:
        return self.tier.may_move(self.clock.now().astimezone(self.zone))

    def _make(self, target: Blobs, leased: Lease, moved: Moved) -> None:
        with self.catalog.transaction(SUBJECT) as connection:
            until = self.clock.now() + LEASE
            segment = moves.leased_segment(connection, leased, self.node, until=until)
            if segment is None:
                moves.give_up_place(connection, leased)
        if segment is None:
            return  # it went meanwhile
        try:
            source = self.volumes.blobs(segment.volume)
            self._copy(source, target, segment)
        except _Stopped:
            moved.stopped_by = "the process ends"
        except _SourceFailed as failed:
            self._put_off(leased, failed.cause, moved)
        except (Unavailable, Exhausted, Conflict, Forbidden) as error:
            # Of the target, unless the source is away.
            if isinstance(error, VolumeAway):
                self._put_off(leased, error, moved)
            else:
                moved.stopped_by = str(error)
        except (WatchkeepError, OSError) as error:
            self._put_off(leased, error, moved)
        else:
            self._finish(segment, leased, moved)

    def _copy(self, source: Blobs, target: Blobs, segment: StoredSegment) -> None:
        """Copy, then read back: nothing is believed of the target but what it gives back."""
        target.put(segment.path, self._chunks(source, segment), segment.size_bytes)
        try:
            verify_blob(target, segment.path, segment, self.keys)
        except (DataLoss, NotFound) as error:
            self._blame(source, target, segment, error)

    def _chunks(self, source: Blobs, segment: StoredSegment) -> Iterator[bytes]:
        try:
            file = source.open(segment.path)
        except (WatchkeepError, OSError) as error:
            raise _SourceFailed(error) from error
        try:
            chunks = chunks_of(file)
            while chunk := _next(chunks):
                if not self._pace.take(len(chunk)):
                    raise _Stopped
                yield chunk
        finally:
            file.drop_cached()
            file.close()

    def _blame(self, source: Blobs, target: Blobs, segment: StoredSegment, error: WatchkeepError) -> None:
        """Find out which of the two is wrong. The bad copy goes; a bad source stays, and is said."""
        target.delete([segment.path])
        try:
            verify_blob(source, segment.path, segment, self.keys)
        except (WatchkeepError, OSError) as worse:
            raise _SourceFailed(worse) from worse
        raise error

    def _finish(self, segment: StoredSegment, leased: Lease, moved: Moved) -> None:
        copies = self.copies.get(segment.data_class, 1)
        with self.catalog.transaction(SUBJECT) as connection:
            if leased.purpose is Purpose.MOVE:
                is_done = moves.finish_move(connection, segment, leased, self.node, copies=copies)
            else:
                is_done = moves.finish_copy(connection, leased, self.node, now=self.clock.now())
            if not is_done:
                moves.give_up_place(connection, leased)
        if is_done:
            moved.segments += 1
            moved.size_bytes += segment.size_bytes

    def _put_off(self, leased: Lease, error: Exception, moved: Moved) -> None:
        """Try it again later, ever more rarely."""
        now = self.clock.now()
        rest = min(FIRST_REST * 2 ** min(leased.attempts, 10), LONGEST_REST)
        reason = type(error).__name__
        moved.failures[reason] = moved.failures.get(reason, 0) + 1
        facts = {"segment": str(leased.segment), "error": str(error), "attempts": leased.attempts + 1}
        log.warning("segment not moved on", extra=facts)
        with self.catalog.transaction(SUBJECT) as connection:
            moves.put_off(
                connection,
                leased,
                self.node,
                until=now + rest,
                detail=str(error),
                has_failed=True,
                may_be_there=True,
            )


class _Stopped(Exception):
    """The process is to end."""


class _SourceFailed(Exception):
    """What was to be copied could not be read whole."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


def _next(chunks: Iterator[bytes]) -> bytes:
    try:
        return next(chunks, b"")
    except (WatchkeepError, OSError) as error:
        raise _SourceFailed(error) from error
