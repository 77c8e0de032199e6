"""The recorder against what others do: one ffmpeg a camera, PyAV threads, and Debian's motion.

Ours seals, syncs, registers every segment and keeps the ledger; the others only copy. All record the same
simulated cameras (1080p25 H.264, about 3 Mbit/s, a key picture every two seconds) over RTSP in TCP.
Interleaved, medians of the rounds. CPU is user and system time of the process tree; for ours the recorder
and, told apart, the database.

    make bench-record           (QUICK=1: ten cameras, one round)
    make bench-record ARGS="--cameras 200 --ways ours --seconds 60"
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from clips import camera_clip
from figures import IS_QUICK, Figures
from processes import below, cpu_s, pss_mb
from record_stages import stages
from simulator_process import SimulatedCameras, simulated_cameras
from system.node_process import NodeProcess, running_node, wait_until

CAMERAS = (10,) if IS_QUICK else (10, 50, 100)
ROUNDS = 1 if IS_QUICK else 4
WARM_UP_S = 8 if IS_QUICK else 15
MEASURED_S = 10 if IS_QUICK else 20
MOST_CPU = {10: 0.55, 50: 0.40, 100: 0.40}
"""Of one ffmpeg's, a camera."""
MOST_PSS = {50: 0.25, 100: 0.25}
MOST_CALLS = 100
TOUCHED_BYTES = (1 if IS_QUICK else 8) << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """A camera's share, of one round."""

    cpu_percent: float
    pss_mb: float
    database_percent: float = 0.0


def measured(pids: Callable[[], Sequence[int]], count: int, seconds: float) -> Cost:
    """Measure processes for some seconds."""
    watched = pids()
    began, before = time.monotonic(), cpu_s(watched)
    time.sleep(seconds)
    took = time.monotonic() - began
    return Cost(cpu_percent=(cpu_s(watched) - before) / took * 100 / count, pss_mb=pss_mb(watched) / count)


@contextmanager
def our_recorder(cameras: SimulatedCameras, count: int, folder: Path) -> Iterator[NodeProcess]:
    """A whole node that records so many cameras, without analysis."""
    settings = f"cameras:\n  simulator_ports: [{cameras.port}]\nanalysis:\n  enabled: false\n"
    with running_node(folder / "data", settings=settings) as node:
        client = node.signed_in()
        for number in range(count):
            stream = {"role": "main", "url": cameras.url(f"cam-{number:03d}")}
            client.post(
                "/cameras", json={"name": f"cam {number:03d}", "streams": [stream]}
            ).raise_for_status()
        wait_until(
            lambda: recording(node) == count, seconds=60 + count, what=f"{count} cameras to be recorded"
        )
        yield node


def recording(node: NodeProcess) -> int:
    """How many streams are recorded now."""
    items = node.signed_in().get("/cameras").json()["items"]
    states = [stream["state"] for camera in items for stream in camera["streams"]]
    return sum(state is not None and state["condition"] == "recording" for state in states)


def database(node: NodeProcess) -> list[int]:
    """The embedded database's processes."""
    postmaster = int((node.data / "database" / "cluster" / "postmaster.pid").read_text().split()[0])
    return below(postmaster)


def ours(cameras: SimulatedCameras, count: int, folder: Path) -> Cost:
    """Our recorder."""
    with our_recorder(cameras, count, folder) as node:
        time.sleep(WARM_UP_S)
        (recorder,) = node.children("recorder")
        postgres = database(node)
        began, before, database_before = time.monotonic(), cpu_s([recorder]), cpu_s(postgres)
        time.sleep(MEASURED_S)
        took = time.monotonic() - began
        return Cost(
            cpu_percent=(cpu_s([recorder]) - before) / took * 100 / count,
            pss_mb=pss_mb([recorder]) / count,
            database_percent=(cpu_s(postgres) - database_before) / took * 100 / count,
        )


def ffmpeg(cameras: SimulatedCameras, count: int, folder: Path) -> Cost:
    """One `ffmpeg -c copy -f segment` a camera."""
    program = shutil.which("ffmpeg")
    assert program is not None, "ffmpeg is missing: make test-tools"
    children = [
        subprocess.Popen(
            [
                *(program, "-hide_banner", "-loglevel", "error", "-nostdin", "-rtsp_transport", "tcp"),
                *("-i", cameras.url(f"cam-{number:03d}"), "-c", "copy", "-an", "-f", "segment"),
                *("-segment_time", "10", "-reset_timestamps", "1", str(folder / f"{number:03d}-%05d.mp4")),
            ],
            stderr=subprocess.DEVNULL,
        )
        for number in range(count)
    ]
    return _with_children(children, count)


def pyav(cameras: SimulatedCameras, count: int, folder: Path) -> Cost:
    """A PyAV thread a camera in one process."""
    script = Path(__file__).with_name("pyav_threads.py")
    child = subprocess.Popen([sys.executable, str(script), cameras.url(""), str(count), str(folder)])
    return _with_children([child], count)


def motion(cameras: SimulatedCameras, count: int, folder: Path) -> Cost:
    """Debian's motion, pictures passed through, detection as it comes."""
    program = shutil.which("motion")
    assert program is not None, (
        "motion is missing: install Debian's package motion, or leave it out with --ways"
    )
    for number in range(count):
        (folder / f"camera-{number:03d}.conf").write_text(
            f"netcam_url {cameras.url(f'cam-{number:03d}')}\nwidth 1920\nheight 1080\nframerate 25\n"
            f"target_dir {folder}\nmovie_output on\nmovie_passthrough on\nemulate_motion on\n"
            "picture_output off\n"
        )
    lines = [f"camera {folder}/camera-{number:03d}.conf" for number in range(count)]
    settings = ["daemon off", "webcontrol_port 0", "stream_port 0", f"log_file {folder}/motion.log", *lines]
    (folder / "motion.conf").write_text("\n".join(settings) + "\n")
    child = subprocess.Popen(
        [program, "-c", str(folder / "motion.conf")], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    return _with_children([child], count)


def _with_children(children: list[subprocess.Popen[bytes]], count: int) -> Cost:
    try:
        time.sleep(WARM_UP_S)
        assert all(child.poll() is None for child in children), "a rival ended"
        return measured(lambda: [pid for child in children for pid in below(child.pid)], count, MEASURED_S)
    finally:
        for child in children:
            child.terminate()
        for child in children:
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


WAYS = {"ours": ours, "ffmpeg": ffmpeg, "pyav": pyav, "motion": motion}


def system_calls(cameras: SimulatedCameras, count: int, folder: Path) -> float:
    """System calls of our recorder, a camera-second."""
    program = shutil.which("strace")
    assert program is not None, "strace is missing: install it, or give --calls 0"
    seconds = 10
    with our_recorder(cameras, count, folder) as node:
        time.sleep(5)
        (recorder,) = node.children("recorder")
        table = folder / "strace.txt"
        asked = ["timeout", "-s", "INT", str(seconds), program, "-c", "-f", "-q", "-o", str(table)]
        subprocess.run([*asked, "-p", str(recorder)], check=False, stderr=subprocess.DEVNULL)
        print(table.read_text(), file=sys.stderr)
        pattern = r"^100\.00\s+\S+\s+(?:\S+\s+)?(\d+)\s+(?:\d+\s+)?total"
        total = re.search(pattern, table.read_text(), re.MULTILINE)
        assert total is not None, table.read_text()
        return int(total[1]) / seconds / count


def large(cameras: SimulatedCameras, count: int, seconds: float, folder: Path, figures: Figures) -> None:
    """Many cameras in one process: what is lost, and how long a tick takes."""
    with our_recorder(cameras, count, folder) as node:
        time.sleep(WARM_UP_S)
        (recorder,) = node.children("recorder")
        before = {name: metric(node, name) for name in ("packets_lost_total", "late_ticks_total")}
        cost = measured(lambda: [recorder], count, seconds)
        lost, late = (metric(node, name) - value for name, value in before.items())
        name = f"cameras_{count}"
        figures.add(f"{name}.cpu", cost.cpu_percent * count, "% of a core, all", n=1)
        figures.add(f"{name}.pss", cost.pss_mb, "MB a camera", n=1)
        figures.add(f"{name}.packets_lost", lost, "RTP packets", n=1, most=0)
        figures.add(f"{name}.late_ticks", late, "ticks over 200 ms, run-queue wait taken off", n=1, most=0)
        figures.add(f"{name}.longest_tick", metric(node, "longest_tick_seconds"), "s, raw", n=1)
        figures.add(f"{name}.recording", recording(node), "streams", n=1, least=count)


def metric(node: NodeProcess, name: str) -> float:
    """The sum of a metric over its labels."""
    settings = (node.data / "watchkeep.yaml").read_text()
    listen = re.search(r"metrics:\n  listen: (\S+)", settings)
    assert listen is not None
    text = httpx.get(f"http://{listen.group(1)}/metrics", timeout=10).text
    found = re.findall(rf"^watchkeep_{name}(?:\{{.*?\}})? ([\d.e+-]+)$", text, re.MULTILINE)
    return sum(map(float, found))


def touch_memory() -> None:
    """Use as much memory as a round writes files, and let go of it.

    On a virtual machine the first use of each page costs as much as recording does, and would be paid by
    whoever comes first.
    """
    with tempfile.TemporaryFile() as file:
        for _ in range(TOUCHED_BYTES >> 20):
            file.write(bytes(1 << 20))


def compare(
    cameras: SimulatedCameras, counts: Sequence[int], ways: Sequence[str], rounds: int, figures: Figures
) -> None:
    """Round by round, way by way."""
    for count in counts:
        costs: dict[str, list[Cost]] = {way: [] for way in ways if way != "motion" or count == 10}
        for number in range(rounds):
            # Whoever comes second finds warmer memory and a fuller disk: each comes first as often.
            for way, found in list(costs.items())[:: -1 if number % 2 else 1]:
                with tempfile.TemporaryDirectory() as folder:
                    found.append(WAYS[way](cameras, count, Path(folder)))
        median = {
            way: (
                statistics.median(cost.cpu_percent for cost in found),
                statistics.median(cost.pss_mb for cost in found),
            )
            for way, found in costs.items()
        }
        for way, (cpu, pss) in median.items():
            figures.add(f"{way}_{count}.cpu", cpu, "% of a core a camera", n=rounds)
            figures.add(f"{way}_{count}.pss", pss, "MB a camera", n=rounds)
        if "ours" in costs:
            own = statistics.median(cost.database_percent for cost in costs["ours"])
            figures.add(f"ours_{count}.database", own, "% of a core a camera", n=rounds)
        if "ours" in costs and "ffmpeg" in costs:
            cpu, pss = (median["ours"][place] / median["ffmpeg"][place] for place in (0, 1))
            against = "one ffmpeg -c copy a camera"
            figures.add(
                f"cpu_ratio_{count}",
                cpu,
                "ours / theirs",
                n=rounds,
                most=MOST_CPU.get(count),
                against=against,
            )
            figures.add(
                f"pss_ratio_{count}",
                pss,
                "ours / theirs",
                n=rounds,
                most=MOST_PSS.get(count),
                against=against,
            )


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cameras", type=int, nargs="*", default=list(CAMERAS))
    parser.add_argument("--ways", nargs="*", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--large", type=int, default=0 if IS_QUICK else 200)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--calls", type=int, default=10, help="cameras under strace; 0: leave it out")
    given = parser.parse_args()
    figures = Figures("record")
    most = max([*given.cameras, given.large, given.calls])
    with tempfile.TemporaryDirectory() as folder:
        clip = camera_clip(Path(folder) / "camera.mp4")
        files = {f"cam-{number:03d}": clip for number in range(most)}
        with simulated_cameras(files, joins_at_key=False) as cameras:
            touch_memory()
            stages(figures, clip)
            compare(cameras, given.cameras, given.ways, given.rounds, figures)
            if given.calls and "ours" in given.ways:
                with tempfile.TemporaryDirectory() as inner:
                    calls = system_calls(cameras, given.calls, Path(inner))
                figures.add("calls", calls, "system calls a camera-second", n=1, most=MOST_CALLS)
            if given.large:
                with tempfile.TemporaryDirectory() as inner:
                    large(cameras, given.large, given.seconds, Path(inner), figures)
    return figures.end()


if __name__ == "__main__":
    os.environ.setdefault("PYTHONPATH", "src")
    sys.exit(main())
