"""`watchkeep recover`: after a loss, what the files still tell."""

from collections import Counter
from typing import Annotated

import typer

from watchkeep.application import recovery
from watchkeep.cli.options import DataOption, JsonOption, data_folder
from watchkeep.cli.output import Fact, Output, instant
from watchkeep.lifecycle.rebuild import Rebuilt
from watchkeep.runtime.file_reading import disks_of, file_reading
from watchkeep.runtime.opening import OpenHouse, opened_house
from watchkeep.runtime.remembered_streams import remembered_streams
from watchkeep.runtime.system import Machine
from watchkeep.runtime.units import format_size

app = typer.Typer(help="Rebuild what a loss took, from what is left.", no_args_is_help=True)
MOST_NAMED = 20
"""Files that the words name; the JSON names all."""


@app.command("index")
def index(
    apply: Annotated[
        bool, typer.Option("--apply", help="Change the catalog; without it only say so.")
    ] = False,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Rebuild the catalog of footage from the files and the keystore; as often as you like."""
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        rebuilt, others = _rebuild(opened, output, applies=apply)
        if apply:
            recovery.accept_index(opened.house, opened.asking)
    told = [f"{each} was not read: it is away, or a bucket." for each in others]
    words = "\n".join([_words(rebuilt, applies=apply), *told])
    output.show(_facts(rebuilt, others, applies=apply), words)


@app.command("accept")
def accept(data: DataOption = None, json: JsonOption = False) -> None:
    """Say that the catalog is right as it is, so that footage is deleted by it again when its time is up."""
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        why = recovery.doubt(opened.house)
        recovery.accept_index(opened.house, opened.asking)
    output.show(
        {"doubt": why},
        "The catalog counts again; what has expired by it goes."
        if why
        else "There was no doubt about the catalog.",
    )


@app.command("quarantine")
def quarantine(
    delete: Annotated[
        str | None, typer.Option(help="Delete this file of it, before its 30 days are over.")
    ] = None,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """List the files that were put aside because they are not understood, with the reasons."""
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        if delete is not None:
            recovery.delete_quarantined(opened.house, opened.asking, delete)
        found = recovery.list_quarantine(opened.house, opened.asking)
    rows = [
        {"name": each.name, "size_bytes": each.size_bytes, "since": instant(each.since), "why": each.why}
        for each in found
    ]
    output.show_rows(rows, ("name", "size_bytes", "since", "why"), "Nothing is in quarantine.")


def _rebuild(opened: OpenHouse, output: Output, *, applies: bool) -> tuple[Rebuilt, list[str]]:
    """What all disks tell, the recorded one first; and the volumes that were not read."""
    disks, others = disks_of(opened.node)
    total = max(1, sum(len(folder.names) for disk in disks for folder in disk.days()))
    whole = Rebuilt()
    with output.progress("reading the footage's files") as progress:
        for disk in disks:
            before = whole.files
            rebuilt = recovery.recover_index(
                opened.house,
                opened.asking,
                disk,
                read=file_reading(opened.node, disk),
                remembered=remembered_streams(opened.node),
                applies=applies,
                advance=lambda done, before=before: progress(min((before + done) / total, 1.0), ""),  # type: ignore[misc]
            )
            whole.add(rebuilt)
    return whole, others


def _facts(rebuilt: Rebuilt, others: list[str], *, applies: bool) -> Fact:
    when = rebuilt.when
    return {
        "is_applied": applies,
        "files": rebuilt.files,
        "known": rebuilt.known,
        "deleted": rebuilt.deleted,
        "found": rebuilt.found,
        "added": rebuilt.added,
        "size_bytes": rebuilt.size_bytes,
        "from": None if when is None else instant(when.start),
        "to": None if when is None else instant(when.end),
        "runs": rebuilt.runs,
        "cameras": list(rebuilt.cameras),
        "gaps": rebuilt.gaps,
        "lost": rebuilt.lost,
        "refused": [
            {"place": each.place, "refusal": each.refusal.value, "why": each.why} for each in rebuilt.refused
        ],
        "not_read": list(others),
    }


def _words(rebuilt: Rebuilt, *, applies: bool) -> str:
    lines = [f"{rebuilt.files} files, {rebuilt.known} of them known to the catalog."]
    if rebuilt.when is not None:
        span = f"{instant(rebuilt.when.start)} to {instant(rebuilt.when.end)}"
        done = f"{rebuilt.added} added" if applies else "to be added"
        lines.append(
            f"{rebuilt.found} segments ({format_size(rebuilt.size_bytes)}) of {span} are not: {done}."
        )
    if rebuilt.cameras:
        word = "added" if applies else "to be added"
        lines.append(
            f"Cameras {word} under their ids: {', '.join(rebuilt.cameras)}. "
            "Name them, and look at their addresses."
        )
    if rebuilt.gaps:
        lines.append(f"{rebuilt.gaps} holes between segments written down as gaps.")
    if rebuilt.lost:
        lines.append(f"{rebuilt.lost} segments of the catalog have no file any more; they are said lost.")
    if rebuilt.deleted:
        lines.append(f"{rebuilt.deleted} files stay out: they were ordered to be deleted.")
    counts = Counter(each.refusal.value for each in rebuilt.refused)
    lines += [f"{count} files stay out: {refusal}." for refusal, count in sorted(counts.items())]
    lines += [f"  {each.place}: {each.why}" for each in rebuilt.refused[:MOST_NAMED]]
    if not applies:
        lines.append("Nothing was changed; --apply does it.")
    return "\n".join(lines)
