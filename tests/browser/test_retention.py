"""Retention in the page: what is foretold, what other days would do, and why a moment is here."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Site, iso, sign_in
from kept_footage import keep
from system.node_process import wait_until
from watchkeep.domain.ids import CameraId
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.house_wiring import build_house
from watchkeep.runtime.system import Machine
from watchkeep.runtime.wiring import open_node

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]

DAYS = 20
VIEWER = ("rita", "another viewer's long password")


@dataclass
class Yard:
    """A camera that answers nobody and was recorded for twenty days, a gigabyte an hour."""

    site: Site
    camera: str
    until: datetime


@pytest.fixture(scope="module")
def yard(site: Site) -> Iterator[Yard]:
    administrator = site.administrator
    wish = {"name": "Yard", "streams": [{"role": "main", "url": "rtsp://192.0.2.9/yard", "record": True}]}
    answer = administrator.post("/cameras", json=wish)
    assert answer.status_code == 201, answer.text
    camera = answer.json()["id"]
    node = open_node(DataFolder(site.node.data), machine=Machine())
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    keep(build_house(node), CameraId(camera), until=until, hours=DAYS * 24, size_bytes=10**9)
    node.catalog.close()
    yield Yard(site, camera, until)
    administrator.delete(f"/cameras/{camera}")


def go(desk: Page, yard: Yard) -> None:
    desk.goto(f"{yard.site.node.url}/retention")
    expect(desk.get_by_role("region", name="Forecast")).to_be_visible()


def test_the_room_says_what_is_foretold_and_which_camera_is_not_known_yet(desk: Page, yard: Yard) -> None:
    go(desk, yard)

    row = desk.locator(f'tr[data-camera="{yard.camera}"]')
    expect(row).to_contain_text("24.0 GB")
    expect(row).to_contain_text("default of the class")
    expect(row).to_contain_text(re.compile(r"reached on|not reached: \d"))
    expect(desk.locator('tr[data-camera="gate"]')).to_contain_text("not enough data")
    expect(desk.get_by_text("Not enough data of")).to_be_visible()
    slider = desk.get_by_role("slider", name="What will lie on hot")
    slider.press("Home")
    before = slider.get_attribute("aria-valuetext")
    for _ in range(9):
        slider.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^in 9 days: [\d.]+ GB"))
    assert before is not None
    assert before.startswith("in 0 days: 480 GB")
    # The storage room has the same line.
    desk.goto(f"{yard.site.node.url}/storage")
    expect(desk.get_by_role("region", name="Forecast")).to_be_visible()


def test_other_days_are_tried_out_before_they_are_saved(desk: Page, yard: Yard) -> None:
    go(desk, yard)
    field = desk.get_by_label("Days of raw footage of Yard")
    field.fill("14")
    desk.get_by_role("button", name="What would that do?").click()

    answer = desk.get_by_role("status", name="What that would do")
    expect(answer).to_contain_text(re.compile(r"14\d segments of 1 camera go at once, which frees 14\d GB"))
    expect(answer).to_contain_text("older than 14 d")
    expect(answer.get_by_role("row", name="Yard")).to_contain_text("30 d14 d")
    assert stored(yard) == DAYS * 24  # nothing was saved
    field.fill("15")
    expect(answer).to_have_count(0)  # an answer to another question
    field.fill("14")
    answer.get_by_role("button", name="Save, and delete that").click()

    expect(field).to_have_value("14")
    expect(answer).to_have_count(0)
    wait_until(lambda: stored(yard) < DAYS * 24 - 140, seconds=60, what="the sweep")
    table = desk.get_by_role("region", name="What goes, and why")
    desk.reload()
    expect(table.get_by_role("row").filter(has_text="Yard")).to_have_count(7)
    expect(table).to_contain_text("older than 14 d")


def stored(yard: Yard) -> int:
    lines = yard.site.administrator.get("/storage").json()["cameras"]
    segments = next(line["segments"] for line in lines if line["id"] == yard.camera)
    return int(segments["closed"])


def test_a_moment_says_why_it_is_here_and_one_that_went_says_why_it_went(desk: Page, yard: Yard) -> None:
    at = yard.until - timedelta(hours=30) + timedelta(seconds=20)
    desk.goto(f"{yard.site.node.url}/play/{yard.camera}?t={iso(at.timestamp())}")
    desk.get_by_role("button", name="Why is this here?").click()

    dialog = desk.get_by_role("dialog")
    expect(dialog).to_contain_text("It is stored")
    expect(dialog).to_contain_text(re.compile(r"raw footage is kept 14 d, says the\s*camera"))
    desk.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    gone = yard.until - timedelta(days=DAYS) + timedelta(seconds=20)
    desk.goto(f"{yard.site.node.url}/play/{yard.camera}?t={iso(gone.timestamp())}")
    desk.get_by_role("button", name="Why is this here?").click()

    expect(dialog).to_contain_text("It was deleted")
    expect(dialog).to_contain_text("older than 14 d")


def test_who_may_not_configure_sees_the_days_and_changes_none(page: Page, yard: Yard) -> None:
    name, password = VIEWER
    grants = [{"role": "viewer", "cameras": [yard.camera]}]
    wish = {"name": name, "password": password, "grants": grants}
    assert yard.site.administrator.post("/users", json=wish).status_code == 201
    sign_in(page, yard.site, name, password)
    go(page, yard)

    expect(page.locator("tr[data-camera]")).to_have_count(1)
    expect(page.locator(f'tr[data-camera="{yard.camera}"]')).to_contain_text("14 d")
    expect(page.get_by_label("Days of raw footage of Yard")).to_have_count(0)
