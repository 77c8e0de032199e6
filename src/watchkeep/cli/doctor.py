"""`watchkeep doctor`."""

from typing import Annotated

import typer

from watchkeep.cli.exits import code_of
from watchkeep.cli.options import DataOption, JsonOption, data_folder
from watchkeep.cli.output import Fact, Output
from watchkeep.domain.errors import DataLoss
from watchkeep.lifecycle.findings import Comparison, Depth
from watchkeep.runtime.doctor import Examination, examine
from watchkeep.runtime.opening import opened_house
from watchkeep.runtime.system import Machine
from watchkeep.runtime.units import format_size


def doctor(
    depth: Annotated[
        Depth, typer.Option(help="How closely files are compared with the catalog.")
    ] = Depth.SIZE,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Look at clock, disk, keys, database, cameras and footage; changes nothing. Exit code 9 on a fault."""
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        total = max(1, sum(1 for _ in opened.node.volume.segments()))
        with output.progress("comparing footage with the catalog") as progress:
            found = examine(
                opened, depth, advance=lambda done: progress(min(done / total, 1.0), "comparing footage")
            )
    output.show(_facts(found), _words(found))
    if not found.is_clean:
        raise typer.Exit(code_of(DataLoss))


def _facts(found: Examination) -> Fact:
    compared = found.comparison
    return {
        "is_clean": found.is_clean,
        "depth": compared.depth.value,
        "rows": compared.row_count,
        "files": compared.file_count,
        "read_bytes": compared.read_bytes,
        "known_lost": compared.known_lost,
        "checks": [
            {"part": check.part, "verdict": check.verdict.value, "sentence": check.sentence}
            for check in found.checks
        ],
        "findings": [
            {
                "fault": each.fault.value,
                "place": each.place,
                "segment": None if each.segment is None else str(each.segment),
                "sentence": each.sentence,
            }
            for each in compared.findings
        ],
    }


def _words(found: Examination) -> str:
    compared = found.comparison
    lines = [f"{check.verdict.value:5} {check.part}: {check.sentence}" for check in found.checks]
    lines += [f"fault {each.fault.value}: {each.sentence}" for each in compared.findings]
    lines.append(_summary(compared))
    return "\n".join(lines)


def _summary(compared: Comparison) -> str:
    looked = f"{compared.row_count} rows and {compared.file_count} files compared ({compared.depth.value}"
    if compared.read_bytes:
        looked += f", {format_size(compared.read_bytes)} read"
    count = len(compared.findings)
    verdict = "no fault" if not count else f"{count} fault" + ("s" if count > 1 else "")
    return f"{looked}): {verdict}. Nothing was changed."
