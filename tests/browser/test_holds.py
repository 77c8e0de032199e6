"""Holding what is shown, seeing it held, and releasing it with a second person."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from browser.conftest import Site, iso, sign_in, unix_s
from browser.telling import Teller
from system.node_process import ADMINISTRATOR

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

OPERATOR = ("otto", "an operator's long password")


@pytest.fixture
def second(browser: Browser, site: Site) -> Iterator[Page]:
    """A second person's page: an operator of the walk's first camera."""
    name, password = OPERATOR
    wish = {
        "name": name,
        "password": password,
        "grants": [{"role": "operator", "cameras": [site.camera("gate")]}],
    }
    assert site.administrator.post("/users", json=wish).status_code in (201, 409)
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    sign_in(page, site, name, password)
    yield page
    context.close()


def row(page: Page, reason: str) -> Locator:
    """The line of a hold in the room."""
    return page.get_by_role("row").filter(has_text=reason)


def recorded_s(site: Site, camera: str) -> float:
    """A moment of which the footage is surely on the disk."""
    return unix_s(site.wait_until_recorded(camera, seconds_recorded=14)["newest"]) - 12


def test_what_play_shows_is_held_is_seen_held_and_is_released_by_two(
    desk: Page, second: Page, site: Site
) -> None:
    camera = site.camera("gate")
    at_s = recorded_s(site, camera)
    desk.goto(f"{site.node.url}/play/{camera}?t={iso(at_s)}&span=60")
    desk.get_by_role("button", name="Hold", exact=True).click()
    dialog = desk.get_by_role("dialog", name="Hold footage")
    expect(dialog.get_by_label("Gate")).to_be_checked()
    dialog.get_by_label("Why").fill("a theft at the gate")
    dialog.get_by_label("Case").fill("17")
    dialog.get_by_role("button", name="Hold", exact=True).click()
    placed = desk.get_by_role("dialog", name="It is held")
    expect(placed.get_by_role("status")).to_contain_text(
        re.compile(r"[kM]B in \d+ segments? are kept until two")
    )
    placed.get_by_role("button", name="Done").click()
    expect(desk.locator(".readout")).to_contain_text("held: a theft at the gate")
    expect(desk.get_by_role("slider", name="Timeline of Gate")).to_have_attribute(
        "aria-valuetext", re.compile("held: a theft at the gate")
    )

    desk.get_by_role("navigation", name="Rooms").get_by_role("link", name="Storage").click()
    desk.get_by_role("navigation", name="Storage").get_by_role("link", name="Holds").click()
    mine = row(desk, "a theft at the gate")
    expect(mine).to_contain_text("Case 17")
    expect(mine).to_contain_text(re.compile(r"[kM]B"))
    mine.get_by_role("button", name="Ask for the release").click()
    desk.get_by_role("dialog").get_by_label("Why").fill("the case is closed")
    desk.get_by_role("button", name="Ask for it").click()
    expect(mine).to_contain_text(f"{ADMINISTRATOR[0]}: “the case is closed”")
    expect(mine.get_by_role("button", name="Confirm")).to_have_count(0)

    second.goto(f"{site.node.url}/holds")
    theirs = row(second, "a theft at the gate")
    theirs.get_by_role("button", name="Confirm the release").click()
    second.get_by_role("button", name="Release it").click()
    expect(theirs).to_have_count(0)
    second.get_by_label("Ended ones, too").check()
    expect(theirs).to_contain_text(f"{ADMINISTRATOR[0]} asked, otto confirmed")
    # The other page hears of it by itself.
    expect(mine).to_have_count(0)


def test_a_hold_on_nothing_is_refused_in_the_dialog_and_an_end_moves_away(desk: Page, site: Site) -> None:
    site.camera("gate")
    desk.goto(f"{site.node.url}/holds")
    desk.get_by_role("button", name="Hold footage").click()
    dialog = desk.get_by_role("dialog")
    dialog.get_by_label("From", exact=True).fill("2020-01-01T10:00:00")
    dialog.get_by_label("To", exact=True).fill("2020-01-01T11:00:00")
    dialog.get_by_label("Gate").check()
    dialog.get_by_label("Why").fill("an insurer asks")
    dialog.get_by_role("button", name="Hold", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("There is no footage of these cameras in this span")

    now = datetime.now(UTC)
    dialog.get_by_label("From", exact=True).fill(f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M:%S}")
    dialog.get_by_label("To", exact=True).fill(f"{now:%Y-%m-%dT%H:%M:%S}")
    dialog.get_by_label("Until", exact=True).fill(f"{now + timedelta(days=2):%Y-%m-%dT%H:%M}")
    dialog.get_by_role("button", name="Hold", exact=True).click()
    desk.get_by_role("button", name="Done").click()
    mine = row(desk, "an insurer asks")
    expect(mine).to_contain_text("until")
    mine.get_by_role("button", name="Extend").click()
    desk.get_by_role("dialog").get_by_label("Until two people release it").check()
    desk.get_by_role("dialog").get_by_role("button", name="Extend").click()

    expect(mine).to_contain_text("until two people release it")


def test_an_incident_is_held_from_its_moment_and_what_is_typed_marks_nothing(desk: Page, site: Site) -> None:
    teller = Teller(site, "gate")
    try:
        start_s = recorded_s(site, teller.camera)
        teller.tell(start_s)
        desk.goto(f"{site.node.url}/review?camera={teller.camera}")
        desk.locator("article.incident").first.get_by_role("link").click()
        desk.get_by_role("button", name="Hold", exact=True).click()
        dialog = desk.get_by_role("dialog", name=re.compile("^Hold"))
        why = dialog.get_by_label("Why")
        why.press_sequentially("just a fat fist")
        expect(why).to_have_value("just a fat fist")
        dialog.get_by_role("button", name="Hold", exact=True).click()
        desk.get_by_role("button", name="Done").click()
        expect(desk.get_by_role("dialog")).to_contain_text("Nobody has marked this yet")

        desk.goto(f"{site.node.url}/holds")
        row(desk, "just a fat fist").get_by_role("link", name="Incident").click()
        expect(desk.get_by_role("dialog")).to_contain_text("Person")
    finally:
        teller.close()
