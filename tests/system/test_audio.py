"""Sound from a microphone to an export: packet by packet what was sent, in step with the pictures."""

import os
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from audio_packets import a_beep, an_encoder
from simulator_process import simulated_cameras
from system.clear_media import clear_places, sound_windows
from system.footage_oracle import Clip
from system.node_process import NodeProcess, running_node, wait_until
from time_code import make_clip, read_time_code
from watchkeep.domain.media import AudioCodec
from watchkeep.sources.simulator.stream import StreamFiles

CLIP_S = 10
CODECS = os.environ.get("WATCHKEEP_AUDIO", "aac").split()
"""Half a minute each; `make test-interop` tries them all."""
RATES = {AudioCodec.AAC: 16_000, AudioCodec.PCMU: 8_000, AudioCodec.PCMA: 8_000}
ENCODED = {AudioCodec.AAC: "aac", AudioCodec.PCMU: "pcm_mulaw", AudioCodec.PCMA: "pcm_alaw"}
SPAN_S = 14
SYNC_S = 7
"""How its two clocks belong together a camera says in its reports; the simulator's first comes within 5 s."""
APART_S = 0.08
"""The encoder's own delay and one packet of AAC at 16 kHz."""


def beeping(path: Path, codec: AudioCodec) -> list[bytes]:
    """Write a file of beeps as long as the clip; its packets."""
    encoder = an_encoder(codec, RATES[codec], 1)
    size = encoder.frame_size or 160
    with av.open(str(path), "w") as container:
        stream = container.add_stream(ENCODED[codec], rate=RATES[codec], layout="mono")
        for start in range(0, CLIP_S * RATES[codec], size):
            container.mux(stream.encode(a_beep(encoder, start=start, size=size)))
        container.mux(stream.encode(None))
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def came_in_turn(got: list[bytes], sent: list[bytes], codec: AudioCodec) -> bool:
    """Whether all that came is what was sent, round and round, without a packet more or less."""
    if codec is not AudioCodec.AAC:
        return b"".join(got) in b"".join(sent) * (len(got) * 160 // (CLIP_S * RATES[codec]) + 3)
    # The clip is no whole number of AAC packets long: a round may lack the encoder's first and the last few.
    places = {number for number, payload in enumerate(sent) if payload == got[0]}
    for payload in got[1:]:
        following = {number + 1 for number in places}
        following |= {first for first in (0, 1) if any(number > len(sent) - 4 for number in places)}
        places = {number for number in following if number < len(sent) and sent[number] == payload}
    return bool(places)


def loud_from(path: Path) -> Iterator[float]:
    """When each beep begins, in seconds of the file, to a hundredth."""
    levels: list[tuple[float, float]] = []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            samples = abs(frame.to_ndarray().astype(np.float64).reshape(-1))
            step = frame.sample_rate // 100
            levels += [
                (float(frame.time or 0) + at / frame.sample_rate, samples[at : at + step].max())
                for at in range(0, len(samples) - step + 1, step)
            ]
    loudest = max(level for _, level in levels)
    for (_, before), (at, level) in pairwise(levels):
        if before < loudest / 10 <= level:
            yield at


def shown_at(path: Path) -> list[tuple[float, float]]:
    """When each picture is shown, and the second of the clip that it shows."""
    with av.open(str(path)) as container:
        codes = [
            (float(picture.time or 0), read_time_code(picture.to_ndarray(format="gray")))
            for picture in container.decode(video=0)
        ]
    return [(at, code / 1000) for at, code in codes if code is not None]


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("codec", CODECS)
def test_an_export_sounds_like_the_camera_and_of_a_camera_without_the_switch_like_nothing(
    codec: str, tmp_path: Path
) -> None:
    kind = AudioCodec(codec)
    clip = make_clip(tmp_path / "door.mp4", seconds=CLIP_S, fps=25, gop=25, size=(256, 160))
    beeps = tmp_path / ("beeps.mp4" if kind is AudioCodec.AAC else "beeps.mov")
    sent = beeping(beeps, kind)
    files = StreamFiles(video=clip, sound=beeps)
    with simulated_cameras({"loud": files, "silent": files}) as cameras:
        settings = f"cameras:\n  simulator_ports: [{cameras.port}]\nanalysis:\n  enabled: false\n"
        with running_node(tmp_path / "data", settings=settings) as node:
            for name in ("loud", "silent"):
                streams = [{"role": "main", "url": cameras.url(name), "record": True}]
                wish = {"name": name, "audio": name == "loud", "streams": streams}
                assert node.signed_in().post("/cameras", json=wish).status_code == 201
            # While it records: the open segment, the spool and the database lie there, too.
            wait_until(lambda: list((tmp_path / "data").rglob("*.wks")), seconds=60, what="a segment")
            loud, silent = (export(node, name, tmp_path / f"{name}.mp4") for name in ("loud", "silent"))

            assert clear_places([Clip(clip)], [tmp_path / "data"], sounds=sent) == []
    assert any(window in loud.read_bytes() for window in sound_windows(sent))
    with av.open(str(silent)) as container:
        assert [stream.type for stream in container.streams] == ["video"]
    with av.open(str(loud)) as container:
        got = [packet for packet in container.demux(audio=0) if packet.size]
    assert came_in_turn([bytes(packet) for packet in got], sent, kind)
    assert all(one.pts + one.duration == two.pts for one, two in pairwise(got))  # type: ignore[operator]
    seconds = (got[-1].pts - got[0].pts) / RATES[kind]  # type: ignore[operator]
    assert seconds > SPAN_S - SYNC_S
    pictures = shown_at(loud)
    beginnings = list(loud_from(loud))
    assert abs(len(beginnings) - seconds) <= 2
    for at in beginnings:
        shown, second = max(picture for picture in pictures if picture[0] <= at + 0.001)
        # A beep begins with each second of the clip.
        off = (second + at - shown + 0.5) % 1 - 0.5
        assert abs(off) < APART_S, f"at {at:.3f} s sound and picture are {off:.3f} s apart"


def export(node: NodeProcess, camera: str, out: Path) -> Path:
    """Everything of a camera, once it is long enough."""

    def long_enough() -> dict[str, Any] | None:
        for line in node.signed_in().get("/storage").json()["cameras"]:
            if line["id"] == camera and line["oldest"]:
                oldest, newest = (datetime.fromisoformat(line[word]) for word in ("oldest", "newest"))
                if (newest - oldest).total_seconds() > SPAN_S:
                    found: dict[str, Any] = line
                    return found
        return None

    line = wait_until(long_enough, seconds=SPAN_S + 90, what=f"footage of {camera}")
    span = {"from": line["oldest"], "to": line["newest"]}
    answer = node.signed_in().get(f"/cameras/{camera}/export.mp4", params=span)
    assert answer.status_code == 200, answer.text
    out.write_bytes(answer.content)
    return out
