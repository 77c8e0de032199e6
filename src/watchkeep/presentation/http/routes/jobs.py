"""Jobs."""

from typing import Annotated

from fastapi import APIRouter, Query

from watchkeep.application import jobs
from watchkeep.domain.access import Action
from watchkeep.presentation.http.authentication import Asker, DoorRoute, Of, TheHouse, asks
from watchkeep.presentation.http.bodies.jobs import JobBody, JobList, StintBody, StintList

router = APIRouter(prefix="/api/v1/jobs", route_class=DoorRoute, tags=["jobs"])


@router.get("")
@asks(Action.CONFIGURE, Of.INSTALLATION)
def list_jobs(house: TheHouse, asking: Asker) -> JobList:
    """All jobs: what runs, what ran last, what is next."""
    return JobList(items=[JobBody.of(view) for view in jobs.list_jobs(house, asking)])


@router.get("/{job}/history")
@asks(Action.CONFIGURE, Of.INSTALLATION)
def read_history(
    house: TheHouse,
    asking: Asker,
    job: str,
    cursor: Annotated[int | None, Query(ge=1, le=(1 << 63) - 1)] = None,
    limit: Annotated[int, Query(ge=1, le=jobs.MOST_STINTS)] = 50,
) -> StintList:
    """When the job was done, newest first, and what came of it."""
    found = jobs.read_history(house, asking, job, cursor=cursor, limit=limit)
    return StintList(
        items=[StintBody.of(stint) for stint in found],
        next=found[-1].id if len(found) == limit else None,
    )


@router.post("/{job}/run")
@asks(Action.CONFIGURE, Of.INSTALLATION)
def run_job(house: TheHouse, asking: Asker, job: str) -> JobBody:
    """Begin the job now, also while it is paused."""
    return JobBody.of(jobs.run_job(house, asking, job))


@router.post("/{job}/pause")
@asks(Action.CONFIGURE, Of.INSTALLATION)
def pause_job(house: TheHouse, asking: Asker, job: str) -> JobBody:
    """Stop following the job's schedule; what runs goes on."""
    return JobBody.of(jobs.pause_job(house, asking, job))


@router.post("/{job}/resume")
@asks(Action.CONFIGURE, Of.INSTALLATION)
def resume_job(house: TheHouse, asking: Asker, job: str) -> JobBody:
    """Follow the job's schedule again; what was missed is made up once."""
    return JobBody.of(jobs.resume_job(house, asking, job))


@router.post("/{job}/cancel")
@asks(Action.CONFIGURE, Of.INSTALLATION)
def cancel_job(house: TheHouse, asking: Asker, job: str) -> JobBody:
    """Call off what waits, or ask what runs to end."""
    return JobBody.of(jobs.cancel_job(house, asking, job))
