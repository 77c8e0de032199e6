"""What each stage of recording costs a camera, one after the other on one thread: where the next gain is.

Part of bench/record.py. Warm caches and no other thread, so the sum is below what a whole recorder costs.
"""

import os
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from builders import A_SHRED_KEY, a_header
from figures import IS_QUICK, Figures
from watchkeep.domain.ids import RunId
from watchkeep.domain.media import Fragment, Packet, SourceNotice
from watchkeep.ingestion.fragmenter import Fragmenter
from watchkeep.ingestion.mux import init_section
from watchkeep.ingestion.wall_clock import WallClock
from watchkeep.runtime.system import SystemClock, SystemFs, SystemRng
from watchkeep.sources.rtsp.description import VideoTrack
from watchkeep.sources.rtsp.dialogue import Channels, Playing
from watchkeep.sources.rtsp.framing import Framing, ReadBuffer
from watchkeep.sources.rtsp.messages import Response
from watchkeep.sources.rtsp.reception import Reception
from watchkeep.sources.simulator.clip import Clip, read_clip
from watchkeep.sources.simulator.picture_clock import PictureClock
from watchkeep.storage.media.writer import SealedWriter

SECONDS = 16
FPS = 25
READ_AT_ONCE = 5
"""Pictures: what the recorder finds in a turn."""
ROUNDS = 3 if IS_QUICK else 9
RUN = RunId(UUID(int=1))


class Intake:
    """Takes what a connection brings, as RtspConnection does."""

    def __init__(self, clip: Clip) -> None:
        track = VideoTrack(
            control="",
            payload_type=96,
            clock_rate_hz=90_000,
            codec=clip.codec,
            parameter_sets=clip.parameter_sets,
        )
        playing = Playing(
            url="",
            session="",
            timeout_s=60,
            has_get_parameter=True,
            video=track,
            video_channels=Channels(media=0, reports=1),
            audio=None,
            audio_channels=None,
        )
        self.reception = Reception(playing, is_clear_text=True, now_ns=0)
        self.now = SystemClock().now()
        self.notices: list[SourceNotice] = []

    def take_response(self, response: Response) -> None:
        """See Sink."""
        raise AssertionError(response)

    def take_frame(self, channel: int, packet: bytes) -> None:
        """See Sink."""
        self.notices += self.reception.take(channel, packet, self.now, 0)

    def take_run(self, data: bytes, at: int) -> int:
        """See Sink."""
        return self.reception.take_run(data, at, self.notices, self.now, 0)


def stages(figures: Figures, path: Path) -> None:
    """Measure them all."""
    clip = read_clip(path)
    pictures = PictureClock(clip, bytes(8))
    first = pictures.next_key(0)
    sent = [bytes(pictures.stamped(first + number)) for number in range(SECONDS * FPS)]
    wire = [b"".join(sent[at : at + READ_AT_ONCE]) for at in range(0, len(sent), READ_AT_ONCE)]
    packets = _packets(clip, wire)
    fragments = _fragments(packets)
    costs = {
        "socket": _least(lambda: _read(wire)),
        "depacketise": _least(lambda: _timed(lambda: _packets(clip, wire))),
        "mux": _least(lambda: _timed(lambda: _fragments(packets))),
    }
    write = _least(lambda: _written(fragments))
    sealed, synced = zip(*(_sealed(fragments) for _ in range(ROUNDS)), strict=True)
    costs |= {"seal": max(min(sealed) - write, 0.0), "write": write, "sync": min(synced)}
    for name, seconds in costs.items():
        figures.add(f"stage.{name}", seconds / SECONDS * 100, "% of a core a camera", n=ROUNDS)


def _least(measure: Callable[[], float]) -> float:
    return min(measure() for _ in range(ROUNDS))


def _timed(act: Callable[[], object]) -> float:
    before = time.thread_time()
    act()
    return time.thread_time() - before


def _read(wire: list[bytes]) -> float:
    """The kernel's part: one read for what comes between two turns of a stream."""
    view, total = memoryview(bytearray(1 << 19)), 0.0
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        for data in wire:
            theirs.sendall(data)
            total += _timed(lambda: ours.recv_into(view))
    return total


def _packets(clip: Clip, wire: list[bytes]) -> list[Packet]:
    intake = Intake(clip)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        framing = Framing(ours, ReadBuffer())
        for data in wire:
            framing.take_apart(data, (0, 1), intake)
    return [notice for notice in intake.notices if isinstance(notice, Packet)]


def _fragments(packets: list[Packet]) -> list[Fragment]:
    fragmenter = Fragmenter(RUN, wall_clock=WallClock(clock=SystemClock()))
    return [fragment for packet in packets for fragment in fragmenter.push(packet)]


def _written(fragments: list[Fragment]) -> float:
    with tempfile.TemporaryFile(buffering=0) as file:
        return sum(
            _timed(lambda payload=each.payload: os.write(file.fileno(), payload)) for each in fragments
        )


def _sealed(fragments: list[Fragment]) -> tuple[float, float]:
    """Sealing with writing, and syncing once a second."""
    header = a_header(run=RUN)
    init = init_section(header.parameters)
    with tempfile.TemporaryDirectory() as folder:
        writer = SealedWriter.create(
            Path(folder) / "segment", header, init, shred_key=A_SHRED_KEY, fs=SystemFs(), rng=SystemRng()
        )
        sealing = syncing = 0.0
        for number, fragment in enumerate(fragments):
            sealing += _timed(lambda fragment=fragment: writer.append(fragment))
            if number % 2:
                syncing += _timed(writer.sync)
        writer.abandon()
    return sealing, syncing
