"""`watchkeep demo-cameras`: serves the demonstration footage as cameras and registers them."""

from collections.abc import Sequence

from watchkeep.cli.process import run_process, stop_on_signals
from watchkeep.runtime.demonstration_process import Demonstration
from watchkeep.runtime.wiring import Node


def main(arguments: Sequence[str]) -> int:
    """Demonstrate until stopped."""
    return run_process("demo-cameras", arguments, _work)


def _work(node: Node) -> None:
    demonstration = Demonstration(node)
    stop_on_signals(demonstration.stop)
    demonstration.run()
