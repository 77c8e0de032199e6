"""What is counted by the hour is what a recount of all segments finds, whatever was done to them."""

import random
import threading
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest

from catalog_rows import FRONT, FRONT_MAIN, START, VOLUME, YARD, YARD_MAIN, a_run, a_segment, seconds
from catalog_server import Database
from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import StreamId
from watchkeep.domain.interval import Interval
from watchkeep.domain.segment import SegmentState
from watchkeep.storage.catalog import footage, hours, recordings
from watchkeep.storage.catalog.connection import Catalog, CatalogRole, Connection
from watchkeep.storage.catalog.recorder_rows import SegmentClosed, SegmentOpened, StoredSegment

EVENING = START + timedelta(hours=9)
HOUR = timedelta(hours=1)
HOUR_NUMBER = int(START.timestamp()) // 3600
OTHER_VOLUME = UUID(int=0x402)
STREAMS = (FRONT_MAIN, YARD_MAIN)
LIVING = (SegmentState.CLOSED, SegmentState.RECOVERED)
Counted = dict[tuple[StreamId, datetime], object]


def hours_touched(when: Interval) -> list[datetime]:
    """Worked out by walking, unlike the product."""
    last = max(when.start, when.end - timedelta(microseconds=1))
    first = when.start.replace(minute=0, second=0, microsecond=0)
    return [first + number * HOUR for number in range(3) if first + number * HOUR <= last]


def recount(segments: list[StoredSegment]) -> Counted:
    """For each hour: open ones, microseconds covered, first, last, and what is stored by class and volume."""
    covered: dict[tuple[StreamId, datetime], list[Interval]] = defaultdict(list)
    opened: dict[tuple[StreamId, datetime], int] = defaultdict(int)
    stored: dict[tuple[StreamId, datetime], dict[tuple[str, UUID], list[int]]] = defaultdict(dict)
    for part in segments:
        start = (part.stream, hours_touched(part.when)[0])
        if part.state is SegmentState.OPEN:
            opened[start] += 1
            continue
        row = stored[start].setdefault((part.data_class, part.volume), [0, 0, 0, 0, 0])
        row[["closed", "recovered", "doomed", "lost"].index(part.state)] += 1
        row[4] += 0 if part.state is SegmentState.LOST else part.size_bytes
        if part.state in LIVING:
            for hour in hours_touched(part.when):
                piece = Interval(max(part.when.start, hour), min(part.when.end, hour + HOUR))
                covered[part.stream, hour].append(piece)
    counted: Counted = {}
    for key in covered.keys() | opened.keys() | stored.keys():
        pieces = sorted(covered.get(key, []))
        covered_us, position = 0, datetime.min.replace(tzinfo=UTC)
        for piece in pieces:
            covered_us += max(timedelta(0), piece.end - max(piece.start, position)) // timedelta(
                microseconds=1
            )
            position = max(position, piece.end)
        bounds = (pieces[0].start, max(piece.end for piece in pieces)) if pieces else (None, None)
        rows = {each: tuple(row) for each, row in stored.get(key, {}).items()}
        counted[key] = (opened.get(key, 0), covered_us, *bounds, rows)
    return counted


def kept(connection: Connection) -> Counted:
    """The same from the tables; hours of which nothing is there any more are left out."""
    stored: dict[tuple[StreamId, datetime], dict[tuple[str, UUID], tuple[int, ...]]] = defaultdict(dict)
    for stream, hour, data_class, volume, *row in connection.execute(
        "select stream_id, hour, data_class, volume_id, closed, recovered, doomed, lost, size_bytes"
        "  from stored_hours"
    ):
        stored[StreamId(stream), hour][data_class, volume] = tuple(row)
    counted: Counted = {}
    for stream, hour, opened, covered_us, first, last in connection.execute(
        "select stream_id, hour, open, recorded_us, first_at, last_at from stream_hours"
    ):
        rows = stored.pop((StreamId(stream), hour), {})
        if opened or first or rows:
            counted[StreamId(stream), hour] = (opened, covered_us, first, last, rows)
    assert not stored, "an hour without its lock"
    return counted


class World:
    """Segments of two streams across midnight, changed at random, and the same in Python."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.segments: list[StoredSegment] = []
        self.came: dict[tuple[StreamId, datetime], int] = defaultdict(int)
        self._number = 0

    def step(self, connection: Connection) -> None:
        """One change of a few segments."""
        deeds = [self._begin, self._begin, self._close, self._close, self._grow, self._doom, self._drop]
        self.chance.choice([*deeds, self._lose, self._reclassify, self._again])(connection)

    def _begin(self, connection: Connection) -> None:
        self._number += 1
        run = a_run(1) if self.chance.random() < 0.5 else a_run(2, camera=YARD, stream=YARD_MAIN)
        start = EVENING + timedelta(seconds=self.chance.randrange(6 * 3600))
        length = self.chance.choice([0, 0.5, 60, 61.25, 299.999999])
        made = a_segment(self._number, start=start, length_s=length, run=run, state=SegmentState.OPEN)
        recordings.apply(connection, [SegmentOpened(made)])
        self.segments.append(made)

    def _some(self, *states: SegmentState) -> list[StoredSegment]:
        found = [part for part in self.segments if part.state in states]
        return self.chance.sample(found, min(len(found), self.chance.choice([1, 1, 3])))

    def _put(self, old: StoredSegment, new: StoredSegment) -> None:
        self.segments[self.segments.index(old)] = new

    def _grow(self, connection: Connection) -> None:
        for part in self._some(SegmentState.OPEN):
            end = min(part.when.end + seconds(40), part.when.start + seconds(300))
            if end > part.when.end:
                grown = replace(part, when=Interval(part.when.start, end), size_bytes=part.size_bytes + 7)
                recordings.apply(connection, [SegmentOpened(grown)])
                self._put(part, grown)

    def _close(self, connection: Connection) -> None:
        rows: list[SegmentClosed] = []
        for part in self._some(SegmentState.OPEN):
            end = min(part.when.end + seconds(self.chance.choice([0, 20])), part.when.start + seconds(300))
            closed = replace(
                part,
                state=self.chance.choice(LIVING),
                when=Interval(part.when.start, end),
                size_bytes=self.chance.randrange(10_000),
                root_digest=b"d" * 32,
            )
            self._put(part, closed)
            self.came[part.stream, hours_touched(closed.when)[0]] += closed.size_bytes
            rows.append(SegmentClosed(closed))
        recordings.apply(connection, rows)

    def _again(self, connection: Connection) -> None:
        """Rows that come twice change nothing."""
        rows = [SegmentClosed(part) for part in self._some(*LIVING)]
        recordings.apply(connection, rows)

    def _doom(self, connection: Connection) -> None:
        parts = self._some(*LIVING, SegmentState.LOST)
        footage.doom(connection, parts, reason="old")
        for part in parts:
            self._put(part, replace(part, state=SegmentState.DOOMED))

    def _drop(self, connection: Connection) -> None:
        parts = self._some(SegmentState.DOOMED)
        footage.drop_rows(connection, parts)
        for part in parts:
            self.segments.remove(part)

    def _lose(self, connection: Connection) -> None:
        parts = self._some(*LIVING)
        footage.mark_lost(connection, parts, reason="gone")
        for part in parts:
            self._put(part, replace(part, state=SegmentState.LOST))

    def _reclassify(self, connection: Connection) -> None:
        """In one statement for all, as a mover or the sweeper may do it."""
        parts = self._some(*LIVING)
        connection.execute(
            "update video_segments set data_class = 'event_clip', volume_id = %s where segment_id = any (%s)",
            (OTHER_VOLUME, [part.id for part in parts]),
        )
        for part in parts:
            self._put(part, replace(part, data_class=DataClass.EVENT_CLIP, volume=OTHER_VOLUME))


@pytest.mark.parametrize("seed", range(4))
def test_each_hour_is_what_a_recount_finds(catalog: Catalog, seed: int) -> None:
    world = World(seed)
    for turn in range(60):
        with catalog.transaction() as connection:
            for _ in range(4):
                world.step(connection)
            if turn % 6 == 0:
                assert kept(connection) == recount(world.segments)
    with catalog.transaction() as connection:
        assert kept(connection) == recount(world.segments)
        came = {
            (StreamId(stream), hour): size_bytes
            for stream, hour, size_bytes in connection.execute(
                "select stream_id, hour, came_bytes from stream_hours where came_bytes > 0"
            )
        }
    assert came == {key: size for key, size in world.came.items() if size}
    assert {part.state for part in world.segments} >= {
        SegmentState.OPEN,
        SegmentState.DOOMED,
        SegmentState.CLOSED,
    }


def test_two_who_change_the_same_hour_at_once_lose_nothing(database: Database) -> None:
    """Without the lock the second would count the hour as it was before the first."""
    # On two volumes, so that no row but the hour's own is wanted by both.
    known, first, second = (
        a_segment(number, start=EVENING + seconds(60 * number - 30), run=a_run(number)) for number in range(3)
    )
    second = replace(second, volume=OTHER_VOLUME)
    mine, other = database.catalog(), database.catalog()
    with mine.transaction() as connection:
        recordings.apply(connection, [SegmentClosed(known)])

    def put_second() -> None:
        with other.transaction() as connection:
            recordings.apply(connection, [SegmentClosed(second)])

    thread = threading.Thread(target=put_second)
    with mine.transaction() as connection:
        recordings.apply(connection, [SegmentClosed(first)])
        thread.start()
        while thread.is_alive() and not waits_for_a_lock(connection):
            thread.join(0.01)
    thread.join(60)
    with mine.transaction() as connection:
        assert kept(connection) == recount([known, first, second])
    for catalog in (mine, other):
        catalog.close()


def waits_for_a_lock(connection: Connection) -> bool:
    row = connection.execute(
        "select exists (select from pg_locks where not granted and pid <> pg_backend_pid())"
    ).fetchone()
    return row is not None and bool(row[0])


@pytest.mark.parametrize("seed", range(2))
def test_what_is_read_by_the_hour_is_what_a_walk_finds(catalog: Catalog, seed: int) -> None:
    world = World(seed)
    span = Interval(EVENING - HOUR, EVENING + 8 * HOUR)
    for _ in range(80):
        with catalog.transaction() as connection:
            world.step(connection)
    with catalog.transaction() as connection:
        for stream in STREAMS:
            for bucket in (HOUR, 3 * HOUR):
                walked = footage.recorded_per_bucket(connection, stream, span, bucket=bucket)
                quick = footage.recorded_per_hours(connection, stream, span, bucket=bucket)
                assert [(at, round(length, 5)) for at, length in quick] == [
                    (at, round(length, 5)) for at, length in walked
                ]
            living = [
                part.when
                for part in world.segments
                if part.stream == stream and part.state in (*LIVING, SegmentState.OPEN)
            ]
            assert footage.footage_bounds(connection, stream) == Interval(
                min(when.start for when in living), max(when.end for when in living)
            )


def test_days_are_those_of_the_zone_they_are_asked_in(catalog: Catalog) -> None:
    zone = ZoneInfo("Asia/Kathmandu")  # its days begin at a quarter past an hour of UTC
    midnight = datetime(2026, 11, 26, tzinfo=zone).astimezone(UTC)
    days = [Interval(midnight + timedelta(days=n), midnight + timedelta(days=n + 1)) for n in range(-2, 3)]
    before = a_segment(1, start=midnight - seconds(60))
    after = a_segment(2, start=midnight + timedelta(days=1), run=a_run(2, camera=YARD, stream=YARD_MAIN))
    with catalog.transaction() as connection:
        recordings.apply(connection, [SegmentClosed(before), SegmentClosed(after)])

        found = [hours.days_with_footage(connection, some, days) for some in ([FRONT], [YARD], [FRONT, YARD])]

    assert found == [[days[1].start], [days[3].start], [days[1].start, days[3].start]]


def test_what_came_is_known_after_it_is_gone_until_it_is_forgotten(catalog: Catalog) -> None:
    old, new = a_segment(1, size_bytes=400), a_segment(2, start=START + HOUR, size_bytes=600)
    span = Interval(START, START + timedelta(days=1))
    with catalog.transaction() as connection:
        recordings.apply(connection, [SegmentClosed(old), SegmentClosed(new)])
        footage.doom(connection, [old], reason="older than 1 d")
        footage.drop_rows(connection, [old])

        (came,) = hours.came_by_hour(connection, span)
        assert (came.camera, came.hours.tolist(), came.size_bytes.tolist()) == (
            FRONT,
            [HOUR_NUMBER, HOUR_NUMBER + 1],
            [400, 600],
        )
        (there,) = hours.stored_by_hour(connection, cameras=[FRONT])
        assert (there.data_class, there.volume) == (DataClass.RAW_FOOTAGE, VOLUME)
        assert (there.hours.tolist(), there.segments.tolist()) == ([HOUR_NUMBER + 1], [1])
        assert there.size_bytes.tolist() == [600]
        assert hours.stored_by_hour(connection, cameras=[YARD]) == []
        assert hours.forget_hours(connection, before=START + timedelta(days=400)) == 1
        (left,) = hours.came_by_hour(connection, span)
        assert left.hours.tolist() == [HOUR_NUMBER + 1]


def test_a_reader_may_look_and_not_touch(database: Database) -> None:
    catalog = database.catalog(CatalogRole.READER)
    with catalog.transaction() as connection:
        assert hours.stored_by_hour(connection) == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege), catalog.transaction() as connection:
        connection.execute("delete from stream_hours")
    catalog.close()
