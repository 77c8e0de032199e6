"""What the disk writer says of a file is true whichever operation fails, and no file is forgotten."""

import errno
import shutil
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from builders import INSTALLATION, CountingRng
from recording_rig import EndlessClip, Rig
from watchkeep.domain.media import GapCause
from watchkeep.runtime.disk_writer import DiskWriter, SegmentEnd
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.catalog.recorder_rows import SegmentClosed, SegmentOpened
from watchkeep.storage.media.volume import Volume

SHORT = timedelta(seconds=1)


def recorded(rig: Rig) -> list[str]:
    """What one segment's file went through, its reads left out."""
    reads = {"open", "read_at", "size", "entries", "open_to_append"}
    return [kind for kind, _ in rig.fs.log if kind not in reads]


def test_a_segment_is_file_then_directory_then_row_then_move(rig: Rig) -> None:
    rows_at_move: list[int] = []
    rename = rig.fs.rename

    def watched(old: Path, new: Path) -> None:
        rows_at_move.append(len([row for row in rig.book.rows if isinstance(row, SegmentClosed)]))
        rename(old, new)

    rig.fs.rename = watched  # type: ignore[method-assign]
    rig.fs.log.clear()
    rig.connect()
    rig.play(0.6)
    assert recorded(rig)[:3] == ["create", "append", "sync"]
    assert ("sync_directory", "open") in rig.fs.log
    assert not [row for row in rig.book.rows if isinstance(row, SegmentOpened)]
    rig.play(0.6)
    (opened,) = [row.segment for row in rig.book.rows if isinstance(row, SegmentOpened)]
    assert opened.when.end == rig.disk.durable_until(rig.worker.stream.id)
    rig.stop()

    assert rows_at_move == [1]
    last = [kind for kind, _ in rig.fs.log if kind in {"sync", "rename", "sync_directory"}][-4:]
    assert last == ["sync", "rename", "sync_directory", "sync_directory"]


def test_a_segment_without_a_picture_leaves_nothing_behind(rig: Rig) -> None:
    rig.connect()
    rig.play(1)
    rig.disk._orders.clear()
    assert rig.worker._run is not None
    assert rig.viewers.newest is not None
    start = rig.worker._start_of(rig.worker._run, rig.viewers.newest)
    rig.disk.begin(start)
    rig.disk.end(rig.worker.stream.id)
    rig.turn_disk()
    rig.wait(6)

    assert rig.volume.open_segments() == []
    assert rig.disk.take_failure(rig.worker.stream.id) is None


def test_a_name_that_was_not_made_durable_is_given_up(rig: Rig) -> None:
    rig.fs.fail(kinds={"sync_directory"}, under=rig.footage / "open")
    rig.connect()
    rig.play(8)
    rig.stop()

    assert rig.volume.open_segments() == []
    assert [gap.cause for gap in rig.book.gaps()][:2] == ["connecting", "disk"]
    rig.check_files()


@pytest.mark.parametrize("lasts", [False, True], ids=["once", "lasting"])
@pytest.mark.parametrize("is_killed", [False, True], ids=["stopped", "killed"])
def test_whichever_operation_fails_rows_and_files_agree_after_a_restart(
    tmp_path: Path, clip: EndlessClip, lasts: bool, is_killed: bool
) -> None:
    code = errno.ENOSPC if lasts else errno.EIO

    def scenario(root: Path, nth: int) -> Rig:
        rig = Rig(root, clip, length=SHORT)
        rig.fs.fail(nth, code=code, lasts=lasts, under=rig.footage)
        rig.connect()
        rig.play(2.7)
        if not is_killed:
            rig.stop()
        return rig

    total = scenario(tmp_path / "clean", 1_000_000).fs.counted
    assert total > 20
    for nth in range(1, total + 1):
        root = tmp_path / f"{nth}"
        rig = scenario(root, nth).restart(after_s=1)
        check_restarted(rig, f"operation {nth}")
    print(f"{total} operations of a recording failed in turn")


@pytest.mark.parametrize("lasts", [False, True], ids=["once", "lasting"])
def test_whichever_operation_of_a_recovery_fails_the_next_one_ends_it(
    tmp_path: Path, clip: EndlessClip, lasts: bool
) -> None:
    def torn(root: Path) -> Rig:
        rig = Rig(root, clip, length=SHORT)
        rig.connect()
        rig.play(2.7)
        return rig

    total = torn(tmp_path / "clean").restart(fails_at=1_000_000).fs.counted
    assert total > 5
    for nth in range(1, total + 1):
        failed = torn(tmp_path / f"{nth}").restart(fails_at=nth, lasts=lasts)
        check_restarted(failed.restart(after_s=1), f"operation {nth}")
    print(f"{total} operations of a recovery failed in turn")


def check_restarted(rig: Rig, what: str) -> None:
    assert rig.volume.open_segments() == [], what
    assert not (rig.footage / "quarantine").exists(), what
    assert [row for row in rig.book.segments() if row.state == "open"] == [], what
    rig.check_files()
    assert GapCause.UNKNOWN not in dict(rig.spans()), what


def test_a_recovery_on_a_full_disk_sets_nothing_aside_and_ends_when_there_is_room(
    tmp_path: Path, clip: EndlessClip
) -> None:
    rig = Rig(tmp_path, clip)
    rig.connect()
    rig.play(2.7)
    rig = rig.restart(fails_at=1, lasts=True)
    assert len(rig.volume.open_segments()) == 1
    rig.fs.heal()
    rig.wait(6)

    assert rig.volume.open_segments() == []
    rig.check_files()


def test_a_file_that_is_no_segment_is_set_aside(rig: Rig) -> None:
    (rig.footage / "open" / "stranger.wks").write_bytes(b"no segment at all, by its magic" * 100)
    rig = rig.restart()

    assert rig.volume.open_segments() == []
    assert (rig.footage / "quarantine" / "stranger.wks").exists()


def everything_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("is_swapped", [False, True], ids=["unmounted", "swapped"])
def test_a_volume_that_goes_under_the_writer_gets_a_gap_and_what_is_there_instead_gets_nothing(
    rig: Rig, tmp_path: Path, is_swapped: bool
) -> None:
    rig.connect()
    rig.play(2)
    rig.footage.rename(tmp_path / "away")
    rig.footage.mkdir()
    if is_swapped:
        Volume.open(rig.footage, fs=SystemFs(), rng=CountingRng(99), installation=INSTALLATION)
    before = everything_in(rig.footage)
    rig.play(8)
    assert everything_in(rig.footage) == before
    sentence = "is another disk" if is_swapped else "is empty or not mounted"
    assert [gap.cause for gap in rig.book.gaps() if sentence in gap.detail] == [GapCause.DISK]

    shutil.rmtree(rig.footage)
    (tmp_path / "away").rename(rig.footage)
    rig.play(8)
    rig.stop()
    rig = rig.restart(after_s=1)

    assert GapCause.UNKNOWN not in dict(rig.spans())
    rig.check_files()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_dies_of_a_fault_of_ours_is_seen(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not rig.disk.is_alive
    rig.disk.start()
    assert rig.disk.is_alive

    def broken(self: DiskWriter, order: object) -> None:
        raise ValueError("a fault of ours")

    monkeypatch.setattr(DiskWriter, "_carry_out", broken)
    rig.disk.end(rig.worker.stream.id)
    wait_until(lambda: not rig.disk.is_alive)
    rig.disk.stop()


def test_the_thread_writes_what_waits_before_it_ends(tmp_path: Path, clip: EndlessClip) -> None:
    rig = Rig(tmp_path, clip)
    rig.is_disk_stuck = True
    rig.connect()
    rig.play(5)
    rig.disk.start()
    rig.disk.stop()

    assert [segment.state for segment in rig.book.segments()] == ["closed", "closed"]
    assert not [thread for thread in threading.enumerate() if thread.name == "disk"]
    assert rig.disk.waiting_bytes == 0
    rig.check_files()


def test_what_is_being_written_still_takes_room(rig: Rig) -> None:
    rig.is_disk_stuck = True
    rig.connect()
    rig.play(5)
    sizes = [size for _, size in rig.disk._orders]
    assert rig.disk.waiting_bytes == sum(sizes)
    seen: list[int] = []
    rig.disk._carry_out = lambda _: seen.append(rig.disk.waiting_bytes)  # type: ignore[method-assign]
    rig.disk._turn()
    assert seen == [sum(sizes[count:]) for count in range(len(sizes))]
    assert rig.disk.waiting_bytes == 0


def test_a_hanging_disk_gathers_no_orders_to_end_what_is_ended(rig: Rig) -> None:
    rig.connect()
    rig.play(2)
    rig.is_disk_stuck = True
    for _ in range(100):
        rig.disk.end(rig.worker.stream.id)

    assert [type(order) for order, _ in rig.disk._orders].count(SegmentEnd) == 1
