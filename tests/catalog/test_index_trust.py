"""A catalog that does not know the footage deletes none of it: the keeper, real files, a real database."""

import errno
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from builders import NOON, FixedClock
from catalog_server import Database, copy_of
from unit.lifecycle.store import SmallStore
from watchkeep.application.asking import system_asking
from watchkeep.application.keeping import trust_clock
from watchkeep.application.recovery import recover_index
from watchkeep.domain.erasure import ErasedKey, ErasureId, LedgerEntry
from watchkeep.domain.errors import Unavailable
from watchkeep.domain.ids import CameraId, SegmentId
from watchkeep.domain.job import JobKind
from watchkeep.domain.stamp import Stamp
from watchkeep.lifecycle.index_trust import IndexTrust, doubt_noted
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.erasing import erase_again
from watchkeep.runtime.file_reading import file_reading
from watchkeep.runtime.house_wiring import build_house
from watchkeep.runtime.sweeping import Sweeping
from watchkeep.runtime.system import Machine, SystemFs
from watchkeep.runtime.upkeep import DUTIES, upkeep_jobs
from watchkeep.runtime.wiring import Node, ensure_node
from watchkeep.storage.catalog import cameras, recordings, settings
from watchkeep.storage.catalog.cameras import Site
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.recorder_rows import SegmentClosed
from watchkeep.storage.media.stamp_file import write_stamp

DOOR = CameraId("door")
DAYS = 12


@pytest.fixture
def node(database: Database, tmp_path: Path) -> Iterator[Node]:
    """A node whose clock stands, with a segment a day; the last is of yesterday."""
    clock = FixedClock(NOON + timedelta(days=DAYS))
    made = ensure_node(DataFolder(tmp_path / "data"), machine=Machine(clock=clock), environment={})
    with closing(database.catalog()) as catalog:
        with catalog.transaction() as connection:
            cameras.put_site(connection, Site(id=made.installation, name="Home", zone="UTC"))
        yield replace(made, catalog=catalog)


@pytest.fixture
def store(node: Node) -> SmallStore:
    small = SmallStore(node.volume, node.keystore, clock_of(node))
    for day in range(DAYS):
        small.record(DOOR, NOON + timedelta(days=day))
    put(node.catalog, small)
    return small


def clock_of(node: Node) -> FixedClock:
    clock = node.machine.clock
    assert isinstance(clock, FixedClock)
    return clock


def put(catalog: Catalog, store: SmallStore) -> None:
    with catalog.transaction() as connection:
        assert recordings.apply(connection, [SegmentClosed(row) for row in store.rows.values()]) == []


def keep(node: Node, *, rounds: int = 2) -> str:
    """A keeper's first rounds; what it says of the catalog."""
    sweeping = Sweeping(node)
    for _ in range(rounds):
        sweeping.round()
    with node.catalog.transaction() as connection:
        return doubt_noted(connection)


def files(store: SmallStore) -> list[SegmentId]:
    return [segment for segment in store.rows if store.path(segment).exists()]


def saved_state(node: Node) -> dict[str, str]:
    """What a dump of the catalog would hold of what this is about."""
    with node.catalog.transaction() as connection:
        return {"catalog stamp": settings.get(connection, "catalog stamp") or ""}


def restore(node: Node, state: dict[str, str]) -> None:
    with node.catalog.transaction() as connection:
        for key, value in state.items():
            settings.put(connection, key, value)


def trust(node: Node) -> IndexTrust:
    return IndexTrust(catalog=node.catalog, volumes=[node.volume], fs=SystemFs(), rng=node.machine.rng)


def test_a_catalog_that_knows_the_footage_deletes_what_has_expired(node: Node, store: SmallStore) -> None:
    clock_of(node).advance(25 * 86_400)

    assert keep(node) == ""

    assert len(files(store)) < DAYS


def test_an_empty_database_deletes_nothing_and_says_what_to_do(
    node: Node, store: SmallStore, empty_of_rows: Catalog
) -> None:
    keep(node)
    lost = replace(node, catalog=empty_of_rows)
    clock_of(node).advance(400 * 86_400)
    late = store.record(DOOR, clock_of(node).now() - timedelta(days=60))
    with lost.catalog.transaction() as connection:
        recordings.apply(connection, [SegmentClosed(store.rows[late])])

    why = keep(lost)

    assert "The database is new" in why
    assert "`watchkeep recover index --apply`" in why
    assert len(files(store)) == DAYS + 1


def test_an_older_state_of_the_database_deletes_nothing(node: Node, store: SmallStore) -> None:
    keep(node)
    state = saved_state(node)
    keep(node, rounds=1)
    restore(node, state)
    clock_of(node).advance(400 * 86_400)

    why = keep(node)

    assert "older state than the footage" in why
    assert len(files(store)) == DAYS


def test_a_dump_of_a_week_ago_put_back_deletes_nothing_and_a_rebuild_makes_it_good(
    node: Node, store: SmallStore, database: Database
) -> None:
    """Since the dump the oldest footage expired, and the camera's keep was made longer."""
    keep(node)
    node.catalog.close()
    with copy_of(database) as dump:
        clock_of(node).advance(20 * 86_400)
        trust_clock(build_house(node), system_asking())
        keep(node)
        left = files(store)
        late = [store.record(DOOR, NOON + timedelta(days=13, minutes=number)) for number in range(3)]
        put(node.catalog, store)
        old = replace(node, catalog=dump)
        clock_of(node).advance(400 * 86_400)

        assert "older state than the footage" in keep(old)
        assert files(store) == [*left, *late]

        house = build_house(old)
        rebuilt = recover_index(
            house,
            system_asking(),
            old.volume,
            read=file_reading(old),
            remembered={},
            applies=True,
            advance=lambda _: None,
        )
        assert (rebuilt.added, rebuilt.lost) == (len(late), DAYS - len(left))
        assert files(store) == [*left, *late]
        trust(old).accept()
        trust_clock(house, system_asking())
        keep(old)
        # What came back is old, and it may have been a clip: it is held. What was known goes by its age.
        assert files(store) == late
    assert 0 < len(left) < DAYS


def test_another_database_deletes_nothing(node: Node, store: SmallStore, empty_of_rows: Catalog) -> None:
    keep(node)
    other = replace(node, catalog=empty_of_rows)
    restore(other, {"catalog stamp": "0197291a-0000-7000-8000-0000000000ff 4000"})
    put(empty_of_rows, store)
    clock_of(node).advance(400 * 86_400)

    assert "is not the one that knew the footage" in keep(other)
    assert len(files(store)) == DAYS


def test_a_volume_of_an_earlier_version_is_looked_at_name_by_name(
    node: Node, store: SmallStore, empty_of_rows: Catalog
) -> None:
    lost = replace(node, catalog=empty_of_rows)

    assert "does not know 12 of the 12 files" in trust(lost).doubt()
    assert trust(node).doubt() == ""


def test_when_a_person_accepts_the_catalog_it_counts_again(
    node: Node, store: SmallStore, empty_of_rows: Catalog
) -> None:
    keep(node)
    lost = replace(node, catalog=empty_of_rows)
    put(empty_of_rows, store)
    assert keep(lost) != ""

    trust(lost).accept()

    assert keep(lost) == ""
    assert "older state" not in trust(lost).doubt()
    clock_of(node).advance(400 * 86_400)
    trust_clock(build_house(lost), system_asking())
    keep(lost)
    assert files(store) == []


def test_a_keeper_killed_between_the_two_stamps_leaves_no_doubt(node: Node, store: SmallStore) -> None:
    keep(node)
    before = saved_state(node)["catalog stamp"]
    catalog, number = before.split()
    restore(node, {"catalog stamp": f"{catalog} {int(number) + 1}"})

    assert keep(node) == ""


def test_a_damaged_stamp_is_told_and_nothing_goes(node: Node, store: SmallStore) -> None:
    keep(node)
    (node.volume.root / "catalog.stamp").write_text("rubbish")
    clock_of(node).advance(400 * 86_400)

    assert "is damaged" in keep(node)
    assert len(files(store)) == DAYS


def test_a_duty_waits_while_the_catalog_is_doubted_and_is_done_then(node: Node, store: SmallStore) -> None:
    why = "the catalog is not the one that knew the footage"
    jobs = upkeep_jobs(node, doubt=lambda: why)

    for kind in DUTIES:
        with pytest.raises(Unavailable, match="This waits"):
            jobs[kind](lambda *_: None, lambda: False)
    why = ""

    assert "files removed" in jobs[JobKind.TEMPORARY_FILES](lambda *_: None, lambda: False)
    assert jobs[JobKind.SCRUB](lambda *_: None, lambda: False).endswith("files and rows agree")


def test_by_a_catalog_that_is_doubted_no_key_is_destroyed_again(node: Node, store: SmallStore) -> None:
    """It may not know what lies elsewhere and stays; what was erased does not open all the same."""
    row = next(iter(store.rows.values()))
    day = row.when.start.date()
    key = ErasedKey(row.shred_key, day, frozenset({row.id}))
    now = node.machine.clock.now()
    node.ledger.append(LedgerEntry(erasure=ErasureId(UUID(int=1)), at=now, when=row.when, keys=(key,)))
    write_stamp(node.volume, Stamp(UUID(int=7), 4000), fs=SystemFs())

    erase_again(node)
    assert node.keystore.day(day).still_opens(row.shred_key, key.things)
    assert row.id in (node.ledger.erased(row.shred_key) or ())

    trust(node).accept()
    erase_again(node)
    assert not node.keystore.day(day).still_opens(row.shred_key, key.things)


def test_a_disk_that_refuses_to_delete_does_not_end_the_sweeping(node: Node, store: SmallStore) -> None:
    class Refusing(SystemFs):
        def unlink(self, path: Path) -> None:
            if path.suffix == ".wks":
                raise OSError(errno.EIO, "a test")
            super().unlink(path)

    clock_of(node).advance(25 * 86_400)
    rounds = iter([False, True])

    Sweeping(replace(node, machine=replace(node.machine, fs=Refusing()))).keep_on(lambda _: next(rounds))

    assert next(rounds, None) is None
    assert len(files(store)) == DAYS
    assert keep(node) == ""
    assert len(files(store)) < DAYS
