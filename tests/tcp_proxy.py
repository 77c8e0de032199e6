"""A TCP proxy of ours before an HTTP server: passes, slows, breaks off, answers errors."""

import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_ERROR = b"<Error><Code>SlowDown</Code></Error>"
UNAVAILABLE = (
    b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_ERROR), _ERROR)
)
LIFE_BYTES = 600_000
"""A connection of a faulty line lasts no longer: the next one meets new luck."""


class Proxy:
    """What it does to connections may change at any time.

    Attributes:
        bytes_per_second: Of each connection and direction; None for all at once.
        broken_share: Of connections, cut off early.
        error_share: Of connections, answered with 503.
    """

    def __init__(self, target: tuple[str, int], *, seed: int = 0) -> None:
        self._target = target
        self._chance = random.Random(seed)
        self._server = socket.create_server(("127.0.0.1", 0))
        self._is_open = True
        self._live: set[socket.socket] = set()
        self.bytes_per_second: int | None = None
        self.broken_share = 0.0
        self.error_share = 0.0
        self.broken = self.refused = self.passed = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def fail(self, *, bytes_per_second: int, broken_share: float, error_share: float) -> None:
        """From now on the line is slow and faulty; connections that stand are cut."""
        self.bytes_per_second = bytes_per_second
        self.broken_share, self.error_share = broken_share, error_share
        for each in list(self._live):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def heal(self) -> None:
        self.bytes_per_second, self.broken_share, self.error_share = None, 0.0, 0.0

    def close(self) -> None:
        self._is_open = False
        self._server.close()

    def _accept(self) -> None:
        while self._is_open:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            if self._chance.random() < self.error_share:
                self.refused += 1
                client.settimeout(5)
                with suppress(OSError):
                    client.recv(65_536)
                    client.sendall(UNAVAILABLE)
                return
            left: list[float] = [float("inf")]
            if self.broken_share:
                left[0] = self._chance.uniform(0, LIFE_BYTES)
                if self._chance.random() < self.broken_share:
                    left[0] /= 30
                    self.broken += 1
            try:
                server = socket.create_connection(self._target, timeout=10)
            except OSError:
                return  # as if nobody were there
            self.passed += 1
            self._live.add(client)
            with server:
                there = threading.Thread(target=self._pump, args=(client, server, left), daemon=True)
                there.start()
                self._pump(server, client, left)
                there.join(1)
            self._live.discard(client)

    def _pump(self, source: socket.socket, target: socket.socket, left: list[float]) -> None:
        try:
            source.settimeout(60)
            while data := source.recv(16_384):
                left[0] -= len(data)
                if left[0] < 0:
                    break
                if self.bytes_per_second is not None:
                    time.sleep(len(data) / self.bytes_per_second)
                target.sendall(data)
        except OSError:
            pass
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxied(url: str, *, seed: int = 0) -> Iterator[Proxy]:
    """A proxy before the server at an http:// address."""
    host, _, port = url.removeprefix("http://").partition(":")
    proxy = Proxy((host, int(port)), seed=seed)
    try:
        yield proxy
    finally:
        proxy.close()
