"""Jobs: work that the keeper does by the clock or because a person asks, and that people can watch."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from watchkeep.domain.schedule import Schedule, parse_schedule

StintId = NewType("StintId", int)
"""The number of a stint; grows."""

Progress = Callable[[float, str], None]
"""Told the share that is done, in [0, 1], and what is being done."""
IsCancelled = Callable[[], bool]
"""Asked between two portions of work; once it says True, the job is to end soon."""
Work = Callable[[Progress, IsCancelled], str]
"""A job: told how to report and when to end, it returns one sentence about what it did.

It may be killed anywhere and is then begun anew, so it must be harmless when repeated.
"""


class JobKind(StrEnum):
    """Every job that there is."""

    FORGET = "forget"
    PICTURE_SWEEP = "picture-sweep"
    ERASURE = "erasure"
    TEMPORARY_FILES = "temporary-files"
    SCRUB = "scrub"
    ARCHIVE_AUDIT = "archive-audit"


class StintState(StrEnum):
    """Where a stint is in its life."""

    WAITING = "waiting"
    """For its turn, or for its next attempt."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """It raised in its last attempt, or took longer than it may."""
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Whether it will never change again."""
        return self not in (StintState.WAITING, StintState.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPlan:
    """What is fixed about a job.

    Attributes:
        title: A few words, for people.
        purpose: One sentence: what it does.
        schedule: When it is due unless the settings say otherwise; None: only when it is asked for.
        limit: How long one attempt may take.
        attempts: How often a stint is begun before it counts as failed.
    """

    kind: JobKind
    title: str
    purpose: str
    schedule: Schedule | None
    limit: timedelta
    attempts: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Stint:
    """One time that a job is done, with all its attempts.

    Attributes:
        due_at: For which minute of its schedule; None if somebody asked for it.
        asked_by: Who did; empty for the schedule.
        attempts: How many have ended.
        progress: In [0, 1], of the attempt that runs or ran last.
        detail: What it is doing or did last.
        outcome: What came of it, or of its last attempt: its own sentence, or why it failed.
        next_at: When a waiting stint may begin; None: at once.
        is_ending: It was cancelled and is to end soon.
    """

    id: StintId
    kind: JobKind
    state: StintState
    due_at: datetime | None
    asked_by: str
    attempts: int
    progress: float
    detail: str
    outcome: str
    made_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    next_at: datetime | None
    is_ending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSetting:
    """What settings, people and the clock said of a job.

    Attributes:
        schedule: When it is due; None: only when a person or the program asks.
        due_at: The last due minute for which there was a stint, or since which it is counted.
        paused_by: Who paused it; empty while its schedule is followed.
    """

    kind: JobKind
    schedule: Schedule | None
    due_at: datetime
    paused_by: str

    @property
    def is_paused(self) -> bool:
        """Whether its schedule is not followed."""
        return self.paused_by != ""


FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)


def pause_after(attempts: int) -> timedelta:
    """How long a stint waits after so many attempts that failed: 30 s, 1, 2, 4 … 60 minutes."""
    return min(FIRST_PAUSE * (1 << min(attempts - 1, 16)), LONGEST_PAUSE)


def missed(setting: JobSetting, now: datetime) -> datetime | None:
    """The due minute for which a stint is to be made now, or None.

    However many were missed, one stint makes up for all of them: that of the latest.
    """
    if setting.schedule is None or setting.is_paused:
        return None
    due = setting.schedule.latest(now)
    return due if due > setting.due_at else None


PLANS: tuple[JobPlan, ...] = (
    JobPlan(
        kind=JobKind.FORGET,
        title="Forget what is not needed",
        purpose="Removes ended sessions, old sign-in attempts, notices, reasons of deletions, roll-ups"
        " and histories of jobs whose time is up.",
        schedule=parse_schedule("7 * * * *"),
        limit=timedelta(minutes=15),
    ),
    JobPlan(
        kind=JobKind.PICTURE_SWEEP,
        title="Sweep pictures",
        purpose="Removes sealed pictures that no event refers to.",
        schedule=parse_schedule("30 1 * * *"),
        limit=timedelta(hours=6),
    ),
    JobPlan(
        kind=JobKind.ERASURE,
        title="Erase",
        purpose="Carries out what people have ordered to be erased for good.",
        # Orders begin it at once; the schedule takes up what a crash has left.
        schedule=parse_schedule("17 * * * *"),
        limit=timedelta(hours=6),
        attempts=100,
    ),
    # The calendar of the specification, 6.2.
    JobPlan(
        kind=JobKind.TEMPORARY_FILES,
        title="Clean up",
        purpose="Removes unfinished files, and reads a sample of the last day's footage again.",
        schedule=parse_schedule("0 2 * * *"),
        limit=timedelta(hours=6),
    ),
    JobPlan(
        kind=JobKind.SCRUB,
        title="Read footage again",
        purpose="Reads all bytes against their tags, mends from copies, and settles files and rows that do"
        " not know each other.",
        schedule=parse_schedule("0 3 * * 0"),
        limit=timedelta(days=6),
    ),
    JobPlan(
        kind=JobKind.ARCHIVE_AUDIT,
        title="Audit the archive",
        purpose="Checks the audit's chain and all archived footage, and proves what is kept.",
        schedule=parse_schedule("0 4 1 * *"),
        limit=timedelta(days=6),
    ),
)
"""In the order in which people see them."""

PLAN_OF = {plan.kind: plan for plan in PLANS}
