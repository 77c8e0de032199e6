"""The catalog of footage, rebuilt from files and keys: what was there comes back, and no more."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from builders import A_CAMERA_CLOCK, CAMERA, NOON, STREAM
from recording_rig import EndlessClip, Rig, make_endless_clip
from unit.lifecycle.store import SmallStore, a_small_store
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.ids import CameraId, StreamId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import GapCause
from watchkeep.lifecycle.found_files import FilesOfDay, ReadDay, Refusal, read_day
from watchkeep.lifecycle.rebuild import ADDRESS_UNKNOWN, Rebuilding, Rebuilt, rebuild
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.catalog import cameras, footage, recordings
from watchkeep.storage.catalog.cameras import SealedStream, Site
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.recorder_rows import SegmentClosed, StoredSegment
from watchkeep.storage.encryption.keystore import Keystore
from watchkeep.storage.media.volume import Volume

DOOR, YARD = CameraId("door"), CameraId("yard")
SITE = UUID(int=0x5173)
SEGMENTS = int(os.environ.get("WATCHKEEP_SEGMENTS", "24"))
"""Of the set that is compared whole; `make soak-recover` takes 2,000."""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> EndlessClip:
    return make_endless_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture
def lost(empty_of_rows: Catalog) -> Catalog:
    """The catalog after the loss: it knows the site and nothing else."""
    with empty_of_rows.transaction() as connection:
        cameras.put_site(connection, Site(id=SITE, name="Home", zone="UTC"))
    return empty_of_rows


@pytest.fixture
def store(tmp_path: Path) -> SmallStore:
    small = a_small_store(tmp_path)
    for day in range(3):
        small.record(DOOR, NOON + timedelta(days=day))
        small.record(YARD, NOON + timedelta(days=day, minutes=5))
    return small


def a_rebuild(
    catalog: Catalog,
    volume: Volume,
    keystore: Keystore,
    *,
    applies: bool = True,
    remembered: Iterable[SealedStream] = (),
    advance: Callable[[int], None] = lambda _: None,
) -> Rebuilt:
    def read(days: Iterable[FilesOfDay]) -> Iterator[ReadDay]:
        return (read_day(each, volume=volume, fs=SystemFs(), keys=keystore.find_shred_key) for each in days)

    work = Rebuilding(
        catalog=catalog,
        volume=volume,
        read=read,
        site=SITE,
        keep_days=30,
        remembered={each.id: each for each in remembered},
    )
    return rebuild(work, applies=applies, advance=advance)


def of(store: SmallStore, catalog: Catalog, *, applies: bool = True) -> Rebuilt:
    return a_rebuild(catalog, store.volume, store.keystore, applies=applies)


def rows(catalog: Catalog) -> list[StoredSegment]:
    with catalog.transaction() as connection:
        return list(footage.all_segments(connection))


def stream_of(store: SmallStore) -> StreamId:
    """The one of the first camera."""
    return next(iter(store.rows.values())).stream


def put(catalog: Catalog, segments: Iterable[StoredSegment]) -> None:
    with catalog.transaction() as connection:
        assert recordings.apply(connection, [SegmentClosed(each) for each in segments]) == []


def test_a_recorded_set_comes_back_equal_in_every_column(
    tmp_path: Path, clip: EndlessClip, catalog: Catalog, lost: Catalog
) -> None:
    """Three runs, a kill, a camera's clock; both tables are read as they lie in the database."""
    rig = Rig(tmp_path, clip, length=timedelta(seconds=2))
    rig.source.camera_clock = A_CAMERA_CLOCK
    for part in range(3):
        rig.connect()
        rig.play(2 * SEGMENTS // 3)
        if part == 1:
            rig = rig.restart(after_s=30)
        else:
            rig.lose(GapCause.UNREACHABLE)
            rig.wait(20)
    rig.stop()
    with catalog.transaction() as connection:
        assert recordings.apply(connection, rig.book.rows) == []

    rebuilt = a_rebuild(lost, rig.volume, rig.keystore)

    with catalog.transaction() as before, lost.transaction() as after:
        query = "select * from video_segments order by start_time, segment_id"
        expected = before.execute(query).fetchall()
        assert after.execute(query).fetchall() == expected
        facts = "video_id, camera_id, stream_id, codec, width_px, height_px, parameter_sets"
        runs = f"select {facts} from videos order by 1"
        assert after.execute(runs).fetchall() == before.execute(runs).fetchall()
    assert len(expected) >= SEGMENTS * 0.9
    assert {row.state.value for row in rows(catalog)} == {"closed", "recovered"}
    assert any(row.camera_clock for row in rows(lost))
    assert (rebuilt.found, rebuilt.added, rebuilt.refused) == (len(expected), len(expected), [])


def test_a_second_rebuild_finds_nothing_to_do(store: SmallStore, lost: Catalog) -> None:
    of(store, lost)
    before = rows(lost)

    again = of(store, lost)

    assert (again.known, again.found, again.added, again.gaps, again.cameras) == (6, 0, 0, 0, [])
    assert rows(lost) == before


def test_a_rebuild_that_was_killed_is_finished_by_the_next(store: SmallStore, lost: Catalog) -> None:
    class Killed(Exception):
        """As far as a test can do it."""

    def advance(done: int) -> None:
        if done == 4:
            raise Killed

    with pytest.raises(Killed):
        a_rebuild(lost, store.volume, store.keystore, advance=advance)
    begun = len(rows(lost))

    assert 0 < begun < 6
    assert of(store, lost).added == 6 - begun
    with lost.transaction() as connection:
        assert [camera.id for camera in cameras.list_cameras(connection)] == [DOOR, YARD]


def test_a_dry_run_says_the_same_and_changes_nothing(store: SmallStore, lost: Catalog) -> None:
    told = of(store, lost, applies=False)

    assert (told.files, told.found, told.added, told.cameras) == (6, 6, 0, [DOOR, YARD])
    assert rows(lost) == []
    assert of(store, lost).added == 6


def test_what_was_deleted_or_is_doomed_does_not_come_back(store: SmallStore, lost: Catalog) -> None:
    """The files are there still: somebody copied them back."""
    deleted, doomed, *_ = store.rows.values()
    put(lost, [deleted, doomed])
    with lost.transaction() as connection:
        footage.doom(connection, [deleted], reason="older than 30 d")
        footage.drop_rows(connection, [deleted])
        footage.doom(connection, [doomed], reason="older than 30 d")

    rebuilt = of(store, lost)

    assert (rebuilt.deleted, rebuilt.found) == (2, 4)
    assert [row.state.value for row in rows(lost) if row.id == doomed.id] == ["doomed"]
    assert deleted.id not in {row.id for row in rows(lost)}


def test_footage_whose_key_was_destroyed_does_not_come_back(store: SmallStore, lost: Catalog) -> None:
    erased = next(iter(store.rows.values()))
    store.keystore.destroy_shred_key(erased.shred_key, erased.when.start.date())

    rebuilt = of(store, lost)

    assert [each.refusal for each in rebuilt.refused] == [Refusal.ERASED]
    assert erased.id not in {row.id for row in rows(lost)}
    assert store.path(erased.id).exists()


def test_what_is_no_whole_segment_of_its_place_is_listed_and_not_touched(
    store: SmallStore, lost: Catalog
) -> None:
    door, yard = (store.path(segment) for segment in list(store.rows)[:2])
    torn = list(store.rows.values())[2]
    shutil.copy(door, yard.with_name(door.name))
    (door.parent / "holiday.wks").write_bytes(b"no segment at all")
    store.path(torn.id).write_bytes(store.path(torn.id).read_bytes()[:-10])

    rebuilt = of(store, lost)

    assert sorted((each.refusal.value, Path(each.place).name) for each in rebuilt.refused) == [
        ("damaged", f"{torn.id}.wks"),
        ("foreign", "holiday.wks"),
        ("misplaced", door.name),
    ]
    assert len(rows(lost)) == 5
    assert (door.parent / "holiday.wks").exists()


def test_a_lost_segment_whose_file_is_back_comes_back_and_a_living_row_stays_as_it_is(
    store: SmallStore, lost: Catalog
) -> None:
    gone, living, *_ = store.rows.values()
    put(lost, [gone, replace(living, size_bytes=7)])
    with lost.transaction() as connection:
        footage.mark_lost(connection, [gone], reason="its disk was away")

    of(store, lost)

    known = {row.id: row for row in rows(lost)}
    assert known[gone.id] == gone
    assert known[living.id].size_bytes == 7


def test_cameras_that_the_catalog_lacks_are_added_switched_off_under_their_ids(
    store: SmallStore, lost: Catalog
) -> None:
    of(store, lost)

    with lost.transaction() as connection:
        found = cameras.list_cameras(connection)
    assert [(each.id, each.name, each.is_enabled) for each in found] == [
        ("door", "door", False),
        ("yard", "yard", False),
    ]
    assert found[0].created_at == NOON
    assert [(stream.id, stream.url) for stream in found[0].streams] == [(stream_of(store), ADDRESS_UNKNOWN)]


def test_a_camera_that_the_recorder_remembers_comes_back_with_its_address(
    store: SmallStore, lost: Catalog
) -> None:
    known = SealedStream(
        id=stream_of(store),
        camera=DOOR,
        role=StreamRole.MAIN,
        url="rtsp://192.0.2.7/main",
        user_name="ada",
        sealed_password=b"x",
    )
    for segment, row in list(store.rows.items()):
        if row.camera == YARD:
            store.path(segment).unlink()

    a_rebuild(lost, store.volume, store.keystore, remembered=[known])

    with lost.transaction() as connection:
        (camera,) = cameras.list_cameras(connection)
    assert camera.is_enabled
    assert camera.streams == (known,)


def test_holes_are_told_as_far_as_files_tell_and_only_where_nothing_else_does(
    tmp_path: Path, clip: EndlessClip, lost: Catalog
) -> None:
    rig = Rig(tmp_path, clip, length=timedelta(seconds=2))
    rig.connect()
    rig.play(12)
    rig.lose(GapCause.UNREACHABLE)
    rig.wait(20)
    rig.connect()
    rig.play(4)
    rig.stop()
    first, *_, last = rig.book.segments()
    gone = rig.book.segments()[2]
    (rig.footage / gone.path).unlink()

    rebuilt = a_rebuild(lost, rig.volume, rig.keystore)

    with lost.transaction() as connection:
        gaps = footage.gaps_between(connection, STREAM, Interval(first.when.start, last.when.end))
    assert [gap.cause for gap in gaps] == [GapCause.DELETED, GapCause.UNKNOWN]
    assert (gaps[0].started_at, gaps[0].ended_at) == (gone.when.start, gone.when.end)
    assert rebuilt.gaps == 2
    assert a_rebuild(lost, rig.volume, rig.keystore).gaps == 0
    assert gaps[0].camera == CAMERA
