"""What is followed as one thing, from when to when, and as what."""

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import STREAM
from unit.processing.walking import (
    ASPECT,
    HEIGHT,
    THRESHOLDS,
    Walker,
    at,
    followed,
    hidden,
    look,
    looks,
    straight,
    times,
    tracker,
    until,
    watched,
)
from watchkeep.domain.detection import Detection, Look
from watchkeep.domain.geometry import Box
from watchkeep.domain.ids import TrackId
from watchkeep.domain.track import Tracked, TrackView, track_id

LEFT, RIGHT = straight(1.5, 2.0, speed=0.6), straight(4.0, 2.2, speed=-0.6)
BOX = Box(0.2, 0.3, 0.3, 0.7)
MICROSECOND = timedelta(microseconds=1)


def all_ids(told: list[Tracked]) -> set[TrackId]:
    return {view.id for tracked in told for view in (*tracked.alive, *tracked.ended)}


def only(tracked: Tracked) -> TrackView:
    (view,) = tracked.alive
    return view


def person(box: Box = BOX, score: float = 0.9) -> Detection:
    return Detection("person", box, score)


def test_a_walker_is_one_track_that_is_told_of_from_its_second_look_on_and_began_at_the_first() -> None:
    walker = Walker(LEFT)
    told = watched(walker, end=3)

    assert [len(each.alive) for each in told] == [0] + [1] * 14
    assert all_ids(told) == {track_id(STREAM, at(0), walker.found(0)[0].box)}
    last = only(told[-1])
    assert last.started_at == at(0)
    assert last.observed_at == last.at == at(2.8)
    assert last.observations == 15


def test_the_box_is_the_filtered_one_and_near_the_truth() -> None:
    walker = Walker(LEFT)

    for seconds, tracked in zip(times(3, start=1), watched(walker, end=3)[5:], strict=False):
        (truth,) = walker.found(seconds)
        assert only(tracked).box.overlap(truth.box) > 0.9
        assert only(tracked).box != truth.box


def test_widths_are_compared_with_heights_through_the_aspect_of_the_picture() -> None:
    """The same scene through a lens that squeezes it: the same tracks."""
    told = []
    for aspect in (ASPECT, 2 * ASPECT):
        wide = aspect / ASPECT
        by = tracker()
        for each in looks([Walker(straight(1.0, 2.0, speed=1.5))], times(3)):
            found = tuple(
                Detection(
                    d.object_type, Box(d.box.left / wide, d.box.top, d.box.right / wide, d.box.bottom), 0.9
                )
                for d in each.detections
            )
            last = by.update(Look(stream=STREAM, at=each.at, aspect=aspect, detections=found))
        told.append(only(last))

    assert told[0].observations == told[1].observations == 15
    assert told[0].box.left == pytest.approx(told[1].box.left * 2)
    assert told[0].has_moved is told[1].has_moved is True


def test_what_is_seen_once_is_never_told_of() -> None:
    by = tracker()

    told = [by.update(look(0, person())), by.update(look(0.2)), by.update(look(5)), by.idle(at(60))]

    assert all(each == Tracked(alive=(), ended=()) for each in told)


def test_a_doubtful_detection_begins_no_track() -> None:
    assert all_ids(watched(Walker(LEFT, score=THRESHOLDS.birth - 0.01), end=3)) == set()
    assert len(all_ids(watched(Walker(LEFT, score=THRESHOLDS.birth), end=3))) == 1


def test_a_weak_detection_continues_a_track_that_was_just_seen_and_noise_does_not() -> None:
    for score, observations in ((THRESHOLDS.low, 12), (THRESHOLDS.low - 0.01, 10)):
        by = tracker()
        followed(by, looks([Walker(LEFT)], times(2)))
        told = followed(by, looks([Walker(LEFT, score=score)], times(2.4, start=2)))
        assert only(told[-1]).observations == observations


def test_a_weak_detection_finds_no_track_again_and_confirms_none() -> None:
    by = tracker()
    followed(by, looks([Walker(LEFT)], times(2)))
    by.update(look(2))
    weak = Walker(LEFT, score=THRESHOLDS.low)
    assert only(by.update(look(2.2, *weak.found(2.2)))).observations == 10

    by = tracker()
    by.update(look(0, *Walker(LEFT).found(0)))
    assert by.update(look(0.2, *weak.found(0.2))).alive == ()


def test_what_is_not_seen_is_predicted_for_a_while_and_then_over() -> None:
    walker = Walker(until(LEFT, 2))
    told = watched(walker, end=5)
    ids = all_ids(told)

    coasting = only(told[11])
    assert coasting.is_predicted
    assert coasting.observed_at == at(1.8)
    assert coasting.box.left > only(told[9]).box.left
    ends = [(each.at, each.observed_at) for tracked in told for each in tracked.ended]
    assert ends == [(at(1.8), at(1.8))]
    assert [len(each.alive) for each in told][10:] == [1] * 7 + [0] * 8
    assert len(ids) == 1


def test_a_track_that_is_over_is_told_of_as_it_stood_when_it_was_last_seen() -> None:
    told = watched(Walker(until(LEFT, 2)), end=5)
    last_seen = only(told[9])

    (ended,) = [view for tracked in told for view in tracked.ended]

    assert ended == last_seen


def test_a_walker_behind_a_post_is_found_again_and_one_that_stays_away_too_long_is_another() -> None:
    assert len(all_ids(watched(Walker(hidden(LEFT, 2, 3.2)), end=5))) == 1
    assert len(all_ids(watched(Walker(hidden(LEFT, 2, 3.8)), end=6))) == 2


def test_who_turns_round_behind_a_post_is_found_again_where_he_was_seen_last() -> None:
    def there_and_still_there(seconds: float) -> tuple[float, float] | None:
        if seconds < 2:
            return (1.0 + 1.2 * seconds, 2.0)
        return None if seconds < 3.2 else (1.0 + 1.2 * 1.8, 2.0)

    assert len(all_ids(watched(Walker(there_and_still_there), end=5))) == 1


def test_two_who_cross_keep_their_identities() -> None:
    told = watched(Walker(LEFT), Walker(RIGHT), end=4)

    assert len(all_ids(told)) == 2
    first, second = told[-1].alive
    assert first.box.left > second.box.left
    before = {view.id: view.box.left for view in told[1].alive}
    assert before[first.id] < before[second.id]


def test_tracks_are_told_of_in_the_order_of_their_start() -> None:
    late = Walker(hidden(straight(3, 2.3), 0, 1))
    told = watched(late, Walker(straight(1.0, 2.3)), end=3)

    starts = [view.started_at for view in told[-1].alive]
    assert starts == [at(0), at(1)]


def test_a_second_box_of_something_that_is_followed_begins_no_track() -> None:
    by = tracker()
    told = []
    for seconds in times(3):
        (found,) = Walker(LEFT).found(seconds)
        box = found.box
        twin = Box(box.left, box.top + 0.1 * HEIGHT, box.right, box.bottom)
        twins = [person(twin, 0.7)] if seconds > 1 else []
        told.append(by.update(look(seconds, found, *twins)))

    assert len(all_ids(told)) == 1


def test_a_thing_of_another_group_in_the_same_place_is_another_thing() -> None:
    ride = straight(1.5, 2.05, speed=0.6)

    told = watched(Walker(LEFT), Walker(ride, "bicycle"), end=3)

    assert [view.object_type for view in told[-1].alive] == ["person", "bicycle"]


def test_the_type_is_that_with_the_greatest_sum_of_confidences_and_confidence_is_of_that_type() -> None:
    by = tracker()
    kinds = [("car", 0.9), ("truck", 0.7), ("truck", 0.7), ("truck", 0.7), ("car", 0.7)]
    said = []
    for number, (kind, score) in enumerate(kinds):
        tracked = by.update(look(number / 5, Detection(kind, BOX, score)))
        said += [(view.object_type, view.confidence, view.peak_confidence) for view in tracked.alive]

    assert [kind for kind, _, _ in said] == ["car", "truck", "truck", "truck"]
    assert [confidence for _, confidence, _ in said] == pytest.approx([0.9, 0.7, 0.7, 0.7])
    assert {peak for _, _, peak in said} == {0.9}


def test_a_person_does_not_become_a_car() -> None:
    by = tracker()
    followed(by, looks([Walker(straight(2, 2))], times(1)))

    told = followed(by, looks([Walker(straight(2, 2), "car")], times(2, start=1)))

    assert [view.object_type for view in told[-1].alive] == ["person", "car"]


@pytest.mark.parametrize("gap", [0.2, 1.0, 1.4])
def test_a_gap_between_looks_that_is_shorter_than_patience_loses_nobody(gap: float) -> None:
    by = tracker()
    slow = Walker(straight(1.5, 2.0, speed=0.2))
    followed(by, looks([slow], times(3)))
    told = followed(by, looks([slow], [2.8 + gap, 3.0 + gap]))

    assert len(all_ids(told)) == 1
    assert only(told[-1]).observations == 17


def test_after_a_long_gap_everything_is_over_and_begins_anew() -> None:
    by = tracker()
    followed(by, looks([Walker(straight(2, 2))], times(3)))

    told = followed(by, looks([Walker(straight(2, 2))], [60, 60.2]))

    assert [view.observed_at for view in told[0].ended] == [at(2.8)]
    assert only(told[1]).started_at == at(60)


def test_a_look_that_is_not_later_changes_nothing() -> None:
    walkers = [Walker(LEFT), Walker(RIGHT)]
    by = tracker()
    last = followed(by, looks(walkers, times(2)))[-1]
    saved = by.save()

    for late in (look(1.8), look(1.0, person()), look(-5)):
        assert by.update(late) == Tracked(alive=last.alive, ended=())
    assert by.save() == saved


def test_empty_looks_and_no_looks_are_no_error() -> None:
    assert all(each == Tracked(alive=(), ended=()) for each in watched(end=3))
    assert tracker().idle(at(5)) == Tracked(alive=(), ended=())


def test_idle_time_predicts_and_ends_tracks_and_looks_that_were_under_way_still_count() -> None:
    by = tracker()
    last = only(followed(by, looks([Walker(LEFT)], times(2)))[-1])

    soon = only(by.idle(at(2.3)))
    assert soon.at == at(2.3)
    assert soon.is_predicted
    assert soon.box.left > last.box.left
    assert only(by.idle(at(1))) == last
    # Nothing was taken from what comes next.
    assert only(by.update(look(2, *Walker(LEFT).found(2)))).observations == 11

    over = by.idle(at(3600))
    assert [view.observed_at for view in over.ended] == [at(2)]
    assert over.alive == ()
    followed(by, looks([Walker(LEFT)], times(3, start=2.2)))
    assert len(by.update(look(3, *Walker(LEFT).found(3))).alive) == 1


def test_a_box_without_size_is_followed_by_nobody_and_breaks_nothing() -> None:
    by = tracker()
    told = [by.update(look(n / 5, person(Box(0.5, 0.5, 0.5, 0.5)), person())) for n in range(10)]

    assert len(told[-1].alive) == 1


@pytest.mark.parametrize(
    "detection",
    [
        person(Box(math.nan, 0.3, 0.3, 0.7)),
        person(Box(0.2, 0.3, math.inf, 0.7)),
        person(Box(0.2, 0.3, 1e300, 0.7)),
        person(Box(0.3, 0.3, 0.2, 0.7)),
        person(score=math.nan),
        person(score=7.0),
    ],
    ids=["not a number", "infinite", "far away", "inside out", "no score", "too sure"],
)
def test_nonsense_of_a_detector_is_left_out(detection: Detection) -> None:
    by = tracker()

    told = [by.update(look(n / 5, detection, *Walker(straight(3, 2)).found(0))) for n in range(10)]

    assert len(all_ids(told)) == 1
    assert only(told[-1]).peak_confidence == 0.9


def test_two_detections_in_the_very_same_place_are_one_track() -> None:
    by = tracker()
    told = [by.update(look(n / 5, person(score=0.7), person(score=0.7))) for n in range(3)]

    assert len(told[-1].alive) == 1


def test_a_crowd_of_many_is_followed_without_confusion() -> None:
    crowd = [
        Walker(straight(0.6 * column + 0.3, 0.5 * row + 1, speed=0.1))
        for row in range(4)
        for column in range(15)
    ]
    told = watched(*crowd, end=4)

    assert [len(each.alive) for each in told[1:]] == [60] * 19
    assert len(all_ids(told)) == 60


@given(
    st.lists(
        st.tuples(
            st.integers(1, 800),
            st.lists(
                st.tuples(
                    st.sampled_from(["person", "car", "truck"]),
                    st.floats(0, 0.9),
                    st.floats(0, 0.9),
                    st.floats(0, 0.4),
                    st.floats(0, 1),
                ),
                max_size=4,
            ),
        ),
        max_size=25,
    )
)
def test_whatever_is_found_what_is_told_is_whole_and_a_replay_tells_the_same(
    steps: list[tuple[int, list[tuple[str, float, float, float, float]]]],
) -> None:
    seen, now = [], 0.0
    for milliseconds, found in steps:
        now += milliseconds / 1000
        seen.append(look(now, *(Detection(k, Box(x, y, x + s, y + s), p) for k, x, y, s, p in found)))
    told = followed(tracker(), seen)

    assert told == followed(tracker(), seen)
    over: set[TrackId] = set()
    for tracked, each in zip(told, seen, strict=True):
        alive = [view.id for view in tracked.alive]
        assert len(set(alive)) == len(alive)
        assert not over & set(alive)
        over |= {view.id for view in tracked.ended}
        for view in tracked.alive:
            assert view.at == each.at
            assert view.started_at < view.observed_at <= view.at
            assert view.observations >= 2
            assert each.at - view.observed_at <= timedelta(seconds=10)
            assert 0 <= view.confidence <= view.peak_confidence + 1e-9
