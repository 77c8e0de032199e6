"""Time and chance come from outside, so that tests can drive them."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """What a process may ask about time."""

    def now(self) -> datetime:
        """Wall-clock time, aware, UTC. May step back."""
        ...

    def monotonic_ns(self) -> int:
        """Nanoseconds since some start. Never steps back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Rng(Protocol):
    """Where random bytes come from."""

    def token(self, size_bytes: int) -> bytes:
        """Bytes fit for keys and identifiers."""
        ...
