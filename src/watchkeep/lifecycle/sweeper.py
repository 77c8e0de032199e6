"""Deletes what has expired, and the oldest footage when space is short; never what is held.

Order: row marked doomed → file unlinked → directory synced → row dropped. A crash anywhere is finished by the
next sweep.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from watchkeep.domain.clock import Clock
from watchkeep.domain.fs import Fs
from watchkeep.domain.ids import CameraId
from watchkeep.domain.retention import Hold, judge
from watchkeep.domain.segment import Segment
from watchkeep.lifecycle.copies import clear_volume
from watchkeep.storage.blobs.disk import DiskBlobs
from watchkeep.storage.catalog import cameras, footage
from watchkeep.storage.catalog.connection import Catalog, Connection
from watchkeep.storage.media.volume import Volume

log = logging.getLogger(__name__)

BATCH = 200
CLOCK_SLACK = timedelta(minutes=2)
"""How far footage may lie ahead of the clock before the clock is doubted: clocks are slewed."""
SUBJECT = "keeper"


class Holds(Protocol):
    """Says which spans are held."""

    def current(self) -> Collection[Hold]:
        """All orders that stand now."""
        ...


class NoHolds:
    """Nothing can be held yet."""

    def current(self) -> Collection[Hold]:
        """None."""
        return ()


@dataclass(slots=True, kw_only=True)
class Swept:
    """What one sweep did.

    Attributes:
        doubt: Why nothing was deleted though something seemed due; empty if there was no doubt.
        is_space_short: Whether the reserve is still not free.
    """

    segments: int = 0
    size_bytes: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    doubt: str = ""
    is_space_short: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweeper:
    """What a sweep works on.

    Attributes:
        reserve_bytes: Space that is to stay free on the volume.
        default_keep: For footage of cameras that the catalog does not know.
    """

    catalog: Catalog
    volume: Volume
    fs: Fs
    clock: Clock
    holds: Holds
    reserve_bytes: int
    default_keep: timedelta

    def sweep(self) -> Swept:
        """Finish earlier deletions, then delete what is due; durable on return.

        Raises:
            CatalogUnavailable: The database does not answer; what is doomed is finished next time.
            Conflict: The volume is not there, or another one is. Nothing was dropped.
        """
        swept = Swept()
        self.volume.require_same()
        self._finish()
        now = self.clock.now()
        with self.catalog.transaction(SUBJECT) as connection:
            keeps = self._keeps(connection)
            swept.doubt = self._doubt(connection, now)
        if not swept.doubt:
            self._by_age(swept, keeps, now)
        self._by_space(swept, keeps, now)
        return swept

    def _keeps(self, connection: Connection) -> Mapping[CameraId, timedelta]:
        known = {
            camera.id: timedelta(days=camera.retention_days)
            for camera in cameras.list_cameras(connection, with_removed=True)
        }
        return {
            camera: known.get(camera, self.default_keep)
            for camera in footage.cameras_with_footage(connection)
        }

    def _doubt(self, connection: Connection, now: datetime) -> str:
        """A clock that is behind the newest footage was ahead when it was recorded, or is wrong now."""
        for camera in cameras.list_cameras(connection):
            for stream in camera.streams:
                bounds = footage.footage_bounds(connection, stream.id)
                if bounds is not None and bounds.end > now + CLOCK_SLACK:
                    newest = f"{bounds.end:%Y-%m-%d %H:%M}"
                    return f"the clock says {now:%Y-%m-%d %H:%M} UTC, but there is footage of {newest}"
        return ""

    def _by_age(self, swept: Swept, keeps: Mapping[CameraId, timedelta], now: datetime) -> None:
        for camera, keep in keeps.items():
            limit = BATCH
            while True:
                with self.catalog.transaction(SUBJECT) as connection:
                    due = footage.oldest_closed(connection, limit, before=now - keep, camera=camera)
                gone = self._delete(swept, due, keeps, now)
                if len(due) < limit:
                    break
                # What is held stays in front of the rest: look further.
                limit = BATCH + len(due) - gone

    def _by_space(self, swept: Swept, keeps: Mapping[CameraId, timedelta], now: datetime) -> None:
        limit = BATCH
        while (missing := self.reserve_bytes - self.volume.space().free_bytes) > 0:
            self.volume.require_same()  # else it was the space of what the volume was mounted on
            if swept.doubt:
                # With a wrong clock the newest may look like the oldest: better to stop than to delete it.
                swept.is_space_short = True
                return
            with self.catalog.transaction(SUBJECT) as connection:
                oldest = footage.oldest_closed(connection, limit, before=now, volume=self.volume.id)
            gone = self._delete(swept, oldest, keeps, now, missing_bytes=missing)
            if not gone and len(oldest) < limit:
                swept.is_space_short = True
                return
            limit = BATCH if gone else len(oldest) + BATCH

    def _delete(
        self,
        swept: Swept,
        candidates: Sequence[Segment],
        keeps: Mapping[CameraId, timedelta],
        now: datetime,
        *,
        missing_bytes: int = 0,
    ) -> int:
        """Judge and delete, for want of space only until it is enough; returns how many went."""
        holds = self.holds.current()
        is_space_short = missing_bytes > 0
        by_reason: dict[str, list[Segment]] = {}
        for segment in candidates:
            if is_space_short and missing_bytes <= 0:
                break
            verdict = judge(
                segment,
                keep=keeps.get(segment.camera, self.default_keep),
                holds=holds,
                now=now,
                is_space_short=is_space_short,
            )
            if verdict.is_expired:
                by_reason.setdefault(verdict.reason, []).append(segment)
                missing_bytes -= segment.size_bytes
        with self.catalog.transaction(SUBJECT) as connection:
            for reason, segments in by_reason.items():
                footage.doom(connection, segments, reason=reason)
        gone = sum(len(segments) for segments in by_reason.values())
        if gone:
            self._finish()
            for reason, segments in by_reason.items():
                swept.reasons[reason] = swept.reasons.get(reason, 0) + len(segments)
                swept.size_bytes += sum(segment.size_bytes for segment in segments)
            swept.segments += gone
            log.info("footage deleted", extra={"segments": gone, "reasons": "; ".join(by_reason)})
        return gone

    def _finish(self) -> None:
        """Delete what is doomed on this volume; each other volume has a thread of its own for that."""
        clear_volume(self.catalog, DiskBlobs(self.volume, fs=self.fs), now=self.clock.now())
