"""`watchkeep assets`: list, fetch, verify."""

import os
from typing import Annotated

import typer

from watchkeep.cli.options import DataOption, JsonOption, data_folder
from watchkeep.cli.output import Fact, Output
from watchkeep.domain.errors import DataLoss, NotFound
from watchkeep.runtime.assets.fetch import (
    AssetCondition,
    AssetPlaces,
    AssetState,
    asset_places,
    list_assets,
)
from watchkeep.runtime.assets.fetch import (
    fetch as fetch_asset,
)
from watchkeep.runtime.assets.fetch import (
    verify as verify_assets,
)
from watchkeep.runtime.config import Settings
from watchkeep.runtime.config_file import read_settings
from watchkeep.runtime.system import Machine
from watchkeep.runtime.units import format_size

app = typer.Typer(
    help="Files that Watchkeep fetches once: weights, demonstration footage.", no_args_is_help=True
)


@app.command("list")
def list_(data: DataOption = None, json: JsonOption = False) -> None:
    """List the assets and whether they are here."""
    machine = Machine()
    _show(list_assets(_places(data, machine), fs=machine.fs), Output(json))


@app.command()
def verify(data: DataOption = None, json: JsonOption = False) -> None:
    """Read every fetched asset and compare its digest."""
    machine = Machine()
    found = verify_assets(_places(data, machine), fs=machine.fs)
    _show(found, Output(json))
    damaged = [each.asset.name for each in found if each.condition is AssetCondition.DAMAGED]
    if damaged:
        raise DataLoss(f"{', '.join(damaged)}: not the bytes that were fetched; fetch again", assets=damaged)


@app.command()
def fetch(
    name: Annotated[list[str] | None, typer.Argument(help="Which; all if none is named.")] = None,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Fetch assets that are not here yet; an interrupted fetch goes on where it was."""
    machine, output = Machine(), Output(json)
    places = _places(data, machine)
    for each in name or [asset.name for asset in places.manifest]:
        with output.progress(f"fetching {each}") as progress:

            def tell(share: float, word: str = each) -> None:
                progress(share, f"fetching {word}")  # called within this round only

            path = fetch_asset(each, places, fs=machine.fs, clock=machine.clock, progress=tell)
        output.show({"name": each, "path": str(path)}, f"{each} is in {path}")


def _places(data: DataOption, machine: Machine) -> AssetPlaces:
    try:
        settings = read_settings(data_folder(data).settings, fs=machine.fs)
    except NotFound:
        settings = Settings()  # assets are shared by all data folders; none is needed
    return asset_places(settings, os.environ)


def _show(found: list[AssetState], output: Output) -> None:
    rows: list[dict[str, Fact]] = [
        {
            "name": each.asset.name,
            "condition": each.condition.value,
            "size_bytes": each.asset.size_bytes,
            "size": format_size(each.asset.size_bytes),
            "licence": each.asset.licence,
            "credit": each.asset.credit,
            "path": str(each.path),
        }
        for each in found
    ]
    output.show_rows(rows, ("name", "condition", "size", "licence", "path"), "There are no assets.")
