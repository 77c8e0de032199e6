"""How fast footage moves to another volume, against `cp` and `sync` of the same bytes on the same disk.

The mover copies each segment, syncs it, reads it back past the page cache, opens every record, checks every
digest, and writes rows; `cp -r` and `sync -f` only copy. Both begin with sources that no cache holds, by
turns, so that whatever else the machine does strikes both alike. CPU is user and system time of this process.

    make bench-mover            (QUICK=1: fewer segments and rounds)
    make bench-mover ARGS="--folder /srv/disk"
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta
from pathlib import Path

from builders import NODE, NOON
from figures import IS_QUICK, Figures
from tier_world import COLD, DOOR, a_disk
from unit.lifecycle.store import SmallStore, a_small_store
from watchkeep.lifecycle.mover import Mover
from watchkeep.runtime.embedded_postgres import EmbeddedPostgres
from watchkeep.runtime.system import SystemClock, SystemFs
from watchkeep.storage.blobs.disk import DiskBlobs
from watchkeep.storage.blobs.volumes import Volumes, only
from watchkeep.storage.catalog import moves, partitions, recordings, volumes
from watchkeep.storage.catalog.connection import Catalog, CatalogRole
from watchkeep.storage.catalog.migrations import migrate
from watchkeep.storage.catalog.moves import Purpose
from watchkeep.storage.catalog.recorder_rows import SegmentClosed, StoredSegment
from watchkeep.storage.catalog.volumes import StoredVolume, VolumeKind

SEGMENTS = 16 if IS_QUICK else 64
FRAGMENTS = 40
"""Of half a MB: segments of 20 MB, a minute of 2.7 Mbit/s."""
ROUNDS = 3 if IS_QUICK else 7
LEAST_SHARE = 0.6


@contextmanager
def catalog_in(folder: Path) -> Iterator[Catalog]:
    """A catalog of its own, with a server of its own."""
    server = EmbeddedPostgres(folder / "database", clock=SystemClock())
    server.start()
    try:
        migrate(server.dsn(CatalogRole.OWNER))
        catalog = Catalog(server.dsn(CatalogRole.WRITER), role=CatalogRole.WRITER)
        yield catalog
        catalog.close()
    finally:
        server.stop()


def record(store: SmallStore, catalog: Catalog) -> list[StoredSegment]:
    """Segments with their rows."""
    with catalog.transaction() as connection:
        partitions.prepare(connection, today=NOON.date(), days_ahead=1)
    for number in range(SEGMENTS):
        store.record(DOOR, NOON + timedelta(minutes=number), sizes=(500_000,) * FRAGMENTS)
    rows = list(store.rows.values())
    with catalog.transaction() as connection:
        assert recordings.apply(connection, [SegmentClosed(row) for row in rows]) == []
    return rows


def forget(paths: list[Path]) -> None:
    """Drop files from the page cache."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        os.fdatasync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def copy_plainly(source: Path, target: Path) -> float:
    """Seconds that cp and sync take."""
    began = time.monotonic()
    subprocess.run(["cp", "-r", "--reflink=never", str(source), str(target)], check=True)
    subprocess.run(["sync", "-f", str(target)], check=True)
    took = time.monotonic() - began
    shutil.rmtree(target)
    return took


def move(mover: Mover, target: DiskBlobs, catalog: Catalog, rows: list[StoredSegment]) -> tuple[float, float]:
    """Seconds, and seconds of CPU, from the first plan to the last row."""
    with catalog.transaction() as connection:
        for row in rows:
            assert moves.want(connection, row, target.id, Purpose.MOVE)
    began, cpu = time.monotonic(), time.process_time()
    done = 0
    while done < len(rows):
        moved = mover.turn(target)
        assert not moved.failures, moved
        done += moved.segments
    return time.monotonic() - began, time.process_time() - cpu


def put_back(catalog: Catalog, store: SmallStore, target: DiskBlobs) -> None:
    """As if nothing had moved: the sources are there still."""
    with catalog.transaction() as connection:
        connection.execute("delete from placements")
        connection.execute("update video_segments set volume_id = %s", [store.volume.id])
    shutil.rmtree(target.volume.root / DOOR)


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="on the disk to be measured; else temporary")
    asked = parser.parse_args()
    figures = Figures("mover")
    with tempfile.TemporaryDirectory(dir=asked.folder) as name, catalog_in(Path(name)) as catalog:
        root = Path(name)
        store, target = a_small_store(root), a_disk(root / "cold")
        source = DiskBlobs(store.volume, fs=SystemFs())
        clock = SystemClock()
        with catalog.transaction() as connection:
            for blobs in (source, target):
                volumes.put_volume(
                    connection,
                    StoredVolume(
                        id=blobs.id,
                        kind=VolumeKind.DISK,
                        location=blobs.label,
                        tier="cold",
                        reserve_bytes=0,
                        created_at=NOON,
                    ),
                )
        rows = record(store, catalog)
        paths = [store.volume.root / row.path for row in rows]
        total = sum(row.size_bytes for row in rows)
        mover = Mover(
            catalog=catalog,
            volumes=Volumes([only(each, tier="cold", clock=clock) for each in (source, target)]),
            keys=store.keystore.find_shred_key,
            clock=clock,
            node=NODE,
            tier=COLD,
            zone=UTC,
        )
        plain, ours, cpus = [], [], []
        for _ in range(ROUNDS):
            forget(paths)
            plain.append(copy_plainly(store.volume.root / DOOR, root / "copy"))
            forget(paths)
            took, cpu = move(mover, target, catalog, rows)
            ours.append(took)
            cpus.append(cpu)
            put_back(catalog, store, target)
        cp = total / statistics.median(plain) / 1e6
        moved = total / statistics.median(ours) / 1e6
        figures.add("cp_and_sync", cp, "MB/s", n=ROUNDS)
        figures.add("moved_and_read_back", moved, "MB/s", n=ROUNDS, against="cp_and_sync")
        figures.add("share_of_cp", moved / cp, "share", n=ROUNDS, least=LEAST_SHARE, against="cp_and_sync")
        figures.add("cpu", statistics.median(cpus) / (total / 1e9), "CPU s/GB", n=ROUNDS)
    return figures.end()


if __name__ == "__main__":
    sys.exit(main())
