"""Which things of which shred keys an erasure takes."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from watchkeep.domain.erasure import ErasedKey, Erasure, days_of, is_whole_day
from watchkeep.domain.ids import CameraId, EventId, ShredKeyId
from watchkeep.lifecycle.sealed_things import SealedPlaces
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.encryption.keystore import Keystore

YOUNG = timedelta(days=1)
"""A recorder may still begin segments under a key whose day ended less than so long ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What the catalog knows of a camera in the span."""

    camera: CameraId
    rows: Collection[StoredSegment]
    events: Collection[EventId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """Where to look."""

    keystore: Keystore
    places: SealedPlaces

    def keys(self, erasure: Erasure, touched: Touched, now: datetime) -> Iterator[ErasedKey]:
        """What goes under which key of a camera; a key of which nothing can stay is named whole."""
        for day in days_of(erasure.when):
            keys = self.keystore.day(day).keys_of(touched.camera)
            things, stays = self._things(erasure, touched, day)
            is_cut = stays or is_young(day, now) or not is_whole_day(day, erasure.when)
            for key in keys:
                if not is_cut:
                    yield ErasedKey(key, day, None)
                elif things.get(key):
                    yield ErasedKey(key, day, frozenset(things[key]))

    def _things(
        self, erasure: Erasure, touched: Touched, day: date
    ) -> tuple[dict[ShredKeyId, set[UUID]], bool]:
        """What goes of a day by key, and whether anything of that day stays; by files and by rows."""
        when = erasure.when
        going: set[UUID] = {*(row.id for row in touched.rows), *touched.events}
        things: dict[ShredKeyId, set[UUID]] = {}
        stays = False
        for thing in self.places.things(touched.camera, day):
            if thing.id in going or when.start <= thing.at < when.end:
                things.setdefault(thing.key, set()).add(thing.id)
            else:
                stays = True
        for row in touched.rows:
            if row.when.start.date() == day:
                things.setdefault(row.shred_key, set()).add(row.id)
        return things, stays


def is_young(day: date, now: datetime) -> bool:
    """Whether new segments may still begin under keys of a day."""
    return day >= (now - YOUNG).date()
