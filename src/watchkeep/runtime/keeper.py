"""The keeper process: retention, roll-ups and tidying, every five seconds.

May die at any time; nothing waits for it.
"""

import logging
import threading
from datetime import date, timedelta

from prometheus_client import Counter, Gauge

from watchkeep.domain.errors import CatalogUnavailable, Conflict, Unavailable
from watchkeep.domain.event import EndReason
from watchkeep.lifecycle.event_sweeper import EventSweeper
from watchkeep.lifecycle.picture_sweeper import PictureSweeper
from watchkeep.runtime.sweeping import Sweeping
from watchkeep.runtime.wiring import Node
from watchkeep.storage.catalog import event_upkeep, footage, hours, outbox, partitions, rollups, sessions

log = logging.getLogger(__name__)

EVERY_S = 5.0
"""Half of the ten seconds in which it must be told that nothing may go."""
TIDY_EVERY_ROUNDS = 60
"""Every five minutes."""
OUTBOX_AGE = timedelta(days=1)
"""A page that was away for longer loads everything anew."""
ATTEMPTS_AGE = timedelta(days=1)
TOMBSTONE_AGE = timedelta(days=400)
"""Why something was deleted can be asked for as long as the audit is kept, and a month more."""
CAME_AGE = timedelta(days=75)
"""The forecast looks ten weeks back."""
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
        self._picture_sweeper = PictureSweeper(catalog=node.catalog, volume=node.volume, fs=node.machine.fs)
        self._pictures_swept: date | None = None

    def stop(self) -> None:
        """End the loop after the round that it is in."""
        self._stopping.set()

    def run(self) -> None:
        """Sweep and tidy until stopped."""
        rounds = 0
        while True:
            self.round(is_tidying=rounds % TIDY_EVERY_ROUNDS == 0)
            rounds += 1
            if self._stopping.wait(EVERY_S):
                return

    def round(self, *, is_tidying: bool) -> None:
        """One sweep; a database or a disk that does not answer is tried again in the next."""
        try:
            self._sweeping.round(is_measuring=is_tidying)
            KEK_AGE.set(self._node.keystore.kek_age().total_seconds())
            if is_tidying:
                self._tidy()
        except CatalogUnavailable as error:
            log.info("keeping waits for the database", extra={"error": str(error)})
        except (OSError, Conflict) as error:
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
            sessions.forget_sessions(connection, now=now)
            sessions.forget_attempts(connection, before=now - ATTEMPTS_AGE)
            outbox.forget(connection, before=now - OUTBOX_AGE)
            footage.forget_tombstones(connection, before=now - TOMBSTONE_AGE)
            hours.forget_hours(connection, before=now - CAME_AGE)
            if not self._sweeping.doubt:
                rollups.forget(connection, now=now)
        with self._node.catalog.transaction("keeper") as connection:
            seen_before = now - ORPHAN_AGE
            event_upkeep.close_orphans(connection, seen_before=seen_before, reason=EndReason.RESTART)
        if not self._sweeping.doubt:
            FORGOTTEN.inc(self._event_sweeper.sweep(now, most_turns=MOST_TURNS))
            if self._pictures_swept != now.date():
                # Once a day: it looks at every picture that there is.
                self._picture_sweeper.sweep(now)
                self._pictures_swept = now.date()
