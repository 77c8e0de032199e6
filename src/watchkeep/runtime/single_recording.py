"""One stream into plain MP4 files, without a node, a database or keys: `watchkeep record --once`.

    source ──packets──► fragmenter ──fragments──► plain file

The way is the recorder's up to the fragments; see camera_worker.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from watchkeep.domain.camera import StreamAddress
from watchkeep.domain.errors import CameraRefused, CameraUnreachable, NoVideo, WatchkeepError
from watchkeep.domain.ids import RunId, uuid7
from watchkeep.domain.media import (
    AudioPacket,
    AudioParameters,
    Fragment,
    GapCause,
    Packet,
    RunEnded,
    RunStarted,
)
from watchkeep.ingestion.audio_boxes import describable
from watchkeep.ingestion.fragmenter import Fragmenter
from watchkeep.ingestion.mux import init_section
from watchkeep.ingestion.wall_clock import WallClock
from watchkeep.runtime.packet_source import PacketSource
from watchkeep.runtime.plain_file import PlainFile
from watchkeep.runtime.read_beat import TURN_S
from watchkeep.runtime.system import Machine
from watchkeep.sources.choosing import CameraSource, open_address
from watchkeep.sources.rtsp.framing import ReadBuffer

_NS = 1_000_000_000


class SingleRecording:
    """Records until it is told to stop, or for a length of time from the first picture on.

    A run with the parameters of the file in hand goes on in it, as far later as it came; one with others
    begins the next file: `out.mp4`, `out-2.mp4` and so on.

    Attributes:
        files: Those made so far, all but the last one closed.
        lost: Why the camera is away now, one sentence; "" while pictures come.
        interruptions: How often it was away in between.
        note: What a person should know of how it is read; "" for nothing.
    """

    def __init__(
        self,
        address: StreamAddress,
        out: Path,
        *,
        with_audio: bool,
        machine: Machine,
        source: PacketSource | None = None,
    ) -> None:
        """Begin to connect at the first turn.

        Args:
            address: Checked.
            out: The first file; made when the first run begins.
            with_audio: Whether sound is wanted; when not, it is not sent for.
            machine: Clock, chance and files.
            source: Instead of the one that the address leads to.
        """
        self._out = out
        self._with_audio = with_audio
        self._machine = machine
        self._source = source or open_address(
            address, clock=machine.clock, rng=machine.rng, buffer=ReadBuffer(), with_audio=with_audio
        )
        self._fragmenter: Fragmenter | None = None
        self._file: PlainFile | None = None
        self._last_end: datetime | None = None
        self._began_ns: int | None = None
        self.files: list[PlainFile] = []
        self.lost = ""
        self.interruptions = 0
        self.note = ""

    def run(
        self, length: timedelta | None, *, is_stopping: Callable[[], bool], tell: Callable[[float], None]
    ) -> None:
        """Record. What there is is durable on return, also when an error ends it.

        Args:
            length: From the first picture on; None for until `is_stopping`.
            is_stopping: Asked at each turn.
            tell: Told the share of the length that has passed, at each turn.

        Raises:
            CameraUnreachable: Nobody answered the first call.
            CameraRefused: The user name or the password is wrong.
            NoVideo: It answers without H.264 or H.265 video.
            Conflict: There is a file of that name.
            Exhausted: The disk is full.
            Forbidden: Nothing may be written there.
            Unavailable: The disk failed otherwise.
        """
        clock = self._machine.clock
        length_ns = None if length is None else length // timedelta(microseconds=1) * 1000
        try:
            while not is_stopping():
                self._turn()
                if length_ns is not None and self._began_ns is not None:
                    passed = (clock.monotonic_ns() - self._began_ns) / length_ns
                    tell(min(passed, 1.0))
                    if passed >= 1:
                        break
                clock.sleep(TURN_S)
        finally:
            self._source.close()
            try:
                self._end_run()
            finally:
                if self._file is not None:
                    self._file.close()

    def _turn(self) -> None:
        for notice in self._source.poll():
            match notice:
                case RunStarted():
                    self._begin_run(notice)
                case Packet() if self._fragmenter is not None:
                    self._write(self._fragmenter.push(notice))
                case AudioPacket() if self._fragmenter is not None:
                    self._fragmenter.push_audio(notice)
                case RunEnded():
                    self._lose(notice)

    def _begin_run(self, notice: RunStarted) -> None:
        self._end_run()
        clock = self._machine.clock
        if self._began_ns is None:
            self._began_ns = clock.monotonic_ns()
        audio = describable(notice.audio) if self._with_audio else None
        init = init_section(notice.parameters, audio)
        self._open(init, audio)
        self.lost, self.note = "", notice.note or self.note
        self._fragmenter = Fragmenter(
            RunId(uuid7(clock, self._machine.rng)),
            wall_clock=WallClock(clock=clock, not_before=self._last_end),
            audio=audio,
        )

    def _open(self, init: bytes, audio: AudioParameters | None) -> None:
        if self._file is not None:
            if self._file.init == init:
                self._file.begin_run()
                return
            self._file.close()
        number = len(self.files) + 1
        path = self._out if number == 1 else self._out.with_stem(f"{self._out.stem}-{number}")
        self._file = PlainFile(path, init, audio, fs=self._machine.fs, clock=self._machine.clock)
        self.files.append(self._file)

    def _end_run(self) -> None:
        fragmenter, self._fragmenter = self._fragmenter, None
        if fragmenter is not None:
            self._write(fragmenter.end())

    def _write(self, fragments: Sequence[Fragment]) -> None:
        for fragment in fragments:
            if self._file is not None:
                self._file.append(fragment)
                self._last_end = fragment.when.end

    def _lose(self, notice: RunEnded) -> None:
        """The first call must succeed; afterwards it is tried again until the time is over."""
        self._end_run()
        if self._file is not None:
            self.interruptions += not self.lost
            self.lost = notice.detail
        elif not (isinstance(self._source, CameraSource) and self._source.note):
            # With a note libav takes its turn now.
            raise _problem(notice)


def _problem(notice: RunEnded) -> WatchkeepError:
    match notice.cause:
        case GapCause.AUTHENTICATION:
            return CameraRefused(notice.detail)
        case GapCause.NO_VIDEO | GapCause.PARAMETERS_CHANGED:
            return NoVideo(notice.detail)
        case _:
            return CameraUnreachable(notice.detail)
