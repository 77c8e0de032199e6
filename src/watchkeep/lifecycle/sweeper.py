"""Deletes what has expired, and makes room when space is short; never what is held. Acts on verdicts only.

Order: row marked doomed → file unlinked → directory synced → row dropped, with a certificate. A crash
anywhere is finished by the next sweep.
"""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from watchkeep.domain.adopted import adopted_place
from watchkeep.domain.clock import Clock
from watchkeep.domain.clock_doubt import ClockFacts, Sighting, doubt
from watchkeep.domain.fs import Fs
from watchkeep.domain.interval import Interval
from watchkeep.domain.pressure import Room
from watchkeep.domain.retention import Claim, Hold, Shortage, Verdict, judge
from watchkeep.domain.segment import Segment, SegmentState
from watchkeep.lifecycle.certifier import Certifier
from watchkeep.lifecycle.copies import clear_volume, forget_adopted
from watchkeep.lifecycle.sweep import SUBJECT, Memory, Plan, Swept, doom
from watchkeep.storage.blobs.disk import DiskBlobs
from watchkeep.storage.catalog import footage, keeping, policies, retention
from watchkeep.storage.catalog.connection import Catalog, Connection
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.catalog.retention import Limits
from watchkeep.storage.media.volume import Volume

log = logging.getLogger(__name__)

BATCH = 200
"""Of each camera and class at once."""


class Holds(Protocol):
    """Says which spans are held."""

    def standing(self, connection: Connection, *, at: datetime) -> Collection[Hold]:
        """All orders that stand at an instant; none begins or changes until the transaction ends."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweeper:
    """What a sweep works on.

    Attributes:
        reserve_bytes: Space that is to stay free on the volume.
        is_synchronised: Asks the system of its clock; None where it does not know.
    """

    catalog: Catalog
    volume: Volume
    fs: Fs
    clock: Clock
    holds: Holds
    certifier: Certifier
    reserve_bytes: int
    is_synchronised: Callable[[], bool | None] = lambda: None
    memory: Memory = field(default_factory=Memory)

    def sweep(self) -> Swept:
        """Finish earlier deletions, then delete what is due; durable on return. Makes no room: see `Ladder`.

        Raises:
            CatalogUnavailable: The database does not answer; what is doomed is finished next time.
            Conflict: The volume is not there, or another one is. Nothing was dropped.
        """
        swept = Swept()
        self.volume.require_same()
        self._finish()
        plan = self.plan(swept)
        if not swept.doubt:
            self._by_age(swept, plan)
        return swept

    def plan(self, swept: Swept) -> Plan:
        """Read the policies, and say in `swept` whether the clock is doubted."""
        now, monotonic_ns = self.clock.now(), self.clock.monotonic_ns()
        with self.catalog.transaction(SUBJECT) as connection:
            book = policies.read(connection)
            if self.memory.is_stale(now, monotonic_ns):
                there = footage.cameras_with_footage(connection)
                self.memory.fronts = retention.fronts(connection, there)
                self.memory.looked = Sighting(now, monotonic_ns)
            keeps = {camera: book.keeps(camera) for camera, _ in self.memory.fronts}
            state = keeping.state(connection)
            facts = ClockFacts(
                now=now,
                monotonic_ns=monotonic_ns,
                newest=keeping.newest_ahead(connection, now),
                last=self.memory.last,
                seen_at=None if state is None else state.seen_at,
                is_synchronised=self.is_synchronised(),
                trusted_at=None if state is None else state.trusted_at,
            )
        swept.doubt = doubt(facts)
        if not swept.doubt:
            self.memory.last = Sighting(now, monotonic_ns)
        return Plan(now, book, keeps)

    def room(self) -> Room:
        """Room on the volume, which was looked at to be the right one.

        Raises:
            Conflict: It is not there, or another one is: it would be the room of what it was mounted on.
        """
        self.volume.require_same()
        return Room(free=self.volume.space().free_bytes, reserve=self.reserve_bytes)

    def _by_age(self, swept: Swept, plan: Plan) -> None:
        limits = Limits.by_age(plan.keeps, plan.now, self.memory.fronts)
        most = BATCH
        while True:
            before = swept.segments + swept.narrowed
            with self.catalog.transaction(SUBJECT) as connection:
                holds = self.holds.standing(connection, at=plan.now)
                found = retention.due(connection, limits, holds, most=most)
                self._act(connection, swept, found, plan, holds)
            if not _is_full(found, most):
                break
            # What is held in part stays in front of the rest: look further.
            most = BATCH if swept.segments + swept.narrowed > before else 2 * most
            self._finish()
        if swept.segments:
            self._finish()
            log.info(
                "footage deleted", extra={"segments": swept.segments, "reasons": "; ".join(swept.reasons)}
            )

    def _act(
        self,
        connection: Connection,
        swept: Swept,
        found: Sequence[StoredSegment],
        plan: Plan,
        holds: Collection[Hold],
    ) -> None:
        """Doom what has expired, and narrow what is left to its events."""
        narrowed: list[tuple[Segment, Verdict]] = []
        going: list[tuple[Segment, str]] = []
        for segment, verdict in self.judged(connection, found, plan, holds):
            if verdict.is_expired:
                going.append((segment, verdict.reason))
            elif verdict.narrows(segment):
                narrowed.append((segment, verdict))
        retention.narrow(connection, narrowed)
        self.memory.note(narrowed)
        swept.narrowed += len(narrowed)
        doom(connection, swept, going, at=plan.now)

    def judged(
        self,
        connection: Connection,
        found: Sequence[StoredSegment],
        plan: Plan,
        holds: Collection[Hold],
        *,
        shortage: Shortage | None = None,
    ) -> list[tuple[StoredSegment, Verdict]]:
        """The verdict on each."""
        claims = retention.claims(connection, found, plan.keeps)
        return [
            (
                segment,
                judge(
                    segment,
                    keeps=plan.keeps[segment.camera],
                    claims=_touching(segment.when, claims.get(segment.camera, ())),
                    holds=holds,
                    now=plan.now,
                    shortage=shortage,
                ),
            )
            for segment in found
        ]

    def make_room(
        self, swept: Swept, plan: Plan, limits: Limits, *, missing_bytes: int, why: Shortage
    ) -> int:
        """Delete what would expire soonest until so many bytes are free.

        Args:
            swept: Told what went.
            plan: What to go by; the clock must be believed.
            limits: Of what.
            missing_bytes: How many.
            why: The reason that is given for what has not expired.

        Returns:
            How many bytes were freed; less when nothing more may go.
        """
        freed, most = 0, BATCH
        while freed < missing_bytes:
            with self.catalog.transaction(SUBJECT) as connection:
                holds = self.holds.standing(connection, at=plan.now)
                found = retention.due(connection, limits, holds, most=most)
                by_itself = [verdict for _, verdict in self.judged(connection, found, plan, holds)]
                if_short = self.judged(connection, found, plan, holds, shortage=why)
                going: list[tuple[Segment, str]] = []
                soonest = sorted(
                    zip(by_itself, if_short, strict=True), key=lambda each: _until(each[0], plan.now)
                )
                for _, (segment, verdict) in soonest:
                    if freed >= missing_bytes:
                        break
                    if verdict.is_expired and not adopted_place(segment.path):  # that takes no room of ours
                        going.append((segment, verdict.reason))
                        freed += 0 if segment.state is SegmentState.LOST else segment.size_bytes
                doomed = doom(connection, swept, going, at=plan.now)
            self._finish()
            if not doomed and not _is_full(found, most):
                break
            most = BATCH if doomed else 2 * most
        return freed

    def finish(self) -> None:
        """Take out what is doomed already; durable on return."""
        self._finish()

    def _finish(self) -> None:
        """Delete what is doomed on this volume; each other volume has a thread of its own for that."""
        blobs = DiskBlobs(self.volume, fs=self.fs)
        clear_volume(self.catalog, blobs, now=self.clock.now(), certify=self.certifier.certify)
        forget_adopted(self.catalog)


def _touching(when: Interval, claims: Collection[Claim]) -> list[Claim]:
    return [claim for claim in claims if claim.when.overlaps(when)]


def _until(verdict: Verdict, now: datetime) -> datetime:
    """When it would go by itself; what a hold keeps has no such time and comes last."""
    if verdict.is_expired:
        return now
    return verdict.until or datetime.max.replace(tzinfo=now.tzinfo)


def _is_full(found: Sequence[StoredSegment], most: int) -> bool:
    """Whether there may be more of a camera and class than were asked for."""
    return most in Counter((segment.camera, segment.data_class) for segment in found).values()
