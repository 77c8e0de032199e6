"""How long this thread had to wait for a processor: what others took, and no fault of ours."""

import os


class RunQueue:
    """Asks Linux; elsewhere nothing was waited for. Source: proc(5), /proc/pid/schedstat, second number."""

    def __init__(self) -> None:
        self._file: int | None = None
        self._last_ns = 0

    def wait_s(self) -> float:
        """Since the call before; 0.0 at the first. One system call, so that each tick may ask."""
        try:
            if self._file is None:
                self._file = os.open("/proc/thread-self/schedstat", os.O_RDONLY | os.O_CLOEXEC)
                self._last_ns = self._read(self._file)
            now_ns = self._read(self._file)
        except (OSError, ValueError, IndexError):
            return 0.0
        waited_ns, self._last_ns = now_ns - self._last_ns, now_ns
        return waited_ns / 1e9

    @staticmethod
    def _read(file: int) -> int:
        return int(os.pread(file, 100, 0).split()[1])
