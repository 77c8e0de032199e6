"""Which detection continues which track."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from watchkeep.processing.rows import Floats, Mask, Numbers


def edges(boxes: Floats, *, enlarged: float = 0.0) -> Floats:
    """Left, top, right, bottom of (n, 4) centre boxes, each enlarged on every side by a share of its size."""
    half = boxes[:, 2:] * (0.5 + enlarged)
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)


def assign(likeness: Floats, may: Mask, *, least: float) -> tuple[Numbers, Numbers]:
    """Rows and columns of the pairs with the greatest sum of likeness, none below `least`."""
    allowed = np.where(may & (likeness >= least), likeness, 0.0)
    rows, columns = linear_sum_assignment(allowed, maximize=True)
    is_pair = allowed[rows, columns] > 0
    return rows[is_pair].astype(np.int64), columns[is_pair].astype(np.int64)
