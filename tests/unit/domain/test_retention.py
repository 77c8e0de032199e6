"""What may go, and why; what is left of a segment when its first limit is reached."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit.domain.words import CAMERA, a_segment, at, span
from watchkeep.domain.access import Action
from watchkeep.domain.category import DEFAULT_POLICIES, DataClass, Sensitivity
from watchkeep.domain.retention import Claim, Hold, Keeps, Shortage, Verdict, claimed, judge
from watchkeep.domain.segment import Segment, SegmentState

DAY_S = 86_400
KEEPS = Keeps(raw=timedelta(days=30), clip=timedelta(days=90), archived=timedelta(days=365))
HOLD = Hold(CAMERA, span(30, 40), "case 12")
CLIP = Claim(span(5, 20), DataClass.EVENT_CLIP)
ARCHIVED = Claim(span(15, 25), DataClass.ARCHIVED_EVENT)
A_SEGMENT = a_segment(0, 60)


def judged(
    days: float,
    *claims: Claim,
    segment: Segment = A_SEGMENT,
    holds: tuple[Hold, ...] = (),
    shortage: Shortage | None = None,
) -> Verdict:
    now = at(60 + days * DAY_S)
    return judge(segment, keeps=KEEPS, claims=claims, holds=holds, now=now, shortage=shortage)


def test_footage_is_kept_until_its_age_is_reached_and_not_a_moment_longer() -> None:
    just_before, then = judged(30 - 1e-9), judged(30)

    assert (just_before.is_expired, just_before.reason) == (False, "kept until 2026-03-31 12:01 UTC")
    assert just_before.until == at(60 + 30 * DAY_S)
    assert not just_before.narrows(A_SEGMENT)
    assert (then.is_expired, then.reason, then.readable) == (True, "older than 30 d", ())
    assert not then.narrows(A_SEGMENT)


def test_what_an_event_claims_is_left_as_its_clip_when_raw_footage_goes() -> None:
    before, then, later = judged(29, CLIP), judged(30, CLIP), judged(90, CLIP)

    assert before.readable == (A_SEGMENT.when,)
    assert before.until == at(60 + 90 * DAY_S)
    assert "as event clip" in before.reason
    assert not before.narrows(A_SEGMENT)
    assert (then.data_class, then.readable) == (DataClass.EVENT_CLIP, (span(5, 20),))
    assert then.narrows(A_SEGMENT)
    assert later.is_expired


def test_an_archived_event_outlives_the_clip_beside_it() -> None:
    then, later, last = judged(30, CLIP, ARCHIVED), judged(90, CLIP, ARCHIVED), judged(365, CLIP, ARCHIVED)

    assert (then.data_class, then.readable) == (DataClass.EVENT_CLIP, (span(5, 25),))
    assert (later.data_class, later.readable) == (DataClass.ARCHIVED_EVENT, (span(15, 25),))
    assert last.is_expired


def test_a_clip_needs_its_event_no_more() -> None:
    """The record of the event may be forgotten or erased before its clip."""
    clip = replace(A_SEGMENT, data_class=DataClass.EVENT_CLIP, claims=(span(5, 20),))

    assert judged(89, segment=clip).readable == (span(5, 20),)
    assert (judged(90, segment=clip).reason, judged(90, segment=clip).is_expired) == (
        "older than 90 d as event clip",
        True,
    )


def test_what_was_given_up_does_not_come_back() -> None:
    clip = replace(A_SEGMENT, data_class=DataClass.EVENT_CLIP, claims=(span(5, 20),))
    late = Claim(span(0, 60), DataClass.ARCHIVED_EVENT)

    assert judged(89, late, segment=clip).readable == (span(5, 20),)
    assert judged(90, late, segment=clip).readable == (span(5, 20),)
    assert judged(90, segment=clip, holds=(HOLD,)).is_expired


def test_a_hold_keeps_footage_past_its_expiry_but_only_its_own_span() -> None:
    verdict = judged(90, holds=(HOLD,))

    assert (verdict.is_expired, verdict.reason, verdict.until) == (False, "held: case 12", None)
    assert verdict.readable == (span(30, 40),)
    assert verdict.narrows(A_SEGMENT)


def test_a_hold_wins_over_want_of_space_and_leaves_young_footage_whole() -> None:
    verdict = judged(0, holds=(HOLD,), shortage=Shortage.SPACE)

    assert not verdict.is_expired
    assert verdict.readable == (A_SEGMENT.when,)


def test_a_hold_of_an_instant_keeps_the_whole_segment_readable() -> None:
    instant = Hold(CAMERA, span(30, 30), "case 13")

    assert judged(90, holds=(instant,)).readable == (A_SEGMENT.when,)


@pytest.mark.parametrize(
    "hold", [Hold("other-camera", span(0, 60), "case"), Hold(CAMERA, span(60, 90), "case")]
)
def test_a_hold_of_another_camera_or_another_time_keeps_nothing(hold: Hold) -> None:
    assert judged(90, holds=(hold,)).is_expired


@pytest.mark.parametrize("shortage", Shortage)
def test_want_of_space_takes_young_footage_and_says_so(shortage: Shortage) -> None:
    verdict = judged(0, CLIP, shortage=shortage)

    assert (verdict.is_expired, verdict.reason) == (True, shortage.value)


@pytest.mark.parametrize("state", [SegmentState.OPEN, SegmentState.DOOMED])
def test_a_segment_that_is_open_or_already_going_never_goes(state: SegmentState) -> None:
    segment = a_segment(0, 60, state=state)

    verdict = judged(90, segment=segment, shortage=Shortage.SPACE)

    assert (verdict.is_expired, verdict.reason) == (False, f"it is {state}")


def test_the_row_of_a_lost_file_goes_by_age_and_never_for_want_of_space() -> None:
    lost = a_segment(0, 60, state=SegmentState.LOST)

    assert not judged(29, segment=lost, shortage=Shortage.SPACE).is_expired
    assert judged(30, segment=lost).is_expired


def test_what_is_no_footage_has_the_limit_of_raw_footage() -> None:
    assert KEEPS.of(DataClass.EVENT) == KEEPS.raw


SPANS = st.tuples(st.integers(-20, 80), st.integers(1, 40)).map(lambda pair: span(pair[0], sum(pair)))
CLAIMS = st.builds(Claim, SPANS, st.sampled_from([DataClass.EVENT_CLIP, DataClass.ARCHIVED_EVENT]))
HOLDS = st.builds(Hold, st.just(CAMERA), SPANS, st.just("case"))
AGES = st.sampled_from([0, 29, 30, 31, 89, 90, 91, 364, 365, 366])


@given(
    AGES,
    st.lists(CLAIMS, max_size=3),
    st.lists(HOLDS, max_size=2),
    st.sampled_from(SegmentState),
    st.sampled_from([None, *Shortage]),
)
def test_every_second_is_readable_exactly_as_long_as_somebody_claims_it(
    age: int, claims: list[Claim], holds: list[Hold], state: SegmentState, shortage: Shortage | None
) -> None:
    segment = a_segment(0, 60, state=state)
    verdict = judged(age, *claims, segment=segment, holds=tuple(holds), shortage=shortage)

    assert verdict.reason
    for second in range(60):
        instant = span(second, second + 1)
        is_held = any(hold.when.overlaps(instant) for hold in holds)
        limit = max(
            [30]
            + [90 for c in claims if c.data_class is DataClass.EVENT_CLIP and c.when.overlaps(instant)]
            + [365 for c in claims if c.data_class is DataClass.ARCHIVED_EVENT and c.when.overlaps(instant)]
        )
        is_settled = state not in (SegmentState.OPEN, SegmentState.DOOMED)
        may_go_early = (
            shortage is not None
            and state is not SegmentState.LOST
            and not any(hold.when.overlaps(segment.when) for hold in holds)
        )
        is_due = age >= limit or may_go_early
        is_readable = any(part.overlaps(instant) for part in verdict.readable)
        assert is_readable is (not is_settled or is_held or not is_due)
    assert verdict.is_expired is (not verdict.readable)


@given(st.lists(CLAIMS, max_size=3), st.lists(AGES, min_size=1, max_size=6), st.lists(HOLDS, max_size=1))
def test_a_segment_only_ever_gives_up_more(claims: list[Claim], ages: list[int], holds: list[Hold]) -> None:
    """However often it is judged on the way, the end is that of one judgement; nothing comes back."""
    segment, is_gone = A_SEGMENT, False
    for age in sorted(ages):
        before = claimed(segment)
        verdict = judged(age, *claims, segment=segment, holds=tuple(holds))
        is_gone = is_gone or verdict.is_expired
        assert all(any(p.start <= q.start and q.end <= p.end for p in before) for q in verdict.readable)
        if verdict.narrows(segment):
            segment = replace(segment, claims=verdict.readable, data_class=verdict.data_class)
    at_once = judged(max(ages), *claims, holds=tuple(holds))
    assert is_gone is at_once.is_expired
    if not is_gone:
        assert claimed(segment) == at_once.readable


def test_every_data_class_has_a_policy_as_ruled() -> None:
    days = {name: policy.keep.days for name, policy in DEFAULT_POLICIES.items()}

    assert set(days) == set(DataClass)
    assert days[DataClass.RAW_FOOTAGE] == 30
    assert days[DataClass.EVENT_CLIP] == 90
    assert days[DataClass.ARCHIVED_EVENT] == 365
    assert days[DataClass.EVENT] == 180
    assert days[DataClass.EVENT_SKELETON] == 365
    assert days[DataClass.ROLLUP_COARSE] == 730
    assert days[DataClass.AUDIT] >= 365
    assert DEFAULT_POLICIES[DataClass.RAW_FOOTAGE].sensitivity is Sensitivity.HIGH
    assert DataClass.AUDIT.seen_with is Action.READ_AUDIT
    assert DataClass.EVENT_CLIP.seen_with is Action.VIEW_RECORDED
