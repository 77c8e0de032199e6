"""Migrations run once, whole or not at all."""

import threading

import psycopg
import pytest

from catalog_server import Database
from watchkeep.domain.errors import CatalogUnavailable, Conflict
from watchkeep.storage.catalog.connection import CatalogRole
from watchkeep.storage.catalog.migrations import Migration, known, migrate, pending

FIRST = Migration(name="0001_pre_first", text="create table first_things (number integer);")
SECOND = Migration(
    name="0002_pre_second",
    text="create table second_things (number integer); insert into first_things values (2);",
)


def tables(database: Database) -> set[str]:
    with psycopg.connect(database.dsn(CatalogRole.OWNER)) as connection:
        return {
            row[0]
            for row in connection.execute(
                "select tablename from pg_tables where schemaname = 'public'"
            ).fetchall()
        }


def test_a_second_run_does_nothing(empty_database: Database) -> None:
    dsn = empty_database.dsn(CatalogRole.OWNER)
    names = [migration.name for migration in known()]

    assert pending(dsn) == names
    assert migrate(dsn) == names
    assert migrate(dsn) == []
    assert pending(dsn) == []


def test_the_names_are_numbered_without_holes_and_say_when_they_run() -> None:
    for number, migration in enumerate(known(), start=1):
        assert migration.name.startswith((f"{number:04d}_pre_", f"{number:04d}_post_"))


def test_a_changed_migration_is_refused(empty_database: Database) -> None:
    dsn = empty_database.dsn(CatalogRole.OWNER)
    migrate(dsn, migrations=[FIRST])
    changed = Migration(name=FIRST.name, text=FIRST.text + " -- changed")

    with pytest.raises(Conflict, match="0001_pre_first"):
        migrate(dsn, migrations=[changed, SECOND])

    assert "second_things" not in tables(empty_database)


def test_a_database_of_a_newer_version_is_refused(empty_database: Database) -> None:
    dsn = empty_database.dsn(CatalogRole.OWNER)
    migrate(dsn, migrations=[FIRST, SECOND])

    with pytest.raises(Conflict, match="newer"):
        pending(dsn, migrations=[FIRST])


def test_a_migration_that_is_killed_in_the_middle_leaves_the_old_schema(empty_database: Database) -> None:
    dsn = empty_database.dsn(CatalogRole.OWNER)
    suicide = Migration(
        name=SECOND.name,
        text="create table second_things (number integer); select pg_terminate_backend(pg_backend_pid());",
    )

    with pytest.raises(CatalogUnavailable):
        migrate(dsn, migrations=[FIRST, suicide])

    assert "first_things" in tables(empty_database)
    assert "second_things" not in tables(empty_database)
    assert migrate(dsn, migrations=[FIRST, SECOND]) == [SECOND.name]


def test_a_migration_that_fails_half_way_leaves_nothing_of_itself(empty_database: Database) -> None:
    dsn = empty_database.dsn(CatalogRole.OWNER)
    broken = Migration(name=SECOND.name, text="create table second_things (number integer); select 1 / 0;")

    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(dsn, migrations=[FIRST, broken])

    assert pending(dsn, migrations=[FIRST, SECOND]) == [SECOND.name]
    assert "second_things" not in tables(empty_database)


def test_of_several_at_once_each_migration_is_run_by_one(empty_database: Database) -> None:
    dsn = empty_database.dsn(CatalogRole.OWNER)
    done: list[list[str]] = []
    threads = [threading.Thread(target=lambda: done.append(migrate(dsn))) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(len(names) for names in done) == [0, 0, 0, len(known())]


def test_streams_that_were_recorded_or_only_watched_are_so_after_modes_came(empty_database: Database) -> None:
    dsn = empty_database.dsn(CatalogRole.OWNER)
    before = [migration for migration in known() if migration.name < "0011"]
    migrate(dsn, migrations=before)
    with psycopg.connect(dsn) as connection:
        connection.execute("set role watchkeep_owner")
        connection.execute("insert into sites (site_id, name) values (gen_random_uuid(), 'Home')")
        connection.execute(
            "insert into cameras (camera_id, site_id, name, created_at)"
            " select 'door', site_id, 'Door', now() from sites"
        )
        for role, record in (("main", True), ("sub", False)):
            connection.execute(
                "insert into streams (stream_id, camera_id, role, url, record, created_at)"
                " values (gen_random_uuid(), 'door', %s, 'rtsp://192.0.2.1/x', %s, now())",
                (role, record),
            )

    migrate(dsn)

    with psycopg.connect(dsn) as connection:
        rows = connection.execute("select role, recording_mode, mode_spans from streams order by role")
        assert rows.fetchall() == [("main", "continuous", []), ("sub", "off", [])]
