"""What of a camera is recorded, set in the page, and seen again on its timeline."""

import os
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Site, iso
from system.node_process import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


def picture(page: Page, name: str) -> None:
    """Keep what is seen, for a person who wants to look."""
    folder = os.environ.get("WATCHKEEP_LOOKS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_a_mode_and_a_span_of_the_week_are_set_and_seen_again(desk: Page, site: Site) -> None:
    camera = site.camera("vault")
    desk.goto(f"{site.node.url}/cameras/{camera}")
    main = desk.get_by_role("group", name="Main stream")
    main.get_by_label("Record").select_option("While something moves")
    expect(main).to_contain_text("everything is recorded")
    main.get_by_role("button", name="Add a span of the week").click()
    span = main.get_by_role("group", name="Span 1")
    span.get_by_label("From").fill("25:00")
    picture(desk, "modes-form")
    desk.get_by_role("button", name="Save").click()
    expect(desk.get_by_role("alert")).to_contain_text("25:00")
    span.get_by_label("From").fill("22:00")
    span.get_by_label("To").fill("06:00")
    span.get_by_label("Sat", exact=True).check()
    desk.get_by_role("button", name="Save").click()

    row = desk.locator(f'[data-camera="{camera}"]')
    expect(row).to_contain_text("while something moves")
    expect(row).to_contain_text("by the week")
    picture(desk, "modes-row")
    desk.goto(f"{site.node.url}/cameras/{camera}")
    expect(main.get_by_label("Record")).to_have_value("motion")
    expect(span.get_by_label("From")).to_have_value("22:00")
    expect(span.get_by_label("Sat", exact=True)).to_be_checked()
    expect(span.get_by_label("Sun", exact=True)).not_to_be_checked()


def test_what_is_not_wanted_is_no_loss_on_the_timeline(desk: Page, site: Site) -> None:
    camera = site.camera("attic")
    desk.goto(f"{site.node.url}/cameras/{camera}")
    main = desk.get_by_role("group", name="Main stream")
    main.get_by_label("Record").select_option("Not recorded")
    desk.get_by_role("button", name="Save").click()
    row = desk.locator(f'[data-camera="{camera}"]')
    expect(row).to_contain_text("standby")

    def kinds() -> list[tuple[str, bool]]:
        now_s = time.time()
        span = {"from": iso(now_s - 20), "to": iso(now_s)}
        found = site.administrator.get(f"/cameras/{camera}/timeline", params=span).json()["spans"]
        return [(each.get("cause") or each["coverage"], each.get("is_on_purpose", False)) for each in found]

    wait_until(lambda: ("scheduled_off", True) in kinds(), seconds=60, what="the gap that is wanted")
    time.sleep(20)
    desk.goto(f"{site.node.url}/play/{camera}")
    timeline = desk.get_by_role("slider", name=re.compile("Timeline of Attic"))
    timeline.focus()
    timeline.press("End")
    timeline.press("ArrowRight")
    expect(desk.locator(".readout")).to_contain_text("Not recorded: set to off")
    picture(desk, "modes-timeline")
