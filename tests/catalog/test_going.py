"""What goes within a span is what the sweeper's own judgement of every segment says, holds and all."""

import random
from datetime import datetime, timedelta

import pytest

from catalog_rows import FRONT, START, YARD, YARD_MAIN, a_run, a_segment
from event_house import put
from event_rows import an_event
from watchkeep.application.footage_rules import RuleBook
from watchkeep.application.going import Going, going_between
from watchkeep.domain.category import DEFAULT_POLICIES, DataClass
from watchkeep.domain.ids import CameraId
from watchkeep.domain.interval import Interval
from watchkeep.domain.policy import Override
from watchkeep.domain.retention import Claim, Hold, Keeps, judge
from watchkeep.storage.catalog import hours, recordings, retention
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.policies import PolicyBook
from watchkeep.storage.catalog.recorder_rows import SegmentClosed, StoredSegment

RAW = DataClass.RAW_FOOTAGE
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def rules(*holds: Hold) -> RuleBook:
    said = {(FRONT, RAW): Override(keep=2 * DAY), (YARD, RAW): Override(keep=3 * DAY)}
    book = PolicyBook(classes=DEFAULT_POLICIES, sites={}, cameras=said, site_of={}, quotas={})
    return RuleBook(book=book, asked={}, holds=holds)


def some_segments(chance: random.Random) -> list[StoredSegment]:
    """Of two cameras over a day, of all lengths; many end on the hour, or a microsecond beside it."""
    made: list[StoredSegment] = []
    for number in range(300):
        run = a_run(1) if number % 2 else a_run(2, camera=YARD, stream=YARD_MAIN)
        start = START + timedelta(
            seconds=chance.randrange(86_400), microseconds=chance.choice([0, 1, 999_999])
        )
        if number % 7 == 0:
            start = start.replace(minute=0, second=0, microsecond=0)
        length_s = chance.choice([1, 60, 61.25, 299.999999, 300])
        made.append(a_segment(number, start=start, length_s=length_s, run=run, size_bytes=number + 1))
    return made


def some_holds(chance: random.Random) -> list[Hold]:
    starts = [START + timedelta(seconds=chance.randrange(86_400)) for _ in range(4)]
    return [
        Hold(
            chance.choice([FRONT, YARD]),
            Interval(start, start + chance.choice([1, 90, 5000]) * DAY / 86_400),
            "x",
        )
        for start in starts
    ]


def judged(
    segments: list[StoredSegment], book: RuleBook, when: Interval, claims: dict[CameraId, list[Claim]]
) -> dict[CameraId, tuple[int, int]]:
    """Count and bytes of what is kept just before its time and not at it, and whose time is in the span."""
    found: dict[CameraId, tuple[int, int]] = {}
    for part in segments:
        keeps = book.keeps(part.camera)

        def goes(part: StoredSegment, at: datetime, keeps: Keeps = keeps) -> bool:
            own = claims.get(part.camera, [])
            return judge(part, keeps=keeps, claims=own, holds=book.holds, now=at).is_expired

        for keep in (keeps.raw, keeps.clip):
            due_at = part.when.end + keep
            is_now = goes(part, due_at) and not goes(part, due_at - timedelta(microseconds=1))
            if is_now and when.start <= due_at < when.end:
                count, size = found.get(part.camera, (0, 0))
                found[part.camera] = (count + 1, size + part.size_bytes)
    return found


def told(going: list[Going]) -> dict[CameraId, tuple[int, int]]:
    return {each.camera: (each.segments, each.size_bytes) for each in going}


@pytest.mark.parametrize("seed", range(3))
def test_what_goes_is_what_the_judge_says_of_each_segment(house: Catalog, seed: int) -> None:
    chance = random.Random(seed)
    segments = some_segments(chance)
    for number in range(1, 6):
        start = START + timedelta(seconds=chance.randrange(86_000))
        put(house, an_event(number, start=start, length_s=chance.choice([1, 400]), camera=FRONT))
    with house.transaction() as connection:
        recordings.apply(connection, [SegmentClosed(part) for part in segments])
        stored = hours.stored_by_hour(connection)
        span = Interval(START, START + 2 * DAY)
        keeps = {camera: rules().keeps(camera) for camera in (FRONT, YARD)}
        claims = retention.claims_of(connection, [(each, span) for each in keeps], keeps)
        assert len(claims[FRONT]) == 5
        for turn in range(25):
            book = rules(*(some_holds(chance) if turn % 2 else []))
            edge = chance.choice(segments)
            start = edge.when.end + book.keeps(edge.camera).raw
            length = chance.choice([timedelta(microseconds=1), HOUR, 7.3 * HOUR, 3 * DAY])
            when = Interval(start, start + length)
            going = going_between(connection, stored, book, when, scope=None)
            assert told(going) == judged(segments, book, when, claims)


def test_days_in_a_row_count_everything_once(catalog: Catalog) -> None:
    segments = some_segments(random.Random(9))
    with catalog.transaction() as connection:
        recordings.apply(connection, [SegmentClosed(part) for part in segments])
        stored = hours.stored_by_hour(connection)
        total = 0
        at: datetime = START + timedelta(minutes=17)
        for number in range(6):
            when = Interval(at + number * DAY, at + (number + 1) * DAY)
            going = going_between(connection, stored, rules(), when, scope=None, to_the_hour=True)
            total += sum(each.segments for each in going)
            assert all(when.start - HOUR <= each.oldest + 3 * DAY for each in going)

    assert total == len(segments)


def test_only_the_cameras_that_are_asked_for_are_told(catalog: Catalog) -> None:
    segments = some_segments(random.Random(1))
    when = Interval(START, START + 30 * DAY)
    with catalog.transaction() as connection:
        recordings.apply(connection, [SegmentClosed(part) for part in segments])
        stored = hours.stored_by_hour(connection)

        (only,) = going_between(connection, stored, rules(), when, scope=[YARD])

    assert (only.camera, only.segments, only.reason) == (YARD, 150, "older than 3 d")
    assert only.without(None) == only
    assert only.without(only).segments == 0
