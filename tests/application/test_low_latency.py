"""What a low-latency HLS client may fetch, at whatever pace pictures come: bounded, and by the rules."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOON, a_fragment
from watchkeep.application import low_latency
from watchkeep.application.low_latency import TARGET_S, Show
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import TICKS_PER_SECOND, Fragment

TENTH = TICKS_PER_SECOND // 10


class Chunks:
    """Chunks one after the other; each payload tells its number."""

    def __init__(self) -> None:
        self.number = self.ticks = 0

    def next(self, duration_ticks: int = TENTH, *, is_key: bool = False, packets: int = 2) -> Fragment:
        start = NOON + timedelta(seconds=self.ticks / TICKS_PER_SECOND)
        chunk = replace(
            a_fragment(0),
            when=Interval(start, start + timedelta(seconds=duration_ticks / TICKS_PER_SECOND)),
            start_ticks=self.ticks,
            duration_ticks=duration_ticks,
            packet_count=packets,
            starts_with_key=is_key,
            payload=self.number.to_bytes(4, "big"),
        )
        self.number += 1
        self.ticks += duration_ticks
        return chunk


def begun() -> tuple[Show, Chunks]:
    """A show after its second key picture, GOP one second."""
    show, chunks = Show(first_number=100), Chunks()
    show.begin(b"init")
    for number in range(21):
        show.take(chunks.next(is_key=number % 10 == 0))
    return show, chunks


def numbers_in(payload: bytes) -> list[int]:
    return [int.from_bytes(payload[at : at + 4], "big") for at in range(0, len(payload), 4)]


def test_it_begins_at_a_key_picture_that_comes_as_a_chunk() -> None:
    show, chunks = Show(first_number=7), Chunks()
    show.begin(b"init")
    show.take(chunks.next(5 * TENTH, is_key=True, packets=12))  # from the ring: longer than any part may be
    for _ in range(5):
        show.take(chunks.next())
    assert not show.has_begun

    for number in range(11):
        show.take(chunks.next(is_key=number % 10 == 0))

    piece = show.piece(7)
    assert piece is not None
    assert numbers_in(piece.payload) == list(range(6, 16))
    assert "INDEPENDENT=YES" in show.playlist(folder="live")


def test_a_piece_is_never_longer_than_the_target_when_no_key_picture_comes() -> None:
    show, chunks = begun()
    for _ in range(200):
        show.take(chunks.next())

    lengths = [float(text) for text in re.findall(r"#EXTINF:([\d.]+)", show.playlist(folder="live"))]
    assert max(lengths) == TARGET_S


def test_after_a_loss_it_goes_on_at_a_key_picture_with_a_discontinuity() -> None:
    show, chunks = begun()
    show.interrupt()
    for number in range(15):
        show.take(chunks.next(is_key=number == 5))

    text = show.playlist(folder="live")
    assert text.count("#EXT-X-DISCONTINUITY\n") == 1
    assert text.index("#EXT-X-DISCONTINUITY\n") < text.index(
        '#EXT-X-PART:DURATION=0.20000,URI="live/102.0.m4s"'
    )


def test_a_new_run_names_its_own_init_section_and_the_old_one_goes_with_its_pieces() -> None:
    show, chunks = begun()
    show.begin(b"another")
    for number in range(21):
        show.take(chunks.next(is_key=number % 10 == 0))

    text = show.playlist(folder="live")
    assert re.findall(r'MAP:URI="live/(\S+)"', text) == ["init-0.mp4", "init-1.mp4"]
    assert (show.init(0), show.init(1)) == (b"init", b"another")
    for number in range(600):
        show.take(chunks.next(is_key=number % 10 == 0))
    assert (show.init(0), show.init(1)) == (None, b"another")
    assert "#EXT-X-DISCONTINUITY-SEQUENCE:1\n" in show.playlist(folder="live")


def test_a_camera_that_slows_down_is_fetched_in_whole_pieces() -> None:
    show, chunks = begun()
    for number in range(12):
        show.take(chunks.next(TICKS_PER_SECOND, is_key=number % 2 == 0, packets=1))

    newest = show.playlist(folder="live").splitlines()[-12:]
    assert not any(line.startswith("#EXT-X-PART:DURATION=1.0") for line in newest)
    assert any(line.startswith("#EXTINF:2.0") for line in newest)


def test_memory_is_bounded_whatever_the_bit_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(low_latency, "MOST_BYTES", 4 * 60)
    show, chunks = begun()
    for number in range(400):
        show.take(chunks.next(is_key=number % 10 == 0))

    kept = [piece for number in range(100, 200) if (piece := show.piece(number)) is not None]
    assert 0 < sum(len(piece.payload) for piece in kept) <= 4 * 70


@given(
    st.lists(
        st.tuples(
            st.sampled_from([TENTH, TENTH, TENTH, TENTH // 2, 3 * TENTH, 6 * TICKS_PER_SECOND]),
            st.integers(0, 9),
            st.sampled_from(["", "", "", "", "", "lost", "run"]),
        ),
        max_size=200,
    )
)
def test_whatever_comes_the_playlist_keeps_the_rules(steps: list[tuple[int, int, str]]) -> None:
    show, chunks = Show(first_number=5), Chunks()
    show.begin(b"init")
    listed: dict[str, str] = {}
    for ticks, kind, event in steps:
        if event == "lost":
            show.interrupt()
        elif event == "run":
            show.begin(b"init")
        show.take(chunks.next(ticks, is_key=kind == 0, packets=1 if ticks > TENTH else 2))
        if not show.has_begun:
            continue
        text = show.playlist(folder="live")
        target = float(re.findall(r"PART-TARGET=([\d.]+)", text)[0])
        parts = re.findall(r'PART:DURATION=([\d.]+),URI="(\S+?)"', text)
        assert all(float(seconds) <= target for seconds, _ in parts)
        assert all(float(each) <= TARGET_S + 0.5 for each in re.findall(r"#EXTINF:([\d.]+)", text))
        # What was listed once stays what it was.
        for line in re.findall(r"#EXTINF:[\d.]+,\n\S+", text):
            seconds, _, name = line.partition("\n")
            assert listed.setdefault(name, seconds) == seconds
            piece = show.piece(int(re.findall(r"(\d+)\.m4s", name)[0]))
            assert piece is not None
            found = numbers_in(piece.payload)
            assert found == list(range(found[0], found[-1] + 1))
