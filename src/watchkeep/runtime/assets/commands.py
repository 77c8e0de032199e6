"""Runs the programs that fetch packages, in a folder of their own."""

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from watchkeep.domain.clock import Clock
from watchkeep.domain.errors import Unavailable
from watchkeep.domain.fs import Fs

_LOOK_EVERY_S = 0.2
_LIMIT_S = 15 * 60


@contextmanager
def emptied(folder: Path, fs: Fs) -> Iterator[Path]:
    """An empty folder, removed afterwards; what a killed process left there is removed first."""
    shutil.rmtree(folder, ignore_errors=True)
    fs.make_directories(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(command: Sequence[str], *, folder: Path, clock: Clock, watch: Callable[[], None]) -> None:
    """Run a program to its end in the folder; watch is called several times a second.

    Its words are not kept: an index's address may hold a password.

    Raises:
        Unavailable: It is not installed, failed, or took more than 15 minutes.
    """
    deadline_ns = clock.monotonic_ns() + _LIMIT_S * 1_000_000_000
    with _started(command, folder, subprocess.DEVNULL) as process:
        while (status := _wait(process)) is None:
            watch()
            if clock.monotonic_ns() > deadline_ns:
                raise Unavailable(f"{_name(command)} did not end within 15 minutes.")
    if status:
        raise Unavailable(f"{_name(command)} failed with status {status}.", status=status)


@contextmanager
def output_of(command: Sequence[str], *, folder: Path) -> Iterator[IO[bytes]]:
    """What a program writes; it is ended when the block ends.

    Raises:
        Unavailable: It is not installed.
    """
    with _started(command, folder, subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101  # for the type checker: it was asked for
        yield process.stdout


@contextmanager
def _started(command: Sequence[str], folder: Path, output: int) -> Iterator[subprocess.Popen[bytes]]:
    try:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL
        )
    except OSError as error:
        raise Unavailable(f"{_name(command)} is not on this machine.", program=command[0]) from error
    with process:
        try:
            yield process
        finally:
            process.kill()


def _wait(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(_LOOK_EVERY_S)
    except subprocess.TimeoutExpired:
        return None


def _name(command: Sequence[str]) -> str:
    return "pip" if command[1:3] == ["-m", "pip"] else Path(command[0]).name
