from datetime import UTC, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from watchkeep.domain.upkeep import CALENDAR, Duty, When, due_duties

SUNDAY = datetime(2025, 6, 1, 3, 0, tzinfo=UTC)
"""Also the first of a month."""
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def test_each_duty_comes_at_its_hour_of_the_specification() -> None:
    before = SUNDAY - timedelta(hours=2)

    assert CALENDAR[Duty.TEMPORARY_FILES].following(before) == SUNDAY - timedelta(hours=1)
    assert CALENDAR[Duty.SCRUB].following(before) == SUNDAY
    assert CALENDAR[Duty.ARCHIVE].following(before) == SUNDAY + timedelta(hours=1)


def test_nothing_is_due_that_ran_at_its_last_time() -> None:
    last = {duty: when.latest(SUNDAY) for duty, when in CALENDAR.items()}

    assert due_duties(last, SUNDAY, since=SUNDAY - timedelta(days=99)) == []


def test_a_month_of_missed_runs_is_made_up_once() -> None:
    last = dict.fromkeys(Duty, SUNDAY - timedelta(days=40))
    now = SUNDAY + timedelta(hours=7)

    assert due_duties(last, now, since=SUNDAY - timedelta(days=99)) == list(Duty)
    assert due_duties(dict.fromkeys(Duty, now), now, since=SUNDAY) == []


def test_a_new_installation_has_missed_nothing() -> None:
    began = SUNDAY + timedelta(hours=5)

    assert due_duties({}, began + timedelta(hours=17), since=began) == []
    assert due_duties({}, began + timedelta(hours=19), since=began) == [Duty.TEMPORARY_FILES]


@given(INSTANTS, st.sampled_from([*CALENDAR.values(), When(at=time(23, 59), weekday=0, day_of_month=29)]))
def test_now_lies_between_the_latest_and_the_following_time(now: datetime, when: When) -> None:
    assert when.latest(now) <= now < when.following(now)
    assert when.latest(when.following(now)) == when.following(now)
    assert when.latest(now).time() == when.at
