"""Visits of a zone: who enters, who leaves, and who only grazes it."""

from dataclasses import replace

import pytest

from track_builders import (
    Yard,
    a_rule,
    a_view,
    a_zone,
    at,
    box_at,
    seconds_of,
    span_of,
    stands,
    walk,
)
from watchkeep.domain.event import EndReason, Flag
from watchkeep.domain.rule import Anchor, EventKind, Severity

IN, OUT = (0.5, 0.5), (0.9, 0.5)


def test_a_visit_begins_with_the_first_picture_inside_and_ends_with_the_last() -> None:
    yard = Yard([a_zone()]).watch(walk((0, OUT), (2, IN), (4, IN), (6, OUT)), 10)

    assert yard.event.kind is EventKind.ZONE_VISIT
    assert span_of(yard.event) == (1.0, 5.0)
    assert yard.event.end_reason is EndReason.LEFT


def test_a_visit_is_told_after_0_4_s_and_known_from_then() -> None:
    yard = Yard([a_zone()])

    assert yard.look(a_view(0, IN)) == []
    assert yard.look(a_view(0.2, IN)) == []
    (event,) = yard.look(a_view(0.4, IN))

    assert event.started_at == at(0)
    assert event.detected_at == at(0.4)
    assert event.revision == 1
    assert event.box == box_at(*IN)


def test_one_picture_inside_is_no_visit_however_long_nobody_looks() -> None:
    yard = Yard([a_zone()])

    yard.look(a_view(0, OUT))
    yard.look(a_view(3, IN))
    yard.look(a_view(6, OUT))

    assert yard.told == []


def test_two_pictures_far_apart_are_enough() -> None:
    yard = Yard([a_zone()])

    yard.look(a_view(0, IN))
    yard.look(a_view(1, IN))

    assert yard.event.started_at == at(0)


def test_who_grazes_the_zone_is_not_told() -> None:
    assert (
        Yard([a_zone()]).watch(walk((0, OUT), (1, OUT), (1.2, IN), (1.4, IN), (1.6, OUT), (3, OUT)), 3).told
        == []
    )


def test_who_was_outside_in_between_begins_anew() -> None:
    yard = Yard([a_zone()])
    for seconds, place in ((0, IN), (0.2, IN), (0.4, OUT), (0.6, IN), (0.8, IN)):
        assert yard.look(a_view(seconds, place)) == []

    (event,) = yard.look(a_view(1, IN))

    assert event.started_at == at(0.6)


def test_a_short_way_out_is_within_the_visit() -> None:
    yard = Yard([a_zone()]).watch(walk((0, IN), (2, IN), (2.2, OUT), (2.8, OUT), (3, IN)), 6)

    assert span_of(yard.event) == (0, None)


def test_the_boundary_belongs_to_the_zone() -> None:
    assert Yard([a_zone()]).watch(stands(0.3, 0.5), 2).event.started_at == at(0)


def test_a_track_that_is_lost_inside_ends_the_visit_where_it_was_last_seen() -> None:
    yard = Yard([a_zone()]).watch(stands(*IN), 2)

    (event,) = yard.look(seconds=3.6)

    assert (event.end_reason, event.ended_at) == (EndReason.GONE, at(2))


def test_who_was_last_seen_outside_has_left() -> None:
    yard = Yard([a_zone()]).watch(walk((0, IN), (2, IN), (2.2, OUT), (2.6, OUT)), 2.6)

    (event,) = yard.look(seconds=4)

    assert (event.end_reason, event.ended_at) == (EndReason.LEFT, at(2))


def test_a_predicted_place_may_show_that_one_has_left() -> None:
    yard = Yard([a_zone()]).watch(stands(*IN), 2)
    yard.look(a_view(2.2, OUT, observed_s=2))
    yard.look(a_view(3, OUT))

    assert yard.look(a_view(3.2, OUT))[0].end_reason is EndReason.LEFT


def test_a_predicted_place_may_show_that_one_is_back() -> None:
    yard = Yard([a_zone()]).watch(stands(*IN), 2)
    yard.look(a_view(2.2, OUT))
    yard.look(a_view(2.4, IN, observed_s=2.2))
    yard.look(a_view(3, OUT))

    assert yard.look(a_view(3.2, OUT)) == []
    assert yard.event.ended_at is None


def test_a_predicted_place_is_no_observation() -> None:
    yard = Yard([a_zone()])
    yard.look(a_view(0, IN))

    assert yard.look(a_view(0.2, IN, observed_s=0)) == []
    assert yard.look(a_view(0.6, IN, observed_s=0)) == []
    assert yard.look(a_view(0.8, IN)) != []


def test_where_a_track_would_be_after_0_3_s_nobody_knows() -> None:
    yard = Yard([a_zone()]).watch(stands(*IN), 2)

    for seconds in (2.4, 3, 3.4):
        yard.look(a_view(seconds, OUT, observed_s=2))

    assert yard.event.ended_at is None


def test_the_foot_counts_not_the_head() -> None:
    below = (0.5, 0.85)
    assert box_at(*below).centre.y > 0.7

    assert Yard([a_zone()]).watch(stands(*below), 2).told == []


def test_with_the_anchor_centre_the_middle_counts() -> None:
    yard = Yard([a_zone(anchor=Anchor.CENTRE)]).watch(stands(0.5, 0.75), 2)

    assert yard.event.started_at == at(0)
    assert Yard([a_zone(anchor=Anchor.CENTRE)]).watch(stands(0.5, 0.35), 2).told == []


def test_feet_below_the_picture_are_at_its_edge_and_flagged() -> None:
    yard = Yard([a_zone(bottom=1)]).watch(stands(0.5, 1.03), 2)

    assert yard.event.flags == (Flag.CLIPPED,)
    assert yard.event.box.bottom == 1


def test_a_foot_within_the_picture_is_not_flagged() -> None:
    assert Yard([a_zone(bottom=1)]).watch(stands(0.5, 0.98), 2).event.flags == ()
    assert Yard([a_zone(bottom=1, anchor=Anchor.CENTRE)]).watch(stands(0.5, 1), 2).event.flags == ()


def test_what_has_not_moved_is_not_told() -> None:
    assert Yard([a_zone()]).watch(stands(*IN), 30, has_moved=False).told == []


def test_a_visit_begins_with_its_first_picture_also_when_it_is_known_to_move_later() -> None:
    yard = Yard([a_zone()]).watch(stands(*IN), 2, has_moved=False).watch(stands(*IN), 3, start=2.2)

    assert yard.event.started_at == at(0)
    assert yard.event.detected_at == at(2.2)


def test_who_comes_back_within_5_s_continues_the_same_visit() -> None:
    there_and_back = walk((0, IN), (2, IN), (2.2, OUT), (6.8, OUT), (7, IN), (9, IN))
    yard = Yard([a_zone()]).watch(there_and_back, 9)

    ends = seconds_of(event.ended_at for event in yard.told)
    assert ends[0] is None
    assert 2.0 in ends
    assert ends[-1] is None
    assert span_of(yard.event) == (0, None)
    assert yard.event.end_reason is None
    assert [event.revision for event in yard.told] == list(range(1, len(yard.told) + 1))


def test_who_comes_back_later_is_another_visit() -> None:
    yard = Yard([a_zone()]).watch(walk((0, IN), (2, IN), (2.2, OUT), (7.2, OUT), (7.4, IN)), 9)

    assert [span_of(event) for event in yard.events] == [(0, 2), (7.4, None)]


def test_a_person_who_stays_for_a_minute_is_graver_and_that_is_told_at_once() -> None:
    yard = Yard([a_zone(severity=Severity.ALERT)]).watch(stands(*IN), 61)

    graver = [event for event in yard.told if event.severity is Severity.CRITICAL]
    assert graver[0].seen_until == at(60)
    assert "stays longer than 60 s" in graver[0].severity_reasons


def test_severity_never_falls() -> None:
    yard = Yard([a_zone(severity=Severity.ALERT, objects=("person", "animal"))])
    yard.watch(stands(*IN), 2).watch(stands(*IN), 5, start=2.2, object_type="dog")

    assert yard.event.object_type == "dog"
    assert yard.event.severity is Severity.ALERT
    assert yard.event.severity_reasons == ("rule Rule: alert",)


def test_an_event_turns_grave_when_the_model_gets_sure() -> None:
    yard = Yard([a_zone(severity=Severity.ALERT)])
    yard.watch(stands(*IN), 2, peak_confidence=0.4)
    assert yard.event.severity is Severity.NOTICE

    (event,) = yard.look(a_view(2.2, IN, peak_confidence=0.6))

    assert event.severity is Severity.ALERT
    assert event.confidence == 0.6


def test_an_event_is_told_at_most_once_a_second_while_nothing_matters() -> None:
    yard = Yard([a_zone()]).watch(stands(*IN), 10)

    assert seconds_of(event.seen_until for event in yard.told) == pytest.approx(
        [0.4, 1.4, 2.4, 3.4, 4.4, 5.4, 6.4, 7.4, 8.4, 9.4]
    )


def test_the_best_moment_is_replaced_by_one_that_is_a_tenth_better_only() -> None:
    yard = Yard([a_zone()]).watch(stands(*IN), 0.4, confidence=0.5)
    assert yard.event.best.at == at(0.4)

    assert yard.look(a_view(0.6, IN, confidence=0.54)) == []
    (event,) = yard.look(a_view(0.8, IN, confidence=0.56))

    assert event.best.at == at(0.8)
    assert event.best.score == pytest.approx(0.56)


def test_a_moment_at_the_border_or_far_away_makes_a_worse_picture() -> None:
    near = Yard([a_zone(right=1)]).watch(stands(0.5, 0.5), 1).event.best.score
    border = Yard([a_zone(right=1)]).watch(stands(0.96, 0.5), 1).event.best.score
    yard = Yard([a_zone()])
    for seconds in (0, 0.4):
        yard.look(a_view(seconds, IN, box=box_at(*IN, height=0.02)))

    assert near == pytest.approx(0.7)
    assert border == pytest.approx(0.35, rel=0.2)
    assert yard.event.best.score == pytest.approx(0.07)


def test_a_moment_that_shows_nothing_is_not_replaced_by_another_that_shows_nothing() -> None:
    yard = Yard([a_zone(right=1, bottom=1)])
    for seconds in (0, 0.2, 0.4, 0.6, 0.8):
        yard.look(a_view(seconds, (1.2, 0.5)))

    assert [event.revision for event in yard.told] == [1]


def test_an_object_that_is_not_meant_begins_nothing_until_it_is_taken_for_one() -> None:
    yard = Yard([a_zone()]).watch(stands(*IN), 2, object_type="car")
    assert yard.told == []

    (event,) = yard.look(a_view(2.2, IN))

    assert (event.started_at, event.object_type) == (at(0), "person")


def test_a_visit_keeps_its_type_when_the_track_is_taken_for_something_else() -> None:
    yard = Yard([a_zone()]).watch(stands(*IN), 2).watch(stands(*IN), 4, start=2.2, object_type="car")

    assert yard.event.object_type == "person"


def test_the_same_visit_at_a_whole_picture_wide_zone_and_at_the_camera_are_two_events() -> None:
    yard = Yard([a_zone(0, 0, 1, 1), a_rule(number=2)]).watch(stands(*IN), 2)

    assert {event.kind for event in yard.events} == {EventKind.ZONE_VISIT, EventKind.OBJECT}
    assert len({event.id for event in yard.events}) == 2


def test_an_event_of_another_version_of_the_rule_has_another_id() -> None:
    first = Yard([a_zone()]).watch(stands(*IN), 2).event
    second = Yard([replace(a_zone(), version=2)]).watch(stands(*IN), 2).event

    assert first.started_at == second.started_at
    assert first.id != second.id
