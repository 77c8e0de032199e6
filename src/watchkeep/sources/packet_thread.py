"""The thread that waits for one connection, so that nobody else has to."""

import threading
from collections import deque
from collections.abc import Callable, Iterator

from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet as LibavPacket
from av.video.stream import VideoStream

from watchkeep.domain.camera import StreamAddress
from watchkeep.domain.clock import Clock
from watchkeep.domain.errors import CameraUnreachable, Invalid, NoVideo
from watchkeep.domain.media import GapCause, Packet, RunEnded, RunStarted, SourceNotice
from watchkeep.sources.address import file_path, place_of
from watchkeep.sources.assembler import PICTURE_LIMIT_BYTES, RunAssembler
from watchkeep.sources.container import access_unit, assembler_for, lasting_ticks, video_stream
from watchkeep.sources.libav_errors import explain
from watchkeep.sources.pacing import Lead, Pacing

QUEUE_LIMIT_PACKETS = 1000
QUEUE_LIMIT_BYTES = 32 << 20
"""Half a minute of 8 Mbit/s; beyond it the recorder has stopped asking."""
_WAIT_PART_NS = 1_000_000_000

Opener = Callable[[StreamAddress], InputContainer]


class PacketThread:
    """One connection, from opening to its end; the last notice is always RunEnded.

    Attributes:
        last_heard_ns: When libav last gave anything, on the monotonic clock; None while it still opens.
        dropped_packets: Packets that found no room.
    """

    def __init__(self, address: StreamAddress, *, clock: Clock, opener: Opener, note: str = "") -> None:
        self._address = address
        self._clock = clock
        self._opener = opener
        self._note = note
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._queue: deque[SourceNotice] = deque()
        self._queued_packets = 0
        self._queued_bytes = 0
        self._is_dropping = False
        self._has_pictures = False
        self._lead = Lead()
        self.last_heard_ns: int | None = None
        self.dropped_packets = 0
        # A daemon: it may sit in libav for some seconds after close(), and must not hold up the process.
        self._thread = threading.Thread(target=self._run, name="packets", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def take(self) -> list[SourceNotice]:
        """What came since the last call; never waits."""
        with self._lock:
            notices = list(self._queue)
            self._queue.clear()
            self._queued_packets = self._queued_bytes = 0
        return notices

    def close(self) -> None:
        """Let the thread end by itself: at once between packets, else when libav's own time limit is over."""
        self._closing.set()

    def _run(self) -> None:
        try:
            ended = self._fetch()
        except FFmpegError as error:
            ended = explain(error, self._address, has_pictures=self._has_pictures)
        except CameraUnreachable as error:
            ended = RunEnded(cause=GapCause.UNREACHABLE, detail=str(error))
        except Invalid as error:
            ended = RunEnded(cause=GapCause.NO_VIDEO, detail=str(error))
        # Else each of many connections would be ahead by a little more than the one before.
        self._wait(self._lead.ahead_ns(self._clock.monotonic_ns()))
        with self._lock:
            self._queue.append(ended)

    def _fetch(self) -> RunEnded:
        place = place_of(self._address)
        if file_path(self._address) is not None:
            return self._play_file(place)
        with self._opener(self._address) as container:
            self.last_heard_ns = self._clock.monotonic_ns()
            stream = video_stream(container, self._address)
            assembler, size = assembler_for(stream, self._address, note=self._note)
            for packet in self._packets(container, stream):
                unit = access_unit(packet, container, self._clock.now(), length_size=size)
                self._put(self._held_back(assembler.take(unit)), assembler)
        return RunEnded(cause=GapCause.STREAM_ENDED, detail=f"{place} ended the stream")

    def _play_file(self, place: str) -> RunEnded:
        """Play the file again and again, as a camera would send it."""
        pacing = Pacing(self._clock, wait=self._closing.wait)
        assembler: RunAssembler | None = None
        while not self._closing.is_set():
            played = pacing.played
            with self._opener(self._address) as container:
                stream = video_stream(container, self._address)
                begun, size = assembler_for(stream, self._address)
                assembler = assembler or begun
                pacing.begin_pass()
                for packet in self._packets(container, stream):
                    unit = access_unit(packet, container, self._clock.now(), length_size=size)
                    pts, dts = pacing.pace(unit.pts, unit.dts, lasting_ticks(packet))
                    unit = unit._replace(pts=pts, dts=dts, received_at=self._clock.now())
                    self._put(assembler.take(unit), assembler)
            if pacing.played == played:
                return RunEnded(cause=GapCause.NO_VIDEO, detail=f"{place} holds no pictures; choose another")
        return RunEnded(cause=GapCause.STREAM_ENDED, detail=f"{place} is no longer played")

    def _packets(
        self, container: InputContainer, stream: VideoStream
    ) -> Iterator["LibavPacket[VideoStream]"]:
        for packet in container.demux(stream):
            if self._closing.is_set():
                return
            if packet.size > PICTURE_LIMIT_BYTES:
                sentence = f"sends a picture of more than {PICTURE_LIMIT_BYTES >> 20} MiB; that is no video"
                raise NoVideo(f"{place_of(self._address)} {sentence}", place=place_of(self._address))
            if packet.size > 0:
                self.last_heard_ns = self._clock.monotonic_ns()
                yield packet

    def _held_back(self, notices: list[SourceNotice]) -> list[SourceNotice]:
        """What came, once its time is near: footage of the future would make the recorder doubt its clock."""
        wait_ns = self._lead.take(notices, self._clock.monotonic_ns())
        if not wait_ns:
            return notices
        self._wait(wait_ns)
        now = self._clock.now()
        return [x._replace(received_at=now) if isinstance(x, Packet) else x for x in notices]

    def _wait(self, wait_ns: int) -> None:
        """Wait, or less when the source is closed. In small parts, lest it be taken for a silent camera."""
        while wait_ns > 0 and not self._closing.wait(min(wait_ns, _WAIT_PART_NS) / 1e9):
            wait_ns -= _WAIT_PART_NS
            self.last_heard_ns = self._clock.monotonic_ns()

    def _put(self, notices: list[SourceNotice], assembler: RunAssembler) -> None:
        if not notices:
            return
        self._has_pictures = True
        with self._lock:
            is_full = self._queued_packets >= QUEUE_LIMIT_PACKETS or self._queued_bytes >= QUEUE_LIMIT_BYTES
            if is_full:
                self.dropped_packets += 1
                notices = _without_packets(notices, assembler)
            for notice in notices:
                self._queue.append(notice)
                if isinstance(notice, Packet):
                    self._queued_packets += 1
                    self._queued_bytes += sum(map(len, notice.nals))


def _without_packets(notices: list[SourceNotice], assembler: RunAssembler) -> list[SourceNotice]:
    """Give up the run: what ends in these notices has ended, what starts in them never did."""
    lost = assembler.interrupt(GapCause.PACKETS_LOST, "the recorder was too busy to take the packets")
    ended: list[SourceNotice] = [notice for notice in notices if isinstance(notice, RunEnded)]
    is_new = any(isinstance(notice, RunStarted) for notice in notices)
    return ended if is_new else ended + lost
