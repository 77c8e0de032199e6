"""`watchkeep export`: a span of a camera as a plain MP4."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from watchkeep.application import exports
from watchkeep.cli.filters import checked_instant
from watchkeep.cli.options import DataOption, JsonOption, data_folder
from watchkeep.cli.output import Fact, Output, instant
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.errors import Conflict, DataLoss, Invalid, NotFound
from watchkeep.domain.ids import CameraId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import CameraClock
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
    if not out.parent.is_dir():
        raise NotFound(f"{out.parent} is no folder; make it, or name another file", path=str(out.parent))
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
        "camera_clock": _clock_facts(made),
    }
    clock = ""
    if made.camera_clocks:
        seconds = made.camera_clocks[0].offset.total_seconds()
        word = "ahead of" if seconds >= 0 else "behind"
        clock = f" The camera's own clock was {abs(seconds):.3f} s {word} this machine's."
    output.show(facts, f"{out}: {format_size(written)} from {instant(made.starts_at)} on.{clock}")
    if left_out:
        raise DataLoss(
            f"{len(left_out)} segments cannot be read and are not in {out}; `watchkeep volumes` says which"
            " volume is away, `watchkeep doctor --depth full` what is damaged",
            segments=left_out,
        )


def _clock_facts(made: exports.Export) -> Fact:
    """Of the first and the last segment that knows; None when none does."""
    clocks = made.camera_clocks
    if not clocks:
        return None
    return {
        "first": _of_clock(clocks[0]),
        "last": _of_clock(clocks[-1]),
        "known_segments": len(clocks),
        "segments": made.segment_count,
    }


def _of_clock(clock: CameraClock) -> Fact:
    return {
        "offset_us": clock.offset // timedelta(microseconds=1),
        "drift_ppm": clock.drift_ppm,
        "reports": clock.reports,
        "measured_at": clock.measured_at.isoformat(),
    }


def _span(start: str, end: str) -> Interval:
    first, last = checked_instant(start, "--from"), checked_instant(end, "--to")
    if last <= first:
        raise Invalid("--to must be later than --from")
    return Interval(first, last)
