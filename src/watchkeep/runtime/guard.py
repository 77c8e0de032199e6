"""Children that die with their parent, and parents that know when a child is gone."""

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Mapping

SUPERVISED = "WATCHKEEP_SUPERVISED"
"""Set for children of the supervisor: standard input is a pipe that closes when the supervisor dies."""

_PR_SET_PDEATHSIG = 1


def is_supervised(environment: Mapping[str, str]) -> bool:
    """Say whether this process was started by the supervisor."""
    return environment.get(SUPERVISED) == "1"


def live_with_parent() -> None:
    """End this process by SIGTERM as soon as its parent is gone, however it died.

    Linux sends the signal itself; the pipe on standard input does the same everywhere, and also covers a
    parent that died before this call.
    """
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    threading.Thread(target=_watch_input, name="guard", daemon=True).start()


def _watch_input() -> None:
    descriptor = sys.stdin.fileno()
    while os.read(descriptor, 64):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
