"""Live video as low-latency HLS, over real sockets: the rules of its playlist, its bytes, and who may."""

import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from builders import RUN, FixedClock
from clip_packets import demuxed
from house_builder import a_camera
from live_recorder import Recorder
from recording_rig import FPS, EndlessClip, make_endless_clip
from site_server import Browser, Site
from watchkeep.domain.ids import CameraId
from watchkeep.domain.media import Fragment
from watchkeep.ingestion.mux import init_section
from watchkeep.ingestion.wall_clock import WallClock
from watchkeep.runtime.packet_feed import PacketFeed

PACE = 2.0
"""So much faster than a camera do pictures come here."""


@dataclass
class Playlist:
    """A media playlist, read without our code."""

    text: str
    parts: dict[tuple[int, int], float] = field(default_factory=dict)
    independent: set[tuple[int, int]] = field(default_factory=set)
    segments: dict[int, float] = field(default_factory=dict)
    maps: list[str] = field(default_factory=list)
    hint: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        seconds = 0.0
        number = self.first = int(self.value("EXT-X-MEDIA-SEQUENCE"))
        for line in self.text.splitlines():
            if found := re.fullmatch(r'#EXT-X-PART:DURATION=([\d.]+),URI="\S+?/(\d+)\.(\d+)\.m4s"(.*)', line):
                place = (int(found[2]), int(found[3]))
                assert place[0] == number, "a part stands before its own segment"
                self.parts[place] = float(found[1])
                if ",INDEPENDENT=YES" in found[4]:
                    self.independent.add(place)
            elif line.startswith("#EXTINF:"):
                seconds = float(line.removeprefix("#EXTINF:").rstrip(","))
            elif found := re.fullmatch(r"\S+?/(\d+)\.m4s", line):
                assert int(found[1]) == number
                self.segments[number] = seconds
                number += 1
            elif found := re.fullmatch(r'#EXT-X-MAP:URI="(\S+)"', line):
                self.maps.append(found[1])
            elif found := re.fullmatch(r'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="\S+?/(\d+)\.(\d+)\.m4s"', line):
                self.hint = (int(found[1]), int(found[2]))

    def value(self, tag: str) -> str:
        found = re.search(rf"^#{tag}:(.*)$", self.text, re.MULTILINE)
        assert found is not None, f"{tag} is missing in:\n{self.text}"
        return found[1]

    def check(self) -> None:
        """RFC 8216 and draft-pantos-hls-rfc8216bis sections 4.4.3, 4.4.4.9, 4.4.5.3 and 6.2.2."""
        assert self.text.startswith("#EXTM3U\n#EXT-X-VERSION:9\n")
        target = int(self.value("EXT-X-TARGETDURATION"))
        part_target = float(self.value("EXT-X-PART-INF").removeprefix("PART-TARGET="))
        control = dict(each.split("=") for each in self.value("EXT-X-SERVER-CONTROL").split(","))
        assert control["CAN-BLOCK-RELOAD"] == "YES"
        assert float(control["PART-HOLD-BACK"]) >= 3 * part_target - 1e-4
        assert all(round(seconds) <= target for seconds in self.segments.values())
        assert self.maps
        assert "#EXT-X-ENDLIST" not in self.text
        for (number, part), seconds in self.parts.items():
            assert seconds <= part_target
            is_last = (number, part + 1) not in self.parts and (number in self.segments)
            assert is_last or seconds >= 0.85 * part_target
        for number, seconds in self.segments.items():
            its_parts = [each for (owner, _), each in self.parts.items() if owner == number]
            assert not its_parts or sum(its_parts) == pytest.approx(seconds, abs=1e-3)
        newest = max(self.parts)
        assert self.hint in ((newest[0], newest[1] + 1), (newest[0] + 1, 0))


class Camera:
    """A recorder whose camera never ends: a clip's packets, again and again."""

    def __init__(self, recorder: Recorder, clip: EndlessClip) -> None:
        self._recorder = recorder
        self._clip = clip
        self._clock = FixedClock()
        recorder.parameters, recorder.init = clip.parameters, init_section(clip.parameters)
        recorder.begin()
        self._feed = PacketFeed(
            RUN,
            recorder.stream,
            wall_clock=WallClock(clock=self._clock),
            readers=recorder.offer,
            keep=self._keep,
        )
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._is_over.set()
        self._thread.join()

    def _keep(self, fragment: Fragment, went_in_chunks: bool) -> None:
        self._recorder.offer.publish(self._recorder.stream, fragment, went_in_chunks=went_in_chunks)

    def _run(self) -> None:
        number, began = 0, time.monotonic()
        while not self._is_over.wait(0.01):
            while number / FPS < (time.monotonic() - began) * PACE:
                self._clock.advance(1 / FPS)
                with self._recorder.lock:
                    self._feed.push(self._clip.packet(number, self._clock.now()))
                    self._feed.look_who_watches()
                number += 1


@pytest.fixture
def camera(site: Site) -> CameraId:
    return a_camera(site.house, "Front door")


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> EndlessClip:
    return make_endless_clip(tmp_path_factory.mktemp("endless"))


@pytest.fixture
def filmed(
    site: Site, camera: CameraId, clip: Callable[..., Path], endless: EndlessClip
) -> Iterator[CameraId]:
    recorder = Recorder(site, camera, clip(seconds=8))
    running = Camera(recorder, endless)
    yield camera
    running.close()
    recorder.close()


def fetch(browser: Browser, camera: CameraId, **asked: int) -> Playlist:
    params = {f"_HLS_{name}": number for name, number in asked.items()}
    answer = browser.get(f"/api/v1/cameras/{camera}/live.m3u8", params={"role": "main", **params})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
    found = Playlist(answer.text)
    found.check()
    return found


def follow(browser: Browser, camera: CameraId, count: int) -> Iterator[tuple[Playlist, tuple[int, int]]]:
    """Ask as a client does: each time for what was announced; the playlists and what was new in them."""
    known = fetch(browser, camera)
    for _ in range(count):
        number, part = known.hint
        known = fetch(browser, camera, msn=number, part=part)
        yield known, max(known.parts)


def test_every_playlist_keeps_the_rules_and_comes_when_its_part_is_there(
    site: Site, filmed: CameraId
) -> None:
    browser = site.administrator()
    seen: list[tuple[int, int]] = []
    for playlist, newest in follow(browser, filmed, 40):
        assert newest not in seen  # it blocked until there was something new
        seen.append(newest)
        assert all((number, 0) in playlist.independent for number, part in playlist.parts if part == 0)

    assert seen == sorted(seen)
    items = browser.get("/api/v1/audit", params={"camera": filmed}).json()["items"]
    assert [item["action"] for item in items if item["subject"] == "ada"] == ["view_live"]


def test_parts_make_their_segment_and_nothing_is_missing_between_segments(
    site: Site, filmed: CameraId, tmp_path: Path
) -> None:
    browser, base = site.administrator(), f"/api/v1/cameras/{filmed}/live/main"
    first = fetch(browser, filmed).hint[0]
    parts: dict[tuple[int, int], bytes] = {}
    for playlist, _ in follow(browser, filmed, 25):
        for number, part in playlist.parts:
            if (number, part) not in parts and number > first:
                parts[number, part] = browser.get(f"{base}/{number}.{part}.m4s").content
    whole = [number for number in playlist.segments if number > first]

    assert len(whole) >= 2
    video = browser.get(f"/api/v1/cameras/{filmed}/{playlist.maps[0]}").content
    for number in whole:
        segment = browser.get(f"{base}/{number}.m4s").content
        assert segment == b"".join(data for (owner, _), data in sorted(parts.items()) if owner == number)
        video += segment
    path = tmp_path / "together.mp4"
    path.write_bytes(video)
    times = [dts for _, dts, _, _ in demuxed(path)]
    assert {late - early for early, late in pairwise(times)} == {90_000 // FPS}


@pytest.mark.tools
def test_ffmpeg_plays_it(
    site: Site, filmed: CameraId, needs_tool: Callable[[str], Path], tmp_path: Path
) -> None:
    browser, out = site.administrator(), tmp_path / "fetched.mp4"
    url = f"{site.address}/api/v1/cameras/{filmed}/live.m3u8?role=main"
    cookie = f"Cookie: {browser.headers['cookie']}\r\n"
    command = [
        needs_tool("ffmpeg"),
        "-v",
        "error",
        "-headers",
        cookie,
        "-i",
        url,
        "-t",
        "6",
        "-c",
        "copy",
        out,
    ]

    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    decoded = subprocess.run(
        [
            needs_tool("ffprobe"),
            *["-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0"],
            out,
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert decoded.stderr == ""
    assert int(decoded.stdout) >= 5 * FPS


def test_what_cannot_be_asked_is_refused_and_what_is_gone_is_not_there(site: Site, filmed: CameraId) -> None:
    browser, base = site.administrator(), f"/api/v1/cameras/{filmed}"
    number = fetch(browser, filmed).hint[0]

    def status(path: str) -> int:
        return browser.get(f"{base}/{path}").status_code

    assert status("live.m3u8?role=main&_HLS_part=1") == 422
    assert status(f"live.m3u8?role=main&_HLS_msn={number + 5}") == 422
    assert status("live/main/1.m4s") == 404
    assert status(f"live/main/{number + 9}.0.m4s") == 404
    assert status("live/main/init-7.mp4") == 404
    assert status("live/main/..%2F..%2Fsecret") == 404
    assert status("live/other/1.m4s") == 422
    site.user("vera", "viewer", [a_camera(site.house, "Garden")])
    vera = site.signed_in("vera")
    for path in ("live.m3u8?role=main", "live/main/init-0.mp4", f"live/main/{number}.0.m4s"):
        assert vera.get(f"{base}/{path}").status_code == 404
        assert site.browser().get(f"{base}/{path}").status_code == 401
