"""The commands, gathered; errors become one sentence and an exit code."""

import sys
from collections.abc import Sequence

import typer

from watchkeep import __version__
from watchkeep.cli import (
    adopt,
    assets,
    camera,
    config,
    doctor,
    erase,
    events,
    export,
    foresight,
    hold,
    incidents,
    jobs,
    policy,
    record,
    recover,
    retention,
    rules,
    run,
    simulator,
    user,
    volumes,
)
from watchkeep.cli.exits import DONE, INTERRUPTED
from watchkeep.cli.options import JsonOption
from watchkeep.cli.output import Output, fail
from watchkeep.domain.errors import WatchkeepError

app = typer.Typer(
    name="watchkeep",
    help="The video-surveillance recorder that keeps what it saw.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("run")(run.run)
app.command("demo")(run.demo)
app.command("doctor")(doctor.doctor)
app.command("volumes")(volumes.volumes)
app.add_typer(camera.app, name="camera")
app.add_typer(events.app, name="events")
app.add_typer(incidents.app, name="incidents")
app.add_typer(hold.app, name="hold")
app.add_typer(rules.app, name="rules")
app.add_typer(policy.app, name="policy")
app.add_typer(retention.app, name="retention")
app.add_typer(jobs.app, name="jobs")
app.add_typer(user.app, name="user")
app.add_typer(assets.app, name="assets")
app.command("erase")(erase.erase)
app.command("why")(foresight.why)
app.command("forecast")(foresight.forecast)
app.command("export")(export.export)
app.command("record")(record.record)
app.add_typer(recover.app, name="recover")
app.add_typer(adopt.app, name="adopt")
app.add_typer(config.app, name="config")
app.command("camera-simulator")(simulator.camera_simulator)


@app.command()
def version(json: JsonOption = False) -> None:
    """Say which version this is."""
    Output(json).show({"version": __version__}, f"Watchkeep {__version__}")


def main(arguments: Sequence[str]) -> int:
    """Run a command; returns the exit code."""
    try:
        app(list(arguments), prog_name="watchkeep")
    except WatchkeepError as error:
        return fail(error, is_json="--json" in arguments)
    except KeyboardInterrupt:
        print("watchkeep: interrupted", file=sys.stderr)
        return INTERRUPTED
    return DONE
