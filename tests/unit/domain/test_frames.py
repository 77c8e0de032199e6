"""Frames between our processes, and what may stand in them."""

import pytest

from watchkeep.domain.errors import Invalid
from watchkeep.domain.frames import FrameDecoder, encode_frame, number_of, share_of, text_of

FACTS = {"text": "a", "number": 7, "share": 0.25, "list": [1]}


def test_frames_come_back_in_order_however_they_were_cut() -> None:
    sent = encode_frame(FACTS, b"binary") + encode_frame({}) + encode_frame({"n": 1}, bytes(1000))
    decoder = FrameDecoder()

    heard = [frame for at in range(0, len(sent), 7) for frame in decoder.feed(sent[at : at + 7])]

    assert heard == [(FACTS, b"binary"), ({}, b""), ({"n": 1}, bytes(1000))]


def test_a_frame_beyond_the_limit_is_refused_before_it_is_held() -> None:
    sent = encode_frame({}, bytes(100))

    with pytest.raises(Invalid, match="length"):
        FrameDecoder(limit_bytes=100).feed(sent[:6])


def test_facts_are_read_as_what_they_are() -> None:
    assert text_of(FACTS, "text") == "a"
    assert number_of(FACTS, "number") == 7
    assert share_of(FACTS, "share") == 0.25
    assert share_of(FACTS, "number") == 7.0
    for read, name in ((text_of, "number"), (number_of, "share"), (share_of, "text"), (share_of, "list")):
        with pytest.raises(TypeError):
            read(FACTS, name)
    with pytest.raises(KeyError):
        share_of(FACTS, "missing")
