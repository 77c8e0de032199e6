"""Daily partitions are there when a row needs one."""

import threading
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from catalog_rows import START, a_run, a_segment
from catalog_server import Database
from watchkeep.domain.ids import StreamId
from watchkeep.storage.catalog import footage, partitions, queries, recordings
from watchkeep.storage.catalog.connection import Catalog, CatalogRole, Connection
from watchkeep.storage.catalog.recorder_rows import SegmentClosed

PARENTS = ["analysed_frames", "event_analytics", "event_objects", "events", "tracks", "video_segments"]


def days_of(connection: Connection, parent: str) -> list[str]:
    rows = connection.execute(
        "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid"
        " where i.inhparent = %(parent)s::regclass order by 1",
        {"parent": parent},
    )
    return [row[0].removeprefix(f"{parent}_") for row in rows]


def test_a_week_ahead_is_made_once(catalog: Catalog) -> None:
    with catalog.transaction() as connection:
        assert partitions.prepare(connection, today=date(2026, 12, 28)) == 8 * len(PARENTS)
        assert partitions.prepare(connection, today=date(2026, 12, 29)) == len(PARENTS)

        for parent in PARENTS:
            days = days_of(connection, parent)
            assert days[0] == "2026_12_28"
            assert days[-1] == "2027_01_05"
            assert len(days) == 9


def test_a_row_of_any_day_finds_its_partition(catalog: Catalog) -> None:
    odd_days = [
        datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 11, 26, tzinfo=UTC),
        datetime(2061, 7, 28, 6, tzinfo=UTC),
    ]
    segments = [a_segment(number, start=start) for number, start in enumerate(odd_days)]

    with catalog.transaction() as connection:
        assert recordings.apply(connection, [SegmentClosed(segment) for segment in segments]) == []

        assert days_of(connection, "video_segments") == ["1999_12_31", "2026_11_26", "2061_07_28"]
        for segment in segments:
            assert footage.segment(connection, segment.id) == segment


def test_a_partition_is_the_utc_day_whatever_the_session_says(database: Database) -> None:
    catalog = database.catalog()
    with catalog.transaction() as connection:
        connection.execute("set local timezone = 'Pacific/Auckland'")
        connection.execute("select make_partitions('2026-11-25')")
        connection.execute("set local timezone = 'UTC'")
        bounds = connection.execute(
            "select pg_get_expr(relpartbound, oid) from pg_class where relname = 'events_2026_11_25'"
        ).fetchone()
    catalog.close()

    assert bounds == ("FOR VALUES FROM ('2026-11-25 00:00:00+00') TO ('2026-11-26 00:00:00+00')",)


def test_several_at_once_make_each_partition_once(database: Database) -> None:
    catalog = database.catalog()
    failures: list[Exception] = []

    def record(number: int) -> None:
        try:
            for day in range(3):
                segment = a_segment(number * 10 + day, start=START + timedelta(days=day))
                with catalog.transaction() as connection:
                    recordings.apply(connection, [SegmentClosed(segment)])
        except Exception as error:  # noqa: BLE001  # shown by the assertion
            failures.append(error)

    threads = [threading.Thread(target=record, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    with catalog.transaction() as connection:
        assert len(days_of(connection, "video_segments")) == 3
        assert len(list(footage.all_segments(connection))) == 12
    catalog.close()


def test_readers_go_on_while_a_partition_is_made(database: Database) -> None:
    catalog = database.catalog()
    with catalog.transaction() as maker:
        maker.execute("select make_partitions('2026-11-25')")
        with catalog.transaction() as reader:
            reader.execute("set local lock_timeout = '2s'")
            assert footage.segments_between(reader, a_segment().stream, a_segment().when) == []
    catalog.close()


def test_an_empty_old_day_is_dropped_and_a_full_one_stays(catalog: Catalog) -> None:
    old, kept = a_segment(1), a_segment(2, start=START + timedelta(days=1))
    with catalog.transaction() as connection:
        recordings.apply(connection, [SegmentClosed(old), SegmentClosed(kept)])
        footage.doom(connection, [old], reason="older than 30 d")
        footage.drop_rows(connection, [old])

    with catalog.transaction() as connection:
        assert partitions.drop_empty(connection, before=date(2026, 11, 25)) == 0
        assert partitions.drop_empty(connection, before=date(2027, 1, 1)) == 1
        assert days_of(connection, "video_segments") == ["2026_11_26"]
        assert list(footage.all_segments(connection)) == [kept]


EVENT = """
insert into events (
    event_id, "timestamp", detected_at, camera_id, event_type, confidence, video_reference, stream_id,
    object_type, seen_until, revision, best_at, best_score, best_left, best_top, best_right, best_bottom
) values (
    '00000000-0000-8000-8000-000000000001', %(at)s, %(at)s, 'front-door', 'zone_visit', 0.9,
    '00000000-0000-7000-8000-00000000dead', gen_random_uuid(), 'person', %(at)s, 1, %(at)s, 0.5,
    0.1, 0.1, 0.2, 0.2
)
"""
OBJECT = """
insert into event_objects (
    object_id, event_id, "timestamp", camera_id, object_type,
    box_left, box_top, box_right, box_bottom, confidence
) values (gen_random_uuid(), %(event)s, %(at)s, 'front-door', 'person', 0.1, 0.1, 0.2, 0.2, 0.9)
"""


def test_an_event_needs_no_footage_but_its_objects_need_it(catalog: Catalog) -> None:
    with catalog.transaction() as connection:
        partitions.prepare(connection, today=START.date(), days_ahead=0)
        connection.execute(EVENT, {"at": START})
        connection.execute(OBJECT, {"at": START, "event": "00000000-0000-8000-8000-000000000001"})

    with pytest.raises(psycopg.errors.ForeignKeyViolation), catalog.transaction() as connection:
        connection.execute(OBJECT, {"at": START, "event": "00000000-0000-8000-8000-000000000002"})


def test_one_hour_of_a_stream_is_an_index_range_of_one_partition(database: Database) -> None:
    runs = [a_run(number, stream=StreamId(UUID(int=number))) for number in range(1, 9)]
    rows = [
        SegmentClosed(
            a_segment(1000 * run.stream.int + number, start=START + timedelta(minutes=number - 720), run=run)
        )
        for run in runs
        for number in range(2000)
    ]
    catalog = database.catalog(CatalogRole.OWNER)
    with catalog.transaction() as connection:
        recordings.apply(connection, rows)
        connection.execute("analyze video_segments")
        reach = START - timedelta(minutes=5)
        facts = {"stream": runs[3].stream, "reach": reach, "start": START, "end": START + timedelta(hours=1)}
        plan = "\n".join(
            row[0] for row in connection.execute(f"explain {queries.load('footage')['between']}", facts)
        )
    catalog.close()

    assert "video_segments_2026_11_25" in plan
    assert "video_segments_2026_11_26" not in plan
    assert "video_segments_2026_11_25_stream_id_start_time_idx" in plan
    assert "Seq Scan" not in plan
