"""Live video and changes, over real sockets."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from house_builder import a_camera
from live_recorder import Recorder
from site_server import Browser, Site
from watchkeep.application import live
from watchkeep.domain.ids import CameraId
from watchkeep.storage.catalog import outbox
from watchkeep.storage.catalog.outbox import NoticeKind

Clip = Callable[..., Path]


@pytest.fixture
def camera(site: Site) -> CameraId:
    return a_camera(site.house, "Front door")


@pytest.fixture
def recorder(site: Site, camera: CameraId, clip: Clip) -> Iterator[Recorder]:
    made = Recorder(site, camera, clip(seconds=8))
    yield made
    made.close()


@contextmanager
def watching(site: Site, browser: Browser, camera: CameraId) -> Iterator[ClientConnection]:
    address = site.address.replace("http", "ws") + f"/api/v1/cameras/{camera}/live?role=main"
    headers = {"cookie": browser.headers["cookie"]}
    with connect(address, origin=site.address, additional_headers=headers, max_size=None) as socket:  # type: ignore[arg-type]
        yield socket


def close_code(socket: ClientConnection, *, timeout: float = 20) -> int:
    with pytest.raises(ConnectionClosed) as closed:
        drain(socket, timeout)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


def drain(socket: ClientConnection, timeout: float) -> None:
    while True:
        socket.recv(timeout=timeout)


def test_a_viewer_is_told_the_codec_then_gets_init_and_fragments(
    site: Site, camera: CameraId, recorder: Recorder
) -> None:
    browser = site.administrator()
    recorder.begin()
    recorder.publish(*recorder.fragments[:5])

    with watching(site, browser, camera) as socket:
        told = json.loads(socket.recv(timeout=10))
        init = socket.recv(timeout=10)
        recorder.publish(*recorder.fragments[5:8])
        came: list[str | bytes] = []
        while recorder.fragments[7].payload not in came:
            came.append(socket.recv(timeout=10))

    assert told == {"codec": told["codec"], "stream": str(recorder.stream.id)}
    assert told["codec"].startswith("avc1.")
    assert init == recorder.init
    # Who joins late begins with a key picture, and misses nothing after it.
    first = next(n for n, fragment in enumerate(recorder.fragments) if fragment.payload == came[0])
    assert recorder.fragments[first].starts_with_key
    assert came == [fragment.payload for fragment in recorder.fragments[first:8]]
    items = browser.get("/api/v1/audit", params={"camera": camera}).json()["items"]
    assert [item["action"] for item in items if item["subject"] == "ada"] == ["view_live"]


def test_without_recorder_or_stream_the_viewer_is_sent_away_to_try_again(
    site: Site, camera: CameraId, clip: Clip
) -> None:
    browser = site.administrator()
    with watching(site, browser, camera) as socket:
        assert close_code(socket) == 4503
    recorder = Recorder(site, camera, clip(seconds=8))
    try:
        with watching(site, browser, camera) as socket:
            assert close_code(socket) == 4503
    finally:
        recorder.close()


def test_live_video_ends_when_the_session_or_the_grant_does(
    site: Site, camera: CameraId, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "RECHECK_EVERY_S", 0.2)
    site.administrator()
    site.user("vera", "viewer", [camera])
    browser = site.signed_in("vera")
    recorder.begin()
    recorder.publish(*recorder.fragments[:3])

    with watching(site, browser, camera) as socket:
        assert json.loads(socket.recv(timeout=10))["codec"]
        browser.delete("/api/v1/session", headers={"Origin": site.address})
        assert close_code(socket) == 4401


def test_watching_does_not_keep_a_session_alive(
    site: Site, camera: CameraId, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "RECHECK_EVERY_S", 0.2)
    browser = site.administrator()
    recorder.begin()

    with watching(site, browser, camera) as socket:
        socket.recv(timeout=10)
        site.clock.advance(20 * 60)
        time.sleep(0.6)
        site.clock.advance(11 * 60)
        assert close_code(socket) == 4401


def test_the_recorder_going_away_ends_the_video_with_a_code_to_try_again(
    site: Site, camera: CameraId, clip: Clip
) -> None:
    browser = site.administrator()
    recorder = Recorder(site, camera, clip(seconds=8))
    recorder.begin()

    with watching(site, browser, camera) as socket:
        socket.recv(timeout=10)
        recorder.close()
        assert close_code(socket) == 4503


def events(browser: Browser, count: int, *, after: str | None = None) -> list[dict[str, str]]:
    """The first events of the stream of changes."""
    headers = {} if after is None else {"Last-Event-ID": after}
    found: list[dict[str, str]] = []
    event: dict[str, str] = {}
    with browser.stream("GET", "/api/v1/changes", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if line and name:
                event[name] = value
            elif "id" in event:
                found.append(event)
                if len(found) == count:
                    return found
            if not line:
                event = {}
    return found


def test_changes_come_to_those_they_concern_and_are_replayed(site: Site, camera: CameraId) -> None:
    administrator = site.administrator()
    vault = a_camera(site.house, "Vault")
    site.user("vera", "viewer", [camera])
    viewer = site.signed_in("vera")
    with site.house.catalog.transaction() as conn:
        start = str(outbox.newest(conn))
        outbox.publish(conn, NoticeKind.STATE, camera=vault, facts={"condition": "failed"})
        outbox.publish(conn, NoticeKind.USER, facts={"change": "added"})
        outbox.publish(conn, NoticeKind.STATE, camera=camera, facts={"condition": "recording"})

    seen = events(viewer, 1, after=start)
    everything = events(administrator, 3, after=start)

    assert [json.loads(event["data"]) for event in seen] == [{"condition": "recording", "camera": camera}]
    assert [event["event"] for event in everything] == ["state", "user", "state"]
    assert events(administrator, 1, after=everything[1]["id"]) == [everything[2]]
    assert administrator.get("/api/v1/changes", headers={"Last-Event-ID": "x"}).status_code == 422


def test_the_stream_of_changes_ends_with_the_session(site: Site) -> None:
    browser = site.administrator()
    with browser.stream("GET", "/api/v1/changes") as answer:
        lines = answer.iter_lines()
        assert next(lines) == "retry: 2000"
        site.clock.advance(31 * 60)
        assert [line for line in lines if line] == []
