"""Events are as private as the footage they come from: lists, changes, pictures, rules, figures."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from builders import NOON
from house_builder import a_camera
from house_events import JPEG, Happened, detect, happen
from site_server import Browser, Site, problem, serve
from watchkeep.domain.ids import CameraId
from watchkeep.presentation.http.app import create_app
from watchkeep.storage.catalog import outbox
from watchkeep.storage.catalog.outbox import NoticeKind

Two = tuple[CameraId, CameraId]
RULE = {"name": "New", "kind": "object", "objects": ["person"]}


@pytest.fixture
def ada(site: Site) -> Browser:
    return site.administrator()


@pytest.fixture
def two(site: Site, ada: Browser) -> Two:
    """The camera that the others may see, and the one that only the administrator may."""
    del ada
    return a_camera(site.house, "Front door"), a_camera(site.house, "Vault")


def words_of(camera: CameraId, made: Happened) -> set[str]:
    return {camera, str(made.event), str(made.incident), str(made.rule)}


def told(site: Site, browser: Browser, *, after: int = 0) -> list[tuple[str, dict[str, str]]]:
    """What a follower of the changes was told, up to a last word about the first camera."""
    with site.house.catalog.transaction() as conn:
        outbox.publish(conn, NoticeKind.CAMERA, camera=CameraId("front-door"), facts={"last": "word"})
    found: list[tuple[str, dict[str, str]]] = []
    kind = ""
    headers = {"Last-Event-ID": str(after)}
    with browser.stream("GET", "/api/v1/changes", headers=headers) as answer:
        for line in answer.iter_lines():
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            if line.startswith("data: "):
                facts = json.loads(line.removeprefix("data: "))
                if facts.get("last") == "word":
                    return found
                found.append((kind, facts))
    raise AssertionError("the stream ended before the last word")


def test_a_viewer_without_the_camera_meets_none_of_its_ids(site: Site, ada: Browser, two: Two) -> None:
    front, vault = two
    own, foreign = happen(site.house, front), happen(site.house, vault, number=2)
    for camera in two:
        detect(site.house, camera)
    site.user("vera", "viewer", [front])
    vera = site.signed_in("vera")
    lists = ("incidents", "events", "detector", f"cameras/{front}/rules", "cameras", "health")
    lists += (f"events?camera={vault}", f"incidents?camera={vault}", f"events?rule={foreign.rule}")
    lists += (f"events/{own.event}", f"incidents/{own.incident}")

    seen = " ".join(vera.get(f"/api/v1/{list_}").text for list_ in lists) + json.dumps(told(site, vera))
    all_seen = " ".join(ada.get(f"/api/v1/{list_}").text for list_ in lists) + json.dumps(told(site, ada))

    assert [word for word in words_of(vault, foreign) if word in seen] == []
    # Who may see them meets each one there, and so does the viewer each of the own ones.
    all_seen += ada.get(f"/api/v1/cameras/{vault}/rules").text
    assert [word for word in words_of(vault, foreign) if word not in all_seen] == []
    assert [word for word in words_of(front, own) if word not in seen] == []


def test_a_foreign_thing_is_answered_like_a_missing_one(site: Site, ada: Browser, two: Two) -> None:
    front, vault = two
    foreign = happen(site.house, vault)
    missing = "0197291a-0000-7000-8000-00000000dead"
    site.user("otto", "operator", [front])
    otto = site.signed_in("otto")

    for path in ("events/{event}", "events/{event}/picture", "incidents/{incident}"):
        there = path.format(event=foreign.event, incident=foreign.incident)
        nowhere = path.format(event=missing, incident=missing)
        answers = [otto.get(f"/api/v1/{each}") for each in (there, nowhere)]
        assert [answer.status_code for answer in answers] == [404, 404]
        bodies = [
            answer.text.replace(str(foreign.event), "ID").replace(str(foreign.incident), "ID")
            for answer in answers
        ]
        assert bodies[0] == bodies[1].replace(missing, "ID")
        assert ada.get(f"/api/v1/{there}").status_code == 200
    mark = {"seen": True}
    assert otto.patch(f"/api/v1/incidents/{foreign.incident}", json=mark).status_code == 404
    assert ada.get(f"/api/v1/incidents/{foreign.incident}").json()["seen_by"] is None
    assert ada.patch(f"/api/v1/incidents/{foreign.incident}", json=mark).json()["seen_by"] == "ada"


def test_who_may_watch_live_only_is_told_nothing_of_what_was_seen(site: Site, ada: Browser, two: Two) -> None:
    front, _ = two
    assert ada.post("/api/v1/roles", json={"name": "guard", "actions": ["view_live"]}).status_code == 201
    site.user("gus", "guard", [front])
    site.user("vera", "viewer", [front])
    gus, vera = site.signed_in("gus"), site.signed_in("vera")
    made = happen(site.house, front)

    assert {kind for kind, _ in told(site, vera)} >= {"camera", "event", "incident"}
    assert {kind for kind, _ in told(site, gus)} & {"event", "incident"} == set()
    for path in ("events", "incidents"):
        assert gus.get(f"/api/v1/{path}").status_code == 403
        assert len(vera.get(f"/api/v1/{path}").json()["items"]) == 1
    for path in (f"events/{made.event}", f"events/{made.event}/picture", f"incidents/{made.incident}"):
        assert gus.get(f"/api/v1/{path}").status_code == 403
        assert vera.get(f"/api/v1/{path}").status_code == 200
    assert gus.get(f"/api/v1/cameras/{front}/rules").status_code == 403


def test_each_step_takes_its_own_right(site: Site, ada: Browser, two: Two) -> None:
    front, _ = two
    made = happen(site.house, front)
    site.user("vera", "viewer", [front])
    site.user("otto", "operator", [front])
    vera, otto = site.signed_in("vera"), site.signed_in("otto")
    incident, rules = f"/api/v1/incidents/{made.incident}", f"/api/v1/cameras/{front}/rules"

    def statuses(browser: Browser) -> tuple[int, ...]:
        return (
            browser.get(rules).status_code,
            browser.patch(incident, json={"verdict": "true"}).status_code,
            browser.post(rules, json=RULE).status_code,
            browser.patch(f"{rules}/{made.rule}", json={"severity": 2}).status_code,
            browser.delete(f"{rules}/{made.rule}").status_code,
        )

    assert statuses(vera) == (200, 403, 403, 403, 403)
    assert statuses(otto) == (200, 200, 403, 403, 403)
    assert statuses(ada) == (200, 200, 201, 200, 204)
    entries = ada.get("/api/v1/audit").json()["items"]
    refused = [(entry["subject"], entry["action"]) for entry in entries if entry["outcome"] == "refused"]
    assert sorted(refused) == [
        *[("otto", "configure")] * 3,
        ("vera", "annotate"),
        *[("vera", "configure")] * 3,
    ]


def test_looking_at_rules_and_lists_is_not_audited_but_pictures_are(
    site: Site, ada: Browser, two: Two
) -> None:
    front, vault = two
    made, other = happen(site.house, front), happen(site.house, vault, number=2)
    before = len(ada.get("/api/v1/audit").json()["items"])

    for path in (f"cameras/{front}/rules", "events", "incidents", f"events/{made.event}", "detector"):
        ada.get(f"/api/v1/{path}")
    for event in (made.event, other.event, made.event):
        assert ada.get(f"/api/v1/events/{event}/picture").content == JPEG
    site.clock.advance(11 * 60)
    ada.get(f"/api/v1/events/{made.event}/picture")

    entries = ada.get("/api/v1/audit").json()["items"]
    new = [(entry["action"], entry["target"]) for entry in reversed(entries[: len(entries) - before])]
    looks = [entry for entry in new if entry[0] != "read_audit"]
    assert looks == [("view pictures", f"camera {camera}") for camera in (front, vault, front)]


def test_what_is_marked_is_told_at_once_to_those_who_follow(site: Site, ada: Browser, two: Two) -> None:
    front, _ = two
    made = happen(site.house, front)
    with site.house.catalog.transaction() as conn:
        newest = outbox.newest(conn)
    ada.patch(f"/api/v1/incidents/{made.incident}", json={"seen": True})
    happen(site.house, front, start=NOON + timedelta(minutes=5), number=3)

    first, *others = [
        (kind, facts["state"], facts["camera"]) for kind, facts in told(site, ada, after=newest)
    ]

    assert first == ("incident", "marked", front)
    assert {("incident", "new", front), ("event", "new", front)} <= set(others)


def test_the_cameras_of_the_health_line_are_the_askers(site: Site, ada: Browser, two: Two) -> None:
    front, vault = two
    for camera in two:
        detect(site.house, camera)
    site.user("vera", "viewer", [front])

    def figures(browser: Browser) -> tuple[int, int]:
        detector = browser.get("/api/v1/health").json()["detector"]
        return detector["watching"], detector["total"]

    assert figures(ada) == (2, 2)
    assert figures(site.signed_in("vera")) == (1, 1)
    assert ada.patch(f"/api/v1/cameras/{vault}", json={"is_enabled": False}).status_code == 200
    assert figures(ada)[1] == 1
    site.clock.advance(40)
    assert figures(ada) == (0, 1)


def test_a_removed_camera_takes_its_rules_along(site: Site, ada: Browser, two: Two) -> None:
    front, _ = two
    made = happen(site.house, front)
    rules = f"/api/v1/cameras/{front}/rules"
    assert ada.delete(f"/api/v1/cameras/{front}").status_code == 204

    for answer in (
        ada.get(rules),
        ada.post(rules, json=RULE),
        ada.patch(f"{rules}/{made.rule}", json={"severity": 2}),
        ada.delete(f"{rules}/{made.rule}"),
    ):
        assert answer.status_code == 404, answer.text
        assert problem(answer)["detail"]
    # What happened before it stays to be reviewed for as long as it is kept.
    assert len(ada.get("/api/v1/events").json()["items"]) == 1


def test_where_detection_is_switched_off_it_says_so_and_asks_nothing_of_rules(
    site: Site, ada: Browser, two: Two
) -> None:
    front, _ = two
    detect(site.house, front)
    rules = f"/api/v1/cameras/{front}/rules"
    assert ada.post(rules, json={**RULE, "objects": ["dragon"]}).status_code == 422
    assert ada.get("/api/v1/health").json()["detector"]["phase"] == "ready"

    for address in serve(create_app(replace(site.house, is_detecting=False))):
        with Browser(address) as browser:
            browser.headers["cookie"] = ada.headers["cookie"]
            detector = browser.get("/api/v1/detector").json()
            health = browser.get("/api/v1/health").json()["detector"]
            made = browser.post(rules, json={**RULE, "objects": ["dragon"]})

    assert (detector["phase"], detector["cameras"]) == ("off", [])
    assert (health["phase"], health["watching"]) == ("off", 0)
    assert (made.status_code, made.json()["lacking"]) == (201, [])
