"""What the sweepers see of the holds in the catalog."""

from collections.abc import Collection
from datetime import datetime

from watchkeep.domain.retention import Hold
from watchkeep.storage.catalog import footage, holds
from watchkeep.storage.catalog.connection import Connection


class CatalogHolds:
    """The holds that people placed."""

    def standing(self, connection: Connection, *, at: datetime) -> Collection[Hold]:
        """All orders that stand at an instant, one a camera; none changes until the transaction ends."""
        holds.keep_still(connection)
        return orders(connection, at=at)


def orders(connection: Connection, *, at: datetime) -> Collection[Hold]:
    """All orders that stand at an instant, one a camera; they may change at any moment."""
    found = holds.standing(connection, at=at)
    is_any_for_all = any(hold.cameras is None for hold in found)
    everybody = footage.cameras_with_footage(connection) if is_any_for_all else []
    return [
        Hold(camera, hold.when, hold.reason)
        for hold in found
        for camera in (everybody if hold.cameras is None else sorted(hold.cameras))
    ]
