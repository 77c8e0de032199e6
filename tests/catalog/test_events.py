"""Events on a real PostgreSQL: written once, found page by page."""

import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from catalog_rows import FRONT, FRONT_MAIN, START, YARD, YARD_MAIN, a_run, a_segment, seconds
from catalog_server import Database
from event_house import all_incidents, listed, put
from event_rows import BOX, MODEL, a_track, an_event
from watchkeep.domain.event import EndReason
from watchkeep.domain.event_record import FAR_FUTURE, FAR_PAST, EventFilter
from watchkeep.domain.ids import EventId, IncidentId, RuleId
from watchkeep.domain.rule import EventKind, Severity
from watchkeep.storage.catalog import (
    events,
    incidents,
    queries,
    recordings,
)
from watchkeep.storage.catalog.connection import Catalog, CatalogRole
from watchkeep.storage.catalog.events import FIRST_PAGE, After
from watchkeep.storage.catalog.recorder_rows import RunBegan, SegmentClosed


def test_an_event_comes_back_as_it_was_told(house: Catalog) -> None:
    event = an_event()
    put(house, event)

    with house.transaction() as connection:
        stored = events.get_event(connection, event.id)

    assert stored is not None
    # A real keeps a score to seven digits.
    assert replace(stored.event, box=BOX, best=event.best) == event
    assert stored.event.best.score == pytest.approx(event.best.score)
    assert (stored.rule_name, stored.model_name) == ("Any person", "a-model")


def test_telling_it_again_writes_it_once(house: Catalog) -> None:
    put(house, an_event())
    put(house, an_event())

    assert len(listed(house)) == 1
    assert [incident.event_count for incident in all_incidents(house)] == [1]


def test_a_late_revision_changes_nothing_and_a_later_one_replaces(house: Catalog) -> None:
    opened = an_event(length_s=None)
    ended = replace(an_event(), revision=3)
    put(house, ended)
    put(house, replace(opened, revision=2))

    with house.transaction() as connection:
        stored = events.get_event(connection, opened.id)
    assert stored is not None
    assert (stored.event.revision, stored.event.end_reason) == (3, EndReason.GONE)


def test_the_segment_at_its_start_is_noted(house: Catalog) -> None:
    run = a_run(camera=FRONT, stream=FRONT_MAIN)
    with house.transaction() as connection:
        recordings.apply(connection, [RunBegan(run), SegmentClosed(a_segment(run=run))])
    put(house, an_event(start=START + seconds(20)))

    with house.transaction() as connection:
        row = connection.execute("select video_reference from events").fetchone()
    assert row == (a_segment(run=run).id,)


def test_an_event_of_any_day_finds_its_partition(house: Catalog) -> None:
    put(house, an_event(1), an_event(2, start=START - timedelta(days=40)))

    assert len(listed(house)) == 2


def test_an_event_that_breaks_a_rule_is_put_aside_and_holds_up_no_other(house: Catalog) -> None:
    wrong = replace(an_event(1), confidence=7.0)
    with house.transaction() as connection:
        refused = events.put_events(connection, [wrong, an_event(2)], model=MODEL.id)

    assert [identifier for identifier, _ in refused] == [wrong.id]
    assert listed(house) == [an_event(2).id]


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (EventFilter(), [4, 3, 2, 1]),
        (EventFilter(cameras=[YARD]), [3]),
        (EventFilter(cameras=[]), []),
        (EventFilter(kinds=["zone_visit"]), [2]),
        (EventFilter(objects=["vehicle"]), [4]),
        (EventFilter(least_severity=2), [2]),
        (EventFilter(rule=RuleId(UUID(int=1))), []),
        (EventFilter(begun_to=START + seconds(60)), [2, 1]),
        (EventFilter(lasts_until=START + seconds(75)), [4, 3, 2]),
    ],
)
def test_filters(house: Catalog, wanted: EventFilter, numbers: list[int]) -> None:
    made = {
        1: an_event(1),
        2: an_event(
            2, start=START + seconds(60), length_s=30, kind=EventKind.ZONE_VISIT, severity=Severity.ALERT
        ),
        3: an_event(3, start=START + seconds(90), camera=YARD, stream=YARD_MAIN),
        4: an_event(4, start=START + seconds(120), object_type="vehicle"),
    }
    put(house, *made.values())

    assert listed(house, wanted) == [made[number].id for number in numbers]


def test_pages_lose_nothing_while_new_events_arrive(house: Catalog) -> None:
    made = [an_event(number, start=START + seconds(number // 2)) for number in range(20)]
    put(house, *made)
    seen: list[EventId] = []
    after = FIRST_PAGE
    while True:
        with house.transaction() as connection:
            page = events.list_events(connection, EventFilter(), after=after, limit=3)
        if not page:
            break
        seen += [stored.event.id for stored in page]
        after = After(page[-1].event.started_at, page[-1].event.id)
        put(house, an_event(100 + len(seen), start=START + timedelta(hours=1)))

    assert sorted(seen) == sorted(event.id for event in made)
    assert len(set(seen)) == len(seen)


def test_open_events_are_found_after_a_restart(house: Catalog) -> None:
    opened = an_event(1, length_s=None)
    put(house, opened, an_event(2), an_event(3, length_s=None, camera=YARD, stream=YARD_MAIN))

    with house.transaction() as connection:
        found = events.open_events(connection, [FRONT_MAIN], now=START + seconds(20))

    assert [event.id for event in found] == [opened.id]


def test_frames_that_were_analysed_are_noted_once(house: Catalog) -> None:
    looked_at = [START, START + seconds(0.2), START + seconds(0.45)]
    with house.transaction() as connection:
        events.put_analysed(connection, FRONT_MAIN, MODEL.id, looked_at)
        events.put_analysed(connection, FRONT_MAIN, MODEL.id, looked_at)
        rows = connection.execute("select start_time, frame_offsets_ms from analysed_frames").fetchall()

    assert rows == [(START, [0, 200, 450])]


def test_a_track_is_replaced_by_what_knows_more_of_it(house: Catalog) -> None:
    early = a_track(observations=5, object_type="vehicle", confidence=0.4)
    late = a_track(observations=9)
    with house.transaction() as connection:
        for view in (early, late, early):
            events.put_tracks(connection, FRONT, FRONT_MAIN, MODEL.id, [view])
        rows = connection.execute("select object_type, confidence_e4, observations from tracks").fetchall()

    assert rows == [("person", 7500, 9)]


def test_a_reader_may_see_events_and_incidents(database: Database, house: Catalog) -> None:
    put(house, an_event(1))
    reader = database.catalog(CatalogRole.READER)

    assert len(listed(reader)) == 1
    assert len(all_incidents(reader)) == 1
    reader.close()


def test_what_is_not_there_is_none(house: Catalog) -> None:
    with house.transaction() as connection:
        assert events.get_event(connection, an_event(1).id) is None
        assert incidents.get_incident(connection, IncidentId(UUID(int=1))) is None
        assert events.open_events(connection, [FRONT_MAIN], now=START) == []


MANY_EVENTS = """
insert into events (
    event_id, "timestamp", detected_at, camera_id, event_type, confidence, rule_id, rule_version, stream_id,
    object_type, seen_until, revision, best_at, best_score, best_left, best_top, best_right, best_bottom
)
select gen_random_uuid(), "timestamp" + n * interval '4 s', detected_at, 'camera-' || n % 40, event_type,
       confidence, rule_id, rule_version, stream_id, object_type, seen_until + n * interval '4 s', 1, best_at,
       best_score, best_left, best_top, best_right, best_bottom
  from events, generate_series(1, 200000) n
"""


def test_a_page_of_many_events_is_read_by_index_and_no_further_than_the_page(
    database: Database, house: Catalog
) -> None:
    facts: dict[str, object] = {
        "cameras": None,
        "kinds": None,
        "objects": None,
        "severity": 0,
        "rule": None,
        "incident": None,
        "from": FAR_PAST,
        "to": FAR_FUTURE,
        "overlaps_from": None,
        "cursor_at": FIRST_PAGE.at,
        "cursor_id": FIRST_PAGE.id,
        "limit": 50,
    }
    put(house, an_event(1))
    catalog = database.catalog(CatalogRole.OWNER)
    with catalog.transaction() as connection:
        days = [(START + timedelta(days=day)).date() for day in range(11)]
        connection.execute("select make_partitions(day) from unnest(%s::date[]) as days (day)", (days,))
        connection.execute(MANY_EVENTS)
        connection.execute("analyze events")
        connection.execute("analyze event_objects")
        for scope in (None, ["camera-7"]):
            ask = f"explain (analyze, timing off) {queries.load('events')['list']}"
            rows = connection.execute(ask, facts | {"cameras": scope}, prepare=False)
            plan = "\n".join(row[0] for row in rows)

            assert not re.search(r"Seq Scan on events_\d+", plan), plan
            assert re.search(r"Index Scan .*on events_2026_12_04", plan), plan
            # What lies behind the page is not even looked at.
            assert re.search(r"events_2026_11_25.*never executed", plan), plan
    catalog.close()


def test_a_page_walks_back_over_empty_months_and_loses_nothing_at_the_seams(house: Catalog) -> None:
    # At the ends of the windows, a microsecond on either side of them, and far beyond.
    ends = [START.replace(hour=0) + timedelta(days=days) for days in (1, -9, -29, -69, -149, -400)]
    starts = [end + timedelta(microseconds=micro) for end in ends for micro in (-1, 0, 1)]
    put(house, *(an_event(number, start=start) for number, start in enumerate(starts)))

    with house.transaction() as connection:
        whole = events.list_events(connection, EventFilter())
        pages = []
        after = FIRST_PAGE
        while page := events.list_events(connection, EventFilter(), after=after, limit=2):
            pages += page
            after = After(page[-1].event.started_at, page[-1].event.id)

    assert [stored.event.started_at for stored in whole] == sorted(starts, reverse=True)
    assert pages == whole
