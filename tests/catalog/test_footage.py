"""Searches for footage find what a walk over all rows finds."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from catalog_rows import (
    FRONT,
    FRONT_MAIN,
    SITE,
    START,
    YARD,
    YARD_MAIN,
    a_gap,
    a_run,
    a_segment,
    id7,
    seconds,
)
from catalog_server import Database
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.errors import NotFound
from watchkeep.domain.ids import SegmentId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import GapCause
from watchkeep.domain.segment import Gap, SegmentState
from watchkeep.storage.catalog import cameras, footage, recordings, storage_figures
from watchkeep.storage.catalog.cameras import SealedCamera, SealedStream, Site
from watchkeep.storage.catalog.connection import Catalog, Connection
from watchkeep.storage.catalog.footage import GapTotal
from watchkeep.storage.catalog.recorder_rows import (
    GapClosed,
    GapOpened,
    SegmentClosed,
    SegmentOpened,
    StoredSegment,
)
from watchkeep.storage.catalog.storage_figures import CameraStorage

LIVING = (SegmentState.OPEN, SegmentState.CLOSED, SegmentState.RECOVERED)
SPAN_S = 6 * 3600


def random_world(chance: random.Random) -> tuple[list[StoredSegment], list[Gap]]:
    """Segments and gaps of two streams over six hours around midnight; some overlap, touch or are empty."""
    start = START + timedelta(hours=9)
    segments = []
    gaps = []
    for number in range(160):
        run = a_run(1, start=start) if number % 2 else a_run(2, start=start, camera=YARD, stream=YARD_MAIN)
        begin = start + timedelta(
            microseconds=chance.randrange(SPAN_S) * 1_000_000 + chance.choice([0, 0, 1, 500_000])
        )
        length = chance.choice([0, 0.5, 60, 60, 61.25, 300, 299.999999])
        state = chance.choice(
            [*LIVING, SegmentState.CLOSED, SegmentState.CLOSED, SegmentState.DOOMED, SegmentState.LOST]
        )
        segments.append(a_segment(number, start=begin, length_s=length, state=state, run=run))
        if number < 40:
            end = None if number % 13 == 0 else begin + seconds(chance.choice([0, 1, 600, 20000]))
            gaps.append(a_gap(number, start=begin, end=end, camera=run.camera, stream=run.stream))
    return segments, gaps


def put(connection: Connection, segments: list[StoredSegment], gaps: list[Gap]) -> None:
    for segment in segments:
        if segment.state is SegmentState.OPEN:
            recordings.apply(connection, [SegmentOpened(segment)])
            continue
        as_closed = replace(segment, state=SegmentState.CLOSED)
        is_over = segment.state in (SegmentState.DOOMED, SegmentState.LOST)
        recordings.apply(connection, [SegmentClosed(as_closed if is_over else segment)])
        if segment.state is SegmentState.DOOMED:
            footage.doom(connection, [segment], reason="expired")
        if segment.state is SegmentState.LOST:
            footage.mark_lost(connection, [segment], reason="not found")
    recordings.apply(connection, [GapClosed(gap) if gap.ended_at else GapOpened(gap) for gap in gaps])


def some_spans(chance: random.Random, segments: list[StoredSegment]) -> Iterator[Interval]:
    """Spans that begin and end on, just before and just after the edges of segments."""
    edges = [instant for segment in segments for instant in (segment.when.start, segment.when.end)]
    for _ in range(60):
        slack = chance.choice([-1, 0, 0, 1])
        start, end = sorted((chance.choice(edges) + timedelta(microseconds=slack), chance.choice(edges)))
        if chance.random() < 0.5:
            end = start + seconds(chance.choice([0.000001, 1, 60, 3600]))
        if start < end:
            yield Interval(start, end)


@pytest.mark.parametrize("seed", range(3))
def test_searches_agree_with_a_walk_over_all_rows(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    segments, gaps = random_world(chance)
    catalog = database.catalog()
    with catalog.transaction() as connection:
        put(connection, segments, gaps)

    with catalog.transaction() as connection:
        for span in some_spans(chance, segments):
            found = footage.segments_between(connection, FRONT_MAIN, span)
            expected = [
                segment.id
                for segment in segments
                if segment.stream == FRONT_MAIN
                and segment.state in LIVING
                and segment.when.start < span.end
                and segment.when.end > span.start
            ]
            assert sorted(part.id for part in found) == sorted(expected)
            assert [part.when.start for part in found] == sorted(part.when.start for part in found)

            found_gaps = {gap.id for gap in footage.gaps_between(connection, FRONT_MAIN, span)}
            assert found_gaps == {
                gap.id
                for gap in gaps
                if gap.stream == FRONT_MAIN
                and gap.ended_at != gap.started_at
                and gap.started_at < span.end
                and (gap.ended_at is None or gap.ended_at > span.start)
            }
    catalog.close()


def brute_buckets(segments: list[StoredSegment], span: Interval, bucket: timedelta) -> dict[datetime, int]:
    """Microseconds covered per bucket, by sweeping the union of all segments."""
    pieces = sorted(
        (clipped.start, clipped.end)
        for segment in segments
        if segment.stream == FRONT_MAIN and segment.state in LIVING and (clipped := segment.when.clip(span))
    )
    covered: dict[datetime, int] = {}
    position = span.start
    for start, end in pieces:
        at = max(start, position)
        while at < end:
            index = (at - span.start) // bucket
            edge = min(end, span.start + (index + 1) * bucket)
            key = span.start + index * bucket
            covered[key] = covered.get(key, 0) + (edge - at) // timedelta(microseconds=1)
            at = edge
        position = max(position, end)
    return covered


@pytest.mark.parametrize("seed", range(3))
def test_buckets_agree_with_a_sweep(database: Database, seed: int) -> None:
    chance = random.Random(100 + seed)
    segments, _ = random_world(chance)
    catalog = database.catalog()
    with catalog.transaction() as connection:
        put(connection, segments, [])

    with catalog.transaction() as connection:
        for span in some_spans(chance, segments):
            bucket = chance.choice(
                [timedelta(seconds=1), timedelta(seconds=36.5), timedelta(minutes=5), timedelta(hours=1)]
            )
            if span.length / bucket > 2000:
                continue
            found = footage.recorded_per_bucket(connection, FRONT_MAIN, span, bucket=bucket)
            expected = brute_buckets(segments, span, bucket)
            assert {start: round(covered * 1e6) for start, covered in found} == expected
            assert [start for start, _ in found] == sorted(expected)
    catalog.close()


def test_a_segment_is_found_by_its_id_even_when_the_clock_was_wrong(catalog: Catalog) -> None:
    honest = a_segment(1)
    strange = replace(a_segment(2), id=SegmentId(id7(START - timedelta(days=400), 3)))
    with catalog.transaction() as connection:
        recordings.apply(connection, [SegmentClosed(honest), SegmentClosed(strange)])

        assert footage.segment(connection, honest.id) == honest
        assert footage.segment(connection, strange.id) == strange
        with pytest.raises(NotFound):
            footage.segment(connection, SegmentId(id7(START, 99)))


def test_bounds_are_those_of_what_can_be_played(catalog: Catalog) -> None:
    gone, first, last = (a_segment(number, start=START + timedelta(hours=number)) for number in range(3))
    with catalog.transaction() as connection:
        assert footage.footage_bounds(connection, FRONT_MAIN) is None
        recordings.apply(connection, [SegmentClosed(part) for part in (gone, first, last)])
        footage.doom(connection, [gone], reason="expired")

        assert footage.footage_bounds(connection, FRONT_MAIN) == Interval(first.when.start, last.when.end)


def test_a_deletion_goes_step_by_step_and_its_reason_stays(catalog: Catalog) -> None:
    old, new = a_segment(1), a_segment(2, start=START + timedelta(hours=1))
    being_written = a_segment(3, start=START + timedelta(hours=2), state=SegmentState.OPEN)
    with catalog.transaction() as connection:
        recordings.apply(connection, [SegmentClosed(old), SegmentClosed(new), SegmentOpened(being_written)])

        assert footage.drop_rows(connection, [old]) == []
        assert footage.doom(connection, [old, being_written], reason="older than 30 d") == 1
        assert footage.doom(connection, [old], reason="another") == 0
        assert [(part.id, part.reason) for part in footage.doomed(connection, 9)] == [
            (old.id, "older than 30 d")
        ]
        assert footage.drop_rows(connection, [old, new]) == [old]
        assert list(footage.all_segments(connection)) == [new, being_written]
        (deletion,) = footage.deletions(connection, FRONT, old.when)
        assert (deletion.segment, deletion.when, deletion.reason) == (old.id, old.when, "older than 30 d")
        assert footage.forget_tombstones(connection, before=START + timedelta(days=3650)) == 1


def test_what_cameras_take_is_summed(catalog: Catalog) -> None:
    yard = a_run(5, camera=YARD, stream=YARD_MAIN)
    now = START + timedelta(days=2)
    rows = [
        a_segment(1, start=START, size_bytes=10),
        a_segment(2, start=now - timedelta(hours=1), size_bytes=20),
        a_segment(3, start=now - timedelta(hours=2), size_bytes=30, state=SegmentState.RECOVERED),
        a_segment(4, start=now, length_s=5, size_bytes=40, state=SegmentState.OPEN),
        a_segment(5, start=START, size_bytes=50, run=yard),
    ]
    with catalog.transaction() as connection:
        put(connection, rows, [])
        footage.mark_lost(connection, [rows[4]], reason="gone")

        front, lost = storage_figures.storage_by_camera(connection, now=now)
        assert footage.cameras_with_footage(connection) == [FRONT, YARD]

    assert front == CameraStorage(
        camera=FRONT,
        size_bytes=100,
        bytes_last_day=90,
        open=1,
        closed=2,
        recovered=1,
        lost=0,
        oldest=START,
        newest=now + seconds(5),
    )
    assert (lost.size_bytes, lost.lost, lost.oldest) == (0, 1, None)


def test_gaps_are_counted_inside_the_span_only(catalog: Catalog) -> None:
    stream = SealedStream(id=FRONT_MAIN, camera=FRONT, role=StreamRole.MAIN, url="rtsp://192.0.2.7/")
    camera = SealedCamera(
        id=FRONT, site=SITE, name="f", is_enabled=True, retention_days=1, streams=(stream,), created_at=START
    )
    span = Interval(START, START + timedelta(hours=1))
    gaps = [
        a_gap(1, start=START - seconds(60), end=START + seconds(30)),
        a_gap(2, start=START + seconds(100), end=START + seconds(101.5)),
        a_gap(3, start=START + seconds(3590)),
        a_gap(4, start=START - seconds(90), end=START),
    ]
    with catalog.transaction() as connection:
        cameras.put_site(connection, Site(id=SITE, name="Home", zone="UTC"))
        cameras.insert_camera(connection, camera)
        put(connection, [], gaps)

        assert footage.gap_totals(connection, span) == [GapTotal(FRONT, 3, 41.5)]


def test_gaps_on_purpose_are_no_loss_and_have_their_share_of_each_bucket(catalog: Catalog) -> None:
    hour = timedelta(hours=1)
    gaps = [
        a_gap(1, start=START - hour, end=START + seconds(600), cause=GapCause.NOTHING_MOVED),
        a_gap(2, start=START + seconds(600), end=START + seconds(900), cause=GapCause.UNREACHABLE),
        a_gap(3, start=START + 1.5 * hour, cause=GapCause.SCHEDULED_OFF),
    ]
    stream = SealedStream(id=FRONT_MAIN, camera=FRONT, role=StreamRole.MAIN, url="rtsp://192.0.2.7/")
    camera = SealedCamera(
        id=FRONT, site=SITE, name="f", is_enabled=True, retention_days=1, streams=(stream,), created_at=START
    )
    with catalog.transaction() as connection:
        cameras.put_site(connection, Site(id=SITE, name="Home", zone="UTC"))
        cameras.insert_camera(connection, camera)
        put(connection, [], gaps)
        span = Interval(START, START + 4 * hour)
        lasting = footage.unwanted_per_bucket(
            connection, gaps[0].stream, span, bucket=hour, now=START + 2.5 * hour
        )
        early = footage.unwanted_per_bucket(connection, gaps[0].stream, span, bucket=hour, now=START)
        (total,) = footage.gap_totals(connection, span)

    assert lasting == [(START, 600.0), (START + hour, 1800.0), (START + 2 * hour, 1800.0)]
    assert early == []
    assert (total.count, total.seconds) == (1, 300.0)
