"""A blob read over a network: how many requests a reader costs."""

import random

from watchkeep.storage.blobs.bytes_file import LEAST_READ, MOST_READ, RangedFile

CONTENT = random.Random(3).randbytes(9 << 20)


class Store:
    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def fetch(self, start: int, end: int) -> bytes:
        self.asked.append((start, end))
        return CONTENT[start:end]


def opened() -> tuple[RangedFile, Store]:
    store = Store()
    return RangedFile(len(CONTENT), store.fetch), store


def test_who_reads_on_by_small_pieces_asks_seldom() -> None:
    """As a thorough check does: the 8 bytes of a record's head, then the record."""
    file, store = opened()
    at, read = 0, b""
    while at < len(CONTENT):
        for length in (8, 65_552):
            piece = file.read_at(at, length)
            read += piece
            at += len(piece)

    assert read == CONTENT
    assert len(store.asked) <= len(CONTENT) // MOST_READ + 8
    assert sum(end - start for start, end in store.asked) == len(CONTENT), "no byte is asked for twice"


def test_who_jumps_about_is_not_read_ahead_for_much() -> None:
    file, store = opened()
    chance = random.Random(1)
    for _ in range(200):
        at = chance.randrange(len(CONTENT) - 100)
        assert file.read_at(at, 100) == CONTENT[at : at + 100]

    assert max(end - start for start, end in store.asked) <= 2 * LEAST_READ


def test_what_is_held_is_not_asked_for_again() -> None:
    file, store = opened()
    file.read_at(1000, 5000)
    asked = len(store.asked)

    assert file.read_at(1500, 100) == CONTENT[1500:1600]
    assert len(store.asked) == asked


def test_beyond_the_end_there_is_nothing() -> None:
    file, store = opened()

    assert file.read_at(len(CONTENT) - 3, 10) == CONTENT[-3:]
    assert file.read_at(len(CONTENT), 10) == b""
    assert file.read_at(5, 0) == b""
    assert len(store.asked) == 1
