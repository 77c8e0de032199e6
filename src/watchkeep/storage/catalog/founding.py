"""The first minutes of a database: its roles and the database itself, made by an administrator."""

import psycopg
from psycopg import conninfo, sql

from watchkeep.domain.errors import CatalogUnavailable
from watchkeep.storage.catalog.queries import load

_QUERIES = load("founding")


def found(administrator_dsn: str, *, database: str = "watchkeep") -> None:
    """Make the four roles and the database, where they are missing; nothing that exists is changed.

    Args:
        administrator_dsn: Leads to any database of the server, as a role that may create roles and databases.
        database: Its name; owned by `watchkeep_owner`, UTF-8.

    Raises:
        CatalogUnavailable: The server does not answer.
    """
    try:
        with psycopg.connect(administrator_dsn, autocommit=True, connect_timeout=5) as connection:
            connection.execute(_QUERIES["create_roles"])
            found_one = connection.execute(_QUERIES["database_exists"], {"name": database}).fetchone()
            if found_one is None or not found_one[0]:
                statement = sql.SQL(
                    "create database {} owner watchkeep_owner template template0 encoding 'UTF8'"
                )
                connection.execute(statement.format(sql.Identifier(database)))
    except psycopg.OperationalError as error:
        host = conninfo.conninfo_to_dict(administrator_dsn).get("host", "")
        raise CatalogUnavailable(
            f"The database server at {host} does not answer; see its log.", host=host
        ) from error
