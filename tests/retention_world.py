"""A world in which footage is recorded, held, swept and lost: catalog and sweeper real, disk in memory.

Beside it stands a model that knows nothing of the decision: of every ten seconds of footage it keeps how long
they may be readable, and after each sweep all that is stored is held against it.
"""

import random
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from builders import INSTALLATION, NOON, CountingRng, FixedClock
from catalog_rows import id7
from crash_fs import CrashFs
from retention_rows import EVENT, INCIDENT, RECORD, forget_everything
from watchkeep.domain.errors import Conflict
from watchkeep.domain.fs import Space
from watchkeep.domain.ids import CameraId, SegmentId
from watchkeep.domain.interval import Interval
from watchkeep.domain.retention import Hold
from watchkeep.lifecycle.certifier import Certifier, verify
from watchkeep.lifecycle.gentle_ways import GentleWays
from watchkeep.lifecycle.ladder import Ladder
from watchkeep.lifecycle.sweep import Swept
from watchkeep.lifecycle.sweeper import Sweeper
from watchkeep.lifecycle.thinner import Thinner
from watchkeep.storage.catalog import footage
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.encryption.signing import Signer
from watchkeep.storage.media.volume import Volume

CAMERAS = (CameraId("door"), CameraId("yard"), CameraId("gate"))
DAY = timedelta(days=1)
SLOT = timedelta(seconds=10)
SLOTS = 6
SIZE = 1000
DISK = 1 << 30
RESERVE = 100_000
ROOT = Path("/footage")
SIGNER = Signer(bytes(32))
LIMITS = {"raw": 30 * DAY, "clip": 90 * DAY, "archived": 365 * DAY}


class Killed(BaseException):
    """The process is gone at this instant."""


class MemoryDisk(CrashFs):
    """A disk in memory that is as large as is said, and may be taken away."""

    free = DISK

    def space(self, path: Path) -> Space:
        used = sum(self.size(each) for each in self.files(ROOT) if each.suffix == ".wks")
        return Space(free_bytes=self.free - used, total_bytes=DISK)


@dataclass
class MortalCatalog:
    """One connection to the catalog, whose client may be killed before or after any commit."""

    connection: Connection
    tick: Callable[[], None] = lambda: None

    @contextmanager
    def transaction(self, subject: str | None = None) -> Iterator[Connection]:
        with self.connection.transaction():
            yield self.connection
            self.tick()
        self.tick()


@dataclass
class SomeHolds:
    """Holds that stand."""

    orders: list[Hold] = field(default_factory=list)

    def standing(self, connection: Connection, *, at: datetime) -> Collection[Hold]:
        return self.orders


@dataclass
class Recorded:
    """What the model knows of a segment.

    Attributes:
        limits: Of each ten seconds, how long they may be readable.
        readable: Which of them are.
    """

    id: SegmentId
    camera: CameraId
    when: Interval
    path: Path
    limits: list[timedelta]
    readable: list[bool]
    is_lost: bool = False

    def slot(self, number: int) -> Interval:
        return Interval(self.when.start + number * SLOT, self.when.start + (number + 1) * SLOT)

    def claim(self, camera: CameraId, when: Interval, limit: timedelta) -> None:
        for n in range(SLOTS):
            if self.camera == camera and when.overlaps(self.slot(n)):
                self.limits[n] = max(self.limits[n], limit)

    def is_held(self, holds: Collection[Hold]) -> bool:
        return any(
            self.readable[n] and any(h.camera == self.camera and h.when.overlaps(self.slot(n)) for h in holds)
            for n in range(SLOTS)
        )

    @property
    def until(self) -> datetime:
        return self.when.end + max(each for n, each in enumerate(self.limits) if self.readable[n])

    def grow_older(self, now: datetime, holds: Collection[Hold]) -> None:
        for n in range(SLOTS):
            slot = self.slot(n)
            kept = any(hold.camera == self.camera and hold.when.overlaps(slot) for hold in holds)
            self.readable[n] = self.readable[n] and (now < self.when.end + self.limits[n] or kept)


class World:
    """The real thing and the model; every method is one step."""

    def __init__(self, connection: Connection, make_sweeper: Callable[..., Sweeper] = Sweeper) -> None:
        self.catalog = MortalCatalog(connection)
        self.make_sweeper = make_sweeper
        self.clock = FixedClock(NOON)
        self.fs = MemoryDisk()
        self.rng = CountingRng()
        self.holds = SomeHolds()
        self.known: dict[SegmentId, Recorded] = {}
        self.claims: list[tuple[CameraId, Interval, timedelta]] = []
        self.dropped = 0
        self.number = 0
        self.is_doubted = False
        forget_everything(connection)
        Volume.open(ROOT, fs=self.fs, rng=self.rng, installation=INSTALLATION)
        self.start()

    # --- Steps ---

    def start(self) -> None:
        """The keeper starts."""
        volume = Volume.open(ROOT, fs=self.fs, rng=self.rng, installation=INSTALLATION)
        self.volume = volume.id
        self.sweeper = self.make_sweeper(
            catalog=self.catalog,
            volume=volume,
            fs=self.fs,
            clock=self.clock,
            holds=self.holds,
            certifier=Certifier(SIGNER, self.clock),
            reserve_bytes=RESERVE,
        )
        thinner = Thinner(volume=volume, fs=self.fs, rng=self.rng, keys=_no_keys)
        ways = GentleWays(sweeper=self.sweeper, thinner=thinner)
        self.ladder = Ladder(sweeper=self.sweeper, ways=ways, rng=self.rng)

    def record(self, camera: CameraId) -> None:
        """A minute of a camera; the file durable before its row."""
        start = self.clock.now()
        self.clock.advance(60)
        self.number += 1
        identifier = SegmentId(id7(start, self.number))
        path = ROOT / camera / start.date().isoformat() / f"{identifier}.wks"
        self.fs.make_directories(path.parent)
        file = self.fs.create(path)
        file.append(bytes(SIZE))
        file.sync()
        self.fs.sync_directory(path.parent)
        with self.catalog.transaction() as connection:
            connection.execute(
                RECORD,
                (
                    identifier,
                    start,
                    start + timedelta(seconds=60),
                    UUID(int=9),
                    camera,
                    self.volume,
                    str(path)[9:],
                    SIZE,
                ),
            )
        made = Recorded(
            identifier,
            camera,
            Interval(start, start + timedelta(seconds=60)),
            path,
            [LIMITS["raw"]] * SLOTS,
            [True] * SLOTS,
        )
        self.known[identifier] = made
        for claim in self.claims:
            made.claim(*claim)

    def happen(self, camera: CameraId, slot: int, length: int, *, is_archived: bool) -> None:
        """An event in the last minute; ten seconds before and after it are claimed, too."""
        start = self.clock.now() - timedelta(seconds=60) + slot * SLOT
        end = start + length * SLOT
        self.number += 1
        event, incident = id7(start, self.number), UUID(int=self.number)
        at = start if is_archived else None
        with self.catalog.transaction() as connection:
            connection.execute(EVENT, (event, start, end, camera, incident))
            connection.execute(INCIDENT, (incident, camera, start, end, event, start, at, at and "ada"))
        limit = LIMITS["archived" if is_archived else "clip"]
        self.claims.append((camera, Interval(start - SLOT, end + SLOT), limit))
        for segment in self.known.values():
            segment.claim(*self.claims[-1])

    def pass_time(self, length: timedelta) -> None:
        """It grows late."""
        self.clock.advance(length.total_seconds())

    def go_to_a_limit(self, segment: SegmentId, slot: int, *, is_over: bool) -> None:
        """It is just before some footage has to go, or just that time, and the sweeper looks."""
        known = self.known[segment]
        limit = known.when.end + known.limits[slot]
        wait = limit - self.clock.now() - timedelta(seconds=0 if is_over else 1)
        if wait > timedelta(0):
            self.clock.advance(wait.total_seconds())
            self.sweep()

    def hold(self, camera: CameraId, start: datetime, length: timedelta) -> None:
        """Somebody holds a span."""
        start -= (start - NOON) % SLOT
        self.holds.orders.append(Hold(camera, Interval(start, start + length), "case"))

    def release(self) -> None:
        """The oldest hold is released."""
        self.holds.orders = self.holds.orders[1:]

    def lose_file(self, segment: SegmentId) -> None:
        """A file vanishes, and that is noticed."""
        lost = self.known[segment]
        self.fs.unlink(lost.path)
        self.fs.sync_directory(lost.path.parent)
        with self.catalog.transaction() as connection:
            footage.mark_lost(connection, [footage.segment(connection, segment)], reason="gone")
        lost.is_lost = True

    def sweep(self) -> None:
        """One sweep, and everything is as it must be."""
        swept = self.sweeper.sweep()
        assert not swept.doubt
        self.settle()

    def fill(self, segments: int) -> None:
        """Space is short by so many segments; something else has written on the disk."""
        used = SIZE * sum(not each.is_lost for each in self.known.values())
        self.fs.free = used + RESERVE - segments * SIZE
        before = set(self.known)
        swept = self.ladder.climb()
        self.check_ladder(before, segments, swept)
        self.fs.free = DISK

    def unmount(self) -> None:
        """The disk is away: what is under its mount point is an empty folder."""
        away = self.fs.root
        self.fs.root = type(away)()
        self.fs.make_directories(ROOT)
        try:
            self.sweeper.sweep()
        except Conflict:
            pass
        else:
            raise AssertionError("an empty mount point was swept")
        finally:
            self.fs.root = away

    def leap(self, length: timedelta) -> None:
        """The clock leaps while the keeper runs, and comes back."""
        if self.sweeper.memory.last is None:
            self.sweep()
        self.clock.instant += length
        before = self.rows()
        assert self.sweeper.sweep().doubt, "a clock that leapt was believed"
        assert self.rows() == before
        self.clock.instant -= length

    def kill(self, after: int, chance: random.Random) -> None:
        """The keeper is killed in the middle of a sweep, and the power is cut; then it starts again."""
        left = after

        def tick() -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed

        self.catalog.tick = self.fs.before = tick
        with suppress(Killed):
            self.sweeper.sweep()
        self.catalog.tick, self.fs.before = (lambda: None), None
        free = self.fs.free
        left_over = self.fs.crashed(lambda _: chance.random() < 0.5)
        self.fs = MemoryDisk(deaf=self.fs.deaf)
        self.fs.root, self.fs.free = left_over.root, free
        # A row without its file is harm only while somebody may want the footage.
        for segment, (state, _, _) in self.rows().items():
            path = self.known[segment].path
            assert state in ("doomed", "lost") or path in self.fs.files(ROOT), "a row has lost its file"
        self.start()
        self.sweep()

    # --- What must hold ---

    def rows(self) -> dict[SegmentId, tuple[str, str, object]]:
        with self.catalog.transaction() as connection:
            found = connection.execute("select segment_id, state, data_class, claims from video_segments")
            return {SegmentId(row[0]): (row[1], row[2], row[3]) for row in found}

    def settle(self) -> None:
        """Nothing is there that should be gone, and nothing is gone that should be there."""
        now, holds = self.clock.now(), self.holds.orders
        for segment in list(self.known.values()):
            segment.grow_older(now, holds)
            if not any(segment.readable):
                del self.known[segment.id]
                self.dropped += 1
        self.check()

    def check(self) -> None:
        """Rows, files, certificates and tombstones against the model."""
        with self.catalog.transaction() as connection:
            rows = connection.execute(_READABLE).fetchall()
            (tombstones,) = connection.execute("select count(*) from segment_tombstones").fetchone() or (0,)
        assert {row[0] for row in rows} == set(self.known), "rows differ from what must be there"
        for segment, start, end, claims in rows:
            known = self.known[segment]
            parts = [Interval(start, end)] if claims is None else [Interval(p.lower, p.upper) for p in claims]
            readable = [any(part.overlaps(known.slot(n)) for part in parts) for n in range(SLOTS)]
            assert readable == known.readable, "other seconds can be read than may be"
        files = {path for path in self.fs.files(ROOT) if path.suffix == ".wks"}
        assert files == {each.path for each in self.known.values() if not each.is_lost}, "files differ"
        assert tombstones == self.dropped, "a deletion without a reason"

    def end(self) -> None:
        """A last sweep; every deletion has its proof."""
        self.sweep()
        with self.catalog.transaction() as connection:
            proved = verify(connection, public_key=SIGNER.public_key)
        assert proved.segments == self.dropped, "a deletion without proof"

    def check_ladder(self, before: set[SegmentId], missing: int, swept: Swept) -> None:
        """Only what would have gone soonest went, nothing that is held, and no more than needed."""
        left = self.rows()
        gone = [self.known[segment] for segment in before if segment not in left]
        stays = [self.known[segment] for segment in before if segment in left]
        holds = self.holds.orders
        assert not any(each.is_held(holds) for each in gone), "what is held went for want of space"
        now = self.clock.now()
        assert not any(each.is_lost and each.until > now for each in gone)
        freed = [each for each in gone if not each.is_lost]
        movable = [each for each in stays if not each.is_held(holds) and not each.is_lost]
        assert len(freed) == min(missing, len(freed) + len(movable)), "too much or too little went"
        assert swept.is_space_short is (len(freed) < missing)
        last = max((max(each.until, now) for each in freed), default=now)
        assert all(max(each.until, now) >= last for each in movable), "something else would have gone sooner"
        for each in gone:
            del self.known[each.id]
            self.dropped += 1


_READABLE = "select segment_id, start_time, end_time, claims from video_segments"


def _no_keys(*_: object) -> object:
    raise AssertionError("nothing is opened here")
