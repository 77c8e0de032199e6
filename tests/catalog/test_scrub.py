"""The scrub on real files: a flipped bit is found, told, mended from a copy, or shown as a gap."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from builders import INSTALLATION, NOON, CountingRng, FixedClock
from house_builder import a_camera, a_house, record
from time_code import make_clip
from unit.lifecycle.store import SmallStore, a_small_store
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
from watchkeep.domain.errors import Conflict
from watchkeep.domain.ids import CameraId, SegmentId
from watchkeep.domain.interval import Interval
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
from watchkeep.lifecycle.scrub import Scrub, scrub_due, scrub_sample
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.catalog import audit, footage, recordings, volumes
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.recorder_rows import SegmentClosed, StoredSegment
from watchkeep.storage.catalog.volumes import Placement, PlacementState, StoredVolume, Tier, VolumeKind
from watchkeep.storage.media.reader import SealedReader
from watchkeep.storage.media.volume import Volume

DOOR = CameraId("door")
FAST = 1 << 40
ROLE = StreamRole.MAIN
LATER = NOON + timedelta(days=40)


@pytest.fixture
def store(tmp_path: Path, catalog: Catalog) -> SmallStore:
    small = a_small_store(tmp_path)
    for day in range(6):
        small.record(DOOR, NOON + timedelta(days=day), sizes=(400, 300, 500, 70_000, 200, 100, 100, 100))
    with catalog.transaction() as connection:
        assert recordings.apply(connection, [SegmentClosed(row) for row in small.rows.values()]) == []
    small.clock.instant = LATER
    return small


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty seconds, a key picture each second."""
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", seconds=40, fps=10, gop=10, size=(160, 90))


@pytest.fixture
def house(catalog: Catalog, tmp_path: Path) -> House:
    return a_house(catalog, tmp_path, clock=FixedClock(NOON + timedelta(minutes=5)))


def a_scrub(store: SmallStore, catalog: Catalog, *others: Volume, bytes_per_s: int = FAST) -> Scrub:
    return Scrub(
        catalog=catalog,
        volumes={volume.id: volume for volume in (store.volume, *others)},
        fs=SystemFs(),
        clock=store.clock,
        keys=store.keystore.find_shred_key,
        bytes_per_s=bytes_per_s,
    )


def places(store: SmallStore, catalog: Catalog) -> Places:
    return Places(catalog=catalog, volume=store.volume, fs=SystemFs())


def flip(path: Path, offset: int) -> None:
    """Change one bit."""
    data = bytearray(path.read_bytes())
    data[offset] ^= 1
    path.write_bytes(data)


def flip_in_fragment(path: Path, number: int, keys: Callable[..., object]) -> Interval:
    """Change one bit of a fragment; its span."""
    reader = SealedReader.open(path, fs=SystemFs(), keys=keys)  # type: ignore[arg-type]
    mark = reader.marks[number]
    reader.close()
    flip(path, mark.record_offset + 100)
    return mark.when


def gaps(catalog: Catalog, segment: StoredSegment) -> list[tuple[GapCause, Interval]]:
    with catalog.transaction() as connection:
        found = footage.gaps_between(connection, segment.stream, segment.when)
    return [(gap.cause, Interval(gap.started_at, gap.ended_at or gap.started_at)) for gap in found]


def state(catalog: Catalog, segment: SegmentId) -> SegmentState:
    with catalog.transaction() as connection:
        return footage.segment(connection, segment).state


def audited(catalog: Catalog) -> list[str]:
    with catalog.transaction() as connection:
        return [entry.action for entry in audit.read(connection, AuditFilter(), limit=50).items]


# --- the scrub ---------------------------------------------------------------------------------------------


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
                tier=Tier.WARM,
                reserve_bytes=0,
                created_at=NOON,
            ),
        )
        for row in rows:
            target = copies.root / row.path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(store.path(row.id), target)
            volumes.put_placement(
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


# --- orphans -----------------------------------------------------------------------------------------------


def test_rows_without_files_are_lost_with_their_span(store: SmallStore, catalog: Catalog) -> None:
    gone = list(store.rows.values())[1]
    store.path(gone.id).unlink()

    assert [each.id for each in mark_missing(places(store, catalog))] == [gone.id]

    assert state(catalog, gone.id) is SegmentState.LOST
    assert gaps(catalog, gone) == [(GapCause.DELETED, gone.when)]
    assert mark_missing(places(store, catalog)) == []


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


def test_a_person_may_delete_what_was_put_aside_sooner(store: SmallStore, catalog: Catalog) -> None:
    folder = store.path(next(iter(store.rows))).parent
    (folder / "holiday.txt").write_text("mine")
    there = places(store, catalog)
    put_aside(there, Rebuilt())

    delete_quarantined(there, "holiday.txt")

    assert list_quarantine(there) == []


# --- the duties, seen from outside -------------------------------------------------------------------------


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
    assert "damaged on the disk" in read_health(house, asking).sentence
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


def test_unfinished_files_go_when_they_were_there_a_run_ago(house: House, tmp_path: Path) -> None:
    volume = house.volumes[0].volume
    old, new = volume.root / "catalog.stamp.part", tmp_path / "watchkeep.yaml.part"
    old.write_text("begun")
    work = Upkeep(house=house, bytes_per_s=FAST, folders=(tmp_path,))

    assert clean_up(work, NOON).startswith("0 unfinished")
    new.write_text("begun")
    assert clean_up(work, NOON + timedelta(days=1)).startswith("1 unfinished")

    assert (old.exists(), new.exists()) == (False, True)


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
