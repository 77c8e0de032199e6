"""A recorder on a file system that may be cut at any operation, and what it promises.

The recorder is the real one from packets to files, rows and moves: worker, disk writer, closing and, where
the database is away, registrar and spool.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from builders import CAMERA, INSTALLATION, NODE, NOON, STREAM, CountingRng, FixedClock
from crash_fs import CrashFs
from recording_rig import FPS, EndlessClip, ScriptedSource, Viewers
from watchkeep.domain.camera import Stream, StreamAddress, StreamRole, StreamState
from watchkeep.domain.fs import Fs
from watchkeep.domain.ids import RunId
from watchkeep.domain.media import Fragment, GapCause, RunStarted
from watchkeep.domain.segment import Gap
from watchkeep.runtime.camera_worker import StreamWorker
from watchkeep.runtime.disk_writer import DiskWriter
from watchkeep.runtime.outlets import Outlets, Parting
from watchkeep.runtime.registrar import Registrar
from watchkeep.runtime.segment_closing import SegmentClosing
from watchkeep.runtime.system import Machine
from watchkeep.storage.catalog.connection import Catalog, CatalogRole
from watchkeep.storage.catalog.recorder_rows import (
    GapClosed,
    GapOpened,
    RecorderRow,
)
from watchkeep.storage.catalog.spool import Spool
from watchkeep.storage.catalog.states import Heartbeat
from watchkeep.storage.encryption.keystore import Keystore
from watchkeep.storage.encryption.providers import MachineProvider
from watchkeep.storage.media.format import RECORD_OVERHEAD
from watchkeep.storage.media.volume import Volume

HOME = Path("/node")
FOOTAGE = HOME / "footage"
SPOOL = HOME / "spool"
KEYS = HOME / "keystore"
FILLER_BYTES = 300
SEGMENT_LENGTH = timedelta(seconds=1)


@dataclass
class Promises:
    """What a recorder said so far, and what it was given: the oracle."""

    given: dict[tuple[RunId, int], Fragment] = field(default_factory=dict)
    """Every fragment, by run and start in ticks."""
    durable_until: datetime = NOON
    """As the disk writer says."""
    submitted: list[RecorderRow] = field(default_factory=list)
    safe: list[RecorderRow] = field(default_factory=list)
    """In the catalog, or taken by the spool."""
    records: dict[tuple[str, int], bytes] = field(default_factory=dict)
    """Every sealed record that was ever written, by file and counter."""

    def copy(self) -> "Promises":
        return Promises(
            dict(self.given), self.durable_until, list(self.submitted), list(self.safe), dict(self.records)
        )

    def kept(self) -> list[Fragment]:
        """The fragments that must be there: durable, and in no gap of the disk's that the recorder told."""
        gaps = {row.gap.id: row.gap for row in self.submitted if isinstance(row, GapOpened | GapClosed)}
        missing = [gap for gap in gaps.values() if gap.cause is GapCause.DISK]
        return [
            fragment
            for fragment in self.given.values()
            if fragment.when.end <= self.durable_until and not any(_holds(gap, fragment) for gap in missing)
        ]

    def take_records(self, fs: CrashFs) -> None:
        """Note every record that was sealed; a counter that sealed two things is a broken promise."""
        for name, data in fs.written:
            if name.endswith(".wks"):
                for counter, record in sealed_records(data):
                    known = self.records.setdefault((name, counter), record)
                    require(known == record, f"{name}: counter {counter} sealed two things")


def _holds(gap: Gap, fragment: Fragment) -> bool:
    return gap.started_at < fragment.when.end and (gap.ended_at is None or fragment.when.start < gap.ended_at)


class Broken(AssertionError):
    """A promise that was not kept."""


def require(is_so: bool, sentence: str) -> None:
    if not is_so:
        raise Broken(sentence)


def sealed_records(appended: bytes) -> Iterator[tuple[int, bytes]]:
    """Counter and bytes of every record in one append to a segment file. Source: docs/formats/segment.md."""
    at = 136 + int.from_bytes(appended[8:12], "big") if appended[1:6] == b"WKSEG" else 0
    while at + RECORD_OVERHEAD <= len(appended):
        size = int.from_bytes(appended[at + 1 : at + 4], "big") + RECORD_OVERHEAD
        yield int.from_bytes(appended[at + 4 : at + 8], "big"), appended[at : at + size]
        at += size


class NotedSpool(Spool):
    """A spool whose promises are written down."""

    promises: Promises

    def append(self, rows: Sequence[RecorderRow]) -> None:
        super().append(rows)
        self.promises.safe += rows


class Silence:
    """A recorder that has no news."""

    def states(self) -> list[StreamState]:
        return []

    def heartbeat(self, spool_rows: int) -> Heartbeat:
        return Heartbeat(node=NODE, seen_at=NOON, spool_rows=spool_rows, camera_revision=0)

    def look_at(self, catalog: Catalog) -> None:
        pass


class Watcher(Viewers):
    """Notes what is given to whoever watches: all of it is given to the disk too."""

    def __init__(self, promises: Promises) -> None:
        super().__init__()
        self._promises = promises

    def publish(self, stream: Stream, fragment: Fragment, *, went_in_chunks: bool = False) -> None:
        super().publish(stream, fragment, went_in_chunks=went_in_chunks)
        self._promises.given[fragment.run, fragment.start_ticks] = fragment


class CrashRig:
    """One stream of a recorder whose database commits at once, or is away so that the spool has the rows."""

    def __init__(
        self,
        fs: Fs,
        clip: EndlessClip,
        *,
        is_catalog_away: bool,
        promises: Promises | None = None,
        clock: FixedClock | None = None,
        seed: int = 0,
    ) -> None:
        self.promises = promises or Promises()
        self.clock = clock or FixedClock()
        self._clip = clip
        self._rng = CountingRng(seed)
        self._number = 0
        fs.make_directories(HOME)
        machine = Machine(fs=fs, clock=self.clock, rng=self._rng)
        self.keystore = open_keystore(fs, self.clock, self._rng)
        self.volume = Volume.open(FOOTAGE, fs=fs, rng=self._rng, installation=INSTALLATION)
        self.registrar = self._make_registrar(fs) if is_catalog_away else None
        self.closing = SegmentClosing(
            volume=self.volume, keystore=self.keystore, machine=machine, submit=self._submit
        )
        self.disk = DiskWriter(
            volume=self.volume,
            keystore=self.keystore,
            node=NODE,
            closing=self.closing,
            machine=machine,
            clock_is_synchronised=lambda: True,
            # Neither has to do with the other: so each of the two is seen with half of the tests.
            group_sync_from=1 if is_catalog_away else 2,
        )
        self.source = ScriptedSource()
        self.worker = StreamWorker(
            Stream(
                id=STREAM,
                camera=CAMERA,
                role=StreamRole.MAIN,
                address=StreamAddress(url="rtsp://192.0.2.1/main"),
            ),
            source=self.source,
            outlets=Outlets(self.disk, Watcher(self.promises), self._submit),
            machine=machine,
            segment_length=SEGMENT_LENGTH,
            before=Parting(),
        )

    def _make_registrar(self, fs: Fs) -> Registrar:
        nowhere = Catalog("host=/nonexistent dbname=none", role=CatalogRole.WRITER)
        spool = NotedSpool(SPOOL, fs=fs)
        spool.promises = self.promises
        registrar = Registrar(catalog=nowhere, spool=spool, clock=self.clock, news=Silence())
        registrar.is_behind = True
        registrar._replay_at_ns = 1 << 62
        return registrar

    def _submit(self, row: RecorderRow, after: Callable[[], None] | None = None) -> None:
        self.promises.submitted.append(row)
        if self.registrar is not None:
            self.registrar.submit(row, after)
            return
        self.promises.safe.append(row)
        if after is not None:
            after()

    def play(self, seconds: float) -> None:
        self.source.notices.append(RunStarted(parameters=self._clip.parameters, is_clear_text=True))
        for _ in range(round(seconds * FPS)):
            self.clock.advance(1 / FPS)
            packet = self._clip.packet(self._number, self.clock.now())
            self.source.notices.append(packet._replace(nals=(*packet.nals, _filler(self._number))))
            self._number += 1
            self.worker.tick()
            self.turn()

    def turn(self) -> None:
        """A turn of the threads."""
        while self.disk._orders:
            assert self.disk._turn()
        self.disk._sync_when_due()
        self.note()
        if self.registrar is not None and self.registrar._waiting:
            self.registrar._turn()
        elif self.registrar is not None:
            self.registrar._make_safe()  # what is held is tried again; a turn would wait for more first

    def note(self) -> None:
        """Write down how far the disk writer says it has come."""
        self.promises.durable_until = self.disk.durable_until(STREAM) or self.promises.durable_until

    def stop(self) -> None:
        self.worker.stop(GapCause.RECORDER_STOPPED, "the recorder was stopped")
        self.disk._is_stopping = True
        self.disk._run()
        self.note()
        self.worker.look_at_disk()
        if self.registrar is not None:
            self.registrar._is_stopping = True
            self.registrar._run()


def _filler(number: int) -> bytes:
    """Filler data (ITU-T H.264 section 7.3.2.7): a fragment gets more sectors than the clip gives it."""
    return b"\x0c" + CountingRng(number).token(FILLER_BYTES)


def open_keystore(fs: Fs, clock: FixedClock, rng: CountingRng) -> Keystore:
    fs.make_directories(KEYS)
    provider = MachineProvider(KEYS / "machine.key", fs=fs, rng=rng)
    is_there = any(entry.name == "keystore.json" for entry in fs.entries(KEYS))
    make = Keystore.open if is_there else Keystore.create
    return make(KEYS, fs=fs, clock=clock, rng=rng, provider=provider)
