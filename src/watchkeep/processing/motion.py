"""Whether something moved between two pictures, by their brightness alone.

Source of the measure and its limits: docs/decisions/0015-looking-only-when-something-moves.md.
"""

import numpy as np
from numpy.typing import NDArray

BLOCK = 4
"""Means of 4x4 samples: noise falls to a quarter, a person at the far end of a yard still fills some."""
LEAST_STEP = 5.0
"""Grey levels; encoders shift more than noise does from a key picture to the next."""
NOISE_FACTOR = 6.0
LEAST_BLOCKS = 2

Grey = NDArray[np.uint8]


def blocks_of(grey: Grey) -> NDArray[np.float32]:
    """Means of the picture's blocks."""
    rows, columns = grey.shape[0] // BLOCK * BLOCK, grey.shape[1] // BLOCK * BLOCK
    cut = grey[:rows, :columns].reshape(rows // BLOCK, BLOCK, columns // BLOCK, BLOCK)
    means: NDArray[np.float32] = cut.mean(axis=(1, 3), dtype=np.float32)
    return means


def has_moved(before: NDArray[np.float32], now: NDArray[np.float32]) -> bool:
    """Say whether something moved between two pictures, given by their blocks.

    A change of the light that is the same everywhere does not count. The noise is estimated from the pictures
    themselves: it is what most blocks do.
    """
    if before.shape != now.shape:
        return True
    change = now - before
    change = np.abs(change - np.median(change))
    noise = float(np.median(change)) * 1.4826
    return int(np.count_nonzero(change > max(LEAST_STEP, NOISE_FACTOR * noise))) >= LEAST_BLOCKS
