"""One stream on its way from a socket to a sealed file: the figure of the architecture, as code.

    source ──packets──► fragmenter ──fragments──┬──► disk (sealed segments)
                                                └──► offer (live, and later the analyst)

Nothing here waits: the source is polled, the disk is a queue, the offer drops. What cannot be kept becomes a
gap with its cause.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from watchkeep.domain.camera import Stream, StreamCondition, StreamState
from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import GapId, RunId, uuid7
from watchkeep.domain.media import (
    AudioPacket,
    CameraClock,
    Document,
    Fragment,
    GapCause,
    Packet,
    RunEnded,
    RunStarted,
    VideoParameters,
)
from watchkeep.domain.segment import Gap, Run
from watchkeep.ingestion.audio_boxes import describable
from watchkeep.ingestion.mux import init_section
from watchkeep.ingestion.segmenter import Segmenter
from watchkeep.ingestion.wall_clock import WallClock
from watchkeep.runtime.disk_writer import DiskWriter, SegmentStart
from watchkeep.runtime.packet_feed import ChunkReaders, PacketFeed
from watchkeep.runtime.packet_source import PacketSource
from watchkeep.runtime.stream_rate import StreamRate
from watchkeep.runtime.system import Machine
from watchkeep.storage.catalog import recorder_rows
from watchkeep.storage.catalog.recorder_rows import GapClosed, GapOpened, RecorderRow, RunBegan

log = logging.getLogger(__name__)

DISK_PAUSE_NS = 1_000_000_000
"""After a disk error the next try waits this long, so that a full disk is not hammered."""

HEAVY_BYTES = 512 * 1024
"""A fragment of so much shows a stream that would fill its socket if it were read less often."""

LONGEST_HOLE = timedelta(seconds=1)
"""Within a segment; the catalog takes none of more than five minutes."""


class FragmentReaders(ChunkReaders, Protocol):
    """Who watches while it is recorded."""

    def begin(self, stream: Stream, parameters: VideoParameters, init: bytes) -> None:
        """A run starts: later fragments need this init section."""
        ...

    def publish(self, stream: Stream, fragment: Fragment, *, went_in_chunks: bool = False) -> None:
        """Hand a fragment to those who listen; drops for the slow."""
        ...


@dataclass(frozen=True, slots=True)
class Outlets:
    """Where a worker's fragments and rows go. `submit` never waits."""

    disk: DiskWriter
    readers: FragmentReaders
    submit: Callable[[RecorderRow], None]


@dataclass(frozen=True, slots=True)
class Parting:
    """What a worker leaves to the next one of its stream."""

    last_end: datetime | None = None
    """Where the footage ended."""
    gap: Gap | None = None
    """The gap that lasts."""


@dataclass(slots=True)
class _Run:
    id: RunId
    parameters: VideoParameters
    is_clear_text: bool
    wall_clock: WallClock
    feed: PacketFeed
    segmenter: Segmenter
    init: bytes
    note: str
    segments: int = 0
    began: Run | None = None
    """As the catalog was told; None until there is something to play."""
    is_writing: bool = False


class StreamWorker:
    """Carries one stream. Ticked by the recorder's loop."""

    def __init__(
        self,
        stream: Stream,
        *,
        source: PacketSource,
        outlets: Outlets,
        machine: Machine,
        segment_length: timedelta,
        before: Parting,
    ) -> None:
        """Start where the one before left off.

        Args:
            stream: What to record.
            source: Where its packets come from.
            outlets: Where what it makes goes.
            machine: Clock and chance.
            segment_length: About how long a segment is.
            before: What the stream's last worker, in this process or in one before, left.
        """
        self.stream = stream
        self._source = source
        self._disk = outlets.disk
        self._readers = outlets.readers
        self._submit = outlets.submit
        clock = self._clock = machine.clock
        self._rng = machine.rng
        self._segment_length = segment_length
        self._run: _Run | None = None
        self._gap = before.gap
        self._gap_ends_at: datetime | None = None
        self._last_end = before.last_end
        self._disk_due_ns = 0
        self._rate = StreamRate()
        self._is_heavy = False
        self._condition = StreamCondition.CONNECTING
        self.began_from = before.last_end
        self._since = self.began_at = clock.now()
        self._detail = ""
        self.dropped_fragments = 0
        self.dropped_audio_packets = self.dropped_documents = 0
        if before.gap is None and stream.record:
            if before.last_end is None:
                self._open_gap(self.began_at, GapCause.CONNECTING, "the first connection is being made")
            else:
                self._open_gap(before.last_end, GapCause.RECORDER_STOPPED, "the recorder was not running")

    @property
    def is_pressing(self) -> bool:
        """Whether it is to be ticked each turn; of the others each fifth turn is soon enough."""
        return self._run is None or self._is_heavy or self._run.feed.is_watched

    def tick(self) -> None:
        """Take what the source has and pass it on."""
        for notice in self._source.poll():
            match notice:
                case Packet():
                    if self._run is not None:
                        self._run.feed.push(notice)
                case AudioPacket() if self._run is not None:
                    self._run.feed.push_audio(notice)
                case Document() if self._run is not None:
                    self._run.feed.push_document(notice)
                case RunStarted():
                    self._begin(notice)
                case RunEnded():
                    self.end(notice.cause, notice.detail)
        if self._run is not None:
            self._run.feed.look_who_watches()
        self.look_at_disk()

    def stop(self, cause: GapCause, detail: str) -> Parting:
        """End the run on purpose and let go of the camera."""
        self.end(cause, detail)
        self._set(StreamCondition.OFF, detail)
        self.close()
        return Parting(self._last_end, self._gap)

    def give_up(self, detail: str) -> Parting:
        """Stop after a fault: what is in hand may be the cause and is not touched again."""
        self._end_run(GapCause.UNKNOWN, detail)
        return Parting(self._last_end, self._gap)

    def close(self) -> None:
        """Let go of the camera."""
        self._source.close()

    @property
    def source(self) -> PacketSource:
        """Where its packets come from, for what that says of itself."""
        return self._source

    @property
    def gap(self) -> Gap | None:
        """The gap that lasts now."""
        return self._gap

    def _begin(self, notice: RunStarted) -> None:
        if self._run is not None:
            self.end(GapCause.STREAM_ENDED, "the source started anew")
        run = RunId(uuid7(self._clock, self._rng))
        wall_clock = WallClock(clock=self._clock, not_before=self._last_end)
        # Whatever the source says: audio that was not switched on is not recorded.
        audio = describable(notice.audio) if self.stream.audio else None
        init = init_section(notice.parameters, audio)
        self._run = _Run(
            id=run,
            parameters=notice.parameters,
            is_clear_text=notice.is_clear_text,
            wall_clock=wall_clock,
            feed=PacketFeed(
                run,
                self.stream,
                wall_clock=wall_clock,
                readers=self._readers,
                keep=self._keep,
                audio=audio,
            ),
            segmenter=Segmenter(length=self._segment_length),
            init=init,
            note=notice.note,
        )
        self._readers.begin(self.stream, notice.parameters, init)

    def _keep(self, fragment: Fragment, went_in_chunks: bool) -> None:
        self._rate.add(fragment)
        self._is_heavy = len(fragment.payload) >= HEAVY_BYTES
        self._readers.publish(self.stream, fragment, went_in_chunks=went_in_chunks)
        if self._run is not None:
            self.dropped_audio_packets += self._run.feed.take_dropped_audio()
            self.dropped_documents += self._run.feed.take_dropped_documents()
            if self.stream.record:
                self._record(self._run, fragment)
        if self._gap is not None and self._gap.cause is GapCause.DISK:
            self._set(StreamCondition.FAILED, self._gap.detail)
        else:
            self._set(StreamCondition.RECORDING, "" if self._run is None else self._run.note)

    def _record(self, run: _Run, fragment: Fragment) -> None:
        if run.began is None:
            run.began = Run(
                id=run.id,
                camera=self.stream.camera,
                stream=self.stream.id,
                started_at=fragment.when.start,
                ended_at=None,
                end_cause=None,
                parameters=run.parameters,
            )
            self._submit(RunBegan(run.began))
        self._look_for_hole(run, fragment)
        is_due = run.segmenter.place(fragment) or not run.is_writing
        has_room = True
        if is_due and fragment.starts_with_key and self._clock.monotonic_ns() >= self._disk_due_ns:
            has_room = self._disk.begin(self._start_of(run, fragment), self._source.camera_clock)
            run.segments += 1
            run.is_writing = True
        if not run.is_writing:
            self.dropped_fragments += 1
            return
        if has_room and self._disk.append(self.stream.id, fragment):
            if self._gap is not None and self._gap_ends_at is None:
                self._gap_ends_at = fragment.when.start
            self._last_end = fragment.when.end
        else:
            self.dropped_fragments += 1
            self._disk_failed(fragment.when.start, "the disk does not keep up")

    def _look_for_hole(self, run: _Run, fragment: Fragment) -> None:
        """A hole within a run is where a clock was set; a long one ends the segment, which claims its span.

        What comes before the next key picture cannot begin a segment, and is lost.
        """
        steps = run.wall_clock.take_steps()
        if not run.is_writing or self._last_end is None or fragment.when.start <= self._last_end:
            return
        moved = f"our clock moved by {steps[-1].by}" if steps else "the camera's clock moved"
        self._end_gap_in_hand()
        self._open_gap(self._last_end, GapCause.CLOCK_STEP, moved)
        if fragment.when.start - self._last_end > LONGEST_HOLE:
            self._disk.end(self.stream.id, self._source.camera_clock)
            run.is_writing = False
        else:
            self._close_gap(fragment.when.start)

    def _start_of(self, run: _Run, fragment: Fragment) -> SegmentStart:
        return SegmentStart(
            camera=self.stream.camera,
            stream=self.stream.id,
            role=self.stream.role,
            run=run.id,
            sequence=run.segments,
            data_class=DataClass.RAW_FOOTAGE,
            started_at=fragment.when.start,
            start_ticks=fragment.start_ticks,
            monotonic_ns=self._clock.monotonic_ns(),
            parameters=run.parameters,
            init=run.init,
        )

    def end(self, cause: GapCause, detail: str) -> None:
        """End the run: what is in hand is kept, the gap begins where the footage ends."""
        if self._run is not None:
            self._run.feed.end()
        self._end_run(cause, detail, self._source.camera_clock)

    def _end_run(self, cause: GapCause, detail: str, camera_clock: CameraClock | None = None) -> None:
        run, self._run = self._run, None
        if run is not None:
            self._disk.end(self.stream.id, camera_clock)
            if run.began is not None:
                started_at = run.began.started_at
                ended_at = max(started_at, self._last_end or started_at)
                self._submit(recorder_rows.RunEnded(replace(run.began, ended_at=ended_at, end_cause=cause)))
        self._rate = StreamRate()
        self._set(StreamCondition.FAILED, detail)
        if self.stream.record:
            self._end_gap_in_hand()
            footage_end = self._last_end if self._gap is None else None
            self._open_gap(footage_end or self._clock.now(), cause, detail)

    def look_at_disk(self) -> None:
        """Learn what became of the fragments handed to the disk."""
        failure = self._disk.take_failure(self.stream.id)
        if failure is not None:
            self._disk_failed(failure.durable_until, failure.sentence)
        elif self._gap_ends_at is not None:
            durable_until = self._disk.durable_until(self.stream.id)
            if durable_until is not None and durable_until > self._gap_ends_at:
                self._end_gap_in_hand()

    def _disk_failed(self, since: datetime, sentence: str) -> None:
        """From `since` on nothing is on the disk: a gap, also where something else was said before."""
        self._disk.end(self.stream.id)
        self._disk_due_ns = self._clock.monotonic_ns() + DISK_PAUSE_NS
        self._last_end = since = min(since, self._last_end or since)
        self._gap_ends_at = None
        if self._gap is not None and since < self._gap.started_at:
            missed = self._new_gap(since, GapCause.DISK, sentence)
            self._submit(GapClosed(replace(missed, ended_at=self._gap.started_at)))
        if self._run is not None and self._run.is_writing:
            self._run.is_writing = False
            self._open_gap(since, GapCause.DISK, sentence)
        log.error("disk failed", extra={"camera": self.stream.camera, "detail": sentence})

    def _open_gap(self, start: datetime, cause: GapCause, detail: str) -> None:
        if self._gap is not None:
            if self._gap.cause is cause:
                return
            start = max(start, self._gap.started_at)
            self._close_gap(start)
        self._gap = self._new_gap(start, cause, detail)
        self._submit(GapOpened(self._gap))

    def _new_gap(self, start: datetime, cause: GapCause, detail: str) -> Gap:
        return Gap(
            id=GapId(uuid7(self._clock, self._rng)),
            camera=self.stream.camera,
            stream=self.stream.id,
            started_at=start,
            ended_at=None,
            cause=cause,
            detail=detail,
        )

    def _end_gap_in_hand(self) -> None:
        """Close the gap where footage went on, if it did."""
        if self._gap_ends_at is not None:
            self._close_gap(self._gap_ends_at)

    def _close_gap(self, end: datetime) -> None:
        gap, self._gap, self._gap_ends_at = self._gap, None, None
        if gap is not None:
            self._submit(GapClosed(replace(gap, ended_at=max(end, gap.started_at))))

    def _set(self, condition: StreamCondition, detail: str) -> None:
        if condition is not self._condition:
            self._since = self._clock.now()
            log.info(
                "stream changed",
                extra={"camera": self.stream.camera, "role": self.stream.role, "condition": condition},
            )
        self._condition, self._detail = condition, detail

    def state(self) -> StreamState:
        """What the stream is doing now, for the page; may be asked from another thread."""
        frames, bits = self._rate.measure()
        run = self._run  # once: the loop may end it meanwhile
        parameters = run.parameters if run else None
        return StreamState(
            stream=self.stream.id,
            condition=self._condition,
            since=self._since,
            detail=self._detail,
            codec=parameters.codec if parameters else "",
            width_px=parameters.width_px if parameters else 0,
            height_px=parameters.height_px if parameters else 0,
            frames_per_second=frames,
            bits_per_second=bits,
            is_clear_text=run.is_clear_text if run else False,
            seen_at=self._clock.now(),
        )
