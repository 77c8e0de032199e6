"""Jobs and their stints."""

from watchkeep.application.jobs import JobView
from watchkeep.domain.job import Stint
from watchkeep.presentation.http.bodies.plain import Body, Instant


class StintBody(Body):
    """One time that a job is done: `state` is waiting, running, done, failed or cancelled."""

    id: int
    state: str
    due_at: Instant | None
    asked_by: str | None
    attempts: int
    progress: float
    detail: str
    outcome: str
    made_at: Instant
    started_at: Instant | None
    ended_at: Instant | None
    next_at: Instant | None
    is_ending: bool

    @classmethod
    def of(cls, stint: Stint) -> "StintBody":
        """Write down a stint."""
        return cls(
            id=stint.id,
            state=stint.state.value,
            due_at=stint.due_at,
            asked_by=stint.asked_by or None,
            attempts=stint.attempts,
            progress=stint.progress,
            detail=stint.detail,
            outcome=stint.outcome,
            made_at=stint.made_at,
            started_at=stint.started_at,
            ended_at=stint.ended_at,
            next_at=stint.next_at,
            is_ending=stint.is_ending,
        )


class JobBody(Body):
    """A job; `schedule` has cron's five fields, in UTC, or is null when it runs only by hand."""

    kind: str
    title: str
    purpose: str
    schedule: str | None
    paused_by: str | None
    next_at: Instant | None
    current: StintBody | None
    last: StintBody | None

    @classmethod
    def of(cls, view: JobView) -> "JobBody":
        """Write down a job."""
        plan = view.plan
        return cls(
            kind=plan.kind.value,
            title=plan.title,
            purpose=plan.purpose,
            schedule=None if view.schedule is None else view.schedule.text,
            paused_by=view.paused_by or None,
            next_at=view.next_at,
            current=None if view.current is None else StintBody.of(view.current),
            last=None if view.last is None else StintBody.of(view.last),
        )


class JobList(Body):
    """All jobs."""

    items: list[JobBody]
    next: None = None


class StintList(Body):
    """Stints of a job, newest first; `next` is the cursor of the following page."""

    items: list[StintBody]
    next: int | None
