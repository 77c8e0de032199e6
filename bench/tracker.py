"""The tracker on public detections with ground truth: three static cameras, 1,045 frames, also at 3.5 frames a second.

    make bench-tracker
"""

import csv
import os
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
from figures import Figures
from tracking_scores import Rows, Sequence1, hota, idf1, identities, prepare, switches

from watchkeep.domain.detection import Detection, Look, Thresholds
from watchkeep.domain.geometry import Box
from watchkeep.domain.ids import StreamId
from watchkeep.processing.tracker import Tracker

STREAM = StreamId(UUID(int=7))
START = datetime(2026, 1, 1, tzinfo=UTC)
THRESHOLDS = Thresholds(low=0.5, high=0.75, birth=0.95, alert=0.99)
"""Of the public detections, whose scores are nearly all above 0.9: not of any weights that we ship."""
COAST = timedelta(seconds=0.3)
SETS = {"PETS09-S2L1": (7.0, 2), "TUD-Campus": (25.0, 7), "TUD-Stadtmitte": (25.0, 7)}
"""Frames a second, and which frame of how many makes about 3.5 a second."""


class Footage:
    """Detections and ground truth of a sequence."""

    def __init__(self, folder: Path) -> None:
        info = dict(line.split("=", 1) for line in (folder / "seqinfo.ini").read_text().splitlines() if "=" in line)
        self.width, self.height = int(info["imWidth"]), int(info["imHeight"])
        self.detections = _read(next((folder / "det").glob("*.txt")))
        self.truth = _read(next((folder / "gt").glob("*.txt")))
        self.frames = int(info["seqLength"])


def _read(path: Path) -> dict[int, list[tuple[int, tuple[float, float, float, float], float]]]:
    rows: dict[int, list[tuple[int, tuple[float, float, float, float], float]]] = defaultdict(list)
    with path.open() as file:
        for row in csv.reader(file):
            left, top, width, height, score = (float(value) for value in row[2:7])
            rows[int(float(row[0]))].append((int(float(row[1])), (left, top, left + width, top + height), score))
    return rows


def run(footage: Footage, rate: float, step: int) -> tuple[dict[int, list[tuple[int, tuple[float, float, float, float]]]], float, int]:
    """Tracks by frame, CPU seconds, frames."""
    tracker = Tracker(STREAM, THRESHOLDS)
    said: dict[int, list[tuple[int, tuple[float, float, float, float]]]] = {}
    names: dict[UUID, int] = {}
    cpu = 0.0
    w, h = footage.width, footage.height
    frames = range(1, footage.frames + 1, step)
    for frame in frames:
        detections = tuple(
            Detection("person", Box(b[0] / w, b[1] / h, b[2] / w, b[3] / h), min(score, 1.0))
            for _, b, score in footage.detections.get(frame, [])
        )
        look = Look(stream=STREAM, at=START + timedelta(seconds=frame / rate), aspect=w / h, detections=detections)
        began = time.process_time()
        tracked = tracker.update(look)
        cpu += time.process_time() - began
        said[frame] = [
            (names.setdefault(v.id, len(names)), (v.box.left * w, v.box.top * h, v.box.right * w, v.box.bottom * h))
            for v in tracked.alive
            if v.at - v.observed_at <= COAST
        ]
    return said, cpu, len(frames)


def truth_of(footage: Footage, step: int) -> Rows:
    """Ground truth of the frames that are looked at."""
    wanted = range(1, footage.frames + 1, step)
    return {frame: [(i, box) for i, box, flag in footage.truth.get(frame, []) if flag > 0] for frame in wanted}


def crowd(objects: int, frames: int) -> float:
    """CPU milliseconds a frame with so many objects walking about."""
    rng = np.random.default_rng(1)
    tracker = Tracker(STREAM, THRESHOLDS)
    place, speed = rng.uniform(0.1, 0.9, (objects, 2)), rng.normal(0, 0.05, (objects, 2))
    cpu = 0.0
    for frame in range(frames):
        place = np.clip(place + speed / 5, 0.05, 0.95)
        noise = rng.normal(0, 0.002, place.shape)
        detections = tuple(
            Detection("person", Box(x - 0.02, y - 0.05, x + 0.02, y + 0.05), 0.97) for x, y in (place + noise).tolist()
        )
        look = Look(stream=STREAM, at=START + timedelta(seconds=frame / 5), aspect=16 / 9, detections=detections)
        began = time.process_time()
        tracker.update(look)
        cpu += time.process_time() - began
    return cpu / frames * 1000


def score(assets: Path, *, is_sparse: bool) -> tuple[Sequence[Sequence1], int, float, int]:
    """Prepared sequences, identities, CPU seconds, frames."""
    prepared, named, cpu, frames = [], 0, 0.0, 0
    for name, (rate, step) in SETS.items():
        footage = Footage(next(path for path in assets.rglob(name) if path.is_dir()))
        said, spent, count = run(footage, rate, step if is_sparse else 1)
        prepared.append(prepare(truth_of(footage, step if is_sparse else 1), said))
        named += identities(said)
        cpu += spent
        frames += count
    return prepared, named, cpu, frames


def main() -> int:
    """Run it."""
    assets = Path(os.environ["WATCHKEEP_ASSETS"])
    figures = Figures("tracker")
    prepared, named, cpu, frames = score(assets, is_sparse=False)
    figures.add("hota", hota(prepared), "points", n=frames, least=45, against="Norfair 2.3 tuned 43.7")
    figures.add("idf1", idf1(prepared), "points", n=frames, least=62, against="Norfair 2.3 tuned 58.1")
    figures.add("switches", switches(prepared), "identity switches", n=frames, most=70)
    figures.add("identities", named, "identities of 37", n=frames)
    figures.add("cpu", cpu / frames * 1000, "CPU ms a frame", n=frames)
    sparse, _, _, count = score(assets, is_sparse=True)
    figures.add("sparse.hota", hota(sparse), "points", n=count, least=40)
    figures.add("sparse.idf1", idf1(sparse), "points", n=count)
    figures.add("crowd.cpu", crowd(25, 300), "CPU ms a frame, 25 objects", n=300, most=1.0)
    return figures.end()


if __name__ == "__main__":
    sys.exit(main())
