"""Buckets: hours as the clock of the world counts them, days and weeks as the clock on the wall does."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeep.domain.rollup import BucketLength, bucket_end, bucket_start

ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "America/St_Johns",
    "Africa/Cairo",  # its clocks jump at midnight, so a day begins at one
    "America/Havana",  # and here a midnight comes twice
    "Atlantic/Azores",
    "Pacific/Apia",  # had no 30 December 2011
    "UTC",
]
FIRST = datetime(2011, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 19 * 365 * 86_400_000).map(lambda ms: FIRST + timedelta(milliseconds=ms))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@given(when=INSTANTS, length=st.sampled_from(list(BucketLength)), zone=st.sampled_from(ZONES))
def test_an_instant_lies_in_its_bucket_and_buckets_touch(
    when: datetime, length: BucketLength, zone: str
) -> None:
    start = bucket_start(when, length, ZoneInfo(zone))
    end = bucket_end(start, length, ZoneInfo(zone))

    assert start <= when < end
    assert start.utcoffset() == end.utcoffset() == timedelta(0)
    assert bucket_start(start, length, ZoneInfo(zone)) == start
    assert bucket_start(end - timedelta(microseconds=1), length, ZoneInfo(zone)) == start
    assert bucket_start(end, length, ZoneInfo(zone)) == end


@given(when=INSTANTS, zone=st.sampled_from(ZONES))
def test_a_bucket_is_made_of_whole_finer_ones(when: datetime, zone: str) -> None:
    where = ZoneInfo(zone)
    for coarse, fine in [
        (BucketLength.QUARTER_HOUR, BucketLength.FIVE_MINUTES),
        (BucketLength.HOUR, BucketLength.QUARTER_HOUR),
        (BucketLength.DAY, BucketLength.QUARTER_HOUR),
        (BucketLength.WEEK, BucketLength.DAY),
    ]:
        start = bucket_start(when, coarse, where)
        assert bucket_start(start, fine, where) == start


@given(when=INSTANTS, zone=st.sampled_from(ZONES))
def test_a_day_is_a_date_on_the_wall_and_a_week_begins_on_monday(when: datetime, zone: str) -> None:
    where = ZoneInfo(zone)
    day = bucket_start(when, BucketLength.DAY, where)
    week = bucket_start(when, BucketLength.WEEK, where)

    assert day.astimezone(where).date() == when.astimezone(where).date()
    assert (day - timedelta(microseconds=1)).astimezone(where).date() < when.astimezone(where).date()
    assert week.astimezone(where).isocalendar()[:2] == when.astimezone(where).isocalendar()[:2]
    assert (week - timedelta(microseconds=1)).astimezone(where).isocalendar()[:2] != when.astimezone(
        where
    ).isocalendar()[:2]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/New_York", date(2026, 3, 8), 23),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Pacific/Chatham", date(2026, 4, 5), 25),
        ("Asia/Kathmandu", date(2026, 3, 29), 24),
    ],
)
def test_a_day_on_which_clocks_change_is_as_long_as_it_is(zone: str, day: date, hours: float) -> None:
    where = ZoneInfo(zone)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=where).astimezone(UTC)
    start = bucket_start(noon, BucketLength.DAY, where)

    assert bucket_end(start, BucketLength.DAY, where) - start == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("when", "length", "zone", "start"),
    [
        ("2026-03-29T12:34:56+00:00", BucketLength.FIVE_MINUTES, "UTC", "2026-03-29T12:30:00+00:00"),
        ("2026-03-29T12:34:56+00:00", BucketLength.QUARTER_HOUR, "UTC", "2026-03-29T12:30:00+00:00"),
        # Hours are of UTC, also where the wall shows a quarter to.
        ("2026-03-29T12:34:56+00:00", BucketLength.HOUR, "Asia/Kathmandu", "2026-03-29T12:00:00+00:00"),
        ("2026-03-29T18:20:00+00:00", BucketLength.DAY, "Asia/Kathmandu", "2026-03-29T18:15:00+00:00"),
        ("2026-03-29T12:00:00+00:00", BucketLength.WEEK, "Europe/Berlin", "2026-03-22T23:00:00+00:00"),
        ("2026-03-30T12:00:00+00:00", BucketLength.WEEK, "Europe/Berlin", "2026-03-29T22:00:00+00:00"),
        # Midnight comes twice; the day begins with the first.
        ("2026-11-01T05:30:00+00:00", BucketLength.DAY, "America/Havana", "2026-11-01T04:00:00+00:00"),
        # Midnight does not come; the day begins at one, which is the same instant.
        ("2026-04-24T12:00:00+00:00", BucketLength.DAY, "Africa/Cairo", "2026-04-23T22:00:00+00:00"),
    ],
)
def test_buckets_begin_where_a_person_would_say(
    when: str, length: BucketLength, zone: str, start: str
) -> None:
    assert bucket_start(at(when), length, ZoneInfo(zone)) == at(start)


def test_utc_needs_no_zone_files() -> None:
    when = at("2026-03-29T12:34:56+00:00")

    assert bucket_start(when, BucketLength.DAY, UTC) == at("2026-03-29T00:00:00+00:00")
    assert bucket_end(when.replace(minute=0, second=0), BucketLength.HOUR, UTC) == at(
        "2026-03-29T13:00+00:00"
    )
