"""Two whole recorders of a node on threads: who takes what, how a camera goes over, what one leaves."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from catalog.test_recorder import PATIENCE_S, Place, freeze, wait_until, without_database
from catalog_rows import SITE, seconds
from catalog_server import Database
from recording_rig import EndlessClip, make_endless_clip, recorded, share
from watchkeep.domain.ids import CameraId, GapId, StreamId, uuid7
from watchkeep.domain.media import GapCause
from watchkeep.domain.offering import Subscribe, encode
from watchkeep.domain.segment import Gap
from watchkeep.domain.sharing import shard_of
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.recorder import Recorder
from watchkeep.runtime.shards import ShardCount, write_shard_count
from watchkeep.runtime.system import Machine, SystemFs
from watchkeep.runtime.wiring import Node, ensure_node
from watchkeep.storage.catalog import cameras
from watchkeep.storage.catalog.cameras import Site
from watchkeep.storage.catalog.recorder_rows import GapOpened
from watchkeep.storage.catalog.spool import Spool

HANDED_OVER = "the camera goes to another recorder process"
STAYS, GOES = "ramp", "gate"
"""With two shards the first keeps one, and the other goes to the second."""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> EndlessClip:
    return make_endless_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture
def place(database: Database, tmp_path: Path, clip: EndlessClip) -> Iterator[Place]:
    made = ensure_node(DataFolder(tmp_path / "data"), machine=Machine(), environment={})
    short = made.settings.recording.model_copy(update={"segment_length": seconds(2)})
    settings = made.settings.model_copy(update={"recording": short})
    with closing(database.catalog()) as catalog:
        node = Node(
            **{
                **{name: getattr(made, name) for name in made.__dataclass_fields__},
                "catalog": catalog,
                "settings": settings,
            }
        )
        with catalog.transaction() as connection:
            cameras.put_site(connection, Site(id=SITE, name="Home", zone="UTC"))
        yield Place(node, clip, database, node.machine.clock.now())


def share_among(place: Place, count: int) -> None:
    write_shard_count(place.node.paths, ShardCount(count, count), fs=SystemFs())


@contextmanager
def recording(place: Place, shard: int, *, is_killed: bool = False) -> Iterator[Recorder]:
    recorder = Recorder(place.node, shard=shard, open_source=place.open_source)
    thread = threading.Thread(target=recorder.run, daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        if is_killed:
            recorder._end = recorder._offer.close  # type: ignore[method-assign]
        recorder.stop()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
        if is_killed:
            freeze(recorder)


def two_cameras(place: Place) -> tuple[StreamId, StreamId]:
    assert (shard_of(CameraId(STAYS), 2), shard_of(CameraId(GOES), 2)) == (0, 1)
    return place.put_camera(STAYS, 1), place.put_camera(GOES, 2)


def sentences(place: Place, stream: StreamId) -> list[str]:
    with place.node.catalog.transaction() as connection:
        return [
            detail
            for (detail,) in connection.execute("select detail from gaps where stream_id = %s", [stream])
        ]


def holes(place: Place, stream: StreamId) -> list[float]:
    """Seconds between neighbouring segments."""
    times = sorted((row.when for row in place.segments(stream)), key=lambda when: when.start)
    return [(two.start - one.end).total_seconds() for one, two in pairwise(times)]


def test_a_camera_that_goes_to_a_new_recorder_has_a_short_gap_that_says_so_and_the_others_have_none(
    place: Place,
) -> None:
    stays, goes = two_cameras(place)
    with ExitStack() as running:
        first = running.enter_context(recording(place, 0))
        wait_until(lambda: place.seconds_in_catalog(goes) > 3, "the first footage")
        watcher = running.enter_context(socket.socket(socket.AF_UNIX))
        watcher.settimeout(PATIENCE_S)
        watcher.connect(str(place.node.paths.recorder_socket(0)))
        watcher.sendall(encode(Subscribe(goes)))
        assert watcher.recv(100)

        share_among(place, 2)
        first.share_anew()
        # A process takes a second to start; a thread does not.
        wait_until(lambda: HANDED_OVER in sentences(place, goes), "the first to let go")
        assert set(first._workers) == {stays}
        assert place.open_gaps(goes) == []  # nobody would come back to it
        second = running.enter_context(recording(place, 1))

        while watcher.recv(1 << 20):
            pass  # until the first recorder parts with who watched there
        before = place.seconds_in_catalog(goes), place.seconds_in_catalog(stays)
        wait_until(lambda: place.seconds_in_catalog(goes) > before[0] + 4, "footage of the second")
        wait_until(lambda: place.seconds_in_catalog(stays) > before[1] + 4, "footage of the first")
        assert place.open_gaps(goes) == []
        assert set(first._workers) == {stays}
        assert set(second._workers) == {goes}

    place.check_files()
    assert place.node.volume.all_open_segments() == []
    assert max(holes(place, stays)) < 0.01
    assert max(holes(place, goes)) < 10
    spans = place.spans(goes)
    assert GapCause.UNKNOWN not in dict(spans)
    assert recorded(spans) > 6


def test_one_recorder_takes_over_what_two_left_that_were_killed_without_a_database(place: Place) -> None:
    stays, goes = two_cameras(place)
    share_among(place, 2)
    away = without_database(place)
    with recording(place, 0, is_killed=True) as first, recording(place, 1, is_killed=True) as other:
        wait_until(lambda: min(map(place.seconds_in_catalog, (stays, goes))) > 2, "footage of both")
        for recorder in (first, other):
            recorder._registrar._catalog = away.catalog
        known = len(list(place.node.volume.segments()))
        wait_until(
            lambda: len(list(place.node.volume.segments())) >= known + 4, "footage without the database"
        )
    opened = place.node.volume.all_open_segments()
    second = place.node.paths.shard_spool(1)
    assert any(path.parent.name == "1" for path in opened)
    assert list(second.glob("*.rows"))
    share_among(place, 1)

    with recording(place, 0):
        for stream in (stays, goes):
            wait_until(lambda stream=stream: place.seconds_in_catalog(stream) > 6, f"all of {stream}")
        assert list(second.glob("*.rows")) == []

    place.check_files()
    assert place.node.volume.all_open_segments() == []
    for stream in (stays, goes):
        assert GapCause.UNKNOWN not in dict(place.spans(stream))
    assert {path.name for path in opened} <= {path.name for path in place.node.volume.segments()}


def test_a_gap_that_waits_in_another_recorders_spool_is_ended_when_it_comes(place: Place) -> None:
    stays, goes = two_cameras(place)
    share_among(place, 2)
    clock, rng = place.node.machine.clock, place.node.machine.rng
    left = Gap(
        id=GapId(uuid7(clock, rng)),
        camera=CameraId(GOES),
        stream=goes,
        started_at=clock.now(),
        ended_at=None,
        cause=GapCause.RECORDER_STOPPED,
        detail="left by a recorder that had the camera before",
    )
    with closing(Spool(place.node.paths.spool, fs=SystemFs())) as spool:
        spool.append([GapOpened(left)])
    with recording(place, 1):
        wait_until(lambda: place.seconds_in_catalog(goes) > 2, "footage of the camera")
        with recording(place, 0):
            wait_until(lambda: not list(place.node.paths.spool.glob("*.rows")), "the spool to be empty")
            wait_until(lambda: place.open_gaps(goes) == [], "the gap to be ended")
            wait_until(lambda: place.seconds_in_catalog(stays) > 0, "footage of the other")

    assert left.detail in sentences(place, goes)
    assert share(place.spans(goes), GapCause.UNKNOWN) == 0
