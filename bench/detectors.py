"""The weights on footage with ground truth: how well boxes fit, what is seen where nothing is, what it costs.

make bench-detectors
"""

import csv
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np

from figures import IS_QUICK, Figures
from watchkeep.domain.detection import Detection, ObjectGroup, group_of
from watchkeep.domain.errors import WatchkeepError
from watchkeep.domain.geometry import Box
from watchkeep.processing.detecting import Detector
from watchkeep.processing.known_models import DEFAULT, MODELS, STAND_IN, KnownModel
from watchkeep.processing.model_files import load_detector
from watchkeep.runtime.assets.fetch import AssetPlaces, asset_places, fetch
from watchkeep.runtime.assets.manifest import ENTRANCE, SQUARE, STREET
from watchkeep.runtime.config import Settings
from watchkeep.runtime.models import choose_model
from watchkeep.runtime.system import SystemClock, SystemFs

FS, CLOCK = SystemFs(), SystemClock()
SQUARE_SEQUENCE, SQUARE_WIDTH, SQUARE_HEIGHT = "PETS09-S2L1", 768, 576
SQUARE_STEP, CLIP_STEP = (25, 6) if IS_QUICK else (5, 2)
FIT = 0.5
MARGIN = 8
"""Frames before and after a presence that count as neither: somebody's leg or shadow."""
GROUPS = {
    "person": {ObjectGroup.PERSON},
    "pedestrian": {ObjectGroup.PERSON},
    "car": {ObjectGroup.VEHICLE},
    "cyclist": {ObjectGroup.PERSON, ObjectGroup.CYCLE},
}

Found = dict[int, list[Detection]]


def look(detector: Detector, video: Path, step: int) -> tuple[Found, list[float]]:
    """Detections of every so many frames, counted from 0, and the CPU seconds of each."""
    found: Found = {}
    cpu: list[float] = []
    with av.open(str(video)) as container:
        # One thread, which works between detections only: its time is not the detector's.
        container.streams.video[0].thread_count = 1
        for number, frame in enumerate(container.decode(video=0)):
            if number % step:
                continue
            picture = frame.to_ndarray(
                format="bgr24", width=detector.input_width, height=detector.input_height
            )
            began = time.process_time()
            found[number] = detector.detect(picture)
            cpu.append(time.process_time() - began)
    return found, cpu


def people(truth: Path) -> dict[int, list[Box]]:
    """Boxes by frame from 0; MOT's files count from 1."""
    boxes: dict[int, list[Box]] = defaultdict(list)
    with truth.open() as file:
        for row in csv.reader(file):
            frame, _, left, top, width, height, counts = (float(value) for value in row[:7])
            if counts:
                x, y = left / SQUARE_WIDTH, top / SQUARE_HEIGHT
                boxes[int(frame) - 1].append(Box(x, y, x + width / SQUARE_WIDTH, y + height / SQUARE_HEIGHT))
    return boxes


def judged(found: Found, truth: dict[int, list[Box]]) -> tuple[list[tuple[float, bool]], int]:
    """Score and rightness of each person that was found, best score first; and how many there are."""
    rows: list[tuple[float, bool]] = []
    for frame, detections in found.items():
        free = list(truth.get(frame, []))
        persons = [each for each in detections if each.object_type == "person"]
        for each in sorted(persons, key=lambda each: -each.confidence):
            best = max(free, key=each.box.overlap, default=None)
            is_right = best is not None and each.box.overlap(best) >= FIT
            if is_right and best is not None:
                free.remove(best)
            rows.append((each.confidence, is_right))
    return sorted(rows, key=lambda row: -row[0]), sum(len(truth.get(frame, [])) for frame in found)


def average_precision(rows: Sequence[tuple[float, bool]], count: int) -> float:
    """Area under precision over recall, in per cent, with the precision made monotone (VOC 2010)."""
    right = np.cumsum([is_right for _, is_right in rows])
    precision = right / np.arange(1, len(rows) + 1)
    ceiling = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(np.concatenate([[0], right / count])) * ceiling) * 100)


def presences(events: Path, found: Found, birth: float) -> tuple[int, int, int, int]:
    """Presences seen at the birth score; all; empty frames with something born; empty frames."""
    listed = json.loads(events.read_text())["presence"]
    seen = 0
    for each in listed:
        frames = [frame for frame in found if each["start"] <= frame <= each["end"]]
        wanted = GROUPS[each["label"]]
        seen += any(
            group_of(one.object_type) in wanted and one.confidence >= birth
            for frame in frames
            for one in found[frame]
        )
    empty = [
        frame
        for frame in found
        if not any(each["start"] - MARGIN <= frame <= each["end"] + MARGIN for each in listed)
    ]
    false = sum(any(one.confidence >= birth for one in found[frame]) for frame in empty)
    return seen, len(listed), false, len(empty)


def measure(model: KnownModel, places: AssetPlaces, assets: Path, figures: Figures) -> None:
    """All figures of one model."""
    chosen = choose_model(places, wanted=model.name, fs=FS, clock=CLOCK, progress=lambda _: None)
    detector = load_detector(chosen.folder, chosen.name, fs=FS)
    scores = model.thresholds
    is_default = model is DEFAULT

    square = fetch(SQUARE.name, places, fs=FS, clock=CLOCK, progress=lambda _: None)
    found, cpu = look(detector, square, SQUARE_STEP)
    rows, count = judged(found, people(next(assets.rglob(f"{SQUARE_SEQUENCE}/gt/gt.txt"))))
    born = [is_right for score, is_right in rows if score >= scores.birth]
    name = model.name
    figures.add(
        f"{name}.ap50",
        average_precision(rows, count),
        "per cent, people, from the low threshold on",
        n=count,
        least=88 if is_default else None,
    )
    figures.add(f"{name}.precision", sum(born) / max(len(born), 1), "of boxes from birth on", n=len(born))
    figures.add(f"{name}.recall", sum(born) / count, "of people from birth on", n=count)
    figures.add(f"{name}.cpu", float(np.median(cpu)) * 1000, "CPU ms a picture, median", n=len(cpu))

    seen = all_ = false = empty = 0
    for asset in (ENTRANCE, STREET):
        clip = next(assets.rglob(asset.name))
        told, _ = look(detector, clip, CLIP_STEP)
        counts = presences(clip.with_suffix(".events.json"), told, scores.birth)
        seen, all_, false, empty = (a + b for a, b in zip((seen, all_, false, empty), counts, strict=True))
    figures.add(f"{name}.presences", seen, f"of {all_} seen", n=all_, least=all_ if is_default else None)
    figures.add(
        f"{name}.false", false, "empty pictures with something born", n=empty, most=0 if is_default else None
    )


def main() -> int:
    """Run it."""
    places = asset_places(Settings(), os.environ)
    assets = Path(os.environ["WATCHKEEP_ASSETS"])
    figures = Figures("detectors")
    for model in (DEFAULT, STAND_IN) if IS_QUICK else MODELS:
        try:
            measure(model, places, assets, figures)
        except WatchkeepError as error:
            print(f"{model.name}: {error}", file=sys.stderr)
            figures.add(f"{model.name}.missing", 1, "model not to be had", n=1, most=0)
    return figures.end()


if __name__ == "__main__":
    sys.exit(main())
