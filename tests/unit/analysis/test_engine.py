"""Rules on tracks over time: restarts, changes, losses, replays, and many tracks."""

import gc
import itertools
import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from track_builders import (
    Place,
    Yard,
    a_line,
    a_rule,
    a_view,
    a_zone,
    at,
    box_at,
    seconds_of,
    stands,
    steps,
    walk,
)
from watchkeep.analysis.crossing import Crossing
from watchkeep.analysis.presence import Presence
from watchkeep.domain.event import EndReason, Event
from watchkeep.domain.rule import Direction, EventKind
from watchkeep.domain.track import TrackView

IN, OUT = (0.5, 0.5), (0.9, 0.5)
ALL_KINDS = (a_rule(number=1), a_zone(number=2), a_line(number=3))


def opens() -> list[Event]:
    """What was open of a visitor at second 4, when the analyst died."""
    yard = Yard([a_rule(number=1), a_zone(number=2)]).watch(stands(*IN), 4)
    return yard.engine.open_events()


def test_several_rules_tell_of_one_track_each_for_itself() -> None:
    yard = Yard(ALL_KINDS).watch(walk((0, OUT), (8, (0.1, 0.5))), 10)

    assert {event.kind for event in yard.events} == set(EventKind)
    assert len({event.id for event in yard.events}) == 3
    assert len({event.track for event in yard.events}) == 1


def test_two_zones_are_two_visits_with_their_own_ends() -> None:
    west, east = a_zone(0, 0, 0.45, 1, number=1), a_zone(0.55, 0, 1, 1, number=2)
    yard = Yard([west, east]).watch(walk((0, (0.2, 0.5)), (10, (0.8, 0.5))), 10)

    first, second = yard.events
    assert (first.rule, first.end_reason) == (west.id, EndReason.LEFT)
    assert (second.rule, second.end_reason) == (east.id, None)


def test_disabled_rules_tell_nothing() -> None:
    assert Yard([a_rule(is_enabled=False)]).watch(stands(*IN), 5).told == []


def test_without_rules_nothing_is_told() -> None:
    assert Yard([]).watch(stands(*IN), 5).told == []


def test_open_events_are_those_that_go_on() -> None:
    yard = Yard(ALL_KINDS).watch(walk((0, IN), (2, IN), (3, OUT)), 6)

    assert [event.kind for event in yard.engine.open_events()] == [EventKind.OBJECT]


def test_a_lost_camera_ends_everything_at_its_last_picture() -> None:
    yard = Yard(ALL_KINDS).watch(stands(*IN), 4)
    told = yard.engine.lose(EndReason.CAMERA_LOST)

    assert {event.end_reason for event in told} == {EndReason.CAMERA_LOST}
    assert seconds_of(event.ended_at for event in told) == [4, 4]
    assert yard.engine.open_events() == []
    assert yard.engine.lose(EndReason.CAMERA_LOST) == []


def test_a_track_that_outlives_the_loss_continues_its_event_within_5_s() -> None:
    yard = Yard([a_rule()]).watch(stands(*IN), 4)
    yard.told += yard.engine.lose(EndReason.CAMERA_LOST)
    yard.watch(stands(*IN), 10, start=8, started_at=at(0), observations=30)

    assert yard.event.ended_at is None
    assert yard.event.started_at == at(0)


def test_a_track_that_outlives_the_loss_for_longer_begins_another_event() -> None:
    yard = Yard([a_rule()]).watch(stands(*IN), 4)
    yard.told += yard.engine.lose(EndReason.CAMERA_LOST)
    yard.watch(stands(*IN), 20, start=10, started_at=at(0), observations=30)

    first, second = yard.events
    assert first.end_reason is EndReason.CAMERA_LOST
    assert second.started_at == at(10)


def test_after_a_restart_an_event_goes_on_with_its_track() -> None:
    before = opens()
    yard = Yard([a_rule(number=1), a_zone(number=2)], opens=before)
    yard.watch(stands(*IN), 12, start=6, started_at=at(0), observations=40)

    assert {event.id for event in yard.events} == {event.id for event in before}
    assert {event.end_reason for event in yard.events} == {None}
    assert all(event.revision > 1 for event in yard.events)


def test_after_a_restart_a_track_that_is_only_predicted_still_holds_its_event() -> None:
    yard = Yard([a_rule(number=1), a_zone(number=2)], opens=opens())

    for seconds in steps(5, 9):
        assert yard.look(a_view(seconds, IN, observed_s=4)) == []

    assert len(yard.engine.open_events()) == 2


def test_after_a_restart_events_without_their_track_end_after_two_seconds_of_looks() -> None:
    before = opens()
    yard = Yard([a_rule(number=1), a_zone(number=2)], opens=before)
    yard.watch(stands(*OUT), 7, start=5, track=99)
    assert len(yard.engine.open_events()) == 3

    yard.watch(stands(*OUT), 7.2, start=7.2, track=99)

    ended = [event for event in yard.events if event.track == before[0].track]
    assert {event.end_reason for event in ended} == {EndReason.RESTART}
    assert [event.ended_at for event in ended] == [event.seen_until for event in before]


def test_after_a_restart_with_nobody_there_events_end_at_once_for_there_may_be_no_more_looks() -> None:
    yard = Yard([a_rule(number=1), a_zone(number=2)], opens=opens())

    told = yard.look(seconds=5)

    assert {event.end_reason for event in told} == {EndReason.RESTART}
    assert yard.engine.open_events() == []


def test_who_is_found_after_all_within_the_two_seconds_continues_the_event() -> None:
    before = opens()
    yard = Yard([a_rule(number=1), a_zone(number=2)], opens=before)
    yard.look(seconds=5)
    yard.watch(stands(*IN), 8, start=5.4, started_at=at(0), observations=30)

    assert {event.id for event in yard.events} == {event.id for event in before}
    assert {event.ended_at for event in yard.events} == {None}


def test_who_is_found_later_is_another_event_with_another_id() -> None:
    before = opens()
    yard = Yard([a_rule(number=1)], opens=before[:1])
    yard.watch(stands(*OUT), 8, start=5, track=99)
    yard.watch(stands(*IN), 12, start=8.2, started_at=at(0), observations=30)

    assert before[0].id in {event.id for event in yard.events if event.end_reason is EndReason.RESTART}
    assert [event.started_at for event in yard.events if event.track == before[0].track] == [at(0), at(8.2)]


def test_after_a_restart_a_track_whose_event_was_over_does_not_take_its_id_again() -> None:
    told = Yard([a_rule()]).watch(stands(*IN), 4).event
    again = Yard([a_rule()]).watch(stands(*IN), 8, start=5, started_at=at(0), observations=30).event

    assert again.id != told.id
    assert again.started_at == at(5)


@pytest.mark.parametrize("rules", [[], [a_rule(number=1, version=2)], [a_rule(number=1, is_enabled=False)]])
def test_what_was_open_of_a_rule_that_is_another_after_the_restart_ends(rules: list[object]) -> None:
    before = opens()[:1]
    yard = Yard(rules, opens=before)  # type: ignore[arg-type]

    told = yard.look(a_view(5, IN))

    assert (told[0].id, told[0].end_reason) == (before[0].id, EndReason.RULE_CHANGED)


def test_opens_that_were_never_looked_for_end_when_the_camera_is_lost() -> None:
    yard = Yard([a_rule(number=1), a_zone(number=2)], opens=opens())

    assert {event.end_reason for event in yard.engine.lose(EndReason.CAMERA_LOST)} == {EndReason.RESTART}


def test_a_changed_rule_ends_its_events_and_tells_anew_by_its_new_text() -> None:
    yard = Yard([a_zone()]).watch(stands(*IN), 4)
    yard.told += yard.engine.change_rules([a_zone(version=2)])
    yard.watch(stands(*IN), 8, start=4.2)

    first, second = yard.events
    assert (first.rule_version, first.end_reason, first.ended_at) == (1, EndReason.RULE_CHANGED, at(4))
    assert (second.rule_version, second.started_at) == (2, at(4.2))


def test_a_removed_and_a_disabled_rule_end_their_events() -> None:
    for rules in ([], [a_zone(version=2, is_enabled=False)]):
        yard = Yard([a_zone()]).watch(stands(*IN), 4)

        assert [event.end_reason for event in yard.engine.change_rules(rules)] == [EndReason.RULE_CHANGED]
        assert yard.watch(stands(*IN), 8, start=4.2).event.end_reason is None or yard.told


def test_a_rule_that_stays_as_it_is_goes_on_when_another_changes() -> None:
    yard = Yard([a_rule(number=1), a_zone(number=2)]).watch(stands(*IN), 4)

    told = yard.engine.change_rules([a_rule(number=1), a_zone(number=2, version=2), a_line(number=3)])

    assert [event.kind for event in told] == [EventKind.ZONE_VISIT]
    assert [event.kind for event in yard.engine.open_events()] == [EventKind.OBJECT]


def test_a_changed_line_forgets_on_which_side_things_were() -> None:
    yard = Yard([a_line()]).watch(stands(0.3, 0.5), 2)
    yard.engine.change_rules([a_line((0.2, 0.1), (0.2, 0.9), version=2)])

    assert yard.watch(stands(0.3, 0.5), 6, start=2.2).told == []


def test_a_parked_car_is_not_told_by_a_rule_that_comes_later() -> None:
    yard = Yard([]).watch(stands(*IN), 10).watch(stands(*IN), 30, start=10.2, is_stationary=True)
    yard.engine.change_rules([a_zone()])

    assert yard.watch(stands(*IN), 40, start=30.2, is_stationary=True).told == []


def test_a_parked_car_is_not_told_again_when_its_rule_changes() -> None:
    yard = Yard([a_rule(objects=("vehicle",))]).watch(stands(*IN), 10, object_type="car")
    yard.watch(stands(*IN), 90, start=10.2, object_type="car", is_stationary=True)
    before = len(yard.told)
    yard.engine.change_rules([a_rule(objects=("vehicle",), version=2)])
    yard.watch(stands(*IN), 100, start=90.2, object_type="car", is_stationary=True)

    assert len(yard.told) == before


def test_a_person_who_stands_in_a_zone_is_told_again_when_its_rule_changes() -> None:
    yard = Yard([a_zone()]).watch(stands(*IN), 10).watch(stands(*IN), 30, start=10.2, is_stationary=True)
    yard.engine.change_rules([a_zone(version=2)])
    yard.watch(stands(*IN), 32, start=30.2, is_stationary=True)

    assert [event.rule_version for event in yard.events] == [1, 2]


def a_day(seed: int) -> list[Callable[[float], Place]]:
    """Ways of a few visitors, by chance."""
    chance = random.Random(seed)

    def place() -> Place:
        return (chance.random(), chance.random()) if chance.random() < 0.9 else None

    return [
        walk((0, (chance.random(), chance.random())), *((t, place()) for t in range(3, 30, 3)))
        for _ in range(6)
    ]


def told_of(ways: list[Callable[[float], Place]], *, order: int = 1) -> Yard:
    """All visitors at once; who was not seen for 1.5 s is another track."""
    yard = Yard(ALL_KINDS)
    newest: dict[int, TrackView] = {}
    for number, seconds in enumerate(steps(0, 30)):
        for way, place in ((way, way_of(seconds)) for way, way_of in enumerate(ways)):
            if place is not None:
                old = newest.get(way) or a_view(seconds, track=way + 10 * number, started_at=at(seconds))
                count = 1 if way not in newest else old.observations + 1
                newest[way] = replace(
                    old, at=at(seconds), observed_at=at(seconds), box=box_at(*place), observations=count
                )
        newest = {way: view for way, view in newest.items() if view.observed_at > at(seconds - 1.5)}
        alive = [replace(view, at=at(seconds)) for view in newest.values() if view.observations > 1]
        yard.look(*alive[::order], seconds=seconds)
    return yard


@pytest.fixture(scope="module")
def day() -> Yard:
    return told_of(a_day(1))


def test_a_replay_tells_the_same_in_the_same_order(day: Yard) -> None:
    assert len(day.events) > 10
    assert told_of(a_day(1)).told == day.told


def test_tracks_do_not_depend_on_the_order_in_which_they_are_named() -> None:
    first, second = told_of(a_day(2)), told_of(a_day(2), order=-1)

    assert sorted(first.events, key=lambda event: event.id) == sorted(
        second.events, key=lambda event: event.id
    )


@pytest.mark.parametrize("seed", range(6))
def test_whatever_walks_about_each_event_is_told_in_order_and_makes_sense(seed: int) -> None:
    yard = told_of(a_day(seed))
    yard.told += yard.engine.lose(EndReason.CAMERA_LOST)

    for event_id in {event.id for event in yard.told}:
        told = [event for event in yard.told if event.id == event_id]
        assert [event.revision for event in told] == list(range(1, len(told) + 1))
        assert len({(event.started_at, event.track, event.rule, event.detected_at) for event in told}) == 1
        for before, after in itertools.pairwise(told):
            assert after.severity >= before.severity
            assert after.seen_until >= before.seen_until
        for event in told:
            assert event.started_at <= event.seen_until
            assert (event.ended_at is None) == (event.end_reason is None)
            assert event.ended_at is None or event.started_at <= event.ended_at <= event.seen_until
            assert event.direction is None or event.direction is not Direction.ANY
        assert told[-1].ended_at is not None


def test_of_tracks_that_are_over_nothing_is_kept() -> None:
    def kept() -> int:
        return sum(isinstance(each, Presence | Crossing) for each in gc.get_objects())

    gc.collect()
    others = kept()
    yard = Yard(ALL_KINDS)
    for number in range(1000):
        for step in range(4):
            yard.look(a_view(number + step / 5, IN, track=number))

    assert len(yard.events) == 2000
    assert kept() - others == len(ALL_KINDS)
