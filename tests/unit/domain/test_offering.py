"""The words between the recorder and those who watch."""

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import CAMERA, NOON, STREAM, a_fragment, an_init_section
from watchkeep.domain.errors import Invalid
from watchkeep.domain.offering import (
    Dropped,
    FragmentNotice,
    Init,
    NoStream,
    Sighted,
    Subscribe,
    Word,
    WordDecoder,
    encode,
)
from watchkeep.domain.sighting import Sighting

WORDS: list[Word] = [
    Subscribe(STREAM),
    NoStream(STREAM),
    Init(stream=STREAM, codec="hvc1.1.6.L93.B0", init=an_init_section()),
    FragmentNotice(a_fragment(3)),
    Dropped(17),
    Sighted(Sighting(camera=CAMERA, until=NOON, moved_at=NOON, tells_events=False)),
    Sighted(Sighting(camera=CAMERA, until=None, event_at=NOON, blind="its pictures cannot be decoded")),
]


def framed(text: bytes, binary: bytes = b"") -> bytes:
    return struct.pack(">IH", 2 + len(text) + len(binary), len(text)) + text + binary


@pytest.mark.parametrize("word", WORDS, ids=lambda word: type(word).__name__)
def test_a_word_comes_back_as_it_went(word: Word) -> None:
    assert WordDecoder().feed(encode(word)) == [word]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=200))
def test_words_survive_any_cutting(sizes: list[int]) -> None:
    sent = b"".join(map(encode, WORDS))
    decoder = WordDecoder()
    heard: list[Word] = []
    at = 0
    for size in sizes:
        heard += decoder.feed(sent[at : at + size])
        at += size

    heard += decoder.feed(sent[at:])

    assert heard == WORDS


def test_the_wire_form_is_length_json_binary() -> None:
    sent = encode(Init(stream=STREAM, codec="avc1.640028", init=b"moov"))

    length, text_length = struct.unpack_from(">IH", sent)
    facts = json.loads(sent[6 : 6 + text_length])
    assert length == len(sent) - 4
    assert facts == {"word": "init", "stream": str(STREAM), "codec": "avc1.640028"}
    assert sent[6 + text_length :] == b"moov"


@pytest.mark.parametrize(
    "frame",
    [b"\xff\xff\xff\xff\x00\x02{}", b"\0\0\0\1\0\0", b"\0\0\0\4\0\5{}{}"],
    ids=["too long", "too short", "json beyond the end"],
)
def test_wrong_lengths_are_refused_before_anything_is_held(frame: bytes) -> None:
    with pytest.raises(Invalid, match="length"):
        WordDecoder().feed(frame)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"\xff",
        b"{}",
        b'{"word":"subscribe"}',
        b'{"word":"subscribe","stream":"door"}',
        b'{"word":"subscribe","stream":7}',
        b'{"word":"init","stream":"x"}',
        b'{"word":"dropped","count":"many"}',
        b'{"word":"fragment"}',
        b'{"word":"sighted","camera":"front-door"}',
        b'{"word":"sighted","camera":"front-door","until":"noon"}',
        b"[" * 60_000,
    ],
    ids=lambda text: repr(text[:40]),
)
def test_words_that_make_no_sense_are_refused(text: bytes) -> None:
    with pytest.raises(Invalid, match="no sense"):
        WordDecoder().feed(framed(text))


def test_a_word_of_another_version_is_said() -> None:
    with pytest.raises(Invalid, match="version"):
        WordDecoder().feed(framed(b'{"word":"farewell"}'))


def test_a_fragment_whose_times_are_not_in_utc_is_refused() -> None:
    sent = encode(FragmentNotice(a_fragment(0)))
    assert NOON.isoformat().encode() in sent

    with pytest.raises(Invalid):
        WordDecoder().feed(sent.replace(b"+00:00", b"+02:00"))


@given(st.binary(max_size=200))
def test_any_bytes_are_words_or_refused(hostile: bytes) -> None:
    try:
        WordDecoder().feed(hostile)
    except Invalid:
        return
