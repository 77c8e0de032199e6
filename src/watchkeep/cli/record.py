"""`watchkeep record`: one stream straight into a plain MP4."""

import threading
from pathlib import Path
from typing import Annotated

import typer

from watchkeep.cli.filters import checked_length
from watchkeep.cli.options import JsonOption
from watchkeep.cli.output import Fact, Output, instant
from watchkeep.cli.process import stop_on_signals
from watchkeep.cli.proxies import bypass_proxies
from watchkeep.cli.secrets import read_password
from watchkeep.domain.camera import Secret, StreamAddress
from watchkeep.domain.errors import CameraUnreachable, Conflict, NotFound
from watchkeep.runtime.single_recording import SingleRecording
from watchkeep.runtime.system import Machine
from watchkeep.runtime.units import format_size
from watchkeep.sources.address import checked_address, file_path, place_of

_ANY_PORT = range(1, 65536)
"""Who types a command here may ask this machine anyway."""


def record(
    out: Annotated[Path, typer.Argument(help="The MP4 to make; it must not exist yet.")],
    once: Annotated[
        str,
        typer.Option(
            "--once", help="rtsp://…, rtsps://…, http(s)://…, file:///… or a file; once, without a node."
        ),
    ],
    length: Annotated[
        str | None,
        typer.Option("--for", help="30s, 10m or 1h from the first picture; otherwise until Ctrl-C."),
    ] = None,
    user: Annotated[str | None, typer.Option("--user", help="User name at the camera.")] = None,
    password: Annotated[
        bool,
        typer.Option("--password", help="Ask for the camera's password (or read it from standard input)."),
    ] = False,
    audio: Annotated[bool, typer.Option("--audio", help="Record its audio, too.")] = False,
    json: JsonOption = False,
) -> None:
    """Record one stream into a plain MP4, as the camera sends it; the file is not sealed."""
    output, machine, stop = Output(json), Machine(), threading.Event()
    wanted = None if length is None else checked_length(length, "--for")
    if out.exists():
        raise Conflict(f"{out} exists already; name another file", path=str(out))
    if not out.parent.is_dir():
        raise NotFound(f"the folder {out.parent} is not there; make it first", path=str(out.parent))
    address = _address(once, user, read_password("Password of the camera") if password else None)
    bypass_proxies()
    recording = SingleRecording(address, out, with_audio=audio, machine=machine)
    stop_on_signals(stop.set)
    with output.progress(f"recording {place_of(address)}") as tell:
        recording.run(wanted, is_stopping=stop.is_set, tell=lambda share: tell(share, ""))
    if not any(file.starts_at for file in recording.files):
        raise KeyboardInterrupt
    _show(recording, output, wants_audio=audio)
    if recording.lost and not stop.is_set():
        raise CameraUnreachable(f"{recording.files[-1].path} ends early: {recording.lost}")


def _address(text: str, user: str | None, password: Secret | None) -> StreamAddress:
    if "://" not in text:
        text = Path(text).absolute().as_uri()
    address = checked_address(text, allow_loopback_ports=_ANY_PORT)
    path = file_path(address)
    if path is not None and not Path(path).is_file():
        raise NotFound(f"{path} is not there; name a file or rtsp://…", path=path)
    return StreamAddress(
        url=address.url,
        user=address.user if user is None else user,
        password=address.password if password is None else password,
    )


def _show(recording: SingleRecording, output: Output, *, wants_audio: bool) -> None:
    files: list[Fact] = [
        {
            "path": str(file.path),
            "starts_at": instant(file.starts_at),
            "seconds": round(file.length.total_seconds(), 3),
            "size_bytes": file.size_bytes,
            "has_audio": file.has_audio,
        }
        for file in recording.files
    ]
    facts: Fact = {
        "files": files,
        "interruptions": recording.interruptions,
        "note": recording.note,
        "is_sealed": False,
    }
    words = [
        f"{file.path}: {file.length.total_seconds():.1f} s, {format_size(file.size_bytes)}"
        for file in recording.files
    ]
    if recording.interruptions:
        words.append(f"interrupted {recording.interruptions} times")
    if wants_audio and not all(file.has_audio for file in recording.files):
        words.append("without the audio that was asked for")
    if recording.note:
        words.append(recording.note)
    output.show(facts, f"{'; '.join(words)}. Not sealed: whoever has the file can watch and change it.")
