"""`watchkeep recorder`: cameras' sockets to sealed segments."""

import argparse
import signal
from collections.abc import Sequence
from functools import partial

from watchkeep.cli.process import run_process, stop_on_signals
from watchkeep.cli.proxies import bypass_proxies
from watchkeep.runtime.data_folder import recorder_name
from watchkeep.runtime.recorder import Recorder
from watchkeep.runtime.shards import SHARE_ANEW
from watchkeep.runtime.wiring import Node


def main(arguments: Sequence[str]) -> int:
    """Record until stopped."""
    # A signal that comes while this process starts must not end it: it looks at the number itself, later.
    signal.signal(SHARE_ANEW, signal.SIG_IGN)
    bypass_proxies()
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--shard", type=int, default=0)
    asked, others = parser.parse_known_args(arguments)
    return run_process(recorder_name(asked.shard), others, partial(_work, shard=asked.shard))


def _work(node: Node, *, shard: int) -> None:
    recorder = Recorder(node, shard=shard)
    stop_on_signals(recorder.stop)
    signal.signal(SHARE_ANEW, lambda _number, _frame: recorder.share_anew())
    recorder.share_anew()  # the number may have changed since it was read
    recorder.run()
