"""Real S3-compatible servers on this machine: SeaweedFS from its PyPI wheel, and moto's."""

import hashlib
import hmac
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from watchkeep.domain.camera import Secret
from watchkeep.storage.blobs.bucket import Bucket

ACCESS, SECRET = "watchkeep", "a secret for tests"
PATIENCE_S = 60


def weed() -> Path | None:
    """SeaweedFS's program, beside this Python or where WATCHKEEP_TEST_WEED says."""
    named = os.environ.get("WATCHKEEP_TEST_WEED")
    beside = Path(sysconfig.get_path("scripts")) / "weed"
    found = named or (beside if beside.exists() else shutil.which("weed"))
    return None if found is None else Path(found)


def free_port() -> int:
    """One whose neighbour 10,000 above is free too: SeaweedFS takes that for gRPC."""
    for _ in range(100):
        with socket.socket() as low, socket.socket() as high:
            low.bind(("127.0.0.1", 0))
            port: int = low.getsockname()[1]
            if port + 10_000 > 65_535:
                continue
            with suppress(OSError):
                high.bind(("127.0.0.1", port + 10_000))
                return port
    raise AssertionError("no two free ports")


@dataclass
class Server:
    """A server that can be killed and started again on the same files and ports."""

    command: list[str]
    endpoint: str
    log: Path
    process: subprocess.Popen[bytes] | None = None
    environment: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, **self.environment},
            )
        deadline = time.monotonic() + PATIENCE_S
        while not self._answers():
            assert self.process.poll() is None, self.log.read_text()[-2000:]
            assert time.monotonic() < deadline, self.log.read_text()[-2000:]
            time.sleep(0.1)

    def kill(self) -> None:
        """As kill -9."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def bucket(self, name: str, *, prefix: str = "", endpoint: str | None = None) -> Bucket:
        return Bucket(
            bucket=name,
            endpoint=endpoint or self.endpoint,
            prefix=prefix,
            access_key=Secret(ACCESS),
            secret_key=Secret(SECRET),
        )

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(self.endpoint, timeout=2)
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True


@contextmanager
def seaweedfs(root: Path, program: Path, *, buckets: tuple[str, ...] = ("footage",)) -> Iterator[Server]:
    """One process: master, volume server, filer and S3 gateway, which it does not tell anybody about."""
    root.mkdir(parents=True, exist_ok=True)
    keys = {"credentials": [{"accessKey": ACCESS, "secretKey": SECRET}]}
    actions = {"name": "tests", "actions": ["Admin", "Read", "List", "Tagging", "Write"]}
    (root / "s3.json").write_text(json.dumps({"identities": [{**actions, **keys}]}))
    (root / "data").mkdir(exist_ok=True)
    master, volume, filer, s3 = (free_port() for _ in range(4))
    command = [
        str(program),
        "server",
        f"-dir={root / 'data'}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-master.port={master}",
        "-master.volumeSizeLimitMB=64",
        "-master.telemetry=false",
        f"-volume.port={volume}",
        "-volume.max=40",
        "-filer",
        f"-filer.port={filer}",
        "-s3",
        f"-s3.port={s3}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        f"-s3.config={root / 's3.json'}",
    ]
    server = Server(command, f"http://127.0.0.1:{s3}", root / "log")
    server.start()
    try:
        for bucket in buckets:
            make_bucket(server, bucket)
        yield server
    finally:
        server.kill()


@contextmanager
def moto(root: Path, *, buckets: tuple[str, ...] = ("footage",)) -> Iterator[Server]:
    """moto's server, which keeps everything in memory."""
    root.mkdir(parents=True, exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = Server(command, f"http://127.0.0.1:{port}", root / "log")
    server.start()
    try:
        for bucket in buckets:
            make_bucket(server, bucket)
        yield server
    finally:
        server.kill()


def make_bucket(server: Server, name: str) -> None:
    """Make a bucket by a signed request of our own: the product never makes one."""
    signed_put(server.endpoint, name)


def signed_put(endpoint: str, bucket: str) -> None:
    """PUT /bucket with AWS signature version 4, by the standard library alone."""
    host = endpoint.removeprefix("http://")
    deadline = time.monotonic() + PATIENCE_S
    while True:
        now = datetime.now(UTC)
        stamp, day = f"{now:%Y%m%dT%H%M%SZ}", f"{now:%Y%m%d}"
        empty = hashlib.sha256(b"").hexdigest()
        headers = f"host:{host}\nx-amz-content-sha256:{empty}\nx-amz-date:{stamp}\n"
        signed = "host;x-amz-content-sha256;x-amz-date"
        canonical = f"PUT\n/{bucket}\n\n{headers}\n{signed}\n{empty}"
        scope = f"{day}/us-east-1/s3/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = f"AWS4{SECRET}".encode()
        for part in (day, "us-east-1", "s3", "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        request = urllib.request.Request(f"{endpoint}/{bucket}", method="PUT")
        request.add_header("x-amz-date", stamp)
        request.add_header("x-amz-content-sha256", empty)
        request.add_header(
            "Authorization",
            f"AWS4-HMAC-SHA256 Credential={ACCESS}/{scope}, SignedHeaders={signed}, Signature={signature}",
        )
        try:
            urllib.request.urlopen(request, timeout=10).close()
        except urllib.error.HTTPError as error:
            if error.code == 409:
                return
            # A gateway answers before its filer does.
            if (error.code < 500 and error.code != 404) or time.monotonic() > deadline:
                raise
            time.sleep(0.3)
        else:
            return
