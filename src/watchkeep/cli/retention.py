"""`watchkeep retention`: what the keeper says, and proofs of what it deleted."""

import typer

from watchkeep.application import keeping
from watchkeep.cli.options import DataOption, JsonOption, data_folder
from watchkeep.cli.output import Output, instant
from watchkeep.runtime.opening import opened_house
from watchkeep.runtime.system import Machine

app = typer.Typer(help="What is deleted, and the proof of it.", no_args_is_help=True)


@app.command()
def state(data: DataOption = None, json: JsonOption = False) -> None:
    """Say whether anything stands in the way of deletion, and whether space is short."""
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        found = keeping.read_state(opened.house, opened.asking)
    if found is None:
        output.show({"seen_at": None}, "The keeper has not said anything yet.")
        return
    output.show_facts(
        {
            "seen_at": instant(found.seen_at),
            "doubt": found.doubt or "none",
            "pressure": found.pressure.value,
            "detail": found.detail or "none",
            "since": instant(found.since),
            "full_on": instant(found.full_on),
        }
    )


@app.command()
def verify(data: DataOption = None, json: JsonOption = False) -> None:
    """Check every certificate of deletion."""
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        found = keeping.verify_certificates(opened.house, opened.asking)
    output.show(
        {"certificates": found.certificates, "segments": found.segments},
        f"All {found.certificates} certificates are whole; they name {found.segments} deleted segments.",
    )


@app.command("trust-clock")
def trust_clock(data: DataOption = None, json: JsonOption = False) -> None:
    """Say that the clock is right, so that the keeper goes on deleting by it."""
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        keeping.trust_clock(opened.house, opened.asking)
    output.show({"trusted": True}, "The clock is trusted; the next sweep deletes what is due.")
