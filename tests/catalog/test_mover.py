"""The mover on a real catalog and real files: what a failure, a kill, a race costs."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from faulty_fs import FaultyFs
from tier_world import COLD, World, a_disk, a_world
from watchkeep.domain.fs import File, Fs
from watchkeep.domain.ids import NodeId
from watchkeep.domain.tier import Condition
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.blobs.disk import DiskBlobs
from watchkeep.storage.blobs.memory import MemoryBlobs
from watchkeep.storage.catalog import footage, moves, recordings, tier_figures
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.recorder_rows import SegmentClosed


@pytest.fixture
def world(tmp_path: Path, catalog: Catalog) -> World:
    return a_world(tmp_path, catalog)


def on(world: World, number: int) -> object:
    return world.tiers[number][1][0].id


def rows(catalog: Catalog) -> list:
    with catalog.transaction() as connection:
        return list(footage.all_segments(connection))


def test_what_is_away_is_not_lost_and_moves_on_when_it_is_back(tmp_path: Path, catalog: Catalog) -> None:
    memory = MemoryBlobs(uuid4())
    world = a_world(tmp_path, catalog, others=lambda _: [(COLD, [memory])])
    made = world.record([0, 1])
    world.go_to(30)
    world.plan()
    memory.is_away = True

    assert world.turn(memory).stopped_by == f"{memory.label} is away"
    assert world.plan().stuck == {}
    assert {world.row(each).volume for each in made} == {on(world, 0)}

    memory.is_away = False
    assert world.settle() == 2
    memory.is_away = True
    world.clear()
    assert {world.row(each).volume for each in made} == {memory.id}, "rows stay while their volume is away"


def test_a_copy_that_comes_out_wrong_is_not_believed(tmp_path: Path, catalog: Catalog) -> None:
    class BadMemory(MemoryBlobs):
        is_bad = True

        def put(self, name: str, chunks: Iterable[bytes], size_bytes: int) -> None:
            data = b"".join(chunks)
            if self.is_bad:
                at = len(data) // 2
                data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
            super().put(name, [data], size_bytes)

    bad = BadMemory(uuid4())
    world = a_world(tmp_path, catalog, others=lambda _: [(COLD, [bad])])
    (segment,) = world.record([0])
    world.go_to(30)
    world.plan()

    moved = world.turn(bad)

    assert moved.segments == 0
    assert moved.failures == {"Tampered": 1}
    assert list(bad.names()) == []
    assert world.row(segment).volume == on(world, 0)
    with catalog.transaction() as connection:
        assert "Tampered" not in tier_figures.next_moves(connection, 9)[0].detail
        assert tier_figures.next_moves(connection, 9)[0].detail

    bad.is_bad = False
    assert world.turn(bad).segments == 0, "it rests before it is tried again"
    world.store.clock.advance(31)
    assert world.turn(bad).segments == 1


def test_a_source_that_is_damaged_stays_where_it_is_and_the_rest_moves(
    tmp_path: Path, catalog: Catalog
) -> None:
    world = a_world(tmp_path, catalog)
    broken, whole = world.record([0, 1])
    path = world.store.path(broken)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    world.go_to(20)
    world.plan()

    moved = world.turn(world.tiers[1][1][0])

    assert moved.segments == 1
    assert sum(moved.failures.values()) == 1
    assert world.row(broken).volume == on(world, 0)
    assert world.lies_on(broken) == {on(world, 0)}
    assert world.row(whole).volume == on(world, 1)


@pytest.mark.parametrize("kind", ["create", "append", "sync", "rename", "sync_directory", "make_directories"])
def test_a_target_disk_that_fails_costs_nothing(tmp_path: Path, catalog: Catalog, kind: str) -> None:
    fs = FaultyFs()
    target = a_disk(tmp_path / "warm", fs=fs)
    world = a_world(tmp_path, catalog, others=lambda _: [(COLD, [target])])
    made = world.record([0, 1])
    world.go_to(20)
    world.plan()
    fs.fail(kinds={kind}, lasts=True)

    assert world.turn(target).stopped_by
    assert {world.row(each).volume for each in made} == {on(world, 0)}

    fs.heal()
    assert world.settle() == 2
    assert world.check() == 2


def test_moves_keep_to_the_bandwidth_of_their_tier(tmp_path: Path, catalog: Catalog) -> None:
    slow = replace(COLD, bytes_per_second=1_000)
    world = a_world(tmp_path, catalog, others=lambda _: [(slow, [MemoryBlobs(uuid4())])])
    made = world.record([0, 1, 2, 3])
    world.go_to(20)
    world.plan()
    began = world.store.clock.monotonic_ns()

    moved = world.turn(world.tiers[1][1][0])

    assert moved.segments == 4
    took_s = (world.store.clock.monotonic_ns() - began) / 1e9
    bytes_moved = sum(world.store.rows[each].size_bytes for each in made)
    assert bytes_moved / 1_000 - 1.1 <= took_s <= bytes_moved / 1_000 + 1.1


def test_a_turn_ends_when_the_process_does(tmp_path: Path, catalog: Catalog) -> None:
    world = a_world(tmp_path, catalog, others=lambda _: [(COLD, [MemoryBlobs(uuid4())])])
    world.record([0, 1])
    world.go_to(20)
    world.plan()

    assert world.turn(world.tiers[1][1][0], is_stopping=lambda: True).segments == 0
    assert world.settle() == 2


def test_nobody_moves_what_another_moves_now(tmp_path: Path, catalog: Catalog) -> None:
    memory = MemoryBlobs(uuid4())
    world = a_world(tmp_path, catalog, others=lambda _: [(COLD, [memory])])
    world.record([0, 1])
    world.go_to(20)
    world.plan()
    other = World(catalog, world.store, world.tiers, node=NodeId(uuid4()))
    seen: list[int] = []
    put = memory.put

    def put_and_look(name: str, chunks: Iterable[bytes], size_bytes: int) -> None:
        seen.append(other.mover(COLD).turn(memory).segments)
        put(name, chunks, size_bytes)

    memory.put = put_and_look
    assert world.turn(memory).segments == 2
    assert seen == [0, 0]


def test_footage_that_is_doomed_while_it_is_copied_goes_from_both_places(
    tmp_path: Path, catalog: Catalog
) -> None:
    memory = MemoryBlobs(uuid4())
    world = a_world(tmp_path, catalog, others=lambda _: [(COLD, [memory])])
    (segment,) = world.record([0])
    world.go_to(20)
    world.plan()
    put = memory.put

    def doom_and_put(name: str, chunks: Iterable[bytes], size_bytes: int) -> None:
        read = list(chunks)
        with catalog.transaction() as connection:
            assert footage.doom(connection, [world.row(segment)], reason="a test") == 1
        world.clear()  # the sweep comes by meanwhile
        put(name, read, size_bytes)

    memory.put = doom_and_put
    moved = world.turn(memory)
    memory.put = put
    world.clear()
    world.clear()

    assert moved.segments == 0
    assert world.lies_on(segment) == set()
    with catalog.transaction() as connection:
        assert list(footage.all_segments(connection)) == []
        assert connection.execute("select count(*) from placements").fetchone() == (0,)
        assert connection.execute("select count(*) from segment_tombstones").fetchone() == (1,)


def test_a_late_row_of_the_recorder_does_not_take_footage_back(world: World) -> None:
    (segment,) = world.record([0])
    late = world.store.rows[segment]
    world.go_to(20)
    with world.catalog.transaction() as connection:
        connection.execute("update video_segments set state = 'recovered' where segment_id = %s", [segment])
    world.settle()

    with world.catalog.transaction() as connection:
        assert recordings.apply(connection, [SegmentClosed(late)]) == []

    assert world.row(segment).volume == on(world, 1)
    assert world.row(segment).state.value == "closed"
    assert world.check() == 1


class Killed(BaseException):
    """What a kill is here: nobody catches it."""


class KillingFs(SystemFs):
    """Dies before its n-th step that changes a disk, or right after it."""

    def __init__(self, at: int) -> None:
        self.left = at

    def step(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed

    def create(self, path: Path) -> File:
        self.step()
        return super().create(path)

    def rename(self, old: Path, new: Path) -> None:
        self.step()
        super().rename(old, new)
        self.step()

    def unlink(self, path: Path) -> None:
        self.step()
        super().unlink(path)
        self.step()

    def sync_directory(self, path: Path) -> None:
        self.step()
        super().sync_directory(path)


def use(fs: Fs, *disks: DiskBlobs) -> None:
    for disk in disks:
        disk._fs = disk.volume._fs = fs


def test_a_killed_mover_is_followed_by_one_that_goes_on(tmp_path: Path, catalog: Catalog) -> None:
    """Killed at each step that changes a disk, one after the other, until it comes through."""
    for at in range(1, 60):
        with catalog.transaction() as connection:
            for table in ("placements", "video_segments", "volumes"):
                connection.execute(f"delete from {table}")
        target = a_disk(tmp_path / str(at) / "cold")
        world = a_world(tmp_path / str(at), catalog, others=lambda _, there=target: [(COLD, [there])])
        made = world.record([0, 1])
        world.go_to(20)
        world.plan()
        use(KillingFs(at), target, world.tiers[0][1][0])
        try:
            world.turn(target)
            world.clear()
        except Killed:
            was_killed = True
        else:
            was_killed = False
        use(SystemFs(), target, world.tiers[0][1][0])
        assert all(world.lies_on(each) for each in made), at
        with catalog.transaction() as connection:
            moves.free_leases(connection, world.node)
        world.settle()
        assert world.check() == 2, at
        assert [world.lies_on(each) for each in made] == [{target.id}] * 2, at
        if not was_killed:
            assert at > 15
            return
    raise AssertionError("it was never allowed to finish")


def test_a_disk_that_is_swapped_is_wrong_and_one_that_is_gone_is_away(
    tmp_path: Path, catalog: Catalog
) -> None:
    target = a_disk(tmp_path / "warm")
    world = a_world(tmp_path, catalog, others=lambda _: [(COLD, [target])])
    made = world.record([0, 1])
    world.go_to(20)
    world.plan()
    attached = world.volumes.find(target.id)
    root = target.volume.root

    root.rename(tmp_path / "unplugged")
    assert attached.look().condition is Condition.AWAY
    assert "not mounted" in world.turn(target).stopped_by
    root.mkdir()
    assert attached.look().condition is Condition.AWAY, "remounted empty"
    assert world.turn(target).stopped_by
    assert list(root.iterdir()) == []
    root.rmdir()
    a_disk(root)
    assert attached.look().condition is Condition.WRONG
    assert "is another disk" in world.turn(target).stopped_by
    assert {world.row(each).volume for each in made} == {on(world, 0)}


def test_a_disk_that_goes_while_it_is_written_to_costs_no_try(tmp_path: Path, catalog: Catalog) -> None:
    class GoingFs(SystemFs):
        def rename(self, old: Path, new: Path) -> None:
            (tmp_path / "warm").rename(tmp_path / "unplugged")
            super().rename(old, new)

    target = a_disk(tmp_path / "warm")
    world = a_world(tmp_path, catalog, others=lambda _: [(COLD, [target])])
    world.record([0])
    world.go_to(20)
    world.plan()
    use(GoingFs(), target)

    moved = world.turn(target)
    use(SystemFs(), target)

    assert "not mounted" in moved.stopped_by
    assert moved.failures == {}
    (tmp_path / "unplugged").rename(tmp_path / "warm")
    assert world.settle() == 1
    assert world.check() == 1


def test_copies_made_side_by_side_are_as_good_and_stop_together(tmp_path: Path, catalog: Catalog) -> None:
    memory = MemoryBlobs(uuid4())
    world = a_world(tmp_path, catalog, others=lambda _: [(COLD, [memory])])
    world.record([day / 10 for day in range(30)])
    world.go_to(20)
    world.plan()
    put, left = memory.put, iter(range(5))

    def put_five(name: str, chunks: Iterable[bytes], size_bytes: int) -> None:
        if next(left, None) is None:
            memory.is_away = True
        put(name, chunks, size_bytes)

    memory.put = put_five
    moved = world.turn(memory, at_once=4)
    memory.put, memory.is_away = put, False

    assert moved.segments <= 5
    assert moved.stopped_by == f"{memory.label} is away"
    assert moved.failures == {}
    while world.turn(memory, at_once=4).segments:
        pass
    world.clear()
    assert world.check() == 30
    assert len(list(memory.names())) == 30
