"""A catalog that cannot be reached says so and is there again when the database is."""

import os
import shutil
import signal
import tempfile
import threading
from pathlib import Path

import psycopg
import pytest

from catalog_server import Database
from watchkeep.domain.errors import CatalogUnavailable, NotFound
from watchkeep.runtime.embedded_postgres import EmbeddedPostgres
from watchkeep.runtime.system import SystemClock
from watchkeep.storage.catalog import settings
from watchkeep.storage.catalog.connection import Catalog, CatalogRole
from watchkeep.storage.catalog.migrations import migrate


def test_a_server_that_went_away_and_came_back_is_used_without_an_error() -> None:
    root = Path(tempfile.mkdtemp(prefix="wk-"))
    server = EmbeddedPostgres(root / "database", clock=SystemClock(), settings={"shared_buffers": "16MB"})
    server.start()
    try:
        migrate(server.dsn(CatalogRole.OWNER))
        catalog = Catalog(server.dsn(CatalogRole.WRITER), role=CatalogRole.WRITER)
        with catalog.transaction() as connection:
            settings.put(connection, "a", "1")
        server.stop()

        with pytest.raises(CatalogUnavailable), catalog.transaction() as connection:
            settings.put(connection, "a", "2")

        server.start()
        with catalog.transaction() as connection:
            assert settings.get(connection, "a") == "1"
        catalog.close()
    finally:
        server.stop()
        shutil.rmtree(root)


def test_a_block_that_raises_leaves_nothing(catalog: Catalog) -> None:
    def put_and_fail() -> None:
        with catalog.transaction() as connection:
            settings.put(connection, "a", "1")
            raise NotFound("It is not there.")

    with pytest.raises(NotFound):
        put_and_fail()

    with catalog.transaction() as connection:
        assert settings.get(connection, "a") is None


def test_a_statement_that_takes_too_long_is_not_now(database: Database) -> None:
    catalog = Catalog(database.dsn(CatalogRole.WRITER), role=CatalogRole.WRITER, statement_timeout_s=0.2)

    with pytest.raises(CatalogUnavailable, match="timeout"), catalog.transaction() as connection:
        connection.execute("select pg_sleep(60)")
    catalog.close()


def test_a_fault_of_ours_is_not_called_unavailable(catalog: Catalog) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero), catalog.transaction() as connection:
        connection.execute("select 1 / 0")


def test_a_database_that_is_not_migrated_yet_is_not_now(empty_database: Database) -> None:
    catalog = empty_database.catalog()

    with pytest.raises(CatalogUnavailable), catalog.transaction() as connection:
        settings.get(connection, "a")
    catalog.close()


def test_more_askers_than_connections_wait_and_then_hear_no(database: Database) -> None:
    catalog = Catalog(
        database.dsn(CatalogRole.WRITER), role=CatalogRole.WRITER, connect_timeout_s=1, most_connections=1
    )

    with catalog.transaction(), pytest.raises(CatalogUnavailable, match="in use"), catalog.transaction():
        pass
    with catalog.transaction() as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    catalog.close()


def test_connections_are_used_again(catalog: Catalog) -> None:
    seen = set()
    for _ in range(5):
        with catalog.transaction() as connection:
            seen.add(connection.info.backend_pid)

    assert len(seen) == 1


def test_the_acting_subject_ends_with_its_transaction(catalog: Catalog) -> None:
    def acting(subject: str | None) -> str:
        with catalog.transaction(subject) as connection:
            row = connection.execute("select current_setting('watchkeep.subject', true)").fetchone()
            assert row is not None
            return str(row[0])

    assert [acting("ada"), acting(None), acting("bob")] == ["ada", "", "bob"]


def test_times_are_utc_whatever_the_server_thinks(catalog: Catalog) -> None:
    with catalog.transaction() as connection:
        assert connection.execute("show timezone").fetchone() == ("UTC",)


def test_threads_share_a_catalog(catalog: Catalog) -> None:
    def count() -> None:
        for _ in range(20):
            with catalog.transaction() as connection:
                connection.execute(
                    "insert into settings (key, value) values ('n', '1') on conflict (key)"
                    " do update set value = (settings.value::integer + 1)::text"
                )

    threads = [threading.Thread(target=count) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with catalog.transaction() as connection:
        assert settings.get(connection, "n") == "100"


def test_a_killed_backend_under_an_idle_connection_is_replaced(catalog: Catalog) -> None:
    with catalog.transaction() as connection:
        pid = connection.info.backend_pid
    os.kill(pid, signal.SIGTERM)

    with catalog.transaction() as connection:
        assert connection.info.backend_pid != pid
