"""One node with simulated cameras for all walks through the page, and people who sign in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from simulator_process import SimulatedCameras, simulated_cameras
from system.node_process import ADMINISTRATOR, NodeProcess, running_node, wait_until
from time_code import make_clip

# A loaded machine is not a failure.
expect.set_options(timeout=30_000)

CLIP_S = 60
CAMERAS = {"gate": ("h264", "green"), "vault": ("h264", "red"), "attic": ("h265", "blue")}
"""Codec and colour by name."""
VIEWER = ("vera", "a viewer's long password")


@dataclass
class Site:
    """A node, and the cameras that it may add.

    Attributes:
        ids: What is added already: name at the simulator → id.
        names: What the simulator offers.
    """

    node: NodeProcess
    cameras: SimulatedCameras
    ids: dict[str, str]
    names: tuple[str, ...] = tuple(CAMERAS)

    @property
    def administrator(self) -> httpx.Client:
        return self.node.signed_in()

    def add(self, name: str) -> str:
        """The id of a camera, added if it was not yet; it may not be recorded so far."""
        if name not in self.ids:
            wish = {
                "name": name.capitalize(),
                "streams": [{"role": "main", "url": self.cameras.url(name), "record": True}],
            }
            answer = self.administrator.post("/cameras", json=wish)
            assert answer.status_code == 201, answer.text
            self.ids[name] = answer.json()["id"]
        return self.ids[name]

    def camera(self, name: str) -> str:
        """The id of a camera that is added, and recorded for at least a moment."""
        self.wait_until_recorded(self.add(name), seconds_recorded=1)
        return self.ids[name]

    def wait_until_recorded(self, camera: str, *, seconds_recorded: float) -> dict[str, Any]:
        """Wait until so much is recorded; the camera's line of the storage report."""

        def find() -> dict[str, Any] | None:
            for line in self.administrator.get("/storage").json()["cameras"]:
                if line["id"] == camera and line["oldest"] and seconds_of(line) >= seconds_recorded:
                    found: dict[str, Any] = line
                    return found
            return None

        what = f"{seconds_recorded:g} s of footage of {camera}"
        found: dict[str, Any] = wait_until(find, seconds=seconds_recorded + 90, what=what)
        return found

    def viewer(self, camera: str) -> None:
        """Make sure that a viewer of this one camera is there."""
        name, password = VIEWER
        wish = {
            "name": name,
            "password": password,
            "grants": [{"role": "viewer", "cameras": [camera]}],
        }
        answer = self.administrator.post("/users", json=wish)
        assert answer.status_code in (201, 409), answer.text


def seconds_of(line: dict[str, Any]) -> float:
    """From the oldest to the newest footage of a line of the storage report."""
    return unix_s(line["newest"]) - unix_s(line["oldest"])


def unix_s(text: str) -> float:
    """An ISO 8601 instant as Unix time."""
    return datetime.fromisoformat(text).timestamp()


def iso(seconds: float) -> str:
    """A Unix time as ISO 8601, to the millisecond, as the page writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The walk begins with the node's first start, so it comes before all that needs a node in use."""
    items.sort(key=lambda item: item.path.name != "test_walk.py")


@pytest.fixture(scope="session")
def base_url() -> None:
    """No address for all pages: each node has its own. (The plugin's own fixture warns under pytest 9.)"""


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Cameras by name: each picture shows its time, each camera has its colour."""
    folder = tmp_path_factory.mktemp("clips")
    return {
        name: make_clip(
            folder / f"{name}.mp4",
            seconds=CLIP_S,
            codec=codec,
            fps=10,
            gop=10,
            size=(384, 256),
            colour=colour,
        )
        for name, (codec, colour) in CAMERAS.items()
    }


@pytest.fixture(scope="session")
def site(chromium: Path, clips: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A node before its first start is finished; the first test walks through that."""
    data = tmp_path_factory.mktemp("node") / "data"
    with simulated_cameras(clips) as cameras:
        settings = f"cameras:\n  simulator_ports: [{cameras.port}]\nrecording:\n  segment_length: 10 s\n"
        with running_node(data, settings=settings) as node:
            yield Site(node, cameras, {})


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """A page that must not throw, nor break its own content security policy."""
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda message: faults.append(message.text) if "Content Security Policy" in message.text else None,
    )
    yield page
    assert faults == []


def sign_in(page: Page, site: Site, name: str, password: str) -> None:
    """As a person does it, from the sign-in page."""
    page.goto(site.node.url)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label(re.compile(f"Account of {name}"))).to_be_visible()


@pytest.fixture
def desk(page: Page, site: Site) -> Page:
    """The administrator's page, signed in; all cameras are added, so that there is something to see."""
    for name in site.names:
        site.add(name)
    sign_in(page, site, *ADMINISTRATOR)
    return page
