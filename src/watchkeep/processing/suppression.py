"""Non-maximum suppression: of boxes that mean the same thing, the best one stays."""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Real = TypeVar("Real", bound=np.floating[Any])


def overlaps(first: NDArray[Real], second: NDArray[Real]) -> NDArray[Real]:
    """Intersection over union of every box with every box.

    Args:
        first: (n, 4) left, top, right, bottom in any unit.
        second: (m, 4) in the same unit.

    Returns:
        (n, m), 0 to 1; boxes without area overlap nothing.
    """
    left_top = np.maximum(first[:, None, :2], second[None, :, :2])
    right_bottom = np.minimum(first[:, None, 2:], second[None, :, 2:])
    sides = np.maximum(right_bottom - left_top, 0)
    shared = sides[..., 0] * sides[..., 1]
    union = _areas(first)[:, None] + _areas(second)[None, :] - shared
    shares: NDArray[Real] = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return shares


def survivors(boxes: Floats, scores: Floats, *, limit: float, most: int) -> NDArray[np.intp]:
    """Say which boxes stay when each one removes worse ones that overlap it as much as the limit or more.

    Args:
        boxes: (n, 4) left, top, right, bottom. To keep groups apart, move them apart first.
        scores: (n,).
        limit: Intersection over union.
        most: How many stay at the most.

    Returns:
        Their indices, best first.
    """
    order = np.argsort(-scores, kind="stable")
    is_rival = overlaps(boxes[order], boxes[order]) >= limit
    is_out = np.zeros(len(order), dtype=np.bool_)
    kept: list[int] = []
    for index in range(len(order)):
        if is_out[index]:
            continue
        kept.append(index)
        if len(kept) == most:
            break
        is_out |= is_rival[index]
    return order[kept]


def _areas(boxes: NDArray[Real]) -> NDArray[Real]:
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    areas: NDArray[Real] = sides[:, 0] * sides[:, 1]
    return areas
