"""What will be stored when is what a walk through the same load finds; what is not known is said."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
import pytest

from unit.domain.loads import DAY_H, MONDAY, WEEK_H, came, shape
from watchkeep.domain.category import DataClass
from watchkeep.domain.forecast import Forecast, TierLimit, make_forecast
from watchkeep.domain.hindsight import look_back
from watchkeep.domain.ids import CameraId
from watchkeep.domain.rhythm import Came, Rhythm, learn, spread
from watchkeep.domain.steps import Hourly
from watchkeep.domain.stock import Kept

RAW, CLIP = DataClass.RAW_FOOTAGE, DataClass.EVENT_CLIP
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FRONT, YARD = CameraId("front-door"), CameraId("yard")
NOW = MONDAY + 14 * DAY
TB = 10**12


def raw(load: Hourly, *, keep_days: float = 30, camera: CameraId = FRONT) -> Kept:
    return Kept(camera=camera, data_class=RAW, stored=load, keep=keep_days * DAY)


def forecast(
    kept: Sequence[Kept],
    loads: Mapping[CameraId, Came],
    *,
    tiers: Sequence[TierLimit] = (TierLimit(name="hot", capacity_bytes=100 * TB),),
    at: datetime = NOW,
    days: int = 60,
) -> Forecast:
    rhythms = {camera: learn(load) for camera, load in loads.items()}
    known = {camera: rhythm for camera, rhythm in rhythms.items() if rhythm is not None}
    return make_forecast(
        at,
        kept=kept,
        rhythms=rhythms,
        known_h={camera: load.known_h for camera, load in loads.items()},
        spread=spread([loads[camera] for camera in known], list(known.values())) if known else None,
        tiers=tiers,
        days=days,
    )


def even(days: int = 14, *, camera: CameraId = FRONT, keep_days: float = 30) -> tuple[Kept, Came]:
    load = came(days=days, noise=0.0, daily=0.0)
    return raw(load.size_bytes, keep_days=keep_days, camera=camera), load


def test_what_is_there_goes_by_its_age_and_what_comes_follows_the_week() -> None:
    kept, load = even(keep_days=20)

    (tier,) = forecast([kept], {FRONT: load}).tiers

    hours = shape(100 * DAY_H)
    for day, point in enumerate(tier.line):
        end = (14 + day) * DAY_H
        walked = sum(hours[hour] for hour in range(end) if end - hour - 1 < 20 * DAY_H)
        assert point.at == NOW + day * DAY
        assert point.expected == pytest.approx(walked)
        assert point.low <= point.expected <= point.high


def test_ages_lie_on_their_tiers() -> None:
    kept, load = even(keep_days=20)
    tiers = [
        TierLimit(name="hot", capacity_bytes=TB, until=7 * DAY),
        TierLimit(name="warm", capacity_bytes=TB, since=7 * DAY, until=15 * DAY),
        TierLimit(name="cold", capacity_bytes=TB, since=15 * DAY),
    ]

    hot, warm, cold = forecast([kept], {FRONT: load}, tiers=tiers).tiers
    (whole,) = forecast([kept], {FRONT: load}).classes

    week = shape(WEEK_H).sum()
    assert hot.line[30].expected == pytest.approx(week)
    for parts in zip(hot.line, warm.line, cold.line, whole.line, strict=True):
        assert sum(part.expected for part in parts[:3]) == pytest.approx(parts[3].expected)
    assert cold.line[0].expected == 0
    assert cold.line[10].expected > 0


def test_a_full_tier_is_foretold_to_the_hour_with_a_band() -> None:
    load = came(days=14, daily=0.05)
    stored = load.size_bytes.sum()
    a_day = shape(WEEK_H).sum() / 7
    tier = TierLimit(name="hot", capacity_bytes=int(stored + 10 * a_day))

    (found,) = forecast([raw(load.size_bytes)], {FRONT: load}, tiers=[tier]).tiers

    assert found.full_at is not None
    assert abs(found.full_at - (NOW + 10 * DAY)) < 1.5 * DAY
    assert found.full_from is not None
    assert found.full_from < found.full_at
    assert found.full_until is None or found.full_until > found.full_at


def test_a_tier_with_room_for_all_is_never_full() -> None:
    kept, load = even()
    (found,) = forecast([kept], {FRONT: load}).tiers

    assert (found.full_at, found.full_from, found.full_until) == (None, None, None)


def test_a_tier_without_bound_is_never_full_and_keeps_every_promise() -> None:
    kept, load = even(keep_days=3000)
    tiers = [TierLimit(name="bucket", capacity_bytes=None)]
    found = forecast([kept], {FRONT: load}, tiers=tiers)

    assert found.tiers[0].full_from is None
    assert found.cameras[0].days == 3000


def test_retention_that_fits_says_when_it_is_reached() -> None:
    kept, load = even()
    (camera,) = forecast([kept], {FRONT: load}).cameras

    assert camera.reached_at == MONDAY + 30 * DAY
    assert (camera.days, camera.days_low, camera.keep) == (30, 30, 30 * DAY)


def test_retention_that_does_not_fit_says_how_many_days_do() -> None:
    kept, load = even()
    three_weeks = int(3 * shape(WEEK_H).sum())
    room = [TierLimit(name="hot", capacity_bytes=three_weeks // 2, until=7 * DAY)]
    room.append(TierLimit(name="warm", capacity_bytes=three_weeks - three_weeks // 2, since=7 * DAY))

    (camera,) = forecast([kept], {FRONT: load}, tiers=room).cameras

    assert camera.reached_at is None
    assert camera.days == pytest.approx(21, abs=0.1)
    assert camera.days_low is not None
    assert camera.days_low <= camera.days


def test_what_one_camera_promises_beyond_the_room_does_not_shorten_another_that_promises_less() -> None:
    short, load = even(keep_days=5)
    long, _ = even(camera=YARD, keep_days=40)
    week = shape(WEEK_H).sum()
    room = [TierLimit(name="hot", capacity_bytes=int(5 / 7 * week + 3 * week))]

    front, yard = forecast([short, long], {FRONT: load, YARD: load}, tiers=room, days=90).cameras

    assert (front.days, front.reached_at is not None) == (5, True)
    assert yard.days == pytest.approx(21, abs=0.6)
    assert yard.reached_at is None


def test_without_any_footage_the_promise_is_reached_after_its_days() -> None:
    load = came(days=14, noise=0.0, daily=0.0)
    (camera,) = forecast([raw(np.zeros(14 * DAY_H))], {FRONT: load}).cameras

    assert camera.reached_at == NOW + 30 * DAY


def test_with_too_little_data_it_says_so_and_counts_what_is_there() -> None:
    kept, load = even(days=2)

    found = forecast([kept], {FRONT: load})
    (camera,) = found.cameras

    assert (camera.known_h, camera.bytes_per_day, camera.days, camera.reached_at) == (48, None, None, None)
    assert list(camera.line) == []
    assert (found.unknown, found.spread) == ([FRONT], None)
    assert found.tiers[0].line[0].expected == pytest.approx(load.size_bytes.sum())
    assert found.tiers[0].line[40].expected == 0


def test_a_share_of_what_passes_one_limit_stays_in_the_next_class() -> None:
    load = came(days=28, noise=0.0, daily=0.0)
    stored = load.size_bytes
    week = shape(WEEK_H).sum()
    old_clips = np.zeros(len(stored))
    old_clips[3 * DAY_H] = 5e9
    raw_part = raw(np.where(np.arange(len(stored)) >= 14 * DAY_H, stored, 0), keep_days=14)
    clips = Kept(
        camera=FRONT,
        data_class=CLIP,
        stored=old_clips,
        keep=35 * DAY,
        after=14 * DAY,
        share=0.1,
        source=raw_part.stored,
    )

    found = forecast([raw_part, clips], {FRONT: load}, at=MONDAY + 28 * DAY, days=70)
    by_class = {each.data_class: each.line for each in found.classes}

    assert by_class[CLIP][0].expected == pytest.approx(5e9)
    assert by_class[CLIP][7].expected == pytest.approx(5e9 + 0.1 * week)
    assert by_class[CLIP][11].expected == pytest.approx(
        0.1 * shape(28 * DAY_H)[14 * DAY_H : 25 * DAY_H].sum()
    )
    assert by_class[CLIP][60].expected == pytest.approx(0.1 * 3 * week)
    assert by_class[RAW][60].expected == pytest.approx(2 * week)
    lone = Kept(camera=FRONT, data_class=CLIP, stored=old_clips, keep=35 * DAY, after=14 * DAY, share=0.1)
    (alone,) = forecast([lone], {FRONT: load}, at=MONDAY + 28 * DAY, days=70).classes
    assert alone.line[7].expected == pytest.approx(5e9)


def test_nothing_at_all_is_foretold_of_no_camera() -> None:
    found = forecast([], {})

    assert (found.cameras, found.classes, found.unknown, found.spread) == ([], [], [], None)
    assert {point.expected for point in found.tiers[0].line} == {0.0}


def test_a_camera_that_brings_nothing_has_no_band() -> None:
    silent = Came(start=MONDAY, size_bytes=np.zeros(14 * DAY_H))
    (tier,) = forecast([raw(silent.size_bytes)], {FRONT: silent}).tiers

    assert {(point.low, point.high) for point in tier.line} == {(0.0, 0.0)}


CAMERAS = [CameraId(f"camera-{number:02}") for number in range(16)]
MADE_DAY, SEEN_DAY, STEP_DAY = 10, 30, 20
STEPS = {3: 1.6, 11: 0.5}
"""Two cameras get another bitrate on day 20."""


def installation(seed: int, *, steps: Mapping[int, float]) -> dict[CameraId, Came]:
    return {
        camera: came(
            days=400,
            seed=1000 * seed + number,
            noise=0.15,
            daily=0.05,
            scale=(0.5 + number / 8) * 1e9,
            phase=number % 5,
            steps={STEP_DAY * DAY_H: steps[number]} if number in steps else {},
        )
        for number, camera in enumerate(CAMERAS)
    }


@pytest.mark.parametrize("seed", range(8))
def test_a_forecast_of_day_10_is_within_5_per_cent_of_day_30_and_says_what_the_step_did(seed: int) -> None:
    made_at, seen_at = MONDAY + MADE_DAY * DAY, MONDAY + SEEN_DAY * DAY
    loads = installation(seed, steps=STEPS)
    without = installation(seed, steps={})
    then = {camera: load.before(made_at) for camera, load in loads.items()}
    kept = [raw(load.size_bytes, camera=camera) for camera, load in then.items()]

    (tier,) = forecast(kept, then, at=made_at).tiers
    foretold = tier.line[SEEN_DAY - MADE_DAY]
    rhythms_then = {camera: rhythm for camera, load in then.items() if (rhythm := learn(load)) is not None}
    seen = {camera: load.before(seen_at) for camera, load in loads.items()}
    rhythms_now = {camera: rhythm for camera, load in seen.items() if (rhythm := learn(load)) is not None}
    miss = look_back(made_at, seen, rhythms_then, rhythms_now)

    # Nothing has expired by day 30, so what is stored is all that came.
    undisturbed = sum(load.before(seen_at).size_bytes.sum() for load in without.values())
    assert foretold.expected == pytest.approx(undisturbed, rel=0.05)
    actual = sum(load.size_bytes.sum() for load in seen.values())
    since = sum(load.size_bytes[MADE_DAY * DAY_H :].sum() for load in seen.values())
    as_if = sum(load.before(seen_at).size_bytes[MADE_DAY * DAY_H :].sum() for load in without.values())
    assert miss is not None
    assert miss.came_bytes == pytest.approx(since)
    assert miss.expected_bytes == pytest.approx(foretold.expected - (actual - since))
    assert miss.miss == pytest.approx(since / miss.expected_bytes - 1)
    assert miss.of_steps == pytest.approx((since - as_if) / miss.expected_bytes, abs=0.01)
    assert abs(miss.miss - miss.of_steps) < 0.05
    assert miss.days == SEEN_DAY - MADE_DAY
    for number, camera in enumerate(CAMERAS):
        steps = rhythms_now[camera].steps
        assert [round(step.ratio, 1) for step in steps] == pytest.approx(
            [STEPS[number]] if number in STEPS else [], abs=0.11
        )
        assert all(abs(step.at - (MONDAY + STEP_DAY * DAY)) <= 6 * HOUR for step in steps)


def test_there_is_nothing_to_look_back_at_without_an_expectation() -> None:
    assert look_back(NOW, {}, {}, {}) is None


def test_a_step_before_the_forecast_was_in_it_already() -> None:
    load = came(days=28, steps={10 * DAY_H: 2.0})
    at = MONDAY + 20 * DAY
    then, now = learn(load.before(at)), learn(load)
    assert then is not None
    assert now is not None
    assert len(now.steps) == 1

    miss = look_back(at, {FRONT: load}, {FRONT: then}, {FRONT: now})

    assert miss is not None
    assert miss.of_steps == 0
    assert abs(miss.miss) < 0.08


def test_hours_that_are_not_known_are_not_counted_as_a_miss() -> None:
    load = came(days=21, noise=0.0, daily=0.0)
    then = learn(load.before(NOW))
    holed = load.size_bytes.copy()
    holed[-48:] = np.nan
    assert then is not None

    miss = look_back(NOW, {FRONT: Came(start=MONDAY, size_bytes=holed)}, {FRONT: then}, {})

    assert miss is not None
    assert miss.miss == pytest.approx(0, abs=1e-9)
    assert (miss.of_steps, miss.days) == (0, 5)


def test_a_rhythm_that_is_not_known_yet_has_no_steps() -> None:
    assert Rhythm(rates=np.ones(WEEK_H), known_h=80).steps == ()
