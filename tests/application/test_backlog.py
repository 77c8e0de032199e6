"""A slow viewer loses whole GOPs and is told."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import STREAM, a_box, a_fragment, an_init_section
from watchkeep.application.backlog import Backlog
from watchkeep.application.live import Began, Live, LiveWord, Lost
from watchkeep.domain.errors import Invalid, Unavailable, WatchkeepError
from watchkeep.domain.ids import StreamId
from watchkeep.domain.media import Fragment
from watchkeep.domain.offering import Dropped, FragmentNotice, Init, NoStream, encode

SECOND = an_init_section() + a_box(b"free", b"")


def live_fragment(number: int, *, is_key: bool, size: int = 100) -> Fragment:
    payload = number.to_bytes(4, "big") + bytes(size - 4)
    return replace(a_fragment(number), payload=payload, starts_with_key=is_key)


@given(
    keys=st.lists(st.booleans(), min_size=1, max_size=80),
    takes=st.lists(st.integers(0, 3), min_size=1, max_size=80),
    most=st.integers(150, 2000),
)
def test_what_comes_out_can_be_decoded_and_nothing_is_lost_unsaid(
    keys: list[bool], takes: list[int], most: int
) -> None:
    backlog = Backlog(most_bytes=most)
    out: list[int] = []
    told = 0
    told_since = 0
    expected = 0

    def take() -> None:
        nonlocal told, told_since, expected
        lost = backlog.take_lost()
        fragment = backlog.take()
        told += lost
        told_since += lost
        if fragment is None:
            return
        number = int.from_bytes(fragment.payload[:4], "big")
        # It follows the one before but for what was said to be lost, and then a key picture comes.
        assert number == expected + told_since
        assert fragment.starts_with_key or not told_since
        expected, told_since = number + 1, 0
        out.append(number)

    for number, is_key in enumerate(keys):
        backlog.put(live_fragment(number, is_key=is_key))
        for _ in range(takes[number % len(takes)]):
            take()
    for _ in range(len(keys) + 1):
        take()

    assert len(out) + told == len(keys)


def test_memory_stays_bounded_when_nobody_fetches() -> None:
    backlog = Backlog(most_bytes=1000)
    for number in range(500):
        backlog.put(live_fragment(number, is_key=number % 4 == 0))

    waiting = 0
    while backlog.take() is not None:
        waiting += 1

    assert waiting <= 10


def heard_of(*parts: bytes, is_over: bool = True) -> tuple[list[LiveWord], WatchkeepError | None]:
    """What a viewer hears when the recorder has said all this, and how it ends."""

    async def hear() -> tuple[list[LiveWord], WatchkeepError | None]:
        reader = asyncio.StreamReader()
        for part in parts:
            reader.feed_data(part)
        if is_over:
            reader.feed_eof()
        heard: list[LiveWord] = []
        try:
            async for word in Live(StreamId(STREAM), reader).words():
                heard.append(word)  # noqa: PERF401  # what came before the error is wanted
        except WatchkeepError as error:
            return heard, error
        return heard, None

    return asyncio.run(hear())


def test_the_recorders_words_become_the_viewers() -> None:
    fragments = [a_fragment(number) for number in range(6)]
    init = encode(Init(stream=STREAM, codec="avc1.640028", init=an_init_section()))
    notices = [encode(FragmentNotice(fragment)) for fragment in fragments]

    heard, end = heard_of(init, *notices[:2], encode(Dropped(1)), *notices[3:])

    # After a loss the viewer waits for the next key picture, and what it misses meanwhile is counted too.
    assert heard[0] == Began("avc1.640028", STREAM, an_init_section())
    payloads = [word.payload for word in heard if isinstance(word, Fragment)]
    lost = sum(word.count for word in heard if isinstance(word, Lost))
    assert payloads == [
        fragments[0].payload,
        fragments[1].payload,
        fragments[4].payload,
        fragments[5].payload,
    ]
    assert lost == 2
    assert isinstance(end, Unavailable)


def test_a_new_run_makes_the_decoder_start_anew() -> None:
    first = encode(Init(stream=STREAM, codec="avc1.640028", init=an_init_section()))
    second = encode(Init(stream=STREAM, codec="hvc1.1.6.L93.B0", init=SECOND))

    heard, _ = heard_of(first, second, encode(FragmentNotice(a_fragment(0))))

    assert heard[-2:] == [Began("hvc1.1.6.L93.B0", STREAM, SECOND), a_fragment(0)]


@pytest.mark.parametrize(
    ("said", "kind"), [(encode(NoStream(StreamId(UUID(int=1)))), Unavailable), (b"\xff" * 40, Invalid)]
)
def test_no_stream_and_nonsense_end_it(said: bytes, kind: type[WatchkeepError]) -> None:
    heard, end = heard_of(said, is_over=False)

    assert heard == []
    assert isinstance(end, kind)
