"""Pairs of tracks and detections."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from watchkeep.processing.association import assign, edges

likeness = arrays(np.float64, (3, 4), elements=st.floats(0, 1))
masks = arrays(np.bool_, (3, 4))


@given(likeness, masks, st.floats(0.05, 0.9))
def test_pairs_are_allowed_ones_and_no_choice_has_a_greater_sum(
    scores: np.ndarray, may: np.ndarray, least: float
) -> None:
    rows, columns = assign(scores, may, least=least)

    assert len(set(rows.tolist())) == len(rows)
    assert len(set(columns.tolist())) == len(columns)
    assert all(may[row, column] for row, column in zip(rows, columns, strict=True))
    assert all(scores[row, column] >= least for row, column in zip(rows, columns, strict=True))
    counted = np.where(may & (scores >= least), scores, 0.0)
    best = max(
        sum(counted[row, column] for row, column in enumerate(order))
        for order in itertools.permutations(range(4), 3)
    )
    assert np.isclose(scores[rows, columns].sum(), best)


def test_a_box_is_enlarged_on_every_side_by_a_share_of_its_size() -> None:
    box = np.array([[1.0, 0.5, 0.2, 0.4]])

    assert np.allclose(edges(box), [[0.9, 0.3, 1.1, 0.7]])
    assert np.allclose(edges(box, enlarged=0.25), [[0.85, 0.2, 1.15, 0.8]])
