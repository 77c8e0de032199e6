"""The ways to make room that are gentler than deletion: footage stays, though less of it.

Only raw footage that no hold and no event wants, and none of the newest.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from watchkeep.domain.errors import DataLoss, Invalid, NotFound
from watchkeep.domain.ids import CameraId
from watchkeep.domain.interval import Interval
from watchkeep.domain.retention import Hold, Verdict
from watchkeep.domain.segment import Segment
from watchkeep.lifecycle.sweep import SUBJECT, Plan, Swept, doom
from watchkeep.lifecycle.sweeper import Sweeper
from watchkeep.lifecycle.thinner import Thinner
from watchkeep.storage.catalog import keeping, retention
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.recorder_rows import StoredSegment

log = logging.getLogger(__name__)

AT_ONCE = 200
MOST_PAGES = 10
"""In one climb and of one camera: what is held or claimed must not stand before the others."""
MOST_THINNED = 20
"""In one climb: each is read and written whole."""
SUB_STAYS = "space was short, and its sub stream shows the same"
KEY_PICTURES_STAY = "space was short, and its key pictures stay"

Page = Callable[[Connection, CameraId, Interval], list[StoredSegment]]


@dataclass(frozen=True, slots=True, kw_only=True)
class GentleWays:
    """What they work on.

    Attributes:
        recent: Younger footage keeps all its pictures and both its streams until nothing else is left.
    """

    sweeper: Sweeper
    thinner: Thinner
    recent: timedelta = timedelta(days=1)

    def drop_previews(self, plan: Plan, missing: int) -> bool:
        """Delete the pictures of old events; whether any went."""
        volume, catalog = self.sweeper.volume, self.sweeper.catalog
        freed = 0
        with catalog.transaction(SUBJECT) as connection:
            holds = self.sweeper.holds.standing(connection, at=plan.now)
            found = keeping.previews(connection, volume.id, before=plan.now - self.recent, most=AT_ONCE * 10)
        going: list[keeping.Preview] = []
        for each in found:
            if freed >= missing:
                break
            if not _is_held(each.camera, each.started_at, holds):
                going.append(each)
                freed += each.size_bytes
        if not going:
            return False
        folders: set[Path] = set()
        for each in going:
            path = volume.within(each.path)
            self.sweeper.fs.unlink(path)
            folders.add(path.parent)
        for folder in folders:
            self.sweeper.fs.sync_directory(folder)
        volume.require_same()
        with catalog.transaction(SUBJECT) as connection:
            keeping.drop_previews(connection, going)
        return True

    def sub_only(self, swept: Swept, plan: Plan, missing: int) -> bool:
        """Delete what the sub stream shows, too; whether anything went."""
        freed = 0

        def page(connection: Connection, camera: CameraId, when: Interval) -> list[StoredSegment]:
            return retention.covered_by_sub(connection, camera, when, most=AT_ONCE)

        def take(connection: Connection, unclaimed: list[StoredSegment]) -> bool:
            nonlocal freed
            going: list[tuple[Segment, str]] = []
            for segment in unclaimed:
                if freed < missing:
                    going.append((segment, SUB_STAYS))
                    freed += segment.size_bytes
            doom(connection, swept, going)
            return freed < missing

        self._each_page(plan, page, take)
        self.sweeper.finish()
        return freed > 0

    def thin(self, swept: Swept, plan: Plan, missing: int) -> bool:
        """Leave of the oldest footage only its key pictures; whether that freed anything."""
        chosen: list[StoredSegment] = []

        def page(connection: Connection, camera: CameraId, when: Interval) -> list[StoredSegment]:
            return retention.thinnable(connection, camera, when, most=MOST_THINNED)

        def take(_: Connection, unclaimed: list[StoredSegment]) -> bool:
            chosen.extend(unclaimed)
            return True

        self._each_page(plan, page, take)
        freed = 0
        for segment in sorted(chosen, key=lambda each: each.when.start)[:MOST_THINNED]:
            if freed >= missing:
                break
            freed += self._thin_one(segment, swept, plan)
            self.sweeper.finish()
        return freed > 0

    def _thin_one(self, segment: StoredSegment, swept: Swept, plan: Plan) -> int:
        try:
            thinned = self.thinner.thin(segment)
        except (DataLoss, Invalid, NotFound) as error:
            log.warning("footage not thinned", extra={"segment": str(segment.id), "error": str(error)})
            return 0
        if thinned is None:
            return 0
        with self.sweeper.catalog.transaction(SUBJECT) as connection:
            # What a hold took under its wing while we wrote stays whole.
            is_held = _is_overlapped(segment, self.sweeper.holds.standing(connection, at=plan.now))
            if not is_held and retention.put_thinned(connection, segment, thinned):
                doom(connection, swept, [(segment, KEY_PICTURES_STAY)])
                return segment.size_bytes - thinned.size_bytes
        path = self.sweeper.volume.within(thinned.path)
        self.sweeper.fs.unlink(path)
        self.sweeper.fs.sync_directory(path.parent)
        return 0

    def _each_page(
        self, plan: Plan, page: Page, take: Callable[[Connection, list[StoredSegment]], bool]
    ) -> None:
        """Hand on raw footage that no hold and no event wants, oldest first, until `take` has enough."""
        for camera in plan.keeps:
            start = datetime.min.replace(tzinfo=plan.now.tzinfo)
            for _ in range(MOST_PAGES):
                with self.sweeper.catalog.transaction(SUBJECT) as connection:
                    holds = self.sweeper.holds.standing(connection, at=plan.now)
                    found = page(connection, camera, Interval(start, plan.now - self.recent))
                    judged = self.sweeper.judged(connection, found, plan, holds)
                    unclaimed = [
                        segment for segment, verdict in judged if _is_unclaimed(segment, verdict, plan)
                    ]
                    goes_on = take(connection, unclaimed)
                if not goes_on:
                    return
                if not found:
                    break
                start = found[-1].when.start


def _is_unclaimed(segment: StoredSegment, verdict: Verdict, plan: Plan) -> bool:
    """Whether nothing but its own class wants it; what has expired is the sweep's."""
    own = segment.when.end + plan.keeps[segment.camera].raw
    return not verdict.is_expired and verdict.until == own


def _is_held(camera: CameraId, at: datetime, holds: Collection[Hold]) -> bool:
    return any(hold.camera == camera and hold.when.start <= at < hold.when.end for hold in holds)


def _is_overlapped(segment: StoredSegment, holds: Collection[Hold]) -> bool:
    return any(hold.camera == segment.camera and hold.when.overlaps(segment.when) for hold in holds)
