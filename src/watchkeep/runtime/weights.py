"""Finds weights for the analyst, and goes on looking for better ones: on a thread, networks may be slow."""

import logging
import os
import threading
from dataclasses import dataclass

from watchkeep.domain.analyst import DetectorPhase
from watchkeep.domain.errors import WatchkeepError
from watchkeep.runtime.assets.fetch import asset_places
from watchkeep.runtime.models import ChosenModel, choose_model, look_again
from watchkeep.runtime.wiring import Node

log = logging.getLogger(__name__)

RETRY_S = 15.0
FIRST_LOOK_S = 60.0
LONGEST_LOOK_S = 3600.0


@dataclass(frozen=True, slots=True)
class WeightsState:
    """How far the search is.

    Attributes:
        chosen: What to use now; None while there is nothing.
        detail: What is being done or what is in the way.
    """

    phase: DetectorPhase
    chosen: ChosenModel | None
    detail: str


class Weights:
    """`state` is for the loop; the thread searches."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._places = asset_places(node.settings, os.environ)
        self._state = WeightsState(DetectorPhase.STARTING, None, "")
        self._stopping = threading.Event()
        self._is_started = False
        self._thread = threading.Thread(target=self._run, name="weights", daemon=True)

    @property
    def state(self) -> WeightsState:
        """How far it is."""
        return self._state

    def start(self) -> None:
        """Begin to search; at once when it was begun already."""
        if not self._is_started:
            self._is_started = True
            self._thread.start()

    def stop(self) -> None:
        """End the search; a download that is under way is given up with the process."""
        self._stopping.set()

    def _run(self) -> None:
        chosen = self._first()
        pause_s = FIRST_LOOK_S
        while chosen is not None and chosen.is_stand_in and not self._stopping.wait(pause_s):
            pause_s = min(pause_s * 2, LONGEST_LOOK_S)
            machine = self._node.machine
            try:
                better = look_again(self._places, chosen, fs=machine.fs, clock=machine.clock)
            except WatchkeepError as error:
                log.info("no better weights yet", extra={"error": str(error)})
                continue
            if better is not None:
                log.info("better weights found", extra={"model": better.name})
                chosen = better
                self._state = WeightsState(DetectorPhase.READY, better, "")

    def _first(self) -> ChosenModel | None:
        machine, settings = self._node.machine, self._node.settings
        while not self._stopping.is_set():
            self._state = WeightsState(DetectorPhase.FETCHING, None, "Fetching the detector's weights")
            try:
                chosen = choose_model(
                    self._places,
                    wanted=settings.analysis.model,
                    fs=machine.fs,
                    clock=machine.clock,
                    progress=self._tell,
                )
            except (WatchkeepError, OSError) as error:
                log.warning("no weights", extra={"error": str(error)})
                self._state = WeightsState(DetectorPhase.FAILED, None, str(error))
                self._stopping.wait(RETRY_S)
                continue
            self._state = WeightsState(DetectorPhase.READY, chosen, "")
            return chosen
        return None

    def _tell(self, share: float) -> None:
        detail = f"Fetching the detector's weights, {share:.0%}"
        self._state = WeightsState(DetectorPhase.FETCHING, None, detail)
