"""Sealed segments opened for reading: a bounded number at once, each used by one thread at a time."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from watchkeep.application.adopted import AdoptedFootage
from watchkeep.application.hls import Reel, StoredFragment
from watchkeep.domain.adopted import adopted_place
from watchkeep.domain.errors import (
    Conflict,
    DataLoss,
    Forbidden,
    Invalid,
    KeyShredded,
    NotFound,
    Unavailable,
    VolumeAway,
    WatchkeepError,
)
from watchkeep.domain.ids import SegmentId
from watchkeep.domain.mp4 import audio_setup
from watchkeep.domain.segment import SegmentState
from watchkeep.storage.blobs.volumes import Volumes
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.media.reader import Keys, SealedReader, open_reader

log = logging.getLogger(__name__)

MOST_OPEN = 64
MOST_REELS = 800
"""Twelve hours of one camera, the longest playlist, are 720 segments; each takes about 50 kB here."""


Whereabouts = Callable[[StoredSegment], Sequence[tuple[UUID, str]]]
"""Tells where a segment lies now, as (volume, name); asked when it is not where it was."""


class _Place:
    """A segment's place on the shelf; its lock outlives the reader."""

    __slots__ = ("lock", "reader")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.reader: SealedReader | None = None


class Shelf:
    """Opens segments when they are asked for and closes those that were not wanted for longest."""

    def __init__(
        self, volumes: Volumes, *, keys: Keys, whereabouts: Whereabouts, adopted: AdoptedFootage
    ) -> None:
        self._volumes = volumes
        self._adopted = adopted
        self._keys = keys
        self._whereabouts = whereabouts
        self._lock = threading.Lock()
        self._places: OrderedDict[SegmentId, _Place] = OrderedDict()
        self._reels: OrderedDict[SegmentId, Reel] = OrderedDict()
        self._damaged: set[SegmentId] = set()
        self._troubled: set[SegmentId] = set()
        self._away: set[SegmentId] = set()

    @contextmanager
    def reading(self, segment: StoredSegment) -> Iterator[SealedReader]:
        """The segment's reader, refreshed if it is still being written, for this thread alone.

        Raises:
            DataLoss: The file is gone, damaged, or its key was destroyed.
            VolumeAway: Its volume, and those of its copies, are not there now.
        """
        place = self._take(segment.id)
        with place.lock:
            try:
                if place.reader is None:
                    place.reader = self._open(segment)
                elif not place.reader.is_final:
                    place.reader.refresh()
                yield place.reader
            except (OSError, WatchkeepError):
                _close(place)  # it may have gone elsewhere, or its volume away: looked for anew next time
                raise
            finally:
                # Another thread may have cleared the place from the shelf while we waited for its lock. What
                # lies in memory is not kept there.
                if self._places.get(segment.id) is not place or adopted_place(segment.path):
                    _close(place)
        self._tidy()

    def reel(self, segment: StoredSegment) -> Reel:
        """What a player needs to know of a segment; kept for segments that will not change.

        Raises:
            DataLoss: As for `reading`.
        """
        with self._lock:
            known = self._reels.get(segment.id)
            if known is not None:
                self._reels.move_to_end(segment.id)
                return known
        with self.reading(segment) as reader:
            made = reel_of(reader, is_whole=reader.is_final or segment.state is not SegmentState.OPEN)
            is_final = reader.is_final
        if is_final:
            with self._lock:
                self._reels[segment.id] = made
                while len(self._reels) > MOST_REELS:
                    self._reels.popitem(last=False)
        return made

    def is_damaged(self, segment: SegmentId) -> bool:
        """Say whether this process has found its bytes changed."""
        return segment in self._damaged

    def is_away(self, segment: SegmentId) -> bool:
        """Say whether its volume was not there when it was last asked for."""
        return segment in self._away

    def note_trouble(self, segment: SegmentId, *, is_damaged: bool) -> bool:
        """Remember trouble with a segment; False if it was known already.

        Only changed bytes stay changed: a file that is not there now may be on a disk that comes back.
        """
        with self._lock:
            is_new = segment not in self._troubled
            self._troubled.add(segment)
            if is_damaged:
                self._damaged.add(segment)
            return is_new

    def close(self) -> None:
        """Let go of all files; later reads open them again."""
        with self._lock:
            places = list(self._places.values())
            self._places.clear()
        for place in places:
            with place.lock:
                _close(place)

    def _take(self, segment: SegmentId) -> _Place:
        with self._lock:
            place = self._places.setdefault(segment, _Place())
            self._places.move_to_end(segment)
            return place

    def _tidy(self) -> None:
        """Close the oldest that nobody is reading."""
        with self._lock:
            for segment, place in list(self._places.items()):
                if len(self._places) <= MOST_OPEN:
                    return
                if place.lock.acquire(blocking=False):
                    try:
                        _close(place)
                        del self._places[segment]
                    finally:
                        place.lock.release()

    def _open(self, segment: StoredSegment) -> SealedReader:
        """Open it where its row says, else wherever it is by now or has a copy."""
        if adopted_place(segment.path):
            return self._adopted.open(segment)
        away = damage = None
        for volume, name in _each_once((segment.volume, segment.path), lambda: self._whereabouts(segment)):
            try:
                reader = self._open_at(volume, name)
                self._away.discard(segment.id)
                return reader
            except KeyShredded:
                raise
            except (Unavailable, Conflict, Forbidden) as error:
                away = error
            except (DataLoss, Invalid) as error:
                damage = error
            except NotFound:
                continue
        if damage is not None:
            raise damage
        if away is not None:
            if segment.id not in self._away:
                log.info("volume away", extra={"segment": str(segment.id), "error": str(away)})
            self._away.add(segment.id)
            raise VolumeAway(
                "The volume that holds this footage is away; it can be seen again once that is back.",
                segment=segment.id,
            ) from away
        raise DataLoss(
            f"The file of segment {segment.id} is not there; check that the volume is mounted.",
            segment=segment.id,
        )

    def _open_at(self, volume: UUID, name: str) -> SealedReader:
        blobs = self._volumes.blobs(volume)
        try:
            file = blobs.open(name)
        except NotFound:
            blobs.require_same()  # what seems gone may be gone with its disk
            raise
        try:
            return open_reader(file, name, self._keys)
        except NotFound as error:  # the keystore never had its key
            file.close()
            raise DataLoss(str(error), **error.fields) from error
        except BaseException:
            file.close()
            raise


def _each_once(
    first: tuple[UUID, str], others: Callable[[], Sequence[tuple[UUID, str]]]
) -> Iterator[tuple[UUID, str]]:
    """The first, then the others, which are asked for only when the first was not enough."""
    yield first
    yield from [each for each in others() if each != first]


def reel_of(reader: SealedReader, *, is_whole: bool) -> Reel:
    """Describe an opened segment to a player."""
    fragments = tuple(
        StoredFragment(
            number=mark.number,
            offset=mark.offset,
            length=mark.length,
            media_offset=mark.media_offset,
            when=mark.when,
            start_ticks=mark.start_ticks,
            duration_ticks=mark.duration_ticks,
            starts_with_key=mark.starts_with_key,
        )
        for mark in reader.marks
    )
    init_section = reader.read_video(0, reader.init_length)
    return Reel(
        segment=reader.header.segment,
        run=reader.header.run,
        init_section=init_section,
        fragments=fragments,
        is_whole=is_whole,
        audio=audio_setup(init_section),
    )


def _close(place: _Place) -> None:
    if place.reader is not None:
        place.reader.close()
        place.reader = None
