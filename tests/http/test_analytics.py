"""Counts over HTTP: what they say, to whom, and what they refuse."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from builders import NOON
from house_builder import a_camera
from rollup_rows import put_event, put_track
from site_server import Browser, Site, problem
from watchkeep.domain.ids import CameraId
from watchkeep.storage.catalog import cameras, partitions, rollups

DAY = {"from": "2025-05-31T22:00:00Z", "to": "2025-06-01T22:00:00Z", "step": "1d"}
"""The day of NOON at the house's site, Berlin."""
HOURS = {"from": "2025-06-01T10:00:00Z", "to": "2025-06-01T14:00:00Z", "step": "1h"}


def filled(site: Site) -> tuple[Browser, CameraId, CameraId]:
    """Two cameras, of which something was seen an hour before noon and at noon."""
    browser = site.administrator()
    front, vault = a_camera(site.house, "Front door"), a_camera(site.house, "Vault")
    with site.house.catalog.transaction() as conn:
        partitions.prepare(conn, today=NOON.date(), days_ahead=1)
        put_track(conn, 1, NOON - timedelta(minutes=50), camera=front, confidence_e4=8000)
        put_track(conn, 2, NOON + timedelta(minutes=1), camera=front, confidence_e4=9000)
        put_track(conn, 3, NOON + timedelta(minutes=2), camera=front, confidence_e4=7000)
        put_track(conn, 4, NOON, camera=front, has_moved=False)
        put_track(conn, 5, NOON, camera=vault, type_="car")
        put_event(conn, 1, NOON, camera=front, severity=1)
        put_event(conn, 2, NOON, camera=front, severity=3)
        put_event(conn, 3, NOON, camera=vault, type_="zone_visit")
    site.clock.advance(20 * 60)
    refreshed(site)
    return browser, front, vault


def refreshed(site: Site) -> None:
    assert rollups.refresh(site.house.catalog, at=site.clock.now()).is_over


def test_objects_are_counted_step_by_step(site: Site) -> None:
    browser, front, vault = filled(site)

    answer = browser.get("/api/v1/analytics/objects", params=HOURS).json()

    assert {name: answer[name] for name in answer if name != "series"} == {
        "step": "1h",
        "zone": "Europe/Berlin",
        "from": "2025-06-01T10:00:00.000000Z",
        "to": "2025-06-01T14:00:00.000000Z",
        "as_of": "2025-06-01T12:20:00.000000Z",
        "complete_until": "2025-06-01T12:00:00.000000Z",
    }
    # Cameras that were added at noon: before, only what was seen is known. After now there is nothing.
    assert answer["series"] == [
        {
            "camera": front,
            "object": "person",
            "points": [
                ["2025-06-01T11:00:00.000000Z", 1, 0.8],
                ["2025-06-01T12:00:00.000000Z", 2, 0.8],
            ],
        },
        {"camera": vault, "object": "car", "points": [["2025-06-01T12:00:00.000000Z", 1, 0.9]]},
    ]


def test_events_are_counted_with_their_severities(site: Site) -> None:
    browser, front, vault = filled(site)

    answer = browser.get("/api/v1/analytics/events", params=DAY).json()

    assert answer["series"] == [
        {"camera": front, "kind": "object", "points": [["2025-05-31T22:00:00.000000Z", 2, [0, 1, 0, 1]]]},
        {"camera": vault, "kind": "zone_visit", "points": [["2025-05-31T22:00:00.000000Z", 1, [0, 1, 0, 0]]]},
    ]
    assert answer["complete_until"] == "2025-05-31T22:00:00.000000Z"


def test_what_is_asked_for_by_name_is_answered_with_noughts(site: Site) -> None:
    browser, front, _ = filled(site)
    wanted = {**HOURS, "camera": front, "object": ["cat"]}

    answer = browser.get("/api/v1/analytics/objects", params=wanted).json()
    events = browser.get("/api/v1/analytics/events", params={**DAY, "kind": "line_cross", "camera": front})

    assert answer["series"] == [
        {"camera": front, "object": "cat", "points": [["2025-06-01T12:00:00.000000Z", 0, None]]}
    ]
    assert events.json()["series"][0]["points"] == [["2025-05-31T22:00:00.000000Z", 0, [0, 0, 0, 0]]]


def test_what_waits_to_be_counted_ends_what_is_complete(site: Site) -> None:
    browser, front, vault = filled(site)
    with site.house.catalog.transaction() as conn:
        put_event(conn, 9, NOON - timedelta(minutes=3), camera=vault)

    def complete_until(camera: CameraId) -> str:
        params = {**HOURS, "step": "5m", "camera": camera}
        return str(browser.get("/api/v1/analytics/events", params=params).json()["complete_until"])

    assert complete_until(vault) == "2025-06-01T11:55:00.000000Z"
    assert complete_until(front) == "2025-06-01T12:20:00.000000Z"
    refreshed(site)
    assert complete_until(vault) == "2025-06-01T12:20:00.000000Z"


@pytest.mark.parametrize("what", ["objects", "events"])
def test_only_cameras_whose_footage_the_asker_may_see_are_counted(site: Site, what: str) -> None:
    _, front, vault = filled(site)
    site.user("vera", "viewer", [front])
    viewer = site.signed_in("vera")
    path = f"/api/v1/analytics/{what}"

    everything = viewer.get(path, params=HOURS).json()
    foreign = viewer.get(path, params={**HOURS, "camera": vault, "object": "car", "kind": "zone_visit"})
    missing = viewer.get(path, params={**HOURS, "camera": "nowhere", "object": "car", "kind": "zone_visit"})

    assert {series["camera"] for series in everything["series"]} == {front}
    assert foreign.status_code == missing.status_code == 200
    assert foreign.json() == missing.json()
    assert foreign.json()["series"] == []
    site.user("nora", "viewer", [])
    assert site.signed_in("nora").get(path, params=HOURS).status_code == 403
    assert site.browser().get(path, params=HOURS).status_code == 401


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"from": "2025-06-01T10:30:00Z"}, "`from` is not where a step begins; 2025-06-01T10:00:00Z is."),
        ({"to": "2025-06-01T14:00:01Z"}, "`to` is not where a step begins; 2025-06-01T14:00:00Z is."),
        (
            {"step": "1d", "to": "2025-06-01T22:00:00Z"},
            "`from` is not where a step begins; 2025-05-31T22:00:00Z is.",
        ),
        ({"to": "2025-06-01T10:00:00Z"}, "The span ends before it begins; `from` must be earlier than `to`."),
        (
            {"from": "2020-01-01T00:00:00Z"},
            "That is more than 2000 steps; take longer ones or a shorter span.",
        ),
        (
            {"from": "0001-01-01T00:00:00Z", "step": "1w"},
            "Nothing is counted before 1970 or after 9000; ask for another span.",
        ),
        (
            {"to": "9999-12-31T23:00:00Z"},
            "Nothing is counted before 1970 or after 9000; ask for another span.",
        ),
    ],
)
def test_a_span_that_does_not_fit_is_refused_in_a_sentence(
    site: Site, change: dict[str, str], sentence: str
) -> None:
    browser = site.administrator()
    a_camera(site.house, "Front door")

    answer = browser.get("/api/v1/analytics/objects", params={**HOURS, **change})

    assert (answer.status_code, problem(answer)["detail"]) == (422, sentence)


def test_two_thousand_steps_are_not_too_many(site: Site) -> None:
    browser = site.administrator()
    start = datetime(2025, 5, 1, tzinfo=UTC)
    span = {"from": start.isoformat(), "to": (start + timedelta(minutes=15 * 2000)).isoformat()}

    answer = browser.get("/api/v1/analytics/events", params={**span, "step": "15m", "kind": "object"})

    assert answer.status_code == 200, answer.text
    assert answer.json()["as_of"] is None


def test_cameras_of_several_zones_are_asked_for_site_by_site(site: Site) -> None:
    browser, front, vault = filled(site)
    with site.house.catalog.transaction() as conn:
        far = cameras.Site(id=UUID(int=7), name="Far", zone="Asia/Kathmandu")
        cameras.put_site(conn, far)
        conn.execute("update cameras set site_id = %s where camera_id = %s", (far.id, vault))
    refreshed(site)

    both = browser.get("/api/v1/analytics/objects", params=HOURS)
    params = {"from": "2025-05-31T18:15:00Z", "to": "2025-06-01T18:15:00Z", "step": "1d", "camera": vault}
    one = browser.get("/api/v1/analytics/objects", params=params).json()

    assert both.status_code == 422
    assert "several time zones" in str(problem(both)["detail"])
    assert one["zone"] == "Asia/Kathmandu"
    assert one["series"][0]["points"] == [["2025-05-31T18:15:00.000000Z", 1, 0.9]]
    assert front not in str(one)


def test_steps_whose_counts_were_deleted_by_age_are_not_shown_as_noughts(site: Site) -> None:
    browser, front, _ = filled(site)
    with site.house.catalog.transaction() as conn:
        rollups.forget(conn, now=NOON + timedelta(days=365))
    params = {**HOURS, "step": "15m", "camera": front}

    answer = browser.get("/api/v1/analytics/objects", params=params).json()

    (series,) = answer["series"]
    assert [point[0] for point in series["points"]] == [
        "2025-06-01T12:00:00.000000Z",
        "2025-06-01T12:15:00.000000Z",
    ]
