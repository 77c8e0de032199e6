"""Roll-ups outlive their raw rows, go by their own age, and are cut anew when a zone changes."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from catalog_server import Database
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
    recounted,
    refresh_all,
    stored,
    totals,
    waiting_its_turn,
)
from watchkeep.domain.errors import Unavailable
from watchkeep.domain.ids import CameraId
from watchkeep.domain.rollup import BucketLength
from watchkeep.runtime.embedded_postgres import ADMINISTRATOR
from watchkeep.storage.catalog import rollups
from watchkeep.storage.catalog.connection import Catalog, Connection
from watchkeep.storage.catalog.rollups import Family, refresh


@pytest.fixture
def yard(database: Database) -> Iterator[Catalog]:
    yield from a_yard(database)


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "UTC"])
def test_days_and_weeks_are_cut_anew_when_the_zone_changes(yard: Catalog, zone: str) -> None:
    with yard.transaction() as connection:
        for number in range(200):
            put_track(connection, number, MONDAY + timedelta(minutes=67 * number - 2000))
            put_event(connection, number, MONDAY + timedelta(minutes=67 * number - 2000), severity=number % 4)
    refresh_all(yard)
    changed = {**ZONES, BERLIN: zone}

    with yard.transaction() as connection:
        connection.execute("update sites set zone = %s where name = 'berlin'", (zone,))
    refresh_all(yard)

    with yard.transaction() as connection:
        assert differences(connection, changed) == []
        assert differences(connection) != []


def test_a_zone_that_stays_the_same_marks_nothing(yard: Catalog) -> None:
    with yard.transaction() as connection:
        put_track(connection, 1, MONDAY)
    refresh_all(yard)

    with yard.transaction() as connection:
        connection.execute("update sites set zone = zone, name = 'Elsewhere'")
        assert marks(connection) == []


def test_a_camera_that_moves_to_another_site_is_cut_anew(yard: Catalog) -> None:
    with yard.transaction() as connection:
        put_track(connection, 1, MONDAY)
    refresh_all(yard)

    with yard.transaction() as connection:
        connection.execute(
            "update cameras set site_id = (select site_id from sites where name = 'chatham')"
            " where camera_id = 'berlin'"
        )
    refresh_all(yard)

    with yard.transaction() as connection:
        assert differences(connection, {**ZONES, BERLIN: ZONES[CameraId("chatham")]}) == []


def test_a_zone_changed_during_a_refresh_leaves_no_day_of_the_old_one(
    database: Database, yard: Catalog
) -> None:
    with yard.transaction() as connection:
        put_track(connection, 1, MONDAY)
    worker = threading.Thread(target=lambda: refresh(yard, at=NOW))

    def change_zone() -> None:
        with yard.transaction() as connection:
            connection.execute("update sites set zone = 'Asia/Kathmandu' where name = 'berlin'")

    changer = threading.Thread(target=change_zone)
    with (
        psycopg.connect(database.dsn(ADMINISTRATOR)) as holder,
        psycopg.connect(database.dsn(ADMINISTRATOR), autocommit=True) as observer,
    ):
        # The refresh knows the zones already when it waits here.
        holder.execute("lock table object_counts in access exclusive mode")
        worker.start()
        blocked_on(observer, "object_counts")
        changer.start()
        waiting_its_turn(observer)
        holder.rollback()
        worker.join()
        changer.join()
    refresh_all(yard)

    with yard.transaction() as connection:
        assert differences(connection, {**ZONES, BERLIN: "Asia/Kathmandu"}) == []


def delete_by_age(connection: Connection, before: datetime) -> datetime:
    """As retention does it."""
    reached = rollups.seal(connection, before=before)
    connection.execute("select set_config('watchkeep.is_retention', 'on', true)")
    connection.execute("delete from tracks where start_time < %s", (reached,))
    connection.execute('delete from events where "timestamp" < %s', (reached,))
    return reached


def test_raw_rows_go_and_their_rollups_stay(yard: Catalog) -> None:
    with yard.transaction() as connection:
        for number in range(100):
            put_track(connection, number, MONDAY + timedelta(minutes=67 * number))
            put_event(connection, number, MONDAY + timedelta(minutes=67 * number))
    refresh_all(yard)
    with yard.transaction() as connection:
        whole = recounted(connection, "object_counts")
        assert delete_by_age(connection, MONDAY + timedelta(days=2)) == MONDAY + timedelta(days=2)
        assert marks(connection) == []

    with yard.transaction() as connection:
        assert recounted(connection, "object_counts") != whole
        # What is marked below the seal changes nothing, and says so.
        put_track(connection, 1000, MONDAY + timedelta(hours=1))
        put_event(connection, 50, MONDAY + timedelta(minutes=67 * 50), type_="zone_visit")
        connection.execute("delete from events where event_id = %s", (UUID(int=50),))
    done = refresh(yard, at=NOW)

    assert (done.late, done.is_over) == (1, True)
    with yard.transaction() as connection:
        assert stored(connection, "object_counts") == whole
        assert totals(connection, "event_counts") == dict.fromkeys(LENGTHS_S, 99)
        assert connection.execute("select sum(late_marks)::int from rollup_states").fetchone() == (1,)


def test_a_zone_that_changes_after_raw_rows_went_cuts_their_rollups(yard: Catalog) -> None:
    with yard.transaction() as connection:
        for number in range(100):
            put_track(connection, number, MONDAY + timedelta(minutes=67 * number))
    refresh_all(yard)
    changed = {**ZONES, BERLIN: "Asia/Kathmandu"}
    with yard.transaction() as connection:
        wanted = recounted(connection, "object_counts", changed)
        delete_by_age(connection, MONDAY + timedelta(days=3))
        connection.execute("update sites set zone = 'Asia/Kathmandu' where name = 'berlin'")

    assert refresh(yard, at=NOW).late == 0

    with yard.transaction() as connection:
        assert stored(connection, "object_counts") == wanted


def test_what_waits_to_be_counted_is_not_sealed(yard: Catalog) -> None:
    with yard.transaction() as connection:
        put_track(connection, 1, MONDAY)
    refresh_all(yard)
    with yard.transaction() as connection:
        put_track(connection, 2, MONDAY + timedelta(hours=5))

    with yard.transaction() as connection:
        reached = delete_by_age(connection, MONDAY + timedelta(days=1))
    refresh_all(yard)

    assert reached == (MONDAY + timedelta(hours=5)).replace(minute=55)
    with yard.transaction() as connection:
        assert totals(connection, "object_counts") == dict.fromkeys(LENGTHS_S, 2)


def test_rollups_go_by_their_own_age_and_do_not_come_back(yard: Catalog) -> None:
    with yard.transaction() as connection:
        for number in range(100):
            put_track(connection, number, MONDAY + timedelta(minutes=67 * number))
    refresh_all(yard)
    with yard.transaction() as connection:
        before = stored(connection, "object_counts")
        fine = MONDAY + timedelta(days=2)
        rollups.forget(connection, now=fine + timedelta(days=365))
        kept = stored(connection, "object_counts")
        put_track(connection, 1000, MONDAY + timedelta(hours=1))
        put_track(connection, 1001, MONDAY + timedelta(days=3), type_="car")
    assert kept == {key: cell for key, cell in before.items() if key[0] > 900 or key[2] >= fine}
    assert len(kept) < len(before)

    assert refresh(yard, at=NOW).late == 1

    with yard.transaction() as connection:
        after = stored(connection, "object_counts")
        assert {key: cell for key, cell in after.items() if key[3] == "person"} == kept
        assert {key[0] for key in after if key[3] == "car"} == set(LENGTHS_S)
        progress = rollups.progress(connection, Family.OBJECTS, [BERLIN], length=BucketLength.QUARTER_HOUR)
        assert progress.kept_from == fine
        rollups.forget(connection, now=MONDAY + timedelta(days=12 + 730))
        assert stored(connection, "object_counts") == {}


def test_a_zone_that_this_machine_does_not_know_is_said_and_nothing_is_lost(yard: Catalog) -> None:
    with yard.transaction() as connection:
        connection.execute("update sites set zone = 'Mars/Olympus' where name = 'berlin'")
        put_track(connection, 1, MONDAY)

    with pytest.raises(Unavailable, match="Mars/Olympus is not known on this machine"):
        refresh(yard, at=NOW)

    with yard.transaction() as connection:
        assert len(marks(connection)) == 1
    assert rollups.zone_named("UTC") is UTC


def test_a_camera_that_the_catalog_does_not_know_counts_in_utc(yard: Catalog) -> None:
    with yard.transaction() as connection:
        put_track(connection, 1, MONDAY, camera="found-in-files")
    refresh_all(yard)

    with yard.transaction() as connection:
        assert differences(connection, {CameraId("found-in-files"): "UTC"}) == []
