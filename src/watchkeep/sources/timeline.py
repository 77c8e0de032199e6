"""Gives each packet of a run its presentation and decoding time, whatever its source leaves out."""

import heapq
from collections import deque
from collections.abc import Sequence

from watchkeep.domain.media import TICKS_PER_SECOND

_GUESSED_INTERVAL_TICKS = TICKS_PER_SECOND // 25
_FORWARD_LIMIT_TICKS = 10 * TICKS_PER_SECOND
_BACKWARD_LIMIT_TICKS = 2 * TICKS_PER_SECOND
_DEPTH_LIMIT = 16


class Timeline:
    """Decoding times that strictly grow, presentation times as they came.

    RTP carries presentation times only. With a reorder depth of n, the decoding time of a picture is the
    (n+1)-largest presentation time so far, so that no picture is shown before it is decoded.
    """

    def __init__(self, *, reorder_depth: int | None, least_depth: int = 0) -> None:
        """Begin a run.

        Args:
            reorder_depth: From the SPS; None when it does not say, then it is learnt from what comes.
            least_depth: What the first pictures tell of it when the SPS does not.
        """
        self._depth = least_depth if reorder_depth is None else reorder_depth
        self._is_learning = reorder_depth is None
        self._recent: deque[int] = deque(maxlen=_DEPTH_LIMIT)
        self._shown: list[int] = []
        self._last_dts: int | None = None
        self._interval_ticks = _GUESSED_INTERVAL_TICKS

    def stamp_next(self, pts: int) -> int | None:
        """The decoding time of a picture that plainly goes on, which most do; None: ask `jumps` and `stamp`.

        It does when nothing is reordered and it is later than the one before by no more than a jump would be.
        """
        last = self._last_dts
        if last is None or self._depth or not last < pts <= last + _FORWARD_LIMIT_TICKS:
            return None
        if self._is_learning:
            self._recent.append(pts)
        self._interval_ticks = pts - last
        self._last_dts = pts
        return pts

    def jumps(self, pts: int | None, dts: int | None) -> bool:
        """Say whether these times cannot belong to the same run: the camera's clock was set."""
        time = dts if dts is not None else pts
        if time is None or self._last_dts is None:
            return False
        return not -_BACKWARD_LIMIT_TICKS <= time - self._last_dts <= _FORWARD_LIMIT_TICKS

    def stamp(self, pts: int | None, dts: int | None) -> tuple[int, int]:
        """The packet's presentation and decoding time in ticks; packets come in decoding order."""
        last = self._last_dts
        if dts is None:
            dts = self._from_shown(pts) if pts is not None else (last or 0) + self._interval_ticks
        if last is not None:
            dts = max(dts, last + 1)
            self._interval_ticks = dts - last
        self._last_dts = dts
        return (dts if pts is None else pts), dts

    def _from_shown(self, pts: int) -> int:
        if self._is_learning:
            self._depth = max(self._depth, sum(earlier > pts for earlier in self._recent))
            self._recent.append(pts)
        if not self._depth:
            return pts
        heapq.heappush(self._shown, pts)
        if len(self._shown) > self._depth:
            return heapq.heappop(self._shown)
        # The first few pictures of a run are decoded before anything is shown; nothing tells how long before.
        missing = self._depth + 1 - len(self._shown)
        return self._shown[0] - missing * _GUESSED_INTERVAL_TICKS


def reordering(times: Sequence[int]) -> int:
    """The most pictures that are decoded before and shown after one of these; times in decoding order."""
    return max(
        (sum(earlier > time for earlier in times[:number]) for number, time in enumerate(times)), default=0
    )
