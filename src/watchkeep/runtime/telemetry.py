"""Logs and figures: what the processes say of themselves, without secrets."""

import json
import logging
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from watchkeep.domain.camera import Secret
from watchkeep.domain.errors import Conflict
from watchkeep.runtime.config import LogLevel
from watchkeep.runtime.units import ListenAddress

METRICS_FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Read by prometheus_client when it is imported."""

_STANDARD_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "color_message",  # uvicorn's phrase once more, for terminals
}
_SECRET_NAMES = re.compile(r"passw|secret|token|passphrase|authorization|cookie|dsn", re.IGNORECASE)
_USER_INFO = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^/\s@]*@", re.IGNORECASE)
_PARAMETER = re.compile(
    r"(?P<name>(?:password|passwd|pwd|token|secret)\s*[=:]\s*)[^\s&,;'\"]+", re.IGNORECASE
)
_MASK = "•••"


def mask(text: str) -> str:
    """The text without user and password of any address in it, and without password=… parts."""
    return _PARAMETER.sub(rf"\g<name>{_MASK}", _USER_INFO.sub(rf"\g<scheme>{_MASK}@", text))


class MaskingFilter(logging.Filter):
    """Masks what might be a secret, in the phrase, the arguments, the fields and the traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; let it pass."""
        record.msg = mask(record.getMessage())
        record.args = None
        for name, value in list(vars(record).items()):
            if name in _STANDARD_FIELDS:
                continue
            setattr(record, name, _masked(name, value))
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = mask(record.exc_text)
        return True


class JsonLines(logging.Formatter):
    """One JSON object a line: at, level, process, logger, phrase, then the fields."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "phrase": record.getMessage(),
            **_fields(record),
        }
        if record.exc_text:
            line["traceback"] = record.exc_text
        return json.dumps(line, default=str, ensure_ascii=False)


class PlainLines(logging.Formatter):
    """A line for a person: time, level, process, phrase, fields as name=value."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        at = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        fields = "".join(f"  {name}={value}" for name, value in _fields(record).items())
        line = f"{at} {record.levelname.lower():7} {self._process}: {record.getMessage()}{fields}"
        return f"{line}\n{record.exc_text}" if record.exc_text else line


def start_logging(process: str, level: LogLevel, *, stream: TextIO | None = None) -> None:
    """Send everything to standard error: plain on a terminal, else JSON lines. Replaces earlier handlers."""
    target = stream or sys.stderr
    handler = logging.StreamHandler(target)
    handler.setFormatter(PlainLines(process) if target.isatty() else JsonLines(process))
    handler.addFilter(MaskingFilter())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.value.upper())
    # A line for each request would hold what people watched; the audit is the place for that.
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
    # The queue tells of each job in words of its own, its pool of each try; we tell once.
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)


def prepare_metrics_folder(folder: Path) -> Mapping[str, str]:
    """Empty the folder of the children's figures; returns what their environment needs."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in folder.glob("*.db"):
        old.unlink()
    return {METRICS_FOLDER_VARIABLE: str(folder)}


def serve_metrics(listen: ListenAddress, folder: Path) -> CollectorRegistry:
    """Serve the figures of all children under /metrics; returns the registry for the caller's own figures.

    Raises:
        Conflict: The port is taken.
    """
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]  # untyped there
    try:
        start_http_server(listen.port, addr=listen.host, registry=registry)
    except OSError as error:
        raise Conflict(
            f"metrics.listen {listen} cannot be used ({error.strerror}); stop what listens there, or "
            "change it in watchkeep.yaml",
            listen=str(listen),
        ) from error
    return registry


def forget_process(pid: int, folder: Path) -> None:
    """Take a dead child's live gauges out of the figures; its counters stay."""
    mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]  # untyped there


def _fields(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD_FIELDS}


def _masked(name: str, value: object) -> object:
    if isinstance(value, Secret) or (_SECRET_NAMES.search(name) and value):
        return _MASK
    return mask(value) if isinstance(value, str) else value
