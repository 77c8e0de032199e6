"""Follows objects through the looks of one stream; time is in seconds, never in frames.

Association after ByteTrack (Zhang and others, 2022) with buffered boxes (Yang and others, C-BIoU, 2023).
"""

import json
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from watchkeep.domain.detection import Look, ObjectGroup, Thresholds, group_of
from watchkeep.domain.geometry import Box
from watchkeep.domain.ids import StreamId
from watchkeep.domain.interval import unix_us
from watchkeep.domain.track import Tracked, TrackView, track_id
from watchkeep.processing.association import assign, edges
from watchkeep.processing.rows import Floats, Mask, Numbers
from watchkeep.processing.suppression import overlaps
from watchkeep.processing.track_book import TrackBook, instant

LOST_US = 1_500_000
LOST_STANDING_US = 10_000_000
"""What stands is looked at once a second only, and often hidden by who walks past."""
RESUME_US = 10_000_000
LONGEST_STEP_S = 1.0
"""Nobody knows where a thing is that was not looked at for longer; its last place is the best guess."""
ENLARGED = 0.2
NEAR, SAME_LOW, SAME_PLACE, TWIN = 0.1, 0.5, 0.3, 0.5
FARTHEST = 10.0
"""Shares of the picture; a box with an edge out there is nonsense."""
_GROUP_NUMBERS = {group: number for number, group in enumerate(ObjectGroup)}


@dataclass(frozen=True, slots=True)
class _Found:
    """The detections of a look that mean something, m of them.

    Attributes:
        places: As they were found, for ids.
        group: (m,) object groups as numbers.
        boxes: (m, 4) centre and size in shares of the picture's height, so that distances compare.
        scores: (m,) confidences.
    """

    types: list[str]
    places: list[Box]
    group: Numbers
    boxes: Floats
    scores: Floats


class Tracker:
    """Of one stream."""

    def __init__(self, stream: StreamId, thresholds: Thresholds) -> None:
        self._stream = stream
        self._thresholds = thresholds
        self._book = TrackBook.empty()
        self._at_us = 0
        self._aspect = 1.0
        self._resume_until_us = 0

    def update(self, look: Look) -> Tracked:
        """Take the next look. One that is not later than the one before changes nothing."""
        at_us = unix_us(look.at)
        if at_us <= self._at_us:
            return Tracked(alive=self._alive(self._book.motion.place, self._at_us), ended=())
        if at_us <= self._resume_until_us:
            self._book.give_up_us = np.maximum(self._book.give_up_us, at_us + LOST_US)
        self._resume_until_us = 0
        ended, before_us = self._end(at_us), self._at_us
        self._predict(at_us)
        self._aspect = look.aspect
        found = _found(look, self._thresholds.low)
        self._begin(found, self._continue(found, before_us=before_us))
        return Tracked(alive=self._alive(self._book.motion.place, at_us), ended=ended)

    def idle(self, at: datetime) -> Tracked:
        """Time passes without a look; a look from before `at` may still come."""
        at_us = unix_us(at)
        if at_us <= max(self._at_us, self._resume_until_us):
            return Tracked(alive=self._alive(self._book.motion.place, self._at_us), ended=())
        ended = self._end(at_us)
        step_s = min((at_us - self._at_us) / 1e6, LONGEST_STEP_S)
        return Tracked(alive=self._alive(self._book.motion.predicted(step_s).place, at_us), ended=ended)

    def save(self) -> bytes:
        """Everything that `restore` needs, as JSON."""
        document = {
            "format": 1,
            "at_us": self._at_us,
            "aspect": self._aspect,
            "tracks": self._book.to_json(),
        }
        return json.dumps(document, separators=(",", ":"), allow_nan=False).encode()

    @classmethod
    def restore(
        cls, stream: StreamId, thresholds: Thresholds, saved: bytes, *, resumed_at: datetime | None = None
    ) -> "Tracker":
        """A tracker that goes on where another was; an empty one when `saved` makes no sense.

        Args:
            stream: Whose.
            thresholds: Of the weights that go on.
            saved: By `save`.
            resumed_at: When, after a restart. If that took no longer than ten seconds, tracks get as long as
                usual to be found again, from the first look on.
        """
        tracker = cls(stream, thresholds)
        try:
            document = json.loads(saved)
            if document["format"] != 1:
                return tracker
            book = TrackBook.from_json(document["tracks"])
            at_us = int(document["at_us"])
            tracker._aspect = float(document["aspect"])
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            return cls(stream, thresholds)
        tracker._book, tracker._at_us = book, at_us
        if resumed_at is not None and unix_us(resumed_at) - at_us <= RESUME_US:
            tracker._resume_until_us = unix_us(resumed_at) + RESUME_US
        return tracker

    def _end(self, at_us: int) -> tuple[TrackView, ...]:
        """End what was not seen for too long."""
        book = self._book
        is_over = book.give_up_us < at_us
        if not is_over.any():
            return ()
        self._book = book[~is_over]
        told = is_over & book.is_confirmed
        return tuple(book.views(told, book.settled, at_us=None, aspect=self._aspect))

    def _predict(self, at_us: int) -> None:
        book = self._book
        # What stands does not drift while nobody looks.
        book.motion.speed[book.stillness.is_still] = 0.0
        book.motion = book.motion.predicted(min((at_us - self._at_us) / 1e6, LONGEST_STEP_S))
        self._at_us = at_us

    def _continue(self, found: _Found, *, before_us: int) -> Mask:
        """Continue tracks; says which detections were used. `before_us` is of the look before this one."""
        book = self._book
        may = book.group[:, None] == found.group[None, :]
        is_high = found.scores >= self._thresholds.high
        is_sure, was_seen = book.is_confirmed, book.seen_us == before_us
        place = book.motion.place
        rounds = (
            (place, ENLARGED, NEAR, is_sure, is_high),
            (place, 0.0, SAME_LOW, is_sure & was_seen, ~is_high),
            (book.last, 0.0, SAME_PLACE, is_sure, is_high),
            (place, ENLARGED, SAME_PLACE, ~is_sure, is_high),
        )
        partner = np.full(len(found.types), -1, dtype=np.int64)
        is_free = np.ones(len(book), dtype=np.bool_)
        for places, enlarged, least, tracks, detections in rounds:
            rows = np.flatnonzero(tracks & is_free)
            columns = np.flatnonzero(detections & (partner < 0))
            if rows.size == 0 or columns.size == 0:
                continue
            likeness = overlaps(
                edges(places[rows], enlarged=enlarged), edges(found.boxes[columns], enlarged=enlarged)
            )
            chosen, taken = assign(likeness, may[np.ix_(rows, columns)], least=least)
            is_free[rows[chosen]] = False
            partner[columns[taken]] = rows[chosen]
            if (partner >= 0).all():
                break
        is_used: Mask = partner >= 0
        self._observe(found, partner, is_used)
        return is_used

    def _observe(self, found: _Found, partner: Numbers, is_used: Mask) -> None:
        book, rows = self._book, partner[is_used]
        types = [found.types[number] for number in np.flatnonzero(is_used).tolist()]
        book.observe(rows, types, found.boxes[is_used], found.scores[is_used], at_us=self._at_us)
        patience = np.where(book.stillness.is_still[rows], LOST_STANDING_US, LOST_US)
        book.give_up_us[rows] = self._at_us + patience

    def _begin(self, found: _Found, is_used: Mask) -> None:
        """Begin tracks of sure detections that are no second box of something that is followed."""
        fresh = np.flatnonzero(~is_used & (found.scores >= self._thresholds.birth))
        if fresh.size == 0:
            return
        book = self._book
        followed = np.flatnonzero(book.seen_us == self._at_us)
        same = overlaps(edges(found.boxes[fresh]), edges(book.motion.place[followed])) > TWIN
        is_twin = (same & (found.group[fresh][:, None] == book.group[followed][None, :])).any(axis=1)
        at = instant(self._at_us)
        # Of two in the very same place one is enough: they would be the same track.
        named = {track_id(self._stream, at, found.places[n]): n for n in fresh[~is_twin].tolist()}
        fresh = np.array(sorted(named.values()), dtype=np.int64)
        new = TrackBook.begin(
            sorted(named, key=named.__getitem__),
            [found.types[number] for number in fresh.tolist()],
            found.group[fresh],
            found.boxes[fresh],
            found.scores[fresh],
            at_us=self._at_us,
        )
        new.give_up_us += LOST_US
        self._book = book.joined(new)

    def _alive(self, places: Floats, at_us: int) -> tuple[TrackView, ...]:
        book = self._book
        return tuple(book.views(book.is_confirmed, places, at_us=at_us, aspect=self._aspect))


def _found(look: Look, low: float) -> _Found:
    """What a look found, without noise and nonsense."""
    edge = np.array(
        [(each.box.left, each.box.top, each.box.right, each.box.bottom) for each in look.detections]
    ).reshape(-1, 4)
    scores = np.array([each.confidence for each in look.detections], dtype=np.float64)
    # Whoever found them read what a camera sent. Not-a-number fails each of these.
    is_good = (scores >= low) & (scores <= 1.0) & (np.abs(edge) <= FARTHEST).all(axis=1)
    is_good &= (edge[:, :2] <= edge[:, 2:]).all(axis=1)
    good = [each for each, is_kept in zip(look.detections, is_good.tolist(), strict=True) if is_kept]
    edge = edge[is_good]
    edge[:, 0::2] *= look.aspect
    return _Found(
        types=[each.object_type for each in good],
        places=[each.box for each in good],
        group=np.array([_GROUP_NUMBERS[group_of(each.object_type)] for each in good], dtype=np.int64),
        boxes=np.concatenate([(edge[:, :2] + edge[:, 2:]) / 2, edge[:, 2:] - edge[:, :2]], axis=1),
        scores=scores[is_good],
    )
