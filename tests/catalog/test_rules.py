"""Rules on a real PostgreSQL, and what analysts say of themselves."""

from dataclasses import replace

import pytest

from catalog_rows import FRONT, FRONT_MAIN, NODE, START, YARD, seconds
from event_house import put
from event_rows import RULE, a_rule, an_event
from watchkeep.domain.analyst import AnalysisCondition, DetectorPhase, DetectorState, StreamAnalysis
from watchkeep.domain.errors import NotFound
from watchkeep.domain.geometry import Point
from watchkeep.domain.rule import EventKind
from watchkeep.storage.catalog import (
    analysis_states,
    cameras,
    events,
    rules,
)
from watchkeep.storage.catalog.connection import Catalog


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
