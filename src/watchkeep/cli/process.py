"""How every process of a node begins and ends."""

import argparse
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from watchkeep.cli.exits import DONE, code_of
from watchkeep.domain.errors import WatchkeepError
from watchkeep.runtime.config import default_data
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.guard import is_supervised, live_with_parent
from watchkeep.runtime.locks import take_lock
from watchkeep.runtime.system import Machine
from watchkeep.runtime.telemetry import start_logging
from watchkeep.runtime.wiring import Node, open_node

log = logging.getLogger(__name__)

Work = Callable[[Node], None]


def run_process(name: str, arguments: Sequence[str], work: Work) -> int:
    """Open the node and work; returns the exit code. One process of a name at a time: a second one waits."""
    parser = argparse.ArgumentParser(prog=f"watchkeep {name}")
    parser.add_argument(
        "--data", type=Path, help="the data folder; otherwise WATCHKEEP_DATA, else the user's"
    )
    asked = parser.parse_args(arguments[1:])
    if is_supervised(os.environ):
        live_with_parent()
    root = asked.data.absolute() if asked.data is not None else default_data(os.environ)
    paths = DataFolder(root)
    try:
        node = open_node(paths, machine=Machine())
        start_logging(name, node.settings.log.level)
        take_lock(paths.process_lock(name), waits=True)
        work(node)
        node.catalog.close()
    except WatchkeepError as error:
        print(f"watchkeep {name}: {error}", file=sys.stderr)
        return code_of(type(error))
    return DONE


def stop_on_signals(stop: Callable[[], None]) -> None:
    """Call stop on SIGTERM and Ctrl-C, once the work can be stopped."""

    def end(_number: int, _frame: object) -> None:
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
