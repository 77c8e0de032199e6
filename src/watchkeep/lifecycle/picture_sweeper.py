"""Removes sealed pictures that no event refers to: a crash between file and row leaves such.

Pictures of events whose time is up go with their events, see `event_sweeper`.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from watchkeep.domain.errors import DataLoss, Invalid, NotFound
from watchkeep.domain.fs import Fs
from watchkeep.domain.ids import EventId
from watchkeep.lifecycle.picture_comparison import is_in_place, picture_event
from watchkeep.storage.catalog import pictures
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.media.picture import read_picture_header
from watchkeep.storage.media.volume import Volume

log = logging.getLogger(__name__)

SUBJECT = "keeper"
KEPT_FOR = timedelta(days=1)
"""Its row may be on its way for so long."""
AT_ONCE = 1000
MOST_SHARE = 0.5
FEW = 20
"""If more than these, and than this share of all, lack an event, it is rather the catalog that lacks them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSweeper:
    """What a sweep of pictures works on."""

    catalog: Catalog
    volume: Volume
    fs: Fs

    def sweep(self, now: datetime) -> int:
        """Remove what no event refers to and is older than a day; durable on return.

        A file that is not understood, or lies elsewhere than its header says, is left alone. If most pictures
        lack an event, as after a loss of the catalog, nothing is removed.

        Returns:
            How many went.

        Raises:
            CatalogUnavailable: The database does not answer.
            OSError: One could not be read or removed.
        """
        count = 0
        forsaken: list[Path] = []
        for files in _portions(self.volume.pictures()):
            count += len(files)
            forsaken += self._without_event(files)
        going = [path for path in forsaken if self._may_go(path, now)]
        if len(going) > max(FEW, count * MOST_SHARE):
            log.warning("pictures without events left alone", extra={"pictures": len(going), "of": count})
            return 0
        for path in going:
            self.fs.unlink(path)
        for folder in sorted({path.parent for path in going}):
            self.fs.sync_directory(folder)
        if going:
            log.info("pictures without events deleted", extra={"pictures": len(going)})
        return len(going)

    def _without_event(self, files: list[tuple[EventId, Path]]) -> Iterator[Path]:
        events = [event for event, _ in files]
        with self.catalog.transaction(SUBJECT) as connection:
            rows = pictures.pictures_of(connection, events, volume=self.volume.id)
        for event, path in files:
            row = rows.get(event)
            if row is None or row.path != self.volume.relative(path):
                yield path

    def _may_go(self, path: Path, now: datetime) -> bool:
        try:
            header = read_picture_header(path, fs=self.fs)
            is_ours = header.event == picture_event(path) and is_in_place(self.volume, header, path)
        except (Invalid, DataLoss, NotFound):
            return False
        return is_ours and now - header.at > KEPT_FOR


def _portions(paths: Iterable[Path]) -> Iterator[list[tuple[EventId, Path]]]:
    named = ((event, path) for path in paths if (event := picture_event(path)) is not None)
    while portion := list(islice(named, AT_ONCE)):
        yield portion
