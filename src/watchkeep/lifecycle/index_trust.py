"""Whether the catalog is the one that knows the footage: while that is doubted, nothing is deleted by it.

An empty or an old catalog lacks the holds, policies and rows since; the footage then is all that there is.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from watchkeep.domain.clock import Rng
from watchkeep.domain.errors import DataLoss
from watchkeep.domain.fs import Fs
from watchkeep.domain.stamp import Stamp, Standing, compare_stamps, parse_stamp
from watchkeep.lifecycle.found_files import segment_named
from watchkeep.storage.catalog import rebuilding, settings
from watchkeep.storage.catalog.connection import Catalog, Connection
from watchkeep.storage.media.stamp_file import read_stamp, write_stamp
from watchkeep.storage.media.volume import Volume

log = logging.getLogger(__name__)

SUBJECT = "keeper"
STAMP = "catalog stamp"
DOUBT = "catalog doubt"
"""Settings of the catalog: its stamp, and why nothing is deleted by it now."""
MOST_UNKNOWN_SHARE = 0.1
FEW = 20
"""More unknown files than these, and than this share of all, are rather a catalog that lacks them."""
CURE = (
    "nothing is deleted until `watchkeep recover index --apply` has read the files, "
    "or `watchkeep recover accept` says that all is as it should be"
)
_WHY = {
    Standing.EMPTY: "The database is new, and the footage in {place} is not",
    Standing.OTHER: "The database is not the one that knew the footage in {place}",
    Standing.OLDER: "The database is an older state than the footage in {place}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexTrust:
    """What it looks at.

    Attributes:
        volumes: That hold footage; those on disks.
    """

    catalog: Catalog
    volumes: Sequence[Volume]
    fs: Fs
    rng: Rng

    def doubt(self) -> str:
        """Why nothing may be deleted now, one sentence with its cure; empty if there is no doubt.

        Two short reads a volume, but for one without a stamp yet: there all names are looked at.

        Raises:
            CatalogUnavailable: The database does not answer.
            Conflict: A volume is not there, or another one is.
        """
        with self.catalog.transaction(SUBJECT) as connection:
            stamp = _stamp(connection)
        for volume in self.volumes:
            volume.require_same()
            why = self._doubt_of(volume, stamp)
            if why:
                return f"{why}: {CURE}."
        return ""

    def is_of_another(self) -> bool:
        """Whether a volume was known by another catalog than this one, which may be new.

        Raises:
            CatalogUnavailable: The database does not answer.
            DataLoss: A stamp is damaged.
            OSError: A disk does not answer.
        """
        with self.catalog.transaction(SUBJECT) as connection:
            stamp = _stamp(connection)
        found = [compare_stamps(catalog=stamp, volume=read_stamp(each, fs=self.fs)) for each in self.volumes]
        return any(standing in (Standing.EMPTY, Standing.OTHER) for standing in found)

    def note(self) -> str:
        """As `doubt`, and say it in the catalog, for all who ask how it goes."""
        why = self.doubt()
        with self.catalog.transaction(SUBJECT) as connection:
            if why != (settings.get(connection, DOUBT) or ""):
                if why:
                    settings.put(connection, DOUBT, why)
                else:
                    settings.delete(connection, DOUBT)
        return why

    def stamp(self) -> None:
        """Give catalog and volumes the next stamp, durable on return; only while there is no doubt."""
        self._stamp(least=0)

    def accept(self) -> None:
        """A person, or a rebuild, says that the catalog is right: it and the volumes get one stamp."""
        known = [stamp for volume in self.volumes if (stamp := self._read(volume)) is not None]
        self._stamp(
            known[0].catalog if known else None, least=max((each.number for each in known), default=0)
        )
        with self.catalog.transaction(SUBJECT) as connection:
            settings.delete(connection, DOUBT)

    def _stamp(self, known_as: UUID | None = None, *, least: int) -> None:
        with self.catalog.transaction(SUBJECT) as connection:
            own = _stamp(connection)
            catalog = known_as or (own.catalog if own else UUID(bytes=self.rng.token(16), version=4))
            stamp = Stamp(catalog, max(least, own.number if own else 0)).following()
            settings.put(connection, STAMP, stamp.encode())
        # The catalog first: killed in between, its number is ahead, which is no doubt.
        for volume in self.volumes:
            write_stamp(volume, stamp, fs=self.fs)

    def _read(self, volume: Volume) -> Stamp | None:
        try:
            return read_stamp(volume, fs=self.fs)
        except DataLoss:
            return None

    def _doubt_of(self, volume: Volume, catalog: Stamp | None) -> str:
        try:
            standing = compare_stamps(catalog=catalog, volume=read_stamp(volume, fs=self.fs))
        except DataLoss as error:
            return str(error).partition(";")[0].capitalize()
        if standing is Standing.KNOWN:
            return ""
        if standing is Standing.UNSTAMPED:
            return self._survey(volume)
        return _WHY[standing].format(place=volume.root)

    def _survey(self, volume: Volume) -> str:
        """A volume of an earlier version, or a new one: does the catalog know what lies on it?"""
        count = unknown = 0
        for folder in volume.days():
            with self.catalog.transaction(SUBJECT) as connection:
                states = rebuilding.known_of_day(connection, folder.camera, folder.day)
            count += len(folder.names)
            unknown += sum(segment_named(name) not in states for name in folder.names)
        if unknown <= max(min(FEW, count / 2), count * MOST_UNKNOWN_SHARE):
            return ""
        return f"The database does not know {unknown} of the {count} files of footage in {volume.root}"


def doubt_noted(connection: Connection) -> str:
    """What the keeper last said of it; empty if there is no doubt."""
    return settings.get(connection, DOUBT) or ""


def _stamp(connection: Connection) -> Stamp | None:
    text = settings.get(connection, STAMP)
    return None if text is None else parse_stamp(text, "the database")
