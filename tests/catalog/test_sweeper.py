"""The sweeper on a real catalog and real files: what goes, what stays, and in which order."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from builders import INSTALLATION, NOON
from small_disk import SmallDisk
from unit.lifecycle.store import SmallStore, a_small_store
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.category import DataClass
from watchkeep.domain.errors import Conflict, NotFound
from watchkeep.domain.fs import Space
from watchkeep.domain.ids import CameraId, SegmentId
from watchkeep.domain.interval import Interval
from watchkeep.domain.policy import Override
from watchkeep.domain.pressure import Rung
from watchkeep.domain.retention import Hold
from watchkeep.lifecycle.certifier import Certifier
from watchkeep.lifecycle.gentle_ways import GentleWays
from watchkeep.lifecycle.ladder import Ladder
from watchkeep.lifecycle.sweeper import Holds, NoHolds, Sweeper
from watchkeep.lifecycle.thinner import Thinner
from watchkeep.runtime.system import SystemFs, SystemRng
from watchkeep.storage.catalog import audit, cameras, footage, policies, recordings
from watchkeep.storage.catalog.cameras import SealedCamera, SealedStream
from watchkeep.storage.catalog.connection import Catalog, Connection
from watchkeep.storage.catalog.recorder_rows import SegmentClosed
from watchkeep.storage.encryption.signing import Signer
from watchkeep.storage.media.volume import Volume

DOOR, YARD = CameraId("door"), CameraId("yard")


@dataclass(frozen=True)
class SomeHolds:
    """Holds that stand."""

    orders: tuple[Hold, ...]

    def standing(self, connection: Connection, *, at: datetime) -> Collection[Hold]:
        return self.orders


@pytest.fixture
def store(tmp_path: Path, catalog: Catalog) -> SmallStore:
    small = a_small_store(tmp_path)
    for day in range(10):
        small.record(DOOR, NOON + timedelta(days=day))
    with catalog.transaction() as connection:
        assert recordings.apply(connection, [SegmentClosed(row) for row in small.rows.values()]) == []
    return small


def a_sweeper(
    store: SmallStore,
    catalog: Catalog,
    *,
    holds: Holds | None = None,
    disk: SmallDisk | None = None,
    reserve: int = 0,
) -> Sweeper:
    fs = disk or SystemFs()
    return Sweeper(
        catalog=catalog,
        volume=Volume(store.volume.root, store.volume.id, installation=INSTALLATION, fs=fs),
        fs=fs,
        clock=store.clock,
        holds=holds or NoHolds(),
        certifier=Certifier(Signer(bytes(32)), store.clock),
        reserve_bytes=reserve,
    )


def a_ladder(
    store: SmallStore,
    catalog: Catalog,
    *,
    holds: Holds | None = None,
    disk: SmallDisk | None = None,
    reserve: int = 0,
    recent: timedelta = timedelta(days=1),
) -> Ladder:
    sweeper = a_sweeper(store, catalog, holds=holds, disk=disk, reserve=reserve)
    thinner = Thinner(
        volume=sweeper.volume, fs=sweeper.fs, rng=SystemRng(), keys=store.keystore.find_shred_key
    )
    ways = GentleWays(sweeper=sweeper, thinner=thinner, recent=recent)
    return Ladder(sweeper=sweeper, ways=ways, rng=SystemRng())


def days_on_disk(store: SmallStore) -> list[int]:
    return [
        (row.when.start - NOON).days for row in store.rows.values() if (store.volume.root / row.path).exists()
    ]


def has_row(catalog: Catalog, segment: SegmentId) -> bool:
    try:
        with catalog.transaction() as connection:
            footage.segment(connection, segment)
    except NotFound:
        return False
    return True


def go_to(store: SmallStore, days: float) -> None:
    store.clock.instant = NOON + timedelta(days=days)


def test_only_what_is_older_than_its_keep_goes(store: SmallStore, catalog: Catalog) -> None:
    go_to(store, 33.5)

    swept = a_sweeper(store, catalog).sweep()

    assert swept.segments == 4
    assert days_on_disk(store) == [4, 5, 6, 7, 8, 9]
    assert [has_row(catalog, segment) for segment in store.rows] == [False] * 4 + [True] * 6


@pytest.mark.parametrize("vanishes", ["before", "while it sweeps"])
def test_a_volume_that_is_not_there_costs_no_row(
    store: SmallStore, catalog: Catalog, tmp_path: Path, vanishes: str
) -> None:
    """What it was mounted on is small and full, and all files seem to be gone."""
    go_to(store, 33.5)
    root, away = store.volume.root, tmp_path / "away"

    def vanish() -> None:
        root.rename(away)
        root.mkdir()

    class VanishingDisk(SystemFs):
        def unlink(self, path: Path) -> None:
            if root.is_relative_to(path.parents[2]) and not away.exists():
                vanish()
            super().unlink(path)

        def space(self, path: Path) -> Space:
            return Space(free_bytes=0, total_bytes=1 << 30)

        def sync_directory(self, path: Path) -> None:
            if path.exists():
                super().sync_directory(path)

    if vanishes == "before":
        vanish()
    sweeper = replace(a_sweeper(store, catalog, reserve=1 << 20), fs=VanishingDisk())
    sweeper.volume._fs = VanishingDisk()
    with pytest.raises(Conflict, match="is empty or not mounted"):
        sweeper.sweep()
    root.rmdir()
    away.rename(root)

    assert all(has_row(catalog, segment) for segment in store.rows)
    assert len(days_on_disk(store)) == len(store.rows)


def test_every_deletion_can_be_asked_for_its_reason(store: SmallStore, catalog: Catalog) -> None:
    go_to(store, 31)
    a_sweeper(store, catalog).sweep()

    with catalog.transaction() as connection:
        deleted = footage.deletions(connection, DOOR, Interval(NOON, NOON + timedelta(days=99)))

    assert [(each.when.start, each.reason) for each in deleted] == [(NOON, "older than 30 d")]


def test_a_hold_keeps_footage_past_its_expiry_and_lets_the_rest_go(
    store: SmallStore, catalog: Catalog
) -> None:
    held = Hold(DOOR, Interval(NOON, NOON + timedelta(days=2.5)), "police")
    go_to(store, 90)

    a_sweeper(store, catalog, holds=SomeHolds((held,))).sweep()

    assert days_on_disk(store) == [0, 1, 2]


def test_the_oldest_goes_until_the_reserve_is_free(store: SmallStore, catalog: Catalog) -> None:
    go_to(store, 9.5)
    size = store.path(next(iter(store.rows))).stat().st_size
    disk = SmallDisk(12 * size)

    swept = a_ladder(store, catalog, disk=disk, reserve=5 * size).climb()

    assert days_on_disk(store) == [3, 4, 5, 6, 7, 8, 9]
    assert not swept.is_space_short
    assert set(swept.reasons) == {"space was short and it was the next to go"}


def test_holds_win_over_want_of_space_and_it_is_said(store: SmallStore, catalog: Catalog) -> None:
    go_to(store, 9.5)
    held = Hold(DOOR, Interval(NOON, NOON + timedelta(days=99)), "police")

    ladder = a_ladder(store, catalog, holds=SomeHolds((held,)), disk=SmallDisk(1000), reserve=1 << 30)
    swept = ladder.climb()

    assert swept.segments == 0
    assert swept.is_space_short
    assert ladder.standing.rung is Rung.STUCK
    with catalog.transaction() as connection:
        (entry,) = audit.read(connection).items
    assert (entry.action, entry.outcome) == ("make room", "failed")
    assert "release holds" in entry.reason


def test_nothing_goes_while_the_clock_is_behind_the_newest_footage(
    store: SmallStore, catalog: Catalog
) -> None:
    add_camera_row(catalog, store)
    go_to(store, 8)

    ladder = a_ladder(store, catalog, disk=SmallDisk(1000), reserve=1 << 30)
    assert ladder.climb().is_space_short
    swept = ladder.sweeper.sweep()

    assert "but there is footage of" in swept.doubt
    assert len(days_on_disk(store)) == 10


def test_a_camera_that_was_removed_keeps_its_own_limit(store: SmallStore, catalog: Catalog) -> None:
    add_camera_row(catalog, store)
    with catalog.transaction() as connection:
        policies.put_override(connection, DOOR, DataClass.RAW_FOOTAGE, Override(keep=timedelta(days=5)))
        cameras.remove_camera(connection, DOOR, at=NOON + timedelta(days=1))
    go_to(store, 9.5)

    a_sweeper(store, catalog).sweep()

    assert days_on_disk(store) == [5, 6, 7, 8, 9]


def test_a_sweep_that_was_killed_after_any_step_is_finished_by_the_next(
    store: SmallStore, catalog: Catalog
) -> None:
    doomed = list(store.rows.values())[:2]
    with catalog.transaction() as connection:
        footage.doom(connection, doomed, reason="older than 30 d")
    store.path(doomed[0].id).unlink()  # killed between the two unlinks

    a_sweeper(store, catalog).sweep()

    assert days_on_disk(store) == list(range(2, 10))
    assert not any(has_row(catalog, row.id) for row in doomed)


def test_a_file_is_unlinked_only_after_its_row_says_doomed(store: SmallStore, catalog: Catalog) -> None:
    seen: list[str] = []

    class WatchingFs(SystemFs):
        def unlink(self, path: Path) -> None:
            if path.suffix == ".wks":
                with catalog.transaction() as connection:
                    seen.extend(row.state.value for row in footage.doomed(connection, 10))
            super().unlink(path)

    go_to(store, 30.5)
    sweeper = replace(a_sweeper(store, catalog), fs=WatchingFs())
    sweeper.sweep()

    assert seen == ["doomed"]


def add_camera_row(catalog: Catalog, store: SmallStore) -> None:
    """The camera and its stream, as the catalog knows them."""
    row = next(iter(store.rows.values()))
    site = cameras.Site(id=INSTALLATION, name="Home", zone="UTC")
    stream = SealedStream(id=row.stream, camera=DOOR, role=StreamRole.MAIN, url="rtsp://192.0.2.1/")
    camera = SealedCamera(
        id=DOOR,
        site=site.id,
        name="Door",
        is_enabled=True,
        retention_days=30,
        streams=(stream,),
        created_at=NOON,
    )
    with catalog.transaction() as connection:
        cameras.put_site(connection, site)
        cameras.insert_camera(connection, camera)
