"""Sealed pictures against the events that refer to them: planted faults are named, nothing is changed."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from builders import NOON
from sealed_pictures import event_at, flip, seal_one
from unit.lifecycle.store import SmallStore, a_small_store
from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import CameraId, EventId
from watchkeep.lifecycle.comparison import compare
from watchkeep.lifecycle.findings import Comparison, Depth, Fault
from watchkeep.lifecycle.picture_comparison import PictureStore, compare_pictures
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.catalog.pictures import PictureRow

DOOR, YARD = CameraId("door"), CameraId("yard")


@dataclass
class Album:
    """Sealed pictures of a small store, and the rows that refer to them."""

    small: SmallStore
    rows: dict[EventId, PictureRow] = field(default_factory=dict)

    def seal(self, camera: CameraId, number: int, **when: object) -> PictureRow:
        row = seal_one(
            self.small.volume,
            self.small.keystore,
            camera=camera,
            event=event_at(NOON, number),
            **when,  # type: ignore[arg-type]
        )
        self.rows[row.event] = row
        return row

    def path(self, row: PictureRow) -> Path:
        return self.small.volume.within(row.path)

    def store(self) -> PictureStore:
        return PictureStore(
            volume=self.small.volume,
            fs=SystemFs(),
            clock=self.small.clock,
            keys=self.small.keystore.find_shred_key,
            rows=lambda: list(self.rows.values()),
            row=self.rows.get,
        )

    def compared(self, depth: Depth) -> Comparison:
        found = Comparison(depth=depth)
        compare_pictures(self.store(), depth, found)
        return found


@pytest.fixture
def album(tmp_path: Path) -> Album:
    made = Album(a_small_store(tmp_path))
    for number in range(3):
        made.seal(DOOR, number)
        made.seal(YARD, number + 10)
    return made


def first(album: Album) -> PictureRow:
    return next(iter(album.rows.values()))


def listing(album: Album) -> dict[str, bytes]:
    root = album.small.volume.root
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def missing_file(album: Album) -> str:
    album.path(first(album)).unlink()
    return first(album).path


def missing_row(album: Album) -> str:
    row = first(album)
    del album.rows[row.event]
    return row.path


def extra_file(album: Album) -> str:
    (album.path(first(album)).parent / "holiday.wkp").write_bytes(b"not ours")
    return f"door/{NOON.date()}/pictures/holiday.wkp"


def a_second_copy(album: Album) -> str:
    path = album.path(first(album))
    shutil.copy(path, album.small.volume.root / YARD / path.relative_to(album.small.volume.root / DOOR))
    return first(album).path.replace("door", "yard")


def a_row_that_leads_out(album: Album) -> str:
    row = album.seal(DOOR, 99)
    album.path(row).unlink()
    album.rows[row.event] = replace(row, path="../secret.wkp")
    return "../secret.wkp"


def wrong_size(album: Album) -> str:
    path = album.path(first(album))
    path.write_bytes(path.read_bytes()[:-3])
    return first(album).path


def flipped_byte_in_the_head(album: Album) -> str:
    path = album.path(first(album))
    path.write_bytes(path.read_bytes().replace(b'"camera":"door"', b'"camera":"doot"'))
    return first(album).path


def flipped_byte(album: Album) -> str:
    flip(album.path(first(album)), -20)
    return first(album).path


def destroyed_key(album: Album) -> str:
    only = album.seal(CameraId("gate"), 50)
    key = album.small.keystore.shred_key(camera=CameraId("gate"), day=NOON.date(), data_class=DataClass.EVENT)
    album.small.keystore.destroy_shred_key(key.id, NOON.date())
    return only.path


@pytest.mark.parametrize(
    ("plant", "fault", "depth"),
    [
        (missing_file, Fault.MISSING_FILE, Depth.PRESENCE),
        (missing_row, Fault.MISSING_ROW, Depth.PRESENCE),
        (extra_file, Fault.EXTRA_FILE, Depth.PRESENCE),
        (a_second_copy, Fault.EXTRA_FILE, Depth.PRESENCE),
        (a_row_that_leads_out, Fault.MISPLACED_FILE, Depth.PRESENCE),
        (wrong_size, Fault.WRONG_SIZE, Depth.SIZE),
        (flipped_byte_in_the_head, Fault.FLIPPED_BYTE, Depth.SIZE),
        (flipped_byte, Fault.FLIPPED_BYTE, Depth.FULL),
        (destroyed_key, Fault.DESTROYED_KEY, Depth.FULL),
    ],
)
def test_a_planted_fault_is_named_once_at_its_depth_and_below(
    album: Album, plant: Callable[[Album], str], fault: Fault, depth: Depth
) -> None:
    place = plant(album)
    before = listing(album)

    for look in list(Depth):
        found = album.compared(look).findings
        is_seen = list(Depth).index(look) >= list(Depth).index(depth)
        assert [(each.fault, each.place) for each in found] == [(fault, place)] * is_seen, look
    assert listing(album) == before, "comparing changed something"


@pytest.mark.parametrize("depth", list(Depth))
def test_a_healthy_album_is_clean_and_is_nothing_unknown_among_segments(album: Album, depth: Depth) -> None:
    album.small.record(DOOR)

    found = compare(album.small.compared(), depth)
    compare_pictures(album.store(), depth, found)

    assert found.is_clean
    assert (found.row_count, found.file_count, found.picture_count) == (1, 1, 6)


def test_a_picture_whose_row_is_on_its_way_is_no_fault_yet(album: Album) -> None:
    row = album.seal(DOOR, 40, at=album.small.clock.now() - timedelta(minutes=5))
    del album.rows[row.event]
    assert album.compared(Depth.FULL).is_clean

    album.small.clock.advance(600)
    assert [each.fault for each in album.compared(Depth.FULL).findings] == [Fault.MISSING_ROW]


def test_a_better_picture_whose_row_is_on_its_way_is_no_fault_yet(album: Album) -> None:
    album.rows[first(album).event] = replace(first(album), at=NOON, size_bytes=1)
    assert [each.fault for each in album.compared(Depth.SIZE).findings] == [Fault.WRONG_SIZE]

    row = first(album)
    album.seal(DOOR, 0, at=album.small.clock.now())
    album.rows[row.event] = row
    assert album.compared(Depth.FULL).is_clean


def test_a_picture_that_went_with_its_event_meanwhile_is_no_fault(album: Album) -> None:
    row = first(album)
    store = album.store()
    album.path(row).unlink()
    stale = list(album.rows.values())
    del album.rows[row.event]
    found = Comparison(depth=Depth.FULL)

    compare_pictures(replace(store, rows=lambda: stale), Depth.FULL, found)

    assert found.is_clean


def test_a_row_that_was_written_anew_meanwhile_is_no_fault(album: Album) -> None:
    stale = [replace(row, size_bytes=1) for row in album.rows.values()]
    found = Comparison(depth=Depth.FULL)

    compare_pictures(replace(album.store(), rows=lambda: stale), Depth.FULL, found)

    assert found.is_clean


def test_a_lost_keystore_is_named_as_such(album: Album, tmp_path: Path) -> None:
    album.small.keystore = a_small_store(tmp_path / "other").keystore

    assert {each.fault for each in album.compared(Depth.FULL).findings} == {Fault.DESTROYED_KEY}


@pytest.mark.parametrize("name", ["holiday.txt", "0197291a-0000-8000-8000-00000000000d.wkp.part"])
def test_what_is_no_picture_by_its_name_is_not_looked_at(album: Album, name: str) -> None:
    (album.path(first(album)).parent / name).write_bytes(b"something")

    assert album.compared(Depth.FULL).is_clean
