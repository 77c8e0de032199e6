"""Things before the camera: one event a track, until it is gone or belongs to the scene."""

from dataclasses import replace

import pytest

from track_builders import Yard, a_rule, a_view, a_zone, at, seconds_of, span_of, stands, walk
from watchkeep.domain.event import EndReason
from watchkeep.domain.rule import EventKind

HERE, THERE = (0.3, 0.5), (0.7, 0.5)


def test_an_object_is_told_when_it_has_moved_from_when_it_was_first_seen() -> None:
    yard = Yard([a_rule()])
    yard.look()
    yard.watch(stands(*HERE), 2, has_moved=False)
    assert yard.told == []

    (event,) = yard.look(a_view(2.2))

    assert event.kind is EventKind.OBJECT
    assert event.started_at == at(0)
    assert event.detected_at == at(2.2)


def test_an_object_ends_where_it_was_last_seen() -> None:
    yard = Yard([a_rule()]).watch(stands(*HERE), 3)
    yard.look(a_view(3.4, observed_s=3))

    (event,) = yard.look(ended=[a_view(3)], seconds=4.6)

    assert (event.end_reason, event.ended_at) == (EndReason.GONE, at(3))


def test_a_track_that_the_tracker_does_not_name_any_more_is_gone() -> None:
    yard = Yard([a_rule()]).watch(stands(*HERE), 3)

    assert yard.look(seconds=3.2)[0].end_reason is EndReason.GONE


def test_one_track_is_one_event_wherever_it_goes() -> None:
    yard = Yard([a_rule()]).watch(walk((0, HERE), (5, THERE), (10, HERE), (15, THERE)), 20)

    assert yard.event.started_at == at(0)


@pytest.mark.parametrize(
    ("object_type", "still_s"), [("car", 60), ("bicycle", 60), ("person", 300), ("dog", 300)]
)
def test_what_has_stood_for_long_belongs_to_the_scene(object_type: str, still_s: float) -> None:
    yard = Yard([a_rule(objects=("person", "vehicle", "cycle", "animal"))])
    yard.watch(stands(*HERE), 10, object_type=object_type)
    yard.watch(stands(*HERE), 10 + still_s, start=10.2, object_type=object_type, is_stationary=True)
    assert yard.event.ended_at is None

    yard.watch(stands(*HERE), 400, start=10.2 + still_s, object_type=object_type, is_stationary=True)

    assert yard.event.end_reason is EndReason.RESTING
    assert yard.event.ended_at == at(10 + still_s)


def rested() -> Yard:
    yard = Yard([a_rule(objects=("vehicle",))]).watch(stands(*HERE), 10, object_type="car")
    return yard.watch(stands(*HERE), 80, start=10.2, object_type="car", is_stationary=True)


def test_what_rested_and_moves_again_is_another_event() -> None:
    yard = rested().watch(walk((80, HERE), (90, THERE)), 90, start=80.2, object_type="car")

    first, second = yard.events
    assert first.end_reason is EndReason.RESTING
    assert second.started_at == at(80.2)
    assert second.track == first.track
    assert second.id != first.id


def test_what_rests_and_is_gone_tells_nothing() -> None:
    yard = rested()
    before = len(yard.told)
    yard.look(seconds=81)

    assert len(yard.told) == before


def test_a_pause_in_standing_begins_the_time_anew() -> None:
    yard = Yard([a_rule(objects=("vehicle",))]).watch(
        stands(*HERE), 50, object_type="car", is_stationary=True
    )
    # Seen standing from the first look on: it belongs to the scene, until it has moved.
    assert yard.told == []
    yard.watch(walk((50, HERE), (55, THERE)), 55, start=50.2, object_type="car")
    yard.watch(stands(*THERE), 100, start=55.2, object_type="car", is_stationary=True)
    yard.watch(stands(*THERE), 101, start=100.2, object_type="car")
    yard.watch(stands(*THERE), 150, start=101.2, object_type="car", is_stationary=True)

    assert yard.event.ended_at is None


def test_a_visit_of_a_zone_rests_too() -> None:
    yard = Yard([a_zone(objects=("vehicle",))]).watch(stands(0.5, 0.5), 10, object_type="car")
    yard.watch(stands(0.5, 0.5), 80, start=10.2, object_type="car", is_stationary=True)

    assert yard.event.end_reason is EndReason.RESTING


def test_a_car_that_was_parked_before_anybody_looked_tells_nothing() -> None:
    parked = {"object_type": "car", "is_stationary": True, "observations": 900}

    assert Yard([a_rule(objects=("vehicle",))]).watch(stands(*HERE), 100, **parked).told == []


def test_a_group_means_its_types_and_a_type_only_itself() -> None:
    group, kind = (Yard([a_rule(objects=(name,))]) for name in ("vehicle", "car"))
    for yard in (group, kind):
        yard.watch(stands(*HERE), 2, track=1, object_type="truck")
        yard.watch(stands(*THERE), 4, start=2.2, track=2, object_type="car")

    assert [event.object_type for event in group.events] == ["truck", "car"]
    assert [event.object_type for event in kind.events] == ["car"]


def test_an_object_has_no_place_so_it_is_never_flagged() -> None:
    assert Yard([a_rule()]).watch(stands(0.5, 1.02), 2).event.flags == ()


def test_a_look_that_is_told_twice_counts_once() -> None:
    yard = Yard([a_rule()])
    first = a_view(0, observations=1)

    assert yard.look(first) == yard.look(first) == yard.look(replace(first, at=at(-1))) == []


def test_an_object_is_told_once_a_second() -> None:
    yard = Yard([a_rule()]).watch(stands(*HERE), 3)

    assert seconds_of(event.seen_until for event in yard.told) == [0, 1, 2, 3]


def test_the_span_of_an_object_is_that_of_its_track() -> None:
    yard = Yard([a_rule()])
    yard.look()
    yard.look(a_view(0.4, started_at=at(0.2), observations=2))
    yard.watch(stands(0.5, 0.5), 2, start=0.6, started_at=at(0.2))
    yard.look(seconds=4)

    assert span_of(yard.event) == (0.2, 2)


def test_what_rests_tells_nothing_while_it_is_predicted() -> None:
    yard = rested()

    assert yard.look(a_view(80.2, HERE, observed_s=80, object_type="car", is_stationary=True)) == []
