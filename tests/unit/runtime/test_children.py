"""Children are started again at once, then more and more slowly."""

from watchkeep.runtime.children import RestartPause


def test_the_first_death_costs_no_pause_and_later_ones_up_to_half_a_minute() -> None:
    pause = RestartPause()

    assert [pause.after(1.0) for _ in range(8)] == [0, 1, 2, 4, 8, 16, 30, 30]


def test_a_child_that_lived_a_minute_is_started_at_once_again() -> None:
    pause = RestartPause()
    for _ in range(5):
        pause.after(1.0)

    assert pause.after(60.0) == 0
    assert pause.after(1.0) == 1
