"""Events that nobody follows any more, and those whose time is up, on a real PostgreSQL."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from psycopg import sql

from catalog_rows import FRONT, FRONT_MAIN, START, YARD, YARD_MAIN, seconds
from event_house import (
    PICTURE_VOLUME,
    a_picture,
    all_incidents,
    listed,
    newest_notice,
    put,
    put_picture,
    told,
)
from event_rows import MODEL, a_track, an_event
from watchkeep.domain.event import EndReason
from watchkeep.domain.ids import EventId, StreamId
from watchkeep.domain.rule import Severity
from watchkeep.storage.catalog import (
    event_upkeep,
    events,
    incidents,
)
from watchkeep.storage.catalog.connection import Catalog

ANALYTICS = """
insert into event_analytics (analytics_id, event_id, "timestamp", analysis_type, results, processed_at)
values (gen_random_uuid(), %(id)s, %(at)s, 'face', '{}', %(at)s)
"""


def forget(catalog: Catalog, *, before: datetime, limit: int = 100) -> int:
    with catalog.transaction() as connection:
        due = event_upkeep.due_events(connection, before=before, volume=PICTURE_VOLUME, limit=limit)
        return event_upkeep.forget_events(connection, due)


def close(catalog: Catalog, *, seen_before: datetime, streams: list[StreamId] | None = None) -> list[EventId]:
    with catalog.transaction() as connection:
        return event_upkeep.close_orphans(
            connection, streams=streams, seen_before=seen_before, reason=EndReason.RESTART
        )


def count(catalog: Catalog, table: str) -> int:
    with catalog.transaction() as connection:
        row = connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table))).fetchone()
    assert row is not None
    return int(row[0])


def test_an_event_that_nobody_follows_ends_at_its_last_picture(house: Catalog) -> None:
    orphan = an_event(1, length_s=None, seen_until=START + seconds(7))
    put(house, orphan, an_event(2))
    newest = newest_notice(house)

    assert close(house, seen_before=START + seconds(8)) == [orphan.id]
    assert close(house, seen_before=START + seconds(8)) == []

    with house.transaction() as connection:
        stored = events.get_event(connection, orphan.id)
    assert stored is not None
    assert (stored.event.ended_at, stored.event.end_reason) == (START + seconds(7), EndReason.RESTART)
    (incident,) = all_incidents(house)
    assert incident.ended_at == START + seconds(10)
    assert told(house, after=newest) == [("incident", "closed"), ("event", "closed")]


def test_what_is_followed_and_what_is_of_other_streams_goes_on(house: Catalog) -> None:
    followed = an_event(1, length_s=None, seen_until=START + seconds(60))
    other = an_event(2, length_s=None, camera=YARD, stream=YARD_MAIN)
    put(house, followed, other)

    assert close(house, seen_before=START + seconds(30), streams=[FRONT_MAIN]) == []
    assert close(house, seen_before=START + seconds(30), streams=[]) == []
    assert close(house, seen_before=START + seconds(30)) == [other.id]


def test_who_follows_an_orphan_all_the_same_takes_it_up_again(house: Catalog) -> None:
    orphan = an_event(1, length_s=None)
    put(house, orphan)
    close(house, seen_before=START + timedelta(hours=1))
    put(house, replace(orphan, revision=2), replace(orphan, revision=3))

    with house.transaction() as connection:
        assert [event.revision for event in events.open_events(connection, [FRONT_MAIN], now=START)] == [3]
    assert [incident.ended_at for incident in all_incidents(house)] == [None]


def test_old_events_go_with_all_that_belongs_to_them(house: Catalog) -> None:
    old, new = an_event(1), an_event(2, start=START + timedelta(days=2))
    put(house, old, new)
    put_picture(house, a_picture(old))
    with house.transaction() as connection:
        connection.execute(ANALYTICS, {"id": old.id, "at": old.started_at})
        (due,) = event_upkeep.due_events(
            connection, before=START + timedelta(days=1), volume=PICTURE_VOLUME, limit=9
        )
    assert due.picture == a_picture(old).path

    assert forget(house, before=START + timedelta(days=1)) == 1

    assert listed(house) == [new.id]
    assert [count(house, table) for table in ("event_objects", "event_analytics", "incidents")] == [1, 0, 1]


def test_an_incident_is_what_is_left_of_it(house: Catalog) -> None:
    put(house, an_event(1, severity=Severity.ALERT), an_event(2, start=START + seconds(20)))
    (whole,) = all_incidents(house)
    with house.transaction() as connection:
        incidents.mark_verdict(connection, whole.id, verdict=True, by="ada", at=START)

    assert forget(house, before=START + seconds(10)) == 1

    (left,) = all_incidents(house)
    assert (left.id, left.event_count, left.severity) == (whole.id, 1, Severity.NOTICE)
    assert (left.started_at, left.best_event) == (START + seconds(20), an_event(2, start=left.started_at).id)
    assert left.verdict is True


def test_an_event_that_got_another_picture_meanwhile_stays(house: Catalog) -> None:
    put(house, an_event(1))
    with house.transaction() as connection:
        due = event_upkeep.due_events(connection, before=START + timedelta(days=1), volume=PICTURE_VOLUME)
    put_picture(house, a_picture(an_event(1)))
    with house.transaction() as connection:
        assert event_upkeep.forget_events(connection, due) == 0

    assert forget(house, before=START + timedelta(days=1)) == 1


def test_an_event_with_its_picture_on_another_volume_stays(house: Catalog) -> None:
    put(house, an_event(1), an_event(2, start=START + seconds(100)))
    put_picture(house, a_picture(an_event(1), volume=UUID(int=0x402)))

    assert forget(house, before=START + timedelta(days=1)) == 1
    assert listed(house) == [an_event(1).id]


def test_deletion_by_age_goes_on_by_small_portions_and_leaves_no_marks(house: Catalog) -> None:
    put(house, *(an_event(number, start=START + seconds(number)) for number in range(5)))
    with house.transaction() as connection:
        for number in range(5):
            view = a_track(number, start=START + timedelta(days=number))
            events.put_tracks(connection, FRONT, FRONT_MAIN, MODEL.id, [view])
            events.put_analysed(connection, FRONT_MAIN, MODEL.id, [START + timedelta(days=number)])
        connection.execute("delete from dirty_buckets")
    before = START + timedelta(days=3)

    assert [forget(house, before=before, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    for ask in (event_upkeep.forget_tracks, event_upkeep.forget_analysed):
        with house.transaction() as connection:
            assert [ask(connection, before=before, limit=2) for _ in range(3)] == [2, 1, 0]

    tables = ("events", "tracks", "analysed_frames", "incidents", "dirty_buckets")
    assert [count(house, table) for table in tables] == [0, 2, 2, 0, 0]


def test_how_long_events_are_kept_stands_in_the_catalog(house: Catalog) -> None:
    with house.transaction() as connection:
        assert event_upkeep.keep(connection) == (timedelta(days=180), timedelta(days=365))
        connection.execute("update data_classes set keep_days = 7 where data_class = 'event'")
        assert event_upkeep.keep(connection) == (timedelta(days=7), timedelta(days=365))
