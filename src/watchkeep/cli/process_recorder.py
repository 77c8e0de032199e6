"""`watchkeep recorder`: cameras' sockets to sealed segments."""

from collections.abc import Sequence

from watchkeep.cli.process import run_process, stop_on_signals
from watchkeep.runtime.recorder import Recorder
from watchkeep.runtime.wiring import Node


def main(arguments: Sequence[str]) -> int:
    """Record until stopped."""
    return run_process("recorder", arguments, _work)


def _work(node: Node) -> None:
    recorder = Recorder(node)
    stop_on_signals(recorder.stop)
    recorder.run()
