"""`watchkeep run` for real: it serves, restarts what dies, ends in order, and refuses in one sentence."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from system.node_process import NodeProcess, running_node, start_node, wait_until
from watchkeep.runtime.units import parse_listen

pytestmark = pytest.mark.slow

SUITES = {"TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    with running_node(tmp_path_factory.mktemp("node") / "data") as running:
        yield running


def s_client(node: NodeProcess, *options: str) -> subprocess.CompletedProcess[str]:
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{node.port}", *options]
    ca = ["-CAfile", str(node.data / "tls" / "ca.pem"), "-verify_return_error", "-verify_ip", "127.0.0.1"]
    return subprocess.run([*command, *ca], input="", capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.tools
@pytest.mark.parametrize("suite", sorted(SUITES))
def test_each_of_the_two_suites_is_accepted(node: NodeProcess, suite: str) -> None:
    answer = s_client(node, "-tls1_3", "-ciphersuites", suite)

    assert answer.returncode == 0, answer.stderr
    assert f"Cipher is {suite}" in answer.stdout


@pytest.mark.tools
@pytest.mark.parametrize(
    "options",
    [
        ("-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256"),
        ("-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_SHA256"),
        ("-tls1_2",),
        ("-tls1_2", "-cipher", "ALL:@SECLEVEL=0"),
    ],
    ids=" ".join,
)
def test_everything_else_is_refused(node: NodeProcess, options: tuple[str, ...]) -> None:
    answer = s_client(node, *options)

    assert answer.returncode != 0
    assert "Cipher is (NONE)" in answer.stdout, answer.stdout + answer.stderr
    assert "no peer certificate available" in answer.stdout


def test_the_token_is_in_a_file_for_its_owner_and_in_no_log(node: NodeProcess) -> None:
    token = node.set_up_token()
    path = node.data / "run" / "setup-token"

    assert path.stat().st_mode & 0o077 == 0
    assert token not in node.text
    assert str(path) in node.text


def test_the_fingerprint_shown_is_that_of_the_authority(node: NodeProcess) -> None:
    command = ["openssl", "x509", "-in", str(node.data / "tls/ca.pem"), "-noout", "-fingerprint", "-sha256"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert said.partition("=")[2] in node.text


def test_figures_of_all_processes_are_served(node: NodeProcess) -> None:
    settings = (node.data / "watchkeep.yaml").read_text()
    found = re.search(r"metrics:\n  listen: (\S+)", settings)
    assert found is not None
    listen = parse_listen(found[1])

    def figures() -> str:
        with socket.create_connection((listen.host, listen.port)) as connection:
            connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            return b"".join(iter(lambda: connection.recv(65536), b"")).decode()

    for name in ("watchkeep_streams", "watchkeep_volume_free_bytes", "watchkeep_process_restarts"):
        wait_until(lambda name=name: name in figures(), seconds=60, what=name)


def test_a_second_watchkeep_on_the_same_folder_is_refused(node: NodeProcess) -> None:
    command = [sys.executable, "-m", "watchkeep", "run", "--data", str(node.data)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 6
    assert f"another Watchkeep (process {node.process.pid}) runs on" in done.stderr


@pytest.mark.parametrize("word", ["keeper", "web", "recorder"])
def test_a_killed_child_is_started_again(node: NodeProcess, word: str) -> None:
    (before,) = node.children(word)
    os.kill(before, signal.SIGKILL)

    wait_until(lambda: node.children(word) not in ([], [before]), seconds=60, what=f"another {word}")
    if word == "web":
        node.wait_until_serving()


def test_when_memory_runs_out_the_analyst_goes_before_the_page_and_the_recorder_last(
    node: NodeProcess,
) -> None:
    def place(word: str) -> int:
        pid = wait_until(lambda: node.children(word), seconds=30, what=f"the {word}")[0]
        return int(Path(f"/proc/{pid}/oom_score_adj").read_text())

    ours = int(Path("/proc/self/oom_score_adj").read_text())
    wait_until(
        lambda: place("analyst") > place("web") > place("keeper") > place("recorder") == ours,
        seconds=10,
        what="the processes in this order",
    )


def test_the_command_line_works_beside_the_running_one(node: NodeProcess) -> None:
    command = [
        sys.executable,
        "-m",
        "watchkeep",
        "doctor",
        "--depth",
        "full",
        "--json",
        "--data",
        str(node.data),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["is_clean"] is True


def test_an_occupied_port_is_one_sentence_and_nothing_is_left_running(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (tmp_path / "watchkeep.yaml").write_text(f"web:\n  listen: 127.0.0.1:{port}\n")
        command = [sys.executable, "-m", "watchkeep", "run", "--data", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 6
    assert f"web.listen 127.0.0.1:{port} cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_passphrase_is_one_sentence(tmp_path: Path) -> None:
    node = start_node(
        tmp_path,
        settings="keystore:\n  provider: passphrase\n",
        environment={"WATCHKEEP_PASSPHRASE": "right"},
    )
    try:
        node.wait_until_serving()
    finally:
        assert node.stop() == 0
    wrong = start_node(tmp_path, environment={"WATCHKEEP_PASSPHRASE": "wrong"})

    assert wrong.process.wait(120) == 7
    wait_until(
        lambda: "passphrase does not open this keystore" in wrong.text, seconds=10, what="the sentence"
    )
    assert "Traceback" not in wrong.text


def test_it_ends_in_order_within_ten_seconds_and_starts_again_quickly(tmp_path: Path) -> None:
    with running_node(tmp_path) as node:
        below = psutil.Process(node.process.pid).children(recursive=True)
        assert len(below) >= 4
        began = time.monotonic()
        assert node.stop() == 0
        # The promise is ten seconds on a quiet machine; the kill that would follow comes later.
        assert time.monotonic() - began < 30
        assert not [process for process in below if process.is_running() and process.status() != "zombie"]
    with running_node(tmp_path) as again:
        assert "bringing the catalog up to date" not in again.text


def test_nothing_outlives_a_killed_supervisor_and_the_next_start_works(tmp_path: Path) -> None:
    node = start_node(tmp_path)
    node.wait_until_serving()
    below = psutil.Process(node.process.pid).children(recursive=True)
    node.process.kill()
    node.process.wait()

    psutil.wait_procs(below, timeout=60)
    assert not [process for process in below if process.is_running() and process.status() != "zombie"]
    with running_node(tmp_path):
        pass
