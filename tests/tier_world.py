"""Volumes, tiers, a planner and movers over a real catalog, driven by hand on a clock that stands."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from uuid import UUID

from builders import INSTALLATION, NODE, NOON
from unit.lifecycle.store import SmallStore, a_small_store
from watchkeep.domain.category import DataClass
from watchkeep.domain.errors import WatchkeepError
from watchkeep.domain.fs import Fs, Space
from watchkeep.domain.ids import CameraId, NodeId, SegmentId
from watchkeep.domain.tier import Condition, Reserve, Tier
from watchkeep.lifecycle.copies import clear_volume
from watchkeep.lifecycle.mover import Moved, Mover
from watchkeep.lifecycle.placing import Planned, Planner, TierPlan
from watchkeep.lifecycle.verification import verify_blob
from watchkeep.runtime.system import SystemFs, SystemRng
from watchkeep.storage.blobs.disk import DiskBlobs
from watchkeep.storage.blobs.store import Blobs
from watchkeep.storage.blobs.volumes import Volumes, only
from watchkeep.storage.catalog import footage, placements, recordings, volumes
from watchkeep.storage.catalog.connection import Catalog, Connection
from watchkeep.storage.catalog.recorder_rows import SegmentClosed, StoredSegment
from watchkeep.storage.catalog.volumes import StoredVolume, VolumeKind
from watchkeep.storage.media.volume import Volume

DOOR, YARD = CameraId("door"), CameraId("yard")
HOT = Tier(name="hot", max_age=timedelta(days=7))
WARM = Tier(name="warm", max_age=timedelta(days=30))
COLD = Tier(name="cold")


def uncertified(connection: Connection, gone: Sequence[StoredSegment]) -> None:
    """Prove nothing: certificates have tests of their own."""


class SizedFs(SystemFs):
    """A disk of a given size that holds nothing but footage."""

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes

    def space(self, path: Path) -> Space:
        used = sum(each.stat().st_size for each in path.rglob("*.wks"))
        return Space(free_bytes=max(0, self.size_bytes - used), total_bytes=self.size_bytes)


def a_disk(root: Path, *, fs: Fs | None = None) -> DiskBlobs:
    used = fs or SystemFs()
    return DiskBlobs(Volume.open(root, fs=used, rng=SystemRng(), installation=INSTALLATION), fs=used)


@dataclass
class World:
    """Tiers with open volumes; the first volume of the first tier is the store that is recorded to."""

    catalog: Catalog
    store: SmallStore
    tiers: Sequence[tuple[Tier, Sequence[Blobs]]]
    copies: Mapping[DataClass, int] = field(default_factory=dict)
    margin: Reserve = field(default_factory=Reserve)
    urge: float = 1.0
    zone: tzinfo = UTC
    node: NodeId = NODE

    def __post_init__(self) -> None:
        attached = [
            only(blobs, tier=tier.name, clock=self.store.clock)
            for tier, found in self.tiers
            for blobs in found
        ]
        self.volumes = Volumes(attached)
        self.planner = Planner(self.catalog, self.plans, clock=self.store.clock, copies=self.copies)
        self.see()

    def plans(self) -> list[TierPlan]:
        return [
            TierPlan(
                tier=tier,
                volumes=tuple(each.id for each in found),
                margin=self.margin,
                urge=self.urge if number == 0 else 1.0,
            )
            for number, (tier, found) in enumerate(self.tiers)
        ]

    def all(self) -> list[tuple[Tier, Blobs]]:
        return [(tier, blobs) for tier, found in self.tiers for blobs in found]

    def see(self) -> None:
        """Look at every volume, as its thread does."""
        with self.catalog.transaction() as connection:
            for tier, blobs in self.all():
                volumes.put_volume(
                    connection,
                    StoredVolume(
                        id=blobs.id,
                        kind=VolumeKind.DISK,
                        location=blobs.label,
                        tier=tier.name,
                        reserve_bytes=0,
                        created_at=NOON,
                    ),
                )
                look = self.volumes.find(blobs.id).look()
                volumes.note_seen(
                    connection,
                    blobs.id,
                    look.condition,
                    at=self.store.clock.now(),
                    detail=look.detail,
                    space=look.space,
                )

    def record(self, days: Sequence[float], *, camera: CameraId = DOOR, **options: object) -> list[SegmentId]:
        made = [self.store.record(camera, NOON + timedelta(days=day), **options) for day in days]
        with self.catalog.transaction() as connection:
            rows = [SegmentClosed(self.store.rows[each]) for each in made]
            assert recordings.apply(connection, rows) == []
        return made

    def go_to(self, days: float) -> None:
        self.store.clock.instant = NOON + timedelta(days=days)

    def mover(self, tier: Tier, **changes: object) -> Mover:
        facts = {
            "catalog": self.catalog,
            "volumes": self.volumes,
            "keys": self.store.keystore.find_shred_key,
            "clock": self.store.clock,
            "node": self.node,
            "tier": tier,
            "zone": self.zone,
            "copies": self.copies,
            "at_once": 1,
            **changes,
        }
        return Mover(**facts)

    def plan(self) -> Planned:
        self.planner._counted_at = None
        self.see()
        return self.planner.round()

    def turn(self, target: Blobs, **changes: object) -> Moved:
        tier = next(tier for tier, blobs in self.all() if blobs is target)
        return self.mover(tier, **changes).turn(target)

    def clear(self) -> None:
        for _, blobs in self.all():
            try:
                clear_volume(self.catalog, blobs, now=self.store.clock.now(), certify=uncertified)
            except WatchkeepError:
                continue

    def settle(self, *, most_rounds: int = 30) -> int:
        """Plan, move and delete until nothing is left to do; returns how many segments moved."""
        moved = quiet = 0
        for _ in range(most_rounds):
            planned = self.plan()
            done = sum(self.turn(blobs).segments for _, blobs in self.all())
            self.clear()
            moved += done
            quiet = 0 if planned.moves or planned.copies or done else quiet + 1
            # Copies of older footage are looked after some days a round.
            if quiet == (8 if self.copies else 1):
                return moved
        raise AssertionError("it does not settle")

    def row(self, segment: SegmentId) -> StoredSegment:
        with self.catalog.transaction() as connection:
            return footage.segment(connection, segment)

    def places(self, segment: SegmentId) -> list[UUID]:
        """Volumes that the catalog says can be read from, the own place first."""
        with self.catalog.transaction() as connection:
            found = placements.whereabouts(connection, footage.segment(connection, segment))
        return [volume for volume, _ in found]

    def lies_on(self, segment: SegmentId) -> set[UUID]:
        """Volumes on which there are bytes of it."""
        name = self.store.rows[segment].path
        return {blobs.id for _, blobs in self.all() if name in blobs.names()}

    def check(self) -> int:
        """Every row can be read whole from where it says, and no volume holds what no row names."""
        named: set[tuple[UUID, str]] = set()
        with self.catalog.transaction() as connection:
            rows = [each for each in footage.all_segments(connection) if each.state.value == "closed"]
            for row in rows:
                found = placements.whereabouts(connection, row)
                for volume, name in found:
                    verify_blob(self.volumes.blobs(volume), name, row, self.store.keystore.find_shred_key)
                named.update(found)
            more = connection.execute("select volume_id, path from placements").fetchall()
        named.update((volume, path) for volume, path in more)
        for _, blobs in self.all():
            strangers = {(blobs.id, name) for name in blobs.names()} - named
            assert not strangers
        return len(rows)


def a_world(
    root: Path,
    catalog: Catalog,
    *,
    others: Callable[[SmallStore], Sequence[tuple[Tier, Sequence[Blobs]]]] | None = None,
    hot: Tier = HOT,
    fs: Fs | None = None,
    siblings: Sequence[Blobs] = (),
    **options: object,
) -> World:
    store = a_small_store(root)
    own = DiskBlobs(
        Volume(store.volume.root, store.volume.id, installation=INSTALLATION, fs=fs or SystemFs()),
        fs=fs or SystemFs(),
    )
    later = (
        others(store)
        if others is not None
        else [(WARM, [a_disk(root / "warm")]), (COLD, [a_disk(root / "cold")])]
    )
    return World(catalog, store, [(hot, [own, *siblings]), *later], **options)


def instant(days: float) -> datetime:
    return NOON + timedelta(days=days)


__all__ = ["COLD", "DOOR", "HOT", "WARM", "YARD", "Condition", "World", "a_disk", "a_world", "instant"]
