"""One sync for all files of a file system. Source: syncfs(2)."""

import ctypes
import os
from functools import cache
from pathlib import Path

_KNOWN = frozenset({"ext4", "xfs"})
"""These write and wait for all of it. Others, those in user space above all, may not ask the disk."""
_TELLS_ERRORS_SINCE = (5, 8)
"""The Linux whose syncfs says when a page could not be written."""
_MOUNTS = Path("/proc/self/mountinfo")


def sync_all(descriptor: int) -> bool:
    """Make all that was written to the descriptor's file system durable, whoever wrote it.

    Returns:
        False if it cannot be had or trusted here: then nothing was done.

    Raises:
        OSError: Something that was written since the descriptor was opened could not be made durable.
    """
    if not _is_trusted(os.fstat(descriptor).st_dev):
        return False
    library = ctypes.CDLL(None, use_errno=True)
    if library.syncfs(descriptor) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return True


@cache
def _is_trusted(disk: int) -> bool:
    if not hasattr(ctypes.CDLL(None), "syncfs") or _version(os.uname().release) < _TELLS_ERRORS_SINCE:
        return False
    try:
        mounts = _MOUNTS.read_text()
    except OSError:
        return False
    return kind_of(f"{os.major(disk)}:{os.minor(disk)}", mounts) in _KNOWN


def kind_of(disk: str, mounts: str) -> str:
    """The kind of file system on a disk "major:minor", by mountinfo; "" if it is not there.

    Source: proc_pid_mountinfo(5).
    """
    for line in mounts.splitlines():
        mount, _, rest = line.partition(" - ")
        fields = mount.split(" ")
        if len(fields) > 2 and fields[2] == disk:
            return rest.split(" ", 1)[0]
    return ""


def _version(release: str) -> tuple[int, int]:
    """Of Linux "6.1.0-12-amd64": 6, 1; 0, 0 if it is not told so."""
    major, _, rest = release.partition(".")
    minor = rest.partition(".")[0].partition("-")[0]
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else (0, 0)
