"""The keeper's calendar: a duty that is due runs on a thread of its own; the sweep never waits for it."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from prometheus_client import Counter, Gauge

from watchkeep.application.house import House
from watchkeep.application.upkeep import Upkeep, audit_archive, clean_up, scrub_and_put_aside
from watchkeep.domain.errors import WatchkeepError
from watchkeep.domain.upkeep import Duty, due_duties
from watchkeep.lifecycle.scrub import Scrubbed
from watchkeep.runtime.wiring import Node
from watchkeep.storage.catalog import settings

log = logging.getLogger(__name__)

RUNS = Counter("watchkeep_duties", "Runs of the calendar's duties", ["duty", "outcome"])
PROGRESS = Gauge(
    "watchkeep_duty_progress", "How far a duty is, 0 to 1", ["duty"], multiprocess_mode="mostrecent"
)
SCRUBBED = Counter("watchkeep_scrubbed_bytes", "Bytes of footage read again")
HARMS = Counter("watchkeep_damaged_segments", "Segments found damaged", ["outcome"])
DUTIES: dict[Duty, Callable[[Upkeep, datetime], str]] = {
    Duty.TEMPORARY_FILES: clean_up,
    Duty.SCRUB: scrub_and_put_aside,
    Duty.ARCHIVE: audit_archive,
}
RETRY_S = 3600.0
"""A duty that failed is due still; what keeps it may pass."""
STOP_S = 5.0
"""A duty looks for its end between two files."""


class Calendar:
    """Runs what is due, one after the other; a missed run is made up once, a failed one is tried again."""

    def __init__(self, node: Node, house: House, *, since: datetime) -> None:
        self._node = node
        self._house = house
        self._since = since
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def look(self, *, is_clock_trusted: bool) -> None:
        """Begin what is due, unless a duty runs.

        Raises:
            CatalogUnavailable: The database does not answer.
        """
        if not is_clock_trusted or (self._thread is not None and self._thread.is_alive()):
            return
        due = due_duties(self._last(), self._node.machine.clock.now(), since=self._since)
        if due:
            self._thread = threading.Thread(target=self._run, args=(due[0],), name="upkeep", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the duty that runs; it is made up later, and goes on where it was."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(STOP_S)

    def run(self, duty: Duty) -> str:
        """Do a duty now and say what came of it; that it was done is noted unless it was cancelled.

        Raises:
            WatchkeepError: What kept it from its end, as one sentence.
        """
        now = self._node.machine.clock.now()
        gauge = PROGRESS.labels(duty)
        upkeep = Upkeep(
            house=self._house,
            bytes_per_s=self._node.settings.upkeep.scrub_mb_per_s * 1_000_000,
            folders=self._folders(),
            progress=lambda share, _: gauge.set(share),
            is_cancelled=self._stopping.is_set,
            count=_count,
        )
        outcome = DUTIES[duty](upkeep, now)
        if not self._stopping.is_set():
            self._note(duty, now)
        return outcome

    def _run(self, duty: Duty) -> None:
        try:
            outcome = self.run(duty)
        except (WatchkeepError, OSError) as error:
            RUNS.labels(duty, "failed").inc()
            log.warning("duty failed", extra={"duty": duty, "error": str(error)})
            self._stopping.wait(RETRY_S)
            return
        RUNS.labels(duty, "done").inc()
        log.info("duty done", extra={"duty": duty, "outcome": outcome})

    def _folders(self) -> list[Path]:
        paths = self._node.paths
        return [paths.root, paths.keystore, paths.keystore / "shred", paths.tls, paths.plan.parent]

    def _last(self) -> dict[Duty, datetime]:
        with self._node.catalog.transaction("keeper") as connection:
            texts = {duty: settings.get(connection, _key(duty)) for duty in Duty}
        return {duty: datetime.fromisoformat(text) for duty, text in texts.items() if text}

    def _note(self, duty: Duty, at: datetime) -> None:
        with self._node.catalog.transaction("keeper") as connection:
            settings.put(connection, _key(duty), at.isoformat())


def _count(scrubbed: Scrubbed) -> None:
    SCRUBBED.inc(scrubbed.size_bytes)
    for harm in scrubbed.harms:
        HARMS.labels("mended" if harm.is_mended else "damaged").inc()


def _key(duty: Duty) -> str:
    return f"duty {duty}"
