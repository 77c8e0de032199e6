"""The filter: its steps add up, and it is the textbook's."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from watchkeep.processing.kalman import ACCELERATION, JITTER, Motion

step = st.floats(0, 5)
boxes = st.lists(
    st.tuples(st.floats(0, 2), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=4
).map(np.array)


def under_way(places: np.ndarray) -> Motion:
    """Tracks whose speed is known a little."""
    motion = Motion.begin(places, np.full(len(places), 0.8)).predicted(0.2)
    motion.correct(np.arange(len(places)), places + 0.05, np.full(len(places), 0.7))
    return motion


@given(boxes, step, step)
def test_two_steps_are_the_same_as_one_of_their_sum(places: np.ndarray, first: float, second: float) -> None:
    start = under_way(places)

    twice, once = start.predicted(first).predicted(second), start.predicted(first + second)

    assert_allclose(twice.place, once.place, rtol=1e-9, atol=1e-12)
    assert_allclose(twice.speed, once.speed)
    assert_allclose(twice.spread, once.spread, rtol=1e-9, atol=1e-12)


@given(boxes)
def test_no_time_changes_nothing(places: np.ndarray) -> None:
    start = under_way(places)

    later = start.predicted(0.0)

    assert_allclose(later.place, start.place)
    assert_allclose(later.spread, start.spread)


def test_a_step_and_a_correction_are_those_of_the_textbook() -> None:
    height, confidence, dt = 0.5, 0.8, 0.4
    box = np.array([[1.0, 0.4, 0.2, height]])
    motion = under_way(box)
    x = np.array([motion.place[0, 0], motion.speed[0, 0]])
    p = np.array([[motion.spread[0, 0], motion.spread[0, 1]], [motion.spread[0, 1], motion.spread[0, 2]]])
    f = np.array([[1, dt], [0, 1]])
    q = ACCELERATION * motion.place[0, 3] ** 2 * np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
    x, p = f @ x, f @ p @ f.T + q

    motion = motion.predicted(dt)

    assert_allclose([motion.place[0, 0], motion.speed[0, 0]], x)
    assert_allclose(motion.spread[0], [p[0, 0], p[0, 1], p[1, 1]])

    seen = np.array([[1.1, 0.4, 0.2, height]])
    gain = p @ [1, 0] / (p[0, 0] + (JITTER * height) ** 2 / confidence)
    x, p = x + gain * (1.1 - x[0]), (np.eye(2) - np.outer(gain, [1, 0])) @ p

    motion.correct(np.array([0]), seen, np.array([confidence]))

    assert_allclose([motion.place[0, 0], motion.speed[0, 0]], x)
    assert_allclose(motion.spread[0], [p[0, 0], p[0, 1], p[1, 1]])


def test_a_surer_detection_pulls_more() -> None:
    box = np.array([[1.0, 0.4, 0.2, 0.5]] * 2)
    motion = Motion.begin(box, np.full(2, 0.5)).predicted(0.2)

    motion.correct(np.arange(2), box + 0.1, np.array([0.3, 0.9]))

    assert motion.place[0, 0] < motion.place[1, 0] < 1.1


def test_a_prediction_leaves_what_it_was_made_of_alone() -> None:
    start = under_way(np.array([[1.0, 0.4, 0.2, 0.5]]))
    before = start.place.copy(), start.speed.copy(), start.spread.copy()

    later = start.predicted(1.0)
    later.speed[:] = 0
    later.place[:] = 0

    assert_allclose(start.place, before[0])
    assert_allclose(start.speed, before[1])
    assert_allclose(start.spread, before[2])


def test_a_box_without_size_is_filtered_like_any_other() -> None:
    motion = under_way(np.zeros((1, 4)))

    assert np.isfinite(motion.predicted(1.0).spread).all()
    assert (motion.spread[:, 0] > 0).all()
