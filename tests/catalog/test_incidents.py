"""Incidents on a real PostgreSQL: what belongs together, and what people said of it."""

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from catalog_rows import FRONT, START, YARD, YARD_MAIN, seconds
from catalog_server import Database
from event_house import a_picture, all_incidents, newest_notice, put, put_picture, told
from event_rows import BOX, MODEL, an_event
from watchkeep.domain.errors import CatalogUnavailable
from watchkeep.domain.event import INCIDENT_GAP, BestMoment, EndReason, Event
from watchkeep.domain.event_record import EventFilter
from watchkeep.domain.geometry import Box
from watchkeep.domain.incident import IncidentFilter
from watchkeep.domain.rule import Severity
from watchkeep.storage.catalog import (
    events,
    incidents,
    outbox,
)
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.outbox import NoticeKind


def test_events_within_thirty_seconds_are_one_incident_and_others_are_not(house: Catalog) -> None:
    put(house, an_event(1), an_event(2, start=START + seconds(39)), an_event(3, start=START + seconds(90)))

    found = all_incidents(house)

    assert [incident.event_count for incident in found] == [1, 2]
    assert found[1].started_at == START
    assert found[1].ended_at == START + seconds(49)


def test_cameras_do_not_share_incidents(house: Catalog) -> None:
    put(house, an_event(1), an_event(2, camera=YARD, stream=YARD_MAIN))

    assert sorted(incident.camera for incident in all_incidents(house)) == [FRONT, YARD]


def test_an_incident_goes_on_while_one_of_its_events_does(house: Catalog) -> None:
    opened = an_event(1, length_s=None)
    put(house, opened, an_event(2, start=START + seconds(5)))
    assert [incident.ended_at for incident in all_incidents(house)] == [None]
    put(house, an_event(3, start=START + seconds(300)))

    put(
        house,
        replace(
            opened,
            ended_at=START + seconds(280),
            seen_until=START + seconds(280),
            end_reason=EndReason.GONE,
            revision=2,
        ),
    )

    (incident,) = all_incidents(house)
    assert (incident.event_count, incident.ended_at) == (3, START + seconds(310))


def test_two_incidents_that_come_to_touch_become_the_older_one(house: Catalog) -> None:
    put(house, an_event(1), an_event(2, start=START + seconds(60)))
    older = min(all_incidents(house), key=lambda incident: incident.started_at)
    assert len(all_incidents(house)) == 2

    put(house, an_event(3, start=START + seconds(30)))

    (incident,) = all_incidents(house)
    assert (incident.id, incident.event_count) == (older.id, 3)


def test_an_incident_is_as_severe_as_its_gravest_event(house: Catalog) -> None:
    put(house, an_event(1), an_event(2, severity=Severity.ALERT, object_type="vehicle"))

    (incident,) = all_incidents(house)
    assert incident.severity is Severity.ALERT
    assert incident.objects == ("person", "vehicle")


def test_two_writers_of_one_camera_make_one_incident(database: Database, house: Catalog) -> None:
    barrier = threading.Barrier(2)

    def write(numbers: Sequence[int]) -> None:
        catalog = database.catalog()
        barrier.wait()
        for number in numbers:
            put(catalog, an_event(number, start=START + seconds(number)))
        catalog.close()

    threads = [threading.Thread(target=write, args=(range(first, 20, 2),)) for first in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [incident.event_count for incident in all_incidents(house)] == [20]


def test_marks_stay_until_something_new_comes(house: Catalog) -> None:
    put(house, an_event(1))
    (incident,) = all_incidents(house)
    with house.transaction() as connection:
        incidents.mark_seen(connection, incident.id, is_seen=True, by="ada", at=START + seconds(60))
        incidents.mark_verdict(connection, incident.id, verdict=False, by="ada", at=START + seconds(60))
    assert all_incidents(house, IncidentFilter(is_seen=True))[0].seen_by == "ada"
    assert all_incidents(house, IncidentFilter(verdict=False, has_verdict=True)) != []
    assert all_incidents(house, IncidentFilter(has_verdict=False)) == []

    put(house, replace(an_event(1), revision=2))
    assert all_incidents(house)[0].seen_at is not None
    put(house, an_event(2, start=START + seconds(20)))

    (incident,) = all_incidents(house)
    assert (incident.seen_at, incident.seen_by, incident.verdict) == (None, None, False)


def test_marks_can_be_taken_back(house: Catalog) -> None:
    put(house, an_event(1))
    (incident,) = all_incidents(house)
    with house.transaction() as connection:
        for is_seen, verdict in ((True, True), (False, None)):
            incidents.mark_seen(connection, incident.id, is_seen=is_seen, by="ada", at=START)
            incidents.mark_verdict(connection, incident.id, verdict=verdict, by="ada", at=START)

    (incident,) = all_incidents(house)
    assert (incident.seen_at, incident.verdict, incident.verdict_by) == (None, None, None)


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (IncidentFilter(cameras=[FRONT]), 1),
        (IncidentFilter(cameras=[]), 0),
        (IncidentFilter(kinds=["object"]), 2),
        (IncidentFilter(kinds=["line_cross"]), 0),
        (IncidentFilter(objects=["vehicle"]), 1),
        (IncidentFilter(least_severity=2), 1),
        (IncidentFilter(since=START + seconds(100)), 1),
        (IncidentFilter(until=START + seconds(100)), 1),
    ],
)
def test_incident_filters(house: Catalog, wanted: IncidentFilter, count: int) -> None:
    put(house, an_event(1))
    put(
        house,
        an_event(
            2,
            start=START + seconds(200),
            camera=YARD,
            stream=YARD_MAIN,
            object_type="vehicle",
            severity=Severity.ALERT,
        ),
    )

    assert len(all_incidents(house, wanted)) == count


def test_a_picture_stands_for_its_incident_and_is_told(house: Catalog) -> None:
    gravest, pictured = an_event(1, severity=Severity.ALERT), an_event(2)
    put(house, gravest, pictured)
    assert all_incidents(house)[0].best_event == gravest.id
    assert not all_incidents(house)[0].has_picture
    newest = newest_notice(house)

    put_picture(house, a_picture(pictured))

    (incident,) = all_incidents(house)
    assert (incident.best_event, incident.has_picture) == (pictured.id, True)
    assert told(house, after=newest) == [("incident", "changed")]


def test_a_picture_keeps_its_own_box_when_a_better_moment_comes(house: Catalog) -> None:
    event = an_event(1)
    put(house, event)
    put_picture(house, a_picture(event))
    later = BestMoment(at=START + seconds(5), box=Box(0, 0, 1, 1), score=0.9)
    put(house, replace(event, best=later, revision=2))

    (incident,) = all_incidents(house)
    assert incident.best_box.left == pytest.approx(BOX.left)
    assert incident.best_at == event.best.at


def test_a_picture_of_what_is_not_there_is_no_error(house: Catalog) -> None:
    put_picture(house, a_picture(an_event(1)))

    assert all_incidents(house) == []


def test_notices_tell_what_a_person_could_notice(house: Catalog) -> None:
    opened = an_event(1, length_s=None)
    put(house, opened)
    put(house, replace(opened, revision=2, confidence=0.9, seen_until=START + seconds(3)))
    put(house, replace(opened, revision=3, severity=Severity.ALERT))
    put(house, replace(an_event(1), revision=4, severity=Severity.ALERT))

    assert told(house) == [
        ("incident", "new"),
        ("event", "new"),
        ("incident", "changed"),
        ("event", "changed"),
        ("incident", "closed"),
        ("event", "closed"),
    ]


def test_an_incident_that_was_merged_is_told_of(house: Catalog) -> None:
    put(house, an_event(1), an_event(2, start=START + seconds(60)))
    both = {incident.id for incident in all_incidents(house)}
    newest = newest_notice(house)
    put(house, an_event(3, start=START + seconds(30)))

    with house.transaction() as connection:
        found = outbox.since(connection, newest)
    assert {notice.facts.get("incident") for notice in found} - {None} == {str(each) for each in both}


@pytest.mark.parametrize(("are_seen", "is_seen_after"), [((True, True), True), ((True, False), False)])
def test_marks_outlive_a_merging(house: Catalog, are_seen: tuple[bool, bool], is_seen_after: bool) -> None:
    first, second = an_event(1), an_event(2, start=START + seconds(60))
    put(house, first, second)
    newer, older = all_incidents(house)
    with house.transaction() as connection:
        for incident, is_seen in zip((older, newer), are_seen, strict=True):
            incidents.mark_seen(connection, incident.id, is_seen=is_seen, by="ada", at=START)
        incidents.mark_verdict(connection, newer.id, verdict=False, by="eve", at=START)

    # It goes on after all, so that the two touch; nothing came that nobody has seen.
    longer = START + seconds(40)
    put(house, replace(first, ended_at=longer, seen_until=longer, revision=2))

    (incident,) = all_incidents(house)
    assert incident.id == older.id
    assert (incident.seen_at is not None) is is_seen_after
    assert (incident.verdict, incident.verdict_by) == (False, "eve")


def test_an_incident_of_many_days_is_one_and_whole(house: Catalog) -> None:
    for number in range(8):
        put(house, an_event(number, start=START + timedelta(hours=20 * number), length_s=20 * 3600))

    (incident,) = all_incidents(house)
    assert (incident.event_count, incident.started_at) == (8, START)
    assert incident.ended_at == START + timedelta(hours=160)


def spans(made: Sequence[Event]) -> list[tuple[datetime, datetime, int]]:
    """Start, end and number of events of the incidents that these events make, newest first."""
    found: list[tuple[datetime, datetime, int]] = []
    for event in sorted(made, key=lambda each: each.started_at):
        assert event.ended_at is not None
        if found and event.started_at <= found[-1][1] + INCIDENT_GAP:
            start, end, count = found[-1]
            found[-1] = (start, max(end, event.ended_at), count + 1)
        else:
            found.append((event.started_at, event.ended_at, 1))
    return found[::-1]


def test_the_order_of_arrival_does_not_matter(house: Catalog) -> None:
    for seed in range(12):
        chance = random.Random(seed)
        day = START + timedelta(days=seed)
        made = [
            an_event(
                100 * seed + number,
                start=day + seconds(chance.randrange(900)),
                length_s=chance.randrange(1, 60),
            )
            for number in range(20)
        ]
        chance.shuffle(made)
        while made_now := made[: chance.randrange(1, 6)]:
            made = made[len(made_now) :]
            put(house, *made_now)
        with house.transaction() as connection:
            wanted = EventFilter(begun_from=day, begun_to=day + timedelta(hours=1))
            whole = [stored.event for stored in events.list_events(connection, wanted)]
        found = all_incidents(house, IncidentFilter(since=day))

        assert [(each.started_at, each.ended_at, each.event_count) for each in found] == spans(whole)


def test_events_pictures_and_marks_at_once_lose_nothing_and_do_not_wait_in_a_circle(
    database: Database, house: Catalog
) -> None:
    first = [an_event(1), an_event(2, camera=YARD, stream=YARD_MAIN)]
    put(house, *first)
    marked = all_incidents(house)
    barrier = threading.Barrier(3)
    failures: list[CatalogUnavailable] = []

    def work(turn: Callable[[Catalog, int], None]) -> None:
        catalog = database.catalog()
        barrier.wait()
        try:
            for number in range(30):
                turn(catalog, number)
        except CatalogUnavailable as failure:
            failures.append(failure)
        catalog.close()

    def tell(catalog: Catalog, number: int) -> None:
        event = an_event(10 + number, start=START + seconds(number))
        with catalog.transaction() as connection:
            pictures = [a_picture(first[number % 2])]
            events.put_events(connection, [event], model=MODEL.id, pictures=pictures)

    def picture(catalog: Catalog, number: int) -> None:
        put_picture(catalog, a_picture(first[number % 2]))

    def mark(catalog: Catalog, number: int) -> None:
        incident = marked[number % 2]
        with catalog.transaction() as connection:
            incidents.mark_seen(connection, incident.id, is_seen=True, by="ada", at=START)
            outbox.publish(connection, NoticeKind.INCIDENT, camera=incident.camera, facts={"state": "marked"})

    threads = [threading.Thread(target=work, args=(turn,)) for turn in (tell, picture, mark)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    counts = {incident.camera: incident.event_count for incident in all_incidents(house)}
    assert counts == {FRONT: 31, YARD: 1}
