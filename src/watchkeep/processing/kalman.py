"""Boxes that move with constant velocity and white acceleration, many at once.

Each box has four coordinates (centre x, centre y, width, height, in shares of the picture's height) that are
filtered alike, so a track has one 2x2 covariance for all of them. Source: Bar-Shalom, Li, Kirubarajan,
Estimation with Applications to Tracking and Navigation, section 6.2.2.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ACCELERATION = 0.3
"""Spectral density of the acceleration, box heights squared a second cubed."""
JITTER = 0.12
"""Standard deviation of a sure detection's edges, box heights."""
FIRST_SPEED = 0.3
"""Standard deviation of a new track's speed, box heights a second."""
_LEAST_HEIGHT = 1e-3


@dataclass(slots=True)
class Motion:
    """States of n tracks.

    Attributes:
        place: (n, 4).
        speed: (n, 4), a second.
        spread: (n, 3): variance of place, covariance, variance of speed.
    """

    place: Floats
    speed: Floats
    spread: Floats

    @classmethod
    def empty(cls) -> "Motion":
        """No tracks."""
        return cls(np.zeros((0, 4)), np.zeros((0, 4)), np.zeros((0, 3)))

    @classmethod
    def begin(cls, boxes: Floats, confidence: Floats) -> "Motion":
        """Tracks that begin where they are observed, with a speed that nobody knows."""
        height = _height(boxes)
        spread = np.stack(
            [_jitter(boxes, confidence), np.zeros(len(boxes)), (FIRST_SPEED * height) ** 2], axis=1
        )
        return cls(boxes.copy(), np.zeros_like(boxes), spread)

    def predicted(self, seconds: Floats) -> "Motion":
        """Where they are after (n,) seconds; two steps are the same as one of their sum."""
        noise = ACCELERATION * _height(self.place) ** 2
        var, cov, var_speed = self.spread.T
        spread = np.stack(
            [
                var + 2 * seconds * cov + seconds**2 * var_speed + noise * seconds**3 / 3,
                cov + seconds * var_speed + noise * seconds**2 / 2,
                var_speed + noise * seconds,
            ],
            axis=1,
        )
        place = self.place.copy()
        # A size that is carried on soon becomes nonsense: it is held; so the noise of two steps adds up too.
        place[:, :2] += self.speed[:, :2] * seconds[:, None]
        return Motion(place, self.speed, spread)

    def corrected(self, boxes: Floats, confidence: Floats) -> "Motion":
        """What is believed after an observation of each."""
        var, cov, var_speed = self.spread.T
        total = var + _jitter(boxes, confidence)
        gain, gain_speed = var / total, cov / total
        surprise = boxes - self.place
        spread = np.stack(
            [(1 - gain) * var, (1 - gain) * cov, var_speed - gain_speed * cov],
            axis=1,
        )
        return Motion(
            self.place + gain[:, None] * surprise,
            self.speed + gain_speed[:, None] * surprise,
            spread,
        )

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "Motion":
        """The chosen ones."""
        return Motion(self.place[chosen], self.speed[chosen], self.spread[chosen])

    def put(self, chosen: NDArray[np.int64], other: "Motion") -> None:
        """Replace the chosen ones."""
        self.place[chosen], self.speed[chosen], self.spread[chosen] = other.place, other.speed, other.spread

    def joined(self, other: "Motion") -> "Motion":
        """Both."""
        return Motion(
            np.concatenate([self.place, other.place]),
            np.concatenate([self.speed, other.speed]),
            np.concatenate([self.spread, other.spread]),
        )


def _height(boxes: Floats) -> Floats:
    return np.maximum(boxes[:, 3], _LEAST_HEIGHT)


def _jitter(boxes: Floats, confidence: Floats) -> Floats:
    return (JITTER * _height(boxes)) ** 2 / np.maximum(confidence, 0.05)
