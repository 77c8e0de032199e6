"""Incidents, events, pictures, rules and the detector over HTTP."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from builders import NOON
from house_builder import a_camera
from house_events import JPEG, detect, happen
from site_server import Browser, Site
from watchkeep.domain.ids import CameraId

SQUARE = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]]
ZONE = {"name": "Drive", "kind": "zone_visit", "objects": ["person"], "points": SQUARE, "severity": 2}


@pytest.fixture
def door(site: Site) -> CameraId:
    site.administrator()
    return a_camera(site.house, "Front door")


def asked(browser: Browser, path: str, **params: object) -> Any:
    answer = browser.get(f"/api/v1{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_incident_is_listed_with_its_picture_and_its_events_are_told(site: Site, door: CameraId) -> None:
    made = happen(site.house, door)
    browser = site.signed_in("ada")

    (listed,) = asked(browser, "/incidents")["items"]
    whole = asked(browser, f"/incidents/{made.incident}")

    assert (listed["id"], listed["camera"], listed["severity_name"]) == (str(made.incident), door, "notice")
    assert listed["picture"] == f"/api/v1/events/{made.event}/picture"
    assert listed["actions"] == ["annotate"]
    (event,) = whole["events"]
    assert (event["id"], event["object"], event["end_reason"]) == (str(made.event), "person", "gone")
    assert event["rule"]["name"] == "Any person or vehicle"
    assert event["model"] == {"name": "a-model", "version": "1"}


def test_a_picture_is_served_unsealed_and_the_look_is_audited_once(site: Site, door: CameraId) -> None:
    made = happen(site.house, door)
    browser = site.signed_in("ada")
    for _ in range(2):
        answer = browser.get(f"/api/v1/events/{made.event}/picture")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        assert answer.content == JPEG
        assert answer.headers["cache-control"] == "private, no-store"

    views = [item for item in asked(browser, "/audit")["items"] if item["action"] == "view pictures"]
    assert [item["target"] for item in views] == [f"camera {door}"]


def test_a_changed_picture_is_refused(site: Site, door: CameraId) -> None:
    made = happen(site.house, door)
    (path,) = site.house.volumes[0].volume.pictures()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)

    answer = site.signed_in("ada").get(f"/api/v1/events/{made.event}/picture")

    assert answer.status_code >= 500
    assert JPEG not in answer.content


def test_pages_follow_one_another_by_cursor(site: Site, door: CameraId) -> None:
    made = [
        happen(site.house, door, start=NOON + timedelta(minutes=minute), number=minute) for minute in range(5)
    ]
    browser = site.signed_in("ada")
    for path, ids in (
        ("/events", [str(each.event) for each in made]),
        ("/incidents", [str(each.incident) for each in made]),
    ):
        seen: list[str] = []
        cursor = None
        while True:
            page = asked(browser, path, limit=2, **({"cursor": cursor} if cursor else {}))
            seen += [item["id"] for item in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
        assert seen == ids[::-1]


def test_a_span_finds_what_touches_it(site: Site, door: CameraId) -> None:
    made = happen(site.house, door)
    browser = site.signed_in("ada")
    inside = {"from": "2025-06-01T12:00:05Z", "to": "2025-06-01T12:00:06Z"}
    after = {"from": "2025-06-01T12:00:11Z", "to": "2025-06-01T12:01:00Z"}

    for path, identifier in (("/events", made.event), ("/incidents", made.incident)):
        assert [item["id"] for item in asked(browser, path, **inside)["items"]] == [str(identifier)]
        assert asked(browser, path, **after)["items"] == []


def test_marks_are_kept_audited_and_taken_back(site: Site, door: CameraId) -> None:
    made = happen(site.house, door)
    browser = site.signed_in("ada")
    path = f"/api/v1/incidents/{made.incident}"

    marked = browser.patch(path, json={"seen": True, "verdict": "false"}).json()
    assert (marked["seen_by"], marked["verdict"], marked["verdict_by"]) == ("ada", "false", "ada")
    assert asked(browser, "/incidents", verdict="false")["items"] != []
    assert asked(browser, "/incidents", verdict="none")["items"] == []
    only_seen = browser.patch(path, json={"seen": False}).json()
    assert (only_seen["seen_at"], only_seen["verdict"]) == (None, "false")
    assert browser.patch(path, json={"verdict": None}).json()["verdict"] is None

    facts = [item["facts"] for item in asked(browser, "/audit")["items"] if item["action"] == "mark incident"]
    assert facts == [{"verdict": "none"}, {"seen": "false"}, {"seen": "true", "verdict": "false"}]


def test_a_viewer_sees_only_what_is_theirs_and_marks_nothing(site: Site, door: CameraId) -> None:
    vault = a_camera(site.house, "Vault")
    own, foreign = happen(site.house, door), happen(site.house, vault)
    detect(site.house, vault)
    site.user("vera", "viewer", [door])
    viewer, administrator = site.signed_in("vera"), site.signed_in("ada")

    for path in ("/incidents", "/events", "/detector"):
        assert "vault" in administrator.get(f"/api/v1{path}").text
        assert "vault" not in viewer.get(f"/api/v1{path}").text
    assert [item["id"] for item in asked(viewer, "/events")["items"]] == [str(own.event)]
    assert asked(viewer, "/incidents")["items"][0]["actions"] == []
    assert asked(viewer, "/events", camera="vault")["items"] == []
    assert viewer.patch(f"/api/v1/incidents/{own.incident}", json={"seen": True}).status_code == 403
    assert viewer.patch(f"/api/v1/incidents/{foreign.incident}", json={"seen": True}).status_code == 404
    assert viewer.post(f"/api/v1/cameras/{door}/rules", json=ZONE).status_code == 403


def test_a_rule_is_added_changed_and_removed(site: Site, door: CameraId) -> None:
    browser = site.signed_in("ada")
    path = f"/api/v1/cameras/{door}/rules"

    added = browser.post(path, json=ZONE)
    assert added.status_code == 201, added.text
    rule = added.json()
    changed = browser.patch(f"{path}/{rule['id']}", json={"name": "Yard", "is_enabled": False}).json()
    assert (changed["version"], changed["name"], changed["points"]) == (2, "Yard", SQUARE)
    assert [item["name"] for item in browser.get(path).json()["items"]] == ["Any person or vehicle", "Yard"]
    assert browser.delete(f"{path}/{rule['id']}").status_code == 204
    assert browser.delete(f"{path}/{rule['id']}").status_code == 404
    done = [item["action"] for item in asked(browser, "/audit")["items"] if item["action"].endswith(" rule")]
    assert done == ["remove rule", "remove rule", "change rule", "add rule"]


def test_a_rule_of_another_camera_is_not_reached_through_this_one(site: Site, door: CameraId) -> None:
    vault = a_camera(site.house, "Vault")
    browser = site.signed_in("ada")
    (rule,) = browser.get(f"/api/v1/cameras/{vault}/rules").json()["items"]

    for answer in (
        browser.patch(f"/api/v1/cameras/{door}/rules/{rule['id']}", json={"name": "Mine"}),
        browser.delete(f"/api/v1/cameras/{door}/rules/{rule['id']}"),
    ):
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"points": [[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]]}, "crosses itself"),
        ({"points": [[0.1, 0.1], [1.4, 0.1], [0.9, 0.9]]}, "outside the picture"),
        ({"points": SQUARE[:2]}, "3 to 64 points"),
        ({"points": [[0.01 * n, 0.5] for n in range(65)]}, "3 to 64 points"),
        ({"points": [[0.1, 0.1], [0.5, 0.1], [0.9, 0.1]]}, "zone"),
        ({"objects": []}, "no object"),
        ({"objects": ["dragon"]}, "cannot find dragon; choose from person, vehicle"),
        ({"name": "  "}, "1 to 64 characters"),
        ({"kind": "object"}, "takes no points"),
        ({"kind": "earthquake"}, "kind"),
        ({"severity": 9}, "severity"),
        ({"points": [[0.1]]}, "points"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_with_a_sentence(
    site: Site, door: CameraId, changes: dict[str, object], sentence: str
) -> None:
    detect(site.house, door)
    browser = site.signed_in("ada")

    answer = browser.post(f"/api/v1/cameras/{door}/rules", json={**ZONE, **changes})

    assert answer.status_code in (400, 422), answer.text
    assert sentence in answer.text
    assert len(browser.get(f"/api/v1/cameras/{door}/rules").json()["items"]) == 1


def test_what_another_model_found_is_shown_as_lacking(site: Site, door: CameraId) -> None:
    browser = site.signed_in("ada")
    wish = {"name": "Cats", "kind": "object", "objects": ["cat"]}
    assert browser.post(f"/api/v1/cameras/{door}/rules", json=wish).json()["lacking"] == []
    detect(site.house, door)

    lacking = {
        rule["name"]: rule["lacking"] for rule in browser.get(f"/api/v1/cameras/{door}/rules").json()["items"]
    }
    assert lacking == {"Any person or vehicle": ["cycle"], "Cats": ["cat"]}


def test_fifty_rules_are_enough(site: Site, door: CameraId) -> None:
    browser = site.signed_in("ada")
    statuses = [
        browser.post(f"/api/v1/cameras/{door}/rules", json={**ZONE, "name": f"Zone {n}"}).status_code
        for n in range(50)
    ]

    assert statuses == [201] * 49 + [409]


@pytest.mark.parametrize(
    "params",
    [
        {"cursor": "nonsense"},
        {"cursor": "2025-06-01T12:00:00_x"},
        {"kind": "earthquake"},
        {"severity": "7"},
        {"from": "2025-06-01T12:00:00Z", "to": "2025-06-01T11:00:00Z"},
        {"from": "yesterday"},
        {"limit": "0"},
    ],
)
def test_a_list_that_cannot_be_is_refused(site: Site, door: CameraId, params: dict[str, str]) -> None:
    browser = site.signed_in("ada")
    for path in ("/api/v1/incidents", "/api/v1/events"):
        assert browser.get(path, params=params).status_code in (400, 422), (path, params, door)


def test_what_is_not_there_is_not_found(site: Site, door: CameraId) -> None:
    browser = site.signed_in("ada")
    missing = UUID("0197291a-0000-7000-8000-00000000dead")
    for path in (f"/incidents/{missing}", f"/events/{missing}", f"/events/{missing}/picture"):
        assert browser.get(f"/api/v1{path}").status_code == 404, (path, door)


def test_the_detector_says_which_model_runs_and_how_it_fares(site: Site, door: CameraId) -> None:
    browser = site.signed_in("ada")
    assert asked(browser, "/detector")["phase"] == "starting"
    detect(site.house, door)

    told = asked(browser, "/detector")
    assert (told["phase"], told["model"], told["is_stand_in"]) == ("ready", "a-model", True)
    assert [(each["camera"], each["condition"]) for each in told["cameras"]] == [(door, "watching")]
    assert asked(browser, "/health")["detector"]["watching"] == 1

    site.clock.advance(31)
    told = asked(browser, "/detector")
    assert (told["phase"], told["cameras"]) == ("failed", [])
    assert "has not been heard of since" in told["detail"]
