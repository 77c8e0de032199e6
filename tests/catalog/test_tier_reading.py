"""Footage that moved on is played, exported and examined as before; what is away is told so."""

from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from builders import NODE, NOON
from house_builder import a_camera, a_house, record
from tier_world import uncertified
from time_code import make_clip
from watchkeep.application.asking import system_asking
from watchkeep.application.exports import export
from watchkeep.application.house import House
from watchkeep.application.playback import open_video, read_bytes, read_playlist
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.errors import DataLoss, VolumeAway
from watchkeep.domain.ids import CameraId, SegmentId
from watchkeep.domain.interval import Interval
from watchkeep.domain.tier import DEFAULT_TIER, Tier
from watchkeep.lifecycle.bucket_comparison import compare_blobs
from watchkeep.lifecycle.copies import clear_volume
from watchkeep.lifecycle.findings import Depth, Fault
from watchkeep.lifecycle.mover import Mover
from watchkeep.storage.blobs.disk import DiskBlobs
from watchkeep.storage.blobs.memory import MemoryBlobs
from watchkeep.storage.blobs.store import Blobs
from watchkeep.storage.blobs.volumes import Volumes, only
from watchkeep.storage.catalog import footage, moves, placements, volumes
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.moves import Purpose
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.catalog.volumes import StoredVolume, VolumeKind

ASKING = system_asking()
WHEN = Interval(NOON, NOON + timedelta(seconds=9))


class Scene:
    """A house with footage of nine seconds, and a second volume."""

    def __init__(self, root: Path, catalog: Catalog) -> None:
        plain = a_house(catalog, root)
        self.own = DiskBlobs(plain.volumes[0].volume, fs=plain.fs)
        self.other = MemoryBlobs(uuid4())
        found = [only(each, tier=DEFAULT_TIER, clock=plain.clock) for each in (self.own, self.other)]
        self.house: House = replace(plain, tiered=Volumes(found))
        with catalog.transaction() as connection:
            for each in (self.own, self.other):
                volumes.put_volume(
                    connection,
                    StoredVolume(
                        id=each.id,
                        kind=VolumeKind.DISK,
                        location=each.label,
                        tier=DEFAULT_TIER,
                        reserve_bytes=0,
                        created_at=NOON,
                    ),
                )
        self.camera: CameraId = a_camera(self.house, "Door")
        clip = make_clip(root / "clip.mp4", seconds=9, fps=25, gop=25, size=(160, 90))
        self.segments = record(self.house, self.camera, clip, segment_length=timedelta(seconds=3))
        self.house.clock.advance(3600)

    def bring(self, segments: list[SegmentId], purpose: Purpose, target: Blobs | None = None) -> None:
        target = target or self.other
        with self.house.catalog.transaction() as connection:
            for each in segments:
                assert moves.want(connection, footage.segment(connection, each), target.id, purpose)
        mover = Mover(
            catalog=self.house.catalog,
            volumes=self.house.tiered,
            keys=self.house.keystore.find_shred_key,
            clock=self.house.clock,
            node=NODE,
            tier=Tier(name=DEFAULT_TIER),
            zone=UTC,
        )
        assert mover.turn(target).segments == len(segments)

    def clear(self) -> None:
        clear_volume(self.house.catalog, self.own, now=self.house.clock.now(), certify=uncertified)

    def exported(self) -> tuple[bytes, int]:
        made = export(self.house, ASKING, self.camera, WHEN)
        content = b"".join(made.content)
        return content, len(made.left_out)

    def playlist(self) -> str:
        return read_playlist(self.house, ASKING, self.camera, WHEN, role=StreamRole.MAIN)

    def rows(self) -> list[StoredSegment]:
        with self.house.catalog.transaction() as connection:
            return list(footage.all_segments(connection))


@pytest.fixture
def scene(tmp_path: Path, catalog: Catalog) -> Scene:
    return Scene(tmp_path, catalog)


def test_an_export_over_tiers_is_the_same_to_the_byte(scene: Scene) -> None:
    before = scene.exported()
    playlist = scene.playlist()

    scene.bring(scene.segments[1:], Purpose.MOVE)
    scene.clear()

    assert scene.exported() == before
    assert scene.playlist() == playlist
    assert len(list(scene.own.names())) == 1


def test_who_plays_while_footage_moves_notices_nothing(scene: Scene) -> None:
    segment = scene.segments[0]
    video = open_video(scene.house, ASKING, segment)
    whole = b"".join(read_bytes(scene.house, video, 0, video.length))
    again = open_video(scene.house, ASKING, segment)

    scene.bring([segment], Purpose.MOVE)
    scene.clear()
    scene.house.shelf.close()

    # The row that was read before the move names a place where nothing is any more.
    assert b"".join(read_bytes(scene.house, again, 0, again.length)) == whole


def test_footage_on_a_volume_that_is_away_is_said_to_be_so_and_comes_back(scene: Scene) -> None:
    before = scene.exported()
    scene.bring(scene.segments, Purpose.MOVE)
    scene.clear()
    scene.house.shelf.close()
    scene.house.shelf._reels.clear()
    scene.other.is_away = True

    with pytest.raises(VolumeAway, match="is away"):
        scene.playlist()
    with pytest.raises(DataLoss, match="cannot be read now"):
        scene.exported()
    with pytest.raises(VolumeAway, match="is away"):
        open_video(scene.house, ASKING, scene.segments[0])

    scene.other.is_away = False
    assert scene.exported() == before


def test_of_a_span_the_part_that_is_there_is_played(scene: Scene) -> None:
    scene.bring(scene.segments[:1], Purpose.MOVE)
    scene.clear()
    scene.house.shelf.close()
    scene.other.is_away = True

    listed = scene.playlist()

    assert str(scene.segments[0]) not in listed
    assert str(scene.segments[1]) in listed
    made = export(scene.house, ASKING, scene.camera, WHEN)
    assert b"".join(made.content)
    assert made.left_out == scene.segments[:1]


@pytest.mark.parametrize("harm", ["away", "gone", "changed"])
def test_a_copy_is_read_where_the_own_place_cannot_be(scene: Scene, harm: str) -> None:
    before = scene.exported()
    scene.bring(scene.segments, Purpose.COPY)
    scene.house.shelf.close()
    scene.house.shelf._reels.clear()
    for row in scene.rows():
        path = scene.own.volume.within(row.path)
        if harm == "gone":
            path.unlink()
        elif harm == "changed":
            content = bytearray(path.read_bytes())
            content[60] ^= 1
            path.write_bytes(content)
    if harm == "away":
        scene.own.volume.root.rename(scene.own.volume.root.with_name("unmounted"))

    assert scene.exported() == before


def test_what_is_nowhere_is_lost_and_not_away(scene: Scene) -> None:
    for row in scene.rows():
        scene.own.volume.within(row.path).unlink()

    with pytest.raises(DataLoss, match="is not there"):
        open_video(scene.house, ASKING, scene.segments[0])


def test_a_bucket_is_compared_with_the_catalog(scene: Scene) -> None:
    scene.bring(scene.segments, Purpose.MOVE)

    def rows() -> list[StoredSegment]:
        with scene.house.catalog.transaction() as connection:
            own = [each for each in footage.all_segments(connection) if each.volume == scene.other.id]
            return own + placements.placements_on(connection, scene.other.id)

    def found() -> list[tuple[Fault, str]]:
        by_id = {each.id: each for each in rows()}
        compared = compare_blobs(
            scene.other, rows, by_id.get, keys=scene.house.keystore.find_shred_key, depth=Depth.FULL
        )
        assert compared.row_count == 3
        return [(each.fault, each.place) for each in compared.findings]

    first, second, third = [row.path for row in rows()]
    assert found() == []

    scene.other.delete([first])
    held = scene.other._held
    held[second] = held[second][:-1]
    held[third] = held[third][:500] + bytes([held[third][500] ^ 1]) + held[third][501:]
    held["strange.wks"] = b"what is it"

    assert found() == [
        (Fault.MISSING_FILE, first),
        (Fault.WRONG_SIZE, second),
        (Fault.FLIPPED_BYTE, third),
        (Fault.EXTRA_FILE, "strange.wks"),
    ]
