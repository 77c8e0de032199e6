"""Daily partitions: made ahead, and how empty ones are dropped."""

from datetime import date

from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.queries import load

_QUERIES = load("partitions")


def prepare(connection: Connection, *, today: date, days_ahead: int = 7) -> int:
    """Make the partitions of today (UTC) and the days after it where they are missing; returns how many were.

    Rows of any other day bring their own: `recordings.apply` makes what it needs.
    """
    row = connection.execute(_QUERIES["prepare"], {"today": today, "days_ahead": days_ahead}).fetchone()
    return 0 if row is None else int(row[0])


def drop_empty(connection: Connection, *, before: date) -> int:
    """Drop days of segments before the given one that hold nothing any more; returns how many."""
    row = connection.execute(_QUERIES["drop_empty"], {"before": before}).fetchone()
    return 0 if row is None else int(row[0])
