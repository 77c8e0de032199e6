"""Arrays with one row a track, kept together."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]
Objects = NDArray[np.object_]


@dataclass(slots=True)
class Rows:
    """What has only arrays of equal length, and other Rows, as its fields."""

    def __getitem__(self, chosen: Mask) -> Self:
        """The chosen rows."""
        return type(self)(*(getattr(self, each.name)[chosen] for each in fields(self)))

    def joined(self, other: Self) -> Self:
        """These rows, then the other ones."""
        pairs = ((getattr(self, each.name), getattr(other, each.name)) for each in fields(self))
        return type(self)(*(a.joined(b) if isinstance(a, Rows) else np.concatenate([a, b]) for a, b in pairs))


def objects(values: list[object]) -> Objects:
    """Any values as an array."""
    made = np.empty(len(values), dtype=np.object_)
    made[:] = values
    return made
