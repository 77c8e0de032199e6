"""One sweep: what it goes by, and what it did."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from watchkeep.domain.clock_doubt import Sighting
from watchkeep.domain.ids import CameraId
from watchkeep.domain.retention import Keeps
from watchkeep.domain.segment import Segment
from watchkeep.storage.catalog import footage
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.policies import PolicyBook

SUBJECT = "keeper"


@dataclass(slots=True, kw_only=True)
class Swept:
    """What one sweep did.

    Attributes:
        segments: How many files went.
        narrowed: How many gave up a part: what no event claims.
        doubt: Why nothing was deleted though something seemed due; empty if there was no doubt.
        is_space_short: Whether the reserve is still not free.
    """

    segments: int = 0
    narrowed: int = 0
    size_bytes: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    doubt: str = ""
    is_space_short: bool = False

    def count(self, segment: Segment, reason: str) -> None:
        """One more that goes."""
        self.segments += 1
        self.size_bytes += segment.size_bytes
        self.reasons[reason] += 1


@dataclass(slots=True)
class Belief:
    """When this process last believed its clock."""

    last: Sighting | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What one sweep goes by.

    Attributes:
        keeps: The limits of every camera that has footage, removed ones included.
    """

    now: datetime
    book: PolicyBook
    keeps: Mapping[CameraId, Keeps]


def doom(connection: Connection, swept: Swept, going: Sequence[tuple[Segment, str]]) -> None:
    """Mark segments as going, each with its reason; their files go after this is durable."""
    by_reason: dict[str, list[Segment]] = {}
    for segment, reason in going:
        by_reason.setdefault(reason, []).append(segment)
        swept.count(segment, reason)
    for reason, segments in by_reason.items():
        footage.doom(connection, segments, reason=reason)
