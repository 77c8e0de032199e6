"""What the catalog picks out for a sweep is exactly what the decision has something to say about."""

import random
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from catalog_rows import FRONT, START, VOLUME, YARD, a_run, a_segment
from event_rows import an_event
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import CameraId
from watchkeep.domain.interval import Interval
from watchkeep.domain.retention import FOOTAGE_CLASSES, Hold, Keeps, claimed, judge
from watchkeep.domain.segment import SegmentState
from watchkeep.storage.catalog import events, footage, recordings, retention
from watchkeep.storage.catalog.connection import Catalog, Connection
from watchkeep.storage.catalog.recorder_rows import SegmentClosed, SegmentOpened, StoredSegment
from watchkeep.storage.catalog.retention import Limits

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
KEEPS = {
    FRONT: Keeps(raw=2 * DAY, clip=4 * DAY, archived=6 * DAY),
    YARD: Keeps(raw=DAY, clip=3 * DAY, archived=5 * DAY),
}


def some_segments(chance: random.Random, connection: Connection) -> list[StoredSegment]:
    """A week of two cameras, of all states and classes, some with claims."""
    rows: list[SegmentClosed | SegmentOpened] = []
    for number in range(120):
        camera = chance.choice([FRONT, YARD])
        start = START + chance.randrange(7 * 24 * 60) * MINUTE
        run = a_run(number, start=start, camera=camera, stream=UUID(int=0xF0 if camera == FRONT else 0xA0))
        is_open = chance.random() < 0.1
        state = SegmentState.OPEN if is_open else SegmentState.CLOSED
        row = a_segment(number, start=start, run=run, state=state, length_s=chance.choice([30, 60, 300]))
        rows.append(SegmentOpened(row) if is_open else SegmentClosed(row))
    assert recordings.apply(connection, rows) == []
    for each in rows:
        segment = each.segment
        data_class = chance.choice(FOOTAGE_CLASSES)
        if data_class is not DataClass.RAW_FOOTAGE and segment.state is SegmentState.CLOSED:
            connection.execute(
                "update video_segments set data_class = %s where segment_id = %s", (data_class, segment.id)
            )
        if chance.random() < 0.1:
            footage.mark_lost(connection, [segment], reason="a test")
        if chance.random() < 0.1:
            footage.doom(connection, [segment], reason="a test")
    return list(footage.all_segments(connection))


def some_holds(chance: random.Random) -> list[Hold]:
    holds = []
    for _ in range(chance.randrange(4)):
        start = START + chance.randrange(7 * 24 * 60) * MINUTE
        length = chance.choice([MINUTE / 2, 12 * 60 * MINUTE])
        holds.append(Hold(chance.choice([FRONT, YARD]), Interval(start, start + length), "case"))
    return holds


@pytest.mark.parametrize("seed", range(6))
def test_what_is_picked_out_is_what_there_is_something_to_say_about(catalog: Catalog, seed: int) -> None:
    chance = random.Random(seed)
    with catalog.transaction() as connection:
        segments = some_segments(chance, connection)
        holds = some_holds(chance)
        for hours in (0, 24, 24.5, 48, 72, 96, 120, 150, 400):
            now = START + hours * 60 * MINUTE
            picked = retention.due(connection, Limits.by_age(KEEPS, now), holds, most=1000)
            chosen = {segment.id for segment in picked}
            for segment in segments:
                verdict = judge(segment, keeps=KEEPS[segment.camera], holds=holds, now=now)
                acts = verdict.is_expired or verdict.narrows(segment)
                is_partly_held = "held" in verdict.reason and not _is_wholly_held(segment, holds)
                limit = segment.when.end + KEEPS[segment.camera].of(segment.data_class)
                is_over = segment.state not in (SegmentState.OPEN, SegmentState.DOOMED) and now >= limit
                assert not acts or segment.id in chosen
                assert segment.id not in chosen or (is_over and (acts or is_partly_held))


def _is_wholly_held(segment: StoredSegment, holds: list[Hold]) -> bool:
    return any(
        hold.camera == segment.camera
        and hold.when.start <= segment.when.start
        and hold.when.end >= segment.when.end
        for hold in holds
    )


def test_the_oldest_come_first_and_no_more_than_asked_for_of_each_class(catalog: Catalog) -> None:
    with catalog.transaction() as connection:
        rows = [a_segment(n, start=START + n * MINUTE) for n in range(6)]
        recordings.apply(connection, [SegmentClosed(row) for row in rows])
        limits = Limits.all([FRONT], FOOTAGE_CLASSES, START + DAY)

        assert [each.id for each in retention.due(connection, limits, [], most=4)] == [
            row.id for row in rows[:4]
        ]


@pytest.mark.parametrize(
    ("start_s", "length_s", "is_claiming"),
    [(-100, 89, False), (-100, 91, True), (-3 * 86_400, 3 * 86_400, True), (69, 5, True), (71, 5, False)],
)
def test_events_claim_their_margins_however_long_ago_they_began(
    catalog: Catalog, start_s: float, length_s: float, is_claiming: bool
) -> None:
    """The segment is a minute from START; ten seconds before and after an event are its own."""
    began = START + timedelta(seconds=start_s)
    with catalog.transaction() as connection:
        row = a_segment(1)
        recordings.apply(connection, [SegmentClosed(row)])
        put_event(connection, began, length_s)
        claims = retention.claims(connection, [row], KEEPS).get(FRONT, [])

    touching = [claim for claim in claims if claim.when.overlaps(row.when)]
    assert bool(touching) is is_claiming
    if is_claiming:
        assert touching[0].when == Interval(
            began - timedelta(seconds=10), began + timedelta(seconds=length_s + 10)
        )


def put_event(connection: Connection, start: datetime, length_s: float, *, camera: CameraId = FRONT) -> None:
    """An event, as the analyst tells it."""
    event = an_event(int(start.timestamp()), start=start, length_s=length_s, camera=camera)
    assert events.put_events(connection, [event], model=None) == []


def test_what_was_narrowed_is_told_so_and_a_late_row_does_not_widen_it(catalog: Catalog) -> None:
    with catalog.transaction() as connection:
        row = a_segment(1)
        recordings.apply(connection, [SegmentClosed(row)])
        put_event(connection, START + timedelta(seconds=20), 10)
        claims = retention.claims(connection, [row], KEEPS)[FRONT]
        verdict = judge(row, keeps=KEEPS[FRONT], claims=claims, now=row.when.end + 2 * DAY)
        retention.narrow(connection, [(row, verdict)])
        recordings.apply(connection, [SegmentClosed(row)])
        (found,) = footage.segments_between(connection, row.stream, row.when)

    assert found.data_class is DataClass.EVENT_CLIP
    assert claimed(found) == verdict.readable
    assert claimed(found) == (Interval(START + timedelta(seconds=10), START + timedelta(seconds=40)),)


def test_only_what_the_sub_stream_shows_without_a_hole_is_given_up(catalog: Catalog) -> None:
    with catalog.transaction() as connection:
        mains = [a_segment(n, start=START + n * MINUTE) for n in range(3)]
        recordings.apply(connection, [SegmentClosed(row) for row in mains])
        sub_run = a_run(50, stream=UUID(int=0x5B))
        subs = [
            a_segment(60, start=START - 0.5 * MINUTE, length_s=60.3, run=sub_run),
            a_segment(61, start=START + 0.505 * MINUTE, length_s=60, run=sub_run),
            a_segment(62, start=START + 1.6 * MINUTE, length_s=120, run=sub_run),
        ]
        recordings.apply(connection, [SegmentClosed(row) for row in subs])
        connection.execute("update video_segments set role = 'sub' where stream_id = %s", (UUID(int=0x5B),))

        whole = retention.covered_by_sub(
            connection, FRONT, Interval(START - DAY, START + DAY), volume=VOLUME, most=9
        )
        early = retention.covered_by_sub(
            connection, FRONT, Interval(START - DAY, START + MINUTE / 2), volume=VOLUME, most=9
        )

    # Between the second and the third lie 5.7 s without sub stream.
    assert [each.id for each in whole] == [mains[0].id, mains[2].id]
    assert all(each.role is StreamRole.MAIN for each in whole)
    assert early == []


def test_what_comes_and_goes_in_a_day_is_added_up(catalog: Catalog) -> None:
    now = START + 2 * DAY
    with catalog.transaction() as connection:
        rows = [
            a_segment(1, start=START + MINUTE, size_bytes=7),
            a_segment(2, start=now - MINUTE, size_bytes=100),
            a_segment(3, start=now - 23 * 60 * MINUTE, size_bytes=20),
        ]
        recordings.apply(connection, [SegmentClosed(row) for row in rows])
        keeps = {FRONT: KEEPS[FRONT]}

        assert retention.daily_flow(connection, keeps, now) == (120, 7)
        assert retention.bytes_of_camera(connection, FRONT) == 127
        assert retention.bytes_of_class(connection, DataClass.RAW_FOOTAGE) == 127
        assert retention.bytes_of_class(connection, DataClass.EVENT_CLIP) == 0


def test_a_thinned_file_that_was_taken_in_for_lack_of_a_row_is_known_as_thinned(catalog: Catalog) -> None:
    old, new = a_segment(1), a_segment(2, start=START)
    thinned = replace(new, when=old.when, run=old.run, is_thinned=True)
    with catalog.transaction() as connection:
        recordings.apply(connection, [SegmentClosed(old), SegmentClosed(replace(thinned, is_thinned=False))])

        assert retention.put_thinned(connection, old, thinned)

        assert footage.segment(connection, new.id).is_thinned
