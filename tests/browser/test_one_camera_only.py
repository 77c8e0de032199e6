"""A viewer limited to one camera sees nothing of the other: not in the page, and not past it."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, Response, WebSocket, expect

from browser.conftest import VIEWER, Site, iso, sign_in, unix_s
from browser.pictures import wait_until_moving
from browser.telling import Teller
from system.node_process import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]

COOKIE = "__Host-watchkeep"


@dataclass
class Foreign:
    """Everything by which the other camera could be known.

    Attributes:
        segments: Ids of its recorded segments.
        part: A range of bytes of the first segment's video, as the playlist names it.
    """

    camera: str
    stream: str
    segments: list[str]
    part: str

    @property
    def words(self) -> list[str]:
        return [self.camera, self.camera.capitalize(), self.stream, *self.segments]


@dataclass
class Heard:
    """All that a browser was told over the network, as text; video bytes are only counted."""

    texts: list[str] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    """What was heard of: the last words of the addresses."""

    def listen(self, page: Page) -> None:
        page.on("response", self._hear)
        page.on("websocket", self._hear_socket)

    def _hear(self, answer: Response) -> None:
        self.texts.append(answer.url)
        kind = answer.url.partition("?")[0].rpartition("/")[2]
        self.kinds.add(kind)
        if kind != "changes" and (
            "json" in (of := answer.headers.get("content-type", "")) or "mpegurl" in of
        ):
            # A page that was left has forgotten its answers.
            with contextlib.suppress(Exception):
                self.texts.append(answer.text())

    def _hear_socket(self, socket: WebSocket) -> None:
        self.texts.append(socket.url)
        self.kinds.add("socket")
        socket.on("framereceived", lambda frame: self.texts.append(frame) if isinstance(frame, str) else None)


@pytest.fixture(scope="module")
def foreign(site: Site) -> Foreign:
    """The camera that the viewer must not know of, with footage."""
    camera = site.camera("vault")
    line = site.wait_until_recorded(camera, seconds_recorded=12)
    streams = site.administrator.get(f"/cameras/{camera}").json()["streams"]
    span = {"from": line["oldest"], "to": line["newest"]}
    playlist = site.administrator.get(f"/cameras/{camera}/playlist.m3u8", params=span).text
    segments = sorted({part.split("/")[-2] for part in playlist.splitlines() if part.endswith("/video")})
    ranges = [text.partition(":")[2] for text in playlist.splitlines() if "EXT-X-BYTERANGE:" in text]
    length, _, start = ranges[0].partition("@")
    assert segments
    return Foreign(camera, streams[0]["id"], segments, f"bytes={start}-{int(start) + int(length) - 1}")


@pytest.fixture
def viewer(page: Page, site: Site, foreign: Foreign) -> tuple[Page, Heard]:
    """The viewer's page, signed in, and all it hears."""
    site.viewer(site.camera("gate"))
    heard = Heard()
    heard.listen(page)
    sign_in(page, site, *VIEWER)
    return page, heard


def cookie_client(context: BrowserContext, site: Site) -> httpx.Client:
    """Asks the server directly, with the cookie of the browser."""
    values = [cookie["value"] for cookie in context.cookies() if cookie["name"] == COOKIE]
    client = site.node.client()
    client.headers["cookie"] = f"{COOKIE}={values[0]}"
    return client


def test_no_room_of_the_page_shows_or_fetches_anything_of_the_other_camera(
    viewer: tuple[Page, Heard], site: Site, foreign: Foreign
) -> None:
    page, heard = viewer
    gate = site.camera("gate")
    shown: list[str] = []
    told = tell_of_both(site)

    wait_until_moving(page.locator("video"))
    expect(page.locator("article.tile")).to_have_count(1)
    rooms = page.get_by_role("navigation", name="Rooms").get_by_role("link")
    assert rooms.all_inner_texts() == ["Live", "Play", "Review", "Analytics", "Cameras", "Storage"]
    for room in rooms.all():
        room.click()
        # The room before stays on show until the next is fetched.
        expect(page.locator("#room h1").first).to_have_text(room.inner_text())
        expect(page.locator("#room .loading")).to_have_count(0)
        shown.append(page.content())
        assert page.locator("[data-camera]").evaluate_all(
            "(all) => [...new Set(all.map((each) => each.dataset.camera))]"
        ) in ([gate], [])
    line = site.wait_until_recorded(gate, seconds_recorded=12)
    page.goto(f"{site.node.url}/play/{gate}?t={iso(unix_s(line['newest']) - 8)}")
    wait_until_moving(page.locator("video"))
    assert page.get_by_label("Camera", exact=True).get_by_role("option").all_inner_texts() == ["Gate"]
    shown.append(page.content())
    page.goto(f"{site.node.url}/play/{gate}x")
    expect(page.get_by_role("heading", name="There is no such camera")).to_be_visible()

    everything = "\n".join([*shown, *heard.texts])
    for word in [*foreign.words, told["vault"]]:
        assert word not in everything
    # The look above would have found them: the viewer's own camera was heard of in every way.
    assert gate in everything
    assert told["gate"] in everything
    assert {
        "incidents",
        "events",
        "objects",
        "cameras",
        "storage",
        "timeline",
        "playlist.m3u8",
        "socket",
        "video",
    } <= heard.kinds


def tell_of_both(site: Site) -> dict[str, str]:
    """An event of each camera, now; its id by the camera's name."""
    told = {}
    for name in ("gate", "vault"):
        teller = Teller(site, name)
        told[name] = str(teller.tell(time.time() - 6).id)
        teller.close()
    return told


def test_the_rooms_of_others_stay_shut(viewer: tuple[Page, Heard], site: Site, foreign: Foreign) -> None:
    page, _ = viewer

    page.goto(f"{site.node.url}/play/{foreign.camera}")
    expect(page.get_by_role("heading", name="There is no such camera")).to_be_visible()
    expect(page.locator("video")).to_have_count(0)
    page.goto(f"{site.node.url}/cameras/{foreign.camera}")
    expect(page.locator("#room")).not_to_contain_text("Vault")
    for room in ("people", "audit"):
        page.goto(f"{site.node.url}/{room}")
        expect(page.get_by_role("alert").first).to_be_visible()
        expect(page.locator("#room")).not_to_contain_text("Vault")


def test_direct_requests_for_foreign_ids_answer_404_as_for_ids_that_are_not_there(
    viewer: tuple[Page, Heard], site: Site, foreign: Foreign
) -> None:
    page, _ = viewer
    gate, segment = site.camera("gate"), foreign.segments[0]
    nowhere = "01972919-0000-7000-8000-00000000dead"
    line = site.wait_until_recorded(foreign.camera, seconds_recorded=12)
    span = {"from": line["oldest"], "to": line["newest"]}
    body = {"retention_days": 1}
    asked: list[tuple[str, str, str, dict[str, Any]]] = [
        ("GET", f"/cameras/{foreign.camera}", "/cameras/nowhere", {}),
        ("PATCH", f"/cameras/{foreign.camera}", "/cameras/nowhere", {"json": body}),
        ("DELETE", f"/cameras/{foreign.camera}", "/cameras/nowhere", {}),
        ("GET", f"/cameras/{foreign.camera}/timeline", "/cameras/nowhere/timeline", {"params": span}),
        (
            "GET",
            f"/cameras/{foreign.camera}/playlist.m3u8",
            "/cameras/nowhere/playlist.m3u8",
            {"params": span},
        ),
        ("GET", f"/cameras/{foreign.camera}/export.mp4", "/cameras/nowhere/export.mp4", {"params": span}),
        ("GET", f"/segments/{segment}/video", f"/segments/{nowhere}/video", {}),
        (
            "GET",
            f"/segments/{segment}/video",
            f"/segments/{nowhere}/video",
            {"headers": {"Range": foreign.part}},
        ),
        ("HEAD", f"/segments/{segment}/video", f"/segments/{nowhere}/video", {}),
    ]
    with cookie_client(page.context, site) as client:
        for method, path, missing, more in asked:
            answer = client.request(method, path, **more)
            other = client.request(method, missing, **more)

            assert answer.status_code == other.status_code == 404, f"{method} {path}: {answer.text}"
            same = answer.text.replace(foreign.camera, "ID").replace(segment, "ID")
            assert same == other.text.replace("nowhere", "ID").replace(nowhere, "ID")
        for path in ("/audit", "/users", "/roles"):
            answer = client.get(path)
            assert answer.status_code == 403, path
            assert not [word for word in foreign.words if word in answer.text]
        for path in ("/cameras", "/storage", "/health", "/session", f"/cameras/{gate}"):
            answer = client.get(path)
            assert answer.status_code == 200, path
            assert not [word for word in foreign.words if word in answer.text], path

    # The same part is there for one who may see it.
    part = site.administrator.get(f"/segments/{segment}/video", headers={"Range": foreign.part})
    assert part.status_code == 206
    assert site.administrator.get(f"/cameras/{foreign.camera}").status_code == 200


def test_the_live_socket_of_a_foreign_camera_is_closed_as_if_there_were_none(
    viewer: tuple[Page, Heard], site: Site, foreign: Foreign
) -> None:
    page, _ = viewer
    listen = """(path) => new Promise((resolve) => {
        const socket = new WebSocket(path);
        const heard = [];
        socket.binaryType = "arraybuffer";
        socket.onmessage = ({ data }) => {
            heard.push(typeof data === "string" ? data : data.byteLength);
            if (heard.length > 2) socket.close(4000);
        };
        socket.onclose = ({ code, reason }) => resolve({ code, reason, heard });
    })"""
    address = f"wss://127.0.0.1:{site.node.port}/api/v1/cameras/{{}}/live?role=main"

    refused = page.evaluate(listen, address.format(foreign.camera))
    missing = page.evaluate(listen, address.format("nowhere"))
    own = page.evaluate(listen, address.format(site.camera("gate")))

    assert refused["heard"] == missing["heard"] == []
    assert refused["code"] == missing["code"] == 4404
    assert refused["reason"].replace(foreign.camera, "ID") == missing["reason"].replace("nowhere", "ID")
    assert own["code"] == 4000
    assert "avc1" in own["heard"][0]


def test_live_changes_tell_nothing_of_the_other_camera(
    viewer: tuple[Page, Heard], site: Site, foreign: Foreign
) -> None:
    page, _ = viewer
    gate = site.camera("gate")
    with changes_heard(page.context, site) as heard:
        for camera in (foreign.camera, gate):
            answer = site.administrator.patch(f"/cameras/{camera}", json={"retention_days": 29})
            assert answer.status_code == 200, answer.text
        wait_until(
            lambda: any(kind == "camera" and facts.get("camera") == gate for kind, facts in heard),
            seconds=60,
            what="the change of the viewer's own camera",
        )
        # What a recorder makes of its cameras all the time: segments opened and closed.
        wait_until(lambda: any(kind == "segment" for kind, _ in heard), seconds=60, what="a segment")
        time.sleep(2)
    text = json.dumps(heard)

    for word in foreign.words:
        assert word not in text
    assert {facts["camera"] for _, facts in heard if "camera" in facts} == {gate}


@contextlib.contextmanager
def changes_heard(context: BrowserContext, site: Site) -> Iterator[list[tuple[str, dict[str, object]]]]:
    """Follow the live changes with the browser's cookie, from the very first on; kind and facts of each."""
    heard: list[tuple[str, dict[str, object]]] = []
    is_open, over = threading.Event(), threading.Event()

    client = cookie_client(context, site)

    def follow() -> None:
        kind = ""
        with (
            contextlib.suppress(httpx.ReadTimeout),
            client,
            client.stream("GET", "/changes", headers={"Last-Event-ID": "0"}) as answer,
        ):
            assert answer.status_code == 200
            is_open.set()
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "data":
                    heard.append((kind, json.loads(value)))
                if over.is_set():
                    return

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    assert is_open.wait(30)
    yield heard
    over.set()
    thread.join(40)
    assert not thread.is_alive()
