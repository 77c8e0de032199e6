"""Fixtures: one embedded PostgreSQL for the session, a fresh migrated catalog for each test.

Import `postgres` and `catalog` in a conftest to use them there.
"""

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from watchkeep.runtime.embedded_postgres import ADMINISTRATOR, DATABASE, EmbeddedPostgres
from watchkeep.runtime.system import SystemClock
from watchkeep.storage.catalog.connection import Catalog, CatalogRole
from watchkeep.storage.catalog.migrations import migrate

# Nothing here must survive a power cut; everything else is as in production.
_QUICK = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB", "max_connections": "100"}
# On a file system in memory where there is one: a database a test is mostly files made and removed.
_MEMORY = Path("/dev/shm")
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Database:
    """One database of the session's server."""

    server: EmbeddedPostgres
    name: str

    def dsn(self, role: CatalogRole | str) -> str:
        return self.server.dsn(CatalogRole.OWNER).replace(
            f"dbname={DATABASE} user={CatalogRole.OWNER}", f"dbname={self.name} user={role}"
        )

    def catalog(self, role: CatalogRole = CatalogRole.WRITER) -> Catalog:
        return Catalog(self.dsn(role), role=role)


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A running server whose database `watchkeep` is migrated: the template of all tests."""
    folder = Path(tempfile.mkdtemp(prefix="wk-pg-", dir=_MEMORY if _MEMORY.is_dir() else None))
    server = EmbeddedPostgres(folder / "database", clock=SystemClock(), settings=_QUICK)
    try:
        server.start()
        migrate(server.dsn(CatalogRole.OWNER))
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def empty_database(postgres: EmbeddedPostgres) -> Iterator[Database]:
    """A database with the roles and nothing in it."""
    yield from _database(postgres, template="template0")


@pytest.fixture
def database(postgres: EmbeddedPostgres) -> Iterator[Database]:
    """A fresh copy of the migrated schema."""
    yield from _database(postgres, template=DATABASE)


@pytest.fixture(scope="module")
def shared_database(postgres: EmbeddedPostgres) -> Iterator[Database]:
    """A copy for a whole module of tests that leave nothing behind."""
    yield from _database(postgres, template=DATABASE)


@pytest.fixture
def catalog(database: Database) -> Iterator[Catalog]:
    """A fresh migrated catalog, as the writer."""
    catalog = database.catalog()
    yield catalog
    catalog.close()


@pytest.fixture
def empty_of_rows(postgres: EmbeddedPostgres) -> Iterator[Catalog]:
    """A second migrated catalog that knows nothing, as after a loss of the first."""
    for database in _database(postgres, template=DATABASE):
        catalog = database.catalog()
        yield catalog
        catalog.close()


@contextmanager
def copy_of(database: Database) -> Iterator[Catalog]:
    """The database as it is now, as a dump brings it back later; nobody may be connected to it."""
    for copy in _database(database.server, template=database.name):
        with closing(copy.catalog()) as catalog:
            yield catalog


def _database(server: EmbeddedPostgres, *, template: str) -> Iterator[Database]:
    database = Database(server, f"test_{next(_NUMBERS)}")
    administrator = Database(server, "postgres").dsn(ADMINISTRATOR)
    with psycopg.connect(administrator, autocommit=True) as connection:
        connection.execute(
            f"create database {database.name} template {template} owner watchkeep_owner strategy file_copy"
        )
    yield database
    with psycopg.connect(administrator, autocommit=True) as connection:
        connection.execute(f"drop database {database.name} with (force)")
