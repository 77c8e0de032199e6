"""A recorder on a file system that may be cut at any operation, and a judge of what the cut leaves.

The recorder is the real one from packets to files, rows and moves: worker, disk writer, closing and, where
the database is away, registrar and spool. The judge starts the next recorder on what is left, as a node
does, and holds what it finds against what was promised before the cut.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from builders import CAMERA, INSTALLATION, NODE, NOON, STREAM, CountingRng, FixedClock
from crash_fs import CrashFs, Loose
from recording_rig import FPS, EndlessClip, ScriptedSource
from watchkeep.domain.camera import Stream, StreamAddress, StreamRole, StreamState
from watchkeep.domain.errors import WatchkeepError
from watchkeep.domain.fs import Fs
from watchkeep.domain.ids import RunId, SegmentId
from watchkeep.domain.media import Fragment, GapCause, RunStarted, VideoParameters
from watchkeep.domain.segment import Gap, SegmentState
from watchkeep.runtime.camera_worker import Outlets, Parting, StreamWorker
from watchkeep.runtime.disk_writer import DiskWriter
from watchkeep.runtime.registrar import Registrar
from watchkeep.runtime.segment_closing import SegmentClosing
from watchkeep.runtime.system import Machine
from watchkeep.storage.catalog.connection import Catalog, CatalogRole
from watchkeep.storage.catalog.recorder_rows import (
    GapClosed,
    GapOpened,
    RecorderRow,
    SegmentClosed,
    SegmentOpened,
    StoredSegment,
)
from watchkeep.storage.catalog.spool import Spool
from watchkeep.storage.catalog.states import Heartbeat
from watchkeep.storage.encryption.keystore import Keystore
from watchkeep.storage.encryption.providers import MachineProvider
from watchkeep.storage.media.format import RECORD_OVERHEAD, Summary
from watchkeep.storage.media.reader import SealedReader
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


@dataclass
class Watcher:
    """Notes what is given to whoever watches: all of it is given to the disk too."""

    promises: Promises

    def begin(self, stream: Stream, parameters: VideoParameters, init: bytes) -> None:
        pass

    def publish(self, stream: Stream, fragment: Fragment) -> None:
        self.promises.given[fragment.run, fragment.start_ticks] = fragment


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
            self.source.notices.append(replace(packet, nals=(*packet.nals, _filler(self._number))))
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


@dataclass
class Judge:
    """Starts the next recorder on what a power cut left.

    Attributes:
        states: How many different things were left.
        found: What became of them: "recovered", "removed", "set aside", each a count of files.
    """

    clip: EndlessClip
    is_catalog_away: bool
    states: int = 0
    found: Counter[str] = field(default_factory=Counter)

    def judge(
        self, fs: CrashFs, promises: Promises, *, during: Callable[[CrashFs, Promises], None] | None = None
    ) -> None:
        """Recover, then compare.

        Args:
            fs: What is left; the recovery changes it.
            promises: Before the cut; those of the recovery are added.
            during: Called before each operation of the recovery, with what is promised by then.

        Raises:
            Broken: A promise was not kept.
        """
        self.states += 1
        left, aside = len(fs.files(FOOTAGE / "open")), _set_aside(fs)
        if during is not None:
            fs.before = lambda: during(fs, promises)
        try:
            rig, mended = self._recover(fs, promises)
        except WatchkeepError as error:
            raise Broken(f"the next start fails: {error}") from error
        fs.before = None
        self.found["recovered"] += len(mended)
        self.found["set aside"] += _set_aside(fs) - aside
        self.found["removed"] += left - len(mended) - (_set_aside(fs) - aside)
        compare(fs, rig, promises)

    def _recover(self, fs: CrashFs, promises: Promises) -> tuple[CrashRig, list[Summary]]:
        rig = CrashRig(
            fs,
            self.clip,
            is_catalog_away=self.is_catalog_away,
            promises=promises,
            clock=FixedClock(NOON + timedelta(hours=1)),
            seed=1000 + self.states,
        )
        mended = rig.closing.take_over()
        if rig.registrar is not None and rig.registrar._waiting:
            rig.registrar._turn()
        return rig, mended


def _set_aside(fs: CrashFs) -> int:
    return sum(path.suffix == ".wks" for path in fs.files(FOOTAGE / "quarantine"))


def compare(fs: CrashFs, rig: CrashRig, promises: Promises) -> None:
    """Rows against files, files against what was given.

    Raises:
        Broken: They differ.
    """
    require(rig.volume.open_segments() == [], "a file stays open after a recovery")
    promises.take_records(fs)
    rows = promises.safe if rig.registrar is None else rows_in_spool(fs, promises)
    segments = _last_words(rows)
    known = {str(each) for each in segments}
    for path in rig.volume.segments():
        require(path.stem in known, f"{path.name} has no row")
    kept: set[tuple[RunId, int]] = set()
    for segment in segments.values():
        try:
            kept |= read_segment(fs, rig, segment, promises)
        except WatchkeepError as error:
            raise Broken(f"the file of the row {segment.id}: {error}") from None
    for fragment in promises.kept():
        require(
            (fragment.run, fragment.start_ticks) in kept,
            f"the durable fragment at {fragment.when.start} is lost",
        )


def rows_in_spool(fs: CrashFs, promises: Promises) -> list[RecorderRow]:
    """What the database will be told: every row that was safe, none that nobody wrote."""
    rows: list[RecorderRow] = []
    Spool(SPOOL, fs=fs).replay(rows.extend)
    found, written = set(rows), set(promises.submitted)
    for row in promises.safe:
        require(row in found, f"a row that was safe is lost: {type(row).__name__}")
    for row in rows:
        require(row in written, f"a row that nobody wrote: {type(row).__name__}")
    return rows


def _last_words(rows: Sequence[RecorderRow]) -> dict[SegmentId, StoredSegment]:
    """As the catalog has it: closed is the last word, whichever came later."""
    last: dict[SegmentId, StoredSegment] = {}
    for row in rows:
        if isinstance(row, SegmentOpened | SegmentClosed):
            known = last.get(row.segment.id)
            if known is None or known.state is SegmentState.OPEN:
                last[row.segment.id] = row.segment
    return last


def read_segment(
    fs: CrashFs, rig: CrashRig, segment: StoredSegment, promises: Promises
) -> set[tuple[RunId, int]]:
    """Hold a row's file against what was given; the run and start of each of its fragments."""
    path = rig.volume.locate(segment.path, segment.id)
    reader = SealedReader.open(path, fs=fs, keys=rig.keystore.find_shred_key)
    reader.refresh()
    reader.verify()
    final = reader.final
    if final is None:
        raise Broken(f"{path.name} is not finished")
    require(final.when.end >= segment.when.end, f"{path.name} ends before its row")
    require(segment.state is not SegmentState.OPEN, f"the row of {path.name} stays open")
    require(final.root_digest == segment.root_digest, f"{path.name} is not what its row says")
    require(path == FOOTAGE / segment.path, f"{path.name} was not moved")
    for mark in reader.marks:
        given = promises.given.get((segment.run, mark.start_ticks))
        require(
            given is not None and reader.read_video(mark.offset, mark.length) == given.payload,
            f"{path.name} holds what was never given",
        )
    return {(segment.run, mark.start_ticks) for mark in reader.marks}


class Enumerator:
    """Cuts the power before every operation of a recorder, in every way that matters and some by chance."""

    def __init__(self, judge: Judge, *, seed: int, by_chance: int, again: int = 0) -> None:
        """`by_chance`: states at random at each instant; `again`: every how many the recovery is cut too."""
        self._judge, self._chance = judge, random.Random(seed)
        self._by_chance, self._again = by_chance, again
        self._seen: set[tuple[int, int]] = set()
        self.instants = 0

    def cut(self, fs: CrashFs, promises: Promises, *, is_first: bool = True) -> None:
        """Judge what a cut now may leave."""
        self.instants += 1
        for left in self._states(fs):
            key = (left.key(), len(promises.safe) * 1000 + len(promises.submitted))
            if key in self._seen:
                continue
            self._seen.add(key)
            is_cut_again = is_first and self._again and len(self._seen) % self._again == 0
            during = self._cut_recovery if is_cut_again else None
            copy = promises.copy()
            copy.take_records(fs)
            self._judge.judge(left, copy, during=during)

    def _cut_recovery(self, fs: CrashFs, promises: Promises) -> None:
        before, fs.before = fs.before, None
        self.cut(fs, promises, is_first=False)
        fs.before = before

    def _states(self, fs: CrashFs) -> Iterator[CrashFs]:
        loose = fs.loose()
        yield fs.crashed(lambda each: False)
        if not loose:
            return
        yield fs.crashed(lambda each: True)
        for one in loose:
            yield fs.crashed(lambda each, one=one: each is one)
            yield fs.crashed(lambda each, one=one: each is not one)
        for _ in range(self._by_chance):
            share = self._chance.random()
            chosen: set[Loose] = {each for each in loose if self._chance.random() < share}
            yield fs.crashed(chosen.__contains__, self._chance)
