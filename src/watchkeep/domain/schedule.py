"""When something is due, as cron writes it: minute, hour, day of the month, month, weekday; in UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from watchkeep.domain.errors import Invalid

_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_MOST_DAYS = 8 * 366 + 1
"""How far two due days lie apart at most: a 29 February, over a year like 2100 that has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The minutes on which something is due.

    Attributes:
        text: As it was written.
        weekdays: 0 is Sunday.
        takes_either_day: Both day and weekday are named: then either is enough, as cron has it.
    """

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    takes_either_day: bool

    def latest(self, now: datetime) -> datetime:
        """The last due minute that is not later than now."""
        return self._find(now.replace(second=0, microsecond=0), -1)

    def following(self, now: datetime) -> datetime:
        """The first due minute that is later than now."""
        return self._find(now.replace(second=0, microsecond=0) + timedelta(minutes=1), 1)

    def _find(self, start: datetime, step: int) -> datetime:
        """The due minute nearest to start in one direction, start included."""
        day = datetime(start.year, start.month, start.day, tzinfo=UTC)
        for _ in range(_MOST_DAYS):
            if self._has_day(day):
                minutes = [
                    moment
                    for hour in sorted(self.hours)
                    for minute in sorted(self.minutes)
                    if ((moment := day + timedelta(hours=hour, minutes=minute)) - start) * step >= timedelta()
                ]
                if minutes:
                    return minutes[0] if step > 0 else minutes[-1]
            day += timedelta(days=step)
        raise Invalid(f"{self.text!r} names no day that there is; write another schedule", schedule=self.text)

    def _has_day(self, day: datetime) -> bool:
        if day.month not in self.months:
            return False
        is_day, is_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return (is_day or is_weekday) if self.takes_either_day else (is_day and is_weekday)


def parse_schedule(text: str) -> Schedule:
    """Read five fields of numbers, `*`, lists, ranges and steps: "0 3 * * 0" is Sundays at 03:00 UTC.

    Raises:
        Invalid: It is no such text, or no day ever fits.
    """
    words = text.split()
    if len(words) != len(_FIELDS):
        raise _wrong(text, "has not five fields")
    minutes, hours, days, months, weekdays = (
        _numbers(text, word, *field) for word, field in zip(words, _FIELDS, strict=True)
    )
    schedule = Schedule(
        text=text,
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=frozenset(number % 7 for number in weekdays),
        takes_either_day="*" not in (words[2][0], words[4][0]),
    )
    schedule.latest(datetime(2026, 1, 1, tzinfo=UTC))  # says if no day fits
    return schedule


def _numbers(text: str, word: str, name: str, first: int, last: int) -> frozenset[int]:
    found: set[int] = set()
    for part in word.split(","):
        span, _, step = part.partition("/")
        low, _, high = span.partition("-")
        if span == "*":
            low, high = str(first), str(last)
        ends = (low, high or low, step or "1")
        if not all(each.isascii() and each.isdigit() for each in ends):
            raise _wrong(text, f"has {word!r} for the {name}")
        start, end, by = (int(each) for each in ends)
        if not first <= start <= end <= last or by < 1:
            raise _wrong(text, f"has {word!r} for the {name}, which goes from {first} to {last}")
        found.update(range(start, end + 1, by))
    return frozenset(found)


def _wrong(text: str, what: str) -> Invalid:
    return Invalid(f'{text!r} {what}; write for example "0 3 * * 0" (Sundays at 03:00 UTC)', schedule=text)
