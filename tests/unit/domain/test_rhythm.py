"""What a camera brings is learnt by hour of the week, steps and all, or said to be unknown."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from unit.domain.loads import DAY_H, MONDAY, WEEK_H, came, shape
from watchkeep.domain.rhythm import Came, Spread, hour_of_week, learn, spread


def test_a_week_begins_on_monday_at_midnight_utc() -> None:
    assert hour_of_week(datetime(2026, 11, 30, tzinfo=UTC)) == 0
    assert hour_of_week(datetime(2026, 12, 6, 23, 59, tzinfo=UTC)) == 167
    assert hour_of_week(datetime(1969, 12, 29, 1, tzinfo=UTC)) == 1


def test_each_hour_of_the_week_is_learnt() -> None:
    rhythm = learn(came(days=21, noise=0.0, daily=0.0))

    assert rhythm is not None
    assert np.allclose(rhythm.ahead(MONDAY, WEEK_H), shape(WEEK_H))
    assert rhythm.bytes_per_day == pytest.approx(shape(WEEK_H).sum() / 7)
    assert (rhythm.known_h, list(rhythm.steps)) == (21 * DAY_H, [])


def test_less_than_three_days_say_nothing() -> None:
    assert learn(came(days=2)) is None
    assert learn(came(days=2).before(MONDAY)) is None
    assert learn(came(days=3)) is not None


def test_an_hour_of_the_week_that_never_was_takes_the_mean_of_its_hour_of_the_day() -> None:
    rhythm = learn(came(days=4, noise=0.0, daily=0.0))  # Monday to Thursday

    assert rhythm is not None
    assert rhythm.rates[5 * DAY_H + 8] == pytest.approx(
        np.mean([shape(WEEK_H)[day * DAY_H + 8] for day in range(4)])
    )


def test_an_hour_of_the_day_that_never_was_takes_the_mean_of_all() -> None:
    known = came(days=6, noise=0.0, daily=0.0)
    hour = np.arange(len(known.size_bytes)) % DAY_H
    rhythm = learn(Came(start=MONDAY, size_bytes=np.where(hour < 12, known.size_bytes, np.nan)))

    assert rhythm is not None
    assert rhythm.rates[20] == pytest.approx(np.mean(known.size_bytes[hour < 12]))


def test_an_outage_is_not_taken_for_a_quiet_time() -> None:
    whole = came(days=14, noise=0.0, daily=0.0)
    holed = whole.size_bytes.copy()
    holed[30:90] = np.nan
    rhythm = learn(Came(start=MONDAY, size_bytes=holed))

    assert rhythm is not None
    assert rhythm.known_h == 14 * DAY_H - 60
    assert np.allclose(rhythm.rates, shape(WEEK_H))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("step_h", "ratio"), [(10 * DAY_H + 5, 1.6), (11 * DAY_H, 0.5), (4 * DAY_H + 9, 1.8)]
)
def test_a_bitrate_step_is_noticed_where_it_was(seed: int, step_h: int, ratio: float) -> None:
    rhythm = learn(came(days=14, seed=seed, steps={step_h: ratio}))

    assert rhythm is not None
    (step,) = rhythm.steps
    assert abs(step.at - (MONDAY + timedelta(hours=step_h))) <= timedelta(hours=6)
    assert step.ratio == pytest.approx(ratio, rel=0.12)
    assert rhythm.bytes_per_day == pytest.approx(shape(WEEK_H).sum() / 7 * ratio, rel=0.12)


def test_two_steps_are_told_apart_and_the_rate_is_that_after_the_last() -> None:
    rhythm = learn(came(days=42, steps={12 * DAY_H: 2.0, 30 * DAY_H + 7: 0.6}))

    assert rhythm is not None
    assert [step.ratio for step in rhythm.steps] == pytest.approx([2.0, 0.6], rel=0.12)
    assert rhythm.bytes_per_day == pytest.approx(shape(WEEK_H).sum() / 7 * 1.2, rel=0.08)


@pytest.mark.parametrize("seed", range(10))
def test_noise_and_weekends_are_no_steps(seed: int) -> None:
    rhythm = learn(came(days=35, seed=seed))

    assert rhythm is not None
    assert list(rhythm.steps) == []


def test_what_never_comes_twice_in_the_same_hour_of_the_week_shows_no_step() -> None:
    known = came(days=14)
    sparse = known.size_bytes.copy()
    sparse[WEEK_H:] = 0.0
    empty = Came(start=MONDAY, size_bytes=np.where(np.arange(len(sparse)) % 100 == 0, sparse, 0.0))

    rhythm = learn(empty)

    assert rhythm is not None
    assert list(rhythm.steps) == []


def test_a_step_at_the_edge_of_an_outage_is_found_at_some_hour_of_it() -> None:
    known = came(days=21, steps={15 * DAY_H: 2.0})
    holed = known.size_bytes.copy()
    holed[13 * DAY_H : 15 * DAY_H] = np.nan
    rhythm = learn(Came(start=MONDAY, size_bytes=holed))

    assert rhythm is not None
    (step,) = rhythm.steps
    assert MONDAY + timedelta(days=12, hours=12) <= step.at <= MONDAY + timedelta(days=15, hours=6)


def test_the_spread_is_that_of_whole_days() -> None:
    loads = [came(days=70, seed=seed, noise=0.0, daily=0.10) for seed in range(4)]
    rhythms = [rhythm for each in loads if (rhythm := learn(each)) is not None]

    found = spread(loads, rhythms)

    # Four cameras that vary by a tenth on their own vary by a twentieth together.
    assert found.share == pytest.approx(0.05, rel=0.35)
    assert found.days == 70


def test_of_few_days_each_is_compared_with_the_one_before() -> None:
    load = came(days=6, noise=0.0, daily=0.0)
    rhythm = learn(load)

    assert rhythm is not None
    found = spread([load], [rhythm])
    assert (found.days, found.pairs) == (6, 5)
    assert found.share > 0.05  # a Saturday is not a Friday


def test_without_two_days_the_spread_is_as_large_as_the_thing() -> None:
    assert spread([], []) == Spread(1.0, 0, 0)


def test_a_band_narrows_with_days_to_come_and_days_known() -> None:
    few, many = Spread(0.1, 10, 3), Spread(0.1, 50, 43)

    assert few.band(1) > few.band(10) > few.band(100) > 0
    assert few.band(10) > many.band(10)
    assert many.band(1e9) == pytest.approx(1.645 * 0.1 / np.sqrt(50), rel=0.05)
    assert few.band(0) == 0


@pytest.mark.parametrize("known_days", [10, 28])
def test_the_band_holds_nine_times_in_ten(known_days: int) -> None:
    inside = 0
    for seed in range(120):
        load = came(days=known_days + 14, seed=seed, daily=0.08)
        known = load.before(MONDAY + timedelta(days=known_days))
        rhythm = learn(known)
        assert rhythm is not None
        ahead = rhythm.ahead(MONDAY + timedelta(days=known_days), 14 * DAY_H).sum()
        actual = load.size_bytes[known_days * DAY_H :].sum()
        inside += abs(actual / ahead - 1) <= spread([known], [rhythm]).band(14)
    assert 96 <= inside <= 119, inside
