"""When to look, and what is kept of a GOP."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from builders import NOON
from watchkeep.processing.gate import GOP_LIMIT_BYTES, Gop, Pace
from watchkeep.processing.samples import Sample

FIFTH = timedelta(seconds=0.2)
SECOND = timedelta(seconds=1)


def taken(times: list[float], every: timedelta = FIFTH, pace: Pace | None = None) -> list[float]:
    pace = pace or Pace()
    looks = []
    for each in times:
        at = NOON + timedelta(seconds=each)
        if pace.is_due(at, every):
            pace.take(at, every)
            looks.append(each)
    return looks


def test_twenty_five_pictures_a_second_are_looked_at_every_fifth() -> None:
    assert taken([n / 25 for n in range(26)]) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]


def test_twelve_pictures_a_second_are_still_looked_at_five_times() -> None:
    assert len(taken([n / 12 for n in range(12 * 10)])) == 50


def test_a_slow_camera_is_looked_at_at_each_picture() -> None:
    times = [n / 3 for n in range(30)]

    assert taken(times) == times


def test_after_a_pause_looks_are_again_a_step_apart() -> None:
    assert taken([0, 0.2, 5.0, 5.04, 5.08, 5.2, 5.24]) == [0, 0.2, 5.0, 5.2]


def test_a_shorter_step_holds_at_once() -> None:
    pace = Pace()
    taken([0.0, 1.0], SECOND, pace)

    assert taken([1.04, 1.16, 1.2, 1.24, 1.4], FIFTH, pace) == [1.2, 1.4]


def test_no_picture_is_looked_at_twice_even_without_a_step() -> None:
    pace = Pace()
    taken([1.0], FIFTH, pace)

    assert taken([0.5, 1.0, 1.04], timedelta(), pace) == [1.04]


@given(st.lists(st.floats(0, 60), max_size=300), st.booleans())
def test_looks_only_go_forward_and_never_faster_than_asked(times: list[float], is_sorted: bool) -> None:
    looks = taken(sorted(times) if is_sorted else times)

    assert looks == sorted(set(looks))
    if looks:
        assert len(looks) <= (max(looks) - min(looks)) / 0.2 + 1 + 1e-6


def test_what_is_forgotten_of_a_gop_cannot_be_decoded_again() -> None:
    gop = Gop()
    samples = [(Sample(bytes(GOP_LIMIT_BYTES // 2), n, n, n == 0), NOON) for n in range(3)]
    gop.add(samples[:2])
    assert not gop.is_too_long

    gop.add(samples[2:])
    assert gop.is_too_long
    gop.forget()
    gop.add(samples[:1])

    assert gop.count == 4
    assert gop.after(2) is None
    assert gop.after(3) == samples[:1]
    assert gop.after(4) == []
    assert not gop.is_too_long
