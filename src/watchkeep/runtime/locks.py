"""One process of a kind for each data folder; a lock ends with its process, also by kill -9."""

import fcntl
import os
from pathlib import Path


def take_lock(path: Path, *, waits: bool) -> bool:
    """Hold the lock for the rest of this process's life.

    Args:
        path: The lock file, made if missing; it then holds our process id.
        waits: Wait for whoever has it (a predecessor that is just stopping), or answer False at once.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return True  # the descriptor stays open on purpose


def is_held(path: Path) -> bool:
    """Say whether some process holds the lock now."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def holder(path: Path) -> str:
    """The process id that the lock file holds, "unknown" if none."""
    try:
        return path.read_text().strip() or "unknown"
    except OSError:
        return "unknown"
