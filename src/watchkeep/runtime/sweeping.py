"""The keeper's sweeps: what has expired, what has no room; and what is told of them."""

import logging
from collections.abc import Callable
from datetime import datetime

from prometheus_client import Counter, Gauge

from watchkeep.domain.errors import CatalogUnavailable, WatchkeepError
from watchkeep.domain.pressure import Rung, is_warned, reserve_reached_on
from watchkeep.lifecycle.gentle_ways import GentleWays
from watchkeep.lifecycle.holds import CatalogHolds
from watchkeep.lifecycle.index_trust import IndexTrust
from watchkeep.lifecycle.ladder import SENTENCES, Ladder
from watchkeep.lifecycle.sweep import Swept
from watchkeep.lifecycle.sweeper import Sweeper
from watchkeep.lifecycle.thinner import Thinner
from watchkeep.runtime.certifying import certifier_of
from watchkeep.runtime.wiring import Node
from watchkeep.storage.catalog import keeping, retention

log = logging.getLogger(__name__)

EVERY_S = 5.0
"""Half of the ten seconds in which it must be told that nothing may go."""
MEASURE_EVERY_ROUNDS = 60
"""Every five minutes."""
QUOTA_EVERY_ROUNDS = 12
"""Once a minute: what a camera has is added up anew."""

DELETED = Counter(
    "watchkeep_segments_deleted", "Segments deleted by retention or for want of space", ["reason"]
)
DELETED_BYTES = Counter("watchkeep_deleted_bytes", "Bytes of deleted segments")
NARROWED = Counter("watchkeep_segments_narrowed", "Segments that are kept for the sake of their events only")
FREE = Gauge(
    "watchkeep_volume_free_bytes", "Free space of the footage's disk", multiprocess_mode="mostrecent"
)
RESERVE = Gauge(
    "watchkeep_volume_reserve_bytes", "Space that is to stay free", multiprocess_mode="mostrecent"
)
SHORT = Gauge(
    "watchkeep_space_is_short",
    "1 while the reserve is not free and nothing may go",
    multiprocess_mode="mostrecent",
)
INDEX_DOUBTED = Gauge(
    "watchkeep_catalog_is_doubted",
    "1 while the catalog is not the one that knew the footage, and nothing is deleted",
    multiprocess_mode="mostrecent",
)
PRESSURE = Gauge(
    "watchkeep_pressure_rung",
    "Where on the ladder the keeper stands: 0 none, 1 warned to 6 stuck",
    multiprocess_mode="mostrecent",
)


class Sweeping:
    """Sweeps once a round.

    Attributes:
        doubt: Why nothing is deleted; empty while clock and catalog are believed. Whoever else deletes asks,
            too.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self.doubt = "nobody has looked at the clock yet"
        self._rounds = 0
        self._full_on: datetime | None = None
        machine = node.machine
        self._index = IndexTrust(catalog=node.catalog, volumes=[node.volume], fs=machine.fs, rng=machine.rng)
        self._sweeper = Sweeper(
            catalog=node.catalog,
            volume=node.volume,
            fs=machine.fs,
            clock=machine.clock,
            holds=CatalogHolds(),
            certifier=certifier_of(node),
            reserve_bytes=node.settings.recording.reserve_free.of(node.volume.space().total_bytes),
            is_synchronised=node.clock_is_synchronised,
        )
        self._ladder = Ladder(
            sweeper=self._sweeper,
            ways=GentleWays(
                sweeper=self._sweeper,
                thinner=Thinner(
                    volume=node.volume, fs=machine.fs, rng=machine.rng, keys=node.keystore.find_shred_key
                ),
            ),
            rng=machine.rng,
        )

    def keep_on(self, stopping: Callable[[float], bool]) -> None:
        """Sweep until told to stop; a database or disk that does not answer is tried again in the next round.

        Args:
            stopping: Waits so many seconds; whether it was told to stop meanwhile.
        """
        while True:
            try:
                self.round()
            except CatalogUnavailable as error:
                log.info("sweeping waits for the database", extra={"error": str(error)})
            except (OSError, WatchkeepError) as error:
                log.warning("sweeping waits for the disk", extra={"error": str(error)})
            if stopping(EVERY_S):
                return

    def round(self) -> None:
        """One sweep, and room made where it is short; then it is told.

        Raises:
            CatalogUnavailable: The database does not answer.
            Unavailable: The disk refuses to delete.
            Conflict: The volume is not there, or another one is.
            OSError: The disk does not answer.
            DataLoss: The volume's stamp is damaged.
        """
        if not self._is_index_trusted():
            return
        swept = self._sweeper.sweep()
        climbed = self._ladder.climb()
        parts = [swept, climbed]
        if self._rounds % QUOTA_EVERY_ROUNDS == 0:
            parts.append(self._ladder.by_quota())
        if self._rounds % MEASURE_EVERY_ROUNDS == 0 and not swept.doubt:
            self._full_on = self._reserve_reached_on()
        if self._rounds % MEASURE_EVERY_ROUNDS == 0:
            self._index.stamp()
        self._rounds += 1
        self._count(parts)
        self._tell(swept, is_short=climbed.is_space_short)

    def _is_index_trusted(self) -> bool:
        """Whether the catalog knows the footage; by one that does not, nothing is deleted."""
        why = self._index.note()
        INDEX_DOUBTED.set(bool(why))
        if why:
            self._tell_doubt("the catalog", why)
            self._tell_room(is_stuck=True)
        return not why

    def _tell_doubt(self, what: str, why: str) -> None:
        if why and why != self.doubt:
            log.error("nothing is deleted", extra={"doubted": what, "why": why})
        self.doubt = why

    def _reserve_reached_on(self) -> datetime | None:
        plan = self._sweeper.plan(Swept())
        with self._node.catalog.transaction("keeper") as connection:
            came, goes = retention.daily_flow(connection, plan.keeps, plan.now)
        return reserve_reached_on(self._sweeper.room(), came=came, goes=goes, now=plan.now)

    def _count(self, parts: list[Swept]) -> None:
        for swept in parts:
            for reason, count in swept.reasons.items():
                DELETED.labels("age" if reason.startswith("older") else "space").inc(count)
            DELETED_BYTES.inc(swept.size_bytes)
            NARROWED.inc(swept.narrowed)
        self._tell_room()

    def _tell_room(self, *, is_stuck: bool = False) -> None:
        """Say how much room there is; where nothing may be deleted also whether it is short."""
        free_bytes = self._node.volume.space().free_bytes
        FREE.set(free_bytes)
        RESERVE.set(self._sweeper.reserve_bytes)
        if is_stuck:
            SHORT.set(free_bytes < self._sweeper.reserve_bytes)

    def _tell(self, swept: Swept, *, is_short: bool) -> None:
        now = self._node.machine.clock.now()
        rung = self._ladder.standing.rung
        if rung is Rung.NONE and is_warned(self._full_on, now):
            rung = Rung.WARNED
        SHORT.set(is_short)
        PRESSURE.set(list(Rung).index(rung))
        self._tell_doubt("the clock", swept.doubt)
        with self._node.catalog.transaction("keeper") as connection:
            keeping.put_state(
                connection,
                now,
                doubt=swept.doubt,
                pressure=rung,
                detail=SENTENCES[rung],
                full_on=self._full_on,
            )
