"""`watchkeep run`: starts the node's processes, keeps them alive, and ends them in order."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import Gauge

from watchkeep.application import demo
from watchkeep.application.asking import system_asking
from watchkeep.domain.camera import Secret
from watchkeep.domain.errors import CatalogUnavailable, Conflict, Unavailable, WatchkeepError
from watchkeep.runtime.catalog_start import claim_catalog, is_demonstration_wanted
from watchkeep.runtime.certificates import Certificates, certificates
from watchkeep.runtime.children import Child, ChildPlan
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.embedded_postgres import EmbeddedPostgres
from watchkeep.runtime.house_wiring import build_house
from watchkeep.runtime.locks import holder, take_lock
from watchkeep.runtime.system import Machine
from watchkeep.runtime.telemetry import (
    forget_process,
    prepare_metrics_folder,
    serve_metrics,
    start_logging,
)
from watchkeep.runtime.token_file import remove_token
from watchkeep.runtime.web import address_of, certificate_names, is_answering, openssl_environment, require_free
from watchkeep.runtime.wiring import Node, ensure_node

log = logging.getLogger(__name__)

POLL_S = 0.2
LOOK_AT_WISHES_POLLS = 10
"""Every 2 s: is the demonstration wanted, does the database live?"""
STOP_CHILDREN_S = 7.0
"""Of the ten seconds that an orderly stop may take; the database has the rest."""
SERVING_WITHIN_S = 60.0

PROCESSES = ("recorder", "keeper", "web")
DEMONSTRATION = "demo-cameras"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What a person needs once the node serves.

    Attributes:
        token: Single-use, for the first administrator; empty when there is one already.
    """

    address: str
    certificates: Certificates
    token: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """Where the supervisor speaks to the person who started it; never a log.

    Attributes:
        step: A slow step begins.
        serving: The node serves now.
    """

    step: Say
    serving: Callable[[Serving], None]


class Supervisor:
    """One node's processes. Made by `run`."""

    def __init__(self, node: Node, *, terminal: Terminal) -> None:
        self._node = node
        self._terminal = terminal
        self._clock = node.machine.clock
        self._stopping = threading.Event()
        self._children: dict[str, Child] = {}
        self._postgres = (
            None if node.settings.database.dsn else EmbeddedPostgres(node.paths.database, clock=self._clock)
        )
        self._metrics = prepare_metrics_folder(node.paths.metrics)
        self._restarts: Gauge | None = None

    def stop(self) -> None:
        """End `run`; may be called from a signal handler."""
        self._stopping.set()

    def run(paths: DataFolder, *, machine: Machine, terminal: Terminal, wants_demonstration: bool) -> None:
    """Run the node until SIGTERM or Ctrl-C.

    Raises:
        WatchkeepError: Whatever kept it from starting, as one sentence; nothing was overwritten.
    """
    if not paths.installation.exists():
        terminal.step(f"making the data folder {paths.root}")
    node = ensure_node(paths, machine=machine)
    start_logging("supervisor", node.settings.log.level)
    if not take_lock(paths.lock, waits=False):
        raise Conflict(
            f"another Watchkeep (process {holder(paths.lock)}) runs on {paths.root}; stop it, or name "
            "another folder with --data",
            path=str(paths.root),
        )
    _await_predecessors(paths, machine)
    require_free(node.settings.web.listen, "web.listen")
    Supervisor(node, terminal=terminal).run(wants_demonstration=wants_demonstration)


def _await_predecessors(paths: DataFolder, machine: Machine) -> None:
    """Wait for processes of a killed supervisor, which are just stopping; each holds its lock until then."""
    for name in PROCESSES:
        with machine.fs.locked(paths.process_lock(name)):
            pass


@contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    def end(_number: int, _frame: object) -> None:
        stop()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
