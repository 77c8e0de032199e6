"""Roll-ups: what is marked, who counts, what a kill leaves, zones that change, and what age takes away."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from catalog_rows import FRONT, FRONT_MAIN
from catalog_server import Database
from event_house import SITE
from event_rows import MODEL, a_track, an_event
from rollup_rows import (
    BERLIN,
    LENGTHS_S,
    MONDAY,
    NOW,
    ZONES,
    a_yard,
    blocked_on,
    differences,
    marks,
    put_event,
    put_track,
    refresh_all,
    stored,
    totals,
)
from watchkeep.domain.errors import CatalogUnavailable
from watchkeep.domain.ids import CameraId
from watchkeep.domain.interval import Interval
from watchkeep.domain.rollup import BucketLength
from watchkeep.domain.rule import Severity
from watchkeep.runtime.embedded_postgres import ADMINISTRATOR
from watchkeep.storage.catalog import events, rollups
from watchkeep.storage.catalog.connection import Catalog, CatalogRole, Connection
from watchkeep.storage.catalog.rollups import Family, refresh


@pytest.fixture
def yard(database: Database) -> Iterator[Catalog]:
    yield from a_yard(database)


def test_a_thing_is_counted_once_in_every_length(yard: Catalog) -> None:
    with yard.transaction() as connection:
        put_track(connection, 1, MONDAY, confidence_e4=8000)
        put_track(connection, 2, MONDAY + timedelta(minutes=1), confidence_e4=9001)
        put_track(connection, 3, MONDAY, has_moved=False)
        put_event(connection, 1, MONDAY, severity=0)
        put_event(connection, 2, MONDAY + timedelta(minutes=3), severity=3)

    refresh_all(yard)

    with yard.transaction() as connection:
        objects, events = stored(connection, "object_counts"), stored(connection, "event_counts")
        assert differences(connection) == []
    assert objects[300, "berlin", MONDAY.replace(minute=55), "person"] == (2, 17001)
    assert objects[86400, "berlin", datetime(2026, 3, 22, 23, tzinfo=UTC), "person"] == (2, 17001)
    assert objects[604800, "berlin", datetime(2026, 3, 22, 23, tzinfo=UTC), "person"] == (2, 17001)
    # The second event is a day later on the wall, but in the same week.
    assert events[86400, "berlin", datetime(2026, 3, 22, 23, tzinfo=UTC), "object"] == (1, 1, 0, 0, 0)
    assert events[86400, "berlin", datetime(2026, 3, 23, 23, tzinfo=UTC), "object"] == (1, 0, 0, 0, 1)
    assert events[604800, "berlin", datetime(2026, 3, 22, 23, tzinfo=UTC), "object"] == (2, 1, 0, 0, 1)


def test_only_what_changes_a_count_is_marked(yard: Catalog) -> None:
    with yard.transaction() as connection:
        put_track(connection, 1, MONDAY)
        put_track(connection, 2, MONDAY, has_moved=False)
        put_event(connection, 1, MONDAY)
    refresh_all(yard)

    with yard.transaction() as connection:
        put_track(connection, 1, MONDAY)
        put_track(connection, 2, MONDAY, has_moved=False, confidence_e4=1)
        put_event(connection, 1, MONDAY)
        connection.execute("update tracks set end_time = end_time + interval '1 hour', observations = 99")
        connection.execute("update events set revision = 2, seen_until = seen_until + interval '1 hour'")
        assert marks(connection) == []
        connection.execute("update tracks set has_moved = true")
        assert marks(connection) == [("object_counts", "berlin", MONDAY.replace(minute=55))]


def test_a_row_that_moves_marks_both_places(yard: Catalog) -> None:
    with yard.transaction() as connection:
        put_event(connection, 1, MONDAY)
    refresh_all(yard)

    with yard.transaction() as connection:
        connection.execute(
            "update events set \"timestamp\" = \"timestamp\" + interval '1 day', camera_id = 'chatham'"
        )
        found = marks(connection)

    assert sorted(found) == [
        ("event_counts", "berlin", MONDAY.replace(minute=55)),
        ("event_counts", "chatham", MONDAY.replace(minute=55) + timedelta(days=1)),
    ]


def test_what_is_refreshed_again_is_not_written_again(yard: Catalog) -> None:
    with yard.transaction() as connection:
        put_track(connection, 1, MONDAY)
    refresh_all(yard)
    with yard.transaction() as connection:
        before = connection.execute("select xmin::text, * from object_counts order by 2").fetchall()
        connection.execute(
            'insert into dirty_buckets (family, camera_id, "timestamp") values (%s, %s, %s)',
            (Family.OBJECTS, BERLIN, MONDAY.replace(minute=55)),
        )

    assert refresh_all(yard) == 1

    with yard.transaction() as connection:
        assert connection.execute("select xmin::text, * from object_counts order by 2").fetchall() == before


VARIANT = """
create schema variant;
create table variant.tracks (number integer, bucket integer);
create table variant.dirty_buckets (bucket integer primary key);
create table variant.counts (bucket integer primary key, count bigint);
create function variant.mark() returns trigger language plpgsql as $$
begin
    insert into variant.dirty_buckets select distinct bucket from fresh on conflict do nothing;
    return null;
end
$$;
create trigger tracks_new after insert on variant.tracks
    referencing new table as fresh for each statement execute function variant.mark();
"""


def test_a_unique_key_of_marks_would_lose_what_ours_keeps(database: Database, yard: Catalog) -> None:
    owner = database.dsn(CatalogRole.OWNER)
    administrator = database.dsn(ADMINISTRATOR)
    with psycopg.connect(administrator) as connection:
        connection.execute(VARIANT)
        connection.execute("grant usage on schema variant to watchkeep_owner")
        connection.execute("grant all on all tables in schema variant to watchkeep_owner")

    def refresh_variant() -> None:
        with psycopg.connect(owner) as connection:
            gone = connection.execute("delete from variant.dirty_buckets returning bucket").fetchall()
            for (bucket,) in gone:
                connection.execute(
                    "insert into variant.counts select %(b)s, count(*) from variant.tracks"
                    " where bucket = %(b)s on conflict (bucket) do update set count = excluded.count",
                    {"b": bucket},
                )

    def insert_both(connection: Connection, number: int) -> None:
        connection.execute("set role watchkeep_owner")
        connection.execute("insert into variant.tracks values (%s, 7)", (number,))
        put_track(connection, number, MONDAY)

    # 1. One writer adds to a bucket and commits.
    with psycopg.connect(owner) as first:
        insert_both(first, 1)
    # 2. Another adds to the same bucket: the variant finds its mark there already. It stays open.
    second = psycopg.connect(owner)
    insert_both(second, 2)
    # 3. The worker removes the mark and counts: one.
    refresh_variant()
    refresh_all(yard)
    # 4. The second writer commits.
    second.commit()
    second.close()
    # 5. The worker comes again: the variant has nothing to do.
    refresh_variant()
    refresh_all(yard)

    with psycopg.connect(owner) as connection:
        lost = connection.execute("select count from variant.counts where bucket = 7").fetchone()
        truth = connection.execute("select count(*) from variant.tracks where bucket = 7").fetchone()
        ours = totals(connection, "object_counts")
    assert (lost, truth) == ((1,), (2,))
    assert ours == dict.fromkeys(LENGTHS_S, 2)


@pytest.mark.parametrize("table", ["rollup_states", "object_counts", "event_counts", "cameras"])
def test_a_refresh_that_is_killed_between_its_statements_loses_nothing(
    database: Database, yard: Catalog, table: str
) -> None:
    with yard.transaction() as connection:
        put_track(connection, 1, MONDAY)
        put_event(connection, 1, MONDAY)
        before = marks(connection)
    outcomes: list[Exception] = []

    def refresh_once() -> None:
        try:
            refresh(yard, at=NOW)
        except CatalogUnavailable as error:
            outcomes.append(error)

    with (
        psycopg.connect(database.dsn(ADMINISTRATOR)) as holder,
        psycopg.connect(database.dsn(ADMINISTRATOR), autocommit=True) as observer,
    ):
        holder.execute(f"lock table {table} in access exclusive mode")
        worker = threading.Thread(target=refresh_once)
        worker.start()
        pid = blocked_on(observer, table)
        observer.execute("select pg_terminate_backend(%s)", (pid,))
        worker.join()
        holder.rollback()

    assert len(outcomes) == 1
    with yard.transaction() as connection:
        assert marks(connection) == before
        assert stored(connection, "object_counts") == {}
    refresh_all(yard)
    with yard.transaction() as connection:
        assert differences(connection) == []
        assert totals(connection, "event_counts") == dict.fromkeys(LENGTHS_S, 1)


def test_a_second_refresher_leaves_it_to_the_first(database: Database, yard: Catalog) -> None:
    with yard.transaction() as connection:
        put_track(connection, 1, MONDAY)
    results: list[rollups.Refreshed] = []
    worker = threading.Thread(target=lambda: results.append(refresh(yard, at=NOW)))

    with (
        psycopg.connect(database.dsn(ADMINISTRATOR)) as holder,
        psycopg.connect(database.dsn(ADMINISTRATOR), autocommit=True) as observer,
    ):
        holder.execute("lock table object_counts in access exclusive mode")
        worker.start()
        blocked_on(observer, "object_counts")
        second = refresh(yard, at=NOW)
        holder.rollback()
        worker.join()

    assert (second.marks, second.is_over) == (0, False)
    assert [(result.marks, result.is_over) for result in results] == [(1, True)]


def test_progress_says_what_is_counted_and_what_waits(yard: Catalog) -> None:
    def progress(camera: str) -> rollups.Progress:
        with yard.transaction() as connection:
            return rollups.progress(connection, Family.EVENTS, [CameraId(camera)], length=BucketLength.DAY)

    assert progress("berlin").as_of is None
    with yard.transaction() as connection:
        for number in range(3):
            put_event(connection, number, MONDAY + timedelta(hours=number))

    refresh(yard, at=NOW, most=1)
    assert progress("berlin").as_of is None
    assert progress("berlin").waiting_from == (MONDAY + timedelta(hours=1)).replace(minute=55)
    assert progress("chatham").waiting_from is None
    refresh_all(yard)
    assert progress("berlin").as_of == NOW
    assert progress("berlin").waiting_from is None


def test_counts_are_read_by_camera_type_and_span(yard: Catalog) -> None:
    with yard.transaction() as connection:
        put_track(connection, 1, MONDAY, confidence_e4=7000)
        put_track(connection, 2, MONDAY, type_="car")
        put_track(connection, 3, MONDAY, camera="chatham")
        put_track(connection, 4, MONDAY + timedelta(minutes=5))
        put_event(connection, 1, MONDAY, severity=2)
    refresh_all(yard)
    bucket = MONDAY.replace(minute=55)
    five = Interval(bucket, bucket + timedelta(minutes=5))
    length = BucketLength.FIVE_MINUTES

    with yard.transaction() as connection:
        people = rollups.object_counts(
            connection, cameras=[BERLIN], types=["person"], length=length, when=five
        )
        everything = rollups.object_counts(
            connection, cameras=list(ZONES), types=None, length=length, when=five
        )
        events = rollups.event_counts(connection, cameras=[BERLIN], kinds=None, length=length, when=five)

    assert people == [
        rollups.ObjectCount(camera=BERLIN, object_type="person", start=bucket, count=1, confidence_e4=7000)
    ]
    assert [(row.camera, row.object_type) for row in everything] == [
        ("berlin", "car"),
        ("berlin", "person"),
        ("chatham", "person"),
    ]
    assert events == [
        rollups.EventCount(camera=BERLIN, kind="object", start=bucket, count=1, severities=(0, 0, 1, 0))
    ]


def test_the_reader_reads_and_the_auditor_does_not(database: Database) -> None:
    reader, auditor = database.catalog(CatalogRole.READER), database.catalog(CatalogRole.AUDITOR)
    with reader.transaction() as connection:
        rollups.progress(connection, Family.OBJECTS, [BERLIN], length=BucketLength.DAY)
        assert stored(connection, "event_counts") == {}
    with pytest.raises(psycopg.errors.InsufficientPrivilege), reader.transaction() as connection:
        connection.execute("delete from dirty_buckets")
    with pytest.raises(psycopg.errors.InsufficientPrivilege), auditor.transaction() as connection:
        connection.execute("select * from object_counts")
    reader.close()
    auditor.close()


def test_what_the_analyst_writes_is_counted_and_its_updates_are_not_marked(house: Catalog) -> None:
    zones = {FRONT: SITE.zone}
    event, track = an_event(length_s=None), a_track()
    with house.transaction() as connection:
        events.put_events(connection, [event], model=MODEL.id)
        events.put_tracks(connection, FRONT, FRONT_MAIN, MODEL.id, [track])
    refresh_all(house)

    with house.transaction() as connection:
        later = replace(event, revision=2, seen_until=event.seen_until + timedelta(seconds=5))
        events.put_events(connection, [later], model=MODEL.id)
        assert marks(connection) == []
        worse = replace(later, revision=3, severity=Severity.CRITICAL)
        events.put_events(connection, [worse], model=MODEL.id)
        surer = replace(track, observations=60, confidence=0.8)
        events.put_tracks(connection, FRONT, FRONT_MAIN, MODEL.id, [surer])
        assert len(marks(connection)) == 2
    refresh_all(house)

    with house.transaction() as connection:
        assert differences(connection, zones) == []
        (cell,) = {cell for key, cell in stored(connection, "object_counts").items() if key[0] == 300}
        assert cell == (1, 8000)
        assert set(stored(connection, "event_counts").values()) == {(1, 0, 0, 0, 1)}
