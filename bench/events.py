"""Events of a whole node against ground truth: real footage, through RTSP, default and stand-in weights.

One set of settings for all clips, fixed before the first run: the product's own defaults, the default rule on
the two Intel clips, and on vtest.avi one zone, the road, drawn before anything was measured.

    make bench-events              (QUICK=1: one clip, default weights)
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import av
import psutil

from figures import IS_QUICK, Figures
from scoring import Score, Span, match, visits_of_ground_truth
from simulator_process import SimulatedCameras, simulated_cameras
from system.node_process import NodeProcess, running_node, wait_until
from watchkeep.processing import known_models
from watchkeep.runtime.assets.fetch import asset_places, fetch
from watchkeep.runtime.assets.manifest import ENTRANCE, SQUARE, STREET, Asset
from watchkeep.runtime.config import Settings
from watchkeep.runtime.system import SystemClock, SystemFs
from watchkeep.sources.simulator.preparation import ClipPlan, prepare_clips

ZONE = ((0.28, 0.42), (0.60, 0.37), (0.80, 0.42), (0.98, 0.58), (0.98, 0.76), (0.70, 0.68), (0.42, 0.56))
"""The road of vtest.avi: corners as shares of the picture."""
SETTLE_S = 8.0
"""An event may end so long after the footage that it is about."""
DEFAULT, STAND_IN = "default", "stand-in"


@dataclass(frozen=True)
class Case:
    """One clip and what is asked of it."""

    name: str
    asset: Asset
    kind: str
    least_overlap: float
    """Temporal IoU, or with a minus sign seconds of overlap."""


CASES = (
    Case("one-by-one", ENTRANCE, "object", 0.5),
    Case("street", STREET, "object", -1.0),
    Case("square", SQUARE, "zone_visit", 0.5),
)


def truth_of(case: Case, assets: Path) -> list[Span]:
    """Ground truth in seconds from the clip's start."""
    if case.asset is SQUARE:
        return visits_of_ground_truth(assets, ZONE)
    document = json.loads(next(assets.rglob(case.asset.name.replace(".mp4", ".events.json"))).read_text())
    rate = document["fps"]
    return [Span(each["start"] / rate, (each["end"] + 1) / rate) for each in document["presence"]]


@dataclass
class Played:
    """A case at the simulator."""

    case: Case
    clip: Path
    length_s: float
    camera: str = ""
    starts_at: float = 0.0


def prepare(cases: Sequence[Case], folder: Path, assets: Path) -> list[Played]:
    """Clips as a camera would send them."""
    places = asset_places(Settings(), {"WATCHKEEP_ASSETS": str(assets)})
    played = []
    for case in cases:
        source = fetch(case.asset.name, places, fs=SystemFs(), clock=SystemClock(), progress=lambda _: None)
        clip = folder / f"{case.name}.mp4"
        prepare_clips(source, [ClipPlan(target=clip)], fs=SystemFs(), progress=lambda _: None)
        with av.open(str(clip)) as container:
            stream = container.streams.video[0]
            assert stream.duration is not None
            assert stream.time_base is not None
            played.append(Played(case, clip, float(stream.duration * stream.time_base)))
    return played


@contextmanager
def node_with(
    played: Sequence[Played], cameras: SimulatedCameras, weights: str, folder: Path
) -> Iterator[NodeProcess]:
    """A node that looks at the clips with the named weights."""
    model = "" if weights == DEFAULT else f"  model: {known_models.STAND_IN.name}\n"
    settings = f"cameras:\n  simulator_ports: [{cameras.port}]\nanalysis:\n  enabled: true\n{model}"
    with running_node(folder / weights, settings=settings) as node:
        client = node.signed_in()
        for each in played:
            wish = {
                "name": each.case.name,
                "streams": [{"role": "main", "url": cameras.url(each.case.name), "record": True}],
            }
            answer = client.post("/cameras", json=wish)
            assert answer.status_code == 201, answer.text
            each.camera = answer.json()["id"]
            if each.case.kind == "zone_visit":
                rule = {
                    "name": "Zone",
                    "kind": "zone_visit",
                    "objects": ["person"],
                    "points": ZONE,
                    "severity": 1,
                }
                answer = client.post(f"/cameras/{each.camera}/rules", json=rule)
                assert answer.status_code == 201, answer.text

        def is_watching() -> bool:
            state = client.get("/detector").json()
            watching = [
                each
                for each in state["cameras"]
                if each["condition"] == "watching" and each["frames_analysed"]
            ]
            return state["phase"] == "ready" and len(watching) == len(played)

        wait_until(is_watching, seconds=180, what="the detector to watch every camera")
        yield node


def events_of(node: NodeProcess, each: Played, when: Span) -> list[Span]:
    """What the node tells of one loop of the clip, seconds from its start."""
    found: list[Span] = []
    cursor = None
    while True:
        asked = {"camera": each.camera, "kind": each.case.kind, "limit": "200"}
        if cursor:
            asked["cursor"] = cursor
        page = node.signed_in().get("/events", params=asked).json()
        for event in page["items"]:
            start = datetime.fromisoformat(event["started_at"]).timestamp()
            end = event["ended_at"]
            found.append(Span(start, datetime.fromisoformat(end).timestamp() if end else time.time()))
        cursor = page["next"]
        if not cursor:
            break
    inside = [span for span in found if (span.start + span.end) / 2 >= when.start and span.start < when.end]
    return sorted(Span(span.start - when.start, span.end - when.start) for span in inside)


def cpu_s(node: NodeProcess) -> float:
    """CPU seconds of analyst and decoder so far."""
    total = 0.0
    for word in ("analyst", "decoder"):
        for pid in node.children(word):
            times = psutil.Process(pid).cpu_times()
            total += times.user + times.system
    return total


def run_weights(
    weights: str, played: Sequence[Played], cameras: SimulatedCameras, figures: Figures, assets: Path
) -> None:
    """One loop of every clip."""
    with tempfile.TemporaryDirectory() as folder, node_with(played, cameras, weights, Path(folder)) as node:
        state = node.signed_in().get("/detector").json()
        if (weights == STAND_IN) != state["is_stand_in"]:
            raise SystemExit(f"asked for {weights} weights, the node runs {state['model']}")
        now = time.time() + 1
        for each in played:
            each.starts_at = now if IS_QUICK else (now // each.length_s + 1) * each.length_s
        began, began_cpu_s = time.time(), cpu_s(node)
        last = max(each.starts_at + each.length_s for each in played)
        time.sleep(max(last - time.time(), 0))
        camera_minutes = len(played) * (time.time() - began) / 60
        spent = (cpu_s(node) - began_cpu_s) / camera_minutes
        time.sleep(SETTLE_S)
        for each in played:
            report(weights, each, node, figures, assets)
        figures.add(
            f"{weights}.cpu", spent, "CPU s a camera-minute", n=round(camera_minutes), against=state["model"]
        )


def report(weights: str, each: Played, node: NodeProcess, figures: Figures, assets: Path) -> None:
    """Print what was found of a clip."""
    window = Span(each.starts_at, each.starts_at + each.length_s)
    truth = truth_of(each.case, assets)
    if IS_QUICK:
        # The clip is somewhere in the middle; what lies across the window's ends is left out.
        offset = each.starts_at % each.length_s
        shifted = [
            Span(t.start - offset + turn, t.end - offset + turn) for t in truth for turn in (0, each.length_s)
        ]
        truth = [t for t in shifted if t.start >= 0.5 and t.end <= each.length_s - 0.5]
    told = events_of(node, each, window)
    score: Score = match(truth, told, least_overlap=each.case.least_overlap)
    name, n = f"{weights}.{each.case.name}", len(truth)
    is_default = weights == DEFAULT
    if each.case.kind == "zone_visit":
        figures.add(f"{name}.f1", score.f1, "F1", n=n, least=0.80 if is_default else None)
        figures.add(f"{name}.precision", score.precision, "share", n=score.told)
        figures.add(f"{name}.recall", score.recall, "share", n=n)
    else:
        figures.add(f"{name}.found", score.found, "events", n=n, least=n if is_default else None)
        figures.add(f"{name}.false", score.false, "events", n=score.told, most=1 if is_default else None)
        figures.add(f"{name}.repeated", score.repeated, "events", n=score.told)
    print(
        json.dumps({"truth": [s.rounded() for s in truth], "told": [s.rounded() for s in told]}),
        file=sys.stderr,
    )


def main() -> int:
    """Run it."""
    assets = Path(os.environ["WATCHKEEP_ASSETS"])
    figures = Figures("events")
    cases = [case for case in CASES if case.asset is STREET] if IS_QUICK else list(CASES)
    with tempfile.TemporaryDirectory() as folder:
        played = prepare(cases, Path(folder), assets)
        with simulated_cameras({each.case.name: each.clip for each in played}) as cameras:
            for weights in [DEFAULT] if IS_QUICK else [DEFAULT, STAND_IN]:
                run_weights(weights, played, cameras, figures, assets)
    return figures.end()


if __name__ == "__main__":
    sys.exit(main())
