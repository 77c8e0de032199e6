"""Erasing on purpose: what goes can never be read again, what stays can, no backup brings anything back."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from builders import NOON
from catalog_server import Database
from erasing import Archive, FailingFs
from house_builder import a_camera
from house_events import happen
from tier_world import a_disk
from time_code import make_clip
from watchkeep.domain.category import DataClass
from watchkeep.domain.erasure import ErasureState
from watchkeep.domain.errors import Conflict, Tampered, Unavailable
from watchkeep.domain.interval import Interval
from watchkeep.domain.retention import Hold
from watchkeep.domain.segment import SegmentState
from watchkeep.lifecycle.erasure_receipt import check_receipt
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.blobs.disk import DiskBlobs
from watchkeep.storage.blobs.volumes import Volumes, only
from watchkeep.storage.catalog import events, footage
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.encryption.keystore import ShredKey
from watchkeep.storage.media.picture import open_picture

DAYS = timedelta(days=3)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute, a key picture every second."""
    path = tmp_path_factory.mktemp("erasure") / "clip.mp4"
    return make_clip(path, seconds=30, fps=10, gop=10, size=(128, 96))


@pytest.fixture
def archive(catalog: Catalog, tmp_path: Path) -> Archive:
    return Archive(catalog, tmp_path)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def test_a_span_within_segments_goes_and_the_rest_stays_readable(archive: Archive, clip: Path) -> None:
    archive.record(clip)
    archive.clock.advance(DAYS.total_seconds())
    assert archive.spans() == [(0, 10), (10, 20), (20, 30)]
    before = {row.id: archive.volume.locate(row.path, row.id) for row in archive.rows()}
    kept = {path: archive.read(path) for path in before.values()}
    backup = {path: path.read_bytes() for path in before.values()}

    done = archive.eraser().carry_out(archive.order(NOON + seconds(4.2), NOON + seconds(22.3)))

    assert done.state is ErasureState.DONE
    assert archive.spans() == [(0, 4), (23, 30)]
    for path, sealed in backup.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sealed)  # as from a backup of the volume
        assert archive.is_unreadable(path)
    archive.sweep()
    assert not any(path.exists() for path in before.values())
    # What stays is the same pictures, bit for bit.
    first, last = (archive.read(archive.volume.locate(row.path, row.id)) for row in archive.rows())
    assert kept[before[next(iter(before))]].startswith(first)
    assert kept[list(before.values())[-1]].endswith(last[-1000:])


def test_what_stays_of_a_clip_is_no_more_than_the_clip(archive: Archive, clip: Path) -> None:
    archive.record(clip)
    archive.clock.advance(DAYS.total_seconds())
    first, *_ = archive.rows()
    with archive.catalog.transaction() as connection:
        connection.execute(
            "update video_segments set data_class = 'event_clip', claims = %(claims)s"
            " where segment_id = %(id)s",
            {"id": first.id, "claims": f"{{[{NOON + seconds(2)}, {NOON + seconds(4)})}}"},
        )

    archive.eraser().carry_out(archive.order(NOON + seconds(3), NOON + seconds(5)))

    left, *_ = (row for row in archive.rows() if row.state is not SegmentState.DOOMED)
    assert left.data_class is DataClass.EVENT_CLIP
    assert left.when.end <= NOON + seconds(3)
    assert left.claims == (Interval(NOON + seconds(2), left.when.end),)


def test_what_lies_on_another_volume_goes_too_and_what_stays_of_it_can_be_read(
    archive: Archive, clip: Path
) -> None:
    archive.record(clip)
    archive.clock.advance(DAYS.total_seconds())
    far = a_disk(archive.root / "far")
    before = archive.rows()
    with archive.catalog.transaction() as connection:
        for row in before:
            path = archive.volume.locate(row.path, row.id)
            far.put(row.path, [path.read_bytes()], row.size_bytes)
            path.unlink()
            connection.execute(
                "update video_segments set volume_id = %s where segment_id = %s", [far.id, row.id]
            )
    near = DiskBlobs(archive.volume, fs=SystemFs())
    volumes = Volumes([only(each, tier="any", clock=archive.clock) for each in (near, far)])

    replace(archive.eraser(), volumes=volumes).carry_out(archive.order(NOON + seconds(5), NOON + seconds(15)))

    first, second, third = (far.volume.within(row.path) for row in before)
    assert archive.is_unreadable(first)
    assert archive.is_unreadable(second)
    assert archive.read(third)
    left = [row for row in archive.rows() if row.state is not SegmentState.DOOMED]
    assert [row.volume for row in left] == [archive.volume.id, archive.volume.id, far.id]
    assert all(archive.read(archive.volume.locate(row.path, row.id)) for row in left[:2])


def test_neighbours_under_the_same_key_stay_and_their_files_are_not_touched(
    archive: Archive, clip: Path
) -> None:
    archive.record(clip)
    archive.clock.advance(DAYS.total_seconds())
    first, second, third = archive.rows()
    files = {row.id: archive.volume.locate(row.path, row.id) for row in (first, third)}
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files.values()}

    archive.eraser().carry_out(archive.order(second.when.start, second.when.end))

    assert archive.spans() == [(0, 10), (20, 30)]
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files.values()} == before


def test_another_camera_and_another_day_are_not_touched(archive: Archive, clip: Path) -> None:
    yard = a_camera(archive.house, "Yard")
    for camera in (archive.camera, yard):
        archive.record(clip, camera=camera)
        archive.record(clip, at=NOON + timedelta(days=1), camera=camera)
    archive.clock.advance(DAYS.total_seconds())
    midnight = NOON - timedelta(hours=12)

    archive.eraser().carry_out(archive.order(midnight, midnight + timedelta(days=1)))

    assert len(archive.spans(yard)) == 6
    assert archive.spans() == [(86_400 + 10.0 * n, 86_410 + 10.0 * n) for n in range(3)]
    (entry,) = archive.eraser().ledger.entries()
    assert [key.things for key in entry.keys] == [None]  # a whole day needs no list
    assert archive.keystore().day(midnight.date()).keys_of(archive.camera) == []


def test_events_pictures_and_tracks_of_the_span_go_and_others_stay(archive: Archive, clip: Path) -> None:
    archive.record(clip)
    going = happen(archive.house, archive.camera, start=NOON + seconds(5), number=1)
    staying = happen(archive.house, archive.camera, start=NOON + timedelta(hours=2), number=2)
    archive.clock.advance(DAYS.total_seconds())
    paths = {
        event: archive.volume.picture_path(camera=archive.camera, day=NOON.date(), event=event)
        for event in (going.event, staying.event)
    }
    sealed = paths[going.event].read_bytes()

    done = archive.eraser().carry_out(archive.order(NOON, NOON + seconds(20)))

    with archive.catalog.transaction() as connection:
        assert events.get_event(connection, going.event) is None
        assert events.get_event(connection, staying.event) is not None
    assert not paths[going.event].exists()
    paths[going.event].write_bytes(sealed)
    assert archive.keystore().day(NOON.date())
    keys = archive.keystore().find_shred_key
    with pytest.raises(Exception, match="erased on purpose"):
        open_picture(paths[going.event], fs=SystemFs(), keys=keys)
    assert open_picture(paths[staying.event], fs=SystemFs(), keys=keys)[0].event == staying.event
    assert "2 segments and 1 event can" in done.told


def test_a_hold_wins_and_says_its_reason(archive: Archive, clip: Path) -> None:
    archive.record(clip)
    archive.clock.advance(DAYS.total_seconds())
    archive.holds.held.append(
        Hold(archive.camera, Interval(NOON + seconds(9), NOON + seconds(11)), "case 12")
    )

    refused = archive.eraser().carry_out(archive.order(NOON, NOON + seconds(10)))

    assert refused.state is ErasureState.REFUSED
    assert "(case 12)" in refused.told
    assert archive.settled(refused) == refused
    assert archive.spans() == [(0, 10), (10, 20), (20, 30)]
    assert archive.eraser().ledger.entries() == ()


def test_what_is_being_written_is_waited_for(archive: Archive, clip: Path) -> None:
    archive.record(clip)
    archive.clock.advance(60)
    with archive.catalog.transaction() as connection:
        connection.execute(
            "update video_segments set state = 'open' where start_time > %s", [NOON + seconds(15)]
        )
    order = archive.order(NOON + seconds(12), NOON + seconds(28))

    with pytest.raises(Unavailable, match="still writing"):
        archive.eraser().carry_out(order)
    with archive.catalog.transaction() as connection:
        connection.execute("update video_segments set state = 'closed' where state = 'open'")

    assert archive.eraser().carry_out(order).state is ErasureState.DONE
    assert archive.spans() == [(0, 10), (10, 12), (28, 30)]


def test_while_the_day_goes_on_new_segments_begin_under_another_key(archive: Archive, clip: Path) -> None:
    archive.record(clip)
    archive.clock.advance(60)

    archive.eraser().carry_out(archive.order(NOON, NOON + seconds(30)))
    archive.record(clip, at=NOON + seconds(40))

    assert archive.spans() == [(40, 50), (50, 60), (60, 70)]


def test_nothing_begins_under_a_key_while_it_is_being_destroyed(
    archive: Archive, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.record(clip)
    archive.clock.advance(60)
    begun: list[ShredKey] = []

    def a_recorder_begins(_seconds: float) -> None:
        begun.append(
            archive.house.keystore.shred_key(
                camera=archive.camera, day=NOON.date(), data_class=DataClass.RAW_FOOTAGE
            )
        )

    monkeypatch.setattr(archive.clock, "sleep", a_recorder_begins)

    eraser = archive.eraser()
    eraser.carry_out(archive.order(NOON + seconds(12), NOON + seconds(30)))

    (entry,) = eraser.ledger.entries()
    assert len(begun) == 1
    assert begun[0].id not in {key.id for key in entry.keys}
    assert archive.spans() == [(0, 10), (10, 12)]


def test_a_survivor_that_cannot_be_reached_stops_the_erasure_before_its_key_is_gone(
    archive: Archive, clip: Path
) -> None:
    archive.record(clip)
    archive.clock.advance(DAYS.total_seconds())
    first, second, _ = archive.rows()
    path = archive.volume.locate(first.path, first.id)
    aside = path.rename(path.with_suffix(".aside"))
    order = archive.order(second.when.start, second.when.end)

    with pytest.raises(Unavailable, match="mount its volume"):
        archive.eraser().carry_out(order)
    aside.rename(path)
    archive.eraser().carry_out(order)

    assert archive.spans() == [(0, 10), (20, 30)]


def test_without_its_volume_nothing_is_erased_and_no_key_is_gone(archive: Archive, clip: Path) -> None:
    archive.record(clip)
    archive.clock.advance(DAYS.total_seconds())
    second = archive.rows()[1]
    order = archive.order(second.when.start, second.when.end)
    away = archive.volume.root.rename(archive.root / "away")
    archive.volume.root.mkdir()  # an empty mount point

    with pytest.raises(Conflict, match="not mounted"):
        archive.eraser().carry_out(order)

    assert archive.eraser().ledger.entries() == ()
    assert list(archive.volume.root.iterdir()) == []
    archive.volume.root.rmdir()
    away.rename(archive.volume.root)
    assert archive.eraser().carry_out(order).state is ErasureState.DONE
    assert archive.spans() == [(0, 10), (20, 30)]


def test_no_backup_brings_back_what_was_erased(archive: Archive, clip: Path, database: Database) -> None:
    """Goal C5: files, catalog and keystore from before, and the ledger."""
    archive.record(clip)
    archive.clock.advance(DAYS.total_seconds())
    second = archive.rows()[1]
    backup = archive.copy("backup")
    saved = dump(archive.catalog)
    order = archive.order(second.when.start, second.when.end)
    archive.eraser().carry_out(order)
    archive.sweep()

    archive.restore(backup, "footage", "keys")
    load(archive.catalog, saved)

    path = archive.volume.locate(second.path, second.id)
    assert archive.keystore(with_ledger=False).day(NOON.date()).still_opens(second.shred_key, None)
    assert archive.is_unreadable(path)  # at once, before anything was replayed
    assert archive.eraser().replay() == 1
    assert archive.is_unreadable(path, archive.keystore(with_ledger=False))  # now without the ledger, too
    assert archive.spans() == [(0, 10), (20, 30)]
    archive.sweep()
    assert not path.exists()
    with archive.catalog.transaction() as connection:
        (told,) = footage.deletions(connection, archive.camera, second.when)
    assert told.reason == f"erased on purpose (erasure {order.id})"
    assert archive.eraser().replay() == 0


def test_without_the_ledger_a_backup_would_bring_it_back(archive: Archive, clip: Path) -> None:
    """The check above can fail: it is the ledger that stops it."""
    archive.record(clip)
    archive.clock.advance(DAYS.total_seconds())
    second = archive.rows()[1]
    backup = archive.copy("backup")
    archive.eraser().carry_out(archive.order(second.when.start, second.when.end))
    archive.restore(backup, "footage", "keys")

    archive.ledger_path.unlink()

    assert archive.read(archive.volume.locate(second.path, second.id))
    assert archive.eraser().replay() == 0


def test_the_receipt_is_signed_and_a_changed_one_is_not_believed(archive: Archive, clip: Path) -> None:
    archive.record(clip)
    archive.clock.advance(DAYS.total_seconds())

    done = archive.settled(archive.eraser().carry_out(archive.order(NOON, NOON + seconds(15))))

    content = json.loads(done.receipt)
    assert (content["segments"], content["asked_by"], content["cameras"]) == (2, "ada", [archive.camera])
    check_receipt(done.receipt, archive.keystore())
    with pytest.raises(Tampered):
        check_receipt(done.receipt.replace(b'"segments":2', b'"segments":3'), archive.keystore())
    with pytest.raises(Tampered):
        check_receipt(b"{}", archive.keystore())


@pytest.mark.slow
def test_stopped_at_any_write_it_is_finished_the_next_time(archive: Archive, clip: Path) -> None:
    archive.clock.advance(DAYS.total_seconds())
    for number in range(1, 100):
        camera = a_camera(archive.house, f"Camera {number}")
        archive.record(clip, camera=camera)
        order = archive.order(NOON + seconds(4.2), NOON + seconds(22.3), camera)
        fs = FailingFs(number)
        try:
            archive.eraser(fs=fs).carry_out(order)
        except OSError:
            archive.sweep()
            assert archive.settled(order).state is ErasureState.ORDERED
            assert archive.eraser().carry_out(order).state is ErasureState.DONE
        assert archive.spans(camera) == [(0, 4), (23, 30)], f"stopped at write {number}"
        if not fs.has_failed:
            break

    assert fs.has_failed is False
    assert number > 15
    assert len(archive.eraser().ledger.entries()) == number


def dump(catalog: Catalog) -> list[tuple[object, ...]]:
    """The states of all segments, as a backup of the catalog holds them."""
    with catalog.transaction() as connection:
        return connection.execute("select to_jsonb(s) from video_segments s").fetchall()


def load(catalog: Catalog, rows: list[tuple[object, ...]]) -> None:
    """Put the segments back as they were; what was noted since is gone."""
    with catalog.transaction() as connection:
        connection.execute("delete from segment_tombstones")
        connection.execute("delete from video_segments")
        for (row,) in rows:
            connection.execute(
                "insert into video_segments select * from jsonb_populate_record(null::video_segments, %s)",
                [json.dumps(row)],
            )
