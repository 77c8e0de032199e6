"""The words of a comparison: how closely to look, what may be wrong, what was found where."""

from dataclasses import dataclass, field
from enum import StrEnum

from watchkeep.domain.ids import SegmentId


class Depth(StrEnum):
    """How closely to look."""

    PRESENCE = "presence"
    """Each file has a row, each row has a file."""
    SIZE = "size"
    """And size and plain header are those of the row."""
    FULL = "full"
    """And every byte passes its tag."""


class Fault(StrEnum):
    """What may be wrong, by name."""

    MISSING_FILE = "missing file"
    EXTRA_FILE = "extra file"
    FLIPPED_BYTE = "flipped byte"
    MISSING_ROW = "missing row"
    WRONG_SIZE = "wrong size"
    SWAPPED_FOLDERS = "swapped folders"
    MISPLACED_FILE = "misplaced file"
    UNREADABLE_FILE = "unreadable file"
    DESTROYED_KEY = "destroyed key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault at one place.

    Attributes:
        place: A path relative to the volume, or two joined by " and ".
        sentence: What is wrong and what can be done.
    """

    fault: Fault
    place: str
    sentence: str
    segment: SegmentId | None = None


@dataclass(slots=True, kw_only=True)
class Comparison:
    """What was looked at, and what was found."""

    depth: Depth
    findings: list[Finding] = field(default_factory=list)
    row_count: int = 0
    file_count: int = 0
    picture_count: int = 0
    read_bytes: int = 0
    known_lost: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.findings
