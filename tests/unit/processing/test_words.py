"""The words between the analyst and its decoder."""

import json
import struct
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOON, STREAM, a_fragment, an_init_section
from scenes import BrightestBlob
from watchkeep.domain.detection import Attention, Detection, Look
from watchkeep.domain.errors import Invalid
from watchkeep.domain.frames import encode_frame
from watchkeep.domain.geometry import Box
from watchkeep.processing.words import (
    AnalystWord,
    AnalystWords,
    Attend,
    Begin,
    DecoderWord,
    DecoderWords,
    Done,
    Failed,
    Feed,
    Forget,
    Looked,
    NoPicture,
    Picture,
    Ready,
    Skipped,
    SkipReason,
    TakePicture,
    Unfit,
    Working,
    encode,
)

LOOK = Look(
    stream=STREAM,
    at=NOON,
    aspect=16 / 9,
    detections=(Detection("person", Box(0.1, 0.2, 0.3, 0.9), 0.625),),
)
TO_DECODER: list[AnalystWord] = [
    Begin(stream=STREAM, init=an_init_section()),
    Feed(STREAM, a_fragment(3)),
    Attend(STREAM, Attention.STILL),
    TakePicture(number=4, init=b"init", payloads=(b"one", b"", b"three"), at_ticks=90_000, width_px=640),
    Forget(STREAM),
]
TO_ANALYST: list[DecoderWord] = [
    Ready(BrightestBlob().card, ("memory", "network")),
    Unfit("The weights are of another kind."),
    Working(STREAM),
    Looked(LOOK),
    Looked(replace(LOOK, detections=())),
    Skipped(STREAM, 25, SkipReason.SLOW),
    Done(STREAM, 17),
    Done(STREAM, 18, seen_until=NOON, moved_at=NOON),
    Failed(STREAM, "Its pictures cannot be decoded."),
    Picture(number=4, jpeg=b"\xff\xd8\xff\xd9", width_px=640, height_px=360),
    NoPicture(5, "no picture could be decoded"),
]


@pytest.mark.parametrize("word", TO_DECODER, ids=lambda word: type(word).__name__)
def test_a_word_of_the_analyst_comes_back_as_it_went(word: AnalystWord) -> None:
    assert AnalystWords().feed(encode(word)) == [word]


@pytest.mark.parametrize("word", TO_ANALYST, ids=lambda word: type(word).__name__)
def test_a_word_of_the_decoder_comes_back_as_it_went(word: DecoderWord) -> None:
    assert DecoderWords().feed(encode(word)) == [word]


@given(st.lists(st.integers(1, 400), min_size=1, max_size=60))
def test_words_survive_any_cutting(sizes: list[int]) -> None:
    sent = b"".join(map(encode, TO_ANALYST))
    decoder = DecoderWords()
    heard: list[DecoderWord] = []
    for size in [*sizes, len(sent)]:
        heard += decoder.feed(sent[:size])
        sent = sent[size:]

    assert heard == TO_ANALYST


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"word": 3},
        {"word": "Begin"},
        {"word": "Shrug"},
        {"word": "Looked", "stream": str(STREAM), "at": "2025-06-01T12:00:00", "aspect": 1, "found": []},
        {"word": "Looked", "stream": str(STREAM), "at": NOON.isoformat(), "aspect": 1, "found": 5},
        {
            "word": "Looked",
            "stream": str(STREAM),
            "at": NOON.isoformat(),
            "aspect": 1,
            "found": [["x", 1, 0]],
        },
        {"word": "Looked", "stream": str(STREAM), "at": NOON.isoformat(), "aspect": "1", "found": []},
        {"word": "Skipped", "stream": str(STREAM), "frames": 1, "reason": "bored"},
        {"word": "Done", "stream": "no uuid", "sequence": 1},
        {"word": "Ready", "card": None, "sandbox": []},
        {"word": "Ready", "card": {"thresholds": {"high": 1}}, "sandbox": []},
    ],
    ids=lambda facts: json.dumps(facts)[:60],
)
def test_a_decoder_that_talks_nonsense_is_refused(facts: dict[str, object]) -> None:
    with pytest.raises(Invalid, match="do not understand"):
        DecoderWords().feed(encode_frame(facts))


@pytest.mark.parametrize(
    "facts",
    [
        {"word": "Ready"},
        {"word": "Attend", "stream": str(STREAM), "attention": "sleepy"},
        {"word": "TakePicture", "number": 1, "at_ticks": 1, "width_px": 1, "lengths": [2, 99]},
        {"word": "TakePicture", "number": 1, "at_ticks": 1, "width_px": 1, "lengths": []},
        {"word": "Feed", "stream": str(STREAM)},
    ],
    ids=lambda facts: json.dumps(facts)[:60],
)
def test_an_analyst_that_talks_nonsense_is_refused(facts: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        AnalystWords().feed(encode_frame(facts))


@given(st.binary(max_size=200))
def test_any_bytes_of_a_broken_decoder_are_words_or_refused(said: bytes) -> None:
    text = said[: len(said) // 2]
    framed = struct.pack(">IH", 2 + len(said), len(text)) + said

    for received in (said, framed):
        with suppress(Invalid):
            DecoderWords().feed(received)
