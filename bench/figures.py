"""Prints figures, one JSON line each, and remembers whether all hold."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

IS_QUICK = bool(os.environ.get("QUICK"))
RESULTS = Path(__file__).parent / "results"


class Figures:
    """What a bench has measured."""

    def __init__(self, bench: str) -> None:
        self._bench = bench
        self._lines: list[dict[str, object]] = []

    def add(
        self,
        name: str,
        value: float,
        unit: str,
        *,
        n: int,
        least: float | None = None,
        most: float | None = None,
        against: str = "",
    ) -> None:
        """Print a figure; it holds when it is within its limits, and is only told when it has none."""
        holds = (least is None or value >= least) and (most is None or value <= most)
        limit = f">= {least:g}" if least is not None else f"<= {most:g}" if most is not None else None
        line: dict[str, object] = {
            "name": f"{self._bench}.{name}",
            "value": round(value, 4),
            "unit": unit,
            "limit": limit,
            "holds": holds,
            "against": against,
            "n": n,
            "quick": IS_QUICK,
        }
        self._lines.append(line)
        print(json.dumps(line), flush=True)

    def end(self) -> int:
        """Keep a full run's figures with machine and commit; the exit code."""
        if not IS_QUICK:
            RESULTS.mkdir(exist_ok=True)
            where = {
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
                "machine": _machine(),
                "python": platform.python_version(),
                "commit": _commit(),
            }
            lines = [json.dumps(where), *(json.dumps(line) for line in self._lines)]
            (RESULTS / f"{self._bench}.jsonl").write_text("\n".join(lines) + "\n")
        return 0 if all(line["holds"] for line in self._lines) else 1


def _machine() -> str:
    cpu = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                cpu = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    return f"{cpu}, {os.cpu_count()} cores"


def _commit() -> str:
    asked = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
