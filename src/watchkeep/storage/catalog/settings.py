"""What may be changed while the system runs, as texts by key."""

from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.queries import load

_QUERIES = load("settings")


def get(connection: Connection, key: str) -> str | None:
    """One setting; None if it was never set."""
    row = connection.execute(_QUERIES["get"], {"key": key}).fetchone()
    return None if row is None else str(row[0])


def put(connection: Connection, key: str, value: str) -> None:
    """Set one."""
    connection.execute(_QUERIES["put"], {"key": key, "value": value})


def delete(connection: Connection, key: str) -> None:
    """Take one away; a missing one is no error."""
    connection.execute(_QUERIES["delete"], {"key": key})
