"""Tiers on a real catalog and real files: what moves, when, and where to."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from builders import NOON
from tier_world import COLD, DOOR, HOT, SizedFs, World, a_disk, a_world
from watchkeep.domain.category import DataClass
from watchkeep.domain.tier import DailyHours, Reserve
from watchkeep.storage.blobs.memory import MemoryBlobs
from watchkeep.storage.catalog import footage, tier_figures
from watchkeep.storage.catalog.connection import Catalog


@pytest.fixture
def world(tmp_path: Path, catalog: Catalog) -> World:
    return a_world(tmp_path, catalog)


def on(world: World, number: int) -> object:
    return world.tiers[number][1][0].id


def rows(catalog: Catalog) -> list:
    with catalog.transaction() as connection:
        return list(footage.all_segments(connection))


def test_footage_goes_on_when_it_is_older_than_its_tier_and_not_before(world: World) -> None:
    made = world.record([0, 1, 2, 3])
    world.go_to(9.0)

    moved = world.settle()

    assert moved == 2
    assert [world.row(each).volume for each in made] == [on(world, 1)] * 2 + [on(world, 0)] * 2
    assert [world.lies_on(each) for each in made] == [{on(world, 1)}] * 2 + [{on(world, 0)}] * 2
    assert world.check() == 4


def test_age_counts_from_the_end_to_the_second(world: World) -> None:
    (segment,) = world.record([0])
    end = world.row(segment).when.end
    world.store.clock.instant = end + timedelta(days=7) - timedelta(seconds=1)
    assert world.settle() == 0

    world.store.clock.instant = end + timedelta(days=7)
    assert world.settle() == 1


def test_footage_of_an_age_goes_straight_to_the_tier_that_is_meant_for_it(world: World) -> None:
    old, older = world.record([40, 0])
    world.go_to(60)

    assert world.settle() == 2
    assert world.row(old).volume == on(world, 1)
    assert world.row(older).volume == on(world, 2)


def test_the_oldest_goes_on_while_a_tier_is_too_large(tmp_path: Path, catalog: Catalog) -> None:
    size = a_world(tmp_path / "probe", catalog).store
    length = size.path(size.record(DOOR, NOON)).stat().st_size
    world = a_world(tmp_path / "it", catalog, hot=replace(HOT, max_bytes=3 * length))
    made = world.record([0, 0.1, 0.2, 0.3, 0.4])
    world.go_to(1)

    assert world.settle() == 2
    assert [world.row(each).volume == on(world, 0) for each in made] == [False, False, True, True, True]


def test_the_oldest_goes_on_from_a_disk_that_gets_full(tmp_path: Path, catalog: Catalog) -> None:
    world = a_world(tmp_path, catalog, fs=SizedFs(100_000), margin=Reserve(size_bytes=96_000))
    made = world.record([0, 0.1, 0.2, 0.3])
    length = world.store.path(made[0]).stat().st_size
    world.go_to(1)

    moved = world.settle()

    assert moved == -(-(4 * length - 4_000) // length)
    assert world.row(made[0]).volume == on(world, 1)
    assert world.row(made[-1]).volume == on(world, 0)


def test_a_tier_that_is_full_costs_its_source_nothing_and_it_is_said(
    tmp_path: Path, catalog: Catalog
) -> None:
    world = a_world(tmp_path, catalog, others=lambda _: [(COLD, [MemoryBlobs(uuid4(), total_bytes=10)])])
    made = world.record([0, 1])
    world.go_to(30)

    planned = world.plan()

    assert planned.stuck == {"cold": "cold has no room for more"}
    assert world.settle() == 0
    assert {world.row(each).volume for each in made} == {on(world, 0)}


def test_a_tier_has_a_bound_for_all_its_volumes_together(tmp_path: Path, catalog: Catalog) -> None:
    length = 2_000
    small = replace(COLD, max_bytes=3 * length)
    world = a_world(
        tmp_path, catalog, others=lambda _: [(small, [MemoryBlobs(uuid4()), MemoryBlobs(uuid4())])]
    )
    made = world.record([0, 1, 2, 3, 4, 5])
    real = world.store.path(made[0]).stat().st_size
    world.go_to(30)

    assert world.settle() == 3 * length // real
    assert world.check() == 6


def test_two_disks_of_a_tier_are_filled_by_their_room(tmp_path: Path, catalog: Catalog) -> None:
    big, small = (MemoryBlobs(uuid4(), total_bytes=size) for size in (1 << 20, 1 << 16))
    world = a_world(tmp_path, catalog, others=lambda _: [(COLD, [small, big])])
    world.record([day / 10 for day in range(20)])
    world.go_to(30)

    assert world.settle() == 20
    assert len(list(big.names())) == 20, "it has more room until it is as full as the small one"


def test_disks_of_the_first_tier_are_levelled(tmp_path: Path, catalog: Catalog) -> None:
    sibling = a_disk(tmp_path / "sibling", fs=SizedFs(200_000))
    world = a_world(tmp_path, catalog, fs=SizedFs(200_000), siblings=[sibling])
    made = world.record([day / 100 for day in range(40)])
    world.go_to(1)

    moved = world.settle()

    size = world.store.rows[made[0]].size_bytes
    free = [blobs.space().free_bytes for blobs in world.tiers[0][1]]
    assert abs(free[0] - free[1]) <= 0.05 * 200_000 + size
    assert 0 < moved < 25
    assert world.row(made[0]).volume == sibling.id, "the oldest goes"
    assert world.check() == 40


def test_what_was_planned_for_a_volume_that_stays_away_goes_to_its_sibling(
    tmp_path: Path, catalog: Catalog
) -> None:
    first, second = MemoryBlobs(uuid4(), total_bytes=1 << 30), MemoryBlobs(uuid4(), total_bytes=1 << 20)
    world = a_world(tmp_path, catalog, others=lambda _: [(COLD, [first, second])])
    world.record([0, 1])
    world.go_to(30)
    world.plan()
    first.is_away = True

    world.plan()
    assert world.turn(second).segments == 0
    world.store.clock.advance(11 * 60)
    world.plan()
    world.plan()

    assert world.turn(second).segments == 2


def test_moves_into_a_tier_run_in_its_hours_only(tmp_path: Path, catalog: Catalog) -> None:
    night = replace(COLD, hours=(DailyHours(start_minute=22 * 60, end_minute=6 * 60),))
    world = a_world(
        tmp_path, catalog, others=lambda _: [(night, [MemoryBlobs(uuid4())])], zone=ZoneInfo("Europe/Berlin")
    )
    world.record([0])
    target = world.tiers[1][1][0]
    world.store.clock.instant = NOON.replace(hour=19, minute=59) + timedelta(days=20)  # 21:59 in Berlin
    world.plan()
    assert world.turn(target).segments == 0

    world.store.clock.instant = NOON.replace(hour=20) + timedelta(days=20)
    assert world.turn(target).segments == 1


def test_copies_of_a_class_lie_on_volumes_of_their_own_and_all_go_together(
    tmp_path: Path, catalog: Catalog
) -> None:
    one, two = MemoryBlobs(uuid4()), MemoryBlobs(uuid4())
    world = a_world(
        tmp_path,
        catalog,
        others=lambda _: [(COLD, [one, two])],
        copies={DataClass.RAW_FOOTAGE: 2},
    )
    (segment,) = world.record([0])
    world.go_to(1)
    world.settle()
    assert world.places(segment)[0] == on(world, 0)
    assert len(world.lies_on(segment)) == 2

    world.go_to(20)
    world.settle()
    assert set(world.places(segment)) == world.lies_on(segment) == {one.id, two.id}

    copy = two if world.row(segment).volume == one.id else one
    copy.is_away = True
    with catalog.transaction() as connection:
        footage.doom(connection, [world.row(segment)], reason="a test")
    world.clear()
    assert segment in {each.id for each in rows(catalog)}, "its copy is away, so its row stays"
    copy.is_away = False
    world.clear()
    world.clear()
    assert rows(catalog) == []
    assert world.lies_on(segment) == set()


def test_figures_of_tiers_follow_moves(world: World) -> None:
    made = world.record([0, 1])
    size = sum(world.store.rows[each].size_bytes for each in made)
    world.go_to(20)
    world.settle()

    with world.catalog.transaction() as connection:
        stored = tier_figures.used_bytes(connection)
        assert tier_figures.next_moves(connection, 9) == []
    assert {volume: each.used_bytes for volume, each in stored.items()} == {on(world, 1): size}
