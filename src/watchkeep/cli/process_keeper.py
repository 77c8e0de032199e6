"""`watchkeep keeper`: retention and tidying."""

from collections.abc import Sequence

from watchkeep.cli.process import run_process, stop_on_signals
from watchkeep.runtime.keeper import Keeper
from watchkeep.runtime.wiring import Node


def main(arguments: Sequence[str]) -> int:
    """Keep until stopped."""
    return run_process("keeper", arguments, _work)


def _work(node: Node) -> None:
    keeper = Keeper(node)
    stop_on_signals(keeper.stop)
    keeper.run()
