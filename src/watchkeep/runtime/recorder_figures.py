"""The figures that a recorder shows of itself and of its streams."""

from collections.abc import Iterable

from prometheus_client import Counter, Gauge

from watchkeep.domain.ids import StreamId
from watchkeep.runtime.camera_worker import StreamWorker
from watchkeep.runtime.run_queue import RunQueue
from watchkeep.runtime.system import Machine

LATE_S = 0.2
"""A tick that takes so long is told."""

STREAMS = Gauge("watchkeep_streams", "Streams that the recorder takes", multiprocess_mode="livesum")
SPOOLED = Gauge("watchkeep_spooled_rows", "Rows that wait for the database", multiprocess_mode="livesum")
WAITING = Gauge("watchkeep_disk_waiting_bytes", "Footage not yet written", multiprocess_mode="livesum")
IN_RING = Gauge(
    "watchkeep_ring_bytes",
    "Footage in memory of which it is not known yet whether it is recorded",
    multiprocess_mode="livesum",
)
DROPPED = Counter("watchkeep_fragments_dropped", "Fragments that could not be written", ["camera", "role"])
UNHEARD = Counter(
    "watchkeep_audio_packets_dropped", "Audio packets that no picture goes with", ["camera", "role"]
)
UNKEPT = Counter(
    "watchkeep_metadata_documents_dropped", "Metadata documents that no picture goes with", ["camera", "role"]
)
LOST = Counter("watchkeep_packets_lost", "RTP packets that never came", ["camera", "role"])
MALFORMED = Counter("watchkeep_packets_malformed", "Packets that could not be read", ["camera", "role"])
CAMERA_CLOCK = Gauge(
    "watchkeep_camera_clock_offset_seconds",
    "How far a camera's own clock is ahead of ours",
    ["camera", "role"],
    multiprocess_mode="livemostrecent",
)
LATE = Counter("watchkeep_late_ticks", "Ticks that took more than 200 ms, the wait for a processor taken off")
LONGEST = Gauge("watchkeep_longest_tick_seconds", "The longest tick so far", multiprocess_mode="livemax")


class TickTime:
    """How long ticks take."""

    def __init__(self, *, machine: Machine) -> None:
        self._clock = machine.clock
        self._run_queue = RunQueue()
        self._longest_s = 0.0

    def take(self, began_ns: int) -> float:
        """How long the tick took that began then, in seconds; a late one is counted."""
        took_s = (self._clock.monotonic_ns() - began_ns) / 1e9
        waited_s = self._run_queue.wait_s()
        if took_s > LATE_S:
            LATE.inc(took_s - waited_s > LATE_S)
        if took_s > self._longest_s:
            self._longest_s = took_s
            LONGEST.set(took_s)
        return took_s


class WorkerFigures:
    """Adds up what workers count. A worker counts from 0, and its stream's next one does again."""

    def __init__(self) -> None:
        self._told: dict[tuple[StreamId, Counter], int] = {}

    def tell(self, workers: Iterable[StreamWorker]) -> None:
        """Take the counts of all of them; not on the loop's thread."""
        in_rings = 0
        for worker in workers:
            self._tell_of_source(worker)
            labels = (worker.stream.camera, worker.stream.role)
            dropped, worker.dropped_fragments = worker.dropped_fragments, 0
            if dropped:
                DROPPED.labels(*labels).inc(dropped)
            unheard, worker.dropped_audio_packets = worker.dropped_audio_packets, 0
            if unheard:
                UNHEARD.labels(*labels).inc(unheard)
            unkept, worker.dropped_documents = worker.dropped_documents, 0
            if unkept:
                UNKEPT.labels(*labels).inc(unkept)
            in_rings += worker.ring_bytes
        IN_RING.set(in_rings)

    def _tell_of_source(self, worker: StreamWorker) -> None:
        stream, source = worker.stream, worker.source
        for counter, count in ((LOST, source.lost_packets), (MALFORMED, source.malformed_packets)):
            known = min(self._told.get((stream.id, counter), 0), count)
            if count > known:
                counter.labels(stream.camera, stream.role).inc(count - known)
            self._told[stream.id, counter] = count
        clock = source.camera_clock
        if clock is not None:
            CAMERA_CLOCK.labels(stream.camera, stream.role).set(clock.offset.total_seconds())
