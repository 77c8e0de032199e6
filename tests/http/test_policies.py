"""Policies by class, site and camera: shown with who says each number, changed, refused in words, audited."""

import pytest

from house_builder import a_camera
from site_server import Site, problem
from watchkeep.application import keeping as application_keeping
from watchkeep.application.asking import system_asking
from watchkeep.domain.pressure import Rung
from watchkeep.storage.catalog import audit, keeping


def kept(answer: dict[str, object], data_class: str = "raw_footage") -> tuple[int, str]:
    items: list[dict[str, object]] = answer["items"]  # type: ignore[assignment]
    found = next(each for each in items if each["data_class"] == data_class)
    return int(str(found["keep_days"])), str(found["keep_from"])


def test_class_site_and_camera_each_have_their_say(site: Site) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")
    address = f"/api/v1/cameras/{camera}/policies"
    inherited = client.get(address).json()
    assert client.patch("/api/v1/policies/raw_footage", json={"keep_days": 28}).json()["keep_days"] == 28
    by_class = client.get(address).json()
    assert client.patch("/api/v1/policies/raw_footage/site", json={"keep_days": 21}).status_code == 204
    by_site = client.get(address).json()
    by_camera = client.patch(f"{address}/raw_footage", json={"keep_days": 14}).json()
    shown = client.get(f"/api/v1/cameras/{camera}").json()["retention_days"]
    again = client.patch(f"{address}/raw_footage", json={"inherit": ["keep"]}).json()

    assert [kept(each) for each in (inherited, by_class, by_site, by_camera, again)] == [
        (30, "class"),
        (28, "class"),
        (21, "site"),
        (14, "camera"),
        (21, "site"),
    ]
    assert shown == 14
    with site.house.catalog.transaction() as conn:
        entries = [each for each in audit.read(conn).items if each.action == "change policy"]
    assert [each.facts.get("keep") for each in entries] == [
        "14 d → none",
        "none → 14 d",
        "none → 21 d",
        "30 d → 28 d",
    ]


def test_the_days_of_a_camera_are_its_policy_of_raw_footage(site: Site) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")

    client.patch(f"/api/v1/cameras/{camera}", json={"name": "Door", "retention_days": 30})
    inherited = kept(client.get(f"/api/v1/cameras/{camera}/policies").json())
    client.patch(f"/api/v1/cameras/{camera}", json={"retention_days": 7})
    own = kept(client.get(f"/api/v1/cameras/{camera}/policies").json())

    assert (inherited, own) == ((30, "class"), (7, "camera"))
    assert client.get(f"/api/v1/cameras/{camera}").json()["retention_days"] == 7


@pytest.mark.parametrize(
    ("address", "body", "sentence"),
    [
        ("cameras/{camera}", {"retention_days": 100}, "shorter than raw footage with 100 d"),
        ("policies/event_clip", {"keep_days": 20}, "shorter than raw footage with 30 d"),
        ("policies/raw_footage", {"longest_days": 20}, "the legal maximum is 20 d"),
        ("policies/event", {"quota_bytes": 1000}, "Only footage has a quota"),
        ("cameras/{camera}/policies/event", {"keep_days": 9}, "one limit for the whole installation"),
        ("cameras/{camera}/policies/raw_footage", {"residency": ["moon"]}, "there is no tier moon"),
        ("policies/raw_footage", {"replicas": 2}, "wants 2 copies on different volumes, but there are 1"),
    ],
)
def test_what_contradicts_itself_is_refused_and_changes_nothing(
    site: Site, address: str, body: dict[str, object], sentence: str
) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")
    before = client.get("/api/v1/policies").json(), client.get(f"/api/v1/cameras/{camera}/policies").json()

    answer = client.patch(f"/api/v1/{address.format(camera=camera)}", json=body)

    assert answer.status_code == 422
    assert sentence in str(problem(answer)["detail"])
    after = client.get("/api/v1/policies").json(), client.get(f"/api/v1/cameras/{camera}/policies").json()
    assert after == before


def test_a_quota_is_said_and_taken_back(site: Site) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")

    said = client.put(f"/api/v1/cameras/{camera}/quota", json={"quota_bytes": 1000}).json()
    back = client.put(f"/api/v1/cameras/{camera}/quota", json={"quota_bytes": None}).json()

    assert (said["quota_bytes"], back["quota_bytes"]) == (1000, None)


def test_a_doubted_clock_and_a_full_disk_are_told_and_a_person_may_trust_the_clock(site: Site) -> None:
    client = site.administrator()
    assert client.get("/api/v1/keeper").json()["seen_at"] is None
    now = site.clock.now()
    with site.house.catalog.transaction() as conn:
        keeping.put_state(conn, now, doubt="the clock leapt", pressure=Rung.NONE, detail="", full_on=None)
    doubted = client.get("/api/v1/health").json()["sentence"]
    assert client.post("/api/v1/keeper/trust-clock").status_code == 204
    with site.house.catalog.transaction() as conn:
        state = keeping.state(conn)
        keeping.put_state(conn, now, doubt="", pressure=Rung.STUCK, detail="It is full.", full_on=None)
        used = keeping.state(conn)
    full = client.get("/api/v1/health").json()["sentence"]

    assert "Nothing is deleted, for the clock leapt" in doubted
    assert state is not None
    assert state.trusted_at == now
    assert used is not None
    assert used.trusted_at is None
    assert full.endswith("It is full.")
    assert client.get("/api/v1/keeper").json()["pressure"] == "stuck"


def test_certificates_are_listed_and_verified(site: Site) -> None:
    client = site.administrator()

    assert client.get("/api/v1/deletion-certificates").json() == {"items": [], "next": None}
    assert application_keeping.verify_certificates(site.house, system_asking()).certificates == 0
