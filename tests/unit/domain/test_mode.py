"""Modes hold by the clock on the site's wall, also on the days when it is changed."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeep.domain.mode import (
    ALWAYS,
    NEVER,
    SPANS_LIMIT,
    ModeSchedule,
    ModeSpan,
    RecordingMode,
    Weekday,
    clock_text,
    minute_of,
    span_facts,
    span_of,
)

LONDON = ZoneInfo("Europe/London")
EVERY_DAY = tuple(Weekday)


def a_span(
    start: str, end: str, mode: RecordingMode = RecordingMode.OFF, days: tuple[Weekday, ...] = EVERY_DAY
) -> ModeSpan:
    return ModeSpan(days=days, start_minute=minute_of(start), end_minute=minute_of(end), mode=mode)


def minutes_of_day(day: date, schedule: ModeSchedule) -> dict[RecordingMode, int]:
    """How many minutes of a local day are in each mode."""
    start = datetime(day.year, day.month, day.day, tzinfo=LONDON).astimezone(UTC)
    after = day + timedelta(days=1)
    end = datetime(after.year, after.month, after.day, tzinfo=LONDON).astimezone(UTC)
    found: dict[RecordingMode, int] = {}
    while start < end:
        mode = schedule.at(start.astimezone(LONDON))
        found[mode] = found.get(mode, 0) + 1
        start += timedelta(minutes=1)
    return found


def test_outside_its_spans_the_default_holds_and_the_first_that_holds_counts() -> None:
    schedule = ModeSchedule(
        default=RecordingMode.MOTION,
        spans=(a_span("08:00", "17:00"), a_span("16:00", "20:00", RecordingMode.EVENTS)),
    )
    monday = datetime(2025, 6, 2, tzinfo=LONDON)

    found = [schedule.at(monday.replace(hour=hour, minute=minute)) for hour, minute in ((7, 59), (8, 0))]
    assert found == [RecordingMode.MOTION, RecordingMode.OFF]
    assert schedule.at(monday.replace(hour=16, minute=59)) is RecordingMode.OFF
    assert schedule.at(monday.replace(hour=17)) is RecordingMode.EVENTS
    assert schedule.at(monday.replace(hour=20)) is RecordingMode.MOTION


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    schedule = ModeSchedule(spans=(a_span("22:00", "06:00", days=(Weekday.SUN,)),))
    sunday = datetime(2025, 6, 1, tzinfo=LONDON)

    assert schedule.at(sunday.replace(hour=5)) is RecordingMode.CONTINUOUS
    assert schedule.at(sunday.replace(hour=22)) is RecordingMode.OFF
    assert schedule.at(sunday.replace(day=2, hour=5, minute=59)) is RecordingMode.OFF
    assert schedule.at(sunday.replace(day=2, hour=6)) is RecordingMode.CONTINUOUS


@pytest.mark.parametrize(
    ("day", "hours", "off"),
    [(date(2025, 3, 30), 23, 2), (date(2025, 6, 1), 24, 3), (date(2025, 10, 26), 25, 4)],
    ids=["spring", "summer", "autumn"],
)
def test_a_day_on_which_the_clock_changes_is_whole(day: date, hours: int, off: int) -> None:
    """From 00:00 to 03:00: the hour from 01:00 is left out, or comes twice."""
    found = minutes_of_day(day, ModeSchedule(spans=(a_span("00:00", "03:00"),)))

    assert sum(found.values()) == hours * 60
    assert found[RecordingMode.OFF] == off * 60


def test_what_a_schedule_ever_needs() -> None:
    by_motion = ModeSchedule(
        default=RecordingMode.OFF, spans=(a_span("08:00", "09:00", RecordingMode.MOTION),)
    )
    assert ALWAYS.is_continuous
    assert ALWAYS.is_ever_recorded
    assert not ALWAYS.asks_analyst
    assert not NEVER.is_ever_recorded
    assert not NEVER.is_continuous
    assert by_motion.is_ever_recorded
    assert by_motion.asks_analyst


minutes = st.integers(0, 1440)
spans = st.builds(
    lambda days, start, length, mode: ModeSpan(
        days=tuple(day for day in Weekday if day in days),
        start_minute=start,
        end_minute=(start + length - 1) % 1440 + 1,
        mode=mode,
    ),
    st.sets(st.sampled_from(Weekday), min_size=1),
    st.integers(0, 1439),
    st.integers(1, 1439),
    st.sampled_from(RecordingMode),
)


@given(spans)
def test_a_span_comes_back_as_it_went(span: ModeSpan) -> None:
    assert span_of(span_facts(span)) == span


@given(minutes)
def test_a_minute_comes_back_as_it_went(minute: int) -> None:
    assert minute_of(clock_text(minute)) == minute


@pytest.mark.parametrize(
    "text", ["", "8:00", "08.00", "0800", "24:01", "12:60", "ab:cd", "08:00:00", "-1:00"]
)
def test_what_is_no_time_of_the_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="time of the day"):
        minute_of(text)


@pytest.mark.parametrize(
    "change",
    [
        {"days": ()},
        {"days": (Weekday.TUE, Weekday.MON)},
        {"days": (Weekday.MON, Weekday.MON)},
        {"start_minute": -1},
        {"start_minute": 1440},
        {"end_minute": 0},
        {"end_minute": 1441},
        {"start_minute": 60, "end_minute": 60},
    ],
    ids=str,
)
def test_a_span_that_cannot_be_is_refused(change: dict[str, object]) -> None:
    facts: dict[str, object] = {"days": (Weekday.MON,), "start_minute": 0, "end_minute": 1440}
    with pytest.raises(ValueError, match="a span"):
        ModeSpan(**{**facts, **change}, mode=RecordingMode.OFF)  # type: ignore[arg-type]


def test_a_schedule_has_an_end() -> None:
    with pytest.raises(ValueError, match="at most"):
        ModeSchedule(spans=(a_span("08:00", "09:00"),) * (SPANS_LIMIT + 1))


@pytest.mark.parametrize("days", ["mon", 7, None])
def test_days_are_a_list(days: object) -> None:
    with pytest.raises(TypeError):
        span_of({"days": days, "start": "08:00", "end": "09:00", "mode": "off"})
