"""Hundreds of days of sixteen cameras, driven: footage by hour of the week with noise and a step of the
bitrate, events, archived ones, holds; and what each segment must be at any instant, reckoned by itself.

The sweeper looks every fifty seconds; turns in which nothing can be due are passed over, but for some.
"""

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from builders import INSTALLATION, NOON, CountingRng, FixedClock
from catalog_rows import id7
from crash_fs import CrashFs
from retention_rows import EVENT, INCIDENT, RECORD
from retention_world import SIGNER, MortalCatalog
from watchkeep.domain.ids import CameraId, SegmentId
from watchkeep.domain.interval import Interval
from watchkeep.domain.retention import Hold
from watchkeep.domain.spans import Spans, common, merged
from watchkeep.lifecycle.certifier import Certifier
from watchkeep.lifecycle.sweeper import Sweeper
from watchkeep.storage.catalog import footage
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.media.volume import Volume

TURN = timedelta(seconds=50)
LATE = timedelta(seconds=60)
DAY = timedelta(days=1)
RAW, CLIP, ARCHIVED = 30 * DAY, 90 * DAY, 365 * DAY
MARGIN = timedelta(seconds=10)
MINUTE = timedelta(seconds=60)
CAMERAS = tuple(CameraId(f"camera-{number:02}") for number in range(16))
ROOT = Path("/footage")
EVENT_SHARE, ARCHIVED_SHARE, HOLD_SHARE, IDLE_SHARE = 0.2, 0.2, 0.01, 0.02


@dataclass
class Segment:
    """What must become of a segment.

    Attributes:
        held: While a hold stood on it, from its beginning to its release.
    """

    id: SegmentId
    camera: CameraId
    when: Interval
    size_bytes: int
    clips: list[Interval] = field(default_factory=list)
    archived: list[Interval] = field(default_factory=list)
    held: Interval | None = None

    def readable(self, now: datetime) -> Spans:
        """What may be read at an instant; nothing: it must be gone."""
        is_held = self.held is not None and self.held.start <= now < self.held.end
        age = now - self.when.end
        if age < RAW or is_held:
            return (self.when,)
        claims = [*(self.clips if age < CLIP else ()), *(self.archived if age < ARCHIVED else ())]
        return common([self.when], claims)

    def turns(self) -> list[datetime]:
        """When that changes."""
        end = self.when.end
        return [end + RAW, end + CLIP, end + ARCHIVED, *([self.held.end] if self.held else ())]


@dataclass
class Orders:
    """Holds that stand now."""

    clock: FixedClock
    known: list[tuple[Hold, Interval]] = field(default_factory=list)

    def standing(self, connection: Connection, *, at: datetime) -> Collection[Hold]:
        now = self.clock.now()
        return [hold for hold, during in self.known if during.start <= now < during.end]


@dataclass
class Outcome:
    """What was seen."""

    recorded: int = 0
    recorded_bytes: int = 0
    deleted: int = 0
    narrowed: int = 0
    turns: int = 0
    latest: timedelta = timedelta(0)
    """The longest that anything could be read after its limit."""


class Site:
    """The simulated site."""

    def __init__(self, connection: Connection, *, seed: int, every: timedelta) -> None:
        self.chance = random.Random(seed)
        self.every = every
        self.clock = FixedClock(NOON)
        self.fs = CrashFs()
        self.catalog = MortalCatalog(connection)
        self.orders = Orders(self.clock)
        self.segments: dict[SegmentId, Segment] = {}
        self.due: list[tuple[datetime, SegmentId]] = []
        self.outcome = Outcome()
        self.number = 0
        volume = Volume.open(ROOT, fs=self.fs, rng=CountingRng(), installation=INSTALLATION)
        self.volume = volume.id
        self.sweeper = Sweeper(
            catalog=self.catalog,  # type: ignore[arg-type]
            volume=volume,
            fs=self.fs,
            clock=self.clock,
            holds=self.orders,
            certifier=Certifier(SIGNER, self.clock),
            reserve_bytes=0,
        )

    def live(self, days: int, *, each_day: Callable[[int], None] = lambda _: None) -> Outcome:
        """Let so many days pass; `each_day` is called at their noon: the place for what looks ahead."""
        last_turn = NOON
        for step in range(int(days * DAY / self.every)):
            start = NOON + step * self.every
            if start.time() == NOON.time():
                each_day((start - NOON).days)
            self._record(start)
            end = start + self.every
            last_turn = self._turns(last_turn, end)
        return self.outcome

    def _record(self, start: datetime) -> None:
        """A minute of every camera, each at a moment of its own; and what happened in it."""
        rows, events, incidents = [], [], []
        for camera in CAMERAS:
            self.number += 1
            begin = start + timedelta(seconds=self.chance.randrange(20))
            when = Interval(begin, begin + MINUTE)
            segment = Segment(SegmentId(id7(begin, self.number)), camera, when, self._size(begin))
            self.segments[segment.id] = segment
            path = ROOT / camera / begin.date().isoformat() / f"{segment.id}.wks"
            self.fs.make_directories(path.parent)
            self.fs.create(path)
            name, size = str(path)[9:], segment.size_bytes
            rows.append((segment.id, begin, when.end, UUID(int=9), camera, self.volume, name, size))
            if self.chance.random() < EVENT_SHARE:
                event, incident = self._event(segment)
                events.append(event)
                incidents.append(incident)
            if self.chance.random() < HOLD_SHARE:
                self._hold(segment)
            self.due += [(instant, segment.id) for instant in segment.turns()]
        with self.catalog.transaction() as connection, connection.cursor() as cursor:
            cursor.executemany(RECORD, rows)
            cursor.executemany(EVENT, events)
            cursor.executemany(INCIDENT, incidents)
        self.outcome.recorded += len(rows)
        self.outcome.recorded_bytes += sum(row[-1] for row in rows)

    def _size(self, at: datetime) -> int:
        """By hour of the week, with noise; from day 20 on half as much again."""
        busy = 1.0 + 0.6 * (8 <= at.hour < 18) - 0.3 * (at.weekday() >= 5)
        step = 1.5 if at - NOON >= 20 * DAY else 1.0
        return int(15_000_000 * busy * step * self.chance.uniform(0.8, 1.2))

    def _event(self, segment: Segment) -> tuple[tuple[object, ...], tuple[object, ...]]:
        start = segment.when.start + timedelta(seconds=self.chance.randrange(50))
        end = start + timedelta(seconds=self.chance.randrange(1, 9))
        claim = Interval(start - MARGIN, end + MARGIN)
        segment.clips.append(claim)
        archived_at = None
        if self.chance.random() < ARCHIVED_SHARE:
            segment.archived.append(claim)
            archived_at = start
        incident = UUID(int=self.number)
        event = id7(start, self.number)
        return (
            (event, start, end, segment.camera, incident),
            (incident, segment.camera, start, end, event, start, archived_at, archived_at and "ada"),
        )

    def _hold(self, segment: Segment) -> None:
        """A hold of the segment, placed while it is young and released on some day or other."""
        placed = segment.when.end + self.chance.random() * RAW
        segment.held = Interval(placed, placed + self.chance.random() * 120 * DAY)
        self.orders.known.append((Hold(segment.camera, segment.when, "case"), segment.held))

    def _turns(self, last: datetime, until: datetime) -> datetime:
        """The turns of the sweeper up to an instant; returns the last."""
        self.due.sort(reverse=True)
        while True:
            after = min(self.due[-1][0], until) if self.due else until
            turn = max(last, NOON + -((NOON - after) // TURN) * TURN)
            if self.chance.random() < IDLE_SHARE:
                self._look(max(last, after - timedelta(microseconds=1)), [])
            if after == until:
                return turn if turn < until else last
            due: list[SegmentId] = []
            while self.due and self.due[-1][0] <= turn:
                due.append(self.due.pop()[1])
            self._look(turn, due)
            last = turn

    def _look(self, at: datetime, due: list[SegmentId]) -> None:
        """One turn: what was due is as it must be, and nothing else has changed."""
        if at > self.clock.now():
            self.clock.advance((at - self.clock.now()).total_seconds())
        now = self.clock.now()
        swept = self.sweeper.sweep()
        assert not swept.doubt
        self.outcome.turns += 1
        self.outcome.deleted += swept.segments
        self.outcome.narrowed += swept.narrowed
        found = self._found(due)
        gone = 0
        for identifier in set(due):
            segment = self.segments.get(identifier)
            if segment is None:
                continue
            wanted = segment.readable(now)
            assert found.get(identifier, ()) == wanted, "other seconds can be read than may be"
            late = [now - turn for turn in segment.turns() if turn <= now <= turn + LATE]
            assert late, "looked at too late"
            self.outcome.latest = max(self.outcome.latest, *late)
            if not wanted:
                gone += 1
                del self.segments[identifier]
        assert swept.segments == gone, "something went that was not due"

    def _found(self, wanted: Collection[SegmentId]) -> dict[SegmentId, Spans]:
        """What the catalog says can be read of some segments."""
        with self.catalog.transaction() as connection:
            rows = connection.execute(
                "select segment_id, start_time, end_time, claims from video_segments"
                " where segment_id = any(%s) and state = 'closed'",
                (list(wanted),),
            ).fetchall()
        return {
            SegmentId(segment): (
                (Interval(start, end),)
                if claims is None
                else merged(Interval(part.lower, part.upper) for part in claims)
            )
            for segment, start, end, claims in rows
        }

    def require_all(self) -> None:
        """Everything that is stored is as it must be, each byte of it on the disk, and nothing else."""
        now = self.clock.now()
        with self.catalog.transaction() as connection:
            there = {each.id for each in footage.all_segments(connection)}
        assert there == set(self.segments)
        found = self._found(there)
        settled = [each for each in self.segments.values() if all(abs(now - t) > LATE for t in each.turns())]
        assert settled
        for segment in settled:
            assert found[segment.id] == segment.readable(now)
        files = {path.stem for path in self.fs.files(ROOT) if path.suffix == ".wks"}
        assert files == {str(identifier) for identifier in there}
