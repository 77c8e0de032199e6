"""Erasing a stretch from Play: the word, the outcome, the gap on the timeline."""

import os
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Site, iso, unix_s

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_stretch_is_erased_once_the_word_is_typed(desk: Page, site: Site) -> None:
    camera = site.camera("attic")
    line = site.wait_until_recorded(camera, seconds_recorded=25)
    start = unix_s(line["oldest"]) + 3
    desk.goto(f"{site.node.url}/play/{camera}?t={iso(start)}")
    desk.get_by_role("button", name="Erase …").click()
    dialog = desk.get_by_role("dialog", name="Erase from Attic")
    dialog.get_by_label("From").fill(local(start))
    dialog.get_by_label("To", exact=True).fill(local(start + 4))
    dialog.get_by_label("Why").fill("a child was filmed")
    button = dialog.get_by_role("button", name="Erase for good")
    expect(button).to_be_disabled()
    dialog.get_by_label("Type “erase” to go on").fill("erase")
    if folder := os.environ.get("WATCHKEEP_SHOTS"):
        desk.screenshot(path=Path(folder) / "erase-asking.png")

    button.click()

    expect(dialog).to_contain_text("can never be read again")
    if folder:
        desk.screenshot(path=Path(folder) / "erase-done.png")
    erased = site.administrator.get("/erasures").json()["items"][0]
    assert (erased["state"], erased["reason"]) == ("done", "a child was filmed")
    wait_until_told(site, camera, start)


def local(second: float) -> str:
    """As a field for a time takes it; the site's zone is the machine's, UTC here."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


def wait_until_told(site: Site, camera: str, start: float) -> None:
    """The sweeper comes every ten seconds; then the timeline says why there is nothing."""
    params = {"from": iso(start), "to": iso(start + 4), "role": "main", "buckets": "10"}
    for _ in range(60):
        spans = site.administrator.get(f"/cameras/{camera}/timeline", params=params).json()["spans"]
        if any("erased on purpose" in str(span["detail"]) for span in spans):
            return
        time.sleep(0.5)
    raise AssertionError(spans)
