"""Options that many commands share."""

import os
from pathlib import Path
from typing import Annotated

import typer

from watchkeep.runtime.config import default_data
from watchkeep.runtime.data_folder import DataFolder

DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="Data folder; otherwise the environment variable WATCHKEEP_DATA, else watchkeep in "
        "$XDG_DATA_HOME or ~/.local/share.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")]


def data_folder(data: Path | None) -> DataFolder:
    """The data folder that the option, the environment or the default names."""
    return DataFolder(data.expanduser().absolute() if data is not None else default_data(os.environ))
