"""Looks made for a purpose: who walks where, as a detector would see it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from builders import NOON, STREAM
from watchkeep.domain.detection import Detection, Look, Thresholds
from watchkeep.domain.geometry import Box
from watchkeep.domain.track import Tracked
from watchkeep.processing.tracker import Tracker

THRESHOLDS = Thresholds(low=0.2, high=0.5, birth=0.6, alert=0.8)
HEIGHT = 0.4
"""Of every walker; distances are told in shares of it."""
RATE = 5.0
ASPECT = 16 / 9

Path = Callable[[float], tuple[float, float] | None]
"""Seconds to the foot in box heights from the left upper corner; None while nothing is found."""


@dataclass(frozen=True)
class Walker:
    """Something that a detector finds."""

    path: Path
    object_type: str = "person"
    score: float = 0.9

    def found(self, seconds: float) -> list[Detection]:
        foot = self.path(seconds)
        if foot is None:
            return []
        x, y = foot[0] * HEIGHT / ASPECT, foot[1] * HEIGHT
        half = HEIGHT / 4 / ASPECT
        return [Detection(self.object_type, Box(x - half, y - HEIGHT, x + half, y), self.score)]


def straight(x: float, y: float, *, speed: float = 0.0) -> Path:
    """From there to the right, box heights a second."""
    return lambda seconds: (x + speed * seconds, y)


def until(path: Path, end: float) -> Path:
    return lambda seconds: path(seconds) if seconds < end else None


def hidden(path: Path, start: float, end: float) -> Path:
    return lambda seconds: None if start <= seconds < end else path(seconds)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def look(seconds: float, *found: Detection) -> Look:
    return Look(stream=STREAM, at=at(seconds), aspect=ASPECT, detections=found)


def times(end: float, *, start: float = 0.0, rate: float = RATE) -> Iterator[float]:
    first, last = round(start * rate), round(end * rate)
    yield from (number / rate for number in range(first, last))


def looks(walkers: Iterable[Walker], seconds: Iterable[float]) -> list[Look]:
    walkers = list(walkers)
    return [look(each, *(found for walker in walkers for found in walker.found(each))) for each in seconds]


def tracker() -> Tracker:
    return Tracker(STREAM, THRESHOLDS)


def followed(by: Tracker, seen: Iterable[Look]) -> list[Tracked]:
    return [by.update(each) for each in seen]


def watched(*walkers: Walker, end: float, rate: float = RATE) -> list[Tracked]:
    """What a new tracker says of each look."""
    return followed(tracker(), looks(walkers, times(end, rate=rate)))
