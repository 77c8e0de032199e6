"""The calendar of upkeep: which duty is due, given when each last ran. A missed run is made up once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum


class Duty(StrEnum):
    """What is done by the calendar. The list is closed."""

    TEMPORARY_FILES = "temporary files"
    """And a sample of the last day's footage is read again."""
    SCRUB = "scrub"
    """And files that no row names are put aside."""
    ARCHIVE = "archive audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A time that comes again, in UTC.

    Attributes:
        weekday: From 0 for Monday; None for every day.
        day_of_month: From 1; None for every day.
    """

    at: time
    weekday: int | None = None
    day_of_month: int | None = None

    def latest(self, now: datetime) -> datetime:
        """The last instant at or before now at which it came."""
        instant = now.replace(hour=self.at.hour, minute=self.at.minute, second=0, microsecond=0)
        if instant > now:
            instant -= timedelta(days=1)
        while not self._is_right(instant):
            instant -= timedelta(days=1)
        return instant

    def following(self, now: datetime) -> datetime:
        """The first instant after now at which it comes."""
        instant = now.replace(hour=self.at.hour, minute=self.at.minute, second=0, microsecond=0)
        if instant <= now:
            instant += timedelta(days=1)
        while not self._is_right(instant):
            instant += timedelta(days=1)
        return instant

    def _is_right(self, instant: datetime) -> bool:
        is_weekday = self.weekday is None or instant.weekday() == self.weekday
        return is_weekday and (self.day_of_month is None or instant.day == self.day_of_month)


CALENDAR: dict[Duty, When] = {
    Duty.TEMPORARY_FILES: When(at=time(2)),
    Duty.SCRUB: When(at=time(3), weekday=6),
    Duty.ARCHIVE: When(at=time(4), day_of_month=1),
}
"""As the specification has it, 6.2; all UTC."""


def due_duties(last: Mapping[Duty, datetime], now: datetime, *, since: datetime) -> list[Duty]:
    """What is to be done now, in the order of the calendar.

    However many times a duty was missed, it is due once.

    Args:
        last: When each was last begun; one that never was, is not there.
        now: The time.
        since: When the installation began: nothing was missed before.
    """
    return [duty for duty, when in CALENDAR.items() if last.get(duty, since) < when.latest(now)]
