"""The processes of a node, as their supervisor sees them."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from watchkeep.domain.clock import Clock
from watchkeep.runtime.guard import SUPERVISED

log = logging.getLogger(__name__)

KILLED_FIRST = {"decoder": 900, "demo-cameras": 800, "analyst": 700, "web": 500, "keeper": 300}
"""Linux's oom_score_adj: who goes first when memory runs out. The recorder and the database are not named:
they keep what the system gave them, and go last."""

LONGEST_PAUSE_S = 30.0
SOUND_AFTER_S = 5.0
"""A child that lived so long is started again at once, as if it had never died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildPlan:
    """How to start a child: `watchkeep` arguments and what its environment has beside ours."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


def put_in_order(name: str, pid: int) -> None:
    """Tell the kernel which place a process has when memory runs out; nothing where it is not asked."""
    if name in KILLED_FIRST:
        with contextlib.suppress(OSError):  # not Linux, or the process is gone already
            Path(f"/proc/{pid}/oom_score_adj").write_text(f"{KILLED_FIRST[name]}\n")


class RestartPause:
    """How long to wait before a child is started again: at once, then 1, 2, 4 … 30 s."""

    def __init__(self) -> None:
        self._deaths = 0

    def after(self, lived_s: float) -> float:
        """Seconds to wait, given how long it lived this time."""
        if lived_s >= SOUND_AFTER_S:
            self._deaths = 0
        self._deaths += 1
        return 0.0 if self._deaths == 1 else float(min(2 ** (self._deaths - 2), LONGEST_PAUSE_S))


class Child:
    """One process that is kept alive until it is stopped."""

    def __init__(
        self, plan: ChildPlan, *, clock: Clock, pid_folder: Path, on_death: Callable[[int], None]
    ) -> None:
        self.plan = plan
        self.restarts = 0
        self._clock = clock
        self._pid_file = pid_folder / f"{plan.name}.pid"
        self._on_death = on_death
        self._pause = RestartPause()
        self._process: subprocess.Popen[bytes] | None = None
        self._started_ns = 0
        self._start_at_ns = 0
        self._is_stopping = False

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def has_lived(self, seconds: float) -> bool:
        """Whether the process was started at least so long ago."""
        return self._clock.monotonic_ns() - self._started_ns >= seconds * 1e9

    def kill(self) -> None:
        """End a process that hangs; `look_after` starts it again."""
        if self._process is not None and self.is_running:
            self._process.kill()

    def start(self) -> None:
        """Start the process; its standard input is our pipe, which closes when we die."""
        environment = {**os.environ, **self.plan.environment, SUPERVISED: "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "watchkeep", *self.plan.arguments],
            stdin=subprocess.PIPE,
            env=environment,
            # A Ctrl-C at the terminal is for us; we tell the children, in order.
            start_new_session=True,
        )
        put_in_order(self.plan.name, self._process.pid)
        self._started_ns = self._clock.monotonic_ns()
        self._is_stopping = False
        self._pid_file.write_text(f"{self._process.pid}\n")
        log.info("process started", extra={"child": self.plan.name, "pid": self._process.pid})

    def look_after(self) -> None:
        """Start the process again if it died and its pause is over."""
        if self._is_stopping or self.is_running:
            return
        now_ns = self._clock.monotonic_ns()
        if self._process is not None:
            status = self._process.returncode
            self._forget()
            pause_s = self._pause.after((now_ns - self._started_ns) / 1e9)
            self._start_at_ns = now_ns + int(pause_s * 1e9)
            log.warning(
                "process died",
                extra={"child": self.plan.name, "status": status, "restart_in_s": pause_s},
            )
        if now_ns >= self._start_at_ns:
            self.restarts += 1
            self.start()

    def tell(self, number: signal.Signals) -> None:
        """Send a signal, if the process lives."""
        if self._process is not None and self.is_running:
            self._process.send_signal(number)

    def ask_to_stop(self) -> None:
        """Send SIGTERM."""
        self._is_stopping = True
        self.tell(signal.SIGTERM)

    def wait(self, seconds: float) -> None:
        """Wait for the end; kill when the time is over."""
        if self._process is None:
            return
        try:
            self._process.wait(max(seconds, 0.0))
        except subprocess.TimeoutExpired:
            log.warning("process did not stop in time", extra={"child": self.plan.name})
            self._process.kill()
            self._process.wait()
        self._forget()

    def _forget(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        self._pid_file.unlink(missing_ok=True)
        self._on_death(process.pid)
