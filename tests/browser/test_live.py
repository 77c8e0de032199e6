"""Live pictures in the page: fresh, moving, and back by themselves."""

import time

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import CLIP_S, Site
from browser.pictures import apart_s, look, wait_until_moving
from system.node_process import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]

FRESH_S = 5
"""For a broken program; `make bench-live` measures."""


def open_live(desk: Page) -> None:
    desk.get_by_role("navigation", name="Rooms").get_by_role("link", name="Live").click()


def wait_until_fresh(desk: Page, camera: str) -> None:
    video = desk.locator(f"article[data-camera='{camera}'] video")
    wait_until_moving(video)

    def is_fresh() -> bool:
        seen = look(video)
        code_ms = None if seen is None else seen.code_ms
        return code_ms is not None and apart_s(code_ms, time.time(), length_s=CLIP_S) < FRESH_S

    wait_until(is_fresh, seconds=30, what="a picture of now")


def test_a_live_tile_shows_moving_pictures_of_now(desk: Page, site: Site) -> None:
    gate, vault = site.camera("gate"), site.camera("vault")

    open_live(desk)

    wait_until_fresh(desk, gate)
    wait_until_fresh(desk, vault)


def test_live_pictures_come_back_when_the_recorder_does(desk: Page, site: Site) -> None:
    gate = site.camera("gate")
    open_live(desk)
    wait_until_fresh(desk, gate)

    site.node.kill_child("recorder")

    tile = desk.locator(f"article[data-camera='{gate}']")
    expect(tile).to_have_attribute("data-state", "waiting")
    wait_until_fresh(desk, gate)
