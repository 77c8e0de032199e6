"""When a job is due and how long it waits after a failure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from watchkeep.domain.job import (
    PLAN_OF,
    PLANS,
    JobKind,
    JobSetting,
    StintState,
    missed,
    pause_after,
)
from watchkeep.domain.schedule import parse_schedule

DUE = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)
DAILY = parse_schedule("0 2 * * *")


def setting(due_at: datetime, paused_by: str = "") -> JobSetting:
    return JobSetting(kind=JobKind.FORGET, schedule=DAILY, due_at=due_at, paused_by=paused_by)


def test_a_job_is_due_from_its_minute_on_and_once() -> None:
    assert missed(setting(DUE - DAY), DUE - timedelta(seconds=1)) is None
    assert missed(setting(DUE - DAY), DUE) == DUE
    assert missed(setting(DUE), DUE + timedelta(hours=23)) is None


def test_however_many_were_missed_the_latest_makes_up_for_all() -> None:
    assert missed(setting(DUE - 40 * DAY), DUE + timedelta(hours=5)) == DUE


def test_a_paused_job_and_one_without_schedule_are_never_due() -> None:
    assert missed(setting(DUE - DAY, "ada"), DUE) is None
    assert missed(replace(setting(DUE - DAY), schedule=None), DUE) is None


def test_a_clock_that_was_set_back_makes_nothing_due_twice() -> None:
    assert missed(setting(DUE), DUE - timedelta(hours=1)) is None


@pytest.mark.parametrize(("attempts", "pause_s"), [(1, 30), (2, 60), (3, 120), (8, 3600), (1000, 3600)])
def test_each_failure_is_waited_for_twice_as_long_up_to_an_hour(attempts: int, pause_s: float) -> None:
    assert pause_after(attempts).total_seconds() == pause_s


def test_only_what_waits_or_runs_is_not_over() -> None:
    assert {state for state in StintState if not state.is_over} == {StintState.WAITING, StintState.RUNNING}


def test_every_kind_has_one_plan_and_every_plan_says_what_it_does() -> None:
    assert [plan.kind for plan in PLANS] == list(JobKind)
    assert set(PLAN_OF) == set(JobKind)
    assert all(plan.purpose.endswith(".") and plan.limit > timedelta() for plan in PLANS)
