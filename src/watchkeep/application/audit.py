"""Reading the audit; reading it is written into it."""

from dataclasses import dataclass

from watchkeep.application.asking import INSTALLATION, Asking, asked
from watchkeep.application.house import House
from watchkeep.domain.access import Action
from watchkeep.domain.audit import AuditEntry, AuditFilter
from watchkeep.domain.errors import Invalid
from watchkeep.storage.catalog import audit


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Entries, newest first, and where the next page begins."""

    entries: tuple[AuditEntry, ...]
    next: str | None


def read_audit(
    house: House, asking: Asking, wanted: AuditFilter, *, cursor: str | None, limit: int
) -> AuditPage:
    """Entries newest first.

    Raises:
        Invalid: The cursor is none that was given out.
    """
    with asked(house, asking, Action.READ_AUDIT, INSTALLATION) as (conn, deed):
        if wanted.subject is not None:
            deed.facts["subject"] = wanted.subject
        if wanted.camera is not None:
            deed.facts["camera"] = wanted.camera
        page = audit.read(conn, wanted, cursor=_position(cursor), limit=limit)
    return AuditPage(page.items, None if page.next is None else str(page.next))


def _position(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:
        raise Invalid("The cursor is not one that this list gave out; begin without one.")
    return int(cursor)
