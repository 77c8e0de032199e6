"""A whole recorder with real threads, files and database; only its cameras are scripted."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest

from builders import FixedClock
from catalog_rows import SITE, START, a_segment, seconds
from catalog_server import Database
from faulty_fs import FaultyFs
from recording_rig import FPS, EndlessClip, Unmeasured, make_endless_clip, recorded, share
from watchkeep.domain.camera import Stream, StreamRole
from watchkeep.domain.coverage import account
from watchkeep.domain.errors import Unavailable
from watchkeep.domain.ids import CameraId, StreamId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import GapCause, RunStarted, SourceNotice
from watchkeep.runtime import registrar as registrar_module
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.disk_writer import DiskWriter
from watchkeep.runtime.packet_source import PacketSource
from watchkeep.runtime.recorder import Recorder
from watchkeep.runtime.registrar import Registrar
from watchkeep.runtime.system import Machine, SystemFs
from watchkeep.runtime.wiring import Node, ensure_node
from watchkeep.storage.catalog import cameras, footage, recordings
from watchkeep.storage.catalog.cameras import SealedCamera, SealedStream, Site
from watchkeep.storage.catalog.connection import Catalog, CatalogRole
from watchkeep.storage.catalog.recorder_rows import SegmentClosed, StoredSegment
from watchkeep.storage.catalog.spool import Spool
from watchkeep.storage.media.reader import SealedReader

PATIENCE_S = 60
"""No test waits so long unless it fails."""


class LiveClip(Unmeasured):
    """Sends a clip at its pace, from when it is first asked."""

    def __init__(self, clip: EndlessClip, machine: Machine) -> None:
        self._clip, self._clock = clip, machine.clock
        self._began_ns: int | None = None
        self._sent = 0

    def poll(self) -> list[SourceNotice]:
        now_ns = self._clock.monotonic_ns()
        notices: list[SourceNotice] = []
        if self._began_ns is None:
            self._began_ns = now_ns
            notices.append(RunStarted(parameters=self._clip.parameters, is_clear_text=False))
        while self._sent <= (now_ns - self._began_ns) * FPS / 1e9:
            notices.append(self._clip.packet(self._sent, self._clock.now()))
            self._sent += 1
        return notices

    def close(self) -> None:
        pass


class Broken(Unmeasured):
    """A source with a fault in every call."""

    polls = 0

    def poll(self) -> list[SourceNotice]:
        Broken.polls += 1
        raise ValueError("a fault of ours")

    def close(self) -> None:
        raise ValueError("another")


@dataclass
class Place:
    """A data folder, a database, and the cameras in it."""

    node: Node
    clip: EndlessClip
    database: Database
    known_since: datetime
    opened: list[Stream] = field(default_factory=list)

    def put_camera(self, name: str, number: int, *, is_enabled: bool = True, audio: bool = False) -> StreamId:
        stream = StreamId(UUID(int=number))
        camera = SealedCamera(
            id=CameraId(name),
            site=SITE,
            name=name,
            is_enabled=is_enabled,
            retention_days=30,
            audio=audio,
            streams=(
                SealedStream(
                    id=stream, camera=CameraId(name), role=StreamRole.MAIN, url="rtsp://192.0.2.1/main"
                ),
            ),
            created_at=self.known_since,
        )
        with self.node.catalog.transaction() as connection:
            if cameras.is_taken(connection, camera.id):
                cameras.update_camera(connection, camera, at=camera.created_at)
            else:
                cameras.insert_camera(connection, camera)
        return stream

    def open_source(self, stream: Stream, machine: Machine) -> PacketSource:
        self.opened.append(stream)
        return Broken() if stream.camera == "broken" else LiveClip(self.clip, machine)

    @contextmanager
    def recording(self, *, node: Node | None = None, is_killed: bool = False) -> Iterator[Recorder]:
        """A recorder on a thread; stopped at the end, or left as a kill leaves it."""
        recorder = Recorder(node or self.node, open_source=self.open_source)
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

    def seconds_in_catalog(self, stream: StreamId) -> float:
        return sum((each.when.end - each.when.start).total_seconds() for each in self.segments(stream))

    def segments(self, stream: StreamId) -> list[StoredSegment]:
        with self.node.catalog.transaction() as connection:
            return [row for row in footage.all_segments(connection) if row.stream == stream]

    def spans(self, stream: StreamId) -> list[tuple[str, float]]:
        now = self.node.machine.clock.now()
        with self.node.catalog.transaction() as connection:
            gaps = footage.gaps_between(connection, stream, Interval(self.known_since, now))
        start = gaps[0].started_at  # before that the recorder had not yet heard of the camera
        assert start - self.known_since < timedelta(seconds=PATIENCE_S)
        when = Interval(start, now)
        spans = account(when, segments=self.segments(stream), gaps=gaps, known_since=start, now=now)
        return [
            (span.cause or span.coverage, (span.when.end - span.when.start).total_seconds()) for span in spans
        ]

    def open_gaps(self, stream: StreamId) -> list[str]:
        with self.node.catalog.transaction() as connection:
            return [gap.cause for gap in recordings.open_gaps(connection, stream)]

    def check_files(self) -> None:
        """Rows and settled files are the same set, every file is intact, no segment is there twice."""
        volume = self.node.volume
        with self.node.catalog.transaction() as connection:
            rows = list(footage.all_segments(connection))
            assert connection.execute("select count(*) from refused_rows").fetchone() == (0,)
        for row in rows:
            path = volume.locate(row.path, row.id)
            reader = SealedReader.open(path, fs=SystemFs(), keys=self.node.keystore.find_shred_key)
            with contextlib.closing(reader):
                reader.verify()
        assert {volume.root / row.path for row in rows} == set(volume.segments())
        assert volume.open_segments() == []
        for stream in {row.stream for row in rows}:
            times = [
                row.when for row in sorted(rows, key=lambda each: each.when.start) if row.stream == stream
            ]
            assert all(one.end <= two.start for one, two in pairwise(times))


def freeze(recorder: Recorder) -> None:
    """Stop the threads of a "killed" recorder where they are, without a last word to anybody."""
    recorder._disk._turn = lambda: False  # type: ignore[method-assign]
    recorder._disk._open.clear()
    recorder._disk.stop()
    recorder._registrar.stop()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> EndlessClip:
    return make_endless_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture
def place(database: Database, tmp_path: Path, clip: EndlessClip) -> Iterator[Place]:
    node = ensure_node(DataFolder(tmp_path / "data"), machine=Machine(), environment={})
    short = node.settings.recording.model_copy(update={"segment_length": timedelta(seconds=2)})
    settings = node.settings.model_copy(update={"recording": short})
    node = replace(node, catalog=database.catalog(), settings=settings)
    with node.catalog.transaction() as connection:
        cameras.put_site(connection, Site(id=SITE, name="Home", zone="UTC"))
    yield Place(node, clip, database, node.machine.clock.now())
    node.catalog.close()


def without_database(place: Place) -> Node:
    nowhere = Catalog(f"host={place.node.paths.root}/nowhere dbname=none", role=CatalogRole.WRITER)
    return replace(place.node, catalog=nowhere)


def wait_until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def test_a_recorder_that_is_stopped_killed_and_started_leaves_no_second_unexplained(place: Place) -> None:
    door = place.put_camera("front-door", 1)
    with place.recording():
        wait_until(lambda: place.seconds_in_catalog(door) > 3, "the first footage")
    with place.recording(is_killed=True):
        wait_until(lambda: place.seconds_in_catalog(door) > 6, "more footage")
    assert len(place.node.volume.open_segments()) == 1
    time.sleep(1)
    with place.recording():
        wait_until(lambda: place.seconds_in_catalog(door) > 10, "footage after the kill")
        assert place.open_gaps(door) == []

    place.check_files()
    spans = place.spans(door)
    assert GapCause.UNKNOWN not in dict(spans)
    assert recorded(spans) > 10
    assert share(spans, GapCause.RECORDER_STOPPED) > 1
    assert place.open_gaps(door) == [GapCause.RECORDER_STOPPED]


def test_a_camera_whose_source_fails_does_not_stop_the_others(place: Place) -> None:
    place.put_camera("broken", 1)
    door = place.put_camera("front-door", 2)
    polls = Broken.polls
    with place.recording():
        wait_until(lambda: place.seconds_in_catalog(door) > 3, "footage of the camera that works")
        wait_until(lambda: Broken.polls > polls + 1, "the broken one to be tried again")

    place.check_files()
    assert GapCause.UNKNOWN not in dict(place.spans(door))


def test_without_the_database_the_last_plan_is_recorded_and_told_later_once(place: Place) -> None:
    door = place.put_camera("front-door", 1)
    with place.recording():
        wait_until(place.node.paths.plan.exists, "the plan to be remembered")
        wait_until(lambda: place.seconds_in_catalog(door) > 3, "the first footage")
    time.sleep(1)
    away = without_database(place)
    with place.recording(node=away):
        wait_until(lambda: len(list(place.node.volume.segments())) >= 5, "footage without the database")
    before = place.seconds_in_catalog(door)
    with place.recording():
        wait_until(lambda: not list(place.node.paths.spool.glob("*.rows")), "the spool to be empty")
        wait_until(lambda: place.seconds_in_catalog(door) > before + 4, "the rows of the spool")

    place.check_files()
    spans = place.spans(door)
    assert GapCause.UNKNOWN not in dict(spans)
    assert 1 < share(spans, GapCause.RECORDER_STOPPED) < 10
    assert place.open_gaps(door) == [GapCause.RECORDER_STOPPED]


def test_a_database_that_comes_later_hears_of_the_time_when_no_recorder_ran(place: Place) -> None:
    door = place.put_camera("front-door", 1)
    with place.recording():
        wait_until(place.node.paths.plan.exists, "the plan to be remembered")
        wait_until(lambda: place.seconds_in_catalog(door) > 3, "the first footage")
    time.sleep(2)
    away = without_database(place)
    with place.recording(node=away) as recorder:
        wait_until(lambda: list(place.node.paths.spool.glob("*.rows")), "rows in the spool")
        recorder._registrar._catalog = place.node.catalog
        recorder._node = place.node
        wait_until(lambda: place.seconds_in_catalog(door) > 7, "the rows of the spool and more")
        wait_until(lambda: place.open_gaps(door) == [], "the old gap to be ended")

    place.check_files()
    spans = place.spans(door)
    assert GapCause.UNKNOWN not in dict(spans)
    assert share(spans, GapCause.RECORDER_STOPPED) >= 2
    assert share(spans, GapCause.CONNECTING) < 2


def test_a_frozen_database_holds_up_neither_footage_nor_the_spool(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registrar_module, "LIMIT_S", 0.5)
    door = place.put_camera("front-door", 1)
    server: list[int] = []
    with place.recording():
        wait_until(lambda: place.seconds_in_catalog(door) > 3, "the first footage")
        with contextlib.closing(place.database.catalog()) as other, other.transaction() as connection:
            query = "select pid from pg_stat_activity where application_name = 'watchkeep_writer'"
            found = connection.execute(f"{query} and pid <> pg_backend_pid()").fetchall()
        server = [row[0] for row in found]
        assert server
        for pid in server:
            os.kill(pid, signal.SIGSTOP)
        try:
            wait_until(lambda: list(place.node.paths.spool.glob("*.rows")), "rows in the spool")
            settled = len(list(place.node.volume.segments()))
            wait_until(lambda: len(list(place.node.volume.segments())) > settled + 1, "segments to be closed")
        finally:
            for pid in server:
                os.kill(pid, signal.SIGCONT)
        wait_until(lambda: not list(place.node.paths.spool.glob("*.rows")), "the spool to be empty")

    place.check_files()
    assert GapCause.UNKNOWN not in dict(place.spans(door))


def test_a_source_is_told_whether_audio_is_wanted_and_never_where_the_configuration_forbids_it(
    place: Place,
) -> None:
    place.put_camera("front-door", 1)
    with place.recording():
        wait_until(lambda: [each.audio for each in place.opened] == [False], "the first source")
        place.put_camera("front-door", 1, audio=True)
        wait_until(lambda: [each.audio for each in place.opened] == [False, True], "a source with audio")
    forbidding = place.node.settings.recording.model_copy(update={"audio": False})
    settings = place.node.settings.model_copy(update={"recording": forbidding})
    with place.recording(node=replace(place.node, settings=settings)):
        wait_until(lambda: len(place.opened) == 3, "a source without")

    assert not place.opened[-1].audio


def test_a_camera_that_is_switched_off_and_on_has_one_gap_that_says_so(place: Place) -> None:
    door = place.put_camera("front-door", 1)
    with place.recording():
        wait_until(lambda: place.seconds_in_catalog(door) > 3, "the first footage")
        place.put_camera("front-door", 1, is_enabled=False)
        wait_until(lambda: place.open_gaps(door) == [GapCause.SWITCHED_OFF], "the gap")
    time.sleep(1)
    with place.recording():
        time.sleep(3)
        place.put_camera("front-door", 1)
        before = place.seconds_in_catalog(door)
        wait_until(lambda: place.seconds_in_catalog(door) > before + 2, "footage again")
        wait_until(lambda: place.open_gaps(door) == [], "the gap to be ended")

    place.check_files()
    spans = place.spans(door)
    assert GapCause.UNKNOWN not in dict(spans)
    assert share(spans, GapCause.SWITCHED_OFF) > 3


def test_a_row_that_the_catalog_refuses_holds_up_no_other(place: Place) -> None:
    door = place.put_camera("front-door", 1)
    endless = replace(a_segment(), when=Interval(place.known_since, place.known_since + timedelta(hours=1)))
    with place.recording() as recorder:
        recorder._registrar.submit(SegmentClosed(endless))
        wait_until(lambda: place.seconds_in_catalog(door) > 3, "footage after the refused row")

    with place.node.catalog.transaction() as connection:
        (text,) = connection.execute("select row_text from refused_rows").fetchone() or ("",)
    assert str(endless.id) in text


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_dead_thread_ends_the_recorder_with_an_error(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: DiskWriter, order: object) -> None:
        raise ValueError("a fault of ours")

    place.put_camera("front-door", 1)
    monkeypatch.setattr(DiskWriter, "_carry_out", broken)
    with pytest.raises(Unavailable, match="thread of the recorder died"):
        Recorder(place.node, open_source=place.open_source).run()


def test_rows_go_past_a_spool_that_cannot_be_read_and_it_is_tried_again(place: Place, tmp_path: Path) -> None:
    fs, clock = FaultyFs(), FixedClock()
    stuck, fresh = (
        SegmentClosed(a_segment(number, start=START + seconds(60 * number))) for number in range(2)
    )
    Spool(tmp_path / "spool", fs=fs).append([stuck])
    spool = Spool(tmp_path / "spool", fs=fs)
    recorder = Recorder(place.node)
    registrar = Registrar(catalog=place.node.catalog, spool=spool, clock=clock, news=recorder)
    fs.fail(kinds={"open"}, lasts=True)
    clock.advance(2)
    assert registrar._turn()
    registrar.submit(fresh)
    assert registrar._turn()
    assert place.segments(fresh.segment.stream) == [fresh.segment]

    fs.heal()
    clock.advance(61)
    assert registrar._turn()
    assert place.segments(fresh.segment.stream) == [stuck.segment, fresh.segment]
    assert spool.depth() == 0
    recorder._offer.close()
