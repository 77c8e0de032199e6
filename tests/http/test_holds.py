"""Holds over HTTP: who may place, see and release them, what is refused, and what the audit says."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from builders import NOON
from house_builder import a_camera, record
from house_events import happen
from site_server import Browser, Site, problem
from watchkeep.domain.ids import CameraId

HOLDS = "/api/v1/holds"
SPAN = {"from": "2025-06-01T12:00:00Z", "to": "2025-06-01T12:00:04Z"}
Clip = Callable[..., Path]


@pytest.fixture
def door(site: Site, clip: Clip) -> CameraId:
    """A camera with ten seconds of footage, beside one that is nobody's but the administrator's."""
    camera = a_camera(site.house, "Front door")
    record(site.house, camera, clip(seconds=10))
    record(site.house, a_camera(site.house, "Vault"), clip(seconds=10))
    site.clock.advance(60)
    return camera


def placed(browser: Browser, camera: str = "front-door", **changes: object) -> dict[str, Any]:
    answer = browser.post(HOLDS, json={"cameras": [camera], "reason": "police", **SPAN, **changes})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_a_hold_is_placed_and_says_what_it_keeps(site: Site, door: CameraId) -> None:
    administrator = site.administrator()

    hold = placed(administrator, case="17", expires_at="2026-01-01T00:00:00Z")

    assert (hold["state"], hold["owner"], hold["cameras"]) == ("standing", "ada", [door])
    assert (hold["kept"]["segments"], hold["going"]) == (1, 0)
    assert hold["kept"]["bytes"] > 1000
    assert hold["actions"] == ["extend", "ask_release"]
    assert administrator.get(f"{HOLDS}/{hold['id']}").json() == hold
    (listed,) = administrator.get(HOLDS).json()["items"]
    assert listed == {**hold, "kept": None}


def test_an_incident_or_an_event_is_held_with_half_a_minute_around_it(site: Site, door: CameraId) -> None:
    administrator = site.administrator()
    seen = happen(site.house, door)

    for thing, identifier in (("incident", seen.incident), ("event", seen.event)):
        answer = administrator.post(HOLDS, json={thing: str(identifier), "reason": "a fall"})

        assert answer.status_code == 201, answer.text
        hold = answer.json()
        assert (hold["cameras"], hold[thing]) == ([door], str(identifier))
        assert hold["from"] == (NOON - timedelta(seconds=30)).strftime("%Y-%m-%dT%H:%M:%S.000000Z")


@pytest.mark.parametrize(
    ("changes", "status", "sentence"),
    [
        ({"from": SPAN["to"]}, 422, "The span ends before it begins"),
        ({"to": None}, 422, "The span ends before it begins"),
        ({"from": "2025-01-01T12:00:00Z", "to": "2025-01-01T13:00:00Z"}, 422, "There is no footage"),
        ({"cameras": []}, 422, "Name the cameras"),
        ({"cameras": ["nowhere"]}, 404, "There is no camera"),
        ({"reason": "  "}, 422, "Say why"),
        ({"case": "x" * 120}, 422, "The name of a case"),
        ({"expires_at": "2025-06-01T12:00:01Z"}, 422, "would end before it keeps anything"),
        ({"incident": "0197291a-0000-7000-8000-00000000dead"}, 404, "There is no incident"),
    ],
)
def test_a_hold_on_nothing_is_refused_with_one_sentence(
    site: Site, door: CameraId, changes: dict[str, object], status: int, sentence: str
) -> None:
    administrator = site.administrator()

    answer = administrator.post(HOLDS, json={"cameras": [door], "reason": "police", **SPAN, **changes})

    assert answer.status_code == status
    assert sentence in str(problem(answer)["detail"])
    assert administrator.get(HOLDS).json()["items"] == []


def test_one_person_does_not_release_and_a_second_one_does(site: Site, door: CameraId) -> None:
    administrator = site.administrator()
    site.user("otto", "operator", [door])
    operator = site.signed_in("otto")
    address = f"{HOLDS}/{placed(administrator)['id']}"

    asked = administrator.post(f"{address}/release", json={"reason": "case closed"}).json()
    assert (asked["state"], asked["release"]["asked_by"]) == ("release_asked", "ada")
    assert asked["actions"] == ["extend", "withdraw_release"]
    alone = administrator.post(f"{address}/release/confirmation")
    assert alone.status_code == 403
    assert "another person" in str(problem(alone)["detail"])
    assert operator.get(address).json()["actions"] == ["extend", "withdraw_release", "confirm_release"]
    confirmed = operator.post(f"{address}/release/confirmation").json()

    assert (confirmed["state"], confirmed["released_by"], confirmed["actions"]) == ("released", "otto", [])
    assert administrator.get(HOLDS).json()["items"] == []
    assert [each["state"] for each in administrator.get(HOLDS, params={"ended": "true"}).json()["items"]] == [
        "released"
    ]
    again = administrator.patch(address, json={"expires_at": None})
    assert (again.status_code, "has released" in again.text) == (409, True)


def test_an_end_moves_away_by_one_and_nearer_by_two(site: Site, door: CameraId) -> None:
    administrator = site.administrator()
    site.user("otto", "operator", [door])
    address = f"{HOLDS}/{placed(administrator, expires_at='2025-08-01T00:00:00Z')['id']}"

    later = administrator.patch(address, json={"expires_at": "2025-09-01T00:00:00Z"})
    earlier = administrator.patch(address, json={"expires_at": "2025-07-01T00:00:00Z"})
    wish = {"reason": "half is enough", "ends_at": "2025-07-01T00:00:00Z"}
    administrator.post(f"{address}/release", json=wish)
    assert administrator.delete(f"{address}/release").json()["state"] == "standing"
    administrator.post(f"{address}/release", json=wish)
    shortened = site.signed_in("otto").post(f"{address}/release/confirmation").json()

    assert later.json()["expires_at"].startswith("2025-09-01")
    assert (earlier.status_code, "another person confirms" in earlier.text) == (422, True)
    assert shortened["state"] == "standing"
    assert shortened["expires_at"].startswith("2025-07-01")


def test_a_hold_of_a_camera_that_is_not_yours_is_not_there(site: Site, door: CameraId) -> None:
    administrator = site.administrator()
    both = placed(administrator, cameras=[door, "vault"], reason="of the vault")["id"]
    every = placed(administrator, cameras=[], all_cameras=True, reason="of everything")["id"]
    own = placed(administrator)["id"]
    site.user("otto", "operator", [door])
    operator = site.signed_in("otto")

    assert [each["id"] for each in operator.get(HOLDS).json()["items"]] == [own]
    for hold in (both, every):
        answers = [
            operator.get(f"{HOLDS}/{hold}"),
            operator.patch(f"{HOLDS}/{hold}", json={"expires_at": None}),
            operator.post(f"{HOLDS}/{hold}/release", json={"reason": "mine"}),
            operator.post(f"{HOLDS}/{hold}/release/confirmation"),
            operator.delete(f"{HOLDS}/{hold}/release"),
        ]
        assert [answer.status_code for answer in answers] == [404] * 5
        assert "vault" not in "".join(answer.text for answer in answers)
    for wish, status in (({"cameras": [door, "vault"]}, 404), ({"all_cameras": True}, 403)):
        answer = operator.post(HOLDS, json={"reason": "all of it", **SPAN, **wish})
        assert answer.status_code == status


def test_the_page_is_told_who_may_hold(site: Site, door: CameraId) -> None:
    site.user("otto", "operator", [door])
    site.user("vera", "viewer", [door])

    assert "hold" in site.signed_in("otto").get("/api/v1/session").json()["user"]["actions"]
    viewer = site.signed_in("vera")
    assert "hold" not in viewer.get("/api/v1/session").json()["user"]["actions"]
    assert viewer.get(HOLDS).status_code == 403


def test_every_deed_and_every_refusal_is_in_the_audit(site: Site, door: CameraId) -> None:
    administrator = site.administrator()
    site.user("otto", "operator", [door])
    operator = site.signed_in("otto")
    hold = placed(operator)["id"]
    foreign = placed(administrator, cameras=["vault"])["id"]
    operator.post(f"{HOLDS}/{hold}/release", json={"reason": "closed"})
    operator.post(f"{HOLDS}/{hold}/release/confirmation")
    operator.delete(f"{HOLDS}/{hold}/release")
    operator.patch(f"{HOLDS}/{hold}", json={"expires_at": None})
    operator.get(f"{HOLDS}/{foreign}")
    operator.post(HOLDS, json={"cameras": [door], "reason": " ", **SPAN})

    items = administrator.get("/api/v1/audit", params={"subject": "otto"}).json()["items"]

    assert [(item["action"], item["outcome"]) for item in items[:7]][::-1] == [
        ("place hold", "allowed"),
        ("ask release", "allowed"),
        ("confirm release", "failed"),
        ("withdraw release", "allowed"),
        ("extend hold", "allowed"),
        ("hold", "refused"),
        ("place hold", "failed"),
    ]
    assert items[6]["facts"]["reason"] == "police"
    assert items[4]["facts"]["release_asked_by"] == "otto"
