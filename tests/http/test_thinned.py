"""Space is short: of old footage the key pictures stay, can be played, and are what the camera sent."""

import errno
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from builders import INSTALLATION
from event_rows import an_event
from house_builder import a_camera, record
from playing import played
from site_server import Site
from small_disk import SmallDisk
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.category import DataClass
from watchkeep.domain.fs import File
from watchkeep.domain.ids import CameraId, SegmentId, StreamId
from watchkeep.domain.interval import Interval
from watchkeep.domain.pressure import Rung
from watchkeep.domain.retention import Hold
from watchkeep.lifecycle.certifier import Certifier, verify
from watchkeep.lifecycle.gentle_ways import KEY_PICTURES_STAY, GentleWays
from watchkeep.lifecycle.ladder import Ladder
from watchkeep.lifecycle.sweeper import Sweeper
from watchkeep.lifecycle.thinner import Thinner
from watchkeep.runtime.system import SystemFs, SystemRng
from watchkeep.storage.catalog import audit, events, footage, policies, recordings
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.recorder_rows import SegmentClosed, StoredSegment
from watchkeep.storage.encryption.signing import Signer
from watchkeep.storage.media.volume import Volume

Clip = Callable[..., Path]
DAY = timedelta(days=1)


@dataclass
class Held:
    """Holds that may be placed at any moment."""

    orders: Collection[Hold] = ()

    def standing(self, connection: Connection, *, at: datetime) -> Collection[Hold]:
        return self.orders


def a_ladder(
    site: Site, *, missing: int, free: int = 10_000_000, holds: Held | None = None, fs: SystemFs | None = None
) -> Ladder:
    """A ladder over the house's footage, on a disk that lacks some bytes of its reserve."""
    house = site.house
    root = house.volumes[0].root
    used = sum(each.stat().st_size for each in root.rglob("*.wks"))
    disk = fs or SmallDisk(used + free)
    volume = Volume(root, house.volumes[0].volume.id, installation=INSTALLATION, fs=disk)
    sweeper = Sweeper(
        catalog=house.catalog,
        volume=volume,
        fs=disk,
        clock=site.clock,
        holds=holds or Held(),
        certifier=Certifier(Signer(bytes(32)), site.clock),
        reserve_bytes=free + missing,
    )
    thinner = Thinner(volume=volume, fs=disk, rng=SystemRng(), keys=house.keystore.find_shred_key)
    return Ladder(sweeper=sweeper, ways=GentleWays(sweeper=sweeper, thinner=thinner), rng=SystemRng())


@pytest.fixture
def camera(site: Site, clip: Clip) -> CameraId:
    """Three segments of ten seconds, two days old; a key picture a second."""
    made = a_camera(site.house, "Front door")
    record(site.house, made, clip(seconds=30))
    site.clock.advance(2 * DAY.total_seconds())
    return made


def segments(site: Site) -> list[StoredSegment]:
    with site.house.catalog.transaction() as connection:
        return list(footage.all_segments(connection))


def files(site: Site) -> set[str]:
    return {path.stem for path in site.house.volumes[0].root.rglob("*.wks*")}


def test_of_the_oldest_footage_the_key_pictures_stay_and_can_be_played(site: Site, camera: CameraId) -> None:
    before = segments(site)
    ladder = a_ladder(site, missing=1000)

    swept = ladder.climb()
    after = segments(site)

    assert [each.is_thinned for each in after] == [True, False, False]
    assert ladder.standing.rung is Rung.THINNING
    assert not swept.is_space_short
    assert [each.when for each in after] == [each.when for each in before]
    assert files(site) == {str(each.id) for each in after}
    keys = [code for code in played(site.administrator(), camera) if code < 10_000]
    assert keys[0] == 0
    assert len(keys) == 10
    with site.house.catalog.transaction() as connection:
        entry = next(each for each in audit.read(connection).items if each.action == "make room")
        (gone,) = footage.deletions(connection, camera, before[0].when)
        assert verify(connection, public_key=Signer(bytes(32)).public_key).segments == 1
    assert (entry.subject, entry.facts["step"]) == ("keeper", "thinning")
    assert (gone.segment, gone.reason) == (before[0].id, KEY_PICTURES_STAY)


def test_a_thinned_segment_is_whole_in_every_byte_and_is_not_thinned_again(
    site: Site, camera: CameraId
) -> None:
    a_ladder(site, missing=1000).climb()
    first = segments(site)[0]
    with site.house.shelf.reading(first) as reader:
        reader.verify()
        assert reader.final is not None
        assert reader.final.root_digest == first.root_digest
        assert reader.header.started_at == first.when.start

    a_ladder(site, missing=1000).climb()

    assert [each.is_thinned for each in segments(site)] == [True, True, False]


def test_what_is_held_claimed_or_young_keeps_all_its_pictures(site: Site, camera: CameraId) -> None:
    first, second, _ = segments(site)
    held = Held([Hold(camera, Interval(second.when.start, second.when.start + timedelta(seconds=1)), "case")])
    with site.house.catalog.transaction() as connection:
        just_before = first.when.start - timedelta(seconds=3)
        event = an_event(1, start=just_before, length_s=2, camera=camera, stream=first.stream)
        assert events.put_events(connection, [event], model=None) == []

    a_ladder(site, missing=1000, holds=held).climb()
    assert [each.is_thinned for each in segments(site)] == [False, False, True]

    site.clock.advance(-1.5 * DAY.total_seconds())
    ladder = a_ladder(site, missing=1000, holds=held)
    ladder.sweeper.memory.last = None
    ladder.climb()
    assert ladder.standing.rung is Rung.DELETING


def test_a_hold_that_comes_while_a_segment_is_thinned_finds_it_whole(site: Site, camera: CameraId) -> None:
    before = segments(site)
    held = Held()

    class LateHold(SmallDisk):
        def rename(self, old: Path, new: Path) -> None:
            super().rename(old, new)
            held.orders = [Hold(camera, each.when, "case") for each in before]

    used = sum(each.size_bytes for each in before)
    a_ladder(site, missing=1000, holds=held, fs=LateHold(used + 10_000_000)).climb()

    assert segments(site) == before
    assert files(site) == {str(each.id) for each in before}


def test_what_moved_to_another_volume_while_it_was_thinned_stays_whole(site: Site, camera: CameraId) -> None:
    before = segments(site)
    elsewhere = UUID(int=0xE15E)

    class LateMove(SmallDisk):
        def rename(self, old: Path, new: Path) -> None:
            super().rename(old, new)
            with site.house.catalog.transaction() as connection:
                connection.execute("update video_segments set volume_id = %s", [elsewhere])

    used = sum(each.size_bytes for each in before)
    a_ladder(site, missing=1000, fs=LateMove(used + 10_000_000)).climb()

    assert segments(site) == [replace(each, volume=elsewhere) for each in before]
    assert files(site) == {str(each.id) for each in before}


@pytest.mark.parametrize("operation", ["sync", "rename", "sync_directory"])
def test_a_disk_that_fails_while_thinning_costs_nothing(site: Site, camera: CameraId, operation: str) -> None:
    before = segments(site)

    class Failing(SmallDisk):
        def create(self, path: Path) -> File:
            file = super().create(path)
            if operation == "sync":
                file.close()
            return file

        def rename(self, old: Path, new: Path) -> None:
            if operation == "rename":
                raise OSError(errno.EIO, "a test")
            super().rename(old, new)

        def sync_directory(self, path: Path) -> None:
            if operation == "sync_directory":
                raise OSError(errno.EIO, "a test")
            super().sync_directory(path)

    used = sum(each.size_bytes for each in before)
    with pytest.raises((OSError, ValueError)):
        a_ladder(site, missing=1000, fs=Failing(used + 10_000_000)).climb()

    assert segments(site) == before
    assert {str(each.id) for each in before} <= files(site)


def test_where_the_sub_stream_shows_the_same_the_main_stream_goes(site: Site, camera: CameraId) -> None:
    first, second, third = segments(site)
    sub = StreamId(UUID(int=0x5B))
    row = replace(
        first,
        id=SegmentId(UUID(int=first.id.int + 1)),
        stream=sub,
        role=StreamRole.SUB,
        when=Interval(first.when.start, second.when.end),
        path=f"{camera}/2025-06-01/sub.wks",
    )
    with site.house.catalog.transaction() as connection:
        assert recordings.apply(connection, [SegmentClosed(row)]) == []
    ladder = a_ladder(site, missing=1000)

    ladder.climb()

    assert ladder.standing.rung is Rung.SUB_ONLY
    assert [each.id for each in segments(site)] == [row.id, second.id, third.id]


def test_when_all_is_well_for_an_hour_it_is_said(site: Site, camera: CameraId) -> None:
    ladder = a_ladder(site, missing=1000)
    ladder.climb()
    ladder.climb()
    assert ladder.standing.rung is Rung.THINNING

    site.clock.advance(3601)
    ladder.climb()

    assert ladder.standing.rung is Rung.NONE


def test_a_camera_and_a_class_keep_to_their_quotas(site: Site, camera: CameraId) -> None:
    _, second, third = segments(site)
    with site.house.catalog.transaction() as connection:
        policies.put_quota(connection, camera, second.size_bytes + third.size_bytes)
    swept = a_ladder(site, missing=0).by_quota()
    assert (swept.segments, list(swept.reasons)) == (1, ["its camera had more than its quota"])
    assert [each.id for each in segments(site)] == [second.id, third.id]

    with site.house.catalog.transaction() as connection:
        policies.put_quota(connection, camera, None)
        raw = policies.read(connection).classes[DataClass.RAW_FOOTAGE]
        policies.put_class(connection, DataClass.RAW_FOOTAGE, replace(raw, quota_bytes=third.size_bytes))
    swept = a_ladder(site, missing=0).by_quota()
    assert (swept.segments, list(swept.reasons)) == (1, ["its class had more than its quota"])
    assert [each.id for each in segments(site)] == [third.id]
