"""Every figure under /metrics is on the page, and the page names no other."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
KINDS = {"Gauge": "gauge", "Counter": "counter", "Histogram": "histogram"}


def in_the_source() -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    for path in (ROOT / "src/watchkeep").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS:
                if len(node.args) < 2:
                    continue  # a Counter of collections
                name = node.args[0]
                assert isinstance(name, ast.Constant)
                labels = next((len(each.elts) for each in node.args[2:] if isinstance(each, ast.List)), 0)
                found[str(name.value)] = (KINDS[node.func.id], labels)
    return found


def on_the_page() -> dict[str, tuple[str, int]]:
    text = (ROOT / "docs/reference/metrics.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]*)\|", text, re.MULTILINE)
    return {
        name: (kind, len([each for each in re.sub(r"\(.*?\)", "", labels).split(",") if each.strip()]))
        for name, kind, labels in rows
    }


def test_source_and_page_have_the_same_figures_kinds_and_labels() -> None:
    assert in_the_source()
    assert on_the_page() == in_the_source()
