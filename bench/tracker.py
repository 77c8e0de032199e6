"""The tracker on public detections with ground truth: three static cameras, 1,045 frames.

Also at about 3.5 frames a second. Run it with `make bench-tracker`; needs WATCHKEEP_ASSETS.
"""

import csv
import os
import statistics
import sys
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np

from figures import Figures
from tracking_scores import Edges, Prepared, Said, hota, identities, idf1, prepare, switches
from watchkeep.domain.detection import Detection, Look, Thresholds
from watchkeep.domain.geometry import Box
from watchkeep.domain.ids import StreamId
from watchkeep.processing.tracker import Tracker

STREAM = StreamId(UUID(int=7))
START = datetime(2026, 1, 1, tzinfo=UTC)
THRESHOLDS = Thresholds(low=0.5, high=0.75, birth=0.95, alert=0.99)
"""Of the public detections, nearly all of which score above 0.9: not of any weights that we ship."""
COAST = timedelta(seconds=0.3)
"""So long what is not seen is still drawn where it is predicted."""
SETS = {"PETS09-S2L1": (7.0, 2), "TUD-Campus": (25.0, 7), "TUD-Stadtmitte": (25.0, 7)}
"""Frames a second, and which frame of how many makes about 3.5 a second."""
CROWD, CROWD_FRAMES = 25, 300


class Footage:
    """Detections and ground truth of a sequence."""

    def __init__(self, folder: Path) -> None:
        lines = (folder / "seqinfo.ini").read_text().splitlines()
        info = dict(line.split("=", 1) for line in lines if "=" in line)
        self.width, self.height = int(info["imWidth"]), int(info["imHeight"])
        self.detections = _read(next((folder / "det").glob("*.txt")))
        self.truth = _read(next((folder / "gt").glob("*.txt")))
        self.frames = int(info["seqLength"])


def _read(path: Path) -> dict[int, list[tuple[int, Edges, float]]]:
    """By frame: identity, edges in pixels, score or flag."""
    rows: dict[int, list[tuple[int, Edges, float]]] = defaultdict(list)
    with path.open() as file:
        for row in csv.reader(file):
            left, top, width, height, score = (float(value) for value in row[2:7])
            box = (left, top, left + width, top + height)
            rows[int(float(row[0]))].append((int(float(row[1])), box, score))
    return rows


def run(footage: Footage, rate: float, step: int) -> tuple[Said, list[float]]:
    """Tracks by frame, and the CPU seconds of each frame."""
    tracker = Tracker(STREAM, THRESHOLDS)
    said: Said = {}
    names: dict[UUID, int] = {}
    spent: list[float] = []
    w, h = footage.width, footage.height
    for frame in range(1, footage.frames + 1, step):
        detections = tuple(
            Detection("person", Box(b[0] / w, b[1] / h, b[2] / w, b[3] / h), min(score, 1.0))
            for _, b, score in footage.detections.get(frame, [])
        )
        at = START + timedelta(seconds=frame / rate)
        look = Look(stream=STREAM, at=at, aspect=w / h, detections=detections)
        began = time.process_time()
        tracked = tracker.update(look)
        spent.append(time.process_time() - began)
        said[frame] = [
            (
                names.setdefault(v.id, len(names)),
                (v.box.left * w, v.box.top * h, v.box.right * w, v.box.bottom * h),
            )
            for v in tracked.alive
            if v.at - v.observed_at <= COAST
        ]
    return said, spent


def truth_of(footage: Footage, step: int) -> Said:
    """Ground truth of the frames that are looked at."""
    wanted = range(1, footage.frames + 1, step)
    return {
        frame: [(identity, box) for identity, box, flag in footage.truth.get(frame, []) if flag > 0]
        for frame in wanted
    }


def crowd(objects: int, frames: int) -> list[float]:
    """CPU seconds of each frame with so many objects walking about."""
    rng = np.random.default_rng(1)
    tracker = Tracker(STREAM, THRESHOLDS)
    place, speed = rng.uniform(0.1, 0.9, (objects, 2)), rng.normal(0, 0.05, (objects, 2))
    spent: list[float] = []
    for frame in range(frames):
        place = np.clip(place + speed / 5, 0.05, 0.95)
        seen = (place + rng.normal(0, 0.002, place.shape)).tolist()
        detections = tuple(
            Detection("person", Box(x - 0.02, y - 0.05, x + 0.02, y + 0.05), 0.97) for x, y in seen
        )
        at = START + timedelta(seconds=frame / 5)
        look = Look(stream=STREAM, at=at, aspect=16 / 9, detections=detections)
        began = time.process_time()
        tracker.update(look)
        spent.append(time.process_time() - began)
    return spent


def score(assets: Path, *, is_sparse: bool) -> tuple[list[Prepared], int, list[float]]:
    """Prepared sequences, identities, CPU seconds of each frame."""
    prepared, named, spent = [], 0, list[float]()
    for name, (rate, step) in SETS.items():
        footage = Footage(next(path for path in sorted(assets.rglob(name)) if path.is_dir()))
        every = step if is_sparse else 1
        said, seconds = run(footage, rate, every)
        prepared.append(prepare(truth_of(footage, every), said))
        named += identities(said)
        spent += seconds
    return prepared, named, spent


def main() -> int:
    """Run it."""
    assets = Path(os.environ["WATCHKEEP_ASSETS"])
    figures = Figures("tracker")
    prepared, named, spent = score(assets, is_sparse=False)
    n = len(spent)
    figures.add("hota", hota(prepared), "points", n=n, least=45, against="Norfair 2.3 tuned 43.7")
    figures.add("idf1", idf1(prepared), "points", n=n, least=62, against="Norfair 2.3 tuned 58.1")
    figures.add("switches", switches(prepared), "identity switches", n=n, most=70)
    figures.add("identities", named, "identities of 37", n=n)
    figures.add("cpu", statistics.median(spent) * 1000, "CPU ms a frame, median", n=n)
    sparse, _, looked = score(assets, is_sparse=True)
    figures.add("sparse.hota", hota(sparse), "points", n=len(looked), least=40)
    figures.add("sparse.idf1", idf1(sparse), "points", n=len(looked))
    busy = statistics.median(crowd(CROWD, CROWD_FRAMES)) * 1000
    figures.add("crowd.cpu", busy, f"CPU ms a frame, {CROWD} objects, median", n=CROWD_FRAMES, most=1.0)
    return figures.end()


if __name__ == "__main__":
    sys.exit(main())
