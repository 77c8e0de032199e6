"""Due minutes as cron writes them, in UTC."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeep.domain.errors import Invalid
from watchkeep.domain.schedule import parse_schedule

NOW = datetime(2026, 11, 25, 12, 3, 20, tzinfo=UTC)
"""A Wednesday."""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "latest", "following"),
    [
        ("* * * * *", "2026-11-25T12:03", "2026-11-25T12:04"),
        ("*/5 * * * *", "2026-11-25T12:00", "2026-11-25T12:05"),
        ("7 * * * *", "2026-11-25T11:07", "2026-11-25T12:07"),
        ("0 2 * * *", "2026-11-25T02:00", "2026-11-26T02:00"),
        ("0 3 * * 0", "2026-11-22T03:00", "2026-11-29T03:00"),
        ("0 3 * * 7", "2026-11-22T03:00", "2026-11-29T03:00"),
        ("0 4 1 * *", "2026-11-01T04:00", "2026-12-01T04:00"),
        ("30 1-2,22 * * 1-5", "2026-11-25T02:30", "2026-11-25T22:30"),
        ("0 0 1 * 3", "2026-11-25T00:00", "2026-12-01T00:00"),
        ("15 6 29 2 *", "2024-02-29T06:15", "2028-02-29T06:15"),
        ("0 0 31 12 *", "2025-12-31T00:00", "2026-12-31T00:00"),
    ],
)
def test_the_due_minutes_before_and_after_an_instant(text: str, latest: str, following: str) -> None:
    schedule = parse_schedule(text)

    assert schedule.latest(NOW) == at(latest)
    assert schedule.following(NOW) == at(following)


def test_a_due_minute_is_the_latest_from_its_first_moment_on() -> None:
    schedule = parse_schedule("0 2 * * *")
    due = at("2026-11-25T02:00")

    assert schedule.latest(due) == due
    assert schedule.latest(due - timedelta(microseconds=1)) == due - timedelta(days=1)
    assert schedule.following(due) == due + timedelta(days=1)


def test_a_leap_day_is_found_over_a_century_without_one() -> None:
    assert parse_schedule("0 0 29 2 *").following(at("2096-03-01")) == at("2104-02-29")


@given(
    now=st.integers(0, 89 * 366 * 86_400).map(
        lambda second: datetime(2001, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    ),
    text=st.sampled_from(["*/7 3-20/4 * * *", "5 0 13 * 5", "59 23 * 2-4 *", "0 12 1-7 * 1"]),
)
def test_no_due_minute_lies_between_the_latest_and_the_following(now: datetime, text: str) -> None:
    schedule = parse_schedule(text)
    latest, following = schedule.latest(now), schedule.following(now)

    assert latest <= now < following
    assert schedule.following(latest) == following
    assert schedule.latest(following) == following


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 8",
        "5-1 * * * *",
        "*/0 * * * *",
        "a * * * *",
        "1,, * * * *",
        "٣ * * * *",
        "0 0 30 2 *",
    ],
)
def test_what_is_no_schedule_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(Invalid, match="write "):
        parse_schedule(text)
