"""From a picture to its event, on the demonstration cameras of an otherwise idle machine.

Two figures, both from the product's own histogram so to a tenth of a second: from the picture that decided
an event to the row that everybody sees; and from a picture's capture to what was found in it.

    make bench-latency              (QUICK=1: the first events only)
"""

import re
import sys
import tempfile
import time
from pathlib import Path

import httpx

from figures import IS_QUICK, Figures
from system.node_process import NodeProcess, running_node, wait_until

EVENTS = 5 if IS_QUICK else 60
MOST_S = 45 if IS_QUICK else 900
LIMIT_S = 2.0
_BUCKET = re.compile(
    r'^(?P<name>\w+)_bucket\{.*?le="(?P<edge>[^"]+)".*?\} (?P<count>[\d.e+]+)$', re.MULTILINE
)


def histogram(node: NodeProcess, name: str) -> list[tuple[float, float]]:
    """Upper edges, seconds, and how many are below each."""
    settings = (node.data / "watchkeep.yaml").read_text()
    listen = re.search(r"metrics:\n  listen: (\S+)", settings)
    assert listen is not None
    text = httpx.get(f"http://{listen.group(1)}/metrics", timeout=10).text
    found = [(float(m["edge"]), float(m["count"])) for m in _BUCKET.finditer(text) if m["name"] == name]
    return sorted(found)


def quantile(buckets: list[tuple[float, float]], share: float) -> float:
    """The upper edge of the bucket that holds the quantile: never better than the truth."""
    total = buckets[-1][1]
    return next(edge for edge, count in buckets if count >= share * total)


def main() -> int:
    """Run it."""
    figures = Figures("latency")
    with tempfile.TemporaryDirectory() as folder, running_node(Path(folder) / "data") as node:
        began = time.monotonic()
        node.signed_in().post("/demo", json={"on": True}).raise_for_status()

        def is_enough() -> bool:
            found = histogram(node, "watchkeep_event_latency_seconds")
            is_over = time.monotonic() - began > MOST_S
            return bool(found) and (found[-1][1] >= EVENTS or (is_over and found[-1][1] > 0))

        wait_until(is_enough, seconds=MOST_S + 60, what=f"{EVENTS} events")
        model = node.signed_in().get("/detector").json()["model"]
        for name, metric in (
            ("picture_to_event", "watchkeep_event_latency_seconds"),
            ("picture_to_look", "watchkeep_look_latency_seconds"),
        ):
            buckets = histogram(node, metric)
            n = int(buckets[-1][1])
            most = LIMIT_S if name == "picture_to_event" else None
            figures.add(f"{name}.p50", quantile(buckets, 0.50), "s, upper edge", n=n, against=model)
            figures.add(
                f"{name}.p95", quantile(buckets, 0.95), "s, upper edge", n=n, most=most, against=model
            )
    return figures.end()


if __name__ == "__main__":
    sys.exit(main())
