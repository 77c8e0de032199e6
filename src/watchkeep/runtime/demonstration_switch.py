"""Switches the demonstration on in a Watchkeep that runs already."""

from collections.abc import Callable

from watchkeep.application import demo
from watchkeep.application.house import DemoPhase
from watchkeep.domain.errors import Unavailable
from watchkeep.runtime.demonstration_state import read_failure, read_state
from watchkeep.runtime.opening import OpenHouse

LOOK_EVERY_S = 0.3
WITHIN_S = 30 * 60
"""On a slow line the footage's package alone takes minutes."""


def switch_on(opened: OpenHouse, *, progress: Callable[[float, str], None]) -> int:
    """Switch the demonstration on and wait until its cameras are served; returns how many seconds it took.

    Raises:
        Unavailable: It did not come up; the sentence says what was in the way.
    """
    clock = opened.node.machine.clock
    started_ns = clock.monotonic_ns()
    opened.node.machine.fs.unlink(opened.node.paths.demonstration)  # what an earlier one said
    demo.switch(opened.house, opened.asking, is_on=True)
    while True:
        state = read_state(opened.node.paths, fs=opened.node.machine.fs)
        passed_s = (clock.monotonic_ns() - started_ns) / 1e9
        if state.phase is DemoPhase.ON:
            return round(passed_s)
        failure = read_failure(opened.node.paths, fs=opened.node.machine.fs)
        if failure or passed_s > WITHIN_S:
            raise Unavailable(f"the demonstration does not start: {failure or state.detail}")
        progress(state.progress, state.detail or "waiting for the running Watchkeep")
        clock.sleep(LOOK_EVERY_S)
