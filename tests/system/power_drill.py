"""Record onto a disk, cut its power at a chosen write, switch it on, recover, compare.

The recorder is a child process: the worker, disk writer and closing of the product on the power-cut disk. Its
rows go to a spool, and what it was given to a list, both on another disk that keeps its power.
"""

import hashlib
import multiprocessing
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from builders import NOON, FixedClock
from recording_rig import EndlessClip, Rig, RowBook, Viewers
from system.power_mount import PowerMount
from watchkeep.domain.camera import Stream
from watchkeep.domain.errors import WatchkeepError
from watchkeep.domain.media import Fragment, GapCause
from watchkeep.domain.segment import SegmentState
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.catalog.recorder_rows import RecorderRow
from watchkeep.storage.catalog.spool import Spool
from watchkeep.storage.media.reader import SealedReader

SEGMENT_LENGTH = timedelta(seconds=1)
LONGEST_S = 60.0
"""Of a recording that no cut has ended."""

Bug = Callable[[], None]
"""Breaks the product in the child."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What one cut cost.

    Attributes:
        lost_s: From the end of what is left to the end of what was given, gaps of the disk left out.
        faults: Promises that were not kept.
        given: Fragments that the disk was given.
        set_aside: Files that were put into quarantine.
    """

    lost_s: float
    faults: tuple[str, ...]
    given: int
    set_aside: int


class SpooledBook(RowBook):
    """A row is safe when it is on the other disk."""

    def __init__(self, spool: Spool) -> None:
        super().__init__()
        self._spool = spool

    def submit(self, row: RecorderRow, after: Callable[[], None] | None = None) -> None:
        self._spool.append([row])
        super().submit(row, after)


class NotingViewers(Viewers):
    """Writes down what the disk is given too; a kill does not take it back."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("ab", buffering=0)

    def publish(self, stream: Stream, fragment: Fragment, *, went_in_chunks: bool = False) -> None:
        digest = hashlib.sha256(fragment.payload).hexdigest()
        self._file.write(f"{fragment.start_ticks} {fragment.when.end.isoformat()} {digest}\n".encode())


def record(home: Path, clip: EndlessClip, bug: Bug | None) -> None:
    """The child: record until killed."""
    if bug is not None:
        bug()
    book = SpooledBook(Spool(home / "spool", fs=SystemFs()))
    rig = Rig(home, clip, book=book, length=SEGMENT_LENGTH)
    rig.worker._readers = NotingViewers(home / "given")
    rig.connect()
    (home / "ready").touch()
    rig.play(LONGEST_S)


def cut_once(
    mount: PowerMount, home: Path, clip: EndlessClip, *, chance: random.Random, fails: bool, bug: Bug | None
) -> Cut:
    """One recording on a fresh file system, which is mounted at home/footage, with one cut.

    Args:
        mount: Formatted.
        home: An empty folder on another disk.
        clip: What the camera sends.
        chance: Where the power is cut, and what survives.
        fails: One write before that fails with EIO.
        bug: Planted in the recorder.
    """
    mount.place = home / "footage"
    mount.renew()
    child = multiprocessing.get_context("fork").Process(target=_silenced, args=(home, clip, bug))
    child.start()
    assert child.pid is not None
    after = chance.randint(1, 260)
    if fails:
        mount.order(do="fail", after=chance.randint(1, after))
    seed = chance.getrandbits(32)
    if chance.random() < 0.5:
        mount.order(do="cut", after=after, seed=seed, kill=child.pid)
    else:
        mount.order(do="cut", after=1 + after // 2, whole=1, kill=child.pid)
    # Not reaped before the order is taken back: its number must not be another's meanwhile.
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    mount.order(do="off", seed=seed)
    child.join()
    mount.power_on()
    try:
        return judge(home, clip)
    finally:
        mount.unmount()


def _silenced(home: Path, clip: EndlessClip, bug: Bug | None) -> None:
    with (home / "child.log").open("wb", buffering=0) as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        record(home, clip, bug)


def judge(home: Path, clip: EndlessClip) -> Cut:
    """Start the next recorder on what is left, and hold it against rows and fragments."""
    book = RowBook()
    Spool(home / "spool", fs=SystemFs()).replay(book.rows.extend)
    safe = {row.id: row for row in book.segments() if row.state is not SegmentState.OPEN}
    given = _given(home / "given")
    faults: list[str] = []
    kept: list[datetime] = []
    try:
        rig = Rig(home, clip, clock=FixedClock(NOON + timedelta(hours=1)), book=book, seed=1)
        rig.closing.take_over()
        rig.check_files()
        for segment in book.segments():
            if segment.state is SegmentState.OPEN:
                faults.append(f"the row of segment {segment.id} stays open")
            if segment.id in safe and safe[segment.id].root_digest != segment.root_digest:
                faults.append(f"segment {segment.id} is not what its row says")
            kept += _read(rig, rig.volume.locate(segment.path, segment.id), given, faults)
    except (AssertionError, WatchkeepError) as error:
        faults.append(f"{type(error).__name__}: {error}")
    except OSError as error:
        faults.append(f"the disk refuses after the cut: {error}")
    set_aside = len(list((home / "footage" / "quarantine").glob("*.wks")))
    gaps = [gap for gap in book.gaps() if gap.cause is GapCause.DISK]
    ends = [end for end, _ in given.values() if not any(gap.started_at < end for gap in gaps)]
    lost = max(ends, default=NOON) - max(kept, default=NOON)
    return Cut(max(0.0, lost.total_seconds()), tuple(faults), len(given), set_aside)


def _given(path: Path) -> dict[int, tuple[datetime, str]]:
    lines = path.read_text().splitlines() if path.exists() else []
    words = [line.split() for line in lines]
    return {int(ticks): (datetime.fromisoformat(end), digest) for ticks, end, digest in words}


def _read(rig: Rig, path: Path, given: dict[int, tuple[datetime, str]], faults: list[str]) -> list[datetime]:
    """The ends of a file's fragments; each must be one that was given."""
    reader = SealedReader.open(path, fs=SystemFs(), keys=rig.keystore.find_shred_key)
    try:
        reader.refresh()
        for mark in reader.marks:
            digest = hashlib.sha256(reader.read_video(mark.offset, mark.length)).hexdigest()
            if given.get(mark.start_ticks, (NOON, ""))[1] != digest:
                faults.append(f"{path.name} holds what was never given")
        return [mark.when.end for mark in reader.marks]
    finally:
        reader.close()
