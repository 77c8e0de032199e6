"""The queue itself: its schema, its roles, and a worker that loses the database."""

import threading
from importlib import resources

import psycopg
import pytest

from catalog_server import Database
from job_works import (
    RunningWorker,
    a_roster,
    ask_for,
    dsn_of,
    wait_for,
    wait_until,
)
from watchkeep.domain.errors import CatalogUnavailable
from watchkeep.domain.job import StintState
from watchkeep.runtime.embedded_postgres import ADMINISTRATOR
from watchkeep.storage.catalog import jobs
from watchkeep.storage.catalog.connection import Catalog, CatalogRole
from watchkeep.storage.catalog.migrations import known


def test_the_reader_sees_jobs_and_touches_none(catalog: Catalog, database: Database) -> None:
    ask_for(catalog, a_roster(catalog, lambda _progress, _is_cancelled: ""))
    reader = database.catalog(CatalogRole.READER)

    with reader.transaction() as connection:
        assert len(jobs.latest(connection)) == 1
    with pytest.raises(Exception, match="permission denied"), reader.transaction() as connection:
        connection.execute("update procrastinate.procrastinate_jobs set status = 'failed'")
    reader.close()


@pytest.mark.slow
def test_a_worker_that_loses_the_database_says_so_and_the_next_one_goes_on(
    catalog: Catalog, database: Database
) -> None:
    roster = a_roster(catalog, lambda _progress, _is_cancelled: "Done.")
    lost: list[CatalogUnavailable] = []
    worker = RunningWorker(dsn_of(database), roster).worker

    def run() -> None:
        try:
            worker.run()
        except CatalogUnavailable as error:
            lost.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    wait_until(lambda: workers(catalog) == 1)
    administrator = psycopg.connect(Database(database.server, "postgres").dsn(ADMINISTRATOR), autocommit=True)
    with administrator:
        administrator.execute(f"alter database {database.name} allow_connections false")
        administrator.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'watchkeep-jobs'"
        )
        thread.join(60)
        is_over = not thread.is_alive()
        administrator.execute(f"alter database {database.name} allow_connections true")

    assert is_over
    assert len(lost) == 1
    with RunningWorker(dsn_of(database), roster):
        ask_for(catalog, roster)
        wait_for(catalog, StintState.DONE)


def test_the_queues_schema_is_the_one_that_the_worker_speaks() -> None:
    """A newer procrastinate brings migrations, and each is to become one of ours."""
    (migration,) = [each.text for each in known() if each.name.endswith("_pre_job_queue")]
    schema = (resources.files("procrastinate") / "sql" / "schema.sql").read_text(encoding="utf-8")

    assert schema[schema.index("-- Enums") :].strip() in migration


def workers(catalog: Catalog) -> int:
    with catalog.transaction() as connection:
        row = connection.execute("select count(*) from procrastinate.procrastinate_workers").fetchone()
    assert row is not None
    return int(row[0])
