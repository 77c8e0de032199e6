"""`watchkeep jobs`: list, run, pause, resume, cancel, log."""

from typing import Annotated

import typer

from watchkeep.application import jobs
from watchkeep.application.jobs import JobView
from watchkeep.cli.filters import LimitOption
from watchkeep.cli.options import DataOption, JsonOption, data_folder
from watchkeep.cli.output import Fact, Output, instant
from watchkeep.domain.job import Stint
from watchkeep.runtime.opening import opened_house
from watchkeep.runtime.system import Machine

app = typer.Typer(help="What the keeper does by the clock or when it is asked.", no_args_is_help=True)

JobArgument = Annotated[
    str, typer.Argument(metavar="JOB", help="Its word, as `watchkeep jobs list` shows it.")
]
COLUMNS = ("job", "schedule", "now", "last", "outcome", "next_at")
LOG_COLUMNS = ("id", "state", "due_at", "asked_by", "started_at", "ended_at", "attempts", "outcome")


@app.command("list")
def list_(data: DataOption = None, json: JsonOption = False) -> None:
    """List the jobs: what runs, what ran last, what is next."""
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        found = jobs.list_jobs(opened.house, opened.asking)
    output.show_rows([_facts(view) for view in found], COLUMNS, "No jobs.")


@app.command()
def run(job: JobArgument, data: DataOption = None, json: JsonOption = False) -> None:
    """Begin a job now, also while it is paused; `watchkeep run` must be running."""
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        view = jobs.run_job(opened.house, opened.asking, job)
    output.show(_facts(view), f"{view.plan.title}: it begins as soon as the keeper has a hand free.")


@app.command()
def pause(job: JobArgument, data: DataOption = None, json: JsonOption = False) -> None:
    """Stop following a job's schedule; what runs goes on."""
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        view = jobs.pause_job(opened.house, opened.asking, job)
    output.show(_facts(view), f"{view.plan.title}: paused.")


@app.command()
def resume(job: JobArgument, data: DataOption = None, json: JsonOption = False) -> None:
    """Follow a job's schedule again; what was missed is made up once."""
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        view = jobs.resume_job(opened.house, opened.asking, job)
    output.show(_facts(view), f"{view.plan.title}: its schedule is followed again.")


@app.command()
def cancel(job: JobArgument, data: DataOption = None, json: JsonOption = False) -> None:
    """Call off a job that waits, or ask one that runs to end."""
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        view = jobs.cancel_job(opened.house, opened.asking, job)
    is_ending = view.current is not None and view.current.is_ending
    output.show(_facts(view), f"{view.plan.title}: {'asked to end' if is_ending else 'called off'}.")


@app.command()
def log(job: JobArgument, limit: LimitOption = 50, data: DataOption = None, json: JsonOption = False) -> None:
    """Show when a job was done, newest first, and what came of it."""
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        found = jobs.read_history(opened.house, opened.asking, job, limit=limit)
    output.show_rows([_stint(stint) for stint in found], LOG_COLUMNS, "It has never run.")


def _facts(view: JobView) -> dict[str, Fact]:
    schedule, current, last = view.schedule, view.current, view.last
    when = None if schedule is None else schedule.text
    return {
        "job": view.plan.kind.value,
        "title": view.plan.title,
        "schedule": f"{when}, paused by {view.paused_by}" if view.paused_by else when,
        "paused_by": view.paused_by or None,
        "now": None if current is None else _now(current),
        "current": None if current is None else _stint(current),
        "last": None if last is None else f"{last.state} {instant(last.ended_at)}",
        "last_stint": None if last is None else _stint(last),
        "outcome": None if last is None else last.outcome,
        "next_at": instant(view.next_at),
    }


def _now(stint: Stint) -> str:
    share = f" {stint.progress:.0%}" if stint.progress else ""
    ending = ", ending" if stint.is_ending else ""
    return f"{stint.state}{share}{ending}"


def _stint(stint: Stint) -> dict[str, Fact]:
    return {
        "id": stint.id,
        "state": stint.state.value,
        "due_at": instant(stint.due_at),
        "asked_by": stint.asked_by or None,
        "started_at": instant(stint.started_at),
        "ended_at": instant(stint.ended_at),
        "attempts": stint.attempts,
        "progress": stint.progress,
        "detail": stint.detail,
        "outcome": stint.outcome,
    }
