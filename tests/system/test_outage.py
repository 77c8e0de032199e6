"""A bad hour: disk stalled, database away, analyst hung, page killed, ten times the events. Nothing is lost.

A few seconds of each in every run; half a minute of stalled disk, half an hour without the database and ten
minutes of storm by `make soak-outage`.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from event_rows import MODEL, an_event
from simulator_process import simulated_cameras
from system.footage_oracle import Clip, stored_pictures
from system.frozen_disk import FrozenDisk, frozen_disk, what_is_missing
from system.kill_drill import (
    add_cameras,
    doctor,
    kill_database,
    make_clips,
    missing_pictures,
    read_segments,
    recording,
    settings_for,
)
from system.node_process import NodeProcess, running_node, wait_until
from watchkeep.domain.analyst import DetectorPhase, DetectorState
from watchkeep.domain.ids import CameraId, NodeId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import GapCause
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.embedded_postgres import ADMINISTRATOR, EmbeddedPostgres
from watchkeep.runtime.event_writer import LOST, AnalystReport, CameraNews, EventWriter
from watchkeep.runtime.system import Machine, SystemClock
from watchkeep.runtime.wiring import Node, open_node
from watchkeep.storage.catalog import cameras as catalog_cameras
from watchkeep.storage.catalog import footage, rules
from watchkeep.storage.catalog.connection import CatalogRole

STALL_S = float(os.environ.get("WATCHKEEP_STALL_S", "6"))
AWAY_S = float(os.environ.get("WATCHKEEP_OUTAGE_S", "10"))
STORM_S = float(os.environ.get("WATCHKEEP_STORM_S", "5"))
EVENTS_PER_S = 20
"""Ten times what two busy cameras tell."""


@pytest.fixture
def disk(tmp_path: Path, needs_disk: Callable[[str], None]) -> Iterator[FrozenDisk]:
    needs_disk(what_is_missing())
    with frozen_disk(tmp_path / "volume", size_bytes=2 << 30) as made:
        yield made


def hang(node: NodeProcess, words: tuple[str, ...]) -> list[int]:
    """SIGSTOP to all processes of these kinds."""
    stopped = [pid for word in words for pid in node.children(word)]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    return stopped


def storm(node: Node, names: Sequence[str]) -> tuple[int, float]:
    """Tell events at ten times the usual rate; how many, and how long the last ones waited for their rows."""
    with node.catalog.transaction("test") as connection:
        cameras = [catalog_cameras.get_camera(connection, CameraId(name)) for name in names]
        ruled = {camera.id: rules.list_rules(connection, [camera.id])[0].id for camera in cameras}
    state = DetectorState(
        phase=DetectorPhase.READY,
        model=MODEL.name,
        version=MODEL.version,
        engine=MODEL.engine,
        licence=MODEL.licence,
        object_types=MODEL.object_types,
        is_stand_in=False,
        detail="",
        sandbox=(),
        seen_at=datetime.now(UTC),
    )
    writer = EventWriter(
        node.catalog,
        node=NodeId(uuid4()),
        clock=SystemClock(),
        report=lambda: AnalystReport(detector=state, streams=()),
    )
    writer.use(MODEL)
    writer.start()
    began, told = time.monotonic(), 0
    while time.monotonic() - began < STORM_S:
        while told < (time.monotonic() - began) * EVENTS_PER_S:
            told += 1
            camera = cameras[told % len(cameras)]
            stream = camera.streams[0].id
            start = datetime.now(UTC)
            event = an_event(told, start=start, camera=camera.id, stream=stream, rule=ruled[camera.id])
            writer.submit(CameraNews(camera=camera.id, stream=stream, events=[event]))
        time.sleep(0.02)
    ended = time.monotonic()
    wait_until(lambda: len(writer._written) >= min(told, 20_000), seconds=120, what="the storm's events")
    writer.stop()
    return told, time.monotonic() - ended


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.timeout(STALL_S + AWAY_S + STORM_S + 600)
def test_a_bad_hour_costs_no_picture_and_every_row_comes_once(tmp_path: Path, disk: FrozenDisk) -> None:
    clips = make_clips(tmp_path)
    data = tmp_path / "data"
    server = EmbeddedPostgres(tmp_path / "database", clock=SystemClock())
    server.start()
    dsn = server.dsn(CatalogRole.OWNER).replace(str(CatalogRole.OWNER), ADMINISTRATOR)
    recording_settings = f"  folder: {disk.place}\n  reserve_free: 64 MiB\n"
    try:
        with simulated_cameras(clips) as cameras:
            settings = f'database:\n  dsn: "{dsn}"\n' + settings_for(cameras.port) + recording_settings
            with running_node(data, settings=settings) as node:
                add_cameras(node, {name: cameras.url(name) for name in clips})
                wait_until(lambda: recording(node) == 2, seconds=60, what="both cameras to record")
                time.sleep(3)
                disk.freeze(STALL_S)
                hung = hang(node, ("analyst", "decoder"))
                kill_database(tmp_path / "database")
                node.kill_child("web")
                time.sleep(AWAY_S)
                server.start()
                for pid in hung:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGCONT)
                opened = open_node(DataFolder(data), machine=Machine())
                lost_before = LOST._value.get()
                told, waited_s = storm(opened, list(clips))
                dropped = LOST._value.get() - lost_before
                wait_until(
                    lambda: not list((data / "spool").glob("*.rows")), seconds=60, what="an empty spool"
                )
                node.wait_until_serving()
                wait_until(lambda: recording(node) == 2, seconds=60, what="both cameras, as the page has it")
                time.sleep(12)
                assert doctor(data) == []
        check(opened, clips, told - int(dropped))
        print(f"storm: {told} events, {dropped:g} let go and counted, the last one waited {waited_s:.1f} s")
        opened.catalog.close()
    finally:
        server.stop()


def check(node: Node, clips: dict[str, Path], events: int) -> None:
    """Every picture that was sent is on the disk, rows and files agree, no gap but the first and last."""
    with node.catalog.transaction("test") as connection:
        rows = list(footage.all_segments(connection))
        (told,) = connection.execute("select count(*) from events").fetchone() or (0,)
        ever = Interval(datetime(2020, 1, 1, tzinfo=UTC), datetime.now(UTC))
        gaps = [gap for row in rows for gap in footage.gaps_between(connection, row.stream, ever)]
    unreadable: list[str] = []
    for name, path in clips.items():
        clip = Clip(path)
        segments = read_segments(node, name, unreadable)
        pictures = stored_pictures(clip, segments)
        missing = missing_pictures(pictures, clip)
        span_s = (pictures[-1].sent_at - pictures[0].sent_at).total_seconds()
        print(
            f"{name}: {len(pictures)} pictures over {span_s:.0f} s, {missing} missing; disk stalled "
            f"{STALL_S:g} s, database away {AWAY_S:g} s, storm {STORM_S:g} s"
        )
        assert missing == 0
        assert span_s > STALL_S + AWAY_S + STORM_S
        assert len([row for row in rows if row.camera == name]) == len(segments)
    assert unreadable == []
    assert {gap.cause for gap in gaps} <= {GapCause.CONNECTING, GapCause.RECORDER_STOPPED}
    assert told == events
