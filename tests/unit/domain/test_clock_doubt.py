"""When the clock is not believed, so that nothing is deleted by it."""

from dataclasses import replace

import pytest

from unit.domain.words import at
from watchkeep.domain.clock_doubt import ClockFacts, Sighting, doubt

HOUR_S, DAY_S = 3600, 86_400
LAST = Sighting(at(0), 5_000_000_000)


def facts(now_s: float, *, passed_s: float | None = None, **changes: object) -> ClockFacts:
    """A running process that believed its clock at 0; so many seconds have really passed."""
    passed = now_s if passed_s is None else passed_s
    found = ClockFacts(now=at(now_s), monotonic_ns=5_000_000_000 + round(passed * 1e9), last=LAST)
    return replace(found, **changes)  # type: ignore[arg-type]


def test_a_clock_that_runs_on_is_believed() -> None:
    assert doubt(facts(10)) == ""
    assert doubt(facts(400 * DAY_S)) == ""
    assert doubt(ClockFacts(now=at(0), monotonic_ns=0)) == ""


def test_footage_of_the_future_is_a_doubt_that_nobody_can_talk_away() -> None:
    ahead = facts(10, newest=at(10 + 121), is_synchronised=True, trusted_at=at(10))

    assert "but there is footage of" in doubt(ahead)
    assert doubt(facts(10, newest=at(10 + 120))) == ""


@pytest.mark.parametrize("step_s", [601, -601, 20 * HOUR_S])
def test_a_step_is_believed_only_of_a_synchronised_clock(step_s: float) -> None:
    stepped = facts(3600 + step_s, passed_s=3600)

    assert "but it should be" in doubt(stepped)
    assert doubt(replace(stepped, is_synchronised=True)) == ""


def test_a_small_step_is_nothing() -> None:
    assert doubt(facts(3600 + 599, passed_s=3600)) == ""


def test_a_year_is_believed_of_nobody_but_a_person_and_only_for_an_hour() -> None:
    leapt = facts(365 * DAY_S, passed_s=10, is_synchronised=True)

    assert "but it should be" in doubt(leapt)
    assert doubt(replace(leapt, trusted_at=at(365 * DAY_S - 60))) == ""
    assert doubt(replace(leapt, trusted_at=at(365 * DAY_S - HOUR_S - 1)))


@pytest.mark.parametrize(
    ("away_s", "is_synchronised", "is_believed"),
    [
        (DAY_S, None, True),
        (2 * DAY_S + 1, None, False),
        (2 * DAY_S + 1, False, False),
        (2 * DAY_S + 1, True, True),
        (90 * DAY_S + 1, True, False),
        (-60, None, True),
        (-121, None, False),
        (-121, True, True),
    ],
)
def test_how_long_a_machine_was_off_is_believed_within_reason(
    away_s: float, is_synchronised: bool | None, is_believed: bool
) -> None:
    started = ClockFacts(now=at(away_s), monotonic_ns=1, seen_at=at(0), is_synchronised=is_synchronised)

    assert (doubt(started) == "") is is_believed
