"""A recorder process: sockets to sealed segments. No decoding; never waits for anybody.

A node has one, or several that share its cameras; see domain/sharing.py.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from watchkeep.domain.camera import Stream, StreamState
from watchkeep.domain.errors import CatalogUnavailable, Unavailable
from watchkeep.domain.ids import GapId, StreamId, uuid7
from watchkeep.domain.media import GapCause
from watchkeep.domain.sharing import Share
from watchkeep.ingestion.modal_recording import Margins, ModalRecording
from watchkeep.ingestion.offer import FragmentOffer
from watchkeep.ingestion.sightings import Sightings
from watchkeep.runtime.believed_plan import believed_plan
from watchkeep.runtime.camera_worker import StreamWorker
from watchkeep.runtime.disk_writer import DiskWriter
from watchkeep.runtime.modal import Modal
from watchkeep.runtime.outlets import Outlets, Parting
from watchkeep.runtime.packet_source import PacketSource
from watchkeep.runtime.patience import Patience
from watchkeep.runtime.predecessor import end_gaps, explain_absence, signs_of_life
from watchkeep.runtime.read_beat import TURN_S, is_read, turns_until_next
from watchkeep.runtime.recorder_figures import SPOOLED, STREAMS, WAITING, TickTime, WorkerFigures
from watchkeep.runtime.recording_plan import PlanMemory, RecordingPlan, compare
from watchkeep.runtime.registrar import Registrar
from watchkeep.runtime.segment_closing import SegmentClosing
from watchkeep.runtime.shards import Spools, adopt_orphans, read_shard_count
from watchkeep.runtime.system import Machine
from watchkeep.runtime.wiring import Node, read_plan
from watchkeep.sources.choosing import open_address
from watchkeep.sources.rtsp.framing import ReadBuffer
from watchkeep.storage.catalog import recordings
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.recorder_rows import GapClosed
from watchkeep.storage.catalog.rollups import zone_named
from watchkeep.storage.catalog.spool import Spool
from watchkeep.storage.catalog.states import Heartbeat

log = logging.getLogger(__name__)

FAULT_PAUSE_NS = 5_000_000_000
"""After a fault of ours in one camera's loop; then it is tried again."""

FIRST_LIMIT_S = 5.0
"""How long the catalog may take to give the first plan; then the last known one is good enough."""

NO_PLAN = RecordingPlan(-1, ())


OpenSource = Callable[[Stream, Machine], PacketSource]


def fetching() -> OpenSource:
    """How a loop fetches its streams; all of them read into one buffer."""
    buffer = ReadBuffer()

    def fetch(stream: Stream, machine: Machine) -> PacketSource:
        return open_address(
            stream.address,
            clock=machine.clock,
            rng=machine.rng,
            buffer=buffer,
            with_audio=stream.takes_audio,
            with_metadata=stream.takes_metadata,
        )

    return fetch


class Recorder:
    """A node's recorder, or one of several. `run` is the loop; `stop` may be called from a signal handler."""

    def __init__(self, node: Node, *, shard: int = 0, open_source: OpenSource | None = None) -> None:
        self._node = node
        self._share = self._next_share = Share(shard, max(shard + 1, self._shard_count()))
        self._open_source = open_source or fetching()
        self._machine = node.machine
        self._is_stopping = threading.Event()
        self._workers: dict[StreamId, StreamWorker] = {}
        self._paused_until_ns: dict[StreamId, int] = {}
        self._plan = self._remembered = NO_PLAN
        self._next_plan: RecordingPlan | None = None
        self._partings: dict[StreamId, Parting] = {}
        self._accounted: set[StreamId] = set()
        self._has_met_catalog = False
        self._alive_until: dict[StreamId, datetime] = {}
        self._figures = WorkerFigures()
        self._tick_time = TickTime(machine=node.machine)
        self._turn = 0
        self._memory = PlanMemory(node.paths.plan, fs=node.machine.fs, keystore=node.keystore)
        self._sightings = Sightings(node.machine.clock, is_analysis_on=node.settings.analysis.enabled)
        socket = node.paths.recorder_socket(shard)
        node.machine.fs.make_directories(
            socket.parent
        )  # a folder of its own where the usual path is too long
        self._offer = FragmentOffer(socket, hear=self._sightings.hear)
        self._spools = Spools(node.paths, fs=node.machine.fs)
        self._volume = node.volume.of_shard(shard)
        spool = Spool(node.paths.shard_spool(shard), fs=node.machine.fs)
        self._orphans = self._adopt(spool) if shard == 0 else []
        self._registrar = Registrar(
            catalog=node.catalog,
            spool=spool,
            clock=node.machine.clock,
            news=self,
        )
        self._closing = SegmentClosing(
            volume=self._volume,
            keystore=node.keystore,
            machine=node.machine,
            submit=self._registrar.submit,
        )
        self._disk = DiskWriter(
            volume=self._volume,
            keystore=node.keystore,
            node=node.id,
            closing=self._closing,
            machine=node.machine,
            clock_is_synchronised=node.clock_is_synchronised,
        )

    def stop(self) -> None:
        """End the loop; `run` returns when every segment is closed and every row is safe."""
        self._is_stopping.set()

    def share_anew(self) -> None:
        """There are more recorders now: let go of the cameras that are theirs. For a signal handler."""
        self._next_share = Share(self._share.shard, self._shard_count())
        if self._next_plan is None:
            self._next_plan = self._plan

    def _shard_count(self) -> int:
        return read_shard_count(self._node.paths, fs=self._node.machine.fs).now

    def _adopt(self, spool: Spool) -> list[Path]:
        node = self._node
        return adopt_orphans(node.paths, self._volume, spool, count=self._share.count, fs=node.machine.fs)

    def run(self) -> None:
        """Recover what a crash left, then record until stopped.

        Raises:
            Unavailable: A thread died; whoever started the process starts it again.
        """
        self._recover()
        self._first_plan()
        self._registrar.start()
        self._disk.start()
        try:
            while not self._is_stopping.is_set():
                self._tick()
                self._require_threads()
        finally:
            self._end()

    def _require_threads(self) -> None:
        if not (self._disk.is_alive and self._registrar.is_alive):
            raise Unavailable("A thread of the recorder died, the lines above say why; start it again.")

    def _end(self) -> None:
        for worker in self._workers.values():
            self._part(worker, GapCause.RECORDER_STOPPED, "the recorder was stopped")
        self._disk.stop()
        for worker in self._workers.values():
            worker.look_at_disk()  # the last sync may have failed
        self._registrar.stop()
        self._offer.close()

    def _tick(self) -> None:
        clock = self._machine.clock
        began_ns = clock.monotonic_ns()
        self._change_plan()
        for number, worker in enumerate(list(self._workers.values())):
            if is_read(self._turn, number) or worker.is_pressing:
                self._tick_worker(worker)
        self._disk.wake()
        self._offer.poll()
        turns = self._turns_until_next()
        self._turn += turns
        rest_s = turns * TURN_S - self._tick_time.take(began_ns)
        if rest_s > 0:
            clock.sleep(rest_s)

    def _turns_until_next(self) -> int:
        if self._offer.readers or any(worker.is_pressing for worker in self._workers.values()):
            return 1
        return turns_until_next(self._turn, len(self._workers))

    def _tick_worker(self, worker: StreamWorker) -> None:
        stream = worker.stream
        if self._machine.clock.monotonic_ns() < self._paused_until_ns.get(stream.id, 0):
            return
        fault = self._guard(worker, worker.tick)
        if fault is not None:
            self._paused_until_ns[stream.id] = self._machine.clock.monotonic_ns() + FAULT_PAUSE_NS
            parting = worker.give_up(f"our own fault while reading: {type(fault).__name__}")
            self._guard(worker, worker.close)
            self._workers[stream.id] = self._work_on(stream, parting)

    def _part(self, worker: StreamWorker, cause: GapCause, sentence: str) -> Parting:
        partings: list[Parting] = []
        fault = self._guard(worker, lambda: partings.append(worker.stop(cause, sentence)))
        return partings[0] if fault is None else worker.give_up(sentence)

    def _guard(self, worker: StreamWorker, act: Callable[[], None]) -> Exception | None:
        """Do something for one camera: whatever its bytes did, the others are recorded."""
        try:
            act()
        except Exception as error:
            # A camera's loop is one of three places that may.
            log.exception("stream fault", extra={"camera": worker.stream.camera, "role": worker.stream.role})
            return error
        return None

    def _recover(self) -> None:
        """Close what was open when the last recorder died."""
        for summary in self._closing.take_over(self._orphans):
            self._footage_ended(summary.header.stream, summary.when.end)

    def _footage_ended(self, stream: StreamId, end: datetime) -> None:
        known = self._partings.get(stream, Parting())
        if known.last_end is None or known.last_end < end:
            self._partings[stream] = replace(known, last_end=end)

    def _first_plan(self) -> None:
        try:
            Patience().ask(self._ask_for_plan, limit_s=FIRST_LIMIT_S)
        except CatalogUnavailable as error:
            log.warning("no catalog, recording by the last known plan", extra={"error": str(error)})
            recalled = self._memory.recall()
            if recalled is not None:
                self._next_plan = self._remembered = recalled

    def _ask_for_plan(self) -> None:
        plan = read_plan(self._node, unless=self._plan.revision)
        if plan is not None:
            plan = believed_plan(self._node, plan, self._memory)
            self._account_for_absence(self._node.catalog, plan)
            self._next_plan = plan

    def look_at(self, catalog: Catalog) -> None:
        """Fetch the plan if a camera changed, and remember it; on the registrar's side."""
        self._account_for_absence(catalog, self._plan)
        if self._next_plan is None:
            self._ask_for_plan()
        plan = self._plan
        if self._share.shard == 0 and plan not in (self._remembered, NO_PLAN):
            try:
                self._memory.keep(plan)
                self._remembered = plan
            except OSError as error:
                log.warning("plan not remembered", extra={"error": str(error)})

    def _account_for_absence(self, catalog: Catalog, plan: RecordingPlan) -> None:
        """Learn once of each stream where the recorder before left it, and end what that one left open.

        When the catalog was away at the start, a worker may have begun without knowing.
        """
        mine = self._share_of(plan, self._next_share)
        new = [stream for stream in mine if stream.id not in self._accounted]
        if self._has_met_catalog and not new:
            return
        # A spool that waits may still hold a gap that was left open.
        is_early = self._registrar.is_behind or self._spools.others_wait(self._share.shard)
        with catalog.transaction(subject="recorder") as connection:
            if not self._has_met_catalog:
                self._alive_until = signs_of_life(connection)
            for stream in new:
                worker = self._workers.get(stream.id)
                if worker is not None and is_early:
                    continue
                gap = None if worker is None else worker.gap
                began_at = None if worker is None else worker.began_at
                ends = [
                    end_gaps(
                        connection,
                        stream,
                        alive_until=self._alive_until.get(stream.id),
                        now=began_at or self._machine.clock.now(),
                        is_taken_up=worker is not None,
                        current=None if gap is None else gap.id,
                    ),
                    recordings.last_footage_end(connection, stream.id, before=began_at),
                ]
                end = max((each for each in ends if each is not None), default=None)
                if end is None:
                    continue
                if worker is None:
                    self._footage_ended(stream.id, end)
                elif worker.began_from is None and end < worker.began_at:
                    absence = GapId(uuid7(self._machine.clock, self._machine.rng))
                    explain_absence(connection, stream, absence, start=end, end=worker.began_at)
        self._has_met_catalog = True
        if not is_early:
            self._accounted.update(stream.id for stream in new)

    def _change_plan(self) -> None:
        if self._next_plan is None:
            return
        plan, self._next_plan = self._next_plan, None
        share = self._next_share
        if (plan, share) == (self._plan, self._share):
            return
        change = compare(self._share_of(self._plan, self._share), self._share_of(plan, share))
        for stream in change.ended:
            worker = self._workers.pop(stream.id)
            if not share.holds(stream.camera):
                self._hand_over(worker)
                continue
            self._offer.forget(stream.id)
            self._partings[stream.id] = self._part(
                worker, GapCause.SWITCHED_OFF, "the camera was changed or switched off"
            )
        for stream in change.begun:
            before = self._partings.pop(stream.id, Parting())
            self._workers[stream.id] = self._work_on(stream, before)
        for stream in change.changed:
            self._workers[stream.id].change(self._as_allowed(stream), self._modal(stream))
        self._plan, self._share = plan, share
        STREAMS.set(len(self._workers))

    def _share_of(self, plan: RecordingPlan, share: Share) -> Sequence[Stream]:
        return [stream for stream in plan.streams if share.holds(stream.camera)]

    def _hand_over(self, worker: StreamWorker) -> None:
        """Let another recorder have a stream; what it says goes on from where the footage ends."""
        self._offer.dismiss(worker.stream.id)
        gap = self._part(worker, GapCause.RECORDER_STOPPED, "the camera goes to another recorder process").gap
        if gap is not None:
            # Ended at once: the other one writes down the rest, and nobody would come back to this row.
            now = max(self._machine.clock.now(), gap.started_at)
            self._registrar.submit(GapClosed(replace(gap, ended_at=now)))

    def _work_on(self, stream: Stream, before: Parting) -> StreamWorker:
        stream = self._as_allowed(stream)
        return StreamWorker(
            stream,
            source=self._open_source(stream, self._machine),
            outlets=Outlets(self._disk, self._offer, self._registrar.submit),
            machine=self._machine,
            segment_length=self._node.settings.recording.segment_length,
            before=before,
            modal=None if stream.modes.is_continuous else self._modal(stream),
        )

    def _as_allowed(self, stream: Stream) -> Stream:
        if self._node.settings.recording.audio:
            return stream
        return replace(stream, audio=False)  # also in a plan remembered from when it was allowed

    def _modal(self, stream: Stream) -> Modal:
        settings = self._node.settings
        margins = Margins(before=settings.recording.pre_event, after=settings.recording.post_event)
        recording = ModalRecording(stream.modes, zone=zone_named(settings.site.zone), margins=margins)
        return Modal(stream.camera, recording, sightings=self._sightings, clock=self._machine.clock)

    def states(self) -> list[StreamState]:
        """What each stream is doing now, and the figures that go with it; on the registrar's thread."""
        workers = list(self._workers.values())
        self._figures.tell(workers)
        WAITING.set(self._disk.waiting_bytes)
        return [worker.state() for worker in workers]

    def heartbeat(self, spool_rows: int) -> Heartbeat:
        """A sign of life."""
        SPOOLED.set(spool_rows)
        return Heartbeat(
            node=self._node.id,
            shard=self._share.shard,
            seen_at=self._machine.clock.now(),
            spool_rows=spool_rows,
            camera_revision=self._plan.revision,
        )
