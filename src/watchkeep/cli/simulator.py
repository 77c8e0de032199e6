"""`watchkeep camera-simulator`: files as RTSP cameras."""

import threading
from pathlib import Path
from typing import Annotated

import typer

from watchkeep.cli.fault_file import read_faults
from watchkeep.cli.options import JsonOption
from watchkeep.cli.output import Output
from watchkeep.cli.process import stop_on_signals
from watchkeep.cli.secrets import read_password
from watchkeep.domain.camera import Secret, camera_id_from
from watchkeep.domain.errors import Invalid, NotFound
from watchkeep.runtime.system import Machine
from watchkeep.sources.simulator.server import CameraSimulator, SimulatorOptions, serve
from watchkeep.sources.simulator.stream import StreamFiles, numbered


def camera_simulator(
    file: Annotated[list[Path], typer.Argument(help="Video files, H.264 or H.265; each becomes a camera.")],
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 picks a free one.")] = 9554,
    user: Annotated[str, typer.Option(help="Only this user may connect.")] = "",
    password: Annotated[bool, typer.Option("--password", help="Ask for that user's password.")] = False,
    copies: Annotated[
        int, typer.Option(min=1, max=1000, help="Cameras of each file: NAME-000, NAME-001 and so on.")
    ] = 1,
    phases: Annotated[
        int, typer.Option(min=1, max=100, help="Groups of copies that send at instants of their own.")
    ] = 1,
    sound: Annotated[
        Path | None,
        typer.Option(help="AAC or G.711 for all cameras; otherwise each file's own.", show_default=False),
    ] = None,
    metadata: Annotated[
        bool, typer.Option("--metadata", help="Send an ONVIF metadata document every second.")
    ] = False,
    faults: Annotated[
        Path | None, typer.Option(help="JSON file that says what goes wrong and when.", show_default=False)
    ] = None,
    json: JsonOption = False,
) -> None:
    """Serve video files as RTSP cameras, over and over, until Ctrl-C."""
    output, machine, stop = Output(json), Machine(), threading.Event()
    named = {
        each: StreamFiles(video=path, sound=_there(sound) if sound else None, has_metadata=metadata)
        for name, path in _named(file).items()
        for each in (numbered(name, copies) if copies > 1 else (name,))
    }
    script = read_faults(_there(faults)) if faults is not None else ()
    secret = read_password("Password of the simulated cameras") if password else Secret("")
    options = SimulatorOptions(host=host, port=port, user=user, password=secret, phases=phases)
    simulator = CameraSimulator(named, options, faults=script, clock=machine.clock, rng=machine.rng)
    addresses = [simulator.url(name) for name in simulator.names]
    output.show({"addresses": addresses}, "\n".join(addresses))
    stop_on_signals(stop.set)
    serve(simulator, stop)


def _named(paths: list[Path]) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for path in paths:
        name = camera_id_from(_there(path).stem)
        if name in named:
            raise Invalid(f"{path} and {named[name]} would have the same name; rename one", path=str(path))
        named[name] = path.absolute()
    return named


def _there(path: Path) -> Path:
    if not path.is_file():
        raise NotFound(f"{path} is not there; name a file", path=str(path))
    return path
