"""The keeper's sweeps: what has expired, what has no room; and what is told of them."""

import logging
from datetime import datetime

from prometheus_client import Counter, Gauge

from watchkeep.domain.pressure import Rung, is_warned, reserve_reached_on
from watchkeep.lifecycle.certifier import PURPOSE, Certifier
from watchkeep.lifecycle.gentle_ways import GentleWays
from watchkeep.lifecycle.ladder import SENTENCES, Ladder
from watchkeep.lifecycle.sweep import Swept
from watchkeep.lifecycle.sweeper import NoHolds, Sweeper
from watchkeep.lifecycle.thinner import Thinner
from watchkeep.runtime.wiring import Node
from watchkeep.storage.catalog import keeping, retention
from watchkeep.storage.encryption.signing import Signer

log = logging.getLogger(__name__)

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
PRESSURE = Gauge(
    "watchkeep_pressure_rung",
    "Where on the ladder the keeper stands: 0 none, 1 warned to 6 stuck",
    multiprocess_mode="mostrecent",
)


class Sweeping:
    """Sweeps once a round.

    Attributes:
        doubt: Why nothing is deleted; empty while the clock is believed.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self.doubt = ""
        self._rounds = 0
        self._full_on: datetime | None = None
        machine = node.machine
        self._sweeper = Sweeper(
            catalog=node.catalog,
            volume=node.volume,
            fs=machine.fs,
            clock=machine.clock,
            holds=NoHolds(),
            certifier=Certifier(Signer(node.keystore.derive(PURPOSE)), machine.clock),
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

    def round(self, *, is_measuring: bool) -> None:
        """One sweep, and room made where it is short; then it is told.

        Args:
            is_measuring: Whether it is measured anew when the disk will be full.

        Raises:
            CatalogUnavailable: The database does not answer.
            Conflict: The volume is not there, or another one is.
            OSError: The disk does not answer.
        """
        swept = self._sweeper.sweep()
        climbed = self._ladder.climb()
        parts = [swept, climbed]
        if self._rounds % QUOTA_EVERY_ROUNDS == 0:
            parts.append(self._ladder.by_quota())
        self._rounds += 1
        if is_measuring and not swept.doubt:
            self._full_on = self._reserve_reached_on()
        self._count(parts)
        self._tell(swept, is_short=climbed.is_space_short)

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
        FREE.set(self._node.volume.space().free_bytes)
        RESERVE.set(self._sweeper.reserve_bytes)

    def _tell(self, swept: Swept, *, is_short: bool) -> None:
        now = self._node.machine.clock.now()
        rung = self._ladder.standing.rung
        if rung is Rung.NONE and is_warned(self._full_on, now):
            rung = Rung.WARNED
        SHORT.set(is_short)
        PRESSURE.set(list(Rung).index(rung))
        if swept.doubt and swept.doubt != self.doubt:
            log.error("nothing is deleted, the clock is doubted", extra={"why": swept.doubt})
        self.doubt = swept.doubt
        with self._node.catalog.transaction("keeper") as connection:
            keeping.put_state(
                connection,
                now,
                doubt=swept.doubt,
                pressure=rung,
                detail=SENTENCES[rung],
                full_on=self._full_on,
            )
