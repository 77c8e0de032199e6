"""What people should do something about stands above every room, until it is done."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Site
from cli.test_commands import watchkeep

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


def test_a_doubted_catalog_is_told_in_every_room_until_a_person_accepts_it(
    desk: Page, site: Site, tmp_path: Path
) -> None:
    """The volume was last known by a catalog a million stamps on: this one is an old copy."""
    stamp = site.node.data / "footage" / "catalog.stamp"
    catalog, number = stamp.read_text().split()
    stamp.write_text(f"{catalog} {int(number) + 1_000_000}\n")
    alarm = desk.get_by_role("alert").filter(has_text="older state than the footage")

    desk.reload()
    for room in ("Live", "Storage"):
        desk.get_by_role("navigation", name="Rooms").get_by_role("link", name=room).click()
        expect(alarm).to_be_visible(timeout=60_000)
        expect(alarm).to_contain_text("watchkeep recover index --apply")
    folder = Path(os.environ.get("WATCHKEEP_LOOKS", tmp_path))
    for scheme, width in (("light", 1280), ("dark", 390)):
        desk.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        desk.set_viewport_size({"width": width, "height": 800})
        desk.screenshot(path=folder / f"alarm-{scheme}.png")

    assert watchkeep("recover", "accept", "--data", str(site.node.data)).returncode == 0
    expect(alarm).to_be_hidden(timeout=60_000)
