"""The picture of an event: cut from the recording of the main stream, made by the decoder, sealed."""

import logging
import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from watchkeep.domain.camera import StreamRole
from watchkeep.domain.category import DataClass
from watchkeep.domain.errors import CatalogUnavailable, DataLoss, NotFound, WatchkeepError
from watchkeep.domain.event import Event
from watchkeep.domain.ids import CameraId, EventId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import TICKS_PER_SECOND
from watchkeep.processing.words import TakePicture
from watchkeep.runtime.event_writer import EventWriter
from watchkeep.runtime.wiring import Node
from watchkeep.storage.catalog import cameras, footage
from watchkeep.storage.catalog.events import EventPicture
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.media.format import FragmentMark
from watchkeep.storage.media.picture import PictureHeader, seal_picture
from watchkeep.storage.media.reader import SealedReader, open_reader

log = logging.getLogger(__name__)

WIDTH_PX = 1280
DURABLE_AFTER = timedelta(seconds=2.5)
"""A fragment is synced about a second after its last picture, and can be read then."""
BETTER_AFTER = timedelta(seconds=0.5)
"""A best moment that is nearer to the one that was taken is the same to the eye."""
TRIES = 5
RETRY = timedelta(seconds=4)
LONGEST_GOP = timedelta(seconds=30)
AT_ONCE_NS = 1_000_000_000
"""One a second for all cameras together: it takes the decoder's time."""


@dataclass(slots=True)
class _Wish:
    event: Event
    due: datetime
    tries: int = 0


@dataclass(frozen=True, slots=True)
class _Answer:
    number: int
    jpeg: bytes
    width_px: int
    height_px: int


@dataclass(slots=True)
class _Album:
    """What is wanted and what was taken."""

    wishes: dict[EventId, _Wish] = field(default_factory=dict)
    taken: dict[EventId, datetime] = field(default_factory=dict)
    asked: dict[int, Event] = field(default_factory=dict)


class PictureTaking:
    """`wish`, `orders` and `take` are for the loop; the thread reads footage and seals pictures."""

    def __init__(self, node: Node, writer: EventWriter) -> None:
        self._node = node
        self._writer = writer
        self._clock = node.machine.clock
        self._album = _Album()
        self._orders: queue.SimpleQueue[TakePicture] = queue.SimpleQueue()
        self._inbox: queue.SimpleQueue[Event | _Answer | None] = queue.SimpleQueue()
        self._number = 0
        self._next_ns = 0
        self._thread = threading.Thread(target=self._run, name="pictures", daemon=True)

    def start(self) -> None:
        """Begin to take pictures."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what was not taken is not taken."""
        self._inbox.put(None)
        self._thread.join()

    def wish(self, event: Event) -> None:
        """An event began, has a better moment, or ended."""
        self._inbox.put(event)

    def orders(self) -> list[TakePicture]:
        """What the decoder is to make now."""
        orders: list[TakePicture] = []
        while not self._orders.empty():
            orders.append(self._orders.get())
        return orders

    def take(self, number: int, jpeg: bytes, *, width_px: int, height_px: int) -> None:
        """The decoder has made a picture."""
        self._inbox.put(_Answer(number, jpeg, width_px, height_px))

    def _run(self) -> None:
        while True:
            try:
                item = self._inbox.get(timeout=0.2)
            except queue.Empty:
                self._order_next()
                continue
            match item:
                case None:
                    return
                case Event():
                    self._note(item)
                case _:
                    self._seal(item)
            self._order_next()

    def _note(self, event: Event) -> None:
        """One picture soon after the beginning, and another at the end if there was a better moment."""
        album = self._album
        taken = album.taken.get(event.id)
        if taken is not None and (event.ended_at is None or abs(event.best.at - taken) < BETTER_AFTER):
            return
        known = album.wishes.get(event.id)
        due = known.due if known is not None else event.best.at + DURABLE_AFTER
        album.wishes[event.id] = _Wish(event, due)

    def _order_next(self) -> None:
        now, now_ns = self._clock.now(), self._clock.monotonic_ns()
        if now_ns < self._next_ns:
            return
        wish = next((wish for wish in self._album.wishes.values() if wish.due <= now), None)
        if wish is None:
            return
        self._next_ns = now_ns + AT_ONCE_NS
        event = wish.event
        del self._album.wishes[event.id]
        try:
            self._order(event)
        except (WatchkeepError, OSError) as error:
            wish.tries += 1
            if wish.tries >= TRIES and not isinstance(error, CatalogUnavailable):
                log.info("no picture of an event", extra={"event": str(event.id), "error": str(error)})
                return
            wish.due = now + RETRY
            self._album.wishes[event.id] = wish

    def _order(self, event: Event) -> None:
        segment = self._find(event)
        reader = self._open(segment)
        try:
            marks = _gop_until(reader.marks, event.best.at)
            if not marks:
                raise NotFound("the footage of the moment is not on disk yet", event=str(event.id))
            last = marks[-1]
            into_s = (event.best.at - last.when.start).total_seconds()
            self._number += 1
            self._album.asked[self._number] = event
            for stale in list(self._album.asked)[:-32]:
                del self._album.asked[stale]
            self._orders.put(
                TakePicture(
                    number=self._number,
                    init=reader.read_video(0, reader.init_length),
                    payloads=tuple(reader.read_video(mark.offset, mark.length) for mark in marks),
                    at_ticks=last.start_ticks + round(into_s * TICKS_PER_SECOND),
                    width_px=WIDTH_PX,
                )
            )
        finally:
            reader.close()

    def _find(self, event: Event) -> StoredSegment:
        at = event.best.at
        with self._node.catalog.transaction("analyst") as connection:
            streams = cameras.get_camera(connection, event.camera).streams
            for stream in sorted(streams, key=lambda each: each.role is not StreamRole.MAIN):
                span = Interval(at - LONGEST_GOP, at + timedelta(milliseconds=1))
                found = footage.segments_between(connection, stream.id, span)
                holding = [each for each in found if each.when.start <= at]
                if holding:
                    return holding[-1]
        raise NotFound("no recording holds the moment", event=str(event.id))

    def _open(self, segment: StoredSegment) -> SealedReader:
        file = self._node.volumes.blobs(segment.volume).open(segment.path)
        try:
            return open_reader(file, segment.path, self._node.keystore.find_shred_key)
        except BaseException:
            file.close()
            raise

    def _seal(self, answer: _Answer) -> None:
        event = self._album.asked.pop(answer.number, None)
        if event is None:
            return
        node = self._node
        day = event.started_at.astimezone(UTC).date()
        try:
            key = node.keystore.shred_key(camera=CameraId(event.camera), day=day, data_class=DataClass.EVENT)
            path = node.volume.picture_path(camera=event.camera, day=day, event=event.id)
            header = PictureHeader(
                camera=event.camera,
                day=day,
                event=event.id,
                at=event.best.at,
                width_px=answer.width_px,
                height_px=answer.height_px,
                data_class=DataClass.EVENT,
                shred_key=key.id,
            )
            node.volume.require_same()
            size = seal_picture(
                path, header, answer.jpeg, shred_key=key, fs=node.machine.fs, rng=node.machine.rng
            )
        except (OSError, DataLoss, WatchkeepError) as error:
            log.warning("picture not kept", extra={"event": str(event.id), "error": str(error)})
            return
        self._album.taken[event.id] = event.best.at
        while len(self._album.taken) > 4096:
            del self._album.taken[next(iter(self._album.taken))]
        self._writer.submit_picture(
            EventPicture(
                camera=event.camera,
                event=event.id,
                started_at=event.started_at,
                volume=node.volume.id,
                path=node.volume.relative(path),
                size_bytes=size,
                at=event.best.at,
                box=event.best.box,
            )
        )


def _gop_until(marks: Sequence[FragmentMark], at: datetime) -> list[FragmentMark]:
    """The fragments from the key picture before an instant to the one that holds it; empty if none does."""
    holding = next(
        (number for number, mark in enumerate(marks) if mark.when.start <= at < mark.when.end), None
    )
    if holding is None:
        return []
    first = next((number for number in range(holding, -1, -1) if marks[number].starts_with_key), None)
    return [] if first is None else list(marks[first : holding + 1])
