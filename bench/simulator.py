"""What many simulated cameras cost: processor time of the simulator, with clients that only read.

`make bench-simulator`; with QUICK=1 only 20 cameras for 5 s.
"""

import selectors
import socket
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil

from figures import IS_QUICK, Figures
from simulator_process import SimulatedCameras, simulated_cameras
from watchkeep.sources.simulator.stream import numbered

CAMERAS = 20 if IS_QUICK else 200
SECONDS = 5 if IS_QUICK else 15
PHASES = 8
LIMIT_PERCENT = 12.0
_BIT_RATE = 3_000_000


def main() -> int:
    """Run it."""
    figures = Figures("simulator")
    with tempfile.TemporaryDirectory() as folder:
        clip = _clip(Path(folder) / "cam.mp4")
        files = dict.fromkeys(numbered("cam", CAMERAS), clip)
        with simulated_cameras(files, phases=PHASES) as cameras:
            percent, megabits = _measure(cameras)
    figures.add("megabits_a_camera", megabits, "Mbit/s", n=CAMERAS, least=2.5)
    limit = None if IS_QUICK else LIMIT_PERCENT
    figures.add("cpu", percent, "% of a core", n=CAMERAS, most=limit, against=f"{SECONDS} s of 1080p25")
    return figures.end()


def _measure(cameras: SimulatedCameras) -> tuple[float, float]:
    """Processor time in % of a core, and what a client gets in Mbit/s."""
    command = [sys.executable, __file__, "sink", str(cameras.port), str(CAMERAS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sink:
        assert sink.stdin is not None
        assert sink.stdout is not None
        assert sink.stdout.readline() == "playing\n"
        time.sleep(3)
        received, spent, began = _asked(sink), _cpu_s(cameras.pid), time.monotonic()
        time.sleep(SECONDS)
        received, spent = _asked(sink) - received, _cpu_s(cameras.pid) - spent
        wall_s = time.monotonic() - began
        sink.stdin.close()
    return 100 * spent / wall_s, received * 8 / 1e6 / wall_s / CAMERAS


def _asked(sink: "subprocess.Popen[str]") -> int:
    assert sink.stdin is not None
    assert sink.stdout is not None
    sink.stdin.write("?\n")
    sink.stdin.flush()
    return int(sink.stdout.readline())


def _cpu_s(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _sink(port: int, count: int) -> None:
    """Play every camera and throw away what comes; tell on request how many bytes it was."""
    selector = selectors.DefaultSelector()
    for name in numbered("cam", count):
        selector.register(_played(port, name), selectors.EVENT_READ)
    selector.register(sys.stdin, selectors.EVENT_READ)
    print("playing", flush=True)
    buffer, received = bytearray(1024 * 1024), 0
    while True:
        for key, _ in selector.select():
            if isinstance(key.fileobj, socket.socket):
                received += key.fileobj.recv_into(buffer)
            elif not sys.stdin.readline():
                return
            else:
                print(received, flush=True)
        # One read a tick and not one a packet, as a recorder does it.
        time.sleep(0.02)


def _played(port: int, name: str) -> socket.socket:
    url = f"rtsp://127.0.0.1:{port}/{name}"
    sock = socket.create_connection(("127.0.0.1", port), timeout=10)
    transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
    sock.sendall(f"SETUP {url}/trackID=0 RTSP/1.0\r\nCSeq: 1\r\n{transport}\r\n".encode())
    answered = sock.recv(65536).decode()
    session = answered.partition("Session: ")[2].partition(";")[0]
    sock.sendall(f"PLAY {url} RTSP/1.0\r\nCSeq: 2\r\nSession: {session}\r\n\r\n".encode())
    sock.recv(64)
    return sock


def _clip(path: Path) -> Path:
    """Four seconds of 1080p25 that need all of 3 Mbit/s."""
    chance = np.random.default_rng(1)
    options = {
        "preset": "ultrafast",
        "x264-params": "keyint=50:min-keyint=50:scenecut=0:bframes=0:nal-hrd=cbr:"
        f"vbv-maxrate={_BIT_RATE // 1000}:vbv-bufsize={_BIT_RATE // 1000}",
    }
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 1920, 1080, "yuv420p", _BIT_RATE
        for number in range(100):
            luma = chance.integers(96, 160, (1620, 1920), dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(luma, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


if __name__ == "__main__":
    if sys.argv[1:2] == ["sink"]:
        _sink(int(sys.argv[2]), int(sys.argv[3]))
        sys.exit(0)
    sys.exit(main())
