"""Cameras that none of us wrote, GStreamer's RTSP server and VLC's RTSP output, and the footage they send.

Real footage, encoded anew with or without B-frames, at a constant or a variable rate, with sound or without.
"""

import json
import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from pathlib import Path

import av
import numpy as np

from audio_packets import an_encoder
from watchkeep.domain.media import TICKS_PER_SECOND, AudioCodec

SIZE = (320, 180)
FPS = 15
GOP = 15
RATES = {AudioCodec.AAC: 16_000, AudioCodec.PCMU: 8_000, AudioCodec.PCMA: 8_000}
_STORED = {AudioCodec.AAC: "aac", AudioCodec.PCMU: "pcm_mulaw", AudioCodec.PCMA: "pcm_alaw"}
_VLC_PART = 1385
_GSTREAMER = Path(__file__).with_name("gstreamer_server.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How a camera's footage is made."""

    codec: str
    b_frames: int = 0
    is_variable: bool = False
    audio: AudioCodec | None = None

    def __str__(self) -> str:
        words = [self.codec, f"{self.b_frames} B-frames", "variable" if self.is_variable else "constant"]
        return ", ".join([*words, self.audio.value if self.audio else "no sound"])


def encode_footage(scene: Path, path: Path, kind: Kind, *, seconds: float) -> Path:
    """Write a clip of a real scene; a MOV, for an MP4 holds no G.711."""
    options = {"preset": "ultrafast", "threads": "1"}
    settings = f"scenecut=0:keyint={GOP}:min-keyint={GOP}:bframes={kind.b_frames}:b-adapt=0"
    if kind.codec == "h265":
        options["x265-params"] = f"log-level=none:pools=1:frame-threads=1:{settings}"
    else:
        options["x264-params"] = f"{settings}:b-pyramid={'normal' if kind.b_frames else 'none'}"
    with av.open(str(path), "w", format="mov") as target:
        video = target.add_stream({"h264": "libx264", "h265": "libx265"}[kind.codec], options=options)
        video.width, video.height = SIZE
        video.pix_fmt = "yuv420p"
        video.time_base = video.codec_context.time_base = Fraction(1, TICKS_PER_SECOND)
        video.codec_context.framerate = Fraction(FPS)
        if kind.codec == "h265":
            video.codec_context.codec_tag = "hvc1"
        sound = None if kind.audio is None else _Sound(target, kind.audio)
        for frame, ticks in zip(_pictures(scene), _times(kind), strict=False):
            if ticks > seconds * TICKS_PER_SECOND:
                break
            frame.pts, frame.time_base = ticks, Fraction(1, TICKS_PER_SECOND)
            target.mux(video.encode(frame))
            if sound is not None:
                sound.go_on(ticks / TICKS_PER_SECOND)
        target.mux(video.encode(None))
    return path


def _pictures(scene: Path) -> Iterator[av.VideoFrame]:
    """A scene, and again."""
    while True:
        with av.open(str(scene)) as source:
            for frame in source.decode(video=0):
                yield frame.reformat(width=SIZE[0], height=SIZE[1], format="yuv420p")


def _times(kind: Kind) -> Iterator[int]:
    """Ticks of the pictures: 15 a second, or 20 to 110 ms apart, as light and load would have it."""
    chance, ticks = random.Random(str(kind)), 0
    for _ in count():
        yield ticks
        ticks += chance.randint(1800, 9900) if kind.is_variable else TICKS_PER_SECOND // FPS


class _Sound:
    """Noise, of which no stretch is like another, beside the pictures."""

    def __init__(self, target: av.container.OutputContainer, codec: AudioCodec) -> None:
        self._target, self._rate = target, RATES[codec]
        self._stream = target.add_stream(_STORED[codec], rate=self._rate, layout="mono")
        encoder = an_encoder(codec, self._rate, 1)
        self._size = encoder.frame_size or 160
        self._format = encoder.format.name
        self._chance = np.random.default_rng(7)
        self._at = 0

    def go_on(self, until_s: float) -> None:
        """Sound as far as the pictures."""
        while self._at < until_s * self._rate:
            wave = self._chance.normal(0, 0.2, (1, self._size)).clip(-1, 1)
            is_float = self._format == "fltp"
            samples = wave.astype(np.float32) if is_float else (wave * 32_000).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(samples, format=self._format, layout="mono")
            frame.sample_rate, frame.pts = self._rate, self._at
            self._target.mux(self._stream.encode(frame))
            self._at += self._size


@contextmanager
def gstreamer(clips: Mapping[str, tuple[Path, Kind]]) -> Iterator[int]:
    """GStreamer's RTSP server, each clip at /its-name, played from the first client on; gives the port."""
    what = {
        name: {"path": str(path), "video": kind.codec, "audio": kind.audio.value if kind.audio else ""}
        for name, (path, kind) in clips.items()
    }
    process = subprocess.Popen(
        ["/usr/bin/python3", str(_GSTREAMER), json.dumps(what)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        _end(process)
        process.stdout.close()


@contextmanager
def vlc(clips: Mapping[str, Path], ports: Mapping[str, int]) -> Iterator[None]:
    """VLC's RTSP output, one process a clip, played from now on whoever listens, at /its-name of its port.

    VLC refuses to run as root; then it runs as nobody, who is handed the file open.
    """
    with ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory())
        Path(home).chmod(0o777)  # VLC wants to write a cache
        for name, path in clips.items():
            output = f"#rtp{{sdp=rtsp://:{ports[name]}/{name}}}"
            asked = ["cvlc", "--intf", "dummy", "--play-and-exit", "--rtsp-host", "127.0.0.1"]
            file = stack.enter_context(path.open("rb"))
            process = subprocess.Popen(
                [*_as_nobody(), *asked, f"fd://{file.fileno()}", "--sout", output],
                pass_fds=[file.fileno()],
                env={**os.environ, "HOME": home, "TMPDIR": home},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            stack.callback(_terminate, process)
        yield


def as_vlc_sends(nals: tuple[bytes, ...], codec: str) -> tuple[bytes, ...]:
    """What VLC makes of an access unit: 3.0.24 leaves out the last byte of an H.265 NAL where that would be a
    fragment of its own (seen in its RTP packets; they carry 1400 - 12 - 3 bytes of a NAL each)."""
    if codec != "h265":
        return nals
    return tuple(
        nal[:-1] if len(nal) > _VLC_PART + 3 and (len(nal) - 2) % _VLC_PART == 1 else nal for nal in nals
    )


def _as_nobody() -> Sequence[str]:
    if os.getuid() != 0:
        return ()
    setpriv = shutil.which("setpriv") or "setpriv"
    return (setpriv, "--reuid", "nobody", "--regid", "nogroup", "--clear-groups")


def _terminate(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    _end(process)


def _end(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
