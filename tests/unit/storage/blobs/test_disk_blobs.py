"""A blob on a disk after a power cut: whole once `put` has returned, whole or not there before."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from builders import INSTALLATION
from crash_fs import CrashFs
from watchkeep.domain.fs import read_whole
from watchkeep.runtime.system import SystemRng
from watchkeep.storage.blobs.disk import DiskBlobs
from watchkeep.storage.blobs.store import chunks_of
from watchkeep.storage.media.volume import Volume

ROOT = Path("/disk/footage")
NAME = "door/2026-01-02/0197291a-0000-7000-8000-000000000001.wks"
PLACE = ROOT / NAME
CONTENT = bytes(range(256)) * 20


def blobs_on(fs: CrashFs) -> DiskBlobs:
    fs.make_directories(ROOT)
    volume = Volume.open(ROOT, fs=fs, rng=SystemRng(), installation=INSTALLATION)
    return DiskBlobs(volume, fs=fs)


def put(blobs: DiskBlobs) -> None:
    blobs.put(NAME, [CONTENT[:700], CONTENT[700:]], len(CONTENT))


def after_power_cuts(fs: CrashFs) -> Iterator[CrashFs]:
    chance = random.Random(5)
    yield fs.crashed(lambda _: False)
    yield fs.crashed(lambda _: True)
    for _ in range(20):
        yield fs.crashed(lambda _: chance.random() < 0.5, chance)


def held(fs: CrashFs) -> bytes | None:
    return read_whole(fs, PLACE) if PLACE in fs.files(ROOT) else None


def test_what_was_put_survives_every_power_cut() -> None:
    fs = CrashFs()
    put(blobs_on(fs))

    assert {held(each) for each in after_power_cuts(fs)} == {CONTENT}


@pytest.mark.parametrize(
    "deaf", [("sync", PLACE.with_name(PLACE.name + ".part")), ("sync_directory", PLACE.parent)]
)
def test_a_sync_that_does_nothing_would_be_noticed(deaf: tuple[str, Path]) -> None:
    fs = CrashFs(deaf=[deaf])
    put(blobs_on(fs))

    assert {held(each) for each in after_power_cuts(fs)} != {CONTENT}


def test_a_power_cut_within_leaves_it_whole_or_not_at_all() -> None:
    class Cut(Exception):
        pass

    for step in range(1, 40):
        fs = CrashFs()
        blobs = blobs_on(fs)
        left = iter(range(step))

        def count(left: Iterator[int] = left) -> None:
            if next(left, None) is None:
                raise Cut

        fs.before = count
        try:
            put(blobs)
        except Cut:
            fs.before = None
            assert {held(each) for each in after_power_cuts(fs)} <= {None, CONTENT}
        else:
            assert step > 5
            return
    raise AssertionError("it never came through")


def test_what_was_deleted_does_not_come_back() -> None:
    fs = CrashFs()
    blobs = blobs_on(fs)
    put(blobs)
    blobs.delete([NAME])

    assert {held(each) for each in after_power_cuts(fs)} == {None}


def test_a_part_that_a_kill_left_is_no_blob_and_in_nobodys_way() -> None:
    fs = CrashFs()
    blobs = blobs_on(fs)
    fs.make_directories(PLACE.parent)
    fs.create(PLACE.with_name(PLACE.name + ".part")).append(b"half")
    assert list(blobs.names()) == []

    put(blobs)

    assert b"".join(chunks_of(blobs.open(NAME))) == CONTENT
