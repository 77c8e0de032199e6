"""Files against catalog: each planted fault is named exactly, and nothing is changed."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from builders import NOON
from unit.lifecycle.store import SmallStore, a_small_store, day_folder
from watchkeep.domain.ids import CameraId, SegmentId
from watchkeep.domain.segment import SegmentState
from watchkeep.lifecycle.comparison import compare
from watchkeep.lifecycle.findings import Depth, Fault

DOOR, YARD = CameraId("door"), CameraId("yard")


@pytest.fixture
def store(tmp_path: Path) -> SmallStore:
    small = a_small_store(tmp_path)
    for minute in range(3):
        small.record(DOOR, NOON + timedelta(minutes=minute))
        small.record(YARD, NOON + timedelta(minutes=minute))
    return small


def first(store: SmallStore, camera: CameraId = DOOR) -> SegmentId:
    return next(row.id for row in store.rows.values() if row.camera == camera)


def listing(store: SmallStore) -> dict[str, bytes]:
    root = store.volume.root
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def missing_file(store: SmallStore) -> str:
    store.path(first(store)).unlink()
    return store.rows[first(store)].path


def extra_file(store: SmallStore) -> str:
    (day_folder(store, DOOR) / "holiday.wks").write_bytes(b"not ours")
    return f"door/{NOON.date()}/holiday.wks"


def a_second_copy(store: SmallStore) -> str:
    path = store.path(first(store))
    shutil.copy(path, day_folder(store, YARD) / path.name)
    return f"yard/{NOON.date()}/{path.name}"


def flipped_byte(store: SmallStore) -> str:
    path = store.path(first(store))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    return store.rows[first(store)].path


def flipped_byte_in_the_header(store: SmallStore) -> str:
    path = store.path(first(store))
    path.write_bytes(path.read_bytes().replace(b'"camera":"door"', b'"camera":"doot"'))
    return store.rows[first(store)].path


def missing_row(store: SmallStore) -> str:
    return store.rows.pop(first(store)).path


def wrong_size(store: SmallStore) -> str:
    path = store.path(first(store))
    path.write_bytes(path.read_bytes()[:-10])
    return store.rows[first(store)].path


def _swap(one: Path, other: Path) -> None:
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


def erased(store: SmallStore) -> str:
    """An erasure named it and left its neighbours under the same key."""
    gone = first(store)
    store.keystore.heed(lambda _: frozenset({gone}))
    return store.rows[gone].path


def swapped_folders(store: SmallStore) -> str:
    _swap(store.volume.root / DOOR, store.volume.root / YARD)
    return "door and yard"


def swapped_days(store: SmallStore) -> str:
    later = NOON + timedelta(days=1)
    store.record(DOOR, later)
    _swap(day_folder(store, DOOR), day_folder(store, DOOR, later.date()))
    return f"door/{NOON.date()} and door/{later.date()}"


Plant = Callable[[SmallStore], str]


@pytest.mark.parametrize(
    ("plant", "fault", "depth"),
    [
        (missing_file, Fault.MISSING_FILE, Depth.PRESENCE),
        (extra_file, Fault.EXTRA_FILE, Depth.PRESENCE),
        (a_second_copy, Fault.EXTRA_FILE, Depth.PRESENCE),
        (missing_row, Fault.MISSING_ROW, Depth.PRESENCE),
        (swapped_folders, Fault.SWAPPED_FOLDERS, Depth.PRESENCE),
        (swapped_days, Fault.SWAPPED_FOLDERS, Depth.PRESENCE),
        (wrong_size, Fault.WRONG_SIZE, Depth.SIZE),
        (flipped_byte_in_the_header, Fault.FLIPPED_BYTE, Depth.SIZE),
        (flipped_byte, Fault.FLIPPED_BYTE, Depth.FULL),
        (erased, Fault.DESTROYED_KEY, Depth.FULL),
    ],
)
def test_a_planted_fault_is_named_once_at_its_depth_and_below(
    store: SmallStore, plant: Plant, fault: Fault, depth: Depth
) -> None:
    place = plant(store)
    before = listing(store)

    for look in list(Depth)[list(Depth).index(depth) :]:
        found = compare(store.compared(), look)

        assert [(each.fault, each.place) for each in found.findings] == [(fault, place)], look
    assert listing(store) == before, "comparing changed something"


@pytest.mark.parametrize("depth", list(Depth))
def test_a_healthy_store_is_clean(store: SmallStore, depth: Depth) -> None:
    found = compare(store.compared(), depth)

    assert found.is_clean
    assert (found.row_count, found.file_count) == (6, 6)
    assert (found.read_bytes > 0) is (depth is Depth.FULL)


def test_every_flipped_byte_of_a_segment_is_found(store: SmallStore) -> None:
    path = store.path(first(store))
    content = path.read_bytes()

    for offset in range(0, len(content), 29):
        changed = bytearray(content)
        changed[offset] ^= 0x40
        path.write_bytes(changed)
        faults = [each.fault for each in compare(store.compared(), Depth.FULL).findings]
        assert faults == [Fault.FLIPPED_BYTE], f"byte {offset}"


def test_a_finished_file_that_is_not_settled_yet_is_no_fault(store: SmallStore) -> None:
    store.record(DOOR, NOON + timedelta(minutes=9), is_settled=False)

    assert compare(store.compared(), Depth.FULL).is_clean


def test_a_young_file_whose_row_is_on_its_way_is_no_fault(store: SmallStore) -> None:
    segment = store.record(DOOR, store.clock.now() - timedelta(seconds=30), is_settled=False)
    del store.rows[segment]
    assert compare(store.compared(), Depth.FULL).is_clean

    store.clock.advance(600)
    assert [each.fault for each in compare(store.compared(), Depth.FULL).findings] == [Fault.MISSING_ROW]


def test_doomed_and_known_lost_rows_are_no_new_faults(store: SmallStore) -> None:
    for state in (SegmentState.DOOMED, SegmentState.LOST):
        segment = next(row.id for row in store.rows.values() if row.state is SegmentState.CLOSED)
        store.path(segment).unlink()
        store.rows[segment] = replace(store.rows[segment], state=state)

    found = compare(store.compared(), Depth.FULL)

    assert found.is_clean
    assert found.known_lost == 1


def test_a_whole_file_of_another_recording_is_found_at_full_depth(store: SmallStore) -> None:
    segment = first(store)
    store.rows[segment] = replace(store.rows[segment], root_digest=bytes(32))

    (finding,) = compare(store.compared(), Depth.FULL).findings

    assert finding.fault is Fault.FLIPPED_BYTE
    assert "not the recording that the catalog knows" in finding.sentence


def test_a_lost_keystore_is_named_as_such(store: SmallStore, tmp_path: Path) -> None:
    other = a_small_store(tmp_path / "other")
    store.keystore = other.keystore

    faults = {each.fault for each in compare(store.compared(), Depth.FULL).findings}

    assert faults == {Fault.DESTROYED_KEY}


def test_a_file_of_another_installation_is_extra(store: SmallStore, tmp_path: Path) -> None:
    other = a_small_store(tmp_path / "other")
    foreign = other.path(other.record(DOOR))
    shutil.copy(foreign, day_folder(store, DOOR) / foreign.name)

    assert [each.fault for each in compare(store.compared(), Depth.PRESENCE).findings] == [Fault.EXTRA_FILE]


def test_one_moved_folder_names_each_file_and_where_it_belongs(store: SmallStore) -> None:
    day_folder(store, DOOR).rename(day_folder(store, YARD, NOON.date() + timedelta(days=5)))

    found = compare(store.compared(), Depth.SIZE).findings

    assert {each.fault for each in found} == {Fault.MISPLACED_FILE}
    assert len(found) == 3
    assert all(f"belongs to door/{NOON.date()}/" in each.sentence for each in found)
