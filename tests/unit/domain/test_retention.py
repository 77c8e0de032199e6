"""What may go, and why."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit.domain.words import CAMERA, a_segment, at, span
from watchkeep.domain.category import DEFAULT_POLICIES, DataClass, Sensitivity
from watchkeep.domain.retention import Hold, judge
from watchkeep.domain.segment import SegmentState

DAY_S = 86_400
KEEP = timedelta(days=30)
HOLD = Hold(CAMERA, span(30, 40), "case 12")


def test_footage_is_kept_until_its_age_is_reached_and_not_a_moment_longer() -> None:
    segment = a_segment(0, 60)
    just_before = judge(segment, keep=KEEP, holds=[], now=at(60 + 30 * DAY_S - 0.001))
    then = judge(segment, keep=KEEP, holds=[], now=at(60 + 30 * DAY_S))

    assert (just_before.is_expired, just_before.reason) == (False, "kept until 2026-03-31 12:01 UTC")
    assert (then.is_expired, then.reason) == (True, "older than 30 d")


def test_a_hold_keeps_footage_past_its_expiry() -> None:
    verdict = judge(a_segment(0, 60), keep=KEEP, holds=[HOLD], now=at(90 * DAY_S))

    assert (verdict.is_expired, verdict.reason) == (False, "held: case 12")


def test_a_hold_wins_over_want_of_space() -> None:
    verdict = judge(a_segment(0, 60), keep=KEEP, holds=[HOLD], now=at(60), is_space_short=True)

    assert not verdict.is_expired


@pytest.mark.parametrize(
    "hold", [Hold("other-camera", span(0, 60), "case"), Hold(CAMERA, span(60, 90), "case")]
)
def test_a_hold_of_another_camera_or_another_time_keeps_nothing(hold: Hold) -> None:
    assert judge(a_segment(0, 60), keep=KEEP, holds=[hold], now=at(90 * DAY_S)).is_expired


def test_want_of_space_takes_young_footage_and_says_so() -> None:
    verdict = judge(a_segment(0, 60), keep=KEEP, holds=[], now=at(60), is_space_short=True)

    assert (verdict.is_expired, verdict.reason) == (True, "space was short and it was the oldest")


@pytest.mark.parametrize("state", [SegmentState.OPEN, SegmentState.DOOMED, SegmentState.LOST])
def test_a_segment_that_is_open_or_already_gone_never_goes(state: SegmentState) -> None:
    segment = a_segment(0, 60, state=state)

    verdict = judge(segment, keep=KEEP, holds=[], now=at(90 * DAY_S), is_space_short=True)

    assert (verdict.is_expired, verdict.reason) == (False, f"it is {state}")


@given(
    st.integers(0, 60 * DAY_S),
    st.integers(0, 60),
    st.sampled_from(SegmentState),
    st.booleans(),
    st.booleans(),
)
def test_every_verdict_has_a_reason_and_only_three_things_keep_footage(
    age_s: int, keep_days: int, state: SegmentState, is_held: bool, is_space_short: bool
) -> None:
    verdict = judge(
        a_segment(0, 60, state=state),
        keep=timedelta(days=keep_days),
        holds=[HOLD] if is_held else [],
        now=at(60 + age_s),
        is_space_short=is_space_short,
    )

    is_settled = state in (SegmentState.CLOSED, SegmentState.RECOVERED)
    is_due = is_space_short or age_s >= keep_days * DAY_S
    assert verdict.is_expired is (is_settled and is_due and not is_held)
    assert verdict.reason


def test_every_data_class_has_a_policy_as_ruled() -> None:
    days = {name: policy.keep.days for name, policy in DEFAULT_POLICIES.items()}

    assert set(days) == set(DataClass)
    assert days[DataClass.RAW_FOOTAGE] == 30
    assert days[DataClass.EVENT] == 180
    assert days[DataClass.EVENT_SKELETON] == 365
    assert days[DataClass.ROLLUP_COARSE] == 730
    assert days[DataClass.AUDIT] >= 365
    assert DEFAULT_POLICIES[DataClass.RAW_FOOTAGE].sensitivity is Sensitivity.HIGH
