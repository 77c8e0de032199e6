"""Hostile and mistaken requests about events, incidents and rules: a sentence, never a 500."""

import json
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from builders import NOON
from house_builder import a_camera
from house_events import JPEG, Happened, detect, happen
from site_server import Browser, Site, problem
from watchkeep.domain.ids import CameraId
from watchkeep.storage.catalog import incidents

BEYOND = UUID(int=2**128 - 1)
"""An id whose time lies beyond the calendar."""
SQUARE = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]]
ZONE = {"name": "Drive", "kind": "zone_visit", "objects": ["person"], "points": SQUARE}


@pytest.fixture
def ada(site: Site) -> Browser:
    return site.administrator()


@pytest.fixture
def door(site: Site, ada: Browser) -> CameraId:
    del ada
    return a_camera(site.house, "Front door")


def raw(ada: Browser, path: str, body: str) -> httpx.Response:
    return ada.post(path, content=body.encode(), headers={"content-type": "application/json"})


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"from": "0001-01-01T00:00:00Z"}, 200),
        ({"from": "9999-12-31T23:59:59Z"}, 200),
        ({"to": "0001-01-01T00:00:00Z"}, 200),
        ({"to": "9999-12-31T23:59:59Z"}, 200),
        ({"from": "0001-01-01T00:00:00+14:00"}, 422),
        ({"to": "9999-12-31T23:59:59-14:00"}, 422),
        ({"from": "2025-06-01T12:00:00"}, 422),
        ({"cursor": "0001-01-01T00:00:00+00:00_ffffffff-ffff-ffff-ffff-ffffffffffff"}, 200),
        ({"cursor": "9999-12-31T23:59:59+00:00_ffffffff-ffff-ffff-ffff-ffffffffffff"}, 200),
        ({"cursor": "9999-12-31T23:59:59-14:00_ffffffff-ffff-ffff-ffff-ffffffffffff"}, 422),
        ({"cursor": "_"}, 422),
        ({"cursor": ""}, 422),
        ({"cursor": "2025-06-01T12:00:00+00:00_1"}, 422),
        ({"cursor": "x" * 201}, 422),
        ({"limit": "201"}, 422),
        ({"limit": "-1"}, 422),
        ({"limit": "9" * 40}, 422),
        ({"severity": "-1"}, 422),
        ({"camera": "'; drop table events; --"}, 200),
        ({"camera": "a\0b"}, 422),
        ({"object": "\0"}, 422),
        ({"camera": ["x"] * 201}, 422),
    ],
    ids=str,
)
def test_lists_answer_every_parameter_with_a_page_or_a_sentence(
    site: Site, ada: Browser, door: CameraId, params: dict[str, str | list[str]], status: int
) -> None:
    happen(site.house, door)
    for path in ("/api/v1/events", "/api/v1/incidents"):
        answer = ada.get(path, params=params)

        assert answer.status_code == status, (path, answer.text)
        assert status == 200 or str(problem(answer)["detail"]).endswith(".")
    assert len(ada.get("/api/v1/events").json()["items"]) == 1


def test_the_end_of_a_span_does_not_belong_to_it(site: Site, ada: Browser, door: CameraId) -> None:
    happen(site.house, door)

    for path in ("/api/v1/events", "/api/v1/incidents"):
        until = {"to": "2025-06-01T12:00:00Z"}
        beyond = {"to": "2025-06-01T12:00:00.000001Z"}
        assert ada.get(path, params=until).json()["items"] == [], path
        assert len(ada.get(path, params=beyond).json()["items"]) == 1, path


@pytest.mark.parametrize("identifier", [BEYOND, UUID(int=0)])
def test_ids_that_are_none_of_ours_are_not_there(ada: Browser, identifier: UUID) -> None:
    for path in (f"events/{identifier}", f"events/{identifier}/picture", f"incidents/{identifier}"):
        assert ada.get(f"/api/v1/{path}").status_code == 404, path
    assert ada.get("/api/v1/events/one").status_code == 422
    assert ada.get(f"/api/v1/segments/{identifier}/video").status_code == 404


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ('"points": [[NaN, 0.1], [0.9, 0.1], [0.9, 0.9]]', "outside the picture"),
        ('"points": [[Infinity, 0.1], [0.9, 0.1], [0.9, 0.9]]', "outside the picture"),
        ('"points": [[1e999, 0.1], [0.9, 0.1], [0.9, 0.9]]', "outside the picture"),
        ('"points": [[' + "9" * 400 + ", 0.1], [0.9, 0.1], [0.9, 0.9]]", "points"),
        ('"points": [[0.1, 0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]', "points"),
        ('"points": [["a", 0.1], [0.9, 0.1], [0.9, 0.9]]', "points"),
        ('"points": [[0.1, 0.1], [0.1, 0.1], [0.9, 0.9], [0.1, 0.9]]', "are the same; remove one"),
        ('"points": ' + json.dumps([[0.1, 0.1]] * 501), "points"),
        ('"objects": ' + json.dumps([f"thing-{n}" for n in range(41)]), "names 41 objects"),
        ('"objects": ["' + "x" * 51 + '"]', "objects"),
        ('"objects": ["a\\u0000b"]', "NUL"),
        ('"objects": [""]', "objects"),
        ('"name": "' + "x" * 65 + '"', "1 to 64 characters"),
        ('"severity": 4', "severity"),
        ('"severity": null', "severity"),
        ('"anchor": "nose"', "anchor"),
        ('"direction": "up"', "direction"),
        ('"is_enabled": "perhaps"', "is_enabled"),
        ('"colour": "red"', "colour"),
        ('"kind": "line_cross", "points": [[0.1, 0.1]]', "2 to 64 points"),
    ],
    ids=lambda text: text[:40],
)
def test_a_rule_that_cannot_be_is_refused_whether_added_or_changed(
    ada: Browser, door: CameraId, place: str, sentence: str
) -> None:
    path = f"/api/v1/cameras/{door}/rules"
    body = json.dumps(ZONE)[:-1] + f", {place}}}"
    rule = ada.post(path, json=ZONE).json()

    added = raw(ada, path, body)
    changed = ada.patch(
        f"{path}/{rule['id']}",
        content=f"{{{place}}}".encode(),
        headers={"content-type": "application/json"},
    )

    assert added.status_code == 422, added.text
    assert sentence in str(problem(added)["detail"])
    if place == '"severity": null':  # in a change it stands for what there is
        assert changed.json()["version"] == 1
    else:
        assert changed.status_code == 422, changed.text
        assert sentence in str(problem(changed)["detail"])
    assert ada.get(path).json()["items"][1] == rule


def test_what_a_rule_asks_for_already_may_stay_though_the_model_lacks_it(
    site: Site, ada: Browser, door: CameraId
) -> None:
    path = f"/api/v1/cameras/{door}/rules"
    rule = ada.post(path, json={**ZONE, "objects": ["cat"]}).json()
    detect(site.house, door)

    renamed = ada.patch(f"{path}/{rule['id']}", json={"name": "Cats"})
    widened = ada.patch(f"{path}/{rule['id']}", json={"objects": ["cat", "dragon"]})
    # An analyst that is just starting again has not forgotten what it can find.
    site.clock.advance(60)
    later = ada.post(path, json={**ZONE, "objects": ["dragon"]})

    assert (renamed.status_code, renamed.json()["lacking"]) == (200, ["cat"])
    assert problem(widened)["detail"] == (
        "The model that runs, a-model, cannot find dragon; choose from person, vehicle."
    )
    assert later.status_code == 422


def test_the_same_text_is_no_new_version(ada: Browser, door: CameraId) -> None:
    path = f"/api/v1/cameras/{door}/rules"
    rule = ada.post(path, json=ZONE).json()

    assert ada.patch(f"{path}/{rule['id']}", json={}).json() == rule
    assert ada.patch(f"{path}/{rule['id']}", json=ZONE).json() == rule
    assert ada.patch(f"{path}/{rule['id']}", json={"severity": 3}).json()["version"] == 2


def test_marks_that_say_nothing_are_refused(site: Site, ada: Browser, door: CameraId) -> None:
    path = f"/api/v1/incidents/{happen(site.house, door).incident}"

    for body in ({}, {"seen": None}):
        answer = ada.patch(path, json=body)
        assert (answer.status_code, problem(answer)["detail"]) == (
            422,
            "There is nothing to mark; give `seen`, `verdict` or `archived`.",
        )
    assert ada.patch(path, json={"verdict": True}).status_code == 422
    assert ada.patch(path, json={"verdict": "perhaps"}).status_code == 422
    assert ada.patch(path, json={"seen": True, "by": "somebody"}).status_code == 422


def picture(ada: Browser, made: Happened) -> httpx.Response:
    return ada.get(f"/api/v1/events/{made.event}/picture")


def test_a_picture_in_anothers_place_is_not_shown(site: Site, ada: Browser, door: CameraId) -> None:
    made = happen(site.house, door)
    other = happen(site.house, a_camera(site.house, "Vault"), number=2)
    volume = site.house.volumes[0].volume
    by_camera = {path.parents[2].name: path for path in volume.pictures()}
    by_camera[door].write_bytes(by_camera["vault"].read_bytes())

    swapped = picture(ada, made)

    assert swapped.status_code == 500
    assert JPEG not in swapped.content
    assert picture(ada, other).content == JPEG


def test_a_picture_that_cannot_be_read_is_told_without_its_path_and_audited_once(
    site: Site, ada: Browser, door: CameraId
) -> None:
    made = happen(site.house, door)
    (path,) = site.house.volumes[0].volume.pictures()
    path.unlink()

    answers = [picture(ada, made) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [500, 500]
    assert str(path) not in answers[0].text
    assert path.name not in answers[0].text.replace(str(made.event), "")
    audit = ada.get("/api/v1/audit").json()["items"]
    found = [(item["target"], item["reason"]) for item in audit if item["action"] == "find damage"]
    assert found == [(f"picture of event {made.event}", "unreadable")]


def test_an_event_without_a_picture_says_so(site: Site, ada: Browser, door: CameraId) -> None:
    made = happen(site.house, door)
    with site.house.catalog.transaction() as conn:
        conn.execute("update events set picture_path = null, picture_volume = null")

    answer = picture(ada, made)

    assert answer.status_code == 404
    assert "has no picture" in str(problem(answer)["detail"])
    assert ada.get(f"/api/v1/events/{made.event}").json()["picture"] is None
    assert ada.get("/api/v1/incidents").json()["items"][0]["picture_box"] is None


def test_an_incident_that_was_merged_meanwhile_is_not_marked(
    site: Site, ada: Browser, door: CameraId, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = happen(site.house, door)
    mark = incidents.mark_seen

    def merge_first(conn: object, *arguments: object, **facts: object) -> None:
        with site.house.catalog.transaction() as other:
            other.execute("delete from incidents")
        mark(conn, *arguments, **facts)  # type: ignore[arg-type]

    monkeypatch.setattr(incidents, "mark_seen", merge_first)

    answer = ada.patch(f"/api/v1/incidents/{made.incident}", json={"seen": True})

    assert answer.status_code == 404
    assert "merged into another" in str(problem(answer)["detail"])
    done = [item["action"] for item in ada.get("/api/v1/audit").json()["items"]]
    assert "mark incident" not in done


def test_an_incident_that_goes_on_is_found_from_any_later_moment(
    site: Site, ada: Browser, door: CameraId
) -> None:
    happen(site.house, door, ended_at=None, end_reason=None, seen_until=NOON + timedelta(seconds=3))
    (incident,) = ada.get("/api/v1/incidents").json()["items"]

    assert incident["ended_at"] is None
    assert ada.get("/api/v1/incidents", params={"from": "2025-06-01T12:00:02Z"}).json()["items"] != []
