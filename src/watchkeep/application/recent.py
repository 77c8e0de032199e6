"""What the application remembers for a moment, so that it need not be asked or written again."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import timedelta
from typing import Generic, TypeVar

from watchkeep.domain.clock import Clock

Answer = TypeVar("Answer")
MOST_KEYS = 10_000


class Recent:
    """Keys seen not long ago, in bounded number."""

    def __init__(self, clock: Clock, length: timedelta) -> None:
        self._clock = clock
        self._length_ns = int(length.total_seconds() * 1e9)
        self._lock = threading.Lock()
        self._seen: OrderedDict[object, int] = OrderedDict()

    def is_new(self, key: object) -> bool:
        """Say whether the key was not seen within the length of time, and remember it."""
        now_ns = self._clock.monotonic_ns()
        with self._lock:
            seen_ns = self._seen.get(key)
            if seen_ns is not None and now_ns - seen_ns < self._length_ns:
                return False
            self._seen[key] = now_ns
            self._seen.move_to_end(key)
            while len(self._seen) > MOST_KEYS:
                self._seen.popitem(last=False)
            return True


class Remembered(Generic[Answer]):
    """One answer that is dear to make, kept for a short time; two who ask at once wait for one making."""

    def __init__(self, clock: Clock, length: timedelta) -> None:
        self._clock = clock
        self._length_ns = int(length.total_seconds() * 1e9)
        self._lock = threading.Lock()
        self._kept: tuple[int, Answer] | None = None

    def get(self, make: Callable[[], Answer]) -> Answer:
        """The kept answer, or a new one."""
        with self._lock:
            now_ns = self._clock.monotonic_ns()
            if self._kept is None or now_ns - self._kept[0] >= self._length_ns:
                self._kept = (now_ns, make())
            return self._kept[1]
