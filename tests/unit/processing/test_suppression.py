"""Overlap and suppression, against the plain definitions."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from watchkeep.domain.geometry import Box
from watchkeep.processing.suppression import overlaps, survivors

sides = st.integers(0, 4096).map(lambda number: number / 4096)
"""Finer than any model tells; of a box of 1e-30 single precision does not know the area."""


def boxes_of(corners: np.ndarray) -> np.ndarray:
    low, high = np.minimum(corners[:, :2], corners[:, 2:]), np.maximum(corners[:, :2], corners[:, 2:])
    return np.concatenate([low, high], axis=1)


@given(arrays(np.float32, (5, 4), elements=sides), arrays(np.float32, (3, 4), elements=sides))
def test_overlaps_are_those_of_the_domain_for_every_pair(first: np.ndarray, second: np.ndarray) -> None:
    first, second = boxes_of(first), boxes_of(second)

    found = overlaps(first, second)

    wanted = [[Box(*map(float, a)).overlap(Box(*map(float, b))) for b in second] for a in first]
    assert np.allclose(found, wanted, atol=1e-3)


@given(arrays(np.float32, (12, 4), elements=sides), st.floats(0.1, 0.9))
def test_each_box_that_goes_has_a_better_one_that_stays_and_no_two_that_stay_are_rivals(
    corners: np.ndarray, limit: float
) -> None:
    boxes = boxes_of(corners)
    scores = np.linspace(1, 0.1, len(boxes), dtype=np.float32)

    kept = list(survivors(boxes, scores, limit=limit, most=100))

    shares = overlaps(boxes, boxes)
    for index in range(len(boxes)):
        rivals = [better for better in kept if better < index and shares[better, index] >= limit]
        assert bool(rivals) != (index in kept)


def test_no_more_stay_than_are_asked_for_and_the_best_come_first() -> None:
    boxes = np.array([[left, 0, left + 0.05, 1] for left in np.linspace(0, 0.9, 10)], dtype=np.float32)
    scores = np.array([0.1, 0.9, 0.2, 0.8, 0.3, 0.7, 0.4, 0.6, 0.5, 0.05], dtype=np.float32)

    assert list(survivors(boxes, scores, limit=0.5, most=3)) == [1, 3, 5]


def test_nothing_stays_of_nothing() -> None:
    nothing = np.zeros((0, 4), dtype=np.float32)

    assert len(survivors(nothing, np.zeros(0, dtype=np.float32), limit=0.5, most=3)) == 0
