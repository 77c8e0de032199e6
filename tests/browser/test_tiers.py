"""The Storage room of a node with tiers: footage goes on while it is looked at, and what is away is told."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.test_looks import DESK, PHONE, violations
from builders import FixedClock
from system.node_process import ADMINISTRATOR, NodeProcess, running_node, wait_until
from unit.lifecycle.store import SmallStore
from watchkeep.domain.ids import CameraId
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.system import Machine
from watchkeep.runtime.wiring import open_node
from watchkeep.storage.catalog import partitions, recordings
from watchkeep.storage.catalog.recorder_rows import SegmentClosed

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

SETTINGS = """
storage:
  tiers:
    - name: hot
      max_age: 1 d
    - name: warm
      max_age: 5 d
      bandwidth: 150 kB/s
      volumes:
        - folder: {warm}
        - folder: {warm}2
    - name: cold
      hours: ["00:00-24:00"]
      volumes:
        - s3:
            bucket: footage
            endpoint: http://127.0.0.1:9
            access_key: nobody
            secret_key: nothing
"""


@dataclass
class Tiered:
    """A node with tiers, and where its warm disk is."""

    node: NodeProcess
    warm: Path


@pytest.fixture(scope="module")
def tiered(chromium: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tiered]:
    root = tmp_path_factory.mktemp("tiered")
    with running_node(root / "data", settings=SETTINGS.format(warm=root / "warm")) as process:
        process.signed_in()
        node = open_node(DataFolder(root / "data"), machine=Machine())
        now = datetime.now(UTC)
        store = SmallStore(node.volume, node.keystore, FixedClock(now))
        for days, segments in ((0.1, 6), (3, 60)):
            began = now - timedelta(days=days)
            with node.catalog.transaction() as connection:
                partitions.prepare(connection, today=began.date(), days_ahead=2)
            for number in range(segments):
                at = began + timedelta(minutes=number)
                store.record(CameraId("door"), at, sizes=(90_000, 60_000, 50_000))
        with node.catalog.transaction() as connection:
            rows = [SegmentClosed(row) for row in store.rows.values()]
            assert recordings.apply(connection, rows) == []
        node.catalog.close()
        yield Tiered(process, root / "warm")


def enter(page: Page, tiered: Tiered) -> None:
    name, password = ADMINISTRATOR
    page.goto(f"{tiered.node.url}/storage")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#room h1").first).to_be_visible()


def conditions(tiered: Tiered) -> dict[str, str]:
    """What `watchkeep volumes` says, by the last part of each volume's place."""
    command = [sys.executable, "-m", "watchkeep", "volumes", "--json", "--data", str(tiered.node.data)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = {each["volume"].partition(" at ")[0]: each for each in json.loads(done.stdout)["items"]}
    return {
        name if name.startswith("s3:") else Path(name).name: each["condition"] for name, each in found.items()
    }


def picture(page: Page, name: str) -> None:
    folder = os.environ.get("WATCHKEEP_LOOKS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_footage_goes_on_and_a_disk_that_is_gone_is_told(page: Page, tiered: Tiered) -> None:
    enter(page, tiered)
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    tiers = page.get_by_role("list", name="Tiers, in the order")
    hot, warm, cold = (tiers.locator(f"[data-tier={name}]") for name in ("hot", "warm", "cold"))

    expect(hot).to_contain_text("after 1 d or beyond 10.0 TB")
    expect(hot.locator("dd").first).not_to_contain_text("-")
    expect(warm).to_contain_text("150 kB/s")
    expect(cold).to_contain_text("not reached yet s3://footage at http://127.0.0.1:9")
    expect(warm).to_contain_text("On the way here")
    moves = page.get_by_role("region", name="Next moves")
    expect(moves.locator("tbody tr").first).to_contain_text("warm")
    picture(page, "moving-light")
    page.emulate_media(color_scheme="dark")
    picture(page, "moving-dark")
    assert violations(page) == []

    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    picture(page, "moving-phone")
    wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
    assert violations(page) == []

    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    tiered.warm.rename(tiered.warm.with_name("unplugged"))
    away = warm.locator("[data-volume]").filter(has_text="is empty or not mounted")
    expect(away).to_be_visible(timeout=60_000)
    expect(away).to_contain_text("away since")
    picture(page, "away-dark")
    assert violations(page) == []
    assert conditions(tiered) == {"footage": "good", "warm": "away", "warm2": "good", "s3://footage": "away"}

    tiered.warm.with_name("unplugged").rename(tiered.warm)
    expect(away).to_have_count(0, timeout=60_000)
    wait_until(lambda: next(tiered.warm.rglob("*.wks"), None), seconds=60, what="footage on the warm disk")
