"""How many recorder processes there are to be: by what the streams carry; fewer at a start only."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from builders import FixedClock
from catalog_rows import NODE, SITE, START
from faulty_fs import FaultyFs
from watchkeep.domain import sharing
from watchkeep.domain.camera import StreamCondition, StreamRole, StreamState
from watchkeep.domain.ids import CameraId, StreamId
from watchkeep.runtime import shards
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.predecessor import signs_of_life
from watchkeep.runtime.shards import ShardCount, Sharing, read_shard_count, write_shard_count
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.catalog import cameras, states
from watchkeep.storage.catalog.cameras import SealedCamera, SealedStream, Site
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.states import Heartbeat

FS = SystemFs()


def put_camera(
    catalog: Catalog, number: int, *, is_enabled: bool = True, bits: int | None = None
) -> StreamId:
    camera, stream = CameraId(f"camera-{number}"), StreamId(UUID(int=number))
    sealed = SealedCamera(
        id=camera,
        site=SITE,
        name=camera,
        is_enabled=is_enabled,
        retention_days=30,
        streams=(SealedStream(id=stream, camera=camera, role=StreamRole.MAIN, url="rtsp://192.0.2.1/main"),),
        created_at=START,
    )
    with catalog.transaction() as connection:
        cameras.insert_camera(connection, sealed)
        if bits is not None:
            states.put_stream_states(connection, [a_state(stream, bits)])
    return stream


def a_state(stream: StreamId, bits: int) -> StreamState:
    return StreamState(
        stream=stream,
        condition=StreamCondition.RECORDING,
        since=START,
        detail="",
        codec="h264",
        width_px=1920,
        height_px=1080,
        frames_per_second=25,
        bits_per_second=bits,
        is_clear_text=True,
        seen_at=START,
    )


@pytest.fixture
def paths(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path)


@pytest.fixture
def small(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    """A node of four cores where two streams fill a process, with three cameras."""
    monkeypatch.setattr(sharing, "STREAMS_A_SHARD", 2)
    monkeypatch.setattr(shards, "cores", lambda: 4)
    with catalog.transaction() as connection:
        cameras.put_site(connection, Site(id=SITE, name="Home", zone="UTC"))
    for number in (1, 2):
        put_camera(catalog, number, bits=3_000_000)
    put_camera(catalog, 3, is_enabled=False, bits=30_000_000)
    return catalog


def looks(sharing: Sharing, catalog: Catalog, clock: FixedClock, *, seconds: int) -> list[int]:
    """The numbers that it said there are to be, asked every two seconds."""
    said = []
    for _ in range(0, seconds, 2):
        clock.advance(2)
        if sharing.look(catalog):
            said.append(sharing.count)
    return said


def test_streams_that_one_process_carries_stay_in_one(small: Catalog, paths: DataFolder) -> None:
    clock = FixedClock()
    sharing = Sharing(paths, fs=FS, clock=clock, asked=None)

    assert sharing.count == 1
    assert looks(sharing, small, clock, seconds=300) == []
    assert not paths.shards.exists()  # the data folder is as it was before there were shards


def test_it_grows_when_more_is_wanted_for_a_minute_and_shrinks_at_the_next_start_only(
    small: Catalog, paths: DataFolder
) -> None:
    clock = FixedClock()
    sharing = Sharing(paths, fs=FS, clock=clock, asked=None)
    fourth, fifth = put_camera(small, 4), put_camera(small, 5, bits=9_000_000)

    assert looks(sharing, small, clock, seconds=60) == []
    assert looks(sharing, small, clock, seconds=10) == [3]
    assert read_shard_count(paths, fs=FS) == ShardCount(now=3, wanted=3)

    with small.transaction() as connection:
        states.put_stream_states(connection, [a_state(fifth, 0), a_state(fourth, 0)])
    assert looks(sharing, small, clock, seconds=300) == []
    assert read_shard_count(paths, fs=FS) == ShardCount(now=3, wanted=2)
    assert Sharing(paths, fs=FS, clock=clock, asked=None).count == 2
    assert read_shard_count(paths, fs=FS) == ShardCount(now=2, wanted=2)


def test_a_burst_moves_no_camera(small: Catalog, paths: DataFolder) -> None:
    clock = FixedClock()
    sharing = Sharing(paths, fs=FS, clock=clock, asked=None)
    stream = put_camera(small, 4)
    with small.transaction() as connection:
        connection.execute("update cameras set is_enabled = false where camera_id = 'camera-1'")
    for _ in range(5):
        for bits in (90_000_000, 0):
            with small.transaction() as connection:
                states.put_stream_states(connection, [a_state(stream, bits)])
            assert looks(sharing, small, clock, seconds=40) == []


def test_a_number_that_was_asked_for_is_kept(small: Catalog, paths: DataFolder) -> None:
    clock = FixedClock()
    for number in (4, 5, 6):
        put_camera(small, number)
    sharing = Sharing(paths, fs=FS, clock=clock, asked=1)

    assert looks(sharing, small, clock, seconds=120) == []
    assert Sharing(paths, fs=FS, clock=clock, asked=6).count == 6


@pytest.mark.parametrize("text", ["", "{", "[]", '{"now": "many", "wanted": 1}', '{"now": 2}'])
def test_a_file_that_cannot_be_read_means_one_process(paths: DataFolder, text: str) -> None:
    write_shard_count(paths, ShardCount(3, 3), fs=FS)
    assert read_shard_count(paths, fs=FS).now == 3

    paths.shards.write_text(text)

    assert read_shard_count(paths, fs=FS) == ShardCount(1, 1)


def test_each_recorder_process_gives_its_own_sign_of_life(catalog: Catalog) -> None:
    first = Heartbeat(node=NODE, seen_at=START, spool_rows=0, camera_revision=1)
    second = replace(first, shard=1, spool_rows=7)
    with catalog.transaction() as connection:
        states.beat(connection, second)
        states.beat(connection, first)
        states.beat(connection, replace(first, camera_revision=2))

        assert states.heartbeats(connection) == [replace(first, camera_revision=2), second]


def test_a_stream_was_looked_after_until_a_recorder_last_spoke_of_it_whichever_lives(small: Catalog) -> None:
    later = replace(a_state(StreamId(UUID(int=2)), 0), seen_at=START.replace(hour=13))
    with small.transaction() as connection:
        states.put_stream_states(connection, [later])
        found = signs_of_life(connection)

    assert found[StreamId(UUID(int=1))] == START
    assert found[StreamId(UUID(int=2))] == later.seen_at


def test_what_cannot_be_written_is_not_done(small: Catalog, paths: DataFolder) -> None:
    fs, clock = FaultyFs(), FixedClock()
    sharing = Sharing(paths, fs=fs, clock=clock, asked=None)
    for number in (4, 5):
        put_camera(small, number)
    fs.fail(kinds={"create"}, lasts=True)

    assert looks(sharing, small, clock, seconds=200) == []
    assert (sharing.count, Sharing(paths, fs=fs, clock=clock, asked=4).count) == (1, 1)

    fs.heal()
    assert looks(sharing, small, clock, seconds=70) == [2]
