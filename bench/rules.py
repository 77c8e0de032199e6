"""Rules against ground truth: 40 random lines and 40 random zones over the people of one square.

What is true is computed here, from the hand-made tracks, with the definitions of docs/reference/rules.md but
none of the product's code for them: whole tracks at once, as arrays. The same engine then sees the hand-made
tracks, and those that the tracker makes of public detections.

    make bench-rules
"""

import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np

from figures import Figures
from rules_truth import Crossed, Points, Walk, crossings, naive_crossings, pieces, stays, visits
from scoring import Score, Span, match
from tracker import START, STREAM, THRESHOLDS, Footage
from watchkeep.analysis import presence
from watchkeep.analysis.engine import RuleEngine
from watchkeep.domain.detection import Detection, Look
from watchkeep.domain.errors import Invalid
from watchkeep.domain.event import EndReason, Event
from watchkeep.domain.geometry import Box, Point
from watchkeep.domain.ids import CameraId, RuleId, TrackId
from watchkeep.domain.rule import Direction, EventKind, Rule, RuleText, checked_rule
from watchkeep.domain.track import Tracked, TrackView
from watchkeep.processing.tracker import Tracker

RATE = 7.0
SEED = 20261125
COUNT = 40
WITHIN_S = 1.0
"""An event is right when it is at most so far from what happened."""
CAMERA = CameraId("square")
LOST = timedelta(seconds=1.5)
Told = dict[tuple[int, Direction | None], list[Span]]
"""By the number of the rule, and direction."""


@dataclass(frozen=True)
class Shape:
    """A line or zone."""

    name: str
    kind: EventKind
    points: Points

    def rule(self, number: int) -> Rule:
        """As the product has it."""
        text = RuleText(
            name=self.name,
            kind=self.kind,
            objects=("person",),
            points=tuple(Point(x, y) for x, y in self.points.tolist()),
        )
        return Rule(id=RuleId(UUID(int=number)), version=1, camera=CAMERA, text=checked_rule(text))


def random_shapes() -> list[Shape]:
    """Lines of two or three points, zones of three to seven corners; the same ones always."""
    rng = np.random.default_rng(SEED)
    shapes: list[Shape] = []
    while len(shapes) < COUNT:
        line = rng.uniform(0.05, 0.95, (3 if len(shapes) % 4 == 0 else 2, 2))
        if np.hypot(*np.diff(line, axis=0).T).min() >= 0.25:
            shapes.append(Shape(f"line {len(shapes)}", EventKind.LINE_CROSS, line))
    while len(shapes) < 2 * COUNT:
        corners = int(rng.integers(3, 8))
        angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
        around = rng.uniform(0.1, 0.3) * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        zone = Shape(
            f"zone {len(shapes)}", EventKind.ZONE_VISIT, np.clip(rng.uniform(0.2, 0.8, 2) + around, 0, 1)
        )
        try:
            zone.rule(1)
        except Invalid:
            continue
        shapes.append(zone)
    return shapes


def walks_of(footage: Footage) -> list[Walk]:
    """The hand-made tracks."""
    rows: dict[int, list[tuple[float, ...]]] = defaultdict(list)
    for frame, boxes in sorted(footage.truth.items()):
        for identity, (left, top, right, bottom), flag in boxes:
            if flag > 0:
                rows[identity].append((frame / RATE, left, top, right, bottom))
    size = np.array([1.0, footage.width, footage.height, footage.width, footage.height])
    whole = [Walk(np.array(each)[:, 0], (np.array(each) / size)[:, 1:]) for _, each in sorted(rows.items())]
    return [piece for walk in whole for piece in pieces(walk)]


def true_looks(walks: Sequence[Walk], frames: int, aspect: float) -> Iterator[Tracked]:
    """The hand-made tracks, as a tracker would tell them that makes no mistakes."""
    newest: dict[int, TrackView] = {}
    moved = [walk.has_moved(aspect) for walk in walks]
    for frame in range(1, frames + 1):
        at = START + timedelta(seconds=frame / RATE)
        for number, walk in enumerate(walks):
            rows = np.flatnonzero(walk.at_s == frame / RATE)
            if rows.size:
                box = walk.boxes[rows[0]]
                newest[number] = TrackView(
                    id=TrackId(UUID(int=number)),
                    started_at=START + timedelta(seconds=float(walk.at_s[0])),
                    at=at,
                    observed_at=at,
                    object_type="person",
                    box=Box(*box.tolist()),
                    confidence=1.0,
                    peak_confidence=1.0,
                    observations=int(rows[0]) + 1,
                    is_stationary=False,
                    has_moved=bool(moved[number][rows[0]]),
                )
        over = [n for n, view in newest.items() if at - view.observed_at > LOST]
        ended = tuple(newest.pop(number) for number in over)
        yield Tracked(alive=tuple(replace(view, at=at) for view in newest.values()), ended=ended)


def found_looks(footage: Footage) -> Iterator[Tracked]:
    """What the tracker makes of the public detections."""
    tracker = Tracker(STREAM, THRESHOLDS)
    w, h = footage.width, footage.height
    for frame in range(1, footage.frames + 1):
        detections = tuple(
            Detection("person", Box(b[0] / w, b[1] / h, b[2] / w, b[3] / h), min(score, 1.0))
            for _, b, score in footage.detections.get(frame, [])
        )
        at = START + timedelta(seconds=frame / RATE)
        yield tracker.update(Look(stream=STREAM, at=at, aspect=w / h, detections=detections))


def told_of(looks: Sequence[Tracked], shapes: Sequence[Shape], aspect: float) -> list[Event]:
    """All that the engine tells, as it comes."""
    rules = [shape.rule(number) for number, shape in enumerate(shapes)]
    engine = RuleEngine(CAMERA, STREAM, rules, alert_from=THRESHOLDS.alert)
    told: list[Event] = []
    for tracked in looks:
        told += engine.update(tracked, aspect=aspect, known_at=tracked_at(tracked))
    return told + engine.lose(EndReason.CAMERA_LOST)


def tracked_at(tracked: Tracked) -> datetime:
    """When."""
    return tracked.alive[0].at if tracked.alive else START


def spans_of(told: Sequence[Event]) -> Told:
    """Events at their last revision, in seconds."""
    spans: Told = defaultdict(list)
    for event in {event.id: event for event in told}.values():
        end = event.ended_at or event.seen_until
        spans[event.rule.int, event.direction].append(Span(seconds(event.started_at), seconds(end)))
    return spans


def entries_of(looks: Sequence[Tracked], shapes: Sequence[Shape], aspect: float) -> Told:
    """Entries into zones: visits, but who comes back soon is told once more."""
    usual, presence.REOPEN_WITHIN = presence.REOPEN_WITHIN, timedelta(seconds=-1)
    try:
        return part(spans_of(told_of(looks, shapes, aspect)), shapes, EventKind.ZONE_VISIT)
    finally:
        presence.REOPEN_WITHIN = usual


def seconds(at: datetime) -> float:
    """Since the clip's start."""
    return (at - START).total_seconds()


def truth_of(walks: Sequence[Walk], shapes: Sequence[Shape], aspect: float) -> Told:
    """What happened."""
    truth: Told = defaultdict(list)
    for number, shape in enumerate(shapes):
        for walk in walks:
            if shape.kind is EventKind.ZONE_VISIT:
                truth[number, None] += visits(walk, shape.points, aspect)
            else:
                add(truth, number, crossings(walk, shape.points, aspect))
    return truth


def true_entries(walks: Sequence[Walk], shapes: Sequence[Shape], aspect: float) -> Told:
    """When somebody entered a zone."""
    return {
        (number, None): [stay for walk in walks for stay in stays(walk, shape.points, aspect)]
        for number, shape in enumerate(shapes)
        if shape.kind is EventKind.ZONE_VISIT
    }


def naive_of(looks: Sequence[Tracked], shapes: Sequence[Shape]) -> Told:
    """Each step over a line counts, on the same tracks."""
    rows: dict[TrackId, list[tuple[float, ...]]] = defaultdict(list)
    for tracked in looks:
        for view in tracked.alive:
            if not view.is_predicted:
                box = view.box
                rows[view.id].append((seconds(view.at), box.left, box.top, box.right, box.bottom))
    told: Told = defaultdict(list)
    for each in rows.values():
        walk = Walk(np.array(each)[:, 0], np.array(each)[:, 1:])
        for number, shape in enumerate(shapes):
            if shape.kind is EventKind.LINE_CROSS:
                add(told, number, naive_crossings(walk, shape.points))
    return told


def add(told: Told, number: int, found: Sequence[Crossed]) -> None:
    """Take crossings of a line."""
    for each in found:
        direction = Direction.LEFT_TO_RIGHT if each.is_to_right else Direction.RIGHT_TO_LEFT
        told[number, direction].append(Span(each.at_s, each.at_s))


def match_starts(truth: Told, told: Told) -> tuple[Score, list[float]]:
    """One to one within a second, for each rule and direction; also how far apart."""
    found, errors = 0, []
    for key in truth.keys() | told.keys():
        rest = sorted(span.start for span in told.get(key, []))
        for real in sorted(span.start for span in truth.get(key, [])):
            near = next((said for said in rest if abs(said - real) <= WITHIN_S), None)
            if near is not None:
                rest.remove(near)
                found += 1
                errors.append(abs(near - real))
    count = [sum(len(spans) for spans in each.values()) for each in (truth, told)]
    return Score(count[0], count[1], found, 0), errors


def match_spans(truth: Told, told: Told) -> Score:
    """One to one, by half of the time in common."""
    scores = [
        match(truth.get(key, []), told.get(key, []), least_overlap=0.5) for key in truth.keys() | told.keys()
    ]
    return Score(sum(s.truth for s in scores), sum(s.told for s in scores), sum(s.found for s in scores), 0)


def part(told: Told, shapes: Sequence[Shape], kind: EventKind) -> Told:
    """Only what is of rules of this kind."""
    return {key: spans for key, spans in told.items() if shapes[key[0]].kind is kind}


def report(
    figures: Figures, name: str, truth: Told, told: Told, *, least: float | None, against: str = ""
) -> None:
    """Print what was found."""
    score, errors = match_starts(truth, told)
    figures.add(f"{name}.f1", score.f1, "F1", n=score.truth, least=least, against=against)
    figures.add(f"{name}.precision", score.precision, "share", n=score.told)
    figures.add(f"{name}.recall", score.recall, "share", n=score.truth)
    if errors:
        figures.add(f"{name}.late", float(np.median(errors)), "s, median", n=len(errors))


def main() -> int:
    """Run it."""
    assets = Path(os.environ["WATCHKEEP_ASSETS"])
    figures = Figures("rules")
    footage = Footage(next(path for path in assets.rglob("PETS09-S2L1") if path.is_dir()))
    aspect = footage.width / footage.height
    walks, shapes = walks_of(footage), random_shapes()
    truth, entered = truth_of(walks, shapes, aspect), true_entries(walks, shapes, aspect)
    looks = {"truth": list(true_looks(walks, footage.frames, aspect)), "tracker": list(found_looks(footage))}
    for name, tracked in looks.items():
        told = told_of(tracked, shapes, aspect)
        spans, least = spans_of(told), {"line": 0.85, "zone": 0.90}
        if name == "truth":
            least = {"line": 0.98, "zone": 0.98}
        lines, visited = (EventKind.LINE_CROSS, EventKind.ZONE_VISIT)
        true_lines, told_lines = part(truth, shapes, lines), part(spans, shapes, lines)
        naive, _ = match_starts(true_lines, naive_of(tracked, shapes))
        against = f"each step over the line, same tracks: {naive.f1:.2f}"
        report(figures, f"{name}.lines", true_lines, told_lines, least=least["line"], against=against)
        report(
            figures, f"{name}.zone_entries", entered, entries_of(tracked, shapes, aspect), least=least["zone"]
        )
        true_visits, told_visits = part(truth, shapes, visited), part(spans, shapes, visited)
        report(figures, f"{name}.zone_visits", true_visits, told_visits, least=None)
        whole = match_spans(true_visits, told_visits)
        figures.add(f"{name}.zone_visits.whole", whole.f1, "F1 at half the time in common", n=whole.truth)
    return figures.end()


if __name__ == "__main__":
    sys.exit(main())
