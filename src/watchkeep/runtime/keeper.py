"""The keeper process: roll-ups, tidying and jobs, every five seconds; beside them, in a thread, retention.

May die at any time; nothing waits for it.
"""

import logging
import signal
import threading
from datetime import timedelta

from prometheus_client import Counter, Gauge

from watchkeep.domain.errors import CatalogUnavailable, Conflict, DataLoss, Unavailable
from watchkeep.domain.event import EndReason
from watchkeep.lifecycle.event_sweeper import EventSweeper
from watchkeep.runtime.job_runner import JobRunner
from watchkeep.runtime.keeper_jobs import keeper_jobs
from watchkeep.runtime.moving import Moving
from watchkeep.runtime.sweeping import Sweeping
from watchkeep.runtime.wiring import Node
from watchkeep.storage.catalog import event_upkeep, partitions, rollups

log = logging.getLogger(__name__)

EVERY_S = 5.0
TIDY_EVERY_ROUNDS = 60
"""Every five minutes."""
JOBS_END_S = 5.0
"""How long jobs may take to end when the keeper does; what does not is begun anew after the next start."""
JOIN_S = 10.0
"""How long a sweep may take to end; it is finished after the next start."""
ORPHAN_AGE = timedelta(minutes=15)
"""An event that goes on is seen every few seconds. Nobody has followed an older one since."""
DAYS_AHEAD = 7
MOST_TURNS = 20
"""In one round, of thousands of old events each."""
MOST_REFRESHES = 20
"""In one round: a long backlog must not keep the sweep waiting."""

FORGOTTEN = Counter("watchkeep_old_events_deleted", "Events deleted by retention")
LATE = Counter("watchkeep_late_changes", "Changes of events and tracks too old to be counted in roll-ups")
KEK_AGE = Gauge("watchkeep_kek_age_seconds", "Age of the newest KEK version", multiprocess_mode="mostrecent")


class Keeper:
    """`run` is the loop; `stop` may be called from a signal handler."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._stopping = threading.Event()
        self._sweeping = Sweeping(node)
        self._event_sweeper = EventSweeper(catalog=node.catalog, volume=node.volume, fs=node.machine.fs)
        self._jobs = JobRunner(node, keeper_jobs(node, doubt=lambda: self._sweeping.doubt))
        self._moving = Moving(node, doubt=lambda: self._sweeping.doubt)

    def stop(self) -> None:
        """End the loop after the round that it is in."""
        self._stopping.set()

    def run(self) -> None:
        """Sweep, move, tidy and have jobs done until stopped."""
        sweeping = threading.Thread(
            target=self._sweeping.keep_on, args=(self._stopping.wait,), name="sweeping", daemon=True
        )
        sweeping.start()
        self._moving.start()
        rounds = 0
        while sweeping.is_alive():
            self.round(is_tidying=rounds % TIDY_EVERY_ROUNDS == 0)
            self._see_to_jobs(is_first=rounds == 0)
            rounds += 1
            if self._stopping.wait(EVERY_S):
                self._moving.stop()
                self._jobs.stop(within_s=JOBS_END_S)
                sweeping.join(JOIN_S)
                return
        # Its thread has told why; with it gone nothing would be deleted, so the whole process begins anew.
        raise RuntimeError("the sweeper has ended by itself")

    def _see_to_jobs(self, *, is_first: bool) -> None:
        try:
            self._jobs.round()
        except CatalogUnavailable as error:
            log.info("jobs wait for the database", extra={"error": str(error)})
        if is_first:
            self._jobs.start()
        if self._jobs.has_hung():
            log.error("a job does not end though its time is up; the keeper starts anew")
            # A thread cannot be ended, and the process would wait for it. Every part of us survives a kill.
            signal.raise_signal(signal.SIGKILL)

    def round(self, *, is_tidying: bool) -> None:
        """One round; a database or a disk that does not answer is tried again in the next."""
        try:
            KEK_AGE.set(self._node.keystore.kek_age().total_seconds())
            if is_tidying:
                self._tidy()
        except CatalogUnavailable as error:
            log.info("keeping waits for the database", extra={"error": str(error)})
        except (OSError, Conflict, DataLoss) as error:
            log.warning("keeping waits for the disk", extra={"error": str(error)})
        self._roll_up()

    def _roll_up(self) -> None:
        """Count anew what changed; what is left over, or fails, is taken up in the next round."""
        try:
            for _ in range(MOST_REFRESHES):
                done = rollups.refresh(self._node.catalog, at=self._node.machine.clock.now())
                LATE.inc(done.late)
                if done.is_over or not done.marks:
                    return
        except CatalogUnavailable as error:
            log.info("roll-ups wait for the database", extra={"error": str(error)})
        except Unavailable as error:
            log.warning("roll-ups wait", extra={"error": str(error)})

    def _tidy(self) -> None:
        now = self._node.machine.clock.now()
        with self._node.catalog.transaction("keeper") as connection:
            partitions.prepare(connection, today=now.date(), days_ahead=DAYS_AHEAD)
        with self._node.catalog.transaction("keeper") as connection:
            seen_before = now - ORPHAN_AGE
            event_upkeep.close_orphans(connection, seen_before=seen_before, reason=EndReason.RESTART)
        if not self._sweeping.doubt:
            FORGOTTEN.inc(self._event_sweeper.sweep(now, most_turns=MOST_TURNS))
