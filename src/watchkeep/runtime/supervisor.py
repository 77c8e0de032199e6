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
from watchkeep.runtime.data_folder import DataFolder, recorder_name
from watchkeep.runtime.embedded_postgres import EmbeddedPostgres
from watchkeep.runtime.erasing import erase_again
from watchkeep.runtime.house_wiring import build_house
from watchkeep.runtime.locks import holder, take_lock
from watchkeep.runtime.shards import SHARE_ANEW, Sharing
from watchkeep.runtime.system import Machine
from watchkeep.runtime.telemetry import (
    forget_process,
    prepare_metrics_folder,
    serve_metrics,
    start_logging,
)
from watchkeep.runtime.token_file import remove_token
from watchkeep.runtime.web import (
    address_of,
    certificate_names,
    is_answering,
    openssl_environment,
    require_free,
)
from watchkeep.runtime.wiring import Node, ensure_node

log = logging.getLogger(__name__)

POLL_S = 0.2
LOOK_AT_WISHES_POLLS = 10
"""Every 2 s: is the demonstration wanted, does the database live?"""
STOP_CHILDREN_S = 7.0
"""Of the ten seconds that an orderly stop may take; the database has the rest."""
SERVING_WITHIN_S = 60.0

_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""The last comes when the terminal is closed."""

PROCESSES = ("keeper", "web")
"""Beside the recorders."""
ANALYST = "analyst"
ANALYST_SILENT_S = 20.0
"""An analyst that has not touched its beat for so long hangs, and is started again."""
RECORDER = recorder_name(0)
DEMONSTRATION = "demo-cameras"
RTSP = "rtsp"

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
        self._analyst_beat = self._analyst_heard_ns = 0
        self._restarts: Gauge | None = None
        self._sharing = Sharing(
            node.paths, fs=node.machine.fs, clock=self._clock, asked=node.settings.recording.processes
        )

    def stop(self) -> None:
        """End `run`; may be called from a signal handler."""
        self._stopping.set()

    def run(self, *, wants_demonstration: bool) -> None:
        """Start everything, look after it until stopped, end it in order."""
        node, settings = self._node, self._node.settings
        try:
            with _signals(self.stop):
                pair = certificates(
                    node.paths.tls, certificate_names(settings.web), fs=node.machine.fs, clock=self._clock
                )
                self._serve_metrics()
                if node.paths.plan.exists():
                    # Recording never waits: the last known cameras are enough to begin with.
                    self._start_recorders()
                token = self._start_catalog(wants_demonstration=wants_demonstration)
                self._start_recorders()
                for name in PROCESSES:
                    self._start(name)
                if settings.analysis.enabled:
                    self._start(ANALYST)
                if settings.rtsp.listen is not None:
                    self._start(RTSP)
                self._await_serving(pair, token)
                self._look_after()
        finally:
            self._end()

    def _serve_metrics(self) -> None:
        listen = self._node.settings.metrics.listen
        if listen is not None:
            registry = serve_metrics(listen, self._node.paths.metrics)
            self._restarts = Gauge(
                "watchkeep_process_restarts",
                "How often a process was started again",
                ["process"],
                registry=registry,
            )

    def _start_catalog(self, *, wants_demonstration: bool) -> Secret:
        if self._postgres is not None:
            self._terminal.step("starting the database")
            self._postgres.start()
        remove_token(self._node.paths, fs=self._node.machine.fs)
        token = claim_catalog(self._node, step=self._terminal.step)
        erase_again(self._node)
        if wants_demonstration:
            demo.switch(build_house(self._node), system_asking(), is_on=True)
        return token

    def _start_recorders(self) -> None:
        for shard in range(self._sharing.count):
            self._start(recorder_name(shard), "recorder", "--shard", str(shard))

    def _start(self, name: str, *arguments: str) -> None:
        """Start a process unless it is there; its arguments are its name if none are given."""
        if name in self._children:
            return
        paths = self._node.paths
        environment = {**self._metrics, **(openssl_environment() if name == "web" else {})}
        child = Child(
            ChildPlan(
                name=name,
                arguments=[*(arguments or [name]), "--data", str(paths.root)],
                environment=environment,
            ),
            clock=self._clock,
            pid_folder=paths.run,
            on_death=lambda pid: forget_process(pid, paths.metrics),
        )
        self._children[name] = child
        child.start()

    def _await_serving(self, pair: Certificates, token: Secret) -> None:
        web = self._node.settings.web
        self._terminal.step("starting the page")
        deadline_ns = self._clock.monotonic_ns() + int(SERVING_WITHIN_S * 1e9)
        while not self._stopping.wait(POLL_S / 2):
            self._look_after_children()
            if is_answering(web.listen):
                self._terminal.serving(Serving(address=address_of(web), certificates=pair, token=token))
                return
            if self._clock.monotonic_ns() > deadline_ns:
                raise Unavailable(
                    f"the page did not start within {SERVING_WITHIN_S:.0f} s; the lines above say why"
                )

    def _look_after(self) -> None:
        polls = 0
        while not self._stopping.wait(POLL_S):
            self._look_after_children()
            polls += 1
            if polls % LOOK_AT_WISHES_POLLS == 0:
                self._look_after_database()
                self._look_after_analyst()
                self._look_at_load()
                self._look_at_demonstration()

    def _look_after_children(self) -> None:
        for name, child in self._children.items():
            child.look_after()
            if self._restarts is not None:
                self._restarts.labels(name).set(child.restarts)

    def _look_after_database(self) -> None:
        if self._postgres is None or self._postgres.is_running():
            return
        log.warning("database died, starting it again")
        try:
            self._postgres.start()
        except (WatchkeepError, OSError) as error:
            log.warning("database did not start", extra={"error": str(error)})

    def _look_after_analyst(self) -> None:
        """End an analyst that hangs; it is started again like one that died."""
        analyst = self._children.get(ANALYST)
        if analyst is None or not analyst.is_running:
            return
        now_ns = self._clock.monotonic_ns()
        try:
            beat = self._node.paths.analyst_beat.stat().st_mtime_ns
        except FileNotFoundError:
            beat = 0
        if beat != self._analyst_beat or not analyst.has_lived(ANALYST_SILENT_S):
            self._analyst_beat, self._analyst_heard_ns = beat, now_ns
        elif now_ns - self._analyst_heard_ns > ANALYST_SILENT_S * 1e9:
            log.warning("analyst hangs, starting it again")
            self._analyst_heard_ns = now_ns
            analyst.kill()

    def _look_at_load(self) -> None:
        """Start another recorder when the streams are too many; the others let go of its share first."""
        try:
            has_grown = self._sharing.look(self._node.catalog)
        except CatalogUnavailable:
            return
        if not has_grown:
            return
        log.info("streams are shared anew", extra={"recorders": self._sharing.count})
        for name, child in self._children.items():
            if name.startswith(RECORDER):
                child.tell(SHARE_ANEW)
        self._start_recorders()

    def _look_at_demonstration(self) -> None:
        try:
            is_wanted = is_demonstration_wanted(self._node)
        except CatalogUnavailable:
            return
        if is_wanted and DEMONSTRATION not in self._children:
            self._start(DEMONSTRATION)
        elif not is_wanted and DEMONSTRATION in self._children:
            child = self._children.pop(DEMONSTRATION)
            child.ask_to_stop()
            child.wait(STOP_CHILDREN_S)

    def _end(self) -> None:
        """End the children, the recorder before the cameras that it may be recording; the database last."""
        deadline_ns = self._clock.monotonic_ns() + int(STOP_CHILDREN_S * 1e9)
        cameras = self._children.pop(DEMONSTRATION, None)
        for group in (list(self._children.values()), [cameras] if cameras is not None else []):
            for child in group:
                child.ask_to_stop()
            for child in group:
                child.wait((deadline_ns - self._clock.monotonic_ns()) / 1e9)
        self._node.catalog.close()
        if self._postgres is not None:
            self._postgres.stop()
        log.info("stopped")


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
    """Wait for processes of a killed supervisor, which are just stopping; each holds its lock until then.

    Not for the analyst: recording never waits for it. A new one waits for the old one's end by itself.
    """
    recorders = paths.run.glob(f"{RECORDER}*.lock")
    for lock in sorted({*recorders, *map(paths.process_lock, (RECORDER, *PROCESSES))}):
        with machine.fs.locked(lock):
            pass


@contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    def end(_number: int, _frame: object) -> None:
        stop()

    before = {number: signal.signal(number, end) for number in _ENDING}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
