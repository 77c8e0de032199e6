"""What a playlist says, as pure text from marks."""

import re
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from builders import NOON, RUN
from watchkeep.application.exports import ExportClock
from watchkeep.application.hls import Reel, StoredFragment, pieces, playlist, within
from watchkeep.domain.ids import RunId, SegmentId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import TICKS_PER_SECOND

HALF = timedelta(seconds=0.5)
OTHER_RUN = RunId(UUID(int=77))


def a_reel(
    keys: list[bool],
    *,
    number: int = 0,
    start: int = 0,
    is_whole: bool = True,
    run: RunId = RUN,
    init: bytes = b"init",
) -> Reel:
    """A reel of half-second fragments of 100 bytes; start counts half seconds since NOON."""
    fragments = tuple(
        StoredFragment(
            number=n,
            offset=len(init) + 100 * n,
            length=100,
            media_offset=60,
            when=Interval(NOON + (start + n) * HALF, NOON + (start + n + 1) * HALF),
            start_ticks=(start + n) * TICKS_PER_SECOND // 2,
            duration_ticks=TICKS_PER_SECOND // 2,
            starts_with_key=is_key,
        )
        for n, is_key in enumerate(keys)
    )
    return Reel(
        segment=SegmentId(UUID(int=number)),
        run=run,
        init_section=init,
        fragments=fragments,
        is_whole=is_whole,
    )


def span(start_s: float, end_s: float) -> Interval:
    return Interval(NOON + timedelta(seconds=start_s), NOON + timedelta(seconds=end_s))


EVERY_SECOND = [True, False] * 10


def test_pieces_are_about_four_seconds_and_start_with_key_pictures() -> None:
    made = pieces(a_reel(EVERY_SECOND), span(0, 10))

    assert [piece.seconds for piece in made] == [4, 4, 2]
    assert all(piece.fragments[0].starts_with_key for piece in made)


def test_a_long_gop_is_one_piece() -> None:
    made = pieces(a_reel([True] + [False] * 19 + [True] + [False] * 3), span(0, 12))

    assert [piece.seconds for piece in made] == [10, 2]


def test_a_span_without_footage_has_no_playlist() -> None:
    assert playlist([a_reel(EVERY_SECOND)], span(60, 70), is_growing=False) is None
    assert playlist([], span(0, 10), is_growing=False) is None


def test_a_touching_span_takes_nothing_of_what_ends_where_it_begins() -> None:
    assert within(a_reel(EVERY_SECOND), span(10, 20)) == ()
    assert within(a_reel(EVERY_SECOND, start=20), span(0, 10)) == ()


def test_missing_ticks_other_runs_and_other_parameters_are_discontinuities() -> None:
    first = a_reel(EVERY_SECOND)

    def marks(second: Reel) -> tuple[int, int]:
        text = playlist([first, second], span(0, 60), is_growing=False)
        assert text is not None
        return text.count("#EXT-X-DISCONTINUITY"), text.count("#EXT-X-MAP")

    assert marks(a_reel(EVERY_SECOND, number=1, start=20)) == (0, 1)
    assert marks(a_reel(EVERY_SECOND, number=1, start=22)) == (1, 2)
    assert marks(a_reel(EVERY_SECOND, number=1, start=20, run=OTHER_RUN)) == (1, 2)
    assert marks(a_reel(EVERY_SECOND, number=1, start=20, init=b"another")) == (1, 2)


KEYS = st.lists(st.booleans(), min_size=1, max_size=60).map(lambda rest: [True, *rest])


@given(keys=KEYS, cut=st.integers(1, 60), start_s=st.floats(0, 20), length_s=st.floats(1, 40))
def test_a_growing_playlist_only_ever_gains_lines(
    keys: list[bool], cut: int, start_s: float, length_s: float
) -> None:
    when = span(start_s, start_s + length_s)
    early = playlist([a_reel(keys[:cut], is_whole=False)], when, is_growing=True)
    late = playlist([a_reel(keys)], when, is_growing=False)
    if early is None:
        return

    assert late is not None
    assert _entries(late).startswith(_entries(early))


@given(keys=KEYS, start_s=st.floats(0, 30), length_s=st.floats(0.1, 30))
def test_a_playlist_covers_the_span_from_a_key_picture_without_hole(
    keys: list[bool], start_s: float, length_s: float
) -> None:
    reel, when = a_reel(keys), span(start_s, start_s + length_s)
    text = playlist([reel], when, is_growing=False)
    asked = [fragment for fragment in reel.fragments if fragment.when.overlaps(when)]
    if text is None:
        assert asked == []
        return

    ranges = [(int(o), int(n)) for n, o in re.findall(r"#EXT-X-BYTERANGE:(\d+)@(\d+)", text)]
    taken = [fragment for fragment in reel.fragments if any(o <= fragment.offset < o + n for o, n in ranges)]
    assert set(asked) <= set(taken)
    assert taken[0].starts_with_key
    assert all(before + size == after for (before, size), (after, _) in pairwise(ranges))
    longest = max(float(seconds) for seconds in re.findall(r"#EXTINF:([\d.]+)", text))
    target = int(re.findall(r"#EXT-X-TARGETDURATION:(\d+)", text)[0])
    assert longest <= target


def test_an_exports_clock_never_runs_backwards_and_keeps_gaps() -> None:
    clock = ExportClock()
    first, second = a_reel([True, False]), a_reel([True, False], start=20, run=OTHER_RUN)
    early = a_reel([True], start=19, run=RunId(UUID(int=5)))

    ticks = [clock.ticks(reel, fragment) for reel in (first, second, early) for fragment in reel.fragments]

    assert ticks == [0, 45_000, 900_000, 945_000, 990_000]


def _entries(text: str) -> str:
    entries = text[text.index("#EXT-X-MAP") :]
    return entries.removesuffix("#EXT-X-ENDLIST\n")
