"""The keeper's threads for tiers: one plans, one for each volume does all that touches that volume.

So a volume that is slow, away or hung delays nobody but itself; the sweep of the one that is recorded to is
elsewhere.
"""

import logging
import threading
from collections.abc import Callable
from functools import partial
from zoneinfo import ZoneInfo

from prometheus_client import Counter, Gauge

from watchkeep.domain.errors import CatalogUnavailable, WatchkeepError
from watchkeep.domain.tier import Condition, Tier
from watchkeep.lifecycle.copies import clear_volume
from watchkeep.lifecycle.mover import Moved, Mover
from watchkeep.lifecycle.placing import Planner, TierPlan
from watchkeep.runtime.certifying import certifier_of
from watchkeep.runtime.tiers import plans_of, remember_volume, tiers_of
from watchkeep.runtime.wiring import Node
from watchkeep.storage.blobs.volumes import Attached, Look
from watchkeep.storage.catalog import moves, volumes
from watchkeep.storage.catalog.volumes import StoredVolume

log = logging.getLogger(__name__)

PLAN_EVERY_S = 10.0
TURN_EVERY_S = 5.0

MOVED = Counter("watchkeep_segments_moved", "Segments copied to a volume and verified there", ["volume"])
MOVED_BYTES = Counter("watchkeep_moved_bytes", "Bytes of them", ["volume"])
PUT_OFF = Counter("watchkeep_moves_put_off", "Copies that failed and are tried again", ["volume", "reason"])
IS_THERE = Gauge(
    "watchkeep_volume_is_there",
    "1 while a volume answers and is the right one",
    ["volume"],
    multiprocess_mode="mostrecent",
)
PLANNED = Gauge(
    "watchkeep_moves_planned", "Copies that are planned or under way", multiprocess_mode="mostrecent"
)


class Moving:
    """All the threads. `stop` returns when they have ended, or after a while without those that hang."""

    def __init__(self, node: Node, *, doubt: Callable[[], str]) -> None:
        """Take a node, and whom to ask why clock or catalog is doubted: nothing moves meanwhile."""
        self._node = node
        self._doubt = doubt
        self._stopping = threading.Event()
        self._planner = Planner(
            node.catalog,
            self._plans,
            clock=node.machine.clock,
            copies=node.settings.storage.copies,
        )
        tiers = {tier.name: tier for tier in tiers_of(node.settings)}
        self._workers = [
            VolumeWork(node, attached, tiers[attached.tier], self._stopping, doubt=doubt)
            for attached in node.volumes
        ]
        targets = [self._plan_on, *(worker.run for worker in self._workers)]
        self._threads = [threading.Thread(target=each, daemon=True) for each in targets]
        self._stuck: dict[str, str] = {}

    def start(self) -> None:
        """Begin; what a killed keeper of this node had leased is taken up again."""
        for thread in self._threads:
            thread.start()

    def stop(self, *, patience_s: float = 5.0) -> None:
        """End after the piece that each is at."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(patience_s)

    def _plans(self) -> list[TierPlan]:
        return plans_of(self._node.settings, self._node.volumes)

    def _plan_on(self) -> None:
        while not self._stopping.is_set():
            try:
                if not self._doubt():
                    self._plan()
            except CatalogUnavailable as error:
                log.info("planning waits for the database", extra={"error": str(error)})
            self._stopping.wait(PLAN_EVERY_S)

    def _plan(self) -> None:
        planned = self._planner.round()
        PLANNED.set(planned.under_way)
        if planned.moves or planned.copies:
            log.info("moves planned", extra={"moves": planned.moves, "copies": planned.copies})
        for tier, why in planned.stuck.items():
            if self._stuck.get(tier) != why:
                log.warning("nothing moves on", extra={"tier": tier, "why": why})
        self._stuck = planned.stuck


class VolumeWork:
    """What one thread does for one volume: looks at it, deletes what is to go, copies what is to come."""

    def __init__(
        self,
        node: Node,
        attached: Attached,
        tier: Tier,
        stopping: threading.Event,
        *,
        doubt: Callable[[], str],
    ) -> None:
        self._node = node
        self._doubt = doubt
        self._certifier = certifier_of(node)
        self._attached = attached
        self._stopping = stopping
        self._is_recorded_to = attached.id == node.volume.id
        self._seen: Condition | None = None
        self._is_freed = False
        self._mover = Mover(
            catalog=node.catalog,
            volumes=node.volumes,
            keys=node.keystore.find_shred_key,
            clock=node.machine.clock,
            node=node.id,
            tier=tier,
            zone=ZoneInfo(node.settings.site.zone),
            copies=node.settings.storage.copies,
            is_stopping=stopping.is_set,
        )

    def run(self) -> None:
        """Turn after turn until stopped; without a rest while there is something to copy."""
        while not self._stopping.is_set():
            moved = Moved()
            try:
                moved = self.turn()
            except CatalogUnavailable as error:
                log.info("a volume waits for the database", extra={"error": str(error)})
            except (OSError, WatchkeepError) as error:
                log.warning("volume waits", extra={"volume": self._attached.label, "error": str(error)})
            if not moved.segments or moved.stopped_by:
                self._stopping.wait(TURN_EVERY_S)

    def turn(self) -> Moved:
        """Look, delete, copy one batch.

        Raises:
            CatalogUnavailable: The database does not answer.
            WatchkeepError: The volume failed while it was worked on.
        """
        look = self._look()
        if self._attached.id is None or look.condition in (Condition.AWAY, Condition.WRONG):
            return Moved(stopped_by=look.detail)
        if why := self._doubt():
            return Moved(stopped_by=why)
        blobs = self._attached.blobs()
        if not self._is_freed:
            with self._node.catalog.transaction("keeper") as connection:
                moves.free_leases(connection, self._node.id, volume=blobs.id)
            self._is_freed = True
        if not self._is_recorded_to:  # there the sweep does it
            now = self._node.machine.clock.now()
            clear_volume(self._node.catalog, blobs, now=now, certify=self._certifier.certify)
        moved = self._mover.turn(blobs)
        label = self._attached.label
        MOVED.labels(label).inc(moved.segments)
        MOVED_BYTES.labels(label).inc(moved.size_bytes)
        for reason, count in moved.failures.items():
            PUT_OFF.labels(label, reason).inc(count)
        if moved.stopped_by:
            log.warning("moving waits", extra={"volume": label, "why": moved.stopped_by})
        return moved

    def _look(self) -> Look:
        """How the volume is; the catalog is told. One that was never used is taken into use if it can be."""
        node, attached = self._node, self._attached
        if attached.id is None:
            try:
                attached.claim(partial(remember_volume, node.paths, node.machine, attached.label))
            except WatchkeepError as error:
                self._tell(Look(Condition.AWAY, str(error)))
                return Look(Condition.AWAY, str(error))
        look = attached.look()
        plan = next(each for each in plans_of(node.settings, node.volumes) if each.tier.name == attached.tier)
        reserve = 0
        if look.space is not None:
            reserve = plan.margin.of(look.space.total_bytes)
            if look.condition is Condition.GOOD and look.space.free_bytes < reserve:
                look = Look(Condition.FULL, "less is free than is to stay free", look.space)
        self._tell(look)
        now = node.machine.clock.now()
        with node.catalog.transaction("keeper") as connection:
            if attached.id is not None and look.condition in (Condition.GOOD, Condition.FULL):
                volumes.put_volume(
                    connection,
                    StoredVolume(
                        id=attached.id,
                        kind=attached.kind,
                        location=attached.label,
                        tier=attached.tier,
                        reserve_bytes=reserve,
                        created_at=now,
                    ),
                )
            if attached.id is not None:
                volumes.note_seen(
                    connection, attached.id, look.condition, at=now, detail=look.detail, space=look.space
                )
        return look

    def _tell(self, look: Look) -> None:
        IS_THERE.labels(self._attached.label).set(look.condition in (Condition.GOOD, Condition.FULL))
        if look.condition is not self._seen:
            facts = {"volume": self._attached.label, "condition": look.condition.value, "detail": look.detail}
            (log.info if look.condition is Condition.GOOD else log.warning)("volume", extra=facts)
        self._seen = look.condition
