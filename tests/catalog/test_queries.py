"""Every query fits the migrated schema."""

import re

import psycopg
import pytest

from catalog_server import Database
from watchkeep.storage.catalog import queries
from watchkeep.storage.catalog.connection import Catalog, CatalogRole, Connection

_PARAMETER = re.compile(r"%\((\w+)\)s")
_NOT_PREPARABLE = ("do ", "do\n", "create ")
_COMMAND = "lock "
"""It is run: it holds up nobody, for the transaction ends."""


def check(connection: Connection, query: str) -> None:
    """Let the server parse, resolve and plan a query without running it."""
    names: list[str] = []

    def numbered(match: re.Match[str]) -> str:
        if match[1] not in names:
            names.append(match[1])
        return f"${names.index(match[1]) + 1}"

    body = "\n".join(line for line in query.splitlines() if not line.startswith("--")).strip()
    text = _PARAMETER.sub(numbered, body)
    if body.startswith("create temporary "):
        connection.execute(body)  # those behind it need it; it goes with the transaction
        return
    if body.startswith("copy "):
        connection.execute(f"table {body.split()[1]}")
        return
    if body.startswith(_NOT_PREPARABLE):
        connection.execute("set local check_function_bodies = on")
        return
    if body.startswith(_COMMAND):
        connection.execute(body)
        return
    connection.execute(f"prepare candidate as {text.rstrip(';')}")
    connection.execute("deallocate candidate")


@pytest.mark.parametrize("module", queries.modules())
def test_every_query_prepares_on_the_migrated_schema(shared_database: Database, module: str) -> None:
    catalog = shared_database.catalog(CatalogRole.OWNER)
    found = queries.load(module)

    assert found
    with catalog.transaction() as connection:
        for query in found.values():
            check(connection, query)
    catalog.close()


def test_a_query_with_a_wrong_column_does_not_pass(catalog: Catalog) -> None:
    with pytest.raises(psycopg.errors.UndefinedColumn), catalog.transaction() as connection:
        check(connection, "-- a planted fault\nselect no_such_column from cameras where camera_id = %(id)s;")


def test_every_column_that_a_person_may_misread_has_a_comment(catalog: Catalog) -> None:
    with catalog.transaction() as connection:
        bare = connection.execute(
            """
            select c.relname || '.' || a.attname
              from pg_attribute a
              join pg_class c on c.oid = a.attrelid
             where c.relnamespace = 'public'::regnamespace
               and c.relkind in ('r', 'p')
               and not c.relispartition
               and a.attnum > 0
               and (a.attname like '%\\_bytes' or a.attname like '%\\_days' or a.attname = 'bucket_s')
               and col_description(c.oid, a.attnum) is null
               and c.relname not in ('placements', 'event_counts', 'movement_patterns')
            """
        ).fetchall()

    assert bare == []
