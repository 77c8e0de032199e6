"""The demonstration process: prepares the footage, serves it as cameras, furnishes the house with them."""

import logging
import os
import threading

from watchkeep.application import demo
from watchkeep.application.demo import DemoCamera
from watchkeep.application.house import DemoPhase, DemoState
from watchkeep.domain.errors import CatalogUnavailable, WatchkeepError
from watchkeep.runtime.assets.fetch import asset_places
from watchkeep.runtime.demonstration import addresses, prepare, simulate
from watchkeep.runtime.demonstration_state import put_state
from watchkeep.runtime.house_wiring import build_house
from watchkeep.runtime.wiring import Node
from watchkeep.sources.simulator.server import CameraSimulator, serve

log = logging.getLogger(__name__)

RETRY_S = 2.0
PROGRESS_STEP = 0.02


class Demonstration:
    """`run` serves until stopped; `stop` may be called from a signal handler."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._stopping = threading.Event()
        self._told = -1.0

    def stop(self) -> None:
        """End `run`."""
        self._stopping.set()

    def run(self) -> None:
        """Prepare, serve, furnish.

        Raises:
            AssetMissing: There is no footage; the state says so too.
            Conflict: The port is taken.
        """
        node, machine = self._node, self._node.machine
        self._tell(0.0, "Starting")
        try:
            made = prepare(
                asset_places(node.settings, os.environ),
                fs=machine.fs,
                clock=machine.clock,
                progress=self._tell,
            )
            port = node.settings.cameras.simulator_ports[0]
            simulator = simulate(made, port=port, clock=machine.clock, rng=machine.rng)
        except WatchkeepError as error:
            failed = DemoState(phase=DemoPhase.PREPARING, detail=str(error))
            put_state(node.paths, failed, fs=machine.fs, is_failure=True)
            raise
        wishes = [DemoCamera(name=each.name, addresses=addresses(each, simulator)) for each in made]
        threading.Thread(target=self._furnish, args=(wishes,), name="furnish", daemon=True).start()
        self._serve(simulator)

    def _serve(self, simulator: CameraSimulator) -> None:
        try:
            serve(simulator, self._stopping)
        finally:
            self._node.machine.fs.unlink(self._node.paths.demonstration)

    def _furnish(self, wishes: list[DemoCamera]) -> None:
        house = build_house(self._node)
        while not self._stopping.is_set():
            try:
                demo.furnish(house, wishes)
            except CatalogUnavailable as error:
                log.info("furnishing waits for the database", extra={"error": str(error)})
                self._stopping.wait(RETRY_S)
                continue
            put_state(
                self._node.paths,
                DemoState(phase=DemoPhase.ON, progress=1.0, detail=f"{len(wishes)} cameras"),
                fs=self._node.machine.fs,
            )
            log.info("demonstration cameras are on", extra={"cameras": len(wishes)})
            return

    def _tell(self, share: float, detail: str) -> None:
        # Written now and then only: preparing tells of every picture.
        if share < 1.0 and share - self._told < PROGRESS_STEP:
            return
        self._told = share
        state = DemoState(phase=DemoPhase.PREPARING, progress=share, detail=detail)
        put_state(self._node.paths, state, fs=self._node.machine.fs)
