"""How long the catalog of footage takes to be rebuilt from files: a million segments on a disk of memory.

Each file is a real one: an own head with header, wrapped data key and commitment, an init section, two
fragments, index and final record; only the pictures are short. The command's own code reads them, in as many
processes as it would, into an embedded PostgreSQL as in production.

    make bench-recover             (QUICK=1: 40,000)
    make bench-recover ARGS="--segments 200000 --folder /var/tmp"
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from uuid import UUID

from builders import FixedClock, a_header, an_init_section, fragments
from figures import IS_QUICK, Figures
from watchkeep.domain.ids import CameraId, RunId, SegmentId, StreamId, uuid7
from watchkeep.domain.interval import Interval
from watchkeep.domain.segment import SegmentState
from watchkeep.lifecycle.rebuild import Rebuilding, rebuild
from watchkeep.runtime.catalog_start import claim_catalog
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.embedded_postgres import EmbeddedPostgres
from watchkeep.runtime.file_reading import file_reading
from watchkeep.runtime.system import Machine, SystemRng, cores
from watchkeep.runtime.wiring import Node, ensure_node, open_node
from watchkeep.storage.media.format import (
    FragmentMark,
    RecordType,
    digest_media,
    make_head,
    pack_mark,
    seal_record,
)
from watchkeep.storage.media.writer import seal_ending

SEGMENTS = 40_000 if IS_QUICK else 1_000_000
CAMERAS = 8
PER_DAY = 1440
MOST_S = 60.0
QUICK_MOST_S = 15.0
"""Of 40,000: most of it is that processes start, and that others use the machine."""
FIRST = datetime(2025, 1, 1, tzinfo=UTC)


def make_day(root: Path, camera: int, day: date, count: int) -> None:
    """A camera's day of segments of a minute, as a recorder leaves it."""
    node = open_node(DataFolder(root), machine=Machine())
    name = CameraId(f"cam-{camera:03d}")
    start = datetime.combine(day, datetime.min.time(), UTC)
    key = node.keystore.shred_key(camera=name, day=day, data_class=a_header().data_class)
    folder = node.volume.root / name / day.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    rng, clock = SystemRng(), FixedClock(start)
    run = RunId(uuid7(clock, rng))
    for number in range(count):
        at = start + number * timedelta(minutes=1)
        clock.instant = at
        header = a_header(
            segment=SegmentId(uuid7(clock, rng)),
            camera=name,
            stream=StreamId(UUID(int=camera + 1)),
            run=run,
            sequence=number,
            started_at=at,
            start_ticks=number * 60 * 90_000,
            shred_key=key.id,
            shred_day=day,
        )
        head, cipher = make_head(header, key.key, rng)
        init = an_init_section()
        sealed = [head, *seal_record(cipher, RecordType.VIDEO, 0, init)]
        counter, offset, marks = 1, len(init), []
        for fragment in FRAGMENTS:
            position = sum(map(len, sealed))
            salt = rng.token(16)
            when = Interval(
                at + fragment.sequence * timedelta(seconds=30),
                at + (fragment.sequence + 1) * timedelta(seconds=30),
            )
            mark = FragmentMark(
                number=len(marks),
                starts_with_key=True,
                packet_count=1,
                offset=offset,
                length=len(fragment.payload),
                media_offset=fragment.media_offset,
                start_ticks=fragment.start_ticks,
                duration_ticks=fragment.duration_ticks,
                when=when,
                record_offset=position,
                record_counter=counter,
                salt=salt,
                digest=digest_media(salt, memoryview(fragment.payload)[fragment.media_offset :]),
            )
            sealed += seal_record(cipher, RecordType.VIDEO, counter, fragment.payload)
            sealed += seal_record(cipher, RecordType.METADATA, counter + 1, pack_mark(mark))
            counter, offset = counter + 2, offset + len(fragment.payload)
            marks.append(mark)
        ending, _ = seal_ending(
            cipher,
            marks,
            state=SegmentState.CLOSED,
            position=sum(map(len, sealed)),
            counter=counter,
            records_before=counter,
        )
        (folder / f"{header.segment}.wks").write_bytes(b"".join([*sealed, ending]))


FRAGMENTS = fragments([60, 60])


def make_footage(node: Node, count: int) -> None:
    """So many segments, in as many processes as there are processors."""
    with ProcessPoolExecutor(cores(), mp_context=get_context("spawn")) as pool:
        waiting = []
        for number in range(-(-count // PER_DAY)):
            day, camera = divmod(number, CAMERAS)
            size = min(PER_DAY, count - number * PER_DAY)
            when = (FIRST + timedelta(days=day)).date()
            waiting.append(pool.submit(make_day, node.paths.root, camera, when, size))
        for each in waiting:
            each.result()


@contextmanager
def a_node(folder: Path) -> Iterator[Node]:
    """A node with an embedded database that knows nothing."""
    node = ensure_node(DataFolder(folder), machine=Machine(), environment={})
    database = EmbeddedPostgres(node.paths.database, clock=node.machine.clock)
    database.start()
    try:
        claim_catalog(node, step=lambda _: None)
        yield node
    finally:
        node.catalog.close()
        database.stop()


def all_cpu_s() -> float:
    """Processor time of this process and of its readers that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def measure(figures: Figures, node: Node, count: int) -> None:
    """A dry run, the rebuild, and a second one that finds nothing to do."""
    work = Rebuilding(
        catalog=node.catalog,
        volume=node.volume,
        read=file_reading(node),
        site=node.installation,
        keep_days=30,
        remembered={},
    )
    began = time.perf_counter()
    told = rebuild(work, applies=False)
    dry_s = time.perf_counter() - began
    began, began_cpu = time.perf_counter(), all_cpu_s()
    rebuilt = rebuild(work, applies=True)
    took_s, took_cpu_s = time.perf_counter() - began, all_cpu_s() - began_cpu
    began = time.perf_counter()
    again = rebuild(work, applies=True)
    again_s = time.perf_counter() - began
    figures.add("seconds", took_s, "s", n=count, most=QUICK_MOST_S if IS_QUICK else MOST_S)
    figures.add(
        "own_cpu_us_a_segment", took_cpu_s / count * 1e6, "us", n=count, against="without the database's"
    )
    figures.add("added", rebuilt.added, "segments", n=count, least=count, most=count)
    figures.add("dry_run_seconds", dry_s, "s", n=told.found)
    figures.add("again_seconds", again_s, "s", n=again.known)
    figures.add("again_added", again.added, "segments", n=count, most=0)


def main() -> int:
    """Make, measure, clear away."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--segments", type=int, default=SEGMENTS)
    parser.add_argument("--folder", type=Path, default=Path("/dev/shm"))
    chosen = parser.parse_args()
    figures = Figures("recover")
    folder = Path(tempfile.mkdtemp(prefix="wk-recover-", dir=chosen.folder))
    try:
        with a_node(folder) as node:
            make_footage(node, chosen.segments)
            measure(figures, node, chosen.segments)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return figures.end()


if __name__ == "__main__":
    sys.exit(main())
