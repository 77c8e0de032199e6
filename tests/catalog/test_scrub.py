"""The scrub on real files: a flipped bit is found, told, and mended from a copy where there is one."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from builders import INSTALLATION, NOON, CountingRng
from segment_damage import a_recorded_store, flip, flip_in_fragment, gaps, state
from unit.lifecycle.store import SmallStore
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import GapCause
from watchkeep.domain.segment import SegmentState
from watchkeep.lifecycle.scrub import Scrub, scrub_due, scrub_sample
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.blobs.disk import DiskBlobs
from watchkeep.storage.catalog import placements, volumes
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.placements import Placement, PlacementState
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.catalog.volumes import StoredVolume, VolumeKind
from watchkeep.storage.media.volume import Volume

FAST = 1 << 40

LATER = NOON + timedelta(days=40)


@pytest.fixture
def store(tmp_path: Path, catalog: Catalog) -> SmallStore:
    return a_recorded_store(tmp_path, catalog, now=LATER)


def a_scrub(store: SmallStore, catalog: Catalog, *others: Volume, bytes_per_s: int = FAST) -> Scrub:
    return Scrub(
        catalog=catalog,
        stores={volume.id: DiskBlobs(volume, fs=SystemFs()) for volume in (store.volume, *others)},
        clock=store.clock,
        keys=store.keystore.find_shred_key,
        bytes_per_s=bytes_per_s,
    )


def test_what_was_read_is_not_read_again_before_it_is_due(store: SmallStore, catalog: Catalog) -> None:
    first = scrub_due(a_scrub(store, catalog), LATER)
    second = scrub_due(a_scrub(store, catalog), LATER + timedelta(days=22))
    third = scrub_due(a_scrub(store, catalog), LATER + timedelta(days=24))

    assert (first.segments, first.harms, first.is_over) == (6, [], True)
    assert (second.segments, third.segments) == (0, 6)


def test_footage_younger_than_three_weeks_waits_for_the_next_week(
    store: SmallStore, catalog: Catalog
) -> None:
    assert scrub_due(a_scrub(store, catalog), NOON + timedelta(days=25.5)).segments == 3


def test_a_scrub_that_was_cancelled_goes_on_where_it_was(store: SmallStore, catalog: Catalog) -> None:
    looks = iter([False] * 4 + [True] * 99)

    begun = scrub_due(a_scrub(store, catalog), LATER, is_cancelled=lambda: next(looks))
    ended = scrub_due(a_scrub(store, catalog), LATER)

    assert not begun.is_over
    assert 0 < begun.segments < 6
    assert begun.segments + ended.segments == 6


def test_no_more_is_read_than_the_limit_allows(store: SmallStore, catalog: Catalog) -> None:
    began = store.clock.monotonic_ns()

    scrubbed = scrub_due(a_scrub(store, catalog, bytes_per_s=10_000), LATER)

    assert (store.clock.monotonic_ns() - began) / 1e9 == pytest.approx(scrubbed.size_bytes / 10_000)


def test_a_flipped_bit_is_written_into_the_ledger_up_to_the_next_key_picture(
    store: SmallStore, catalog: Catalog
) -> None:
    """Every fourth fragment starts with one: the damage of the second reaches to the fifth."""
    row = list(store.rows.values())[2]
    hurt = flip_in_fragment(store.path(row.id), 1, store.keystore.find_shred_key)

    scrubbed = scrub_due(a_scrub(store, catalog), LATER)

    (harm,) = scrubbed.harms
    assert harm.segment.id == row.id
    assert gaps(catalog, row) == [(GapCause.DAMAGED, Interval(hurt.start, hurt.end + timedelta(seconds=1)))]
    assert state(catalog, row.id) is SegmentState.CLOSED
    assert scrub_due(a_scrub(store, catalog), LATER).segments == 0


@pytest.mark.parametrize("offset", [3, 60, 700])
def test_a_damaged_head_or_init_section_costs_the_segment(
    store: SmallStore, catalog: Catalog, offset: int
) -> None:
    row = next(iter(store.rows.values()))
    flip(store.path(row.id), offset)

    scrub_due(a_scrub(store, catalog), LATER)

    assert gaps(catalog, row) == [(GapCause.DAMAGED, row.when)]


def test_a_damaged_end_costs_no_picture_and_is_told(store: SmallStore, catalog: Catalog) -> None:
    row = next(iter(store.rows.values()))
    flip(store.path(row.id), row.size_bytes - 5)

    (harm,) = scrub_due(a_scrub(store, catalog), LATER).harms

    assert harm.damaged == ()
    assert gaps(catalog, row) == []


def test_a_cut_file_is_damaged_from_the_cut_on(store: SmallStore, catalog: Catalog) -> None:
    row = next(iter(store.rows.values()))
    path = store.path(row.id)
    path.write_bytes(path.read_bytes()[:-2000])

    scrub_due(a_scrub(store, catalog), LATER)

    ((cause, when),) = gaps(catalog, row)
    assert (cause, when.end) == (GapCause.DAMAGED, row.when.end)
    assert when.start > row.when.start


def test_another_whole_file_in_its_place_is_no_segment_of_the_row(
    store: SmallStore, catalog: Catalog
) -> None:
    """Somebody put one back that is whole, and not the recording that the catalog knows."""
    one, other = list(store.rows.values())[:2]
    shutil.copy(store.path(other.id), store.path(one.id))

    (harm,) = scrub_due(a_scrub(store, catalog), LATER).harms

    assert harm.segment.id == one.id
    assert gaps(catalog, one) == [(GapCause.DAMAGED, one.when)]


def test_a_damaged_segment_is_mended_from_a_copy_and_the_copy_is_looked_at_first(
    store: SmallStore, catalog: Catalog, tmp_path: Path
) -> None:
    mended, hopeless = list(store.rows.values())[:2]
    copies = Volume.open(tmp_path / "copies", fs=SystemFs(), rng=CountingRng(), installation=INSTALLATION)
    put_copies(catalog, store, copies, [mended, hopeless])
    good = store.path(mended.id).read_bytes()
    flip_in_fragment(store.path(mended.id), 0, store.keystore.find_shred_key)
    flip_in_fragment(store.path(hopeless.id), 0, store.keystore.find_shred_key)
    flip_in_fragment(copies.root / hopeless.path, 5, store.keystore.find_shred_key)

    scrubbed = scrub_due(a_scrub(store, catalog, copies), LATER)

    assert {harm.segment.id: harm.is_mended for harm in scrubbed.harms} == {
        mended.id: True,
        hopeless.id: False,
    }
    assert store.path(mended.id).read_bytes() == good
    assert gaps(catalog, mended) == []
    assert [cause for cause, _ in gaps(catalog, hopeless)] == [GapCause.DAMAGED]
    assert list(store.volume.parts()) == []


def put_copies(catalog: Catalog, store: SmallStore, copies: Volume, rows: list[StoredSegment]) -> None:
    with catalog.transaction() as connection:
        volumes.put_volume(
            connection,
            StoredVolume(
                id=copies.id,
                kind=VolumeKind.DISK,
                location=str(copies.root),
                tier="warm",
                reserve_bytes=0,
                created_at=NOON,
            ),
        )
        for row in rows:
            target = copies.root / row.path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(store.path(row.id), target)
            placements.put_placement(
                connection,
                Placement(
                    segment=row.id,
                    start=row.when.start,
                    volume=copies.id,
                    path=row.path,
                    size_bytes=row.size_bytes,
                    state=PlacementState.VERIFIED,
                ),
            )


def test_damage_is_taken_back_when_a_person_has_restored_the_file(
    store: SmallStore, catalog: Catalog
) -> None:
    row = next(iter(store.rows.values()))
    good = store.path(row.id).read_bytes()
    flip_in_fragment(store.path(row.id), 0, store.keystore.find_shred_key)
    scrub_due(a_scrub(store, catalog), LATER)
    store.path(row.id).write_bytes(good)

    scrub_due(a_scrub(store, catalog), LATER + timedelta(days=31))

    assert gaps(catalog, row) == []


def test_a_volume_that_is_away_costs_nothing(store: SmallStore, catalog: Catalog) -> None:
    store.volume.root.rename(store.volume.root.with_name("away"))

    scrubbed = scrub_due(a_scrub(store, catalog), LATER)

    assert (scrubbed.away, scrubbed.segments, scrubbed.harms) == (6, 0, [])


def test_erased_footage_is_not_damaged(store: SmallStore, catalog: Catalog) -> None:
    row = next(iter(store.rows.values()))
    store.keystore.destroy_shred_key(row.shred_key, row.when.start.date())

    assert scrub_due(a_scrub(store, catalog), LATER).harms == []


def test_a_sample_is_of_the_last_day_only(store: SmallStore, catalog: Catalog) -> None:
    assert scrub_sample(a_scrub(store, catalog), NOON + timedelta(days=5.5), count=9).segments == 1
    assert scrub_sample(a_scrub(store, catalog), NOON + timedelta(days=9), count=9).segments == 0
