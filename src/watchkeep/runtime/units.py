"""Quantities as people write them in watchkeep.yaml: "60 s", "5 GiB", "5 %", "127.0.0.1:8443"."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address

from watchkeep.domain.tier import DailyHours, Reserve

_QUANTITY = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z%]*)\s*")
_HOURS = re.compile(r"\s*(\d\d):([0-5]\d)\s*[-–]\s*(\d\d):([0-5]\d)\s*")
_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {
    "B": 1,
    "KiB": 1 << 10,
    "MiB": 1 << 20,
    "GiB": 1 << 30,
    "TiB": 1 << 40,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenAddress:
    """Where a server listens: a numeric address or "localhost", and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_duration(text: object) -> timedelta:
    """Read "60 s", "500 ms", "2 min", "1.5 h", "30 d"; ValueError with the cure."""
    number, unit = _split(text, example="60 s", units=_SECONDS)
    return timedelta(seconds=number * _SECONDS[unit])


def format_duration(length: timedelta) -> str:
    """Write a duration with the largest unit that leaves a whole number."""
    seconds = length.total_seconds()
    for unit in ("d", "h", "min", "s"):
        if seconds >= _SECONDS[unit] and seconds % _SECONDS[unit] == 0:
            return f"{int(seconds / _SECONDS[unit])} {unit}"
    return f"{round(seconds * 1000)} ms"


def parse_reserve(text: object) -> Reserve:
    """Read "5 GiB" or "5 %"; ValueError with the cure."""
    number, unit = _split(text, example="5 GiB", units={**_BYTES, "%": 1})
    if unit == "%":
        if number >= 100:
            raise ValueError(f"{text!r} leaves no room for footage; write less than 100 %")
        return Reserve(share=number / 100)
    return Reserve(size_bytes=int(number * _BYTES[unit]))


def format_reserve(reserve: Reserve) -> str:
    """Write a reserve as it is read."""
    return f"{reserve.share * 100:g} %" if reserve.share else format_size(reserve.size_bytes)


def parse_size(text: object) -> int:
    """Read "10 TB" or "512 MiB"; ValueError with the cure."""
    number, unit = _split(text, example="10 TB", units=_BYTES)
    return int(number * _BYTES[unit])


def parse_rate(text: object) -> int:
    """Read "50 MB/s", bytes a second; ValueError with the cure."""
    bare = text.strip().removesuffix("/s") if isinstance(text, str) else text
    number, unit = _split(bare, example="50 MB/s", units=_BYTES)
    if number == 0:
        raise ValueError(f"{text!r} would move nothing; write more, or null for no limit")
    return int(number * _BYTES[unit])


def parse_hours(text: object) -> DailyHours:
    """Read "22:00-06:00"; ValueError with the cure."""
    found = _HOURS.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"{text!r} are no hours; write for example 22:00-06:00")
    start, end = (int(found[at]) * 60 + int(found[at + 1]) for at in (1, 3))
    return DailyHours(start_minute=start, end_minute=end)


def format_size(size_bytes: int) -> str:
    """Write a size in the largest binary unit that fits, with at most one decimal."""
    for unit in ("TiB", "GiB", "MiB", "KiB"):
        if size_bytes >= _BYTES[unit]:
            return f"{round(size_bytes / _BYTES[unit], 1):g} {unit}"
    return f"{size_bytes} B"


def parse_listen(text: object) -> ListenAddress:
    """Read "127.0.0.1:8443" or "[::1]:8443"; ValueError with the cure."""
    if not isinstance(text, str) or ":" not in text:
        raise ValueError(f"{text!r} is not an address and a port; write for example 127.0.0.1:8443")
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise ValueError(f"{port!r} is no port; write a number from 1 to 65535")
    if host != "localhost":
        try:
            ip_address(host)
        except ValueError:
            raise ValueError(
                f"{host!r} is no address of this machine; write 127.0.0.1 for this machine only, "
                "or 0.0.0.0 for every network"
            ) from None
    return ListenAddress(host=host, port=int(port))


def _split(text: object, *, example: str, units: Collection[str]) -> tuple[float, str]:
    found = _QUANTITY.fullmatch(text) if isinstance(text, str) else None
    if found is None or found[2] not in units:
        if isinstance(text, (int, float)) or (found is not None and not found[2]):
            raise ValueError(f"{text} has no unit; write for example {example}")
        raise ValueError(f"{text!r} is no quantity; write for example {example} (units: {', '.join(units)})")
    return float(found[1]), found[2]
