"""A small publisher on a loopback port: serves bytes, knows ranges, and can cut connections."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Publisher(ThreadingHTTPServer):
    """Serves `files`; the next `cuts` answers end after half of what they owe."""

    daemon_threads = True

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = files
        self.cuts = 0
        self.knows_ranges = True
        self.ranges: list[str | None] = []

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{name}"


class _Handler(BaseHTTPRequestHandler):
    server: Publisher

    def do_GET(self) -> None:
        content = self.server.files.get(self.path.strip("/"))
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        if content is None:
            self.send_error(404)
            return
        first = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.server.knows_ranges else 0
        if first >= len(content):
            self.send_error(416)
            return
        rest = content[first:]
        self.send_response(206 if first else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        if self.server.cuts:
            self.server.cuts -= 1
            rest = rest[: len(rest) // 2]
        self.wfile.write(rest)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def publishing(files: dict[str, bytes]) -> Iterator[Publisher]:
    with Publisher(files) as publisher:
        thread = threading.Thread(target=publisher.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield publisher
        finally:
            publisher.shutdown()
            thread.join()
