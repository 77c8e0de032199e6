"""Cameras over HTTP: adding, changing, trying, removing; passwords are never seen again."""

import json
from typing import Any, cast
from uuid import UUID

import pytest

from house_builder import OneCameraProber
from site_server import Site, problem
from watchkeep.application import demo
from watchkeep.application.house import DemoPhase
from watchkeep.domain.camera import StreamCondition, StreamRole, StreamState
from watchkeep.domain.ids import StreamId
from watchkeep.storage.catalog import cameras, settings, states

SECRET = "canary-pa55word"
MAIN = {"role": "main", "url": "rtsp://192.0.2.10:554/live", "user": "admin", "password": SECRET}


def added(site: Site) -> tuple[Any, dict[str, Any]]:
    browser = site.administrator()
    answer = browser.post("/api/v1/cameras", json={"name": "Front door", "streams": [MAIN]})
    assert answer.status_code == 201, answer.text
    return browser, answer.json()


def asked_with(site: Site) -> tuple[str, str, str]:
    last = cast("OneCameraProber", site.house.prober).asked[-1]
    return last.url, last.user, last.password.reveal()


def test_a_camera_is_shown_without_its_password(site: Site) -> None:
    browser, camera = added(site)

    (stream,) = camera["streams"]
    assert (camera["id"], camera["name"], camera["retention_days"]) == ("front-door", "Front door", 30)
    assert stream["url"] == "rtsp://192.0.2.10:554/live"
    assert (stream["user"], stream["has_password"], stream["state"]) == ("admin", True, None)
    assert "configure" in camera["actions"]
    assert browser.get("/api/v1/cameras").json() == {"items": [camera], "next": None}
    assert browser.get("/api/v1/cameras/front-door").json() == camera


def test_audio_is_off_until_it_is_switched_on_and_that_is_in_the_audit(site: Site) -> None:
    browser, camera = added(site)

    on = browser.patch("/api/v1/cameras/front-door", json={"audio": True})
    renamed = browser.patch("/api/v1/cameras/front-door", json={"name": "Back door"})
    loud = browser.post("/api/v1/cameras", json={"name": "Loud", "audio": True, "streams": [MAIN]})

    assert [answer["audio"] for answer in (camera, on.json(), renamed.json(), loud.json())] == [
        False, True, True, True
    ]  # fmt: skip
    told = [entry["facts"].get("audio") for entry in browser.get("/api/v1/audit").json()["items"]]
    assert "False → True" in told


def test_audio_that_the_configuration_forbids_cannot_be_switched_on(site: Site) -> None:
    browser, _ = added(site)
    object.__setattr__(site.house, "allows_audio", False)

    answers = [
        browser.patch("/api/v1/cameras/front-door", json={"audio": True}),
        browser.post("/api/v1/cameras", json={"name": "Loud", "audio": True, "streams": [MAIN]}),
        browser.patch("/api/v1/cameras/front-door", json={"audio": False}),
    ]

    assert [answer.status_code for answer in answers] == [409, 409, 200]
    assert "recording.audio" in str(problem(answers[0])["detail"])


def test_a_password_is_nowhere_but_sealed(site: Site) -> None:
    browser, camera = added(site)
    browser.patch("/api/v1/cameras/front-door", json={"streams": [{**MAIN, "password": SECRET + "2"}]})
    browser.post("/api/v1/cameras/test", json={"url": f"rtsp://admin:{SECRET}@192.0.2.10/x"})
    browser.post("/api/v1/cameras/test", json={"url": f"ftp://admin:{SECRET}@192.0.2.10/x"})

    with site.house.catalog.transaction() as conn:
        tables = [
            row[0] for row in conn.execute("select tablename from pg_tables where schemaname = 'public'")
        ]
        dump = "".join(str(conn.execute(f"select {table}::text from {table}").fetchall()) for table in tables)  # type: ignore[arg-type]
        sealed = cameras.list_cameras(conn)[0].streams[0].sealed_password

    assert "front-door" in dump
    assert SECRET not in dump + json.dumps(camera) + browser.get("/api/v1/audit").text
    assert site.house.keystore.unseal("camera password", sealed) == f"{SECRET}2".encode()


def test_a_kept_password_goes_only_to_the_host_it_was_given_for(site: Site) -> None:
    browser, _ = added(site)
    test = "/api/v1/cameras/test"

    same = browser.post(test, json={"url": "rtsp://192.0.2.10:554/other", "camera": "front-door"})
    assert same.status_code == 200
    assert asked_with(site) == ("rtsp://192.0.2.10:554/other", "admin", SECRET)
    assert same.json()["picture"].startswith("data:image/jpeg;base64,")

    tries = len(cast("OneCameraProber", site.house.prober).asked)
    stolen = browser.post(test, json={"url": "rtsp://198.51.100.66/trap", "camera": "front-door"})
    moved = browser.patch(
        "/api/v1/cameras/front-door", json={"streams": [{"role": "main", "url": "rtsp://198.51.100.66/trap"}]}
    )
    assert (stolen.status_code, moved.status_code) == (422, 422)
    assert len(cast("OneCameraProber", site.house.prober).asked) == tries


def test_a_password_is_kept_cleared_or_replaced_as_asked(site: Site) -> None:
    browser, camera = added(site)
    keep = {"role": "main", "url": "rtsp://192.0.2.10:554/other", "password": None}

    kept = browser.patch("/api/v1/cameras/front-door", json={"streams": [keep]}).json()["streams"][0]
    cleared = browser.patch("/api/v1/cameras/front-door", json={"streams": [{**keep, "password": ""}]}).json()

    assert (kept["has_password"], kept["user"], kept["id"]) == (True, "admin", camera["streams"][0]["id"])
    assert cleared["streams"][0]["has_password"] is False


def test_addresses_that_lead_into_the_machine_are_refused_in_words(site: Site) -> None:
    browser = site.administrator()

    for url in (
        "rtsp://127.0.0.1/x",
        "http://127.0.0.1/x",
        "ftp://192.0.2.1/x",
        "rtsp://[::1]/x",
        "rtsp://169.254.169.254/x",
    ):
        answer = browser.post(
            "/api/v1/cameras", json={"name": "x", "streams": [{"role": "main", "url": url}]}
        )
        assert answer.status_code == 422, url
        assert problem(answer)["detail"]
    simulator = {"name": "x", "streams": [{"role": "main", "url": "rtsp://127.0.0.1:8554/x"}]}
    assert browser.post("/api/v1/cameras", json=simulator).status_code == 201


def test_a_camera_that_does_not_answer_is_said_so(site: Site) -> None:
    answer = site.administrator().post("/api/v1/cameras/test", json={"url": "rtsp://nobody.example/x"})

    assert answer.status_code == 504
    assert "does not answer" in str(problem(answer)["detail"])


def test_ids_are_made_of_names_and_never_given_twice(site: Site) -> None:
    browser, _ = added(site)
    again = {"name": "Front Door!", "streams": [MAIN]}

    second = browser.post("/api/v1/cameras", json=again).json()["id"]
    removed = browser.delete(f"/api/v1/cameras/{second}")
    third = browser.post("/api/v1/cameras", json=again).json()["id"]

    assert (second, removed.status_code, third) == ("front-door-2", 204, "front-door-3")
    assert browser.get(f"/api/v1/cameras/{second}").status_code == 404
    names = [camera["id"] for camera in browser.get("/api/v1/cameras").json()["items"]]
    assert names == ["front-door", "front-door-3"]


def test_the_demonstration_adds_its_cameras_once_and_leaves_removed_ones_away(site: Site) -> None:
    browser = site.administrator()
    urls = {StreamRole.MAIN: "rtsp://127.0.0.1:8554/a", StreamRole.SUB: "rtsp://127.0.0.1:8554/a/sub"}
    wishes = [
        demo.DemoCamera(name="Entrance", addresses=urls),
        demo.DemoCamera(name="Street", addresses={StreamRole.MAIN: "rtsp://127.0.0.1:8554/b"}),
    ]

    said = browser.post("/api/v1/demo", json={"on": True}).json()
    first = demo.furnish(site.house, wishes)
    browser.delete("/api/v1/cameras/street")
    second = demo.furnish(site.house, wishes)
    off = browser.post("/api/v1/demo", json={"on": False}).json()

    assert said == {"state": DemoPhase.PREPARING, "progress": 0.0, "detail": "Starting"}
    assert (first, second) == (["entrance", "street"], ["entrance"])
    assert off["state"] == "off"
    assert browser.get("/api/v1/cameras/entrance").json()["is_enabled"] is False
    with site.house.catalog.transaction() as conn:
        assert settings.get(conn, demo.WANTED) == "off"
    browser.post("/api/v1/demo", json={"on": True})
    assert demo.furnish(site.house, wishes) == ["entrance", "street-2"]


def test_a_stream_has_a_mode_and_spans_of_the_week_that_stay_until_they_are_changed(site: Site) -> None:
    browser, camera = added(site)
    span = {"days": ["sat", "sun"], "start": "22:00", "end": "06:00", "mode": "continuous"}
    address = "/api/v1/cameras/front-door"

    changed = browser.patch(address, json={"streams": [{**MAIN, "mode": "motion", "schedule": [span]}]})
    renamed = browser.patch(address, json={"streams": [{**MAIN, "password": None}]})
    cleared = browser.patch(address, json={"streams": [{**MAIN, "schedule": []}]})

    assert [(each["streams"][0]["mode"], each["streams"][0]["schedule"]) for each in (
        camera, changed.json(), renamed.json(), cleared.json()
    )] == [("continuous", []), ("motion", [span]), ("motion", [span]), ("motion", [])]  # fmt: skip
    told = [entry["facts"].get("main mode") for entry in browser.get("/api/v1/audit").json()["items"]]
    assert "continuous → motion; sat sun 22:00–06:00 continuous" in told


def test_the_older_word_for_a_mode_is_taken(site: Site) -> None:
    browser, _ = added(site)
    modes = [
        browser.patch("/api/v1/cameras/front-door", json={"streams": [{**MAIN, "record": word}]}).json()[
            "streams"
        ][0]["mode"]
        for word in (False, True)
    ]

    assert modes == ["off", "continuous"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "sometimes"},
        {"schedule": [{"days": [], "start": "08:00", "end": "09:00", "mode": "off"}]},
        {"schedule": [{"days": ["mon"], "start": "8:00", "end": "09:00", "mode": "off"}]},
        {"schedule": [{"days": ["mon"], "start": "08:00", "end": "08:00", "mode": "off"}]},
        {"schedule": [{"days": ["mon", "mon"], "start": "08:00", "end": "09:00", "mode": "off"}]},
        {"schedule": [{"days": ["mon"], "start": "24:00", "end": "09:00", "mode": "off"}]},
        {"schedule": [{"days": ["mon"], "start": "08:00", "end": "09:00", "mode": "off"}] * 51},
    ],
    ids=str,
)
def test_a_mode_or_a_span_that_cannot_be_is_refused(site: Site, wrong: dict[str, object]) -> None:
    browser, _ = added(site)

    answer = browser.patch("/api/v1/cameras/front-door", json={"streams": [{**MAIN, **wrong}]})

    assert answer.status_code == 422


def test_a_camera_that_waits_for_something_to_record_is_well(site: Site) -> None:
    browser, camera = added(site)
    now = site.house.clock.now()
    state = StreamState(
        stream=StreamId(UUID(camera["streams"][0]["id"])),
        condition=StreamCondition.STANDBY,
        since=now,
        detail="not recorded while nothing moves",
        codec="h264",
        width_px=640,
        height_px=360,
        frames_per_second=25.0,
        bits_per_second=1_000_000,
        is_clear_text=True,
        seen_at=now,
    )
    with site.house.catalog.transaction() as conn:
        states.put_stream_states(conn, [state])

    health = browser.get("/api/v1/health").json()

    assert health["cameras"] == {"total": 1, "recording": 1}
    assert health["sentence"] == ("The camera is not recording now, as it is set.")
