"""Cursors of lists that are read page by page, newest first: start and id of the last thing shown."""

from datetime import UTC, datetime
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
        # A time without zone is none of ours; `astimezone` would take the machine's.
        return After(datetime.fromisoformat(at.removesuffix("+00:00")).replace(tzinfo=UTC), UUID(identifier))
    except (ValueError, OverflowError):
        raise Invalid("The cursor is not one that this list gave out; begin without one.") from None
