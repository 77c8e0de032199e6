"""Pictures of every room; `make screenshots` keeps them, and films real footage for some minutes first.

Without WATCHKEEP_SCREENSHOTS the same pictures are taken of what the other tests recorded, and forgotten.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from browser.conftest import Site, iso, sign_in, unix_s
from simulator_process import simulated_cameras
from system.node_process import ADMINISTRATOR, running_node, wait_until

KEPT_IN = os.environ.get("WATCHKEEP_SCREENSHOTS", "")
FOOTAGE_S = 170
"""How long the cameras of kept pictures are filmed."""

DESK: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
Shoot = Callable[[Page, str], None]

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def shoot(tmp_path_factory: pytest.TempPathFactory) -> Shoot:
    """Takes a picture of the page by name."""
    folder = Path(KEPT_IN).resolve() if KEPT_IN else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        page.mouse.move(0, 0)
        page.screenshot(path=folder / f"{name}.png", animations="disabled", caret="hide")

    return take


@pytest.fixture(scope="module")
def studio(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A node of its own with real footage where pictures are kept, else the one of the other tests."""
    if not KEPT_IN:
        yield request.getfixturevalue("site")
        return
    clips = real_clips() or request.getfixturevalue("clips")
    with simulated_cameras(clips) as cameras:
        settings = f"cameras:\n  simulator_ports: [{cameras.port}]\n"
        with running_node(tmp_path_factory.mktemp("studio") / "data", settings=settings) as node:
            yield Site(node, cameras, {}, tuple(clips))


def real_clips() -> Mapping[str, Path]:
    """The footage of the folder that WATCHKEEP_ASSETS names, as cameras; none if it is not named."""
    folder = Path(os.environ.get("WATCHKEEP_ASSETS", ""))
    wanted = {
        "entrance": "one-by-one-person-detection.mp4",
        "street": "person-bicycle-car-detection.mp4",
    }
    found = {name: next(iter(folder.rglob(file)), None) for name, file in wanted.items()}
    if not os.environ.get("WATCHKEEP_ASSETS") or None in found.values():
        return {}
    return {name: path for name, path in found.items() if path is not None}


def test_every_room_has_its_picture(page: Page, studio: Site, shoot: Shoot) -> None:
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="dark")
    if KEPT_IN:
        first_start(page, studio, shoot)
        film(studio)
    else:
        page.goto(studio.node.url)
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        shoot(page, "sign-in")
        sign_in(page, studio, *ADMINISTRATOR)
    rooms(page, studio, shoot, suffix="")
    page.emulate_media(color_scheme="light")
    rooms(page, studio, shoot, suffix="-light")
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    rooms(page, studio, shoot, suffix="-phone")


def first_start(page: Page, studio: Site, shoot: Shoot) -> None:
    """From the token to the first camera, by hand; the others are added behind the page's back."""
    name, password = ADMINISTRATOR
    page.goto(studio.node.url)
    page.get_by_label("Set-up token").fill(studio.node.set_up_token())
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_label("Password again").fill(password)
    shoot(page, "first-start")
    page.get_by_role("button", name="Create the administrator").click()
    page.get_by_role("link", name="Add a camera").first.wait_for()
    shoot(page, "cameras-none")
    page.goto(f"{studio.node.url}/cameras/new")
    camera = next(iter(studio.names))
    page.get_by_label("Name").fill(camera.capitalize())
    page.get_by_role("group", name="Main stream").get_by_label("Address").fill(studio.cameras.url(camera))
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.get_by_role("img", name="What the main stream shows")).to_be_visible(timeout=60_000)
    shoot(page, "camera-new")


def film(studio: Site) -> None:
    """Record for some minutes, with a gap or two in it, and a person with one camera."""
    names = list(studio.names)
    ids = [studio.camera(name) for name in names]
    time.sleep(FOOTAGE_S * 0.4)
    studio.cameras.refuse_connections()
    studio.cameras.drop_clients(names[0])
    time.sleep(9)
    studio.cameras.refuse_connections(refuses=False)
    time.sleep(FOOTAGE_S * 0.3)
    studio.cameras.stall(names[0])
    time.sleep(14)
    studio.cameras.resume()
    time.sleep(FOOTAGE_S * 0.3)
    studio.viewer(ids[0])


def rooms(page: Page, studio: Site, shoot: Shoot, *, suffix: str) -> None:
    """A picture of each room."""
    url = studio.node.url
    camera = studio.camera(next(iter(studio.names)))
    names = {"analytics?span=6h": "analytics", f"cameras/{camera}/rules": "rules"}
    newest_s = unix_s(studio.wait_until_recorded(camera, seconds_recorded=15)["newest"])
    page.goto(f"{url}/live")
    wait_until(lambda: is_settled(page), seconds=60, what="all live pictures")
    shoot(page, f"live{suffix}")
    page.goto(f"{url}/play/{camera}?t={iso(newest_s - 12)}&span=240")
    wait_until(lambda: plays(page), seconds=60, what="the recorded picture")
    shoot(page, f"play{suffix}")
    review(page, studio, shoot, suffix=suffix)
    draw(page, studio, camera)
    shoot(page, f"rule-new{suffix}")
    for room in ("analytics?span=6h", "cameras", f"cameras/{camera}/rules", "storage", "people", "audit"):
        page.goto(f"{url}/{room}")
        expect(page.locator("#room h1").first).to_be_visible()
        expect(page.locator("#room .loading")).to_have_count(0)
        shoot(page, f"{names.get(room, room)}{suffix}")
    page.goto(f"{url}/people")
    page.get_by_role("button", name="Add a person").click()
    shoot(page, f"person-new{suffix}")
    page.keyboard.press("Escape")
    page.locator("#room").focus()
    page.keyboard.press("?")
    shoot(page, f"help{suffix}")


def review(page: Page, studio: Site, shoot: Shoot, *, suffix: str) -> None:
    """Incidents, and the moment of one; of kept pictures only when the analyst has told of some."""
    page.goto(f"{studio.node.url}/review")
    expect(page.locator("#room h1").first).to_be_visible()
    expect(page.locator("#room .loading")).to_have_count(0)
    cards = page.locator("article.incident")
    if KEPT_IN:
        expect(cards.nth(2)).to_be_visible(timeout=240_000)
        wait_until(lambda: has_pictures(page), seconds=60, what="the pictures of the first incidents")
    shoot(page, f"review{suffix}")
    if not cards.count():
        return
    cards.last.get_by_role("link").click()
    expect(page.get_by_role("dialog").get_by_role("heading", name="Events")).to_be_visible()
    if KEPT_IN:
        wait_until(lambda: plays(page), seconds=60, what="the moment")
    shoot(page, f"moment{suffix}")
    page.keyboard.press("Escape")


def has_pictures(page: Page) -> bool:
    """Whether the first cards' pictures are loaded."""
    images = page.locator("article.incident .snapshot img")
    return images.count() > 1 and bool(
        images.evaluate_all("(all) => all.slice(0, 3).every((image) => image.complete)")
    )


def draw(page: Page, studio: Site, camera: str) -> None:
    """A line on the live picture of a camera; it is not saved."""
    page.goto(f"{studio.node.url}/cameras/{camera}/rules/new")
    board = page.locator(".board")
    expect(board).to_be_visible()
    expect(page.locator(".canvas .dark")).to_have_count(0)
    box = board.bounding_box()
    assert box is not None
    for x, y in ((0.25, 0.8), (0.5, 0.62), (0.8, 0.7)):
        board.click(position={"x": box["width"] * x, "y": box["height"] * y})
    page.get_by_label("Name").fill("Into the house")


def is_settled(page: Page) -> bool:
    """Whether each camera is seen live, or says why it cannot be."""
    states = page.locator("article.tile").evaluate_all("(all) => all.map((each) => each.dataset.state)")
    return bool(states) and set(states) <= {"playing", "unable"}


def plays(page: Page) -> bool:
    return bool(page.locator("video").evaluate("(video) => video.readyState >= 2 && video.currentTime > 0.5"))
