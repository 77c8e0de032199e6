"""Sound for simulated cameras: `add_sound(clip, target)` and `write_sound(target)`."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream


def write_sound(target: Path, *, codec: str, rate_hz: int, seconds: float, channels: int = 1) -> Path:
    """A rising tone, alone in its file."""
    with av.open(str(target), "w") as container:
        stream = container.add_stream(codec, rate=rate_hz, layout="mono" if channels == 1 else "stereo")
        _encode(container, stream, rate_hz=rate_hz, seconds=seconds, channels=channels)
    return target


def add_sound(clip: Path, target: Path, *, codec: str = "aac", rate_hz: int = 48000, seconds: float) -> Path:
    """The clip with a rising tone."""
    with av.open(str(clip)) as source, av.open(str(target), "w") as container:
        template = source.streams.video[0]
        pictures = container.add_stream_from_template(template)
        sound = container.add_stream(codec, rate=rate_hz, layout="stereo")
        for packet in source.demux(template):
            if packet.dts is not None:
                packet.stream = pictures
                container.mux(packet)
        _encode(container, sound, rate_hz=rate_hz, seconds=seconds, channels=2)
    return target


def units_of_file(path: Path) -> list[bytes]:
    """The sound's packets as they lie in the file, without the encoder's priming."""
    with av.open(str(path)) as container:
        packets = container.demux(container.streams.audio[0])
        return [bytes(packet) for packet in packets if packet.size and (packet.pts or 0) >= 0]


def _encode(
    container: "av.container.OutputContainer",
    stream: AudioStream,
    *,
    rate_hz: int,
    seconds: float,
    channels: int,
) -> None:
    kind = "fltp" if stream.codec_context.name == "aac" else "s16"
    moment = np.arange(round(seconds * rate_hz)) / rate_hz
    tone = 0.5 * np.sin(2 * np.pi * (200 + 300 * moment) * moment)
    size = 1024 if kind == "fltp" else rate_hz // 10
    for start in range(0, len(tone), size):
        piece = tone[start : start + size]
        if kind == "fltp":
            samples = np.tile(piece.astype(np.float32), (channels, 1))
        else:
            samples = np.repeat((piece * 20000).astype(np.int16), channels)[np.newaxis]
        frame = av.AudioFrame.from_ndarray(samples, format=kind, layout="mono" if channels == 1 else "stereo")
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, start, Fraction(1, rate_hz)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
