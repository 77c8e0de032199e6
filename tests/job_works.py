"""Jobs for tests, and a worker in a process that can be killed: `python job_works.py DSN FOLDER`."""

import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Self

from catalog_server import Database
from watchkeep.domain.clock import Clock
from watchkeep.domain.job import PLAN_OF, IsCancelled, JobKind, JobPlan, Progress, Stint, StintState, Work
from watchkeep.lifecycle.job_roster import JobRoster
from watchkeep.runtime.system import SystemClock
from watchkeep.storage.catalog import jobs
from watchkeep.storage.catalog.connection import Catalog, CatalogRole
from watchkeep.storage.catalog.job_worker import JobWorker

SILENT_FOR = timedelta(seconds=1.5)
KIND = JobKind.FORGET


def a_roster(catalog: Catalog, work: Work, *, clock: Clock | None = None, **changes: object) -> JobRoster:
    """The roster of a node that knows one job."""
    plan_of: Mapping[JobKind, JobPlan] = {
        **PLAN_OF,
        KIND: replace(PLAN_OF[KIND], **changes),  # type: ignore[arg-type]
    }
    roster = JobRoster(catalog=catalog, clock=clock or SystemClock(), works={KIND: work}, plan_of=plan_of)
    roster.prepare()
    return roster


class RunningWorker:
    """A worker on a thread of the test's process."""

    def __init__(self, dsn: str, roster: JobRoster) -> None:
        self.worker = JobWorker(
            dsn,
            kinds=roster.works.keys(),
            do=roster.do,
            beat_s=0.3,
            silent_for=SILENT_FOR,
            look_every_s=0.3,
        )
        self.thread = threading.Thread(target=self.worker.run, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.worker.stop()
        self.thread.join(20)
        assert not self.thread.is_alive()


def wait_until(is_there: object, *, seconds: float = 30) -> None:
    """Wait for a thing to happen."""
    end = time.monotonic() + seconds
    while not is_there():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def ask_for(catalog: Catalog, roster: JobRoster) -> Stint:
    with catalog.transaction() as connection:
        jobs.lock_setting(connection, KIND, now=roster.clock.now())
        jobs.begin(connection, KIND, now=roster.clock.now(), asked_by="ada")
    return newest(catalog)


def history(catalog: Catalog) -> list[Stint]:
    with catalog.transaction() as connection:
        return jobs.history(connection, KIND, before=jobs.NEWEST, limit=100)


def newest(catalog: Catalog) -> Stint:
    return history(catalog)[0]


def dsn_of(database: Database) -> str:
    return database.dsn(CatalogRole.WRITER)


def wait_for(catalog: Catalog, state: StintState) -> Stint:
    wait_until(lambda: newest(catalog).state is state)
    return newest(catalog)


def main(dsn: str, folder: Path) -> None:
    """Work at a job that goes on until the file `go` is there, and writes down when it begins and ends."""
    catalog = Catalog(dsn, role=CatalogRole.WRITER)

    def work(progress: Progress, _is_cancelled: IsCancelled) -> str:
        with (folder / "begun").open("a") as file:
            file.write("x")
        while not (folder / "go").exists():
            progress(0.5, "waiting")
            time.sleep(0.05)
        return "It went on to its end."

    JobWorker(
        dsn,
        kinds=[KIND],
        do=a_roster(catalog, work).do,
        beat_s=0.3,
        silent_for=SILENT_FOR,
        look_every_s=0.3,
    ).run()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
