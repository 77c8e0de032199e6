"""Whatever a power cut leaves of a recorder's files, rows and footage agree after the next start.

Every state is made in memory, from the weakest model of a disk (tests/crash_fs.py), and judged by starting
the next recorder on it. The planted bugs show that the judge can see.
"""

import errno
import os
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from builders import CAMERA, NOON, FixedClock
from crash_fs import CrashFs
from crash_judge import Enumerator, Judge
from crash_rig import FOOTAGE, KEYS, SPOOL, Broken, CrashRig, Promises
from faulty_fs import WRITES, FaultyFile, FaultyFs
from recording_rig import EndlessClip
from watchkeep.domain.fs import File, Fs
from watchkeep.runtime.segment_closing import SegmentClosing
from watchkeep.runtime.segment_rows import closed_row, final_path
from watchkeep.storage.encryption.envelope import RecordCipher
from watchkeep.storage.media import recovery
from watchkeep.storage.media.format import Final, FragmentMark, Summary
from watchkeep.storage.media.writer import SealedWriter, seal_ending

STATES = int(os.environ.get("WATCHKEEP_STATES", "30"))
"""At random at each instant, beside those that are chosen."""
SEED = int(os.environ.get("WATCHKEEP_SEED", "20261125"))
BOTH = pytest.mark.parametrize("is_catalog_away", [False, True], ids=["catalog", "spool"])


def record_and_cut(
    clip: EndlessClip,
    *,
    is_catalog_away: bool = False,
    disk: CrashFs | None = None,
    fs: Fs | None = None,
    seconds: float = 2.7,
    by_chance: int = 6,
    again: int = 0,
) -> Judge:
    """Record for some seconds and stop, with the power cut before each operation.

    Args:
        clip: What the camera sends.
        is_catalog_away: Whether the rows go to the spool.
        disk: What is cut.
        fs: What the recorder sees of it.
        seconds: How long.
        by_chance: So many states at random beside those that are chosen, at each instant.
        again: Every how many states the power is cut during the recovery too; 0 for never.
    """
    disk = disk or CrashFs()
    judge = Judge(clip, is_catalog_away)
    enumerator = Enumerator(judge, seed=SEED, by_chance=by_chance, again=again)
    rig = CrashRig(fs or disk, clip, is_catalog_away=is_catalog_away)

    def cut() -> None:
        rig.note()
        enumerator.cut(disk, rig.promises)

    disk.before = cut
    rig.play(seconds)
    rig.stop()
    cut()
    print(f"seed {SEED}: {judge.states} states of {enumerator.instants} instants; {dict(judge.found)}")
    return judge


@BOTH
def test_a_power_cut_at_any_operation_breaks_no_promise(clip: EndlessClip, is_catalog_away: bool) -> None:
    judge = record_and_cut(clip, is_catalog_away=is_catalog_away, seconds=4.2, by_chance=STATES)
    assert judge.states > 200


@BOTH
def test_a_second_power_cut_within_the_recovery_breaks_none_either(
    clip: EndlessClip, is_catalog_away: bool
) -> None:
    judge = record_and_cut(clip, is_catalog_away=is_catalog_away, again=3)
    assert judge.states > 100


class Killed(BaseException):
    """SIGKILL: nobody catches it."""


def test_a_power_cut_after_a_kill_breaks_no_promise(clip: EndlessClip) -> None:
    """What the dead process did not sync is there for the next one to see, and is on no disk."""
    states = nth = 0
    is_killed = True
    while is_killed:
        nth += 1
        disk, judge = CrashFs(), Judge(clip, is_catalog_away=False)
        is_killed, promises = record_until_killed(disk, clip, nth)
        rig = CrashRig(disk, clip, is_catalog_away=False, promises=promises, seed=1, clock=later(5))
        enumerator = Enumerator(judge, seed=SEED + nth, by_chance=1)
        disk.before = partial(enumerator.cut, disk, promises)
        rig.closing.take_over()
        rig.play(0.7)
        enumerator.cut(disk, promises)
        states += judge.states
    print(f"seed {SEED}: killed at {nth - 1} operations in turn, {states} states of what followed")
    assert states > 500


def record_until_killed(disk: CrashFs, clip: EndlessClip, nth: int) -> tuple[bool, Promises]:
    """Record until the n-th operation is about to be done; whether there was one, and what was promised."""
    promises = Promises()

    def count() -> None:
        if disk.operations == nth:
            raise Killed

    disk.before = count
    try:
        rig = CrashRig(disk, clip, is_catalog_away=False, promises=promises)
        rig.play(2.2)
        rig.stop()
    except Killed:
        return True, promises
    finally:
        disk.before = None
    return False, promises


def later(seconds: float) -> FixedClock:
    return FixedClock(NOON + timedelta(seconds=seconds))


@BOTH
def test_whichever_operation_fails_a_power_cut_afterwards_breaks_no_promise(
    clip: EndlessClip, is_catalog_away: bool
) -> None:
    """What follows a failed sync is the hard part: the pages read well, and are on no disk."""
    total, _ = fail_and_cut(clip, FaultyFs, 1 << 30, is_catalog_away=is_catalog_away)
    results = [
        fail_and_cut(clip, FaultyFs, nth, is_catalog_away=is_catalog_away) for nth in range(1, total + 1)
    ]
    states = sum(states for _, states in results)
    print(f"seed {SEED}: {total} operations failed in turn, {states} states of what followed")
    assert states > 500


def fail_and_cut(
    clip: EndlessClip,
    make_fs: Callable[[CrashFs], FaultyFs],
    nth: int,
    *,
    kinds: Collection[str] = WRITES,
    is_catalog_away: bool = False,
) -> tuple[int, int]:
    """Record; the n-th operation fails; from then on cut the power. How many operations, how many states."""
    disk = CrashFs()
    fs = make_fs(disk)
    judge = Judge(clip, is_catalog_away)
    enumerator = Enumerator(judge, seed=SEED + nth, by_chance=1)
    rig = CrashRig(fs, clip, is_catalog_away=is_catalog_away)
    fs.fail(nth, code=errno.EIO, kinds=kinds)

    def cut() -> None:
        if fs.counted >= nth:
            rig.note()
            enumerator.cut(disk, rig.promises)

    disk.before = cut
    rig.play(3.2)
    rig.stop()
    cut()
    return fs.counted, judge.states


# --- Planted bugs: each is found ---


@pytest.mark.parametrize(
    ("deaf", "folder", "is_catalog_away"),
    [
        ("sync", FOOTAGE / "open", False),
        ("sync", FOOTAGE / "open", True),
        ("sync", SPOOL, True),
        ("sync", KEYS, False),
        ("sync_directory", FOOTAGE / "open", False),
        ("sync_directory", FOOTAGE / CAMERA, False),
        ("sync_directory", FOOTAGE, False),
        ("sync_directory", SPOOL, True),
        ("sync_directory", KEYS, False),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else str(value),
)
def test_a_missing_sync_is_found(clip: EndlessClip, deaf: str, folder: Path, is_catalog_away: bool) -> None:
    with pytest.raises(Broken) as broken:
        record_and_cut(clip, is_catalog_away=is_catalog_away, disk=CrashFs(deaf=[(deaf, folder)]))
    print(broken.value)


@BOTH
def test_a_move_before_the_row_is_safe_is_found(
    clip: EndlessClip, is_catalog_away: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def register(closing: SegmentClosing, path: Path, summary: Summary) -> None:
        closing._settle(path, final_path(summary.header, closing._volume))
        closing.submit(closed_row(summary, closing._volume), None)

    monkeypatch.setattr(SegmentClosing, "register", register)
    with pytest.raises(Broken, match=r"stays open|has no row"):
        record_and_cut(clip, is_catalog_away=is_catalog_away)


def test_a_row_before_its_file_is_durable_is_found(
    clip: EndlessClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sync(writer: SealedWriter) -> None:
        writer._durable_bytes = writer._position

    monkeypatch.setattr(SealedWriter, "sync", sync)
    with pytest.raises(Broken):
        record_and_cut(clip)


def test_a_counter_that_is_used_again_is_found(clip: EndlessClip, monkeypatch: pytest.MonkeyPatch) -> None:
    def reusing(cipher: RecordCipher, marks: list[FragmentMark], **facts: Any) -> tuple[bytes, Final]:
        return seal_ending(cipher, marks, **{**facts, "counter": facts["records_before"]})

    monkeypatch.setattr(recovery, "seal_ending", reusing)
    with pytest.raises(Broken, match="sealed two things"):
        record_and_cut(clip)


class IgnoringFile(FaultyFile):
    """Takes no notice of a failed sync."""

    def sync(self) -> None:
        with suppress(OSError):
            super().sync()
        self._has_failed = False

    def sync_all(self) -> bool:
        with suppress(OSError):
            super().sync_all()
        self._is_spoilt = False
        return True


class IgnoringFs(FaultyFs):
    def create(self, path: Path) -> File:
        return IgnoringFile(self, self._fs.create(path), path)

    def open_to_append(self, path: Path) -> File:
        return IgnoringFile(self, self._fs.open_to_append(path), path)


class RetryingFile(FaultyFile):
    """Syncs again when a sync failed; it then succeeds."""

    def sync(self) -> None:
        try:
            super().sync()
        except OSError:
            self._has_failed = False
            self._file.sync()


class RetryingFs(FaultyFs):
    def create(self, path: Path) -> File:
        return RetryingFile(self, self._fs.create(path), path)


@pytest.mark.parametrize("make_fs", [IgnoringFs, RetryingFs])
def test_a_failed_sync_that_is_ignored_or_repeated_is_found(
    clip: EndlessClip, make_fs: Callable[[CrashFs], FaultyFs]
) -> None:
    found, total = count_found(clip, make_fs, {"sync"})
    assert found > total // 2


def test_a_failed_group_sync_that_is_ignored_is_found(clip: EndlessClip) -> None:
    found, total = count_found(clip, IgnoringFs, {"sync_all"}, is_catalog_away=True)
    assert found > total // 2


def count_found(
    clip: EndlessClip,
    make_fs: Callable[[CrashFs], FaultyFs],
    kinds: set[str],
    *,
    is_catalog_away: bool = False,
) -> tuple[int, int]:
    """Of how many failing operations it is found what was done about them, and how many there were."""
    total, _ = fail_and_cut(clip, make_fs, 1 << 30, kinds=kinds, is_catalog_away=is_catalog_away)
    found = 0
    for nth in range(1, total + 1):
        try:
            fail_and_cut(clip, make_fs, nth, kinds=kinds, is_catalog_away=is_catalog_away)
        except Broken:
            found += 1
    print(f"{found} of {total}")
    return found, total
