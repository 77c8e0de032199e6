"""Cursors of lists that are read page by page, newest first: start and id of the last thing shown."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from watchkeep.domain.errors import Invalid
from watchkeep.storage.catalog.events import FIRST_PAGE, After


def cursor_of(at: datetime, identifier: UUID) -> str:
    """The cursor behind a thing."""
    return f"{at.astimezone(UTC).isoformat()}_{identifier}"


def position(cursor: str | None) -> After:
    """Where a page begins; Invalid for a cursor that was not given out."""
    if cursor is None:
        return FIRST_PAGE
    at, _, identifier = cursor.partition("_")
    try:
        found = After(datetime.fromisoformat(at), UUID(identifier))
    except ValueError:
        found = None
    if found is None or found.at.utcoffset() != timedelta(0):
        raise Invalid("The cursor is not one that this list gave out; begin without one.")
    return After(found.at.astimezone(UTC), found.id)
