"""Follows objects through the looks of one stream; time is in seconds, never in frames.

The steps of an association: docs/decisions/0014-an-own-tracker.md, after ByteTrack (Zhang and others, 2022)
with buffered boxes (Yang and others, C-BIoU, 2023).
"""

import json
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from watchkeep.domain.detection import Detection, Look, ObjectGroup, Thresholds, group_of
from watchkeep.domain.geometry import Box
from watchkeep.domain.ids import EPOCH, StreamId
from watchkeep.domain.track import Tracked, TrackView, track_id
from watchkeep.processing.association import Numbers, assign, edges, overlaps
from watchkeep.processing.kalman import Floats
from watchkeep.processing.track_book import CONFIRMED_HITS, TrackBook

LOST_S = 1.5
LOST_STANDING_S = 10.0
"""What stands is looked at once a second only, and often hidden by who walks past."""
TENTATIVE_S = 0.7
RESUME_S = 10.0
LONGEST_STEP_S = 1.0
"""Nobody knows where a thing is that was not looked at for longer; its last place is the best guess."""
ENLARGED = 0.25
NEAR, SAME_LOW, SAME_PLACE, OVER = 0.1, 0.5, 0.3, 0.5
_MICROSECOND = timedelta(microseconds=1)
_GROUP_NUMBERS = {group: number for number, group in enumerate(ObjectGroup)}


class Tracker:
    """Of one stream."""

    def __init__(self, stream: StreamId, thresholds: Thresholds) -> None:
        self._stream = stream
        self._thresholds = thresholds
        self._book = TrackBook.empty()
        self._at_us = self._before_us = 0
        self._aspect = 1.0
        self._is_resuming = False

    def update(self, look: Look) -> Tracked:
        """Take the next look. One that is not later than the one before changes nothing."""
        at_us = (look.at - EPOCH) // _MICROSECOND
        if at_us <= self._at_us:
            return Tracked(alive=self._views(), ended=())
        ended = self._pass_time(at_us)
        self._aspect = look.aspect
        found = [each for each in look.detections if each.confidence >= self._thresholds.low]
        boxes = np.array([_as_row(each.box, look.aspect) for each in found]).reshape(-1, 4)
        scores = np.array([each.confidence for each in found])
        taken = self._associate(found, boxes, scores)
        self._begin(found, boxes, scores, taken)
        return Tracked(alive=self._views(), ended=ended)

    def idle(self, at: datetime) -> Tracked:
        """Time passes without a look."""
        at_us = (at - EPOCH) // _MICROSECOND
        ended = self._pass_time(at_us) if at_us > self._at_us else ()
        return Tracked(alive=self._views(), ended=ended)

    def save(self) -> bytes:
        """Everything that `restore` needs, as JSON."""
        document = {
            "format": 1,
            "at_us": self._at_us,
            "before_us": self._before_us,
            "aspect": self._aspect,
            "tracks": self._book.to_json(),
        }
        return json.dumps(document, separators=(",", ":")).encode()

    @classmethod
    def restore(
        cls, stream: StreamId, thresholds: Thresholds, saved: bytes, *, resumed_at: datetime | None = None
    ) -> "Tracker":
        """A tracker that goes on where another was; an empty one when `saved` makes no sense.

        Args:
            stream: Whose.
            thresholds: Of the weights that go on.
            saved: By `save`.
            resumed_at: Given after a restart: tracks get as long as usual from the first look on to be found
                again, unless ten seconds have passed.
        """
        tracker = cls(stream, thresholds)
        try:
            document = json.loads(saved)
            if document["format"] == 1:
                tracker._book = TrackBook.from_json(document["tracks"])
                tracker._at_us, tracker._before_us = int(document["at_us"]), int(document["before_us"])
                tracker._aspect = float(document["aspect"])
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            return cls(stream, thresholds)
        tracker._is_resuming = resumed_at is not None
        return tracker

    def _pass_time(self, at_us: int) -> tuple[TrackView, ...]:
        """Predict, and end what was not seen for too long."""
        gone_s = (at_us - self._at_us) / 1e6
        if self._is_resuming and gone_s <= RESUME_S:
            self._book.give_up_us = np.maximum(self._book.give_up_us, at_us + int(LOST_S * 1e6))
        self._is_resuming = False
        over = self._book.give_up_us < at_us
        ended = self._views(over) if over.any() else ()
        self._book = self._book.take(~over)
        steps = np.full(len(self._book), min(gone_s, LONGEST_STEP_S))
        # What stands does not drift while nobody looks.
        self._book.motion.speed[self._book.stillness.is_still] = 0.0
        self._book.motion = self._book.motion.predicted(steps)
        self._before_us, self._at_us = self._at_us, at_us
        return ended

    def _associate(self, found: list[Detection], boxes: Floats, scores: Floats) -> Numbers:
        """Continue tracks; the detections that were used."""
        book = self._book
        groups = np.array([_group_number(each) for each in found], dtype=np.int64)
        may = book.group[:, None] == groups[None, :]
        is_high = scores >= self._thresholds.high
        confirmed = book.is_confirmed
        predicted, enlarged = edges(book.motion.place), edges(book.motion.place, enlarged=ENLARGED)
        seen, seen_enlarged = edges(boxes), edges(boxes, enlarged=ENLARGED)
        near = overlaps(enlarged, seen_enlarged)
        was_seen = book.seen_us >= self._before_us
        rounds = (
            (near, NEAR, confirmed, is_high),
            (overlaps(predicted, seen), SAME_LOW, confirmed & was_seen, ~is_high),
            (overlaps(edges(book.last), seen), SAME_PLACE, confirmed, is_high),
            (near, SAME_PLACE, ~confirmed, is_high),
        )
        free_tracks = np.ones(len(book), dtype=np.bool_)
        free = np.ones(len(found), dtype=np.bool_)
        for likeness, least, tracks, detections in rounds:
            allowed = may & (free_tracks & tracks)[:, None] & (free & detections)[None, :]
            rows, columns = assign(likeness, allowed, least=least)
            free_tracks[rows], free[columns] = False, False
            if rows.size:
                self._observe(rows, columns, found, boxes, scores)
        return np.flatnonzero(~free)

    def _observe(
        self, rows: Numbers, columns: Numbers, found: list[Detection], boxes: Floats, scores: Floats
    ) -> None:
        book = self._book
        book.motion.put(rows, book.motion.take(rows).corrected(boxes[columns], scores[columns]))
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            book.vote(row, found[column].object_type, found[column].confidence)
        book.last[rows] = boxes[columns]
        book.seen_us[rows] = self._at_us
        book.hits[rows] += 1
        book.peak[rows] = np.maximum(book.peak[rows], scores[columns])
        place = book.motion.place[rows]
        feet = np.stack([place[:, 0], place[:, 1] + place[:, 3] / 2], axis=1)
        book.stillness.observe(rows, feet, place[:, 3], self._at_us / 1e6)
        is_still = book.stillness.is_still[rows]
        patience = np.where(is_still, LOST_STANDING_S, LOST_S)
        patience = np.where(book.hits[rows] < CONFIRMED_HITS, TENTATIVE_S, patience)
        book.give_up_us[rows] = self._at_us + (patience * 1e6).astype(np.int64)

    def _begin(self, found: list[Detection], boxes: Floats, scores: Floats, taken: Numbers) -> None:
        """Begin tracks of sure detections that are no second box of something that is followed."""
        fresh = np.setdiff1d(np.flatnonzero(scores >= self._thresholds.birth), taken)
        if fresh.size == 0:
            return
        book = self._book
        groups = np.array([_group_number(found[number]) for number in fresh], dtype=np.int64)
        followed = np.flatnonzero(book.seen_us == self._at_us)
        same = overlaps(edges(boxes[fresh]), edges(book.motion.place[followed])) > OVER
        is_twin = (same & (groups[:, None] == book.group[followed][None, :])).any(axis=1)
        fresh = fresh[~is_twin]
        at = EPOCH + self._at_us * _MICROSECOND
        ids = [track_id(self._stream, at, found[number].box) for number in fresh]
        new = TrackBook.begin(
            ids,
            [found[number].object_type for number in fresh],
            groups[~is_twin],
            boxes[fresh],
            scores[fresh],
            at_us=self._at_us,
            give_up_us=self._at_us + int(TENTATIVE_S * 1e6),
        )
        self._book = book.joined(new)

    def _views(self, chosen: NDArray[np.bool_] | None = None) -> tuple[TrackView, ...]:
        book = self._book
        mask = book.is_confirmed if chosen is None else book.is_confirmed & chosen
        at = EPOCH + self._at_us * _MICROSECOND
        return tuple(book.view(number, at, self._aspect) for number in np.flatnonzero(mask).tolist())


def _group_number(detection: Detection) -> int:
    """The group as a number."""
    return _GROUP_NUMBERS[group_of(detection.object_type)]


def _as_row(box: Box, aspect: float) -> tuple[float, float, float, float]:
    """Centre and size, all in shares of the picture's height, so that distances can be compared."""
    return (
        (box.left + box.right) / 2 * aspect,
        (box.top + box.bottom) / 2,
        box.width * aspect,
        box.height,
    )
