"""`watchkeep export`: a span of a camera as a plain MP4."""

from pathlib import Path
from typing import Annotated

import typer

from watchkeep.application import exports
from watchkeep.cli.filters import checked_instant
from watchkeep.cli.options import DataOption, JsonOption, data_folder
from watchkeep.cli.output import Output, instant
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.errors import Conflict, DataLoss, Invalid
from watchkeep.domain.ids import CameraId
from watchkeep.domain.interval import Interval
from watchkeep.runtime.opening import opened_house
from watchkeep.runtime.system import Machine
from watchkeep.runtime.units import format_size


def export(  # noqa: PLR0917  # typer reads them by name
    out: Annotated[Path, typer.Argument(help="The MP4 to make; it must not exist yet.")],
    camera: Annotated[str, typer.Option(help="Its id, as `watchkeep camera list` shows it.")],
    start: Annotated[str, typer.Option("--from", help="Begin, ISO 8601; without an offset it is UTC.")],
    end: Annotated[str, typer.Option("--to", help="End.")],
    role: Annotated[StreamRole, typer.Option(help="main or sub.")] = StreamRole.MAIN,
    audio: Annotated[bool, typer.Option(help="With the audio that was recorded.")] = True,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Write a span as one MP4, as the camera sent it; it begins at the key picture before the start."""
    output = Output(json)
    when = _span(start, end)
    if out.exists():
        raise Conflict(f"{out} exists already; name another file", path=str(out))
    written = 0
    part = out.with_name(out.name + ".part")
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        made = exports.export(
            opened.house, opened.asking, CameraId(camera), when, role=role, with_audio=audio
        )
        output.step("writing the export")
        try:
            with part.open("wb") as file:
                for piece in made.content:
                    written += file.write(piece)
            part.rename(out)
        finally:
            part.unlink(missing_ok=True)
    left_out = [str(segment) for segment in made.left_out]
    facts = {
        "path": str(out),
        "starts_at": instant(made.starts_at),
        "size_bytes": written,
        "left_out": left_out,
    }
    output.show(facts, f"{out}: {format_size(written)} from {instant(made.starts_at)} on.")
    if left_out:
        raise DataLoss(
            f"{len(left_out)} damaged segments are not in {out}; `watchkeep doctor --depth full` names them",
            segments=left_out,
        )


def _span(start: str, end: str) -> Interval:
    first, last = checked_instant(start, "--from"), checked_instant(end, "--to")
    if last <= first:
        raise Invalid("--to must be later than --from")
    return Interval(first, last)
