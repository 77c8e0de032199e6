"""The room Jobs: what ran, what is next, and acting on it, without a reload."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Site

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_job_is_run_paused_and_resumed_and_the_room_follows(desk: Page, site: Site) -> None:
    desk.goto(f"{site.node.url}/jobs")
    card = desk.locator("[data-job=forget]")
    expect(card).to_contain_text("every hour at :07")

    card.get_by_role("button", name="Run now").click()
    # Told by the keeper, over the database and the change feed.
    expect(card).to_contain_text("Removed")
    expect(card).to_contain_text("Done")
    expect(card).to_contain_text("Not running")
    card.get_by_role("button", name="Pause").click()
    expect(card).to_contain_text("Paused by ada")
    card.get_by_role("button", name="Resume").click()
    expect(card.get_by_role("button", name="Pause")).to_be_visible()

    card.get_by_role("button", name="History").click()
    history = desk.get_by_role("dialog")
    expect(history.get_by_role("row").nth(1)).to_contain_text("ada")
    expect(history.get_by_role("row").nth(1)).to_contain_text("Removed")
    if folder := os.environ.get("WATCHKEEP_SHOTS"):
        shoot(desk, Path(folder))


def test_a_job_that_is_run_by_somebody_else_is_seen_without_a_reload(desk: Page, site: Site) -> None:
    desk.goto(f"{site.node.url}/jobs")
    card = desk.locator("[data-job=picture-sweep]")
    expect(card).to_contain_text("never yet")

    answer = site.administrator.post("/jobs/picture-sweep/run")

    assert answer.status_code == 200, answer.text
    expect(card).to_contain_text("Removed 0 pictures without event.")


def shoot(desk: Page, folder: Path) -> None:
    """Pictures for a person to look at."""
    folder.mkdir(parents=True, exist_ok=True)
    desk.screenshot(path=folder / "jobs-history.png")
    desk.keyboard.press("Escape")
    for scheme in ("dark", "light"):
        desk.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for width, height in ((1280, 900), (390, 844)):
            desk.set_viewport_size({"width": width, "height": height})
            desk.screenshot(path=folder / f"jobs-{scheme}-{width}.png", full_page=True)
