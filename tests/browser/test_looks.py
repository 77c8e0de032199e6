"""Every room: dark and light, phone width, and what axe finds."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from browser.conftest import Site

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]

ROOMS = (
    "live",
    "play",
    "review",
    "analytics",
    "analytics?what=events&by=each&span=7d",
    "cameras",
    "cameras/new",
    "cameras/gate/rules",
    "cameras/gate/rules/new",
    "storage",
    "holds",
    "jobs",
    "retention",
    "people",
    "audit",
)
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
# WCAG 2.2 AA and good practice; the size of targets is off in axe by default.
OPTIONS = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},
}


def go(desk: Page, site: Site, room: str) -> None:
    """Open a room and wait until it is furnished."""
    address = f"{site.node.url}/{room}"
    desk.goto(f"{address}/{site.camera('gate')}" if room == "play" else address)
    expect(desk.locator("#room h1").first).to_be_visible()
    expect(desk.locator("#room .loading")).to_have_count(0)


def violations(page: Page) -> list[str]:
    """What axe finds, one line each, with where it is."""
    found = Axe().run(page, options=OPTIONS).response["violations"]
    return [
        f"{each['id']}: {each['help']}: {[node['target'] for node in each['nodes'][:4]]}" for each in found
    ]


@pytest.mark.parametrize(
    ("scheme", "viewport"),
    [("dark", DESK), ("light", DESK), ("light", PHONE)],
    ids=["dark", "light", "phone"],
)
def test_axe_finds_nothing_in_any_room(desk: Page, site: Site, scheme: str, viewport: dict[str, int]) -> None:
    desk.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    desk.set_viewport_size(viewport)  # type: ignore[arg-type]
    found: dict[str, list[str]] = {}
    for room in ROOMS:
        go(desk, site, room)
        found[room] = violations(desk)
    found["help"] = of_dialog(desk, "?")

    assert {room: faults for room, faults in found.items() if faults} == {}


def of_dialog(desk: Page, key: str) -> list[str]:
    desk.locator("#room").focus()
    desk.keyboard.press(key)
    expect(desk.get_by_role("dialog")).to_be_visible()
    return violations(desk)


def test_axe_finds_nothing_before_anyone_is_signed_in_and_a_planted_fault_at_once(
    page: Page, site: Site
) -> None:
    _ = site.administrator
    page.goto(site.node.url)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert violations(page) == []

    page.evaluate("() => document.querySelector('main').append(document.createElement('img'))")

    assert any(line.startswith("image-alt") for line in violations(page))


def test_dialogs_and_menus_are_without_fault_too(desk: Page, site: Site) -> None:
    found: dict[str, list[str]] = {}
    go(desk, site, "people")
    for button in ("Add a person", "Add a role"):
        desk.get_by_role("button", name=button).click()
        expect(desk.get_by_role("dialog", name=button)).to_be_visible()
        found[button] = violations(desk)
        desk.keyboard.press("Escape")
        expect(desk.get_by_role("dialog")).to_have_count(0)
    go(desk, site, "holds")
    desk.get_by_role("button", name="Hold footage").click()
    expect(desk.get_by_role("dialog", name="Hold footage")).to_be_visible()
    found["Hold footage"] = violations(desk)
    desk.keyboard.press("Escape")
    go(desk, site, "cameras")
    desk.get_by_role("button", name="Remove Gate").click()
    found["Remove"] = violations(desk)
    desk.keyboard.press("Escape")
    desk.get_by_label("Account of").click()
    found["account"] = violations(desk)

    assert {name: faults for name, faults in found.items() if faults} == {}


def test_dark_and_light_follow_the_system_and_the_account_menu(desk: Page, site: Site) -> None:
    def lightness() -> float:
        """Of the ground, 0 to 255."""
        colour = desk.locator("body").evaluate("(body) => getComputedStyle(body).backgroundColor")
        return sum(float(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3]) / 3

    go(desk, site, "storage")
    desk.emulate_media(color_scheme="dark")
    assert lightness() < 60
    desk.emulate_media(color_scheme="light")
    assert lightness() > 200

    desk.get_by_label("Account of").click()
    desk.get_by_role("radio", name="Dark").check()
    assert lightness() < 60
    desk.reload()
    assert lightness() < 60


@pytest.mark.parametrize("width_px", [390, 320])
def test_a_phone_scrolls_no_room_sideways(desk: Page, site: Site, width_px: int) -> None:
    desk.set_viewport_size({"width": width_px, "height": 844})
    too_wide: dict[str, int] = {}
    for room in ROOMS:
        go(desk, site, room)
        width = desk.evaluate("() => document.documentElement.scrollWidth")
        if width > width_px:
            too_wide[room] = width

    assert too_wide == {}


def test_every_room_is_reached_by_its_letters(desk: Page, site: Site) -> None:
    go(desk, site, "live")
    letters = {
        "p": "play",
        "r": "review",
        "n": "analytics",
        "c": "cameras",
        "s": "storage",
        "h": "holds",
        "j": "jobs",
        "t": "retention",
        "e": "people",
        "a": "audit",
    }
    for letter, room in letters.items():
        desk.keyboard.press("g")
        desk.keyboard.press(letter)
        desk.wait_for_url(f"{site.node.url}/{room}**")


def test_play_does_not_call_back_who_leaves_it_while_the_next_room_is_being_fetched(
    desk: Page, site: Site
) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    go(desk, site, "play")
    expect(desk).to_have_url(re.compile("/play/gate"))
    desk.route("**/assets/review-room-*.js", hold)
    desk.keyboard.press("g")
    desk.keyboard.press("r")
    expect(desk).to_have_url(re.compile("/review"))
    desk.wait_for_timeout(300)
    for route in held:
        route.continue_()

    expect(desk.get_by_role("heading", name="Review", exact=True)).to_be_visible()
    assert held
    assert "/review" in desk.url
