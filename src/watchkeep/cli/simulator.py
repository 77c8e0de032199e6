"""`watchkeep camera-simulator`: files as RTSP cameras."""

import threading
from pathlib import Path
from typing import Annotated

import typer

from watchkeep.cli.options import JsonOption
from watchkeep.cli.output import Output
from watchkeep.cli.process import stop_on_signals
from watchkeep.cli.secrets import read_password
from watchkeep.domain.camera import Secret, camera_id_from
from watchkeep.domain.errors import Invalid, NotFound
from watchkeep.runtime.system import Machine
from watchkeep.sources.simulator.server import CameraSimulator, SimulatorOptions, serve


def camera_simulator(
    file: Annotated[list[Path], typer.Argument(help="Video files, H.264 or H.265; each becomes a camera.")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 picks a free one.")] = 9554,
    user: Annotated[str, typer.Option(help="Only this user may connect.")] = "",
    password: Annotated[bool, typer.Option("--password", help="Ask for that user's password.")] = False,
    json: JsonOption = False,
) -> None:
    """Serve video files as RTSP cameras, over and over, until Ctrl-C."""
    output, machine, stop = Output(json), Machine(), threading.Event()
    secret = read_password("Password of the simulated cameras") if password else Secret("")
    options = SimulatorOptions(host=host, port=port, user=user, password=secret)
    simulator = CameraSimulator(_named(file), options, clock=machine.clock, rng=machine.rng)
    addresses = [simulator.url(name) for name in simulator.names]
    output.show({"addresses": addresses}, "\n".join(addresses))
    stop_on_signals(stop.set)
    serve(simulator, stop)


def _named(paths: list[Path]) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for path in paths:
        if not path.is_file():
            raise NotFound(f"{path} is not there; name a video file", path=str(path))
        name = camera_id_from(path.stem)
        if name in named:
            raise Invalid(f"{path} and {named[name]} would have the same name; rename one", path=str(path))
        named[name] = path.absolute()
    return named
