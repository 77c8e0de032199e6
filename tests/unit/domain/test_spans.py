"""Sums of spans."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from unit.domain.words import span
from watchkeep.domain.interval import Interval
from watchkeep.domain.spans import common, merged

SPANS = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 6)).map(lambda pair: span(pair[0], sum(pair))), max_size=6
)


def seconds(spans: list[Interval] | tuple[Interval, ...]) -> set[int]:
    return {second for second in range(30) if any(each.overlaps(span(second, second + 1)) for each in spans)}


@given(SPANS)
def test_merged_spans_cover_the_same_and_stand_apart(spans: list[Interval]) -> None:
    found = merged(spans)

    assert seconds(found) == seconds([each for each in spans if each.length])
    assert all(first.end < second.start for first, second in pairwise(found))
    assert all(each.length for each in found)


@given(SPANS, SPANS)
def test_what_two_have_in_common_is_in_both(ours: list[Interval], theirs: list[Interval]) -> None:
    solid = [[each for each in spans if each.length] for spans in (ours, theirs)]

    assert seconds(common(ours, theirs)) == seconds(solid[0]) & seconds(solid[1])
