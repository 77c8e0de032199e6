"""Keeps work below so many bytes a second."""

import threading
from collections.abc import Callable

from watchkeep.domain.clock import Clock

LONGEST_NAP_S = 0.5
"""So soon is it noticed that the process is to end."""


class Pace:
    """Gives bytes out at a rate, to several threads together; a second's worth at once after a rest."""

    def __init__(
        self, bytes_per_second: int | None, *, clock: Clock, is_stopping: Callable[[], bool] = lambda: False
    ) -> None:
        """Begin with a full second's worth; None gives everything at once."""
        self._rate = bytes_per_second
        self._clock = clock
        self._is_stopping = is_stopping
        self._due_ns = 0
        self._lock = threading.Lock()

    def take(self, size_bytes: int) -> bool:
        """Wait until so many bytes may go; False if the process is to end before that."""
        if self._rate is None:
            return not self._is_stopping()
        now = self._clock.monotonic_ns()
        with self._lock:
            due_ns = max(self._due_ns, now - 1_000_000_000) + size_bytes * 1_000_000_000 // self._rate
            self._due_ns = due_ns
        while (rest_ns := due_ns - self._clock.monotonic_ns()) > 0:
            if self._is_stopping():
                return False
            self._clock.sleep(min(rest_ns / 1e9, LONGEST_NAP_S))
        return not self._is_stopping()
