"""From an event to its moment, and from a line on the picture to its crossing.

Twice: with events put into the catalog, to the second, and with what the analyst sees in real footage.
"""

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from browser.conftest import CLIP_S, Site, iso, sign_in, unix_s
from browser.pictures import apart_s, look
from browser.telling import Teller
from real_footage import footage_clip
from simulator_process import simulated_cameras
from system.node_process import ADMINISTRATOR, running_node, wait_until
from watchkeep.domain.rule import Severity

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

LEAD_S = 4
"""A moment begins so long before its event."""
EVENT_WAIT_S = 240
"""For the analyst: people come every half minute, and it may still fetch its weights."""


@pytest.fixture
def teller(site: Site) -> Iterator[Teller]:
    """Tells of the walk's first camera."""
    teller = Teller(site, "gate")
    yield teller
    teller.close()


def cards(page: Page, camera: str) -> Locator:
    """The incidents of a camera by its name."""
    return page.locator("article.incident").filter(has_text=camera)


def recorded_s(site: Site, camera: str) -> float:
    """A moment of which the footage is surely on the disk, with some before and after it."""
    line = site.wait_until_recorded(camera, seconds_recorded=30)
    return unix_s(line["newest"]) - 14


def test_an_event_appears_without_a_reload_and_a_click_plays_its_moment(
    desk: Page, site: Site, teller: Teller
) -> None:
    # What the analyst told before it was asked not to would join the incident.
    wait_until(
        lambda: recorded_s(site, teller.camera) > teller.quiet_from_s + 31,
        seconds=120,
        what="footage that nobody but the teller tells of",
    )
    start_s = recorded_s(site, teller.camera)
    desk.goto(f"{site.node.url}/review?camera={teller.camera}&severity=3")
    expect(desk.get_by_role("heading", name="Nothing matches")).to_be_visible()

    teller.tell(start_s, severity=Severity.CRITICAL)
    card = cards(desk, "Gate").first
    expect(card).to_contain_text("Critical")
    expect(card).to_contain_text("5 s")
    card.get_by_role("link").click()

    dialog = desk.get_by_role("dialog", name="Person, Gate")
    video = dialog.locator("video")
    told_s = wait_until_told(video)
    seen = look(video)
    assert seen is not None
    assert seen.code_ms is not None
    assert start_s - LEAD_S - 1 <= told_s <= start_s + 10
    # The picture itself says when it was taken.
    assert apart_s(seen.code_ms, unix_s(seen.program_time), length_s=CLIP_S) <= 1.0
    expect(dialog).to_contain_text("critical")
    expect(dialog.get_by_role("button", name="play from here")).to_have_count(1)


def test_an_incident_is_judged_by_keys_and_the_judgement_stays(
    desk: Page, site: Site, teller: Teller
) -> None:
    # Half a minute apart they would be one incident.
    start_s = recorded_s(site, teller.camera) - 100
    teller.tell(start_s, severity=Severity.ALERT)
    span = f"from={local(start_s - 60)}&to={local(start_s + 60)}"
    desk.goto(f"{site.node.url}/review?camera={teller.camera}&severity=2&{span}")
    card = cards(desk, "Gate").first
    expect(card).to_be_visible()

    desk.keyboard.press("j")
    expect(card.get_by_role("link")).to_be_focused()
    desk.keyboard.press("f")
    expect(card.get_by_role("button", name="False alarm")).to_have_attribute("aria-pressed", "true")
    desk.keyboard.press("Enter")
    dialog = desk.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Called a false alarm by {ADMINISTRATOR[0]}")
    dialog.get_by_role("button", name="True").click()
    expect(dialog).to_contain_text(f"Called true by {ADMINISTRATOR[0]}")
    desk.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(card.get_by_role("link")).to_be_focused()

    desk.get_by_label("Marked").select_option("false")
    expect(desk.get_by_role("heading", name="Nothing matches")).to_be_visible()
    desk.get_by_label("Marked").select_option("true")
    expect(card.get_by_role("button", name="Seen")).to_have_attribute("aria-pressed", "true")
    desk.reload()
    expect(card.get_by_role("button", name="True")).to_have_attribute("aria-pressed", "true")


def test_events_are_marked_under_the_timeline_and_lead_to_their_moment(
    desk: Page, site: Site, teller: Teller
) -> None:
    # Beside what another test told of the newest footage, not on it: two in one place are one mark.
    start_s = recorded_s(site, teller.camera) - 5
    teller.tell(start_s)
    desk.goto(f"{site.node.url}/play/{teller.camera}?t={iso(start_s + 8)}&span=60")
    video = desk.locator("video")
    wait_until_told(video)
    lane = desk.get_by_role("toolbar", name="Events of Gate")
    clock = f"{datetime.fromtimestamp(start_s, UTC):%H:%M:%S}"
    mark = lane.get_by_role("button", name=re.compile(f"person.*{clock}", re.IGNORECASE)).first
    mark.focus()
    expect(desk.get_by_text(re.compile(f"^person.*notice.*{clock}", re.IGNORECASE))).to_be_visible()

    mark.press("Enter")

    def is_there() -> bool:
        seen = look(video)
        return seen is not None and start_s - 3 <= unix_s(seen.program_time or iso(0)) <= start_s + 6

    wait_until(is_there, seconds=30, what="the moment of the event")


def test_a_line_that_is_drawn_by_keys_alone_becomes_a_rule_and_a_bad_zone_is_refused_in_its_place(
    desk: Page, site: Site
) -> None:
    camera = site.camera("gate")
    desk.goto(f"{site.node.url}/cameras")
    desk.get_by_role("link", name="Rules of Gate").click()
    expect(desk.get_by_role("heading", name="Any person or vehicle")).to_be_visible()
    desk.get_by_role("link", name="Add a rule").click()
    desk.get_by_label("Name").fill("By keys")
    desk.get_by_text("Points as numbers").click()
    desk.get_by_role("button", name="Add a point").click()
    desk.get_by_role("button", name=re.compile("^Point 1 of 1")).press("Enter")
    second = desk.get_by_role("button", name=re.compile("^Point 2 of 2"))
    expect(second).to_be_focused()
    for _ in range(3):
        desk.keyboard.press("Shift+ArrowDown")
    desk.get_by_role("button", name="Add the rule").click()
    expect(desk.get_by_role("heading", name="By keys")).to_be_visible()
    rules = site.administrator.get(f"/cameras/{camera}/rules").json()["items"]
    assert [rule["kind"] for rule in rules if rule["name"] == "By keys"] == ["line_cross"]

    desk.get_by_role("link", name="Edit By keys").click()
    desk.get_by_label("Tell when").select_option("zone_visit")
    desk.get_by_role("button", name="Draw anew").click()
    desk.get_by_text("Corners as numbers").click()
    for number, (x, y) in enumerate(((10, 10), (60, 60), (60, 10), (10, 60)), start=1):
        desk.get_by_role("button", name="Add a corner").click()
        desk.get_by_label(f"Corner {number}, % from the left").fill(str(x))
        desk.get_by_label(f"Corner {number}, % from the top").fill(str(y))
    desk.get_by_role("button", name="Save").click()
    expect(desk.locator(".picture").get_by_role("alert")).to_contain_text("The zone crosses itself")

    desk.get_by_role("link", name="Cancel").click()
    desk.get_by_role("button", name="Remove By keys").click()
    desk.get_by_role("button", name="Remove the rule").click()
    expect(desk.get_by_role("heading", name="By keys")).to_have_count(0)


@pytest.fixture(scope="module")
def corridor(footage: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A node whose one camera shows people who walk through, one by one."""
    folder = tmp_path_factory.mktemp("corridor")
    clip = footage_clip(footage("one-by-one-person-detection.mp4"), folder / "corridor.mp4")
    with simulated_cameras({"corridor": clip}) as cameras:
        settings = f"cameras:\n  simulator_ports: [{cameras.port}]\nrecording:\n  segment_length: 10 s\n"
        with running_node(folder / "data", settings=settings) as node:
            yield Site(node, cameras, {}, ("corridor",))


def test_the_analyst_tells_of_a_person_and_of_the_crossing_of_a_drawn_line(
    page: Page, corridor: Site
) -> None:
    _ = corridor.administrator
    camera = corridor.add("corridor")
    sign_in(page, corridor, *ADMINISTRATOR)
    page.goto(f"{corridor.node.url}/review")
    card = cards(page, "Corridor").first
    expect(card).to_contain_text("Person", timeout=EVENT_WAIT_S * 1000)
    started_s = unix_s(str(card.locator("time").first.get_attribute("datetime")))
    card.get_by_role("link").click()
    told_s = wait_until_told(page.get_by_role("dialog").locator("video"))
    assert started_s - LEAD_S - 1 <= told_s <= started_s + 15

    draw_line(page, corridor, camera)
    drawn = datetime.now(UTC)
    page.get_by_role("navigation", name="Rooms").get_by_role("link", name="Review").click()
    page.get_by_label("What happened").select_option("line_cross")
    expect(cards(page, "Corridor").first).to_contain_text(
        re.compile("line crossed", re.IGNORECASE), timeout=EVENT_WAIT_S * 1000
    )
    asked = {"kind": "line_cross", "camera": camera}
    told = corridor.administrator.get("/events", params=asked).json()["items"]
    assert {event["rule"]["name"] for event in told} == {"Out to the right"}
    assert min(datetime.fromisoformat(event["started_at"]) for event in told) > drawn - timedelta(seconds=15)
    assert all(event["direction"] in {"left_to_right", "right_to_left"} for event in told)


def draw_line(page: Page, site: Site, camera: str) -> None:
    """From top to bottom across the way out, by two clicks on the live picture."""
    page.goto(f"{site.node.url}/cameras/{camera}/rules/new")
    board = page.locator(".board")
    expect(board).to_be_visible()
    wait_until(
        lambda: page.locator(".canvas video").evaluate("(video) => video.currentTime > 0.3"),
        seconds=60,
        what="a live picture to draw on",
    )
    # The picture takes its shape from the first frame.
    time.sleep(0.5)
    box: FloatRect | None = board.bounding_box()
    assert box is not None
    for x, y in ((0.72, 0.25), (0.72, 0.98)):
        page.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
    expect(page.locator(".board .point")).to_have_count(2)
    page.get_by_label("Name").fill("Out to the right")
    page.get_by_role("button", name="Add the rule").click()
    expect(page.get_by_role("heading", name="Out to the right")).to_be_visible()


def wait_until_told(video: Locator) -> float:
    """Wait until a picture plays; the Unix time that the page tells of it."""

    def find() -> float | None:
        seen = look(video)
        is_played = seen is not None and seen.program_time != "" and seen.decoded > 3
        return unix_s(seen.program_time) if seen is not None and is_played else None

    found: float = wait_until(find, seconds=60, what="a played moment")
    return found


def local(seconds: float) -> str:
    """A Unix time as the page's fields write it; the browser and the node are in UTC."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M}"
