"""Why, when and what if over HTTP: what is said of footage, to whom, and that asking changes nothing."""

from datetime import datetime, timedelta

import pytest

from builders import NOON
from catalog_rows import a_gap
from house_builder import a_camera, stream_of
from house_events import happen
from kept_footage import keep
from site_server import Browser, Site, problem
from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import CameraId
from watchkeep.domain.interval import Interval
from watchkeep.storage.catalog import footage, recordings
from watchkeep.storage.catalog.recorder_rows import GapClosed

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOW = NOON + 20 * DAY
KEPT_H = 15 * 24


def z(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def filled(site: Site) -> tuple[Browser, CameraId, CameraId]:
    """Two cameras with fifteen days of footage, twenty days after they were added."""
    site.administrator()
    front, vault = a_camera(site.house, "Front door"), a_camera(site.house, "Vault")
    site.clock.advance((NOW - site.clock.now()).total_seconds() + 600)
    for camera in (front, vault):
        keep(site.house, camera, until=NOW, hours=KEPT_H)
    return site.signed_in("ada"), front, vault


def why(browser: Browser, camera: CameraId, at: datetime) -> dict[str, object]:
    (item,) = browser.get(f"/api/v1/cameras/{camera}/why", params={"at": z(at)}).json()["items"]
    assert isinstance(item, dict)
    return item


def test_a_second_says_why_it_is_here_and_when_it_goes(site: Site) -> None:
    browser, front, _ = filled(site)

    said = why(browser, front, NOW - 5 * HOUR + timedelta(seconds=30))

    end = NOW - 5 * HOUR + timedelta(minutes=1)
    assert (said["here"], said["role"], said["data_class"], said["bytes"]) == (
        "stored",
        "main",
        "raw_footage",
        1_000_000,
    )
    assert said["reason"] == f"kept until {end + 30 * DAY:%Y-%m-%d %H:%M} UTC"
    assert said["place"] == "footage"
    assert said["fate"] == {
        "is_due": False,
        "goes_at": z(end + 30 * DAY),
        "rule": {"data_class": "raw_footage", "keep_days": 30.0, "origin": "class"},
    }


def test_a_second_that_an_event_claims_stays_longer_than_its_neighbours(site: Site) -> None:
    browser, front, _ = filled(site)
    start = NOW - 5 * HOUR
    happen(site.house, front, start=start + timedelta(seconds=40))  # with ten seconds before it

    claimed, neighbour = (why(browser, front, start + timedelta(seconds=second)) for second in (35, 5))

    end = start + timedelta(minutes=1)
    assert goes(claimed) == (z(end + 90 * DAY), "event_clip")
    assert goes(neighbour) == (z(end + 30 * DAY), "raw_footage")


def goes(said: dict[str, object]) -> tuple[str, str]:
    fate = said["fate"]
    assert isinstance(fate, dict)
    return fate["goes_at"], fate["rule"]["data_class"]


def test_a_second_that_was_given_up_is_gone_though_its_segment_stays(site: Site) -> None:
    browser, front, _ = filled(site)
    start = NOW - 5 * HOUR
    with site.house.catalog.transaction() as conn:
        conn.execute(
            "update video_segments set data_class = 'event_clip', claims = tstzmultirange(tstzrange(%s, %s))"
            " where camera_id = %s and start_time = %s",
            (start, start + timedelta(seconds=30), front, start),
        )

    kept, given_up = (why(browser, front, start + timedelta(seconds=second)) for second in (29, 30))

    assert (kept["here"], goes(kept)[1]) == ("stored", "event_clip")
    assert (given_up["here"], given_up["fate"]) == ("deleted", None)
    assert "no event claims it" in str(given_up["reason"])


def test_a_second_that_went_says_when_and_why(site: Site) -> None:
    browser, front, _ = filled(site)
    oldest = NOW - KEPT_H * HOUR
    hour = Interval(oldest, oldest + HOUR)
    with site.house.catalog.transaction() as conn:
        (first,) = footage.settled_of_camera(conn, front, DataClass.RAW_FOOTAGE, hour)
        footage.doom(conn, [first], reason="older than 14 d")
        footage.drop_rows(conn, [first])

    said = why(browser, front, oldest)

    assert (said["here"], said["reason"], said["segment"]) == ("deleted", "older than 14 d", str(first.id))
    assert said["deleted_at"] is not None
    assert said["fate"] is None


def test_a_second_without_footage_says_which_kind_of_nothing_it_is(site: Site) -> None:
    browser, front, _ = filled(site)
    gap = a_gap(
        1, start=NOW - 9.5 * HOUR, end=NOW - 9.2 * HOUR, camera=front, stream=stream_of(site.house, front)
    )
    with site.house.catalog.transaction() as conn:
        recordings.apply(conn, [GapClosed(gap)])

    found = [
        why(browser, front, at) for at in (NOW - 9.4 * HOUR, NOW - 8.5 * HOUR, NOW + DAY, NOON - 400 * DAY)
    ]

    assert [(each["here"], each["reason"]) for each in found] == [
        ("gap", "the camera does not answer"),
        ("nothing", "nothing was recorded, and no cause is known"),
        ("nothing", "it has not happened yet"),
        ("nothing", "the camera was not known yet"),
    ]


def test_rules_say_where_each_number_comes_from(site: Site) -> None:
    browser, front, _ = filled(site)
    browser.patch(f"/api/v1/cameras/{front}", json={"retention_days": 12})

    items = browser.get("/api/v1/retention").json()["items"]

    rules = {item["camera"]: item["rules"] for item in items}
    assert rules[front] == [
        {"data_class": "raw_footage", "keep_days": 12.0, "origin": "camera"},
        {"data_class": "event_clip", "keep_days": 90.0, "origin": "class"},
        {"data_class": "archived_event", "keep_days": 365.0, "origin": "class"},
    ]


def test_the_next_days_are_listed_with_reasons(site: Site) -> None:
    browser, front, _ = filled(site)
    browser.patch(f"/api/v1/cameras/{front}", json={"retention_days": 14})

    items = browser.get("/api/v1/retention/deletions").json()["items"]

    assert [item["camera"] for item in items] == [front] * 7  # the vault's go in a fortnight
    assert [item["segments"] for item in items] == [24 + 24, 24, 24, 24, 24, 24, 24]
    first = items[0]
    assert (first["reason"], first["data_class"], first["bytes"]) == (
        "older than 14 d",
        "raw_footage",
        48_000_000,
    )
    assert (first["from"], first["to"]) == (
        z(NOW + timedelta(minutes=10)),
        z(NOW + DAY + timedelta(minutes=10)),
    )
    assert (first["oldest"], first["newest"]) == (z(NOW - KEPT_H * HOUR), z(NOW - KEPT_H * HOUR + 48 * HOUR))


def test_what_if_says_what_would_go_to_the_segment_and_changes_nothing(site: Site) -> None:
    browser, front, vault = filled(site)

    answer = browser.post("/api/v1/retention/what-if", json={"days": {front: 10}}).json()

    # Ended ten days before now: at NOW and ten minutes that is up to the segment of NOW itself less ten days.
    expected = sum(
        1
        for hour in range(1, KEPT_H + 1)
        if hour * HOUR - timedelta(minutes=1) + timedelta(minutes=10) >= 10 * DAY
    )
    (going,) = answer["going"]
    assert (going["camera"], going["segments"], answer["freed_bytes"]) == (
        front,
        expected,
        expected * 1_000_000,
    )
    assert going["reason"] == "older than 10 d"
    before, after = answer["before"], answer["after"]
    assert by_camera(before)[front]["keep_days"] == 30.0
    assert by_camera(after)[front]["keep_days"] == 10.0
    assert by_camera(after)[vault]["keep_days"] == 30.0
    assert after["tiers"][0]["line"][0][2] < before["tiers"][0]["line"][0][2]
    assert browser.get("/api/v1/cameras").json()["items"][0]["retention_days"] == 30
    assert browser.get("/api/v1/storage").json()["cameras"][0]["segments"]["closed"] == KEPT_H


def by_camera(forecast: dict[str, list[dict[str, object]]]) -> dict[object, dict[str, object]]:
    return {each["camera"]: each for each in forecast["cameras"]}


def test_longer_days_free_nothing(site: Site) -> None:
    browser, front, _ = filled(site)

    answer = browser.post("/api/v1/retention/what-if", json={"days": {front: 60}}).json()

    assert (answer["going"], answer["freed_bytes"]) == ([], 0)
    assert by_camera(answer["after"])[front]["keep_days"] == 60.0


@pytest.mark.parametrize("days", [0, 3651])
def test_days_that_cannot_be_are_refused(site: Site, days: int) -> None:
    browser, front, _ = filled(site)

    answer = browser.post("/api/v1/retention/what-if", json={"days": {front: days}})

    assert problem(answer)["detail"] == "Footage is kept for 1 to 3650 days."


def test_a_viewer_may_ask_why_but_not_what_if_and_hears_of_own_cameras_only(site: Site) -> None:
    _, front, vault = filled(site)
    site.user("vera", "viewer", [front])
    viewer = site.signed_in("vera")

    own = viewer.post("/api/v1/retention/what-if", json={"days": {front: 10}})
    foreign = viewer.post("/api/v1/retention/what-if", json={"days": {vault: 10}})
    missing = viewer.post("/api/v1/retention/what-if", json={"days": {"nowhere": 10}})
    forecast = viewer.get("/api/v1/forecast").json()

    assert (own.status_code, foreign.status_code, missing.status_code) == (403, 404, 404)
    assert foreign.text.replace(vault, "ID") == missing.text.replace("nowhere", "ID")
    assert [each["camera"] for each in forecast["cameras"]] == [front]
    assert viewer.get(f"/api/v1/cameras/{front}/why", params={"at": z(NOW)}).status_code == 200
    assert viewer.get(f"/api/v1/cameras/{vault}/why", params={"at": z(NOW)}).status_code == 404


def test_the_forecast_says_what_comes_and_when_a_promise_is_reached(site: Site) -> None:
    browser, front, _ = filled(site)

    forecast = browser.get("/api/v1/forecast").json()

    assert forecast["at"] == z(NOW)
    assert (forecast["days_known"], forecast["unknown"], forecast["spread"]) == (15, [], 0.0)
    camera = by_camera(forecast)[front]
    assert (camera["name"], camera["known_h"], camera["bytes_per_day"]) == (
        "Front door",
        KEPT_H - 1,
        24_000_000,
    )
    assert camera["reached_at"] == z(NOW - KEPT_H * HOUR + 30 * DAY)
    (tier,) = forecast["tiers"]
    assert (tier["name"], tier["full_at"]) == ("hot", None)
    assert tier["line"][0][2] == 2 * KEPT_H * 1_000_000
    assert tier["line"][15][2] == 2 * 30 * 24 * 1_000_000
    assert tier["line"][40][2] == tier["line"][15][2]


def test_an_outage_lowers_no_rate_and_a_new_camera_has_not_enough_data(site: Site) -> None:
    browser, front, vault = filled(site)
    fresh = a_camera(site.house, "New")
    keep(site.house, fresh, until=NOW, hours=20)
    # The front door was away for two days, and its rows of these hours are not there.
    with site.house.catalog.transaction() as conn:
        since = NOW - 4 * DAY
        conn.execute(
            "update stream_hours set came_bytes = 0 where camera_id = %s and hour >= %s and hour < %s",
            (front, since, since + 2 * DAY),
        )
        stream = stream_of(site.house, front)
        recordings.apply(
            conn, [GapClosed(a_gap(1, start=since, end=since + 2 * DAY, camera=front, stream=stream))]
        )

    forecast = browser.get("/api/v1/forecast").json()

    cameras = by_camera(forecast)
    assert cameras[front]["bytes_per_day"] == cameras[vault]["bytes_per_day"] == 24_000_000
    assert cameras[front]["known_h"] == KEPT_H - 1 - 48
    assert (cameras[fresh]["bytes_per_day"], cameras[fresh]["known_h"]) == (None, 19)
    assert (cameras[fresh]["days"], cameras[fresh]["line"], forecast["unknown"]) == (None, [], [fresh])


def test_a_camera_that_is_switched_off_brings_nothing_more(site: Site) -> None:
    browser, front, _ = filled(site)
    browser.patch(f"/api/v1/cameras/{front}", json={"is_enabled": False})

    camera = by_camera(browser.get("/api/v1/forecast").json())[front]

    assert camera["bytes_per_day"] == 0
    assert camera["line"][40][2] == 0


def test_a_step_of_the_bitrate_is_told_with_how_far_it_put_the_forecast_off(site: Site) -> None:
    browser = site.administrator()
    front = a_camera(site.house, "Front door")
    site.clock.advance((NOW - site.clock.now()).total_seconds() + 35 * 86_400 + 600)
    now = NOW + 35 * DAY
    keep(site.house, front, until=now - 10 * DAY, hours=28 * 24)
    keep(site.house, front, until=now, hours=10 * 24, size_bytes=2_000_000)
    browser = site.signed_in("ada")

    forecast = browser.get("/api/v1/forecast").json()

    (camera,) = forecast["cameras"]
    assert camera["steps"] == [{"at": z(now - 10 * DAY), "ratio": 2.0}]
    assert camera["bytes_per_day"] == 48_000_000
    assert (forecast["miss"]["miss"], forecast["miss"]["of_steps"]) == (0.5, 0.5)
    assert (forecast["miss"]["days"], forecast["miss"]["made_at"]) == (20.0, z(now - 20 * DAY))
