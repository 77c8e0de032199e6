"""Each role of the database can do its work and no more."""

from uuid import UUID

import psycopg
import pytest

from catalog_rows import START, a_segment
from catalog_server import Database
from watchkeep.domain.audit import AuditEntry
from watchkeep.storage.catalog import audit, recordings
from watchkeep.storage.catalog.connection import CatalogRole
from watchkeep.storage.catalog.recorder_rows import SegmentClosed

ENTRY = AuditEntry(
    id=UUID(int=1),
    at=START,
    subject="ada",
    address="",
    action="export",
    target="x",
    outcome="allowed",
    reason="r",
)
DENIED = psycopg.errors.InsufficientPrivilege


def refused(database: Database, role: CatalogRole, statement: str) -> bool:
    catalog = database.catalog(role)
    try:
        with catalog.transaction() as connection:
            connection.execute(statement)
    except DENIED:
        return True
    finally:
        catalog.close()
    return False


@pytest.fixture(scope="module")
def audited(shared_database: Database) -> Database:
    catalog = shared_database.catalog(CatalogRole.AUDITOR)
    with catalog.transaction("ada") as connection:
        audit.append(connection, ENTRY)
    catalog.close()
    return shared_database


@pytest.mark.parametrize("role", [CatalogRole.WRITER, CatalogRole.READER, CatalogRole.AUDITOR])
@pytest.mark.parametrize(
    "statement",
    [
        "update audit set subject = 'eve'",
        "delete from audit",
        "truncate audit",
        "drop table audit",
        "alter table audit disable trigger all",
        "create table stray (number integer)",
        "update schema_migrations set name = ''",
    ],
)
def test_nobody_but_the_owner_touches_what_was_audited(
    audited: Database, role: CatalogRole, statement: str
) -> None:
    assert refused(audited, role, statement)


def test_the_owner_may_remove_expired_entries(database: Database) -> None:
    assert not refused(database, CatalogRole.OWNER, "delete from audit")


@pytest.mark.parametrize(
    "statement",
    [
        "insert into settings (key, value) values ('a', 'b')",
        "update cameras set name = 'x'",
        "delete from gaps",
        "select password_hash from users",
        "select * from users",
        "select sealed_password from streams",
        "select * from sessions",
        "select * from audit",
        "select make_partitions('2031-01-01')",
        "select * from audit_head()",
    ],
)
def test_the_reader_changes_nothing_and_sees_no_secret(shared_database: Database, statement: str) -> None:
    assert refused(shared_database, CatalogRole.READER, statement)


@pytest.mark.parametrize(
    "statement", ["select name from cameras", "select url from streams", "select name from users"]
)
def test_the_reader_reads_the_rest(shared_database: Database, statement: str) -> None:
    assert not refused(shared_database, CatalogRole.READER, statement)


@pytest.mark.parametrize(
    "statement",
    ["select * from audit", "select * from cameras", "insert into settings (key, value) values ('a', 'b')"],
)
def test_the_auditor_only_adds(audited: Database, statement: str) -> None:
    assert refused(audited, CatalogRole.AUDITOR, statement)


def test_the_auditor_adds_to_the_chain(audited: Database) -> None:
    writer = audited.catalog(CatalogRole.WRITER)

    with writer.transaction() as connection:
        assert audit.verify(connection) == 1
        acting = connection.execute("select acting_subject from audit").fetchall()
    writer.close()

    assert acting == [("ada",)]


def test_the_writer_records_but_does_not_change_the_schema(database: Database) -> None:
    writer = database.catalog(CatalogRole.WRITER)

    with writer.transaction() as connection:
        assert recordings.apply(connection, [SegmentClosed(a_segment())]) == []
    writer.close()

    assert refused(database, CatalogRole.WRITER, "drop table video_segments")
    assert refused(database, CatalogRole.WRITER, "delete from refused_rows")


def test_no_role_of_ours_is_a_superuser(shared_database: Database) -> None:
    owner = shared_database.catalog(CatalogRole.OWNER)

    with owner.transaction() as connection:
        rows = connection.execute(
            "select rolname, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls from pg_roles"
            " where rolname like 'watchkeep%' order by 1"
        ).fetchall()
    owner.close()

    assert [row[0] for row in rows] == sorted(CatalogRole)
    assert not any(any(row[1:]) for row in rows)
