"""Runs the jobs of a node on a thread of the keeper; decision 24 says why not in a process of their own."""

import logging
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from watchkeep.domain.errors import CatalogUnavailable
from watchkeep.domain.job import PLANS, JobKind, Work
from watchkeep.domain.schedule import parse_schedule
from watchkeep.lifecycle.job_roster import JobRoster
from watchkeep.runtime.wiring import Node
from watchkeep.storage.catalog.connection import CatalogRole
from watchkeep.storage.catalog.job_worker import JobWorker

log = logging.getLogger(__name__)

SILENT_FOR = timedelta(seconds=20)
"""A worker that gave no sign of life for so long is dead; it gives one every five seconds."""
AGAIN_AFTER_S = 5.0


class JobRunner:
    """A worker on a thread of its own, and what the keeper's rounds do for it."""

    def __init__(self, node: Node, works: Mapping[JobKind, Work]) -> None:
        self._node = node
        own = node.settings.jobs.schedules
        plan_of = {
            plan.kind: replace(plan, schedule=parse_schedule(own[plan.kind])) if plan.kind in own else plan
            for plan in PLANS
        }
        self._roster = JobRoster(catalog=node.catalog, clock=node.machine.clock, works=works, plan_of=plan_of)
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._worker: JobWorker | None = None
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
        self._is_prepared = False

    def start(self) -> None:
        """Begin to take jobs from the queue."""
        self._thread.start()

    def stop(self, *, within_s: float) -> None:
        """Ask jobs that run to end and wait so long; what does not is begun anew after the next start."""
        self._stopping.set()
        with self._lock:
            worker = self._worker
        if worker is not None:
            worker.stop()
        self._thread.join(within_s)

    def round(self) -> None:
        """Put into the queue what is due or was left lying.

        Raises:
            CatalogUnavailable: The database does not answer; the next round tries again.
        """
        if not self._is_prepared:
            self._roster.prepare()
            self._is_prepared = True
        self._roster.rescue(silent_for=SILENT_FOR)
        self._roster.make_due()

    def has_hung(self) -> bool:
        """Whether a job cannot be ended but with the process."""
        return self._roster.has_hung()

    def _work(self) -> None:
        while not self._stopping.is_set():
            worker = JobWorker(
                self._node.dsn(CatalogRole.WRITER).reveal(),
                kinds=self._roster.works.keys(),
                do=self._roster.do,
                silent_for=SILENT_FOR,
            )
            with self._lock:
                self._worker = worker
            if self._stopping.is_set():
                return
            try:
                worker.run()
            except CatalogUnavailable as error:
                log.info("jobs wait for the database", extra={"error": str(error)})
            self._stopping.wait(AGAIN_AFTER_S)
