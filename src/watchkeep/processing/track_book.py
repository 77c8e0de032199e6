"""What a tracker remembers of its tracks, as arrays with one row each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import TypedDict
from uuid import UUID

import numpy as np

from watchkeep.domain.geometry import Box
from watchkeep.domain.ids import EPOCH, TrackId
from watchkeep.domain.track import TrackView
from watchkeep.processing.kalman import Motion
from watchkeep.processing.rows import Floats, Mask, Numbers, Objects, Rows, objects
from watchkeep.processing.stillness import Stillness

CONFIRMED_HITS = 2
Votes = dict[str, tuple[float, int]]
"""By object type: the sum of confidences, and how many."""


class BookJson(TypedDict):
    """A book as JSON."""

    ids: list[str]
    votes: list[dict[str, list[float]]]
    columns: dict[str, list[float | None]]


@dataclass(slots=True)
class TrackBook(Rows):
    """Rows of n tracks, in the order of their start. Instants are microseconds since 1970.

    Attributes:
        ids: (n,) of TrackId.
        votes: (n,) of Votes.
        group: (n,) the object group as a number.
        give_up_us: (n,) when a track is over if it is not seen before.
        hits: (n,) observations.
        peak: (n,) the best confidence.
        last: (n, 4) the box observed last, centre and size in shares of the picture's height.
        settled: (n, 4) the filtered box as it was then.
    """

    ids: Objects
    votes: Objects
    group: Numbers
    started_us: Numbers
    seen_us: Numbers
    give_up_us: Numbers
    hits: Numbers
    peak: Floats
    last: Floats
    settled: Floats
    motion: Motion
    stillness: Stillness

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def is_confirmed(self) -> Mask:
        """(n,) whether it was seen twice."""
        confirmed: Mask = self.hits >= CONFIRMED_HITS
        return confirmed

    @classmethod
    def empty(cls) -> "TrackBook":
        """No tracks."""
        return cls.begin([], [], np.zeros(0, np.int64), np.zeros((0, 4)), np.zeros(0), at_us=0)

    @classmethod
    def begin(
        cls,
        ids: Sequence[TrackId],
        types: Sequence[str],
        group: Numbers,
        boxes: Floats,
        scores: Floats,
        *,
        at_us: int,
    ) -> "TrackBook":
        """Tracks at their first observation."""
        now = np.full(len(ids), at_us, dtype=np.int64)
        return cls(
            ids=objects(list(ids)),
            votes=objects([{kind: (score, 1)} for kind, score in zip(types, scores.tolist(), strict=True)]),
            group=group.astype(np.int64),
            started_us=now,
            seen_us=now.copy(),
            give_up_us=now.copy(),
            hits=np.ones(len(ids), dtype=np.int64),
            peak=scores.copy(),
            last=boxes.copy(),
            settled=boxes.copy(),
            motion=Motion.begin(boxes, scores),
            stillness=Stillness.begin(feet_of(boxes), at_us / 1e6),
        )

    def observe(
        self, rows: Numbers, types: Sequence[str], boxes: Floats, scores: Floats, *, at_us: int
    ) -> None:
        """Take an observation of each of some rows."""
        for row, kind, score in zip(rows.tolist(), types, scores.tolist(), strict=True):
            total, count = self.votes[row].get(kind, (0.0, 0))
            self.votes[row][kind] = (total + score, count + 1)
        self.motion.correct(rows, boxes, scores)
        settled = self.motion.place[rows]
        self.last[rows], self.settled[rows] = boxes, settled
        self.seen_us[rows] = at_us
        self.hits[rows] += 1
        self.peak[rows] = np.maximum(self.peak[rows], scores)
        self.stillness.observe(rows, feet_of(settled), settled[:, 3], at_us / 1e6)

    def views(self, chosen: Mask, places: Floats, *, at_us: int | None, aspect: float) -> Iterator[TrackView]:
        """Tracks as others see them.

        Args:
            chosen: (n,) which.
            places: (n, 4) where each is then.
            at_us: When; None is when each was last observed.
            aspect: Width of the picture divided by its height.
        """
        at = None if at_us is None else instant(at_us)
        columns = (
            self.started_us,
            self.seen_us,
            self.peak,
            self.hits,
            self.stillness.is_still,
            self.stillness.has_moved,
            _edges(places, aspect),
        )
        rows = zip(*(column[chosen].tolist() for column in columns), strict=True)
        names = zip(self.ids[chosen], self.votes[chosen], strict=True)
        for (identity, votes), (start, seen, peak, hits, is_still, has_moved, edges) in zip(
            names, rows, strict=True
        ):
            kind, confidence = _elected(votes)
            seen_at = at if at is not None and seen == at_us else instant(seen)
            yield TrackView(
                id=identity,
                started_at=instant(start),
                at=at or seen_at,
                observed_at=seen_at,
                object_type=kind,
                box=Box(*edges),
                confidence=confidence,
                peak_confidence=peak,
                observations=hits,
                is_stationary=is_still,
                has_moved=has_moved,
            )

    def to_json(self) -> BookJson:
        """The book as JSON values; numbers come back bit for bit."""
        return {
            "ids": [str(each) for each in self.ids],
            "votes": [{kind: list(vote) for kind, vote in votes.items()} for votes in self.votes],
            "columns": {
                f"{name}.{field}": _without_infinity(getattr(part, field))
                for name, part, field in self.columns()
            },
        }

    @classmethod
    def from_json(cls, document: BookJson) -> "TrackBook":
        """A book of what `to_json` made; ValueError, KeyError, TypeError or OverflowError if it is none."""
        book = cls.empty()
        n = len(document["ids"])
        for name, part, field in book.columns():
            old = getattr(part, field)
            values = [-np.inf if each is None else each for each in document["columns"][f"{name}.{field}"]]
            setattr(part, field, np.array(values, dtype=old.dtype).reshape((n, *old.shape[1:])))
        book.ids = objects([TrackId(UUID(each)) for each in document["ids"]])
        book.votes = objects([_votes(each) for each in document["votes"]])
        if len(book.votes) != n:
            raise ValueError("votes are missing")
        return book

    def columns(self) -> Iterator[tuple[str, Rows, str]]:
        """Of each array of numbers: the name of the part that it belongs to, that part, and its field."""
        for name, part in (("track", self), ("motion", self.motion), ("stillness", self.stillness)):
            for each in fields(part):
                column = getattr(part, each.name)
                if not isinstance(column, Rows) and column.dtype != np.object_:
                    yield name, part, each.name


def feet_of(boxes: Floats) -> Floats:
    """(n, 2) middles of the lower edges."""
    return np.stack([boxes[:, 0], boxes[:, 1] + boxes[:, 3] / 2], axis=1)


def instant(at_us: int) -> datetime:
    """As others say it."""
    return EPOCH + timedelta(microseconds=at_us)


def _edges(places: Floats, aspect: float) -> Floats:
    """(n, 4) left, top, right, bottom in shares of the picture."""
    half = places[:, 2:] / 2
    edges = np.concatenate([places[:, :2] - half, places[:, :2] + half], axis=1)
    edges[:, 0::2] /= aspect
    return edges


def _elected(votes: Votes) -> tuple[str, float]:
    """What it is by the sum of confidences, and the mean of those; of equals the name decides."""
    if len(votes) == 1:  # nearly always
        kind, (total, count) = next(iter(votes.items()))
    else:
        kind, (total, count) = max(votes.items(), key=lambda vote: (vote[1][0], vote[0]))
    return kind, min(total / count, 1.0)


def _votes(document: dict[str, list[float]]) -> Votes:
    if not document:
        raise ValueError("a track is of some type")
    return {kind: (float(total), int(count)) for kind, (total, count) in document.items()}


def _without_infinity(column: Floats | Numbers | Mask) -> list[float | None]:
    """Flat values; JSON has no infinity."""
    return [None if value == -np.inf else value for value in column.ravel().tolist()]
