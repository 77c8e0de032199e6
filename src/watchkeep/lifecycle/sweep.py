"""One sweep: what it goes by, and what it did."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watchkeep.domain.category import DataClass
from watchkeep.domain.clock_doubt import Sighting
from watchkeep.domain.ids import CameraId
from watchkeep.domain.retention import Keeps, Verdict
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

    def count(self, segments: Sequence[Segment], reason: str) -> None:
        """So many more that go."""
        self.segments += len(segments)
        self.size_bytes += sum(segment.size_bytes for segment in segments)
        self.reasons[reason] += len(segments)


LOOK_EVERY = timedelta(seconds=30)
"""Which cameras have footage, and where it begins, is looked up so often: it takes a look at every day."""


@dataclass(slots=True)
class Memory:
    """What the sweeper knows from the sweep before.

    Attributes:
        last: When this process last believed its clock.
        looked: When the fronts were looked up.
        fronts: Where the oldest footage of each camera and class began.
    """

    last: Sighting | None = None
    looked: Sighting | None = None
    fronts: dict[tuple[CameraId, DataClass], datetime] = field(default_factory=dict)

    def note(self, narrowed: Sequence[tuple[Segment, Verdict]]) -> None:
        """Segments have gone over into another class, in which they may be the oldest."""
        for segment, verdict in narrowed:
            key = (segment.camera, verdict.data_class)
            self.fronts[key] = min(self.fronts.get(key, segment.when.start), segment.when.start)

    def is_stale(self, now: datetime, monotonic_ns: int) -> bool:
        """Whether the fronts are to be looked up again, by whichever clock ran faster."""
        if self.looked is None:
            return True
        passed = timedelta(microseconds=(monotonic_ns - self.looked.monotonic_ns) // 1000)
        return max(passed, abs(now - self.looked.at)) >= LOOK_EVERY


@dataclass(frozen=True, slots=True)
class Plan:
    """What one sweep goes by.

    Attributes:
        keeps: The limits of every camera that has footage, removed ones included.
    """

    now: datetime
    book: PolicyBook
    keeps: Mapping[CameraId, Keeps]


def doom(connection: Connection, swept: Swept, going: Sequence[tuple[Segment, str]]) -> int:
    """Mark segments as going, each with its reason; their files go when that is durable. Returns how many.

    The catalog may pass over some: what it finds held, or what another has marked.
    """
    by_reason: dict[str, list[Segment]] = {}
    for segment, reason in going:
        by_reason.setdefault(reason, []).append(segment)
    doomed = 0
    for reason, segments in by_reason.items():
        count = footage.doom(connection, segments, reason=reason)
        swept.count(segments[:count], reason)
        doomed += count
    return doomed
