"""`watchkeep adopt`: somebody else's recordings, taken in where they lie."""

from pathlib import Path
from typing import Annotated

import typer

from watchkeep.application.adoption import Adopted, Tree, TreeKind, adopt
from watchkeep.application.sealing import seal_adopted
from watchkeep.cli.options import DataOption, JsonOption, data_folder
from watchkeep.cli.output import Output, instant
from watchkeep.runtime.foreign_tree import list_tree
from watchkeep.runtime.opening import opened_house
from watchkeep.runtime.system import Machine

app = typer.Typer(help="Take in recordings of another recorder, where they lie.", no_args_is_help=True)
PathArgument = Annotated[
    Path, typer.Argument(help="The folder of the recordings; nothing is written into it.")
]
MOST_NAMED = 20


@app.command("frigate")
def frigate(path: PathArgument, data: DataOption = None, json: JsonOption = False) -> None:
    """Take in Frigate's recordings: the folder that holds YYYY-MM-DD/HH/camera/MM.SS.mp4."""
    _adopt(path, TreeKind.FRIGATE, "", data, Output(json))


@app.command("directory")
def directory(
    path: PathArgument,
    camera: Annotated[str, typer.Option(help="The camera that all of it is of, by its name or id.")],
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Take in a folder of MP4 files of one camera, by the times that they say of themselves, or their own."""
    _adopt(path, TreeKind.DIRECTORY, camera, data, Output(json))


@app.command("seal")
def seal(
    mb_per_s: Annotated[
        int, typer.Option(min=1, help="How many megabytes a second are copied at most.")
    ] = 20,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Copy adopted footage, encrypted, into footage of ours; goes on where it was interrupted."""
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        output.step("sealing adopted footage")
        said = seal_adopted(opened.house, opened.asking, bytes_per_s=mb_per_s * 1_000_000)
    output.show({"outcome": said}, f"{said}. The files that it came from are as they were.")


def _adopt(path: Path, kind: TreeKind, camera: str, data: Path | None, output: Output) -> None:
    root = path.expanduser().absolute()
    files = list_tree(root)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        tree = Tree(root=root, kind=kind, camera=camera, files=files, node=opened.node.id)
        with output.progress("reading the files' indexes") as progress:
            adopted = adopt(
                opened.house,
                opened.asking,
                tree,
                advance=lambda done: progress(done / len(files), ""),
            )
    when = adopted.when
    output.show(
        {
            "volume": str(adopted.volume),
            "files": len(files),
            "segments": adopted.segments,
            "known": adopted.known,
            "from": None if when is None else instant(when.start),
            "to": None if when is None else instant(when.end),
            "new_cameras": list(adopted.new_cameras),
            "expiring": adopted.expiring,
            "refused": [{"file": name, "why": why} for name, why in adopted.refused],
        },
        _words(adopted, len(files)),
    )


def _words(adopted: Adopted, file_count: int) -> str:
    lines = [f"{file_count} files: {adopted.segments} segments taken in, {adopted.known} known before."]
    if adopted.when is not None:
        lines.append(f"They are of {instant(adopted.when.start)} to {instant(adopted.when.end)}.")
    if adopted.new_cameras:
        lines.append(f"Cameras added, switched off: {', '.join(adopted.new_cameras)}.")
    if adopted.expiring:
        lines.append(
            f"{adopted.expiring} segments are older than their camera's retention: the catalog forgets them "
            "soon, unless you lengthen it. The files stay."
        )
    if adopted.refused:
        lines.append(f"{len(adopted.refused)} files are not understood, and were left alone:")
        lines += [f"  {name}: {why}" for name, why in adopted.refused[:MOST_NAMED]]
    return "\n".join(lines)
