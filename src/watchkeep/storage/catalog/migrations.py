"""Brings the schema up to date: numbered files, each in one transaction, forward only.

A file named `…_pre_…` runs before new code starts, `…_post_…` once no old code runs any more.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg.rows import TupleRow

from watchkeep.domain.errors import CatalogUnavailable, Conflict
from watchkeep.storage.catalog.connection import CatalogRole
from watchkeep.storage.catalog.queries import literal, load, migration_files

_QUERIES = load("migrating")


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One step of the schema."""

    name: str
    text: LiteralString

    @property
    def checksum(self) -> bytes:
        """SHA-256 of the text (32 bytes)."""
        return hashlib.sha256(self.text.encode()).digest()


def known() -> list[Migration]:
    """The migrations that this version of Watchkeep brings, in order."""
    return [
        Migration(name=file.name.removesuffix(".sql"), text=literal(file.read_text(encoding="utf-8")))
        for file in migration_files()
    ]


def pending(dsn: str, *, migrations: Sequence[Migration] | None = None) -> list[str]:
    """The names of the migrations that have not run yet, in order.

    Raises:
        CatalogUnavailable: The database does not answer.
        Conflict: A migration that ran has another text now, or the database is newer than this version.
    """
    with _connect(dsn) as connection:
        return [migration.name for migration in _missing(connection, migrations)]


def migrate(dsn: str, *, migrations: Sequence[Migration] | None = None) -> list[str]:
    """Run what is missing; returns the names. Each is wholly there or not at all, even after a kill.

    Several processes may call this at once: one works, the others wait and find nothing to do.

    Args:
        dsn: Leads to the database as `watchkeep_owner`, or as somebody who may become it.
        migrations: Others than those of the package; for tests.

    Raises:
        CatalogUnavailable: The database does not answer.
        Conflict: A migration that ran has another text now, or the database is newer than this version.
    """
    done: list[str] = []
    with _connect(dsn) as connection:
        connection.execute(_QUERIES["lock_out_others"])
        connection.execute(_QUERIES["create_ledger"])
        for migration in _missing(connection, migrations):
            with connection.transaction():
                connection.execute(migration.text)
                connection.execute(_QUERIES["note"], {"name": migration.name, "checksum": migration.checksum})
            done.append(migration.name)
    return done


def _missing(
    connection: psycopg.Connection[TupleRow], migrations: Sequence[Migration] | None
) -> list[Migration]:
    wanted = known() if migrations is None else list(migrations)
    ledger = connection.execute(_QUERIES["has_ledger"]).fetchone()
    applied: dict[str, bytes] = {}
    if ledger is not None and ledger[0]:
        applied = {name: bytes(checksum) for name, checksum in connection.execute(_QUERIES["applied"])}
    for migration in wanted:
        if applied.get(migration.name, migration.checksum) != migration.checksum:
            raise Conflict(
                f"Migration {migration.name} ran with another text than this version has;"
                " install the version that the database was made with.",
                migration=migration.name,
            )
    strangers = sorted(applied.keys() - {migration.name for migration in wanted})
    if strangers:
        raise Conflict(
            f"The database was made by a newer Watchkeep (it has {strangers[0]}); install that version.",
            migration=strangers[0],
        )
    return [migration for migration in wanted if migration.name not in applied]


@contextmanager
def _connect(dsn: str) -> Iterator[psycopg.Connection[TupleRow]]:
    try:
        with psycopg.connect(
            dsn,
            autocommit=True,
            connect_timeout=5,
            options=f"-c role={CatalogRole.OWNER} -c timezone=UTC -c lock_timeout=60000",
            application_name="watchkeep-migrations",
        ) as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise CatalogUnavailable(
            "The database does not answer, so it could not be brought up to date; see whether it runs."
        ) from error
