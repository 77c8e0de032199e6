"""What a tracker remembers of its tracks, as arrays with one row each."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import TypedDict
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from watchkeep.domain.geometry import Box
from watchkeep.domain.ids import EPOCH, TrackId
from watchkeep.domain.track import TrackView
from watchkeep.processing.association import Mask, Numbers
from watchkeep.processing.kalman import Floats, Motion
from watchkeep.processing.stillness import Stillness

CONFIRMED_HITS = 2
_MICROSECOND = timedelta(microseconds=1)


class BookJson(TypedDict):
    """A book as JSON."""

    ids: list[str]
    votes: list[dict[str, list[float]]]
    columns: dict[str, list[object]]


@dataclass(slots=True)
class TrackBook:
    """Rows of n tracks.

    Attributes:
        votes: Of each track by object type: the sum of confidences, and how many.
        group: (n,) the group as a number.
        last: (n, 4) the box observed last, centre and size in shares of the picture's height.
        give_up_us: (n,) when a track is over if it is not seen before.
    """

    ids: list[TrackId]
    votes: list[dict[str, list[float]]]
    group: Numbers
    started_us: Numbers
    seen_us: Numbers
    give_up_us: Numbers
    hits: Numbers
    peak: Floats
    last: Floats
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
        nothing = np.zeros((0, 4))
        return cls.begin([], [], np.zeros(0, dtype=np.int64), nothing, np.zeros(0), at_us=0, give_up_us=0)

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
        give_up_us: int,
    ) -> "TrackBook":
        """Tracks at their first observation."""
        n = len(ids)
        feet = np.stack([boxes[:, 0], boxes[:, 1] + boxes[:, 3] / 2], axis=1)
        return cls(
            ids=list(ids),
            votes=[{kind: [float(score), 1]} for kind, score in zip(types, scores, strict=True)],
            group=group.astype(np.int64),
            started_us=np.full(n, at_us, dtype=np.int64),
            seen_us=np.full(n, at_us, dtype=np.int64),
            give_up_us=np.full(n, give_up_us, dtype=np.int64),
            hits=np.ones(n, dtype=np.int64),
            peak=scores.astype(np.float64),
            last=boxes.astype(np.float64),
            motion=Motion.begin(boxes, scores),
            stillness=Stillness.begin(feet, at_us / 1e6),
        )

    def vote(self, row: int, object_type: str, confidence: float) -> None:
        """Count what a detection takes the track for."""
        tally = self.votes[row].setdefault(object_type, [0.0, 0])
        tally[0] += confidence
        tally[1] += 1

    def take(self, chosen: Mask) -> "TrackBook":
        """The chosen ones."""
        rows = np.flatnonzero(chosen).tolist()
        return TrackBook(
            ids=[self.ids[row] for row in rows],
            votes=[self.votes[row] for row in rows],
            group=self.group[chosen],
            started_us=self.started_us[chosen],
            seen_us=self.seen_us[chosen],
            give_up_us=self.give_up_us[chosen],
            hits=self.hits[chosen],
            peak=self.peak[chosen],
            last=self.last[chosen],
            motion=self.motion.take(chosen),
            stillness=self.stillness.take(chosen),
        )

    def joined(self, other: "TrackBook") -> "TrackBook":
        """Both."""
        return TrackBook(
            ids=self.ids + other.ids,
            votes=self.votes + other.votes,
            group=np.concatenate([self.group, other.group]),
            started_us=np.concatenate([self.started_us, other.started_us]),
            seen_us=np.concatenate([self.seen_us, other.seen_us]),
            give_up_us=np.concatenate([self.give_up_us, other.give_up_us]),
            hits=np.concatenate([self.hits, other.hits]),
            peak=np.concatenate([self.peak, other.peak]),
            last=np.concatenate([self.last, other.last]),
            motion=self.motion.joined(other.motion),
            stillness=self.stillness.joined(other.stillness),
        )

    def view(self, row: int, at: datetime, aspect: float) -> TrackView:
        """A track as others see it."""
        kind, (total, count) = max(self.votes[row].items(), key=lambda vote: (vote[1][0], vote[0]))
        seen_at = EPOCH + int(self.seen_us[row]) * _MICROSECOND
        x, y, width, height = self.motion.place[row].tolist()
        return TrackView(
            id=self.ids[row],
            started_at=EPOCH + int(self.started_us[row]) * _MICROSECOND,
            at=at,
            observed_at=seen_at,
            object_type=kind,
            box=Box((x - width / 2) / aspect, y - height / 2, (x + width / 2) / aspect, y + height / 2),
            confidence=min(total / count, 1.0),
            peak_confidence=float(self.peak[row]),
            observations=int(self.hits[row]),
            is_stationary=bool(self.stillness.is_still[row]),
            has_moved=bool(self.stillness.has_moved[row]),
        )

    def to_json(self) -> BookJson:
        """The book as JSON values; numbers come back bit for bit."""
        arrays = {name: array for _, name, array in self.columns()}
        return {
            "ids": [str(each) for each in self.ids],
            "votes": self.votes,
            "columns": {name: _finite(array) for name, array in arrays.items()},
        }

    @classmethod
    def from_json(cls, document: BookJson) -> "TrackBook":
        """A book of what `to_json` made; ValueError, KeyError or TypeError if it is none."""
        book = cls.empty()
        n = len(document["ids"])
        for part, name, old in book.columns():
            column = [-np.inf if each is None else each for each in document["columns"][name]]
            read = np.array(column, dtype=old.dtype).reshape((n, *old.shape[1:]))
            setattr(part, name.rpartition(".")[2], read)
        book.ids = [TrackId(UUID(each)) for each in document["ids"]]
        book.votes = [{kind: list(vote) for kind, vote in votes.items()} for votes in document["votes"]]
        if len(book.votes) != n:
            raise ValueError("votes are missing")
        return book

    def columns(self) -> list[tuple[object, str, NDArray[np.generic]]]:
        """Where each array belongs, its name, and it."""
        own = ("group", "started_us", "seen_us", "give_up_us", "hits", "peak", "last")
        columns: list[tuple[object, str, NDArray[np.generic]]] = [
            (self, name, getattr(self, name)) for name in own
        ]
        for prefix, part in (("motion", self.motion), ("stillness", self.stillness)):
            columns += [(part, f"{prefix}.{each.name}", getattr(part, each.name)) for each in fields(part)]
        return columns


def _finite(array: NDArray[np.generic]) -> list[object]:
    """Flat values; JSON has no infinity."""
    return [None if value == -np.inf else value for value in array.ravel().tolist()]
