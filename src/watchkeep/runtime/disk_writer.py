"""The recorder's disk: takes fragments from the loop, seals them, syncs them, closes segments.

One thread owns every open segment file of a volume. The loop only puts orders into a bounded queue, so that
a slow disk costs memory first and then footage with a cause, never another camera.
"""

import logging
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from watchkeep.domain.camera import StreamRole
from watchkeep.domain.category import DataClass
from watchkeep.domain.errors import WatchkeepError
from watchkeep.domain.ids import CameraId, NodeId, RunId, SegmentId, StreamId, uuid7
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import CameraClock, Fragment, VideoParameters
from watchkeep.domain.segment import SegmentHeader
from watchkeep.runtime.segment_closing import SegmentClosing
from watchkeep.runtime.segment_rows import opened_row
from watchkeep.runtime.system import Machine
from watchkeep.storage.encryption.keystore import Keystore
from watchkeep.storage.media.record_buffer import RecordBuffer
from watchkeep.storage.media.volume import Volume
from watchkeep.storage.media.writer import SealedWriter

log = logging.getLogger(__name__)

SYNC_EVERY_NS = 500_000_000
"""With fragments of half a second a power cut costs at most about 1.5 s (goal R2: 2 s)."""

GROUP_SYNC_FROM = 8
"""So many segments are synced by one call: 200 of them take 0.05 s so, one by one 0.5 s (ext4 on an SSD).
Few are synced one by one, so that no other program's writing is waited for."""

LOOK_EVERY_S = 0.25
"""So often the thread looks whether a sync is due, if nothing is given to it."""

PROGRESS_EVERY_NS = 5_000_000_000
"""How often the catalog hears how far an open segment has come."""

STREAM_BYTES = 64 * 1024 * 1024
"""What of one stream waits for a stalled disk: 30 s of 16 Mbit/s. One that sends more costs no other."""

QUEUE_BYTES = 512 * 1024 * 1024
"""What of all streams waits together: 30 s of 16 cameras of 8 Mbit/s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentStart:
    """What the loop knows of a segment that begins.

    Attributes:
        camera_clock: How the camera's clock stands; noted in the segment before, which ends here.
    """

    camera: CameraId
    stream: StreamId
    role: StreamRole
    run: RunId
    sequence: int
    data_class: DataClass
    started_at: datetime
    start_ticks: int
    monotonic_ns: int
    parameters: VideoParameters
    init: bytes
    camera_clock: CameraClock | None = None


@dataclass(frozen=True, slots=True)
class SegmentEnd:
    """A stream's segment is whole; so the camera's clock stood then."""

    stream: StreamId
    camera_clock: CameraClock | None


@dataclass(frozen=True, slots=True)
class DiskFailure:
    """A stream's segment could not be written further."""

    durable_until: datetime
    sentence: str


@dataclass(slots=True)
class _Open:
    header: SegmentHeader
    path: Path
    writer: SealedWriter
    durable_until: datetime
    told_until: datetime
    is_dirty: bool = False


_Order = SegmentStart | tuple[StreamId, Fragment] | SegmentEnd


def _stream_of(order: _Order) -> StreamId:
    match order:
        case SegmentStart() | SegmentEnd():
            return order.stream
        case (stream, _):
            return stream


class DiskWriter:
    """The one who writes footage. `begin`, `append`, `end` are for the loop; `run` is the thread."""

    def __init__(
        self,
        *,
        volume: Volume,
        keystore: Keystore,
        node: NodeId,
        closing: SegmentClosing,
        machine: Machine,
        clock_is_synchronised: Callable[[], bool | None],
        group_sync_from: int = GROUP_SYNC_FROM,
    ) -> None:
        self._volume = volume
        self._keystore = keystore
        self._node = node
        self._closing = closing
        self._fs = machine.fs
        clock = self._clock = machine.clock
        self._rng = machine.rng
        self._clock_is_synchronised = clock_is_synchronised
        self._group_sync_from = group_sync_from
        self._records = RecordBuffer()
        self._ending: set[StreamId] = set()
        """Streams whose newest order ends their segment; the loop's."""
        self._orders: deque[tuple[_Order, int]] = deque()
        self._waiting: defaultdict[StreamId, int] = defaultdict(int)
        self._waiting_bytes = 0
        self._condition = threading.Condition()
        self._is_stopping = False
        self._open: dict[StreamId, _Open] = {}
        self._failures: dict[StreamId, DiskFailure] = {}
        self._durable_until: dict[StreamId, datetime] = {}
        self._synced_ns = clock.monotonic_ns()
        self._told_ns = clock.monotonic_ns()
        self._thread = threading.Thread(target=self._run, name="disk", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the thread still runs; False before `start`, after `stop` and after a fault."""
        return self._thread.is_alive()

    def begin(self, start: SegmentStart, camera_clock: CameraClock | None = None) -> bool:
        """A segment begins, the stream's segment before it is closed; False if too much is waiting.

        The clock goes with the segment before.
        """
        return self._put(replace(start, camera_clock=camera_clock), len(start.init))

    def append(self, stream: StreamId, fragment: Fragment) -> bool:
        """Take a fragment; False if too much is waiting already."""
        return self._put((stream, fragment), len(fragment.payload))

    def end(self, stream: StreamId, camera_clock: CameraClock | None = None) -> None:
        """The stream's segment is whole."""
        if stream not in self._ending:  # said again and again while a disk hangs
            self._put(SegmentEnd(stream, camera_clock), 0)
            self._ending.add(stream)

    def wake(self) -> None:
        """Let the thread carry out what was given; once a turn, for waking costs more than writing."""
        if self._orders:
            with self._condition:
                self._condition.notify()

    def take_failure(self, stream: StreamId) -> DiskFailure | None:
        """What went wrong with the stream's segment since the last call."""
        if stream not in self._failures:
            return None
        with self._condition:
            return self._failures.pop(stream, None)

    def durable_until(self, stream: StreamId) -> datetime | None:
        """Where the stream's footage that is on the disk ends; None before there is any."""
        return self._durable_until.get(stream)

    @property
    def waiting_bytes(self) -> int:
        """What is not yet written, of all streams."""
        return self._waiting_bytes

    def stop(self) -> None:
        """Write what waits, close every segment, end the thread."""
        with self._condition:
            self._is_stopping = True
            self._condition.notify()
        self._thread.join()

    def _put(self, order: _Order, size: int) -> bool:
        stream = _stream_of(order)
        with self._condition:
            waiting_bytes = self._waiting_bytes + size
            if size and (self._waiting[stream] + size > STREAM_BYTES or waiting_bytes > QUEUE_BYTES):
                return False
            self._orders.append((order, size))
            self._ending.discard(stream)
            self._waiting[stream] += size
            self._waiting_bytes = waiting_bytes
        return True

    def _run(self) -> None:
        while self._turn():
            pass
        for stream in list(self._open):
            self._finish(stream)
        # The next process would not know any more how much of a torn file is durable.
        self._closing.mend()

    def _turn(self) -> bool:
        """Carry out what was ordered and sync when due; False when there will be no more."""
        with self._condition:
            if not self._orders and not self._is_stopping:
                self._condition.wait(timeout=LOOK_EVERY_S)
            if not self._orders and self._is_stopping:
                return False
            orders, self._orders = self._orders, deque()
        for order, size in orders:
            self._sync_when_due()
            self._carry_out(order)
            with self._condition:
                self._waiting[_stream_of(order)] -= size  # only now: what is being written takes room
                self._waiting_bytes -= size
        self._sync_when_due()
        return True

    def _carry_out(self, order: _Order) -> None:
        match order:
            case SegmentStart():
                self._finish(order.stream, order.camera_clock)
                self._attempt(order.stream, lambda: self._create(order), since=order.started_at)
            case (stream, fragment):
                if stream in self._open:
                    act = partial(self._write, stream, fragment)
                    self._attempt(stream, act, since=fragment.when.start)
            case SegmentEnd():
                self._finish(order.stream, order.camera_clock)

    def _attempt(self, stream: StreamId, act: Callable[[], None], *, since: datetime) -> None:
        try:
            act()
        except (OSError, WatchkeepError) as error:
            self._fail(stream, error, since=since)

    def _create(self, start: SegmentStart) -> None:
        day = start.started_at.astimezone(UTC).date()
        key = self._keystore.shred_key(camera=start.camera, day=day, data_class=start.data_class)
        header = SegmentHeader(
            segment=SegmentId(uuid7(self._clock, self._rng)),
            node=self._node,
            camera=start.camera,
            stream=start.stream,
            role=start.role,
            run=start.run,
            epoch=0,
            sequence=start.sequence,
            data_class=start.data_class,
            started_at=start.started_at,
            start_ticks=start.start_ticks,
            monotonic_ns=start.monotonic_ns,
            clock_is_synchronised=self._clock_is_synchronised(),
            parameters=start.parameters,
            shred_key=key.id,
            shred_day=day,
        )
        self._volume.require_same()
        path = self._volume.open_path(header.segment)
        writer = SealedWriter.create(
            path,
            header,
            start.init,
            shred_key=key,
            fs=self._fs,
            rng=self._rng,
            records=self._records,
        )
        at = start.started_at
        self._open[start.stream] = _Open(header, path, writer, at, at)
        self._volume.sync_open()

    def _write(self, stream: StreamId, fragment: Fragment) -> None:
        segment = self._open[stream]
        segment.writer.append(fragment)
        segment.is_dirty = True

    def _sync_when_due(self) -> None:
        now = self._clock.monotonic_ns()
        if now - self._synced_ns >= SYNC_EVERY_NS:
            self._synced_ns = now
            self._sync_dirty()
        if now - self._told_ns >= PROGRESS_EVERY_NS:
            self._told_ns = now
            self._tell_progress()
            self._closing.mend()

    def _sync_dirty(self) -> None:
        dirty = [(stream, segment) for stream, segment in self._open.items() if segment.is_dirty]
        are_synced = len(dirty) >= self._group_sync_from and self._sync_group(dirty[0][1])
        for stream, segment in dirty:
            if are_synced:
                segment.writer.was_synced()
                self._now_durable(segment)
            else:
                self._attempt(stream, partial(self._sync, segment), since=segment.durable_until)

    def _sync_group(self, one: _Open) -> bool:
        try:
            return one.writer.sync_all()
        except OSError as error:
            log.warning("group sync failed, syncing one by one", extra={"error": str(error)})
            return False

    def _sync(self, segment: _Open) -> None:
        segment.writer.sync()
        self._now_durable(segment)

    def _now_durable(self, segment: _Open) -> None:
        segment.is_dirty = False
        is_first = segment.durable_until == segment.told_until == segment.header.started_at
        when = segment.writer.when
        if when is not None:
            segment.durable_until = self._durable_until[segment.header.stream] = when.end
            if is_first:
                # The row follows the first durable fragment, so that no row is without a file to play.
                self._tell(segment, when)

    def _tell_progress(self) -> None:
        for segment in self._open.values():
            when = segment.writer.when
            if when is not None and segment.durable_until > segment.told_until:
                self._tell(segment, Interval(when.start, segment.durable_until))

    def _tell(self, segment: _Open, when: Interval) -> None:
        segment.told_until = when.end
        row = opened_row(
            segment.header,
            self._volume,
            when=when,
            size_bytes=segment.writer.size_bytes,
            fragment_count=segment.writer.fragment_count,
        )
        self._closing.submit(row, None)

    def _finish(self, stream: StreamId, camera_clock: CameraClock | None = None) -> None:
        segment = self._open.get(stream)
        if segment is None:
            return
        if segment.writer.fragment_count == 0:
            # It holds no picture, so nothing is lost with it: mending removes it.
            self._let_go(stream)
            return
        try:
            summary = segment.writer.finish(camera_clock=camera_clock)
        except (OSError, WatchkeepError) as error:
            self._fail(stream, error, since=segment.durable_until)
            return
        del self._open[stream]
        self._durable_until[stream] = summary.when.end
        self._closing.register(segment.path, summary)

    def _fail(self, stream: StreamId, error: Exception, *, since: datetime) -> None:
        segment = self._let_go(stream)
        until = since if segment is None else segment.durable_until
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        log.error("segment not written further", extra={"stream": str(stream), "error": str(error)})
        with self._condition:
            known = self._failures.get(stream)
            if known is None or until < known.durable_until:
                self._failures[stream] = DiskFailure(until, f"the disk refused: {reason}")

    def _let_go(self, stream: StreamId) -> _Open | None:
        segment = self._open.pop(stream, None)
        if segment is not None:
            self._closing.tear(segment.path, durable_bytes=segment.writer.durable_bytes)
            with suppress(OSError):  # what is written is written; the descriptor is gone either way
                segment.writer.abandon()
        return segment
