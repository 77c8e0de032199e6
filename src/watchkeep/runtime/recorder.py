"""The recorder process: sockets to sealed segments. No decoding; never waits for anybody."""

import logging
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from prometheus_client import Counter, Gauge

from watchkeep.domain.camera import Stream, StreamState
from watchkeep.domain.errors import CatalogUnavailable, WatchkeepError
from watchkeep.domain.ids import StreamId
from watchkeep.domain.media import GapCause
from watchkeep.ingestion.offer import FragmentOffer
from watchkeep.runtime.camera_worker import Outlets, PacketSource, Parting, StreamWorker
from watchkeep.runtime.disk_writer import DiskWriter
from watchkeep.runtime.recording_plan import PlanMemory, RecordingPlan, compare
from watchkeep.runtime.registrar import Registrar
from watchkeep.runtime.segment_rows import closed_row, final_path
from watchkeep.runtime.wiring import Node, read_plan
from watchkeep.sources.libav import LibavSource
from watchkeep.storage.catalog import recordings, states
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.recorder_rows import GapClosed
from watchkeep.storage.catalog.spool import Spool
from watchkeep.storage.catalog.states import Heartbeat
from watchkeep.storage.media.recovery import recover

log = logging.getLogger(__name__)

TICK_S = 0.04
"""One read of every socket: few system calls, and a live picture that is at most this much later."""

LOOP_FAULT_PAUSE = timedelta(seconds=5)

STREAMS = Gauge("watchkeep_streams", "Streams that the recorder takes", multiprocess_mode="livemax")
SPOOLED = Gauge("watchkeep_spooled_rows", "Rows that wait for the database", multiprocess_mode="livemax")
WAITING = Gauge("watchkeep_disk_waiting_bytes", "Footage not yet written", multiprocess_mode="livemax")
DROPPED = Counter("watchkeep_fragments_dropped", "Fragments that could not be written", ["camera", "role"])
LATE = Counter("watchkeep_late_ticks", "Ticks that took more than 200 ms")


class Recorder:
    """A node's recorder. `run` is the loop; `stop` may be called from a signal handler."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._machine = node.machine
        self._is_stopping = threading.Event()
        self._workers: dict[StreamId, StreamWorker] = {}
        self._faults: dict[StreamId, datetime] = {}
        self._plan = RecordingPlan(-1, ())
        self._next_plan: RecordingPlan | None = None
        self._partings: dict[StreamId, Parting] = {}
        self._is_reconciled = False
        self._memory = PlanMemory(node.paths.plan, fs=node.machine.fs, keystore=node.keystore)
        self._offer = FragmentOffer(node.paths.recorder_socket)
        self._registrar = Registrar(
            catalog=node.catalog,
            spool=Spool(node.paths.spool, fs=node.machine.fs),
            clock=node.machine.clock,
            news=self,
        )
        self._disk = DiskWriter(
            volume=node.volume,
            keystore=node.keystore,
            node=node.id,
            submit=self._registrar.submit,
            machine=node.machine,
            clock_is_synchronised=node.clock_is_synchronised,
        )

    def stop(self) -> None:
        """End the loop; `run` returns when every segment is closed and every row is safe."""
        self._is_stopping.set()

    def run(self) -> None:
        """Recover what a crash left, then record until stopped."""
        self._recover()
        self._first_plan()
        self._registrar.start()
        self._disk.start()
        try:
            while not self._is_stopping.is_set():
                self._tick()
        finally:
            for worker in self._workers.values():
                worker.stop(GapCause.RECORDER_STOPPED, "the recorder was stopped")
            self._disk.stop()
            self._registrar.stop()
            self._offer.close()

    def _tick(self) -> None:
        clock = self._machine.clock
        began_ns = clock.monotonic_ns()
        self._change_plan()
        for worker in list(self._workers.values()):
            self._tick_worker(worker)
        self._offer.poll()
        took_s = (clock.monotonic_ns() - began_ns) / 1e9
        if took_s > 0.2:
            LATE.inc()
        if took_s < TICK_S:
            clock.sleep(TICK_S - took_s)

    def _tick_worker(self, worker: StreamWorker) -> None:
        stream = worker.stream
        paused_until = self._faults.get(stream.id)
        if paused_until is not None:
            if self._machine.clock.now() < paused_until:
                return
            del self._faults[stream.id]
        try:
            worker.tick()
        except Exception as error:
            # A camera's loop is one of three places that may: whatever one camera's bytes did,
            # the others are recorded.
            log.exception("stream fault", extra={"camera": stream.camera, "role": stream.role})
            self._faults[stream.id] = self._machine.clock.now() + LOOP_FAULT_PAUSE
            sentence = f"our own fault while reading: {type(error).__name__}"
            self._partings[stream.id] = worker.stop(GapCause.UNKNOWN, sentence)
            self._workers[stream.id] = self._work_on(stream)

    def _recover(self) -> None:
        """Close what was open when the last recorder died; nothing is deleted that holds a picture."""
        volume, keystore = self._node.volume, self._node.keystore
        for path in volume.open_segments():
            try:
                summary = recover(
                    path, fs=self._machine.fs, rng=self._machine.rng, keys=keystore.find_shred_key
                )
            except (OSError, WatchkeepError) as error:
                log.warning("segment set aside", extra={"path": path.name, "error": str(error)})
                volume.quarantine(path, str(error))
                continue
            if summary is None:
                continue
            header = summary.header
            self._footage_ended(header.stream, summary.when.end)
            final = final_path(header, volume)
            self._registrar.submit(closed_row(summary, volume), partial(volume.settle, path, final))
            log.info("segment recovered", extra={"camera": header.camera, "until": str(summary.when.end)})

    def _footage_ended(self, stream: StreamId, end: datetime) -> None:
        known = self._partings.get(stream, Parting()).last_end
        if known is None or known < end:
            self._partings[stream] = Parting(end)

    def _first_plan(self) -> None:
        try:
            plan = read_plan(self._node)
            if plan is not None:
                self._reconcile(self._node.catalog, plan)
        except CatalogUnavailable as error:
            log.warning("no catalog, recording by the last known plan", extra={"error": str(error)})
            plan = self._memory.recall()
        if plan is not None:
            self._next_plan = plan

    def _reconcile(self, catalog: Catalog, plan: RecordingPlan) -> None:
        """Learn from the catalog where each stream's footage ended, and end the gaps of a dead recorder.

        A gap that still lasts was true until the dead recorder's last heartbeat; from then on nobody looked.
        """
        with catalog.transaction(subject="recorder") as connection:
            beats = [beat.seen_at for beat in states.heartbeats(connection) if beat.node == self._node.id]
            alive_until = max(beats, default=None)
            for stream in plan.streams:
                worker = self._workers.get(stream.id)
                current = worker.gap.id if worker and worker.gap else None
                gap = recordings.open_gap(connection, stream.id)
                if gap is not None and gap.id != current:
                    until = max(gap.started_at, alive_until or gap.started_at)
                    recordings.apply(connection, [GapClosed(replace(gap, ended_at=until))])
                    self._footage_ended(stream.id, until)
                end = recordings.last_footage_end(connection, stream.id)
                if end is not None:
                    self._footage_ended(stream.id, end)
        self._is_reconciled = True

    def look_at(self, catalog: Catalog) -> None:
        """Fetch the plan if a camera changed; on the registrar's thread."""
        if not self._is_reconciled:
            self._reconcile(catalog, self._plan)
        if self._next_plan is None:
            plan = read_plan(self._node, unless=self._plan.revision)
            if plan is not None:
                self._next_plan = plan

    def _change_plan(self) -> None:
        plan, self._next_plan = self._next_plan, None
        if plan is None or plan == self._plan:
            return
        change = compare(self._plan.streams, plan.streams)
        for stream in change.ended:
            worker = self._workers.pop(stream.id)
            self._offer.forget(stream.id)
            self._partings[stream.id] = worker.stop(
                GapCause.SWITCHED_OFF, "the camera was changed or switched off"
            )
        for stream in change.begun:
            self._workers[stream.id] = self._work_on(stream)
        self._plan = plan
        self._memory.keep(plan)
        STREAMS.set(len(self._workers))

    def _work_on(self, stream: Stream) -> StreamWorker:
        return StreamWorker(
            stream,
            source=self._source_of(stream),
            outlets=Outlets(self._disk, self._offer, self._registrar.submit),
            machine=self._machine,
            segment_length=self._node.settings.recording.segment_length,
            before=self._partings.pop(stream.id, Parting()),
        )

    def _source_of(self, stream: Stream) -> PacketSource:
        return LibavSource(stream.address, clock=self._machine.clock, rng=self._machine.rng)

    def states(self) -> list[StreamState]:
        """What each stream is doing now, and the figures that go with it; on the registrar's thread."""
        workers = list(self._workers.values())
        for worker in workers:
            dropped, worker.dropped_fragments = worker.dropped_fragments, 0
            if dropped:
                DROPPED.labels(worker.stream.camera, worker.stream.role).inc(dropped)
        WAITING.set(self._disk.waiting_bytes)
        return [worker.state() for worker in workers]

    def heartbeat(self, spool_rows: int) -> Heartbeat:
        """A sign of life."""
        SPOOLED.set(spool_rows)
        return Heartbeat(
            node=self._node.id,
            seen_at=self._machine.clock.now(),
            spool_rows=spool_rows,
            camera_revision=self._plan.revision,
        )
