"""What goes in comes out: an export holds the camera's video, NAL by NAL, and its sound, packet by packet.

From our own simulator, and from two servers that none of us wrote, GStreamer's and VLC's (Debian): H.264 and
H.265, with and without B-frames, at a constant and at a variable rate, with AAC and G.711. VLC's server knows
UDP only, so libav reads it for us, without sound. Fifteen seconds in every run, the issue's ninety by
`make test-interop`.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest

from simulator_process import simulated_cameras
from system.footage_oracle import Clip, TimedPicture, pictures_of_mp4, place_in, timed_pictures
from system.foreign_cameras import RATES, Kind, as_vlc_sends, encode_footage, gstreamer, vlc
from system.kill_drill import add_cameras, make_clips, recording, settings_for
from system.node_process import NodeProcess, free_port, running_node, wait_until
from watchkeep.domain.media import AudioCodec

SPAN_S = float(os.environ.get("WATCHKEEP_EXPORT_S", "15"))
LEAD_S = 8
"""Before the span: how its two clocks belong together a camera says in its reports, the first after 5 s."""
SLACK_S = 25
"""Before and after: cameras are connected to one after the other, and rows follow footage."""
SCENE = "one-by-one-person-detection.mp4"
FROM_GSTREAMER = {
    "gst-h264-b": Kind(codec="h264", b_frames=3, audio=AudioCodec.AAC),
    "gst-h264-variable": Kind(codec="h264", is_variable=True, audio=AudioCodec.PCMA),
    "gst-h265": Kind(codec="h265"),
    "gst-h265-b-variable": Kind(codec="h265", b_frames=3, is_variable=True, audio=AudioCodec.PCMU),
}
FROM_VLC = {
    "vlc-h264": Kind(codec="h264"),
    "vlc-h264-b-variable": Kind(codec="h264", b_frames=3, is_variable=True),
    "vlc-h265-b": Kind(codec="h265", b_frames=3),
    "vlc-h265-variable": Kind(codec="h265", is_variable=True),
}
FILMED = "gst-as-filmed"
if SPAN_S < 60:
    # In every run one of each codec from each server; the others when there is time.
    FROM_GSTREAMER = {name: FROM_GSTREAMER[name] for name in ("gst-h264-b", "gst-h265-b-variable")}
    FROM_VLC = {name: FROM_VLC[name] for name in ("vlc-h264-b-variable", "vlc-h265-b")}
MOST_TICKS = 1
"""Of the RTP clock: what rounding once in a server costs."""
APART_S = 0.08
"""The encoder's own delay and one packet of AAC at 16 kHz."""
_HAS_GSTREAMER = "import gi; gi.require_version('GstRtspServer', '1.0')"


def export(node: NodeProcess, camera: str, out: Path, *, start: datetime) -> None:
    """Export SPAN_S seconds once they are sure to be on disk."""
    end = start + timedelta(seconds=SPAN_S)
    wait_until(
        lambda: datetime.now(UTC) > end + timedelta(seconds=8), seconds=SPAN_S + 60, what="the span to pass"
    )
    command = [sys.executable, "-m", "watchkeep", "export", str(out), "--camera", camera, "--json"]
    command += ["--from", start.isoformat(), "--to", end.isoformat(), "--data", str(node.data)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    assert json.loads(done.stdout)["size_bytes"] == out.stat().st_size


def oldest(node: NodeProcess, camera: str) -> datetime | None:
    """When the camera's footage begins."""
    for item in node.signed_in().get("/storage").json()["cameras"]:
        if item["id"] == camera and item["oldest"]:
            return datetime.fromisoformat(item["oldest"])
    return None


def check_tools(out: Path, count: int, ffprobe: Path, ffmpeg: Path) -> None:
    """Tools that none of us wrote find as many packets, and decode them without a complaint."""
    counted = subprocess.run(
        [
            *(str(ffprobe), "-v", "error", "-count_packets", "-select_streams", "v"),
            *("-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", str(out)),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(counted.stdout.strip().strip(",")) == count
    decoded = subprocess.run(
        [
            *(str(ffmpeg), "-v", "error", "-i", str(out)),
            *("-fps_mode", "passthrough", "-enc_time_base", "-1", "-f", "null", "-"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert decoded.stderr == ""


@pytest.mark.slow
@pytest.mark.tools
@pytest.mark.timeout(SPAN_S + 240)
def test_an_export_holds_what_our_simulator_sent(tmp_path: Path, needs_tool: Callable[[str], Path]) -> None:
    ffprobe, ffmpeg = needs_tool("ffprobe"), needs_tool("ffmpeg")
    clips = make_clips(tmp_path)
    with (
        simulated_cameras(clips) as cameras,
        running_node(tmp_path / "data", settings=settings_for(cameras.port)) as node,
    ):
        add_cameras(node, {name: cameras.url(name) for name in clips})
        wait_until(lambda: recording(node) == 2, seconds=60, what="both cameras to record")
        for name, path in clips.items():
            out = tmp_path / f"{name}-export.mp4"
            began = wait_until(lambda name=name: oldest(node, name), seconds=30, what=f"footage of {name}")
            export(node, name, out, start=began + timedelta(seconds=2))
            clip = Clip(path)
            exported = pictures_of_mp4(out)
            assert clip.follows(exported) is None
            check_tools(out, len(exported), ffprobe, ffmpeg)
            print(f"{name}: {len(exported)} access units over {SPAN_S:g} s equal")
            assert len(exported) >= SPAN_S * len(clip.pictures) / clip.length_s


@dataclass(frozen=True, slots=True)
class Taken:
    """What a foreign camera sent, and what we exported of it."""

    sent: Path
    exported: Path
    note: str
    """What the camera's state says of how it is read."""


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory, footage: Callable[[str], Path]) -> Callable[[str], Taken]:
    """All foreign cameras that this machine can run, recorded side by side and exported."""
    folder = tmp_path_factory.mktemp("foreign")
    scene = footage(SCENE)
    from_gstreamer = FROM_GSTREAMER if has_gstreamer() else {}
    from_vlc = FROM_VLC if shutil.which("cvlc") else {}
    clips = {
        name: encode_footage(scene, folder / f"{name}.mov", kind, seconds=SPAN_S + LEAD_S + SLACK_S)
        for name, kind in {**from_gstreamer, **from_vlc}.items()
    }
    served = {name: (clips[name], kind) for name, kind in from_gstreamer.items()}
    if served:
        served[FILMED] = clips[FILMED], _ = scene, Kind(codec="h264")
    ports = {name: free_port() for name in from_vlc}
    with ExitStack() as stack:
        if served:
            ports |= dict.fromkeys(served, stack.enter_context(gstreamer(served)))
        settings = settings_for(0).replace("[0]", str(sorted(set(ports.values()))))
        node = stack.enter_context(running_node(folder / "data", settings=settings))
        # VLC plays whether somebody listens or not: it begins last.
        stack.enter_context(vlc({name: clips[name] for name in from_vlc}, ports))
        notes = record(node, {name: f"rtsp://127.0.0.1:{port}/{name}" for name, port in ports.items()})
        export_all(node, list(ports), folder)
    found = {name: Taken(clips[name], folder / f"{name}.mp4", notes[name]) for name in ports}
    return found.__getitem__


def record(node: NodeProcess, urls: dict[str, str]) -> dict[str, str]:
    """Begin to record cameras with their sound; what their states say."""
    for name, url in urls.items():
        wish = {"name": name, "audio": True, "streams": [{"role": "main", "url": url}]}
        answer = node.signed_in().post("/cameras", json=wish)
        assert answer.status_code == 201, answer.text
    wait_until(lambda: recording(node) == len(urls), seconds=60, what="all cameras to record")
    items = node.signed_in().get("/cameras").json()["items"]
    return {camera["id"]: camera["streams"][0]["state"]["detail"] for camera in items}


def export_all(node: NodeProcess, names: list[str], folder: Path) -> None:
    """Export the same SPAN_S seconds of all of them, once they are there."""

    def kept() -> dict[str, tuple[datetime, datetime]]:
        items = node.signed_in().get("/storage").json()["cameras"]
        return {
            item["id"]: (datetime.fromisoformat(item["oldest"]), datetime.fromisoformat(item["newest"]))
            for item in items
            if item["oldest"]
        }

    wait_until(lambda: len(kept()) == len(names), seconds=30, what="footage of all")
    start = max(oldest for oldest, _ in kept().values()) + timedelta(seconds=LEAD_S)
    end = start + timedelta(seconds=SPAN_S)
    reach = SPAN_S + LEAD_S + 30
    wait_until(lambda: min(newest for _, newest in kept().values()) > end, seconds=reach, what="the span")
    for name in names:
        span = {"from": start.isoformat(), "to": end.isoformat()}
        answer = node.signed_in().get(f"/cameras/{name}/export.mp4", params=span)
        assert answer.status_code == 200, answer.text
        (folder / f"{name}.mp4").write_bytes(answer.content)


def has_gstreamer() -> bool:
    """Whether the system's Python finds GStreamer's RTSP server."""
    asked = ["/usr/bin/python3", "-c", _HAS_GSTREAMER]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def compare_pictures(taken: Taken, *, vlc_codec: str = "") -> tuple[list[TimedPicture], Fraction, Fraction]:
    """Every access unit equal and in its place.

    Args:
        taken: What was sent, and what came out.
        vlc_codec: Of what VLC sent: what it is known to leave out is not looked for.

    Returns:
        The exported pictures; how far their times are off those sent, ticks; and how much later than in the
        file that was sent the first of them is shown, ticks.
    """
    sent, exported = timed_pictures(taken.sent), timed_pictures(taken.exported)
    got, gave = [each.nals for each in exported], [each.nals for each in sent]
    begin = place_in(got, gave)
    if begin is None and vlc_codec:
        begin = place_in(got, [as_vlc_sends(nals, vlc_codec) for nals in gave])
    assert begin is not None, "the exported pictures are no stretch of those that were sent"
    sent = sent[begin : begin + len(exported)]
    shift = exported[0].pts - sent[0].pts
    off = max(abs(one.pts - two.pts - shift) for one, two in zip(exported, sent, strict=True))
    shown = [sorted(range(len(each)), key=lambda at, each=each: each[at].pts) for each in (sent, exported)]
    assert shown[0] == shown[1], "pictures are shown in another order"
    assert all(one.dts < two.dts for one, two in pairwise(exported))
    assert all(each.dts <= each.pts for each in exported)
    return exported, off, shift


def compare_sound(taken: Taken, codec: AudioCodec) -> tuple[int, Fraction]:
    """Every packet of sound equal and in its place; how many, and how much later than sent, seconds."""
    rate = RATES[codec]
    got, gave = _sounds(taken.exported), _sounds(taken.sent)
    assert got, "the export is silent"
    payloads = [payload for _, payload in got]
    if codec is AudioCodec.AAC:
        place = place_in(payloads, [payload for _, payload in gave])
        assert place is not None, "the exported packets of sound are no stretch of those that were sent"
        sent_at, lengths = gave[place][0], [1024] * len(got)
    else:
        place = b"".join(payload for _, payload in gave).find(b"".join(payloads))
        assert place >= 0, "the exported sound is no stretch of what was sent"
        sent_at, lengths = gave[0][0] + Fraction(place, rate), [len(payload) for payload in payloads]
    at = got[0][0]
    for (heard_at, _), length in zip(got, lengths, strict=True):
        assert abs(heard_at - at) <= Fraction(1, rate), "the sound has a hole"
        at += Fraction(length, rate)
    return len(got), got[0][0] - sent_at


def _sounds(path: Path) -> list[tuple[Fraction, bytes]]:
    """The packets of a file's sound with their times in seconds."""
    with av.open(str(path)) as container:
        return [
            (packet.pts * packet.time_base, bytes(packet))
            for packet in container.demux(audio=0)
            if packet.size and packet.pts is not None
        ]


@pytest.mark.slow
@pytest.mark.tools
@pytest.mark.timeout(SPAN_S + 400)
@pytest.mark.parametrize("name", [FILMED, *FROM_GSTREAMER, *FROM_VLC])
def test_an_export_holds_what_a_foreign_server_sent(
    name: str, request: pytest.FixtureRequest, needs_tool: Callable[[str], Path]
) -> None:
    ffprobe, ffmpeg = needs_tool("ffprobe"), needs_tool("ffmpeg")
    if name in FROM_VLC:
        needs_tool("cvlc")
    elif not has_gstreamer():
        needs_tool("gst-rtsp-server for the system's Python")
    began = time.monotonic()
    taken: Taken = request.getfixturevalue("taken")(name)
    kind = {**FROM_GSTREAMER, **FROM_VLC}.get(name, Kind(codec="h264"))
    vlc_codec = kind.codec if name in FROM_VLC else ""
    exported, off, shift = compare_pictures(taken, vlc_codec=vlc_codec)
    seconds = float(max(each.pts for each in exported) - min(each.pts for each in exported)) / 90_000
    words = f"{len(exported)} access units over {seconds:.1f} s equal, times within {float(off):.2f} ticks"
    if kind.audio is not None:
        count, shift_s = compare_sound(taken, kind.audio)
        apart_s = float(shift_s - shift / 90_000)
        words += f"; {count} packets of {kind.audio} equal, {apart_s * 1000:.1f} ms from the pictures"
        assert abs(apart_s) <= APART_S
    print(f"{name} ({kind}): {words}; {time.monotonic() - began:.0f} s; {taken.note}")
    check_tools(taken.exported, len(exported), ffprobe, ffmpeg)
    assert seconds >= SPAN_S - 0.2
    assert off <= MOST_TICKS
