"""Notices, settings, states of streams, heartbeats, volumes."""

import threading
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from catalog_rows import FRONT, FRONT_MAIN, NODE, START, VOLUME, YARD_MAIN, a_segment
from catalog_server import Database
from watchkeep.domain.camera import StreamCondition, StreamState
from watchkeep.domain.errors import NotFound
from watchkeep.storage.catalog import outbox, placements, settings, states, volumes
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.outbox import NoticeKind
from watchkeep.storage.catalog.placements import Placement, PlacementState
from watchkeep.storage.catalog.states import Heartbeat
from watchkeep.storage.catalog.volumes import StoredVolume, VolumeKind


def test_notices_are_read_in_order_from_anywhere(catalog: Catalog) -> None:
    with catalog.transaction() as connection:
        assert (outbox.newest(connection), outbox.oldest(connection)) == (0, 0)
        first = outbox.publish(connection, NoticeKind.CAMERA, camera=FRONT, facts={"what": "added"})
        second = outbox.publish(connection, NoticeKind.SETTINGS)

        (notice, _) = outbox.since(connection, 0)
        assert (notice.id, notice.kind, notice.camera, notice.facts) == (
            first,
            "camera",
            FRONT,
            {"what": "added"},
        )
        assert [part.id for part in outbox.since(connection, first)] == [second]
        assert [part.id for part in outbox.since(connection, 0, limit=1)] == [first]
        assert outbox.newest(connection) == second
        assert outbox.forget(connection, before=notice.made_at + timedelta(microseconds=1)) == 1
        assert outbox.oldest(connection) == second


def test_no_reader_misses_a_notice_that_was_committed_late(database: Database) -> None:
    catalog = database.catalog()
    read: list[int] = []
    is_done = threading.Event()

    def publish() -> None:
        for _ in range(25):
            with catalog.transaction() as connection:
                outbox.publish(connection, NoticeKind.SEGMENT)
                connection.execute("select pg_sleep(random() * 0.004)")

    def follow() -> None:
        while True:
            was_done = is_done.is_set()
            with catalog.transaction() as connection:
                read.extend(part.id for part in outbox.since(connection, read[-1] if read else 0))
            if was_done:
                return

    threads = [threading.Thread(target=publish) for _ in range(4)]
    follower = threading.Thread(target=follow)
    for thread in (*threads, follower):
        thread.start()
    for thread in threads:
        thread.join()
    is_done.set()
    follower.join()
    catalog.close()

    assert len(read) == 100
    assert read == sorted(set(read))


def test_settings_are_texts_by_key(catalog: Catalog) -> None:
    with catalog.transaction() as connection:
        assert settings.get(connection, "demo") is None
        settings.put(connection, "demo", "on")
        settings.put(connection, "demo", "off")
        settings.put(connection, "a", "")
        assert settings.get(connection, "demo") == "off"
        settings.delete(connection, "demo")
        settings.delete(connection, "demo")
        assert settings.get(connection, "demo") is None
        assert settings.get(connection, "a") == ""


STATE = StreamState(
    stream=FRONT_MAIN,
    condition=StreamCondition.RECORDING,
    since=START,
    detail="",
    codec="avc1.640028",
    width_px=1920,
    height_px=1080,
    frames_per_second=24.97,
    bits_per_second=4_000_000_000,
    is_clear_text=True,
    seen_at=START,
)


def test_an_older_state_does_not_replace_a_newer_one(catalog: Catalog) -> None:
    later = replace(STATE, condition=StreamCondition.FAILED, seen_at=START + timedelta(seconds=1))
    other = replace(STATE, stream=YARD_MAIN)
    with catalog.transaction() as connection:
        states.put_stream_states(connection, [])
        states.put_stream_states(connection, [later, other])
        states.put_stream_states(connection, [STATE])

        assert states.stream_states(connection) == {FRONT_MAIN: later, YARD_MAIN: other}


def test_the_last_heartbeat_counts(catalog: Catalog) -> None:
    first = Heartbeat(node=NODE, seen_at=START, spool_rows=3, camera_revision=1)
    second = replace(first, seen_at=START + timedelta(seconds=5), spool_rows=0, detail="all is well")
    with catalog.transaction() as connection:
        states.beat(connection, first)
        states.beat(connection, second)

        assert states.heartbeats(connection) == [second]


def test_volumes_and_copies_come_back_as_they_were_put(catalog: Catalog) -> None:
    volume = StoredVolume(
        id=VOLUME,
        kind=VolumeKind.DISK,
        location="/srv/footage",
        tier="hot",
        reserve_bytes=5,
        created_at=START,
    )
    segment = a_segment()
    copy = Placement(
        segment=segment.id,
        start=segment.when.start,
        volume=VOLUME,
        path=segment.path,
        size_bytes=9,
        state=PlacementState.PLACED,
    )
    with catalog.transaction() as connection:
        volumes.put_volume(connection, volume)
        volumes.put_volume(connection, replace(volume, reserve_bytes=7))
        assert volumes.list_volumes(connection) == [replace(volume, reserve_bytes=7)]
        placements.put_placement(connection, copy)
        checked = replace(copy, state=PlacementState.VERIFIED, verified_at=START)
        placements.put_placement(connection, checked)
        assert placements.placements(connection, segment) == [checked]
        placements.drop_placement(connection, checked)
        assert placements.placements(connection, segment) == []
        volumes.retire_volume(connection, VOLUME, at=START)
        assert volumes.list_volumes(connection) == []
        with pytest.raises(NotFound):
            volumes.retire_volume(connection, UUID(int=1), at=START)
