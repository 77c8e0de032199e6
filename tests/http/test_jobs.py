"""Jobs over HTTP: begun, paused, resumed and cancelled by hand; what is refused; what the audit says."""

from catalog_server import Database
from job_works import KIND, RunningWorker, a_roster, wait_until
from site_server import Browser, Site, problem
from watchkeep.storage.catalog.connection import CatalogRole


def job(browser: Browser, kind: str = KIND) -> dict[str, object]:
    answer = browser.get("/api/v1/jobs")
    assert answer.status_code == 200, answer.text
    found = next(item for item in answer.json()["items"] if item["kind"] == kind)
    assert isinstance(found, dict)
    return found


def state(browser: Browser) -> str:
    items = browser.get(f"/api/v1/jobs/{KIND}/history").json()["items"]
    return str(items[0]["state"]) if items else ""


def post(browser: Browser, act: str, *, kind: str = KIND, status: int = 200) -> dict[str, object]:
    answer = browser.post(f"/api/v1/jobs/{kind}/{act}")
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert isinstance(body, dict)
    return body


def test_a_person_begins_a_job_and_reads_what_came_of_it(site: Site, database: Database) -> None:
    browser = site.administrator()
    roster = a_roster(site.house.catalog, lambda _progress, _is_cancelled: "It went well.", clock=site.clock)
    assert job(browser)["last"] is None

    begun = post(browser, "run")
    with RunningWorker(database.dsn(CatalogRole.WRITER), roster):
        wait_until(lambda: state(browser) == "done")

    assert begun["current"]["asked_by"] == "ada"  # type: ignore[index]
    last = job(browser)["last"]
    assert (last["outcome"], last["attempts"]) == ("It went well.", 1)  # type: ignore[index]
    audit = browser.get("/api/v1/audit").json()["items"]
    assert [(each["action"], each["target"]) for each in audit if "job" in each["action"]] == [
        ("run job", "job forget")
    ]


def test_pausing_calls_off_what_waits_and_resuming_makes_it_up_once(site: Site) -> None:
    site.administrator()
    roster = a_roster(site.house.catalog, lambda _progress, _is_cancelled: "", clock=site.clock)
    site.clock.advance(3600)
    browser = site.signed_in("ada")
    assert roster.make_due() == [KIND]

    paused = post(browser, "pause")
    assert (paused["paused_by"], paused["next_at"], paused["current"]) == ("ada", None, None)
    assert state(browser) == "cancelled"
    assert roster.make_due() == []
    site.clock.advance(60)  # nothing has fallen due since
    resumed = post(browser, "resume")
    assert resumed["paused_by"] is None
    assert resumed["next_at"] is not None
    assert roster.make_due() == [KIND]
    assert roster.make_due() == []

    assert len(browser.get(f"/api/v1/jobs/{KIND}/history").json()["items"]) == 2


def test_a_paused_job_still_runs_when_a_person_asks(site: Site) -> None:
    browser = site.administrator()
    post(browser, "pause")

    assert post(browser, "run")["current"]["state"] == "waiting"  # type: ignore[index]
    assert job(browser)["paused_by"] == "ada"


def test_what_cannot_be_is_refused_with_one_sentence(site: Site, database: Database) -> None:
    browser = site.administrator()
    running: list[bool] = []

    def work(_progress: object, is_cancelled: object) -> str:
        running.append(True)
        wait_until(is_cancelled)
        return "Ended."

    assert "nothing to cancel" in str(post(browser, "cancel", status=409)["detail"])
    post(browser, "run", kind="no-such-job", status=404)
    roster = a_roster(site.house.catalog, work, clock=site.clock)
    post(browser, "run")
    with RunningWorker(database.dsn(CatalogRole.WRITER), roster):
        wait_until(lambda: running)
        assert "runs already" in str(problem(browser.post(f"/api/v1/jobs/{KIND}/run"))["detail"])
        assert post(browser, "cancel")["current"]["is_ending"] is True  # type: ignore[index]
        wait_until(lambda: state(browser) == "cancelled")

    failed = [each for each in browser.get("/api/v1/audit").json()["items"] if each["outcome"] == "failed"]
    assert {each["action"] for each in failed} == {"cancel job", "run job"}


def test_history_is_read_page_by_page(site: Site) -> None:
    browser = site.administrator()
    for _ in range(3):
        post(browser, "run")
        post(browser, "cancel")

    first = browser.get(f"/api/v1/jobs/{KIND}/history", params={"limit": 2}).json()
    second = browser.get(f"/api/v1/jobs/{KIND}/history", params={"limit": 2, "cursor": first["next"]}).json()

    assert [len(page["items"]) for page in (first, second)] == [2, 1]
    assert second["next"] is None


def test_who_may_not_configure_hears_of_no_job(site: Site) -> None:
    administrator = site.administrator()
    site.user("otto", "operator", None)
    operator = site.signed_in("otto")
    with site.house.catalog.transaction() as connection:
        connection.execute("delete from outbox")
    with operator.stream("GET", "/api/v1/changes", headers={"Last-Event-ID": "0"}) as heard:
        post(administrator, "run")
        administrator.post(
            "/api/v1/cameras",
            json={
                "name": "Gate",
                "streams": [{"role": "main", "url": "rtsp://192.0.2.9/x"}],
            },
        )
        for line in heard.iter_lines():
            assert line != "event: job"
            if line == "event: camera":
                break
    with administrator.stream("GET", "/api/v1/changes", headers={"Last-Event-ID": "0"}) as heard:
        assert any(line == "event: job" for line in heard.iter_lines())
