"""Which detection continues which track."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from watchkeep.processing.kalman import Floats

Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]


def edges(boxes: Floats, *, enlarged: float = 0.0) -> Floats:
    """Left, top, right, bottom of (n, 4) centre boxes, each enlarged on every side by a share of its size."""
    half = boxes[:, 2:] * (0.5 + enlarged)
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)


def overlaps(first: Floats, second: Floats) -> Floats:
    """(n, m) intersection over union of boxes given by their edges."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0.0, None), axis=2)
    area = [np.prod(np.clip(each[:, 2:] - each[:, :2], 0.0, None), axis=1) for each in (first, second)]
    union = area[0][:, None] + area[1][None, :] - shared
    likeness: Floats = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return likeness


def assign(scores: Floats, may: Mask, *, least: float) -> tuple[Numbers, Numbers]:
    """Rows and columns of the pairs with the greatest sum of scores, none below `least`."""
    allowed = np.where(may & (scores >= least), scores, 0.0)
    if not allowed.any():
        nothing = np.zeros(0, dtype=np.int64)
        return nothing, nothing
    rows, columns = linear_sum_assignment(-allowed)
    is_pair = allowed[rows, columns] > 0
    return rows[is_pair].astype(np.int64), columns[is_pair].astype(np.int64)
