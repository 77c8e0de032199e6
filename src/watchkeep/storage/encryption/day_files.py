"""The keystore's folder of days, read and replaced whole. Source: docs/formats/keystore.md."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from watchkeep.domain.fs import Fs, read_whole, replace_file
from watchkeep.storage.encryption.files import DayFile, decode_day, encode_day


@dataclass(frozen=True, slots=True)
class DayFiles:
    """The shred keys of each UTC day."""

    root: Path
    fs: Fs

    def days(self) -> list[date]:
        """The days that have a file, in order."""
        names = (Path(entry.name) for entry in self.fs.entries(self.root))
        return sorted(date.fromisoformat(name.stem) for name in names if name.suffix == ".json")

    def path(self, day: date) -> Path:
        """Where a day's file lies."""
        return self.root / f"{day.isoformat()}.json"

    def read(self, day: date) -> DayFile:
        """A day's file; an empty one if there is none."""
        try:
            return decode_day(self.path(day), read_whole(self.fs, self.path(day)))
        except FileNotFoundError:
            return DayFile(day=day)

    def write(self, content: DayFile) -> None:
        """Replace a day's file; durable on return. The keystore's lock is held."""
        replace_file(self.fs, self.path(content.day), encode_day(content))
