"""Whether the clock can be trusted so far that something is deleted by it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

SLACK = timedelta(minutes=2)
"""How far footage may lie ahead of the clock: clocks are slewed."""
STEP = timedelta(minutes=10)
"""A larger step of a running clock is doubted, unless the system says that the clock is synchronised now."""
LEAP = timedelta(days=1)
"""A larger one is believed of nobody but a person: a deletion cannot be taken back."""
AWAY = timedelta(days=2)
"""Nobody measured how long the machine was off: longer than this, only a synchronised clock says it."""
LONG_AWAY = timedelta(days=90)
TRUSTED_FOR = timedelta(hours=1)
"""How long a person's word holds until it is used."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What both clocks said at one moment, when they were last believed."""

    at: datetime
    monotonic_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockFacts:
    """What is known of the clock.

    Attributes:
        now: What it says.
        monotonic_ns: What the clock says that nobody can set; it begins anew with the machine.
        newest: End of the newest footage that lies ahead of it; None when there is none.
        last: When this process last believed it.
        seen_at: When any keeper last believed it.
        is_synchronised: What the system says; None when it does not know.
        trusted_at: When a person said that it is right, by its own time.
    """

    now: datetime
    monotonic_ns: int
    newest: datetime | None = None
    last: Sighting | None = None
    seen_at: datetime | None = None
    is_synchronised: bool | None = None
    trusted_at: datetime | None = None


def doubt(facts: ClockFacts) -> str:
    """Why nothing may be deleted by this clock; empty when it is trusted."""
    now = f"{facts.now:%Y-%m-%d %H:%M}"
    if facts.newest is not None and facts.newest > facts.now + SLACK:
        return f"the clock says {now} UTC, but there is footage of {facts.newest:%Y-%m-%d %H:%M}"
    if facts.trusted_at is not None and abs(facts.now - facts.trusted_at) <= TRUSTED_FOR:
        return ""
    believed = facts.is_synchronised is True
    if facts.last is not None:
        passed = timedelta(microseconds=(facts.monotonic_ns - facts.last.monotonic_ns) // 1000)
        step = abs(facts.now - facts.last.at - passed)
        if step > LEAP or (step > STEP and not believed):
            expected = facts.last.at + passed
            return f"the clock says {now} UTC, but it should be {expected:%Y-%m-%d %H:%M}"
    elif facts.seen_at is not None:
        away = facts.now - facts.seen_at
        if away > LONG_AWAY or (not believed and not -SLACK <= away <= AWAY):
            return f"the clock says {now} UTC, but it was last believed at {facts.seen_at:%Y-%m-%d %H:%M}"
    return ""
