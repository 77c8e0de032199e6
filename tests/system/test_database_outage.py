"""The database away: recording goes on, rows follow once. 20 s in every run, 5 min by `make test-kill`."""

import os
import time
from pathlib import Path

import pytest

from simulator_process import simulated_cameras
from system.footage_oracle import Clip, stored_pictures
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
from system.node_process import running_node, wait_until
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.embedded_postgres import ADMINISTRATOR, DATABASE, EmbeddedPostgres
from watchkeep.runtime.system import Machine, SystemClock
from watchkeep.runtime.wiring import open_node
from watchkeep.storage.catalog import footage
from watchkeep.storage.catalog.connection import CatalogRole

AWAY_S = float(os.environ.get("WATCHKEEP_OUTAGE_S", "20"))


@pytest.mark.slow
@pytest.mark.timeout(AWAY_S + 240)
def test_nothing_is_lost_while_the_database_is_away_and_its_rows_follow_once(tmp_path: Path) -> None:
    clips = make_clips(tmp_path)
    data = tmp_path / "data"
    server = EmbeddedPostgres(tmp_path / "database", clock=SystemClock())
    server.start()
    dsn = server.dsn(CatalogRole.OWNER).replace(str(CatalogRole.OWNER), ADMINISTRATOR)
    assert DATABASE in dsn
    try:
        with simulated_cameras(clips) as cameras:
            settings = f'database:\n  dsn: "{dsn}"\n' + settings_for(cameras.port)
            with running_node(data, settings=settings) as node:
                add_cameras(node, {name: cameras.url(name) for name in clips})
                wait_until(lambda: recording(node) == 2, seconds=60, what="both cameras to record")
                time.sleep(5)
                kill_database(tmp_path / "database")
                time.sleep(AWAY_S)
                server.start()
                opened = open_node(DataFolder(data), machine=Machine())
                wait_until(
                    lambda: not list((data / "spool").glob("*.rows")),
                    seconds=60,
                    what="the spool to be empty",
                )
                time.sleep(12)
                assert doctor(data) == []
        unreadable: list[str] = []
        with opened.catalog.transaction("test") as connection:
            rows = list(footage.all_segments(connection))
        for name, path in clips.items():
            clip = Clip(path)
            segments = read_segments(opened, name, unreadable)
            pictures = stored_pictures(clip, segments)
            span_s = (pictures[-1].sent_at - pictures[0].sent_at).total_seconds()
            print(f"{name}: {len(pictures)} pictures over {span_s:.1f} s, database away {AWAY_S:g} s")
            assert span_s > AWAY_S
            assert missing_pictures(pictures, clip) == 0
            assert len([row for row in rows if row.camera == name]) == len(segments)
        assert unreadable == []
        opened.catalog.close()
    finally:
        server.stop()
