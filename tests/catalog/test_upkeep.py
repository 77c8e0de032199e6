"""The duties of the calendar, seen from outside: page, playlist, export, audit."""

from datetime import timedelta
from pathlib import Path

import pytest

from builders import NOON, FixedClock
from house_builder import a_camera, a_house, record
from segment_damage import flip_in_fragment, state
from tier_world import a_disk
from time_code import make_clip
from watchkeep.application.asking import system_asking
from watchkeep.application.exports import export
from watchkeep.application.house import House
from watchkeep.application.playback import read_playlist
from watchkeep.application.status import read_health
from watchkeep.application.timeline import read_timeline
from watchkeep.application.upkeep import Upkeep, audit_archive, clean_up, scrub_and_put_aside
from watchkeep.domain.audit import AuditFilter
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.coverage import Coverage
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import GapCause
from watchkeep.domain.segment import SegmentState
from watchkeep.storage.blobs.disk import DiskBlobs
from watchkeep.storage.blobs.volumes import Volumes, only
from watchkeep.storage.catalog import audit, footage
from watchkeep.storage.catalog.connection import Catalog

ROLE = StreamRole.MAIN
FAST = 1 << 40


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty seconds, a key picture each second."""
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", seconds=40, fps=10, gop=10, size=(160, 90))


@pytest.fixture
def house(catalog: Catalog, tmp_path: Path) -> House:
    return a_house(catalog, tmp_path, clock=FixedClock(NOON + timedelta(minutes=5)))


def audited(catalog: Catalog) -> list[str]:
    with catalog.transaction() as connection:
        return [entry.action for entry in audit.read(connection, AuditFilter(), limit=50).items]


def upkeep(house: House) -> Upkeep:
    return Upkeep(house=house, bytes_per_s=FAST)


def test_damage_is_found_told_shown_and_skipped(house: House, catalog: Catalog, clip: Path) -> None:
    camera = a_camera(house, "Door")
    first, *_ = record(house, camera, clip, segment_length=timedelta(seconds=20))
    volume = house.volumes[0].volume
    path = next(path for path in volume.segments() if path.stem == str(first))
    flip_in_fragment(path, 20, house.keystore.find_shred_key)
    when = Interval(NOON, NOON + timedelta(seconds=40))
    asking = system_asking()
    assert isinstance(house.clock, FixedClock)
    before = read_playlist(house, asking, camera, when, role=ROLE)
    house.clock.instant = NOON + timedelta(days=28)

    said = scrub_and_put_aside(upkeep(house), house.clock.now())

    assert "1 damaged" in said
    (alarm,) = read_health(house, asking).alarms
    assert "damaged on the disk" in alarm
    assert "find damage" in audited(catalog)
    spans = read_timeline(house, asking, camera, when, role=ROLE, buckets=10).spans
    (gap,) = [span for span in spans if span.cause is GapCause.DAMAGED]
    assert [span.coverage for span in spans] == [Coverage.RECORDED, Coverage.GAP, Coverage.RECORDED]
    assert timedelta(seconds=0.4) < gap.when.length < timedelta(seconds=1.1)
    after = read_playlist(house, asking, camera, when, role=ROLE)
    assert before.count("#EXT-X-DISCONTINUITY") == 0
    assert after.count("#EXT-X-DISCONTINUITY") == 1
    assert seconds_of(before) - seconds_of(after) == pytest.approx(gap.when.length.total_seconds(), abs=0.01)
    assert export(house, asking, camera, when, role=ROLE, with_audio=False).left_out == []
    assert b"".join(export(house, asking, camera, when, role=ROLE, with_audio=False).content)


def seconds_of(playlist: str) -> float:
    return sum(float(line[8:-1]) for line in playlist.splitlines() if line.startswith("#EXTINF:"))


def test_the_weekly_duty_takes_in_footage_without_a_row_and_puts_strangers_aside(
    house: House, catalog: Catalog, clip: Path
) -> None:
    camera = a_camera(house, "Door")
    first, second, *_ = record(house, camera, clip)
    with catalog.transaction() as connection:
        connection.execute("delete from video_segments where segment_id = %s", [first])
    volume = house.volumes[0].volume
    path = next(path for path in volume.segments() if path.stem == str(second))
    (path.parent / "letter.wks").write_bytes(b"not ours")

    said = scrub_and_put_aside(upkeep(house), house.clock.now())

    assert "1 taken in, 1 put aside" in said
    assert state(catalog, first) is SegmentState.CLOSED
    assert [path.name for path in volume.quarantined()] == ["letter.wks"]
    assert "settle orphans" in audited(catalog)
    assert "files and rows agree" in scrub_and_put_aside(upkeep(house), house.clock.now())


def test_the_weekly_duty_looks_at_the_disks_of_all_tiers(
    house: House, catalog: Catalog, clip: Path, tmp_path: Path
) -> None:
    camera = a_camera(house, "Door")
    gone, moved, *_ = record(house, camera, clip, segment_length=timedelta(seconds=20))
    near, far = DiskBlobs(house.volumes[0].volume, fs=house.fs), a_disk(tmp_path / "far")
    volumes = Volumes([only(each, tier="any", clock=house.clock) for each in (near, far)])
    object.__setattr__(house, "tiered", volumes)
    with catalog.transaction() as connection:
        for identifier in (gone, moved):
            row = footage.segment(connection, identifier)
            path = near.volume.locate(row.path, row.id)
            if identifier == moved:
                far.put(row.path, [path.read_bytes()], row.size_bytes)
            path.unlink()
            connection.execute(
                "update video_segments set volume_id = %s where segment_id = %s", [far.id, identifier]
            )

    said = scrub_and_put_aside(upkeep(house), house.clock.now())

    assert "1 lost" in said
    with catalog.transaction() as connection:
        assert footage.segment(connection, gone).state is SegmentState.LOST
        assert footage.segment(connection, moved).state is not SegmentState.LOST


def test_unfinished_files_go_when_they_were_there_a_run_ago(house: House, tmp_path: Path) -> None:
    volume = house.volumes[0].volume
    old, new = volume.root / "catalog.stamp.part", tmp_path / "watchkeep.yaml.part"
    old.write_text("begun")
    foreign = volume.root / "downloads" / "2025-06-01" / "film.mkv.part"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("somebody's own")
    work = Upkeep(house=house, bytes_per_s=FAST, folders=(tmp_path,))

    assert clean_up(work, NOON).startswith("0 unfinished")
    new.write_text("begun")
    assert clean_up(work, NOON + timedelta(days=1)).startswith("1 unfinished")

    assert (old.exists(), new.exists(), foreign.exists()) == (False, True, True)


def test_the_archive_is_proved_in_the_audit(house: House, catalog: Catalog, clip: Path) -> None:
    first, *_ = record(house, a_camera(house, "Door"), clip)
    with catalog.transaction() as connection:
        connection.execute(
            "update video_segments set data_class = 'archived_event' where segment_id = %s", [first]
        )

    said = audit_archive(upkeep(house), house.clock.now())

    assert "1 archived segments proved" in said
    with catalog.transaction() as connection:
        (entry, *_) = audit.read(connection, AuditFilter(), limit=1).items
    assert (entry.action, len(entry.facts["proof"])) == ("prove archive", 64)
