"""From a click to the first live picture, and from the camera's glass to the browser's, in Chromium.

The camera is our simulator, whose pictures show the time at which they are sent; the browser reads it from
each picture as it is presented, on the same machine's clock. GOP one second, 25 pictures a second.

    make bench-live                 (QUICK=1: a few visits only)
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import quantiles
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright

from figures import IS_QUICK, Figures
from simulator_process import simulated_cameras
from system.node_process import ADMINISTRATOR, NodeProcess, running_node, wait_until
from time_code import JAVASCRIPT, make_clip

VISITS = 4 if IS_QUICK else 25
CLIP_S = 60
FIRST_PICTURE_LIMIT_S = 1.0
GLASS_TO_GLASS_LIMIT_S = 0.6
SETTLED_AFTER_MS = 1000
WATCHED_MS = 3000
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--mute-audio",
)

# From the click on; every picture's code with the instant at which it is due on the glass.
WATCH = f"""() => {{
  {JAVASCRIPT}
  window.visit = {{ clicked: null, pictures: [] }};
  const visit = window.visit;
  const note = (event) => {{ visit.clicked = event.timeStamp; }};
  document.addEventListener("click", note, {{ capture: true, once: true }});
  const canvas = new OffscreenCanvas(1, 1);
  const context = canvas.getContext("2d", {{ willReadFrequently: true }});
  const see = (video) => (now, {{ expectedDisplayTime, width, height }}) => {{
    const shown = Math.max(now, expectedDisplayTime);
    video.requestVideoFrameCallback(see(video));
    if (!video.isConnected) return;
    if (canvas.width !== width) [canvas.width, canvas.height] = [width, height];
    context.drawImage(video, 0, 0);
    const code = readTimeCode(context.getImageData(0, 0, width, height));
    visit.pictures.push([shown, performance.timeOrigin + shown, code]);
  }};
  const look = () => {{
    const video = document.querySelector("video");
    if (video && visit.clicked !== null) video.requestVideoFrameCallback(see(video));
    else requestAnimationFrame(look);
  }};
  look();
}}"""


def visit(page: Page) -> tuple[float, list[float]]:
    """Go to the live pictures and watch: seconds to the first picture, and the age of each later one."""
    rooms = page.get_by_role("navigation", name="Rooms")
    rooms.get_by_role("link", name="Cameras").click()
    expect(page.get_by_role("heading", name="Cameras", exact=True)).to_be_visible()
    expect(page.locator("video")).to_have_count(0)
    page.evaluate(WATCH)
    rooms.get_by_role("link", name="Live").click()

    def is_over() -> dict[str, Any] | None:
        seen: dict[str, Any] = page.evaluate("() => window.visit")
        pictures = seen["pictures"]
        return seen if pictures and pictures[-1][0] - pictures[0][0] > SETTLED_AFTER_MS + WATCHED_MS else None

    seen = wait_until(is_over, seconds=60, what="live pictures")
    first_ms = seen["pictures"][0][0]
    ages = [
        (unix_ms - code) % (CLIP_S * 1000) / 1000
        for shown_ms, unix_ms, code in seen["pictures"]
        if code is not None and shown_ms - first_ms > SETTLED_AFTER_MS
    ]
    return (first_ms - seen["clicked"]) / 1000, ages


def sign_in(page: Page, node: NodeProcess) -> None:
    """As a person does it."""
    name, password = ADMINISTRATOR
    page.goto(node.url)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("navigation", name="Rooms")).to_be_visible()


def add_camera(node: NodeProcess, url: str) -> None:
    """Add the simulated camera and wait until it is recorded."""
    wish = {"name": "Gate", "streams": [{"role": "main", "url": url, "record": True}]}
    node.signed_in().post("/cameras", json=wish).raise_for_status()

    def is_recorded() -> bool:
        streams = node.signed_in().get("/cameras").json()["items"][0]["streams"]
        return bool(streams[0]["state"] and streams[0]["state"]["condition"] == "recording")

    wait_until(is_recorded, seconds=60, what="the camera to be recorded")


def main() -> int:
    """Run it."""
    figures = Figures("live")
    chromium = os.environ.get("WATCHKEEP_TEST_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is missing; `make test-tools` installs it")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        clip = make_clip(Path(folder) / "gate.mp4", seconds=CLIP_S)
        with simulated_cameras({"gate": clip}) as cameras:
            settings = f"cameras:\n  simulator_ports: [{cameras.port}]\n"
            with running_node(Path(folder) / "data", settings=settings) as node:
                add_camera(node, cameras.url("gate"))
                browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
                page = browser.new_page(ignore_https_errors=True)
                sign_in(page, node)
                visit(page)  # fetches the page's own files
                visits = [visit(page) for _ in range(VISITS)]
                browser.close()
    firsts = [first for first, _ in visits]
    ages = [age for _, ages in visits for age in ages]
    for name, values, most in (
        ("first_picture", firsts, FIRST_PICTURE_LIMIT_S),
        ("glass_to_glass", ages, GLASS_TO_GLASS_LIMIT_S),
    ):
        shares = quantiles(values, n=20, method="inclusive")
        figures.add(f"{name}.p50", shares[9], "s", n=len(values))
        figures.add(f"{name}.p95", shares[18], "s", n=len(values), most=most)
    return figures.end()


if __name__ == "__main__":
    sys.exit(main())
