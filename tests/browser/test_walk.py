"""The walk of a first day: set-up token, camera, live picture, footage; in Debian's Chromium."""

import re
import time
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Locator, Page, Position, expect

from browser.conftest import CLIP_S, Site, iso, unix_s
from browser.pictures import Jumps, apart_s, look, read_still, wait_until_moving
from system.node_process import ADMINISTRATOR, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]

SPAN_S = 24
"""How much the timeline shows."""


def test_a_first_day_from_the_token_to_a_moving_picture(page: Page, site: Site) -> None:
    name, password = ADMINISTRATOR
    page.goto(site.node.url)

    page.get_by_label("Set-up token").fill(site.node.set_up_token())
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_label("Password again").fill(password)
    page.get_by_role("button", name="Create the administrator").click()
    expect(page.get_by_role("heading", name="Cameras", exact=True)).to_be_visible()

    page.get_by_label(f"Account of {name}").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("navigation", name="Rooms").get_by_role("link", name="Cameras").click()
    page.get_by_role("link", name="Add a camera").first.click()

    save = page.get_by_role("button", name="Add the camera")
    page.get_by_label("Name").fill("Gate")
    main = page.get_by_role("group", name="Main stream")
    main.get_by_label("Address").fill(site.cameras.url("gate"))
    expect(save).to_be_disabled()
    page.get_by_role("button", name="Test", exact=True).click()
    picture = main.get_by_role("img", name="What the main stream shows")
    expect(picture).to_be_visible(timeout=60_000)
    assert read_still(picture) is not None
    expect(main).to_contain_text("384 × 256")
    save.click()
    expect(page.get_by_role("heading", name="Gate", exact=True)).to_be_visible()
    site.ids["gate"] = str(page.locator("[data-camera]").first.get_attribute("data-camera"))

    page.get_by_role("navigation", name="Rooms").get_by_role("link", name="Live").click()
    wait_until_moving(page.locator("video"))


def test_an_address_with_a_moment_tells_of_no_other_moment(desk: Page, site: Site) -> None:
    desk.add_init_script("""window.told = [];
        new MutationObserver((changes) => {
            const times = changes.map(({ target }) => target.dataset.programTime);
            told.push(...times.filter((time) => time));
        }).observe(document, { subtree: true, attributeFilter: ["data-program-time"] });""")

    moment_s = open_at_rest(desk, site)

    told = desk.evaluate("() => window.told")
    assert told
    # Not even for an instant that of the playlist's start: the timeline would run there and back.
    assert min(map(unix_s, told)) > moment_s - 1


def test_a_click_on_the_timeline_plays_that_moment(desk: Page, site: Site) -> None:
    moment_s = open_at_rest(desk, site)
    timeline, video = desk.get_by_role("slider", name="Timeline of Gate"), desk.locator("video")
    box = timeline.bounding_box()
    assert box is not None
    jumps = Jumps(video)

    for share in (0.5, 0.25, 0.6):
        # The address put the moment at three quarters of the timeline.
        clicked_s = moment_s + (share - 0.75) * SPAN_S
        position: Position = {"x": box["width"] * share, "y": box["height"] / 2}
        timeline.hover(position=position)
        expect(desk.locator(".readout")).to_contain_text(re.compile("recorded", re.IGNORECASE))
        expect(desk.locator(".readout")).to_contain_text(clocks_about(clicked_s))
        before = jumps.count
        timeline.click(position=position)

        code_ms = jumps.first_code_after(before)

        assert apart_s(code_ms, clicked_s, length_s=CLIP_S) <= 1.0
        pause(desk)


def test_the_keyboard_moves_on_the_timeline_and_plays(desk: Page, site: Site) -> None:
    open_at_rest(desk, site)
    timeline, video = desk.get_by_role("slider", name="Timeline of Gate"), desk.locator("video")
    jumps = Jumps(video)
    shown_s = shown(video)
    timeline.focus()
    for _ in range(7):
        timeline.press("ArrowLeft")
    wanted_s = shown_s - 7
    assert abs(float(timeline.get_attribute("aria-valuenow") or 0) - wanted_s) <= 1
    assert "recorded" in (timeline.get_attribute("aria-valuetext") or "").lower()
    before = jumps.count

    timeline.press("Enter")
    code_ms = jumps.first_code_after(before)

    assert apart_s(code_ms, wanted_s, length_s=CLIP_S) <= 1.0


def test_the_time_that_the_page_tells_is_that_of_the_picture(desk: Page, site: Site) -> None:
    open_at_rest(desk, site)
    video = desk.locator("video")
    for key in ("j", ".", ","):
        desk.keyboard.press(key)
        wait_until(lambda: at_rest(video), seconds=30, what="the picture to rest")
        pause(desk)
        seen = look(video)
        assert seen is not None
        assert seen.code_ms is not None

        assert apart_s(seen.code_ms, unix_s(seen.program_time), length_s=CLIP_S) <= 1.0
        expect(desk).to_have_url(re.compile(re.escape(seen.program_time[:19])))


def test_the_timeline_tells_what_is_recorded_and_what_is_missing(desk: Page, site: Site) -> None:
    camera = site.camera("gate")
    site.cameras.refuse_connections()
    site.cameras.drop_clients("gate")
    time.sleep(3)
    site.cameras.refuse_connections(refuses=False)
    now_s = time.time()

    def is_noted() -> bool:
        span = {"from": iso(now_s - 60), "to": iso(now_s + 60)}
        answer = site.administrator.get(f"/cameras/{camera}/timeline", params=span).json()
        kinds = [part["coverage"] for part in answer["spans"] if part["from"] > iso(now_s - 8)]
        return "gap" in kinds and bool({"recorded", "open"} & set(kinds[kinds.index("gap") :]))

    wait_until(is_noted, seconds=90, what="the gap in the timeline, and footage after it")
    desk.goto(f"{site.node.url}/play/{camera}?span=120")
    desk.get_by_text("Show as a table").click()
    rows = desk.get_by_role("table", name="Spans of Gate").get_by_role("row")

    expect(rows.filter(has_text="gap").first).to_be_visible()
    expect(rows.filter(has_text="recorded").first).to_be_visible()


def test_a_codec_that_the_browser_lacks_is_named_with_its_cure(desk: Page, site: Site) -> None:
    desk.goto(f"{site.node.url}/live")
    if desk.evaluate("() => MediaSource.isTypeSupported('video/mp4; codecs=\"hvc1.1.6.L93.B0\"')"):
        pytest.skip("this browser plays H.265")
    attic = site.camera("attic")

    desk.goto(f"{site.node.url}/live")
    tile = desk.locator(f"article[data-camera={attic}]")
    expect(tile).to_contain_text("This browser cannot play H.265", timeout=60_000)
    expect(tile).to_contain_text("give the camera an H.264 sub stream")
    expect(tile).to_contain_text("recording")

    desk.goto(f"{site.node.url}/play/{attic}")
    expect(desk.locator(".screen")).to_contain_text("This browser cannot play H.265", timeout=60_000)


def test_people_audit_and_storage_tell_what_happened(desk: Page, site: Site) -> None:
    camera = site.camera("gate")
    rooms = desk.get_by_role("navigation", name="Rooms")

    rooms.get_by_role("link", name="People").click()
    desk.get_by_role("button", name="Add a person").click()
    dialog = desk.get_by_role("dialog", name="Add a person")
    dialog.get_by_label("Name").fill("otto")
    dialog.get_by_label("Password").fill("a long enough password")
    dialog.get_by_label("Role", exact=True).select_option("operator")
    dialog.get_by_label("Every camera, those added later too").uncheck()
    dialog.get_by_label("Gate").check()
    dialog.get_by_role("button", name="Add", exact=True).click()
    row = desk.get_by_role("table", name="People").get_by_role("row").filter(has_text="otto")
    expect(row).to_contain_text("operator")
    expect(row).to_contain_text("on Gate")

    rooms.get_by_role("link", name="Audit").click()
    entries = desk.get_by_role("table", name=re.compile("Audit entries")).get_by_role("row")
    expect(entries.filter(has_text="otto").first).to_contain_text(ADMINISTRATOR[0])

    rooms.get_by_role("link", name="Storage").click()
    line = desk.get_by_role("table", name="Storage by camera").locator(f"tr[data-camera={camera}]")
    expect(line).to_contain_text(re.compile(r"\d (kB|MB|GB)"))


def open_at_rest(desk: Page, site: Site) -> float:
    """Open Play nine seconds ago, wait for the picture, pause; the Unix time that the address asked for.

    The timeline shows SPAN_S, with that time at three quarters of it.
    """
    camera = site.camera("gate")
    video = desk.locator("video")
    for _ in range(6):
        line = site.wait_until_recorded(camera, seconds_recorded=26)
        moment_s = unix_s(line["newest"]) - 9
        desk.goto(f"{site.node.url}/play/{camera}?t={iso(moment_s)}&span={SPAN_S}")
        wait_until(lambda: has_time(video), seconds=60, what="a played picture")
        pause(desk)
        # Near its end the timeline would have followed the picture, as it should.
        if shown(video) < moment_s + SPAN_S * 0.14:
            return moment_s
    raise AssertionError("the picture could not be paused in time")


def has_time(video: Locator) -> bool:
    seen = look(video)
    return seen is not None and seen.program_time != ""


def pause(desk: Page) -> None:
    """Press k if the video plays, and wait until it rests."""
    video = desk.locator("video")
    if not video.evaluate("(video) => video.paused"):
        desk.keyboard.press("k")
    wait_until(lambda: at_rest(video), seconds=30, what="the video to rest")


def at_rest(video: Locator) -> bool:
    return bool(video.evaluate("(video) => video.paused && !video.seeking && video.readyState >= 2"))


def shown(video: Locator) -> float:
    """The Unix time that the page tells of the picture on show."""
    seen = look(video)
    assert seen is not None
    return unix_s(seen.program_time)


def clocks_about(seconds: float) -> re.Pattern[str]:
    """What a clock may show at a Unix time, give or take the second."""
    shown = (datetime.fromtimestamp(seconds + more, UTC) for more in (-1, 0, 1))
    return re.compile("|".join(f"{moment:%H:%M:%S}" for moment in shown))
