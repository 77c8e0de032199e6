"""One stream on its way from a socket to a sealed file: the figure of the architecture, as code.

    source ──packets──► fragmenter ──fragments──┬──► disk (sealed segments)
                                                └──► offer (live, and later the analyst)

Nothing here waits: the source is polled, the disk is a queue, the offer drops. What cannot be kept becomes a
gap with its cause.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watchkeep.domain.camera import Stream, StreamCondition, StreamState
from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import RunId, uuid7
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
from watchkeep.runtime.disk_writer import SegmentStart
from watchkeep.runtime.gap_ledger import GapLedger
from watchkeep.runtime.modal import Modal
from watchkeep.runtime.outlets import Outlets, Parting
from watchkeep.runtime.packet_feed import PacketFeed
from watchkeep.runtime.packet_source import PacketSource
from watchkeep.runtime.stream_rate import StreamRate, needs_each_turn
from watchkeep.runtime.system import Machine
from watchkeep.storage.catalog import recorder_rows
from watchkeep.storage.catalog.recorder_rows import RunBegan

log = logging.getLogger(__name__)

DISK_PAUSE_NS = 1_000_000_000
"""After a disk error the next try waits this long, so that a full disk is not hammered."""

CONNECTING = (GapCause.CONNECTING, "the first connection is being made")

LONGEST_HOLE = timedelta(seconds=1)
"""Within a segment; the catalog takes none of more than five minutes."""


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
        modal: Modal | None = None,
    ) -> None:
        """Start where the one before left off.

        Args:
            stream: What to record.
            source: Where its packets come from.
            outlets: Where what it makes goes.
            machine: Clock and chance.
            segment_length: About how long a segment is.
            before: What the stream's last worker, in this process or in one before, left.
            modal: What it goes by unless it is simply recorded always.
        """
        self.stream = stream
        self._source = source
        self._disk = outlets.disk
        self._readers = outlets.readers
        self._submit = outlets.submit
        self._modal = modal
        clock = self._clock = machine.clock
        self._rng = machine.rng
        self._segment_length = segment_length
        self._run: _Run | None = None
        self._gaps = GapLedger(stream, machine=machine, submit=outlets.submit, gap=before.gap)
        self._outage = CONNECTING
        self._last_end = before.last_end
        self._disk_due_ns = 0
        self._rate = StreamRate()
        self._needs_each_turn = True
        self._condition = StreamCondition.CONNECTING
        self.began_from = before.last_end
        self._since = self.began_at = clock.now()
        self._detail = ""
        self.dropped_fragments = 0
        self.dropped_audio_packets = self.dropped_documents = 0
        if before.gap is None and before.last_end is None:
            self._gaps.open(self.began_at, *CONNECTING)
        elif before.gap is None and before.last_end is not None:
            self._gaps.open(before.last_end, GapCause.RECORDER_STOPPED, "the recorder was not running")
        if modal is not None:
            modal.look(self._gaps, outage=CONNECTING)

    @property
    def is_pressing(self) -> bool:
        """Whether it is to be ticked each turn; the others are read twice in fifteen turns."""
        return self._run is None or self._needs_each_turn or self._run.feed.is_watched

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
        elif self._modal is not None:
            self._modal.look(self._gaps, outage=self._outage)
        self.look_at_disk()

    def stop(self, cause: GapCause, detail: str) -> Parting:
        """End the run on purpose and let go of the camera."""
        self.end(cause, detail)
        self._set(StreamCondition.OFF, detail)
        self.close()
        return Parting(self._last_end, self._gaps.gap)

    def give_up(self, detail: str) -> Parting:
        """Stop after a fault: what is in hand may be the cause and is not touched again."""
        self._end_run(GapCause.UNKNOWN, detail)
        return Parting(self._last_end, self._gaps.gap)

    def change(self, stream: Stream, modal: Modal) -> None:
        """Take other modes: the connection goes on, and what is in hand is recorded.

        Args:
            stream: As before but for its modes.
            modal: For a stream that was simply recorded always.
        """
        self.stream = stream
        if self._modal is None:
            self._modal = modal
        else:
            self._modal.change(stream.modes)

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
        return self._gaps.gap

    @property
    def ring_bytes(self) -> int:
        """What waits in memory until it is known whether it is recorded."""
        return 0 if self._modal is None else self._modal.ring_bytes

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
        self._needs_each_turn = needs_each_turn(fragment)
        self._readers.publish(self.stream, fragment, went_in_chunks=went_in_chunks)
        if self._run is not None:
            self.dropped_audio_packets += self._run.feed.take_dropped_audio()
            self.dropped_documents += self._run.feed.take_dropped_documents()
            if self._modal is None:
                self._record(self._run, fragment)
            else:
                self._record_by_mode(self._run, self._modal, fragment)
        self._say_how_it_goes()

    def _say_how_it_goes(self) -> None:
        gap, modal = self._gaps.gap, self._modal
        note = "" if self._run is None else self._run.note
        if gap is not None and gap.cause is GapCause.DISK:
            self._set(StreamCondition.FAILED, gap.detail)
        elif modal is None:
            self._set(StreamCondition.RECORDING, note)
        else:
            condition = StreamCondition.RECORDING if modal.is_recording else StreamCondition.STANDBY
            self._set(condition, modal.sentence or note)

    def _record_by_mode(self, run: _Run, modal: Modal, fragment: Fragment) -> None:
        for kept in modal.place(fragment):
            self._record(run, kept)
        if modal.is_recording:
            return
        if run.is_writing:
            self._disk.end(self.stream.id, self._source.camera_clock)
            run.is_writing = False
        modal.explain(self._gaps, last_end=self._last_end, until=fragment.when.end)

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
            if self._gaps.gap is not None and self._gaps.gap.cause.is_on_purpose:
                self._gaps.open(fragment.when.start, GapCause.DISK, "the disk is tried again in a second")
            return
        if has_room and self._disk.append(self.stream.id, fragment):
            if self._gaps.gap is not None and self._gaps.ends_at is None:
                self._gaps.ends_at = fragment.when.start
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
        self._gaps.end_in_hand()
        self._gaps.open(self._last_end, GapCause.CLOCK_STEP, moved)
        if fragment.when.start - self._last_end > LONGEST_HOLE:
            self._disk.end(self.stream.id, self._source.camera_clock)
            run.is_writing = False
        else:
            self._gaps.close(fragment.when.start)

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
        if self._run is not None and self._modal is not None:
            for kept in self._modal.end():
                self._record(self._run, kept)
        run, self._run = self._run, None
        if run is not None:
            self._disk.end(self.stream.id, camera_clock)
            if run.began is not None:
                started_at = run.began.started_at
                ended_at = max(started_at, self._last_end or started_at)
                self._submit(recorder_rows.RunEnded(replace(run.began, ended_at=ended_at, end_cause=cause)))
        self._rate = StreamRate()
        self._needs_each_turn = True
        self._set(StreamCondition.FAILED, detail)
        self._outage = (cause, detail)
        self._gaps.end_in_hand()
        footage_end = self._last_end if self._gaps.gap is None else None
        now = self._clock.now()
        if self._modal is not None:
            cause, detail = self._modal.cause_of_end(cause, detail)
        self._gaps.open(footage_end or now, cause, detail)

    def look_at_disk(self) -> None:
        """Learn what became of the fragments handed to the disk."""
        failure = self._disk.take_failure(self.stream.id)
        if failure is not None:
            self._disk_failed(failure.durable_until, failure.sentence)
        elif self._gaps.ends_at is not None:
            durable_until = self._disk.durable_until(self.stream.id)
            if durable_until is not None and durable_until > self._gaps.ends_at:
                self._gaps.end_in_hand()

    def _disk_failed(self, since: datetime, sentence: str) -> None:
        """From `since` on nothing is on the disk: a gap, also where something else was said before."""
        self._disk.end(self.stream.id)
        self._disk_due_ns = self._clock.monotonic_ns() + DISK_PAUSE_NS
        self._last_end = since = min(since, self._last_end or since)
        self._gaps.ends_at = None
        gap, run = self._gaps.gap, self._run
        if gap is not None and since < gap.started_at:
            self._gaps.explain(since, gap.started_at, GapCause.DISK, sentence)
        if run is not None and (run.is_writing or gap is None):
            run.is_writing = False
            self._gaps.open(since, GapCause.DISK, sentence)
        log.error("disk failed", extra={"camera": self.stream.camera, "detail": sentence})

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
