"""What the system says of its clock and its zone."""

import ctypes
import os
from pathlib import Path

_TIMEX_BYTES = 256
"""More than struct timex has anywhere (208 bytes on Linux)."""
_TIME_ERROR = 5
"""adjtimex(2): the clock is not synchronised."""


def clock_is_synchronised() -> bool | None:
    """Ask the kernel; None where it does not say (not Linux, or forbidden in a container)."""
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    if adjtimex is None:
        return None
    state = adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))  # modes 0: only reads
    return None if state < 0 else bool(state != _TIME_ERROR)


def machine_zone() -> str:
    """The machine's IANA zone, "UTC" if it is not to be found."""
    if named := os.environ.get("TZ", "").removeprefix(":"):
        candidate = named
    else:
        candidate = str(Path("/etc/localtime").resolve()).partition("/zoneinfo/")[2]
    is_there = (
        candidate and not candidate.startswith("/") and Path("/usr/share/zoneinfo", candidate).is_file()
    )
    return candidate if is_there and candidate not in ("Etc/UTC", "localtime") else "UTC"
