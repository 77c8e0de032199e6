"""The decoder says up to when it has looked, and claims nothing of what lies between its looks."""

from collections.abc import Iterator

import pytest

from builders import STREAM
from scenes import BrightestBlob, Footage, empty_yard, filmed, seconds_of, with_square
from watchkeep.processing.decoding import Decoder
from watchkeep.processing.words import Begin, Done, Feed


def done_with(run: Footage) -> Iterator[Done]:
    decoder = Decoder(BrightestBlob())
    decoder.hear(Begin(stream=STREAM, init=run.init))
    for fragment in run.fragments:
        decoder.hear(Feed(STREAM, fragment))
        while decoder.has_work:
            yield from (word for word in decoder.work() if isinstance(word, Done))


@pytest.mark.parametrize("gop_s", [1, 2])
def test_in_a_still_scene_it_has_seen_the_first_pictures_of_each_gop(gop_s: int) -> None:
    run = filmed(empty_yard(), seconds=6, gop_s=gop_s)

    for word, fragment in zip(done_with(run), run.fragments, strict=True):
        assert word.moved_at is None
        assert word.seen_until is not None
        key = seconds_of(fragment.when.start) // gop_s * gop_s
        assert key < seconds_of(word.seen_until) <= key + 0.3


@pytest.mark.parametrize("gop_s", [1, 2])
def test_it_says_when_something_moved(gop_s: int) -> None:
    run = filmed(with_square(empty_yard(), start=4, end=6), seconds=12, gop_s=gop_s)

    words = list(done_with(run))

    moved = [seconds_of(word.moved_at) for word in words if word.moved_at is not None]
    assert 4 <= moved[0] <= 4 + gop_s
    assert 5.5 < moved[-1] <= 6 + gop_s
    last = words[-1].seen_until
    assert last is not None
    assert seconds_of(last) >= 10
