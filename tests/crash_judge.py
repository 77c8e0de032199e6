"""Judges what a power cut leaves of a recorder's disk.

The judge starts the next recorder on it, as a node does, and holds what it finds against what was promised
before the cut. The enumerator makes the states to be judged.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from builders import NOON, FixedClock
from crash_fs import CrashFs, Loose
from crash_rig import FOOTAGE, SPOOL, Broken, CrashRig, Promises, require
from recording_rig import EndlessClip
from watchkeep.domain.errors import WatchkeepError
from watchkeep.domain.ids import RunId, SegmentId
from watchkeep.domain.segment import SegmentState
from watchkeep.storage.catalog.recorder_rows import (
    RecorderRow,
    SegmentClosed,
    SegmentOpened,
    StoredSegment,
)
from watchkeep.storage.catalog.spool import Spool
from watchkeep.storage.media.format import Summary
from watchkeep.storage.media.reader import SealedReader


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
