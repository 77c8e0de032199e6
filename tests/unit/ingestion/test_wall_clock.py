"""Media time to our time: touching, never overlapping, near the truth."""

import random
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from builders import NOON, FixedClock
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import TICKS_PER_SECOND
from watchkeep.ingestion.wall_clock import ClockStep, WallClock

HALF_SECOND = TICKS_PER_SECOND // 2
INTERVAL = TICKS_PER_SECOND // 10


class Camera:
    """Ten pictures a second through a network, as our clock sees it; a fragment after every five."""

    def __init__(self, *, drift_ppm: int = 0, not_before: datetime | None = None) -> None:
        self.clock = FixedClock()
        self.wall_clock = WallClock(clock=self.clock, not_before=not_before)
        self.drift = 1 + drift_ppm / 1e6
        self.true_s = 0.0
        self.step_s = 0.0
        self.pictures = 0
        self.placed: list[Interval] = []
        self.truths: list[datetime] = []

    def send(self, delay_s: float) -> None:
        """One picture, taken a tenth of the camera's second after the last."""
        ticks = self.pictures * INTERVAL
        if self.pictures and self.pictures % 5 == 0:
            self.placed.append(self.wall_clock.place(ticks - HALF_SECOND, ticks))
            taken_s = (self.pictures - 5) * 0.1 / self.drift
            self.truths.append(NOON + timedelta(seconds=taken_s + self.step_s))
        arrival_s = max(self.pictures * 0.1 / self.drift + delay_s, self.true_s)
        self.clock.advance(arrival_s - self.true_s)
        self.true_s = arrival_s
        self.wall_clock.observe(ticks, self.clock.now())
        self.pictures += 1

    def step(self, seconds: float) -> None:
        """Somebody sets our clock."""
        self.clock.instant += timedelta(seconds=seconds)
        self.step_s += seconds


def never_overlap(placed: list[Interval]) -> bool:
    return all(before.end <= after.start for before, after in pairwise(placed))


def touch(placed: list[Interval]) -> bool:
    return all(before.end == after.start for before, after in pairwise(placed))


def test_a_steady_camera_is_placed_where_it_was() -> None:
    camera = Camera()

    for _ in range(60):
        camera.send(0.02)

    expected = NOON + timedelta(seconds=0.02)
    assert camera.placed[0] == Interval(expected, expected + timedelta(seconds=0.5))
    assert touch(camera.placed)
    assert camera.placed[-1].start == expected + timedelta(seconds=5)


def test_the_pictures_that_a_camera_sends_at_once_on_connecting_do_not_shift_the_run_for_long() -> None:
    camera = Camera()
    for _ in range(20):
        camera.send(2.0 - camera.pictures * 0.1)  # two seconds of pictures arrive in one burst

    for _ in range(60):
        camera.send(0.0)

    assert touch(camera.placed)
    assert all(each.length >= timedelta(seconds=0.25) for each in camera.placed)
    assert abs(camera.placed[-1].start - camera.truths[-1]) < timedelta(milliseconds=1)


def test_a_run_begins_after_the_one_before() -> None:
    before = NOON + timedelta(seconds=0.3)
    camera = Camera(not_before=before)

    for _ in range(30):
        camera.send(0.0)

    assert camera.placed[0].start == before
    assert touch(camera.placed)
    assert camera.placed[-1].start == camera.truths[-1]


def test_our_clock_set_forwards_leaves_a_gap_and_is_said() -> None:
    camera = Camera()
    for _ in range(20):
        camera.send(0.0)
    camera.step(3600)

    for _ in range(20):
        camera.send(0.0)

    (step,) = camera.wall_clock.take_steps()
    assert step == ClockStep(at=step.at, by=timedelta(hours=1))
    assert camera.wall_clock.take_steps() == []
    assert never_overlap(camera.placed)
    assert not touch(camera.placed)
    assert camera.placed[-1].start == camera.truths[-1]


def test_our_clock_set_back_does_not_lay_footage_over_footage() -> None:
    camera = Camera()
    for _ in range(20):
        camera.send(0.0)
    camera.step(-3.0)

    for _ in range(100):
        camera.send(0.0)

    assert [step.by for step in camera.wall_clock.take_steps()] == [timedelta(seconds=-3)]
    assert touch(camera.placed)
    assert all(each.length >= timedelta(seconds=0.25) for each in camera.placed)
    assert camera.placed[-1].start == camera.truths[-1]


def test_packets_stamped_before_a_step_do_not_pull_the_mapping_after_it() -> None:
    clock = FixedClock()
    wall_clock = WallClock(clock=clock)
    wall_clock.observe(0, clock.now())
    clock.advance(0.1)
    stamp = clock.now()
    clock.instant += timedelta(hours=1)

    wall_clock.observe(INTERVAL, stamp)

    assert wall_clock.place(0, HALF_SECOND).start == NOON + timedelta(hours=1)


def test_a_camera_whose_clock_is_slow_is_followed_within_a_window() -> None:
    camera = Camera(drift_ppm=-300)
    for _ in range(3000):
        camera.send(0.0)

    early = camera.truths[-1] - camera.placed[-1].start
    assert timedelta(milliseconds=15) < early < timedelta(milliseconds=20)  # five minutes would be 90 ms
    assert touch(camera.placed)


def test_a_slewed_clock_is_no_step() -> None:
    camera = Camera()
    for _ in range(50):
        camera.clock.instant += timedelta(microseconds=50)
        camera.send(0.0)

    assert camera.wall_clock.take_steps() == []
    assert touch(camera.placed)


@given(
    st.integers(-300, 300),
    st.floats(0, 0.4),
    st.integers(0, 2**32),
    st.integers(10, 1500),
)
def test_jitter_and_drift_never_part_or_overlap_fragments_and_stay_near_the_truth(
    drift_ppm: int, jitter_s: float, seed: int, pictures: int
) -> None:
    camera = Camera(drift_ppm=drift_ppm)
    chance = random.Random(seed)

    for _ in range(pictures):
        camera.send(chance.uniform(0, jitter_s))

    assert touch(camera.placed)
    assert all(each.length >= timedelta(seconds=0.25) for each in camera.placed)
    for each, truth in zip(camera.placed, camera.truths, strict=True):
        # 20 ms: what 300 ppm make of the window, and rounding.
        assert -0.02 <= (each.start - truth).total_seconds() <= jitter_s + 0.02


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("send"), st.floats(0, 3)),
            st.tuples(st.just("burst"), st.floats(0, 3)),
            st.tuples(st.just("step"), st.floats(-5000, 5000)),
        ),
        max_size=60,
    ),
    st.integers(-300, 300),
)
def test_bursts_and_steps_never_make_fragments_overlap(
    happenings: list[tuple[str, float]], drift_ppm: int
) -> None:
    camera = Camera(drift_ppm=drift_ppm)

    for what, amount in happenings:
        if what == "step":
            camera.step(amount)
        for _ in range(10 if what == "burst" else 1):
            camera.send(amount if what != "step" else 0.0)

    assert never_overlap(camera.placed)
    assert all(each.length >= timedelta(seconds=0.25) for each in camera.placed)
