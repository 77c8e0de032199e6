"""How far an earlier forecast was from what came, and how much of that no one could have foreseen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from watchkeep.domain.ids import CameraId
from watchkeep.domain.rhythm import Came, Rhythm
from watchkeep.domain.steps import DAY_H, HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """How far an earlier forecast was from what came since.

    Attributes:
        made_at: When it was made, or would have been.
        miss: By which share more came than was expected; negative when less.
        of_steps: How much of that is owed to steps after it was made, which no one could foresee.
        days: Over how many days.
    """

    made_at: datetime
    expected_bytes: float
    came_bytes: float
    miss: float
    of_steps: float
    days: float


def look_back(
    made_at: datetime,
    came: Mapping[CameraId, Came],
    then: Mapping[CameraId, Rhythm],
    now: Mapping[CameraId, Rhythm],
) -> Miss | None:
    """Compare what was expected with what came, of the hours that are known; None when there are none.

    Args:
        made_at: When the forecast was made, on the hour.
        came: Up to now.
        then: Learnt of what had come by then.
        now: Learnt of all, for the steps since.
    """
    expected, actual, of_steps, hours = 0.0, 0.0, 0.0, 0
    for camera, rhythm in then.items():
        since = max(0, (made_at - came[camera].start) // HOUR)
        size_bytes = came[camera].size_bytes[since:]
        is_known = ~np.isnan(size_bytes)
        foretold = np.where(is_known, rhythm.ahead(made_at, len(size_bytes)), 0.0)
        expected += float(foretold.sum())
        actual += float(size_bytes[is_known].sum())
        hours = max(hours, int(np.count_nonzero(is_known)))
        raised = np.ones(len(size_bytes))
        for step in now[camera].steps if camera in now else ():
            if step.at >= made_at:
                raised[(step.at - made_at) // HOUR :] *= step.ratio
        of_steps += float((foretold * (raised - 1)).sum())
    if expected <= 0:
        return None
    return Miss(
        made_at=made_at,
        expected_bytes=expected,
        came_bytes=actual,
        miss=actual / expected - 1,
        of_steps=of_steps / expected,
        days=hours / DAY_H,
    )
