"""Which detection continues which track."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from watchkeep.processing.rows import Floats, Mask, Numbers


def edges(boxes: Floats, *, enlarged: float = 0.0) -> Floats:
    """Left, top, right, bottom of (n, 4) centre boxes, each enlarged on every side by a share of its size."""
    half = boxes[:, 2:] * (0.5 + enlarged)
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)


def overlaps(first: Floats, second: Floats) -> Floats:
    """(n, m) intersection over union of boxes given by their edges; 0 where there is no area."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    sides = np.maximum(high - low, 0.0)
    shared = sides[..., 0] * sides[..., 1]
    union = _areas(first)[:, None] + _areas(second)[None, :] - shared
    likeness: Floats = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return likeness


def assign(likeness: Floats, may: Mask, *, least: float) -> tuple[Numbers, Numbers]:
    """Rows and columns of the pairs with the greatest sum of likeness, none below `least`."""
    allowed = np.where(may & (likeness >= least), likeness, 0.0)
    rows, columns = linear_sum_assignment(allowed, maximize=True)
    is_pair = allowed[rows, columns] > 0
    return rows[is_pair].astype(np.int64), columns[is_pair].astype(np.int64)


def _areas(boxes: Floats) -> Floats:
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0.0)
    areas: Floats = sides[:, 0] * sides[:, 1]
    return areas
