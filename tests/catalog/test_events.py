"""Events and incidents on a real PostgreSQL."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from catalog_rows import FRONT, FRONT_MAIN, NODE, START, YARD, YARD_MAIN, a_run, a_segment, seconds
from catalog_server import Database
from event_rows import BOX, MODEL, RULE, a_rule, a_track, an_event
from watchkeep.domain.analyst import AnalysisCondition, DetectorPhase, DetectorState, StreamAnalysis
from watchkeep.domain.errors import NotFound
from watchkeep.domain.event import EndReason, Event
from watchkeep.domain.event_record import EventFilter
from watchkeep.domain.geometry import Point
from watchkeep.domain.ids import EventId, IncidentId, RuleId
from watchkeep.domain.incident import Incident, IncidentFilter
from watchkeep.domain.rule import EventKind, Severity
from watchkeep.storage.catalog import (
    analysis_states,
    cameras,
    events,
    incidents,
    models,
    outbox,
    recordings,
    rules,
)
from watchkeep.storage.catalog.cameras import SealedCamera, Site
from watchkeep.storage.catalog.connection import Catalog, CatalogRole
from watchkeep.storage.catalog.events import FIRST_PAGE, After, EventPicture
from watchkeep.storage.catalog.recorder_rows import RunBegan, SegmentClosed

SITE = Site(id=UUID(int=0x5173), name="Home", zone="Europe/Berlin")
PICTURE_VOLUME = UUID(int=0x401)


@pytest.fixture
def house(catalog: Catalog) -> Catalog:
    """A catalog with two cameras, a rule and a model."""
    with catalog.transaction() as connection:
        cameras.put_site(connection, SITE)
        for camera in (FRONT, YARD):
            made = SealedCamera(
                id=camera,
                site=SITE.id,
                name=camera,
                is_enabled=True,
                retention_days=30,
                streams=(),
                created_at=START,
            )
            cameras.insert_camera(connection, made)
        rules.insert_rule(connection, RULE, FRONT, a_rule().text, at=START)
        models.register(connection, MODEL, START)
    return catalog


def put(catalog: Catalog, *made: Event) -> None:
    with catalog.transaction() as connection:
        assert events.put_events(connection, made, model=MODEL.id) == []


def listed(catalog: Catalog, wanted: EventFilter | None = None) -> list[EventId]:
    with catalog.transaction() as connection:
        return [stored.event.id for stored in events.list_events(connection, wanted or EventFilter())]


def all_incidents(catalog: Catalog, wanted: IncidentFilter | None = None) -> list[Incident]:
    with catalog.transaction() as connection:
        after = (FIRST_PAGE.at, FIRST_PAGE.id)
        return incidents.list_incidents(connection, wanted or IncidentFilter(), after=after, limit=100)


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


def test_a_long_list_is_read_by_index_and_no_further_than_the_page(house: Catalog) -> None:
    with house.transaction() as connection:
        events.put_events(connection, [an_event(1)], model=MODEL.id)
        connection.execute("set local enable_seqscan = on")
        connection.execute(
            """
            insert into events (event_id, "timestamp", detected_at, camera_id, event_type, confidence, rule_id,
                   rule_version, stream_id, object_type, seen_until, revision, best_at, best_score, best_left,
                   best_top, best_right, best_bottom)
            select gen_random_uuid(), "timestamp" + n * interval '0.4 s', detected_at, camera_id, event_type,
                   confidence, rule_id, rule_version, stream_id, object_type, seen_until + n * interval '0.4 s',
                   1, best_at, best_score, best_left, best_top, best_right, best_bottom
              from events, generate_series(1, 20000) n
            """
        )
        connection.execute("analyze events")
        rows = connection.execute(
            """
            explain select * from events where "timestamp" >= '2000-01-01' and "timestamp" <= '9000-01-01'
               and ("timestamp", event_id) < ('9000-01-01', 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
             order by "timestamp" desc, event_id desc limit 50
            """
        ).fetchall()

    plan = "\n".join(row[0] for row in rows)
    assert "Seq Scan on events_2026_11_25" not in plan
    assert "Sort" not in plan


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

    with house.transaction() as connection:
        newest = outbox.newest(connection)
        picture = EventPicture(
            event=pictured.id,
            started_at=pictured.started_at,
            volume=PICTURE_VOLUME,
            path="front-door/2026-11-25/pictures/one.wkp",
            size_bytes=4711,
            at=pictured.best.at,
            box=BOX,
        )
        events.set_picture(connection, picture)
        notices = outbox.since(connection, newest)

    (incident,) = all_incidents(house)
    assert (incident.best_event, incident.has_picture) == (pictured.id, True)
    assert [notice.facts["incident"] for notice in notices] == [str(incident.id)]


def test_notices_tell_what_a_person_could_notice(house: Catalog) -> None:
    opened = an_event(1, length_s=None)
    put(house, opened)
    put(house, replace(opened, revision=2, confidence=0.9))
    put(house, replace(an_event(1), revision=3))

    with house.transaction() as connection:
        told = [
            (notice.kind.value, notice.facts["state"])
            for notice in outbox.since(connection, 0)
            if notice.kind.value in ("event", "incident")
        ]
    assert told == [
        ("incident", "new"),
        ("event", "new"),
        ("incident", "changed"),
        ("incident", "closed"),
        ("event", "closed"),
    ]


def test_open_events_are_found_after_a_restart(house: Catalog) -> None:
    opened = an_event(1, length_s=None)
    put(house, opened, an_event(2), an_event(3, length_s=None, camera=YARD, stream=YARD_MAIN))

    with house.transaction() as connection:
        found = events.open_events(connection, [FRONT_MAIN], now=START + seconds(20))

    assert [event.id for event in found] == [opened.id]


def test_old_events_go_with_all_that_belongs_to_them(house: Catalog) -> None:
    old, new = an_event(1), an_event(2, start=START + timedelta(days=2))
    put(house, old, new)
    with house.transaction() as connection:
        events.put_tracks(connection, FRONT, FRONT_MAIN, MODEL.id, [a_track()])
        events.put_analysed(connection, FRONT_MAIN, MODEL.id, [START, START + seconds(0.2)])
        path = "front-door/2026-11-25/pictures/old.wkp"
        picture = EventPicture(
            event=old.id,
            started_at=old.started_at,
            volume=PICTURE_VOLUME,
            path=path,
            size_bytes=1,
            at=old.best.at,
            box=BOX,
        )
        events.set_picture(connection, picture)

        gone = events.forget_events(connection, before=START + timedelta(days=1))

        assert gone == [(PICTURE_VOLUME, path)]
        left = [
            connection.execute(f"select count(*) from {table}").fetchone()
            for table in ("event_objects", "tracks", "analysed_frames", "incidents")
        ]
    assert listed(house) == [new.id]
    assert left == [(1,), (0,), (0,), (1,)]


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


def test_every_camera_is_born_with_a_rule(house: Catalog) -> None:
    with house.transaction() as connection:
        (rule,) = rules.list_rules(connection, [YARD])

    assert (rule.version, rule.text.kind, rule.text.is_enabled) == (1, EventKind.OBJECT, True)
    assert rule.means("person")
    assert rule.means("car")


def test_every_text_of_a_rule_stays_and_the_newest_counts(house: Catalog) -> None:
    zone = tuple(Point(x, y) for x, y in ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9)))
    changed = replace(a_rule().text, name="Drive", kind=EventKind.ZONE_VISIT, points=zone)
    with house.transaction() as connection:
        before = cameras.revision(connection)
        rule = rules.put_version(connection, RULE, changed, at=START + seconds(5))
        texts = connection.execute(
            "select version from rule_versions where rule_id = %s order by version", (RULE,)
        ).fetchall()

        assert (rule.version, rule.text) == (2, changed)
        assert texts == [(1,), (2,)]
        assert cameras.revision(connection) > before
        assert rules.rule_names(connection, [RULE]) == {RULE: "Drive"}


def test_a_removed_rule_is_gone_but_its_events_name_it(house: Catalog) -> None:
    put(house, an_event(1))
    with house.transaction() as connection:
        assert rules.count_rules(connection, FRONT) == 2
        rules.remove_rule(connection, RULE, at=START)
        assert rules.count_rules(connection, FRONT) == 1
        for ask in (rules.get_rule, lambda conn, rule: rules.remove_rule(conn, rule, at=START)):
            with pytest.raises(NotFound):
                ask(connection, RULE)
        with pytest.raises(NotFound):
            rules.put_version(connection, RULE, a_rule().text, at=START)
        stored = events.get_event(connection, an_event(1).id)

    assert stored is not None
    assert stored.rule_name == "Any person"


def test_what_is_not_there_is_none(house: Catalog) -> None:
    with house.transaction() as connection:
        assert events.get_event(connection, an_event(1).id) is None
        assert incidents.get_incident(connection, IncidentId(UUID(int=1))) is None


def a_state(**changes: object) -> StreamAnalysis:
    state = StreamAnalysis(
        stream=FRONT_MAIN,
        camera=FRONT,
        condition=AnalysisCondition.WATCHING,
        since=START,
        detail="",
        frames_analysed=10,
        frames_skipped=1,
        latency_s=0.4,
        objects=2,
        seen_at=START,
    )
    return replace(state, **changes)  # type: ignore[arg-type]


def test_the_newest_word_of_an_analyst_counts(house: Catalog) -> None:
    late = a_state(seen_at=START + seconds(2), frames_analysed=20)
    detector = DetectorState(
        phase=DetectorPhase.READY,
        model="a-model",
        version="1",
        engine="tests",
        licence="Apache-2.0",
        object_types=("person",),
        is_stand_in=True,
        detail="",
        sandbox=("network",),
        seen_at=START,
    )
    with house.transaction() as connection:
        for state in (late, a_state()):
            analysis_states.put_stream_states(connection, [state])
        analysis_states.put_detector(connection, NODE, detector)
        analysis_states.put_detector(connection, NODE, replace(detector, seen_at=START - seconds(1)))

        assert analysis_states.stream_states(connection) == [late]
        assert analysis_states.detectors(connection) == [detector]


def test_where_the_analyst_was_is_remembered(house: Catalog) -> None:
    with house.transaction() as connection:
        assert analysis_states.tracker_state(connection, FRONT_MAIN) is None
        analysis_states.save_tracker(connection, FRONT_MAIN, START, b"late")
        analysis_states.save_tracker(connection, FRONT_MAIN, START - seconds(1), b"early")
        state = analysis_states.tracker_state(connection, FRONT_MAIN)

    assert state is not None
    assert (state.at, state.saved) == (START, b"late")


def test_a_reader_may_see_events_and_incidents(database: Database, house: Catalog) -> None:
    put(house, an_event(1))
    reader = database.catalog(CatalogRole.READER)

    assert len(listed(reader)) == 1
    assert len(all_incidents(reader)) == 1
    reader.close()
