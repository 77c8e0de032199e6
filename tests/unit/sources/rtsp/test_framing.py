"""Interleaved frames and answers, cut anywhere, with garbage between."""

import random
import socket
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeep.domain.errors import Invalid
from watchkeep.sources.rtsp.framing import GARBAGE_LIMIT_BYTES, Framing, ReadBuffer
from watchkeep.sources.rtsp.messages import Response

Taken = list[tuple[int, bytes] | int]


class Book:
    """Writes down what comes: frames, and the status of answers."""

    def __init__(self) -> None:
        self.taken: Taken = []

    def take_response(self, response: Response) -> None:
        self.taken.append(response.status)

    def take_frame(self, channel: int, packet: bytes) -> None:
        self.taken.append((channel, packet))

    def take_run(self, data: bytes, at: int) -> int:
        return at


ANSWER = b"RTSP/1.0 200 OK\r\nCSeq: 7\r\nContent-Length: 5\r\n\r\n$\x00\x00\x01x"


def frame(channel: int, body: bytes) -> bytes:
    return bytes([0x24, channel]) + len(body).to_bytes(2, "big") + body


def taken(data: bytes, cuts: list[int], channels: tuple[int, ...] = (0, 1)) -> Taken:
    """What a connection gives that gets the data in pieces."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        framing = Framing(ours, ReadBuffer())
        book = Book()
        for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
            theirs.sendall(data[start:end])
            framing.read(channels, book)
        return book.taken


@given(st.data())
def test_frames_and_answers_come_out_whole_wherever_the_stream_is_cut(data: st.DataObject) -> None:
    frames = data.draw(st.lists(st.tuples(st.integers(0, 1), st.binary(max_size=300)), max_size=8))
    stream = b"".join(frame(*each) for each in frames) + ANSWER + frame(1, b"last")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))

    assert taken(stream, cuts) == [*frames, 200, (1, b"last")]


def test_after_garbage_the_next_frame_of_an_agreed_channel_is_found() -> None:
    stream = frame(0, b"one") + b"\xff$\x09\x00\x02$$" + frame(0, b"two") + b"noise" + ANSWER

    assert taken(stream, []) == [(0, b"one"), (0, b"two"), 200]


def read_all(pieces: Iterable[bytes]) -> None:
    """Read pieces one after the other; nothing piles up meanwhile."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        framing = Framing(ours, ReadBuffer())
        for piece in pieces:
            theirs.sendall(piece)
            framing.read((0, 1), Book())
            assert framing.kept_bytes <= 256 * 1024


def test_garbage_without_end_is_given_up() -> None:
    with pytest.raises(Invalid, match="neither RTP nor RTSP"):
        read_all([bytes(60_000)] * (GARBAGE_LIMIT_BYTES // 60_000 + 1))


def test_a_closed_connection_is_told() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        ours.setblocking(False)
        framing = Framing(ours, ReadBuffer())
        assert not framing.read((0,), Book())
        theirs.close()
        assert framing.read((0,), Book())


def test_hostile_bytes_end_soon_and_nothing_piles_up() -> None:
    chance = random.Random(4)

    with pytest.raises(Invalid):
        read_all(chance.choice([b"$", b"RTSP/1.0 ", b"\r\n", b"$\x05"]) * 2000 for _ in range(1000))
