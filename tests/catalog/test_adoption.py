"""Somebody else's MP4 files: indexed in place, played, exported, sealed; never written to."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from builders import NODE, NOON, FixedClock
from clip_packets import clip_packets, demuxed
from house_builder import a_camera, a_house, record
from time_code import make_clip
from watchkeep.application import adoption
from watchkeep.application.adoption import Adopted, Tree, TreeKind, adopt
from watchkeep.application.asking import system_asking
from watchkeep.application.exports import export
from watchkeep.application.house import House
from watchkeep.application.playback import open_video, read_bytes, read_playlist
from watchkeep.application.sealing import seal_adopted
from watchkeep.application.timeline import read_timeline
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.category import DataClass
from watchkeep.domain.coverage import Coverage
from watchkeep.domain.errors import Conflict, DataLoss, Invalid
from watchkeep.domain.ids import CameraId
from watchkeep.domain.interval import Interval
from watchkeep.lifecycle.certifier import Certifier
from watchkeep.lifecycle.gentle_ways import GentleWays
from watchkeep.lifecycle.holds import CatalogHolds
from watchkeep.lifecycle.ladder import Ladder
from watchkeep.lifecycle.scrub import Scrub, scrub_due
from watchkeep.lifecycle.sweeper import Sweeper
from watchkeep.lifecycle.thinner import Thinner
from watchkeep.runtime.foreign_tree import list_tree
from watchkeep.storage.blobs.disk import DiskBlobs
from watchkeep.storage.catalog import cameras, footage, policies
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.encryption.signing import Signer

ROLE = StreamRole.MAIN
ASKING = system_asking()
DOOR = CameraId("front-door")
FAST = 1 << 40


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds, as Frigate's files are."""
    folder = tmp_path_factory.mktemp("clip")
    return make_clip(folder / "clip.mp4", seconds=10, fps=10, gop=10, size=(160, 90), b_frames=2)


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    return make_clip(folder / "clip.mp4", seconds=70, fps=5, gop=10, size=(160, 90))


@pytest.fixture
def house(catalog: Catalog, tmp_path: Path) -> House:
    return a_house(catalog, tmp_path / "house", clock=FixedClock(NOON + timedelta(days=1)))


@pytest.fixture
def frigate(tmp_path: Path, clip: Path) -> Iterator[Path]:
    """Half a minute of two cameras, and two files that are none; afterwards all is as it was."""
    root = tmp_path / "recordings"
    for camera in ("front_door", "yard"):
        folder = root / "2025-06-01" / "12" / camera
        folder.mkdir(parents=True)
        for second in (0, 10, 20):
            (folder / f"00.{second:02d}.mp4").write_bytes(clip.read_bytes())
    (root / "2025-06-01" / "12" / "yard" / "00.30.mp4").write_bytes(clip.read_bytes()[:900])
    (root / "notes.txt").write_text("mine")
    before = state_of(root)
    yield root
    assert state_of(root) == before


def state_of(root: Path) -> list[tuple[str, int, int]]:
    if not root.exists():
        return []
    return sorted(
        (str(path.relative_to(root)), path.stat().st_size, path.stat().st_mtime_ns)
        for path in root.rglob("*")
    )


def take_in(house: House, root: Path, kind: TreeKind = TreeKind.FRIGATE, camera: str = "") -> Adopted:
    return adopt(house, ASKING, Tree(root=root, kind=kind, camera=camera, files=list_tree(root), node=NODE))


def rows(catalog: Catalog) -> list[StoredSegment]:
    with catalog.transaction() as connection:
        return list(footage.all_segments(connection))


def pictures(house: House, camera: CameraId, when: Interval, folder: Path) -> list[tuple[bytes, ...]]:
    """An export's pictures, NAL by NAL."""
    made = export(house, ASKING, camera, when, role=ROLE, with_audio=False)
    assert made.left_out == []
    path = folder / "export.mp4"
    path.write_bytes(b"".join(made.content))
    return [nals for _, _, _, nals in demuxed(path)]


def test_frigates_recordings_are_indexed_in_place_and_the_rest_is_listed(
    house: House, catalog: Catalog, frigate: Path
) -> None:
    adopted = take_in(house, frigate)

    assert (adopted.segments, adopted.known) == (6, 0)
    assert adopted.new_cameras == [DOOR, "yard"]
    assert sorted(name for name, _ in adopted.refused) == ["2025-06-01/12/yard/00.30.mp4", "notes.txt"]
    first = rows(catalog)[0]
    assert (first.when.start, first.when.length) == (NOON, timedelta(seconds=10))
    with catalog.transaction() as connection:
        camera = cameras.get_camera(connection, DOOR)
    assert (camera.is_enabled, camera.name) == (False, "front_door")


def test_a_tree_taken_in_by_portions_is_the_same(
    house: House, catalog: Catalog, frigate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(adoption.AT_ONCE, TreeKind.FRIGATE, 3)
    told: list[int] = []

    adopted = adopt(
        house,
        ASKING,
        Tree(root=frigate, kind=TreeKind.FRIGATE, camera="", files=list_tree(frigate), node=NODE),
        advance=told.append,
    )

    assert (adopted.segments, adopted.new_cameras, len(adopted.refused)) == (6, [DOOR, "yard"], 2)
    assert told == list(range(1, 9))
    assert len(rows(catalog)) == 6


def test_adopted_footage_is_on_the_timeline_plays_and_is_exported_as_it_was(
    house: House, frigate: Path, clip: Path, tmp_path: Path
) -> None:
    take_in(house, frigate)
    when = Interval(NOON, NOON + timedelta(seconds=30))

    spans = read_timeline(house, ASKING, DOOR, when, role=ROLE, buckets=10).spans
    playlist = read_playlist(house, ASKING, DOOR, when, role=ROLE)

    assert [(span.coverage, span.when) for span in spans] == [(Coverage.RECORDED, when)]
    assert sum(float(line[8:-1]) for line in playlist.splitlines() if line.startswith("#EXTINF:")) == 30.0
    assert pictures(house, DOOR, when, tmp_path) == [packet.nals for packet in clip_packets(clip)[1]] * 3


def test_a_range_of_adopted_video_is_the_same_each_time(
    house: House, catalog: Catalog, frigate: Path
) -> None:
    take_in(house, frigate)
    segment = rows(catalog)[0].id
    video = open_video(house, ASKING, segment)

    whole = b"".join(read_bytes(house, video, 0, video.length))
    part = b"".join(read_bytes(house, open_video(house, ASKING, segment), 700, 1900))

    assert part == whole[700:1900]


def test_a_long_file_is_cut_and_plays_through_without_a_break(
    house: House, catalog: Catalog, long_clip: Path, tmp_path: Path
) -> None:
    root = tmp_path / "tree"
    root.mkdir()
    (root / "monday.mp4").write_bytes(long_clip.read_bytes())
    os.utime(root / "monday.mp4", (NOON.timestamp() + 70, NOON.timestamp() + 70))

    adopted = take_in(house, root, TreeKind.DIRECTORY, "Front door")

    when = Interval(NOON, NOON + timedelta(seconds=70))
    assert adopted.segments == 4
    assert adopted.when == when
    playlist = read_playlist(house, ASKING, DOOR, when, role=ROLE)
    assert "DISCONTINUITY" not in playlist
    assert pictures(house, DOOR, when, tmp_path) == [packet.nals for packet in clip_packets(long_clip)[1]]


def test_adopting_again_changes_nothing_and_takes_in_what_is_new(
    house: House, catalog: Catalog, frigate: Path, clip: Path
) -> None:
    first = take_in(house, frigate)
    before = rows(catalog)

    again = take_in(house, frigate)

    assert (again.segments, again.known, again.volume, again.new_cameras) == (0, 6, first.volume, [])
    assert rows(catalog) == before


def test_a_tree_that_was_moved_is_known_again(house: House, catalog: Catalog, frigate: Path) -> None:
    first = take_in(house, frigate)
    moved = frigate.with_name("moved")
    frigate.rename(moved)

    again = take_in(house, moved)
    video = open_video(house, ASKING, rows(catalog)[0].id)

    assert (again.volume, again.segments) == (first.volume, 0)
    assert video.length > 0
    moved.rename(frigate)


def test_a_tree_that_is_away_or_changed_is_told_and_loses_no_row(
    house: House, catalog: Catalog, tmp_path: Path, clip: Path
) -> None:
    root = tmp_path / "tree"
    root.mkdir()
    (root / "a.mp4").write_bytes(clip.read_bytes())
    take_in(house, root, TreeKind.DIRECTORY, "Front door")
    (row,) = rows(catalog)
    (root / "a.mp4").write_bytes(clip.read_bytes()[:-1] + b"x")
    with pytest.raises(DataLoss, match="was changed since it was adopted"):
        house.adopted.open(row)
    (root / "a.mp4").unlink()
    with pytest.raises(DataLoss, match="cannot be read any more"):
        open_video(house, ASKING, row.id)

    assert rows(catalog) == [row]


def test_an_existing_camera_gets_the_footage_into_its_own_timeline(
    house: House, catalog: Catalog, frigate: Path
) -> None:
    camera = a_camera(house, "Front door")

    adopted = take_in(house, frigate)

    assert adopted.new_cameras == ["yard"]
    with catalog.transaction() as connection:
        stream = cameras.get_camera(connection, camera).streams[0].id
    assert {row.stream for row in rows(catalog) if row.camera == camera} == {stream}


def test_sealed_footage_is_like_any_other_and_the_files_are_as_they_were(
    house: House, catalog: Catalog, frigate: Path, clip: Path, tmp_path: Path
) -> None:
    take_in(house, frigate)
    when = Interval(NOON, NOON + timedelta(seconds=30))
    before = rows(catalog)
    playlist = read_playlist(house, ASKING, DOOR, when, role=ROLE)

    said = seal_adopted(house, ASKING, bytes_per_s=FAST)

    after = rows(catalog)
    volume = house.volumes[0].volume
    assert said == "6 segments sealed"
    assert [(row.id, row.when) for row in after] == [(row.id, row.when) for row in before]
    assert {row.volume for row in after} == {volume.id}
    assert read_playlist(house, ASKING, DOOR, when, role=ROLE) == playlist
    assert pictures(house, DOOR, when, tmp_path) == [packet.nals for packet in clip_packets(clip)[1]] * 3
    scrub = Scrub(
        catalog=catalog,
        stores={volume.id: DiskBlobs(volume, fs=house.fs)},
        clock=house.clock,
        keys=house.keystore.find_shred_key,
        bytes_per_s=FAST,
    )
    scrubbed = scrub_due(scrub, NOON + timedelta(days=40))
    assert (scrubbed.segments, scrubbed.harms) == (6, [])
    assert seal_adopted(house, ASKING, bytes_per_s=FAST) == "0 segments sealed"


def test_sealing_stops_when_it_is_told_and_goes_on_later(
    house: House, catalog: Catalog, frigate: Path
) -> None:
    take_in(house, frigate)
    looks = iter([False] * 5 + [True] * 99)

    seal_adopted(house, ASKING, bytes_per_s=FAST, is_cancelled=lambda: next(looks))
    begun = sum(row.shred_key != "" for row in rows(catalog))
    seal_adopted(house, ASKING, bytes_per_s=FAST)

    assert 0 < begun < 6
    assert all(row.shred_key for row in rows(catalog))


def a_sweeper(house: House, catalog: Catalog, *, reserve: int = 0) -> Sweeper:
    return Sweeper(
        catalog=catalog,
        volume=house.volumes[0].volume,
        fs=house.fs,
        clock=house.clock,
        holds=CatalogHolds(),
        certifier=Certifier(Signer(bytes(32)), house.clock),
        reserve_bytes=reserve,
    )


def a_ladder(house: House, catalog: Catalog, *, reserve: int = 0) -> Ladder:
    sweeper = a_sweeper(house, catalog, reserve=reserve)
    keys = house.keystore.find_shred_key
    thinner = Thinner(volume=sweeper.volume, fs=house.fs, rng=house.rng, keys=keys)
    return Ladder(sweeper=sweeper, ways=GentleWays(sweeper=sweeper, thinner=thinner), rng=house.rng)


def test_want_of_space_costs_no_adopted_row_for_it_would_free_nothing(
    house: House, catalog: Catalog, frigate: Path
) -> None:
    take_in(house, frigate)

    assert a_ladder(house, catalog, reserve=1 << 60).climb().is_space_short
    assert len(rows(catalog)) == 6


def test_a_quota_costs_a_camera_no_footage_of_ours_for_what_was_adopted(
    house: House, catalog: Catalog, frigate: Path, clip: Path
) -> None:
    take_in(house, frigate)
    door = next(row.camera for row in rows(catalog))
    record(house, door, clip, at=NOON + timedelta(hours=20))
    own = [row.id for row in rows(catalog) if row.shred_key]
    with catalog.transaction() as connection:
        size_bytes = sum(row.size_bytes for row in rows(catalog) if row.shred_key)
        policies.put_quota(connection, door, size_bytes)
        raw = policies.read(connection).classes[DataClass.RAW_FOOTAGE]
        policies.put_class(connection, DataClass.RAW_FOOTAGE, replace(raw, quota_bytes=size_bytes))

    a_ladder(house, catalog).by_quota()

    assert own
    assert [row.id for row in rows(catalog) if row.shred_key] == own


def test_when_its_time_is_up_the_row_goes_and_the_file_stays(
    house: House, catalog: Catalog, frigate: Path
) -> None:
    take_in(house, frigate)
    assert isinstance(house.clock, FixedClock)
    house.clock.advance(90 * 86_400)

    assert a_sweeper(house, catalog).sweep().segments == 6
    assert rows(catalog) == []
    assert take_in(house, frigate).segments == 0


def test_footage_of_ours_and_what_is_no_folder_are_refused(house: House, tmp_path: Path) -> None:
    root = house.volumes[0].root
    with pytest.raises(Conflict, match="footage of Watchkeep itself"):
        take_in(house, root)
    with pytest.raises(Invalid, match="is no folder"):
        list_tree(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(Invalid, match="look whether it is mounted"):
        list_tree(tmp_path / "empty")
