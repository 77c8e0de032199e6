"""Work below so many bytes a second."""

from builders import FixedClock
from watchkeep.lifecycle.pace import Pace


def test_without_a_rate_nobody_waits() -> None:
    clock = FixedClock()
    before = clock.monotonic_ns()

    assert Pace(None, clock=clock).take(1 << 40)
    assert clock.monotonic_ns() == before


def test_bytes_take_their_time() -> None:
    clock = FixedClock()
    pace = Pace(1_000_000, clock=clock)
    began = clock.monotonic_ns()

    for _ in range(50):
        assert pace.take(100_000)

    took_s = (clock.monotonic_ns() - began) / 1e9
    assert 4 <= took_s <= 5, "a second's worth is free after a rest"


def test_a_long_rest_earns_no_more_than_a_second() -> None:
    clock = FixedClock()
    pace = Pace(1_000, clock=clock)
    pace.take(1_000)
    clock.advance(3600)
    began = clock.monotonic_ns()
    pace.take(10_000)

    assert (clock.monotonic_ns() - began) / 1e9 >= 9 - 0.01


def test_who_waits_hears_that_the_process_ends() -> None:
    clock = FixedClock()
    calls = iter([False, False, True])
    pace = Pace(1, clock=clock, is_stopping=lambda: next(calls))

    assert not pace.take(1_000_000)
