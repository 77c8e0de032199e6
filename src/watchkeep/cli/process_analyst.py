"""`watchkeep analyst`: pictures to events."""

import os
from collections.abc import Sequence

from watchkeep.cli.process import run_process, stop_on_signals
from watchkeep.runtime.analyst import Analyst
from watchkeep.runtime.wiring import Node

NICENESS = 3
"""The recorder's time is never the analyst's."""


def main(arguments: Sequence[str]) -> int:
    """Look until stopped."""
    os.nice(NICENESS)
    return run_process("analyst", arguments, _work)


def _work(node: Node) -> None:
    analyst = Analyst(node)
    stop_on_signals(analyst.stop)
    analyst.run()
