"""A whole node for tests: `watchkeep run` as a child process on free ports and a folder of its own."""

import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ADMINISTRATOR = ("ada", "correct horse battery staple")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(condition: Callable[[], Any], *, seconds: float, what: str) -> Any:
    """Poll until the condition is truthy; the bound is for a broken program, not a measurement."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:g} s in vain for: {what}")
        time.sleep(0.1)


@dataclass
class NodeProcess:
    """A running node."""

    data: Path
    port: int
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    _administrator: httpx.Client | None = None

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def read_lines(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self.lines.append(line)  # seen by others as they come

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def client(self) -> httpx.Client:
        context = ssl.create_default_context(cafile=str(self.data / "tls" / "ca.pem"))
        return httpx.Client(
            base_url=f"{self.url}/api/v1",
            verify=context,
            timeout=30,
            headers={"Origin": self.url, "Sec-Fetch-Site": "same-origin"},
        )

    def wait_until_serving(self, *, seconds: float = 120) -> None:
        def is_serving() -> bool:
            if self.process.poll() is not None:
                raise AssertionError(f"the node ended with {self.process.returncode}:\n{self.text}")
            try:
                with self.client() as client:
                    return client.get("/session").status_code == 200
            except (httpx.TransportError, OSError):
                return False

        try:
            wait_until(is_serving, seconds=seconds, what="the page to be served")
        except AssertionError as error:
            raise AssertionError(f"{error}:\n{self.text}") from None

    def set_up_token(self) -> str:
        """Where no terminal is, the token waits in a file that only the owner reads."""
        path = self.data / "run" / "setup-token"
        wait_until(path.exists, seconds=20, what="the set-up token")
        return path.read_text().strip()

    def signed_in(self) -> httpx.Client:
        """A client of the administrator, who is made if there is none; the same at each call."""
        if self._administrator is not None:
            return self._administrator
        name, password = ADMINISTRATOR
        client = self.client()
        if client.get("/session").json()["needs_setup"]:
            answer = client.post(
                "/setup", json={"token": self.set_up_token(), "name": name, "password": password}
            )
        else:
            answer = client.post("/session", json={"name": name, "password": password})
        assert answer.status_code in (200, 201), answer.text
        self._administrator = client
        return client

    def sign_out(self) -> None:
        """Let go of the session, which may have idled too long."""
        if self._administrator is not None:
            self._administrator.close()
        self._administrator = None

    def children(self, word: str) -> list[int]:
        """Process ids below the node whose command line holds the word."""
        found = []
        for pid in _descendants(self.process.pid):
            with contextlib.suppress(OSError):
                arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
                if word in arguments:
                    found.append(pid)
        return found

    def kill_child(self, word: str) -> float:
        """SIGKILL; the Unix time at which it was sent."""
        pid = wait_until(lambda: self.children(word), seconds=30, what=f"a {word} process")[0]
        now = time.time()
        os.kill(pid, signal.SIGKILL)
        return now

    def stop(self) -> int:
        self.sign_out()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"the node did not stop within 30 s:\n{self.text}") from None
        return self.process.returncode


def _descendants(pid: int) -> list[int]:
    below: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                below += [int(child), *_descendants(int(child))]
    return below


def start_node(
    data: Path,
    *,
    settings: str = "",
    environment: dict[str, str] | None = None,
    program: Sequence[str] = ("-m", "watchkeep"),
) -> NodeProcess:
    """Start `watchkeep run`, or another program that takes its arguments; the caller waits and stops."""
    port = free_port()
    if not (data / "watchkeep.yaml").exists():
        data.mkdir(parents=True, exist_ok=True)
        text = f"web:\n  listen: 127.0.0.1:{port}\nmetrics:\n  listen: 127.0.0.1:{free_port()}\n{settings}"
        (data / "watchkeep.yaml").write_text(text)
    else:
        found = re.search(r"web:\n  listen: 127\.0\.0\.1:(\d+)", (data / "watchkeep.yaml").read_text())
        assert found is not None
        port = int(found.group(1))
    process = subprocess.Popen(
        [sys.executable, *program, "run", "--data", str(data)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
    )
    node = NodeProcess(data, port, process)
    threading.Thread(target=node.read_lines, daemon=True).start()
    return node


@contextlib.contextmanager
def running_node(data: Path, *, settings: str = "") -> Iterator[NodeProcess]:
    """A node that serves, stopped at the end."""
    node = start_node(data, settings=settings)
    try:
        node.wait_until_serving()
        yield node
    finally:
        node.stop()
