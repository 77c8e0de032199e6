"""A camera, a stream's worker and its disk, driven by hand on a clock that stands until it is told.

Real files, real keys, real packets; only the threads are left out: `play` takes turns for them.
"""

from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from builders import CAMERA, INSTALLATION, NODE, NOON, STREAM, CountingRng, FixedClock, a_keystore
from clip_packets import clip_packets
from faulty_fs import FaultyFs
from time_code import make_clip
from watchkeep.domain.camera import Stream, StreamAddress, StreamRole
from watchkeep.domain.coverage import Coverage, account
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import (
    TICKS_PER_SECOND,
    CameraClock,
    Fragment,
    GapCause,
    Packet,
    RunEnded,
    RunStarted,
    SourceNotice,
    VideoParameters,
)
from watchkeep.domain.mode import ALWAYS, ModeSchedule
from watchkeep.domain.segment import Gap, SegmentState
from watchkeep.domain.sighting import Sighting
from watchkeep.ingestion.modal_recording import Margins, ModalRecording
from watchkeep.ingestion.sightings import Sightings
from watchkeep.runtime.camera_worker import StreamWorker
from watchkeep.runtime.disk_writer import DiskWriter
from watchkeep.runtime.modal import Modal
from watchkeep.runtime.outlets import Outlets, Parting
from watchkeep.runtime.segment_closing import SegmentClosing
from watchkeep.runtime.system import Machine, SystemFs
from watchkeep.storage.catalog.recorder_rows import (
    GapClosed,
    GapOpened,
    RecorderRow,
    SegmentClosed,
    SegmentOpened,
    StoredSegment,
)
from watchkeep.storage.media.reader import SealedReader
from watchkeep.storage.media.volume import Volume

FPS = 25


class EndlessClip:
    """A clip's packets, again and again, numbered from 0."""

    def __init__(self, parameters: VideoParameters, packets: Sequence[Packet]) -> None:
        self.parameters = parameters
        self._packets = packets
        self._turn_ticks = len(packets) * TICKS_PER_SECOND // FPS

    def packet(self, number: int, received_at: datetime) -> Packet:
        turn, index = divmod(number, len(self._packets))
        packet, shift = self._packets[index], turn * self._turn_ticks
        return packet._replace(pts=packet.pts + shift, dts=packet.dts + shift, received_at=received_at)


def make_endless_clip(folder: Path) -> EndlessClip:
    """A key picture each second."""
    path = make_clip(folder / "clip.mp4", seconds=4, fps=FPS, gop=FPS, size=(160, 90))
    return EndlessClip(*clip_packets(path))


class Unmeasured:
    """What a source may say of itself beside its packets, and these do not."""

    lost_packets: int = 0
    malformed_packets: int = 0
    camera_clock: CameraClock | None = None


class ScriptedSource(Unmeasured):
    """Gives what the test put in; an exception that was put in is raised."""

    def __init__(self) -> None:
        self.notices: deque[SourceNotice | Exception] = deque()
        self.is_closed = False

    def poll(self) -> list[SourceNotice]:
        taken: list[SourceNotice] = []
        while self.notices:
            notice = self.notices.popleft()
            if isinstance(notice, Exception):
                raise notice
            taken.append(notice)
        return taken

    def close(self) -> None:
        self.is_closed = True


class Viewers:
    """Count what is offered to those who watch."""

    def __init__(self) -> None:
        self.fragments = 0
        self.newest: Fragment | None = None

    def begin(self, stream: Stream, parameters: VideoParameters, init: bytes) -> None:
        pass

    def publish(self, stream: Stream, fragment: Fragment, *, went_in_chunks: bool = False) -> None:
        self.fragments += 1
        self.newest = fragment

    def wants_chunks(self, stream: Stream) -> bool:
        return False

    def publish_chunk(self, stream: Stream, chunk: Fragment, *, was_given: bool = False) -> None:
        raise AssertionError("nobody watches")

    def end_chunks(self, stream: Stream) -> None:
        raise AssertionError("nobody watches")


class RowBook:
    """Takes rows as a catalog does: the last word on a segment or a gap counts. A row is safe at once."""

    def __init__(self) -> None:
        self.rows: list[RecorderRow] = []

    def submit(self, row: RecorderRow, after: Callable[[], None] | None = None) -> None:
        self.rows.append(row)
        if after is not None:
            after()

    def segments(self) -> list[StoredSegment]:
        rows = [row for row in self.rows if isinstance(row, SegmentOpened | SegmentClosed)]
        return sorted(
            {row.segment.id: row.segment for row in rows}.values(), key=lambda each: each.when.start
        )

    def gaps(self) -> list[Gap]:
        rows = [row for row in self.rows if isinstance(row, GapOpened | GapClosed)]
        return sorted({row.gap.id: row.gap for row in rows}.values(), key=lambda each: each.started_at)

    def spans(self, *, until: datetime, since: datetime = NOON) -> list[tuple[str, float]]:
        """What became of every instant, as (cause of the gap or coverage, seconds)."""
        found = account(
            Interval(since, until), segments=self.segments(), gaps=self.gaps(), known_since=since, now=until
        )
        return [
            (span.cause or span.coverage, (span.when.end - span.when.start).total_seconds()) for span in found
        ]


class Rig:
    """One stream of one recorder. `restart` is the next recorder on the same folder and the same book."""

    def __init__(
        self,
        root: Path,
        clip: EndlessClip,
        *,
        clock: FixedClock | None = None,
        book: RowBook | None = None,
        before: Parting | None = None,
        seed: int = 0,
        length: timedelta = timedelta(seconds=4),
        modes: ModeSchedule = ALWAYS,
        margins: Margins = Margins(),  # noqa: B008  # frozen
    ) -> None:
        self.root, self.clip, self.length, self._seed = root, clip, length, seed
        self.clock = clock or FixedClock()
        self.book = book or RowBook()
        self.fs = FaultyFs()
        self.source = ScriptedSource()
        self.viewers = Viewers()
        rng = CountingRng(seed)
        machine = Machine(fs=self.fs, clock=self.clock, rng=rng)
        self.keystore = a_keystore(root / "keys", clock=self.clock, rng=rng)
        self.volume = Volume.open(root / "footage", fs=self.fs, rng=rng, installation=INSTALLATION)
        self.closing = SegmentClosing(
            volume=self.volume, keystore=self.keystore, machine=machine, submit=self.book.submit
        )
        self.disk = DiskWriter(
            volume=self.volume,
            keystore=self.keystore,
            node=NODE,
            closing=self.closing,
            machine=machine,
            clock_is_synchronised=lambda: True,
        )
        self.is_disk_stuck = False
        self._number = 0
        self.moved_at: datetime | None = None
        self.event_at: datetime | None = None
        self.sightings = Sightings(self.clock)
        self.modes, self.margins = modes, margins
        address = StreamAddress(url="rtsp://192.0.2.1/main")
        self.worker = StreamWorker(
            Stream(id=STREAM, camera=CAMERA, role=StreamRole.MAIN, address=address, modes=modes),
            source=self.source,
            outlets=Outlets(self.disk, self.viewers, self.book.submit),
            machine=machine,
            segment_length=length,
            before=before or Parting(),
            modal=None if modes.is_continuous else self.modal(modes),
        )

    @property
    def footage(self) -> Path:
        return self.root / "footage"

    def modal(self, modes: ModeSchedule) -> Modal:
        recording = ModalRecording(modes, zone=UTC, margins=self.margins)
        return Modal(CAMERA, recording, sightings=self.sightings, clock=self.clock)

    def see(
        self,
        seconds: float,
        *,
        moves: bool = False,
        has_event: bool = False,
        lag_s: float = 0.5,
        blind: str = "",
    ) -> None:
        """Play, while the analyst looks at all that comes, a little late, and says so once a second."""
        for _ in range(round(seconds)):
            self.play(1)
            until = self.clock.now() - timedelta(seconds=lag_s)
            self.moved_at = until if moves else self.moved_at
            self.event_at = until if has_event else self.event_at
            self.sightings.hear(
                Sighting(
                    camera=CAMERA, until=until, moved_at=self.moved_at, event_at=self.event_at, blind=blind
                )
            )

    def connect(self) -> None:
        self.source.notices.append(RunStarted(parameters=self.clip.parameters, is_clear_text=True))
        self._number = 0
        self.tick()

    def play(self, seconds: float) -> None:
        for _ in range(round(seconds * FPS)):
            self.clock.advance(1 / FPS)
            self.source.notices.append(self.clip.packet(self._number, self.clock.now()))
            self._number += 1
            self.tick()

    def lose(self, cause: GapCause) -> None:
        self.source.notices.append(RunEnded(cause=cause, detail=f"it is {cause}"))
        self.tick()

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds * FPS)):
            self.clock.advance(1 / FPS)
            self.tick()

    def tick(self) -> None:
        self.worker.tick()
        self.turn_disk()

    def turn_disk(self) -> None:
        if self.is_disk_stuck:
            return
        while self.disk._orders:
            assert self.disk._turn()
        self.disk._sync_when_due()

    def stop(self) -> None:
        self.worker.stop(GapCause.RECORDER_STOPPED, "the recorder was stopped")
        self.disk._is_stopping = True
        self.disk._run()
        self.worker.look_at_disk()

    def restart(self, *, after_s: float = 0, fails_at: int | None = None, lasts: bool = False) -> "Rig":
        """Begin as a recorder does after its predecessor stopped or died; the file system is sound again.

        Unless the n-th operation of the recovery is to fail.
        """
        self.clock.advance(after_s)
        ends = [segment.when.end for segment in self.book.segments()]
        rig = Rig(
            self.root,
            self.clip,
            clock=self.clock,
            book=self.book,
            before=Parting(max(ends, default=None)),
            seed=self._seed + 1,
            length=self.length,
            modes=self.modes,
            margins=self.margins,
        )
        if fails_at is not None:
            rig.fs.fail(fails_at, lasts=lasts)
        rig.closing.take_over()
        return rig

    def spans(self) -> list[tuple[str, float]]:
        return self.book.spans(until=self.clock.now())

    def check_files(self) -> int:
        """No row without an intact file that reaches as far as it says, no file without a row; how many."""
        volume = Volume.open(self.footage, fs=SystemFs(), rng=CountingRng(), installation=INSTALLATION)
        segments = self.book.segments()
        for segment in segments:
            path = volume.locate(segment.path, segment.id)
            reader = SealedReader.open(path, fs=SystemFs(), keys=self.keystore.find_shred_key)
            try:
                reader.refresh()
                assert reader.marks[-1].when.end >= segment.when.end
                if segment.state is not SegmentState.OPEN:
                    assert path == self.footage / segment.path
                    assert reader.marks[-1].when.end == segment.when.end
                    reader.verify()
            finally:
                reader.close()
        known = {self.footage / segment.path for segment in segments}
        assert set(volume.segments()) <= known
        return len(segments)


def share(spans: Sequence[tuple[str, float]], kind: str) -> float:
    """How many seconds are of a kind."""
    return sum(seconds for name, seconds in spans if name == kind)


def recorded(spans: Sequence[tuple[str, float]]) -> float:
    return share(spans, Coverage.RECORDED) + share(spans, Coverage.OPEN)
