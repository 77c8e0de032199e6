"""`watchkeep config`: schema, check, default, reference."""

import typer

from watchkeep.cli.options import DataOption, JsonOption, data_folder
from watchkeep.cli.output import Output
from watchkeep.runtime.config_file import read_settings
from watchkeep.runtime.config_text import default_file, json_schema, reference_page
from watchkeep.runtime.system import Machine

app = typer.Typer(help="The settings in watchkeep.yaml.", no_args_is_help=True)


@app.command()
def schema() -> None:
    """Print the JSON Schema of watchkeep.yaml."""
    print(json_schema(), end="")


@app.command()
def check(data: DataOption = None, json: JsonOption = False) -> None:
    """Check watchkeep.yaml whole: all its errors at once."""
    path = data_folder(data).settings
    read_settings(path, fs=Machine().fs)
    Output(json).show({"path": str(path), "is_valid": True}, f"{path} is right.")


@app.command()
def default() -> None:
    """Print the commented default settings."""
    print(default_file(), end="")


@app.command(hidden=True)
def reference() -> None:
    """Print docs/reference/configuration.md."""
    print(reference_page(), end="")
