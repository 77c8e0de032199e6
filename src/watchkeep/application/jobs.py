"""Jobs as people see them: what runs, what ran, what is next; begun, paused and cancelled by hand."""

from dataclasses import dataclass
from datetime import datetime

from watchkeep.application.asking import INSTALLATION, Asking, Deed, asked, require
from watchkeep.application.house import House
from watchkeep.domain.access import Action
from watchkeep.domain.errors import Conflict, NotFound
from watchkeep.domain.job import (
    PLANS,
    JobKind,
    JobPlan,
    JobSetting,
    Stint,
    StintId,
    StintState,
    missed,
)
from watchkeep.domain.schedule import Schedule
from watchkeep.storage.catalog import jobs

MOST_STINTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """A job.

    Attributes:
        paused_by: Empty while its schedule is followed.
        next_at: When it is due next; None if it has no schedule or is paused.
        current: The stint that waits or runs.
        last: The newest stint that is over.
    """

    plan: JobPlan
    schedule: Schedule | None
    paused_by: str
    next_at: datetime | None
    current: Stint | None
    last: Stint | None


def list_jobs(house: House, asking: Asking) -> list[JobView]:
    """All jobs, in a fixed order."""
    require(house, asking, Action.CONFIGURE, INSTALLATION)
    with house.catalog.transaction(asking.subject.name) as conn:
        settings, stints = jobs.settings(conn), jobs.latest(conn)
    now = house.clock.now()
    return [_view(plan, settings.get(plan.kind), stints, now) for plan in PLANS]


def read_job(house: House, asking: Asking, word: str) -> JobView:
    """One job by its word.

    Raises:
        NotFound: There is no such job.
    """
    kind = _kind(word)
    return next(view for view in list_jobs(house, asking) if view.plan.kind is kind)


def read_history(
    house: House, asking: Asking, word: str, *, cursor: int | None = None, limit: int = 50
) -> list[Stint]:
    """Stints of a job, newest first; behind the one with the number `cursor` when it is given.

    Raises:
        NotFound: There is no such job.
    """
    require(house, asking, Action.CONFIGURE, INSTALLATION)
    before = jobs.NEWEST if cursor is None else StintId(cursor)
    with house.catalog.transaction(asking.subject.name) as conn:
        return jobs.history(conn, _kind(word), before=before, limit=min(limit, MOST_STINTS))


def run_job(house: House, asking: Asking, word: str) -> JobView:
    """Begin a job now, also while its schedule is paused; one that waits for its next attempt begins at once.

    Raises:
        NotFound: There is no such job.
        Conflict: It runs already.
    """
    with asked(house, asking, Action.CONFIGURE, INSTALLATION, word="run job") as (conn, deed):
        kind = _named(word, deed)
        jobs.lock_setting(conn, kind, now=house.clock.now())
        found = jobs.alive(conn, kind)
        if found is None:
            jobs.begin(conn, kind, now=house.clock.now(), asked_by=asking.subject.name)
        elif found.state is StintState.WAITING:
            jobs.hasten(conn, found)
        else:
            raise Conflict(f"The job {kind} runs already; wait for its end, or cancel it.", job=kind)
    return read_job(house, asking, word)


def pause_job(house: House, asking: Asking, word: str) -> JobView:
    """Stop following a job's schedule. What it has put into the queue is called off; what runs goes on.

    What falls due meanwhile is made up once after `resume_job`.

    Raises:
        NotFound: There is no such job.
        Conflict: It has no schedule.
    """
    with asked(house, asking, Action.CONFIGURE, INSTALLATION, word="pause job") as (conn, deed):
        kind = _named(word, deed)
        if jobs.lock_setting(conn, kind, now=house.clock.now()).schedule is None:
            raise Conflict(f"The job {kind} has no schedule; it runs only when it is asked for.", job=kind)
        found = jobs.alive(conn, kind)
        if found is not None and found.state is StintState.WAITING and found.due_at is not None:
            jobs.end(conn, found)
            jobs.miss(conn, kind, found.due_at)
        jobs.set_paused(conn, kind, asking.subject.name)
        jobs.tell(conn, kind)
    return read_job(house, asking, word)


def resume_job(house: House, asking: Asking, word: str) -> JobView:
    """Follow a job's schedule again; what was missed is made up once.

    Raises:
        NotFound: There is no such job.
    """
    with asked(house, asking, Action.CONFIGURE, INSTALLATION, word="resume job") as (conn, deed):
        kind = _named(word, deed)
        jobs.lock_setting(conn, kind, now=house.clock.now())
        jobs.set_paused(conn, kind, "")
        jobs.tell(conn, kind)
    return read_job(house, asking, word)


def cancel_job(house: House, asking: Asking, word: str) -> JobView:
    """Call off the stint that waits, or ask the one that runs to end between two portions of work.

    Raises:
        NotFound: There is no such job.
        Conflict: It neither waits nor runs.
    """
    with asked(house, asking, Action.CONFIGURE, INSTALLATION, word="cancel job") as (conn, deed):
        kind = _named(word, deed)
        jobs.lock_setting(conn, kind, now=house.clock.now())
        found = jobs.alive(conn, kind)
        if found is None:
            raise Conflict(f"The job {kind} does not run now; there is nothing to cancel.", job=kind)
        jobs.end(conn, found)
    return read_job(house, asking, word)


def _named(word: str, deed: Deed) -> JobKind:
    kind = _kind(word)
    deed.target = f"job {kind}"
    return kind


def _kind(word: str) -> JobKind:
    try:
        return JobKind(word)
    except ValueError:
        raise NotFound("There is no such job; see the list of jobs.") from None


def _view(plan: JobPlan, setting: JobSetting | None, stints: list[Stint], now: datetime) -> JobView:
    mine = [stint for stint in stints if stint.kind is plan.kind]
    return JobView(
        plan=plan,
        schedule=plan.schedule if setting is None else setting.schedule,
        paused_by="" if setting is None else setting.paused_by,
        next_at=None if setting is None else _next_at(setting, now),
        current=next((stint for stint in mine if not stint.state.is_over), None),
        last=next((stint for stint in mine if stint.state.is_over), None),
    )


def _next_at(setting: JobSetting, now: datetime) -> datetime | None:
    if setting.schedule is None or setting.is_paused:
        return None
    return missed(setting, now) or setting.schedule.following(now)
