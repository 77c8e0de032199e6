"""Boxes that move with constant velocity and white acceleration, many at once.

A box is centre x, centre y, width, height, in shares of the picture's height. Its coordinates are filtered
alike, so a track has one 2x2 covariance for all of them. Source: Bar-Shalom, Li, Kirubarajan, Estimation with
Applications to Tracking and Navigation, section 6.2.2.
"""

from dataclasses import dataclass

import numpy as np

from watchkeep.processing.rows import Floats, Numbers, Rows

ACCELERATION = 0.3
"""Spectral density of the acceleration, box heights squared a second cubed."""
JITTER = 0.12
"""Standard deviation of a sure detection's edges, box heights."""
FIRST_SPEED = 0.3
"""Standard deviation of a new track's speed, box heights a second."""
_LEAST_HEIGHT = 1e-3
_LEAST_CONFIDENCE = 0.05


@dataclass(slots=True)
class Motion(Rows):
    """States of n tracks.

    Attributes:
        place: (n, 4) centre and size.
        speed: (n, 2) of the centre, a second. A size that is carried on soon becomes nonsense: it is held.
        spread: (n, 3) variance of place, covariance, variance of speed.
    """

    place: Floats
    speed: Floats
    spread: Floats

    @classmethod
    def begin(cls, boxes: Floats, confidence: Floats) -> "Motion":
        """Tracks that begin where they are observed, with a speed that nobody knows."""
        spread = np.zeros((len(boxes), 3))
        spread[:, 0] = _jitter(boxes, confidence)
        spread[:, 2] = (FIRST_SPEED * _height(boxes)) ** 2
        return cls(boxes.copy(), np.zeros((len(boxes), 2)), spread)

    def predicted(self, seconds: float) -> "Motion":
        """Where they are later; two steps are the same as one of their sum."""
        noise = ACCELERATION * _height(self.place) ** 2
        var, cov, var_speed = self.spread.T
        spread = np.empty_like(self.spread)
        spread[:, 0] = var + 2 * seconds * cov + seconds**2 * var_speed + noise * (seconds**3 / 3)
        spread[:, 1] = cov + seconds * var_speed + noise * (seconds**2 / 2)
        spread[:, 2] = var_speed + noise * seconds
        place = self.place.copy()
        place[:, :2] += self.speed * seconds
        return Motion(place, self.speed.copy(), spread)

    def correct(self, rows: Numbers, boxes: Floats, confidence: Floats) -> None:
        """Take an observation of each of some rows."""
        var, cov, var_speed = self.spread[rows].T
        total = var + _jitter(boxes, confidence)
        gain, gain_speed = var / total, cov / total
        surprise = boxes - self.place[rows]
        self.place[rows] += gain[:, None] * surprise
        self.speed[rows] += gain_speed[:, None] * surprise[:, :2]
        self.spread[rows] = np.stack(
            [(1 - gain) * var, (1 - gain) * cov, var_speed - gain_speed * cov], axis=1
        )


def _height(boxes: Floats) -> Floats:
    return np.maximum(boxes[:, 3], _LEAST_HEIGHT)


def _jitter(boxes: Floats, confidence: Floats) -> Floats:
    """Variance of an observation."""
    return (JITTER * _height(boxes)) ** 2 / np.maximum(confidence, _LEAST_CONFIDENCE)
