"""What sealing costs: the whole recorder with and without it, and what a seek into a sealed file reads.

Three recorders at once, each a process with a database and a folder of its own, record the same simulated
cameras (1080p25 H.264, about 3 Mbit/s): one as it is, one whose cipher passes bytes through but still makes
the fragments' digests, one without either (bench/seal_recorder.py; the product has no such mode). Whatever
else the machine does strikes all three alike. CPU is user and system time of the recorder process. Sealing
is cipher and tags, and has the limit; the digests are evidence, which a recorder in clear would make as well,
so what both cost together is told beside it.

Then a thousand ranges at random in a segment of real footage: which records of the file were read for them,
beyond those that hold the range.

    make bench-seal             (QUICK=1: fewer cameras and windows)
    make bench-seal ARGS="--cameras 40 --seconds 30"
"""

import argparse
import contextlib
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from builders import A_SHRED_KEY, a_header, its_key
from clip_packets import clip_packets
from clips import camera_clip
from counted_reads import CountingFs, record_places, records_beyond
from figures import IS_QUICK, Figures
from processes import cpu_s
from simulator_process import SimulatedCameras, simulated_cameras
from system.node_process import wait_until
from watchkeep.domain.camera import StreamCondition, StreamRole
from watchkeep.domain.ids import CameraId, StreamId
from watchkeep.ingestion.fragmenter import Fragmenter
from watchkeep.ingestion.mux import init_section
from watchkeep.ingestion.wall_clock import WallClock
from watchkeep.runtime.catalog_start import claim_catalog
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.embedded_postgres import EmbeddedPostgres
from watchkeep.runtime.system import Machine, SystemClock, SystemFs, SystemRng
from watchkeep.runtime.wiring import Node, ensure_node
from watchkeep.storage.catalog import cameras as catalog_cameras
from watchkeep.storage.catalog import states
from watchkeep.storage.catalog.cameras import SealedCamera, SealedStream
from watchkeep.storage.media.reader import SealedReader
from watchkeep.storage.media.writer import SealedWriter

WAYS = ("sealed", "digested", "bare")
CAMERAS = 8 if IS_QUICK else 20
WINDOWS = 2 if IS_QUICK else 9
WINDOW_S = 6 if IS_QUICK else 15
WARM_UP_S = 6 if IS_QUICK else 15
MOST_RATIO = 1.10
SEEKS = 200 if IS_QUICK else 1000
MOST_BEYOND = 2
RECORDER = Path(__file__).with_name("seal_recorder.py")


def put_cameras(node: Node, cameras: SimulatedCameras, count: int) -> None:
    """So many cameras into a node's catalog."""
    with node.catalog.transaction() as connection:
        for number in range(count):
            name = CameraId(f"cam-{number:03d}")
            stream = SealedStream(
                id=StreamId(UUID(int=number + 1)), camera=name, role=StreamRole.MAIN, url=cameras.url(name)
            )
            camera = SealedCamera(
                id=name,
                site=node.installation,
                name=name,
                is_enabled=True,
                retention_days=30,
                streams=(stream,),
                created_at=node.machine.clock.now(),
            )
            catalog_cameras.insert_camera(connection, camera)


def recording(node: Node) -> int:
    """How many streams are recorded now."""
    with node.catalog.transaction() as connection:
        known = states.stream_states(connection)
    return sum(state.condition is StreamCondition.RECORDING for state in known.values())


@contextmanager
def recorder(way: str, cameras: SimulatedCameras, count: int, folder: Path) -> Iterator[int]:
    """A recorder that records so many cameras; its process id."""
    node = ensure_node(DataFolder(folder), machine=Machine())
    database = EmbeddedPostgres(node.paths.database, clock=node.machine.clock)
    database.start()
    try:
        claim_catalog(node, step=lambda _: None)
        put_cameras(node, cameras, count)
        with (folder / "log").open("wb") as log:
            child = subprocess.Popen(
                [sys.executable, str(RECORDER), way, "--data", str(folder)], stdout=log, stderr=log
            )
        try:
            wait_until(lambda: recording(node) == count, seconds=60 + count, what=f"{way} to record")
            yield child.pid
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(60)
    finally:
        node.catalog.close()
        database.stop()


def compare(figures: Figures, clip: Path, *, count: int, windows: int, seconds: float) -> None:
    """The three recorders against each other."""
    files = {f"cam-{number:03d}": clip for number in range(count)}
    costs: dict[str, list[float]] = {way: [] for way in WAYS}
    with contextlib.ExitStack() as stack:
        cameras = stack.enter_context(simulated_cameras(files, joins_at_key=False))
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        pids = {way: stack.enter_context(recorder(way, cameras, count, home / way)) for way in WAYS}
        time.sleep(WARM_UP_S)
        for _ in range(windows):
            before = {way: cpu_s([pid]) for way, pid in pids.items()}
            time.sleep(seconds)
            for way, pid in pids.items():
                costs[way].append(cpu_s([pid]) - before[way])
    for way, found in costs.items():
        share = statistics.median(found) / seconds / count * 100
        figures.add(f"{way}.cpu", share, "% of a core a camera", n=windows)
    for name, less, most in (("aes", "digested", MOST_RATIO), ("aes_and_digest", "bare", None)):
        ratios = [whole / part for whole, part in zip(costs["sealed"], costs[less], strict=True)]
        figures.add(
            f"ratio.{name}",
            sum(costs["sealed"]) / sum(costs[less]),
            "CPU sealed / without, all windows",
            n=windows,
            most=most,
            against=f"the same recorder, {less}",
        )
        figures.add(f"ratio.{name}.least", min(ratios), "of a window", n=windows)
        figures.add(f"ratio.{name}.largest", max(ratios), "of a window", n=windows)


def real_segment(path: Path, clip: Path) -> None:
    """A clip of real footage, sealed as one segment."""
    parameters, packets = clip_packets(clip)
    header = a_header(parameters=parameters)
    fragmenter = Fragmenter(header.run, wall_clock=WallClock(clock=SystemClock()))
    fragments = [fragment for packet in packets for fragment in fragmenter.push(packet)] + fragmenter.end()
    writer = SealedWriter.create(
        path, header, init_section(parameters), shred_key=A_SHRED_KEY, fs=SystemFs(), rng=SystemRng()
    )
    for fragment in fragments:
        writer.append(fragment)
    writer.finish()


def seek(figures: Figures, path: Path) -> None:
    """A thousand ranges at random: on a reader that is open, and each on one that is opened for it."""
    chance = random.Random(20261130)
    fs = CountingFs()
    places = record_places(path)
    reader = SealedReader.open(path, fs=fs, keys=its_key)
    beyond, cold_beyond = [0], [0]
    took_s: list[float] = []
    cold_s: list[float] = []
    with contextlib.closing(reader):
        file = fs.last
        for _ in range(SEEKS):
            offset = chance.randrange(reader.video_length)
            length = min(round(10 ** chance.uniform(0, 6)), reader.video_length - offset)
            file.reads.clear()
            began = time.perf_counter()
            reader.read_video(offset, length)
            took_s.append(time.perf_counter() - began)
            beyond.append(records_beyond(file.reads, places, reader, offset, length))
            cold_s.append(_cold(path, fs, offset, length))
            cold_beyond.append(records_beyond(fs.last.reads, places, reader, offset, length))
    most = MOST_BEYOND
    figures.add("seek.beyond", max(beyond), "records, most", n=SEEKS, most=most, against="those of the range")
    figures.add(
        "seek.cold.beyond",
        max(cold_beyond),
        "records, most",
        n=SEEKS,
        most=most,
        against="those of the range",
    )
    figures.add("seek.records", len(places), "in the file", n=1)
    for name, found in (("seek", took_s), ("seek.cold", cold_s)):
        figures.add(f"{name}.median", statistics.median(found) * 1000, "ms", n=SEEKS)
        figures.add(f"{name}.p99", _p99(found) * 1000, "ms", n=SEEKS)


def _cold(path: Path, fs: CountingFs, offset: int, length: int) -> float:
    began = time.perf_counter()
    with contextlib.closing(SealedReader.open(path, fs=fs, keys=its_key)) as reader:
        reader.read_video(offset, length)
    return time.perf_counter() - began


def _p99(found: Sequence[float]) -> float:
    return sorted(found)[int(len(found) * 0.99)]


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cameras", type=int, default=CAMERAS)
    parser.add_argument("--windows", type=int, default=WINDOWS)
    parser.add_argument("--seconds", type=float, default=WINDOW_S)
    given = parser.parse_args()
    figures = Figures("seal")
    with tempfile.TemporaryDirectory() as folder:
        clip = camera_clip(Path(folder) / "camera.mp4")
        real_segment(Path(folder) / "segment", clip)
        seek(figures, Path(folder) / "segment")
        compare(figures, clip, count=given.cameras, windows=given.windows, seconds=given.seconds)
    return figures.end()


if __name__ == "__main__":
    os.environ.setdefault("PYTHONPATH", "src")
    sys.exit(main())
