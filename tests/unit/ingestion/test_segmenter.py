"""Where segments begin."""

from datetime import datetime, timedelta

from builders import NOON, a_fragment
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import Fragment
from watchkeep.ingestion.segmenter import Segmenter


def fragment_at(start: datetime, *, is_key: bool) -> Fragment:
    return a_fragment(when=Interval(start, start + timedelta(seconds=0.5)), starts_with_key=is_key)


def beginnings(start: datetime, *, key_every: int, count: int) -> list[float]:
    """Seconds after start at which segments begin, fragments of half a second."""
    segmenter = Segmenter(length=timedelta(seconds=60))
    return [
        number / 2
        for number in range(count)
        if segmenter.place(
            fragment_at(start + number * timedelta(seconds=0.5), is_key=number % key_every == 0)
        )
    ]


def test_segments_begin_at_the_first_key_picture_after_a_minute() -> None:
    assert beginnings(NOON, key_every=4, count=260) == [0, 60, 120]
    assert beginnings(NOON, key_every=14, count=300) == [0, 63, 126]


def test_nothing_begins_without_a_key_picture() -> None:
    segmenter = Segmenter()

    assert not segmenter.place(fragment_at(NOON, is_key=False))
    assert segmenter.place(fragment_at(NOON + timedelta(seconds=0.5), is_key=True))


def test_a_segment_begins_with_the_first_key_picture_of_a_day() -> None:
    assert beginnings(NOON + timedelta(hours=11, minutes=59, seconds=51), key_every=4, count=30) == [0, 10]
