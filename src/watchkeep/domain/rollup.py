"""Steps of a time series. Hours are UTC; days and weeks are local, so a day may have 23 or 25 hours."""

from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import IntEnum


class BucketLength(IntEnum):
    """The lengths that roll-ups are kept in, seconds; of a day and a week the usual ones."""

    FIVE_MINUTES = 300
    QUARTER_HOUR = 900
    HOUR = 3600
    DAY = 86400
    WEEK = 604800


def bucket_start(when: datetime, length: BucketLength, zone: tzinfo) -> datetime:
    """Start, UTC, of the bucket that holds an instant; weeks begin on Monday."""
    if length <= BucketLength.HOUR:
        return datetime.fromtimestamp(int(when.timestamp()) // length * length, UTC)
    day = when.astimezone(zone).date()
    if length is BucketLength.WEEK:
        day -= timedelta(days=day.weekday())
    return datetime.combine(day, time(), zone).astimezone(UTC)


def bucket_end(start: datetime, length: BucketLength, zone: tzinfo) -> datetime:
    """End, exclusive, UTC, of the bucket that begins there."""
    if length <= BucketLength.HOUR:
        return start + timedelta(seconds=length)
    days = 7 if length is BucketLength.WEEK else 1
    day = start.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, time(), zone).astimezone(UTC)
