"""Rows without files and files without rows, on a real catalog and real files."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from builders import NOON
from segment_damage import DOOR, a_recorded_store, gaps, state
from tier_world import WARM, a_disk, a_world
from unit.lifecycle.store import SmallStore
from watchkeep.domain.category import DataClass
from watchkeep.domain.errors import Conflict
from watchkeep.domain.fs import Entry
from watchkeep.domain.media import GapCause
from watchkeep.domain.segment import SegmentState
from watchkeep.lifecycle.orphans import (
    Places,
    clear_quarantine,
    delete_quarantined,
    list_quarantine,
    mark_missing,
    put_aside,
)
from watchkeep.lifecycle.rebuild import Rebuilt
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.catalog import recordings
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.recorder_rows import SegmentClosed

LATER = NOON + timedelta(days=40)
TWICE = {DataClass.RAW_FOOTAGE: 2}


@pytest.fixture
def store(tmp_path: Path, catalog: Catalog) -> SmallStore:
    return a_recorded_store(tmp_path, catalog, now=LATER)


def places(store: SmallStore, catalog: Catalog) -> Places:
    return Places(catalog=catalog, volume=store.volume, fs=SystemFs())


def test_rows_without_files_are_lost_with_their_span(store: SmallStore, catalog: Catalog) -> None:
    gone = list(store.rows.values())[1]
    store.path(gone.id).unlink()

    assert [each.id for each in mark_missing(places(store, catalog))] == [gone.id]

    assert state(catalog, gone.id) is SegmentState.LOST
    assert gaps(catalog, gone) == [(GapCause.DELETED, gone.when)]
    assert mark_missing(places(store, catalog)) == []


def test_a_verified_copy_takes_the_place_of_a_file_that_is_gone(tmp_path: Path, catalog: Catalog) -> None:
    world = a_world(tmp_path, catalog, others=lambda _: [(WARM, [a_disk(tmp_path / "warm")])], copies=TWICE)
    (segment,) = world.record([0])
    world.go_to(1)
    world.settle()
    own, warm = world.places(segment)
    world.store.path(segment).unlink()

    assert mark_missing(places(world.store, catalog)) == []

    assert world.places(segment) == [warm]
    assert world.row(segment).state is SegmentState.CLOSED
    assert gaps(catalog, world.row(segment)) == []
    world.settle()
    assert set(world.places(segment)) == {own, warm}
    assert world.check() == 1


def test_what_is_moved_on_while_files_are_looked_for_is_not_lost(tmp_path: Path, catalog: Catalog) -> None:
    world = a_world(tmp_path, catalog)
    (segment,) = world.record([0])
    world.go_to(8)

    class MovedMeanwhile(SystemFs):
        def entries(self, path: Path) -> Iterator[Entry]:
            world.settle()
            return super().entries(path)

    there = Places(catalog=catalog, volume=world.store.volume, fs=MovedMeanwhile())
    assert mark_missing(there) == []

    assert world.row(segment).state is SegmentState.CLOSED
    assert gaps(catalog, world.row(segment)) == []
    assert world.check() == 1


def test_a_disk_that_is_not_the_right_one_loses_no_row(store: SmallStore, catalog: Catalog) -> None:
    store.volume.root.rename(store.volume.root.with_name("away"))
    store.volume.root.mkdir()

    with pytest.raises(Conflict, match="is empty or not mounted"):
        mark_missing(places(store, catalog))

    assert {state(catalog, segment) for segment in store.rows} == {SegmentState.CLOSED}


def test_when_most_files_are_missing_it_is_rather_the_disk(store: SmallStore, catalog: Catalog) -> None:
    for number in range(30):
        segment = store.record(DOOR, NOON + timedelta(days=10, minutes=number), sizes=(10,))
        with catalog.transaction() as connection:
            recordings.apply(connection, [SegmentClosed(store.rows[segment])])
        store.path(segment).unlink()

    with pytest.raises(Conflict, match="nothing is said lost"):
        mark_missing(places(store, catalog))

    assert {state(catalog, segment) for segment in store.rows} == {SegmentState.CLOSED}


def test_what_is_not_understood_is_put_aside_and_kept_for_thirty_days(
    store: SmallStore, catalog: Catalog
) -> None:
    folder = store.path(next(iter(store.rows))).parent
    (folder / "holiday.txt").write_text("mine")
    there = places(store, catalog)

    put_aside(there, Rebuilt())
    assert not (folder / "holiday.txt").exists()
    assert clear_quarantine(there, LATER) == []
    assert clear_quarantine(there, LATER + timedelta(days=29.9)) == []
    (kept,) = list_quarantine(there)

    assert (kept.name, kept.since) == ("holiday.txt", LATER)
    assert "no file of Watchkeep" in kept.why
    assert clear_quarantine(there, LATER + timedelta(days=30)) == ["holiday.txt"]
    assert list_quarantine(there) == []
    assert list((store.volume.root / "quarantine").iterdir()) == []


def test_a_folder_without_a_segment_is_somebodys_own(store: SmallStore, catalog: Catalog) -> None:
    album = store.volume.root / "photos" / "2025-06-01"
    album.mkdir(parents=True)
    (album / "sunset.jpg").write_text("mine")

    assert put_aside(places(store, catalog), Rebuilt()) == []
    assert (album / "sunset.jpg").exists()


def test_a_person_may_delete_what_was_put_aside_sooner(store: SmallStore, catalog: Catalog) -> None:
    folder = store.path(next(iter(store.rows))).parent
    (folder / "holiday.txt").write_text("mine")
    there = places(store, catalog)
    put_aside(there, Rebuilt())

    delete_quarantined(there, "holiday.txt")

    assert list_quarantine(there) == []
