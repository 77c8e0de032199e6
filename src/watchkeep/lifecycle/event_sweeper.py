"""Deletes events whose time is up, with pictures, tracks and notes of analysed frames; their roll-ups stay.

Order: pictures unlinked → directories synced → rows dropped. A crash anywhere leaves rows, which the next
sweep finds again; a picture without a row is never left.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from watchkeep.domain.fs import Fs
from watchkeep.storage.catalog import event_upkeep, rollups
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.event_upkeep import DueEvent
from watchkeep.storage.media.volume import Volume

log = logging.getLogger(__name__)

SUBJECT = "keeper"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSweeper:
    """What a sweep of events works on.

    Attributes:
        at_once: Rows of a kind in one transaction.
    """

    catalog: Catalog
    volume: Volume
    fs: Fs
    at_once: int = event_upkeep.AT_ONCE

    def sweep(self, now: datetime, *, most_turns: int) -> int:
        """Delete what is due, oldest first; durable on return. What is left over is for the next sweep.

        Returns:
            How many events went.

        Raises:
            CatalogUnavailable: The database does not answer.
            OSError: A picture could not be removed; its event stays.
            Conflict: The volume is not there, or another one is; events stay.
        """
        gone = 0
        for _ in range(most_turns):
            with self.catalog.transaction(SUBJECT) as connection:
                keep, keep_archived = event_upkeep.keep(connection)
                before = rollups.seal(connection, before=now - keep)
                due = event_upkeep.due_events(
                    connection,
                    before=before,
                    archived_before=now - keep_archived,
                    volume=self.volume.id,
                    limit=self.at_once,
                )
            self._unlink(due)
            with self.catalog.transaction(SUBJECT) as connection:
                events = event_upkeep.forget_events(connection, due)
            with self.catalog.transaction(SUBJECT) as connection:
                tracks = event_upkeep.forget_tracks(connection, before=before, limit=self.at_once)
                notes = event_upkeep.forget_analysed(connection, before=before, limit=self.at_once)
            gone += events
            if max(events, tracks, notes) < self.at_once:
                break
        if gone:
            log.info("old events deleted", extra={"events": gone})
        return gone

    def _unlink(self, due: Sequence[DueEvent]) -> None:
        folders: set[Path] = set()
        for event in due:
            if event.picture is not None:
                path = self.volume.within(event.picture)
                self.fs.unlink(path)
                folders.add(path.parent)
        for folder in folders:
            try:
                self.fs.sync_directory(folder)
            except FileNotFoundError:
                continue  # no folder, no name in it
        self.volume.require_same()  # what seemed gone may have gone with its disk
