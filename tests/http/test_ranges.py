"""Byte ranges, as RFC 9110 section 14 has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeep.presentation.http.ranges import NotSatisfiable, Span, requested


@pytest.mark.parametrize(
    ("header", "span"),
    [
        (None, Span(0, 100, True)),
        ("bytes=0-0", Span(0, 1, False)),
        ("bytes=0-", Span(0, 100, False)),
        ("bytes=-1", Span(99, 100, False)),
        ("bytes=-500", Span(0, 100, False)),
        ("bytes=99-200", Span(99, 100, False)),
        ("bytes=5-2", Span(0, 100, True)),
        ("bytes=-", Span(0, 100, True)),
        ("bytes=0-1,3-4", Span(0, 100, True)),
        ("bytes=a-b", Span(0, 100, True)),
        ("items=0-1", Span(0, 100, True)),
    ],
)
def test_a_range_is_read_as_the_rfc_says(header: str | None, span: Span) -> None:
    assert requested(header, 100) == span


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=" + "9" * 30 + "-"])
def test_a_range_outside_cannot_be_satisfied(header: str) -> None:
    with pytest.raises(NotSatisfiable):
        requested(header, 100)


@given(header=st.text(max_size=40), length=st.integers(0, 1000))
def test_any_header_gives_bytes_that_are_there(header: str, length: int) -> None:
    try:
        span = requested(header, length)
    except NotSatisfiable:
        return

    assert 0 <= span.start <= span.end <= length
