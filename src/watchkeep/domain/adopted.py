"""Adopted footage: somebody else's MP4 files, indexed where they lie, never written to."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

from watchkeep.domain.media import TICKS_PER_SECOND

CUT_TICKS = 20 * TICKS_PER_SECOND
"""A long file is cut at the key picture after so long: to show a part, the whole part is read."""
LONGEST_TICKS = 240 * TICKS_PER_SECOND
"""No segment may be longer than five minutes; a file without key pictures for so long is not understood."""
_PLACE = re.compile(r"(.+\.[A-Za-z0-9]+)#([0-9]+)-([0-9]+)")
_FRIGATE = re.compile(r"(\d{4}-\d{2}-\d{2})/(\d{2})/([^/]+)/(\d{2})\.(\d{2})\.mp4")


@dataclass(frozen=True, slots=True)
class AdoptedPlace:
    """A part of an adopted file, as the catalog keeps it for a segment's path.

    Attributes:
        file: Relative to the tree.
        start_ticks: Decoding time of its first picture since the file's first, 1/90000 s.
        end_ticks: Exclusive.
    """

    file: str
    start_ticks: int
    end_ticks: int

    def encode(self) -> str:
        """A path that no file of ours has."""
        return f"{self.file}#{self.start_ticks}-{self.end_ticks}"


def adopted_place(path: str) -> AdoptedPlace | None:
    """The part of a file that a segment's path names; None if the segment is sealed, as all others are."""
    found = _PLACE.fullmatch(path)
    return None if found is None else AdoptedPlace(found[1], int(found[2]), int(found[3]))


def frigate_file(path: str) -> tuple[str, datetime] | None:
    """Camera and start of one of Frigate's recordings, YYYY-MM-DD/HH/<camera>/MM.SS.mp4, UTC; else None.

    Source: Frigate's documentation, "Recording"; its `record/maintainer.py`.
    """
    found = _FRIGATE.search(PurePosixPath(path).as_posix())
    if found is None:
        return None
    day, hour, camera, minute, second = found.groups()
    try:
        start = datetime.strptime(f"{day} {hour}:{minute}:{second}", "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return camera, start


def cut_at_keys(keys: Sequence[int], end_ticks: int) -> Iterator[tuple[int, int]]:
    """Cut a file into parts that begin at key pictures and last about twenty seconds.

    Args:
        keys: Decoding times of its key pictures, growing.
        end_ticks: Where it ends, behind the last of them.
    """
    if not keys:
        return
    start = keys[0]
    for key in keys[1:]:
        if key - start >= CUT_TICKS:
            yield start, key
            start = key
    yield start, end_ticks


def length_of(ticks: int) -> timedelta:
    """How long so many ticks are, to the microsecond."""
    return timedelta(microseconds=ticks * 1_000_000 // TICKS_PER_SECOND)
