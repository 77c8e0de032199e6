"""The rows of recorders leave the same tables behind, however they arrive."""

import json
import random
from dataclasses import replace

import pytest

from builders import A_CAMERA_CLOCK
from catalog_rows import FRONT_MAIN, START, YARD, YARD_MAIN, a_gap, a_run, a_segment, seconds
from catalog_server import Database
from watchkeep.domain.errors import CatalogUnavailable
from watchkeep.domain.media import CameraClock, GapCause
from watchkeep.domain.segment import SegmentState
from watchkeep.storage.catalog import footage, recordings
from watchkeep.storage.catalog.connection import Catalog, Connection
from watchkeep.storage.catalog.recorder_rows import (
    GapClosed,
    GapOpened,
    RecorderRow,
    RunBegan,
    RunEnded,
    SegmentClosed,
    SegmentOpened,
    from_json,
    to_json,
)

CLOCKS = (None, A_CAMERA_CLOCK, None, replace(A_CAMERA_CLOCK, drift_ppm=None))
TABLES = {
    "videos": "video_id",
    "video_segments": "segment_id",
    "gaps": "gap_id",
}


def contents(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    return {
        table: connection.execute(f"select * from {table} order by {key}").fetchall()
        for table, key in TABLES.items()
    }


def a_history() -> list[RecorderRow]:
    """Two streams over midnight: runs, segments that open, grow and close, gaps; two still open."""
    rows: list[RecorderRow] = []
    for offset, (camera, stream) in enumerate([(a_run().camera, FRONT_MAIN), (YARD, YARD_MAIN)]):
        for number in range(3):
            start = START + seconds(11.9 * 3600 + number * 400 + offset)
            run = a_run(10 * offset + number, start=start, camera=camera, stream=stream)
            rows.append(RunBegan(run))
            for index in range(4):
                begin = start + seconds(60 * index)
                segment = a_segment(100 * offset + 10 * number + index, start=begin, run=run)
                opened = replace(
                    segment,
                    state=SegmentState.OPEN,
                    root_digest=b"",
                    when=replace(segment.when, end=begin),
                    size_bytes=0,
                    fragment_count=0,
                    path=f"open/{segment.id}.wks",
                )
                grown = replace(opened, when=replace(opened.when, end=begin + seconds(30)), size_bytes=500)
                last = index == 3 and number == 2
                state = SegmentState.RECOVERED if last else SegmentState.CLOSED
                rows += [
                    SegmentOpened(opened),
                    SegmentOpened(grown),
                    SegmentClosed(replace(segment, state=state, camera_clock=CLOCKS[index])),
                ]
            rows.append(RunEnded(replace(run, ended_at=start + seconds(240), end_cause=GapCause.STALLED)))
            gap = a_gap(10 * offset + number, start=start + seconds(240), camera=camera, stream=stream)
            rows.append(GapOpened(gap))
            if number < 2:
                rows.append(GapClosed(replace(gap, ended_at=start + seconds(400))))
    return rows


@pytest.fixture(scope="module")
def expected(shared_database: Database) -> dict[str, list[tuple[object, ...]]]:
    catalog = shared_database.catalog()
    with catalog.transaction() as connection:
        assert recordings.apply(connection, a_history()) == []
    with catalog.transaction() as connection:
        found = contents(connection)
    catalog.close()
    return found


def test_the_history_is_what_was_said(expected: dict[str, list[tuple[object, ...]]]) -> None:
    assert [len(expected[table]) for table in TABLES] == [6, 24, 6]


def test_a_replay_changes_nothing(
    shared_database: Database, expected: dict[str, list[tuple[object, ...]]]
) -> None:
    catalog = shared_database.catalog()
    with catalog.transaction() as connection:
        recordings.apply(connection, a_history())
        assert contents(connection) == expected
    catalog.close()


@pytest.mark.parametrize("seed", range(4))
def test_rows_shuffled_and_repeated_leave_the_same_tables(
    catalog: Catalog, expected: dict[str, list[tuple[object, ...]]], seed: int
) -> None:
    chance = random.Random(seed)
    rows = a_history() + chance.choices(a_history(), k=40)
    chance.shuffle(rows)

    while rows:
        count = chance.randint(1, 7)
        with catalog.transaction() as connection:
            assert recordings.apply(connection, rows[:count]) == []
        rows = rows[count:]

    with catalog.transaction() as connection:
        assert contents(connection) == expected


def test_a_row_comes_back_from_json_as_it_was() -> None:
    for row in a_history():
        assert from_json(to_json(row)) == row


@pytest.mark.parametrize("is_dropped", [False, True])
def test_a_late_row_never_brings_a_deleted_segment_back(catalog: Catalog, is_dropped: bool) -> None:
    segment = a_segment()
    with catalog.transaction() as connection:
        recordings.apply(connection, [SegmentClosed(segment)])
        assert footage.doom(connection, [segment], reason="older than 30 d") == 1
        if is_dropped:
            assert footage.drop_rows(connection, [segment]) == [segment]

    with catalog.transaction() as connection:
        opened = replace(segment, state=SegmentState.OPEN, root_digest=b"")
        recordings.apply(connection, [SegmentOpened(opened), SegmentClosed(segment)])
        assert footage.segments_between(connection, segment.stream, segment.when) == []
        assert [part.id for part in footage.doomed(connection, 9)] == ([] if is_dropped else [segment.id])


def test_a_lost_segment_stays_lost_when_its_row_is_said_again(catalog: Catalog) -> None:
    segment = a_segment()
    with catalog.transaction() as connection:
        recordings.apply(connection, [SegmentClosed(segment)])
        footage.mark_lost(connection, [segment], reason="the file is gone")
        recordings.apply(connection, [SegmentClosed(segment)])

        assert footage.segment(connection, segment.id).state is SegmentState.LOST


def test_a_row_that_breaks_a_rule_is_put_aside_and_holds_nothing_up(catalog: Catalog) -> None:
    endless = a_segment(1, length_s=301)
    whole = a_segment(2)

    with catalog.transaction() as connection:
        refused = recordings.apply(connection, [SegmentClosed(endless), SegmentClosed(whole)])

    with catalog.transaction() as connection:
        assert [part.row for part in refused] == [SegmentClosed(endless)]
        assert "segment_length" in refused[0].reason
        kept = connection.execute("select row_text from refused_rows").fetchall()
        assert [from_json(row[0]) for row in kept] == [SegmentClosed(endless)]
        assert footage.segment(connection, whole.id) == whole


def test_the_recorder_learns_where_it_left_off(catalog: Catalog) -> None:
    closed = a_segment(1)
    opened = a_segment(2, start=START + seconds(60), length_s=4, state=SegmentState.OPEN)
    gap = a_gap(3, start=START + seconds(64))

    with catalog.transaction() as connection:
        assert recordings.last_footage_end(connection, FRONT_MAIN) is None
        assert recordings.open_gaps(connection, FRONT_MAIN) == []
        recordings.apply(connection, [SegmentClosed(closed), SegmentOpened(opened), GapOpened(gap)])

        assert recordings.open_segments(connection) == [opened]
        assert recordings.last_footage_end(connection, FRONT_MAIN) == opened.when.end
        before = recordings.last_footage_end(connection, FRONT_MAIN, before=opened.when.start)
        assert before == closed.when.end
        assert recordings.open_gaps(connection, FRONT_MAIN) == [gap]
        recordings.apply(connection, [GapClosed(replace(gap, ended_at=START + seconds(70)))])
        assert recordings.open_gaps(connection, FRONT_MAIN) == []


def test_rows_of_a_transaction_that_fails_are_not_there(catalog: Catalog) -> None:
    def record_and_die() -> None:
        with catalog.transaction() as connection:
            recordings.apply(connection, [SegmentClosed(a_segment())])
            connection.execute("select pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(CatalogUnavailable):
        record_and_die()

    with catalog.transaction() as connection:
        assert connection.execute("select count(*) from videos").fetchone() == (0,)


@pytest.mark.parametrize("clock", CLOCKS)
def test_what_a_segment_knows_of_its_cameras_clock_comes_back(
    catalog: Catalog, clock: CameraClock | None
) -> None:
    segment = a_segment(camera_clock=clock)
    with catalog.transaction() as connection:
        recordings.apply(connection, [SegmentClosed(segment)])

        assert footage.segment(connection, segment.id) == segment


def test_a_row_that_waited_since_before_clocks_were_kept_is_taken() -> None:
    kind, facts = json.loads(to_json(SegmentClosed(a_segment())))
    del facts["camera_clock"]

    assert from_json(json.dumps([kind, facts])) == SegmentClosed(a_segment())
