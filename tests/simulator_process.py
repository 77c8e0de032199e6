"""The camera simulator in a process of its own: `with simulated_cameras({"door": clip}) as cameras`.

The child ends when its standard input does, so it never outlives the test run.
"""

import json
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from watchkeep.domain.camera import Secret
from watchkeep.runtime.system import SystemClock, SystemRng
from watchkeep.sources.simulator.faults import Fault
from watchkeep.sources.simulator.server import CameraSimulator, SimulatorOptions, serve
from watchkeep.sources.simulator.stream import StreamFiles

_FAULTS = {
    "stall",
    "resume",
    "refuse_connections",
    "refuse_sign_in",
    "drop_clients",
    "lose_pictures",
    "shift_ntp",
    "clear",
}


class SimulatedCameras:
    """A running simulator: its addresses, and its faults by name."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self._process = process
        self.port = port
        self.pid = process.pid

    def url(self, name: str) -> str:
        """The address of a stream."""
        return f"rtsp://127.0.0.1:{self.port}/{name}"

    def stall(self, name: str | None = None) -> None:
        self._tell("stall", name)

    def resume(self) -> None:
        self._tell("resume")

    def refuse_connections(self, *, refuses: bool = True) -> None:
        self._tell("refuse_connections", refuses=refuses)

    def refuse_sign_in(self, *, refuses: bool = True) -> None:
        self._tell("refuse_sign_in", refuses=refuses)

    def drop_clients(self, name: str | None = None) -> None:
        self._tell("drop_clients", name)

    def lose_pictures(self, name: str, count: int) -> None:
        self._tell("lose_pictures", name, count)

    def shift_ntp(self, seconds: float) -> None:
        self._tell("shift_ntp", seconds)

    def inject(self, fault: Fault) -> None:
        """Let a fault happen; its start counts from now on."""
        self._tell("inject", pickle.dumps(fault).hex())

    def clear(self) -> None:
        self._tell("clear")

    def _tell(self, fault: str, *given: object, **named: object) -> None:
        """Change the simulator; on return the change is seen by its next turn."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([fault, given, named]) + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "ok\n"


@contextmanager
def simulated_cameras(
    files: Mapping[str, Path | StreamFiles],
    *,
    port: int = 0,
    user: str = "",
    password: str = "",
    joins_at_key: bool = False,
    client_limit_bytes: int = 8 * 1024 * 1024,
    phases: int = 1,
    report_every_s: float = 5.0,
    faults: Sequence[Fault] = (),
) -> Iterator[SimulatedCameras]:
    """Serve files as cameras from a child process until the block ends."""
    options = {
        "port": port,
        "user": user,
        "joins_at_key": joins_at_key,
        "client_limit_bytes": client_limit_bytes,
        "phases": phases,
        "report_every_s": report_every_s,
    }
    order = pickle.dumps((dict(files), options, password, tuple(faults))).hex()
    process = subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # What we can import the child can, whether Watchkeep is installed or only lies in src.
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(order + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the simulator ended with {process.wait()}")
        yield SimulatedCameras(process, int(line))
    finally:
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _listen_to_orders(simulator: CameraSimulator, stop: threading.Event) -> None:
    for line in sys.stdin:
        fault, given, named = json.loads(line)
        if fault == "inject":
            simulator.inject(pickle.loads(bytes.fromhex(given[0])))
        elif fault in _FAULTS:
            getattr(simulator, fault)(*given, **named)
        else:
            raise ValueError(fault)
        print("ok", flush=True)
    stop.set()


def _main() -> None:
    files, given, password, faults = pickle.loads(bytes.fromhex(sys.stdin.readline()))
    options = SimulatorOptions(**given, password=Secret(password))
    simulator = CameraSimulator(files, options, faults=faults, clock=SystemClock(), rng=SystemRng())
    stop = threading.Event()
    threading.Thread(target=_listen_to_orders, args=(simulator, stop), daemon=True).start()
    print(simulator.port, flush=True)
    serve(simulator, stop)


if __name__ == "__main__":
    _main()
