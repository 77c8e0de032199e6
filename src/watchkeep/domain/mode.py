"""How a stream is recorded, and when: modes, and the week's spans in which another one holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MINUTES_OF_A_DAY = 1440
SPANS_LIMIT = 50
"""In one week; more is a mistake, and each is looked at for every fragment."""


class RecordingMode(StrEnum):
    """What of a stream is recorded."""

    CONTINUOUS = "continuous"
    MOTION = "motion"
    """While something moves, and some seconds before and after."""
    EVENTS = "events"
    """While an event is open, and some seconds before and after."""
    OFF = "off"
    """Nothing; it can be watched live all the same."""


class Weekday(StrEnum):
    """A day of the site's week."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


_WEEK = tuple(Weekday)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeSpan:
    """A span of the week with a mode of its own, by the clock on the site's wall.

    Attributes:
        days: On which it begins, in the order of the week.
        start_minute: Of the day, 0 to 1439.
        end_minute: Of the day, 1 to 1440; when it is not later than the start, of the day after.
    """

    days: tuple[Weekday, ...]
    start_minute: int
    end_minute: int
    mode: RecordingMode

    def __post_init__(self) -> None:
        if not self.days or list(self.days) != sorted(set(self.days), key=_WEEK.index):
            raise ValueError("a span has each of its days once, in the order of the week, and at least one")
        if not (0 <= self.start_minute < MINUTES_OF_A_DAY and 0 < self.end_minute <= MINUTES_OF_A_DAY):
            raise ValueError("a span begins between 00:00 and 23:59 and ends between 00:01 and 24:00")
        if self.start_minute == self.end_minute:
            raise ValueError("a span ends at another time of the day than it begins; 00:00 to 24:00 is a day")

    def holds(self, local: datetime) -> bool:
        """Whether an instant, told by the site's clock, lies in it."""
        today, minute = local.weekday(), local.hour * 60 + local.minute
        begins_today = _WEEK[today] in self.days
        if self.start_minute < self.end_minute:
            return begins_today and self.start_minute <= minute < self.end_minute
        began_yesterday = _WEEK[today - 1] in self.days
        return (begins_today and minute >= self.start_minute) or (
            began_yesterday and minute < self.end_minute
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeSchedule:
    """The mode of a stream, and the spans of the week in which another holds; the first that holds counts.

    An hour that a clock change leaves out is in no span, one that comes twice is in its spans twice: what
    counts is what the clock on the wall shows.
    """

    default: RecordingMode = RecordingMode.CONTINUOUS
    spans: tuple[ModeSpan, ...] = ()

    def __post_init__(self) -> None:
        if len(self.spans) > SPANS_LIMIT:
            raise ValueError(f"a schedule has at most {SPANS_LIMIT} spans")

    @property
    def modes(self) -> frozenset[RecordingMode]:
        """Those that may ever hold."""
        return frozenset({self.default, *(span.mode for span in self.spans)})

    @property
    def is_continuous(self) -> bool:
        """Whether everything is recorded, always."""
        return self.modes == {RecordingMode.CONTINUOUS}

    @property
    def is_ever_recorded(self) -> bool:
        """Whether it is not simply off."""
        return self.modes != {RecordingMode.OFF}

    @property
    def asks_analyst(self) -> bool:
        """Whether the analyst's word is ever needed."""
        return bool(self.modes & {RecordingMode.MOTION, RecordingMode.EVENTS})

    def at(self, local: datetime) -> RecordingMode:
        """The mode at an instant, told by the site's clock: an aware datetime in its zone."""
        return next((span.mode for span in self.spans if span.holds(local)), self.default)


ALWAYS = ModeSchedule()
NEVER = ModeSchedule(default=RecordingMode.OFF)


def clock_text(minute: int) -> str:
    """A minute of the day as a clock shows it: "06:30", "24:00"."""
    return f"{minute // 60:02}:{minute % 60:02}"


def minute_of(text: str) -> int:
    """A minute of the day of "06:30"; ValueError if it is none."""
    hours, colon, minutes = text.partition(":")
    if not (colon and len(hours) == len(minutes) == 2 and (hours + minutes).isdecimal()):
        raise ValueError(f"{text!r} is no time of the day; write for example 06:30")
    minute = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or minute > MINUTES_OF_A_DAY:
        raise ValueError(f"{text!r} is no time of the day; write 00:00 to 24:00")
    return minute


def span_facts(span: ModeSpan) -> dict[str, object]:
    """A span as JSON values."""
    return {
        "days": [str(day) for day in span.days],
        "start": clock_text(span.start_minute),
        "end": clock_text(span.end_minute),
        "mode": str(span.mode),
    }


def span_of(facts: Mapping[str, object]) -> ModeSpan:
    """A span of what `span_facts` made; ValueError, KeyError or TypeError if it is none."""
    days = facts["days"]
    if not isinstance(days, Sequence) or isinstance(days, str):
        raise TypeError("days")
    return ModeSpan(
        days=tuple(sorted((Weekday(day) for day in days), key=_WEEK.index)),
        start_minute=minute_of(str(facts["start"])),
        end_minute=minute_of(str(facts["end"])),
        mode=RecordingMode(str(facts["mode"])),
    )
