"""Setting up, signing in, staying signed in, and being shut out."""

from datetime import timedelta

import pytest

from site_server import COOKIE, PASSWORD, Site, problem
from watchkeep.application import setup
from watchkeep.application.sessions import LONGEST_PAUSE, digest_of, pause_after
from watchkeep.storage.catalog import audit


def test_the_first_administrator_is_made_with_the_printed_token_once(site: Site) -> None:
    browser = site.browser()
    token = setup.make_token(site.house)
    body = {"token": token, "name": "ada", "password": PASSWORD}
    assert browser.get("/api/v1/session").json()["needs_setup"] is True

    made = browser.post("/api/v1/setup", json=body)
    again = site.browser().post("/api/v1/setup", json=body)

    assert made.status_code == 201
    assert made.json()["user"]["name"] == "ada"
    assert "manage_users" in made.json()["user"]["actions"]
    assert made.json()["needs_setup"] is False
    assert again.status_code == 409
    assert setup.make_token(site.house) is None


def test_a_set_up_token_ends_after_half_an_hour_and_with_the_next_one(site: Site) -> None:
    first = setup.make_token(site.house)
    second = setup.make_token(site.house)

    def status(token: str | None) -> int:
        body = {"token": token, "name": "ada", "password": PASSWORD}
        return site.browser().post("/api/v1/setup", json=body).status_code

    assert status(first) == 401
    assert status("aaaa-bbbb") == 401
    site.clock.advance(30 * 60)
    assert status(second) == 401


def test_the_set_up_token_is_not_in_the_database(site: Site) -> None:
    token = setup.make_token(site.house)
    assert token is not None

    with site.house.catalog.transaction() as conn:
        rows = conn.execute("select key, value from settings").fetchall()

    assert "setup_token" in str(rows)
    assert token not in str(rows)
    assert token.replace("-", "") not in str(rows)


def test_the_cookie_is_the_strictest_there_is_and_the_database_knows_only_its_digest(site: Site) -> None:
    site.administrator()

    answer = site.browser().post("/api/v1/session", json={"name": "Ada", "password": PASSWORD})

    cookie = answer.headers["set-cookie"]
    token = cookie.partition("=")[2].split(";")[0]
    assert cookie.startswith(f"{COOKIE}=")
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {
        "httponly",
        "secure",
        "samesite=strict",
        "path=/",
    }
    assert len(token) == 43  # 256 bits in base 64
    with site.house.catalog.transaction() as conn:
        digests = [bytes(row[0]) for row in conn.execute("select token_digest from sessions").fetchall()]
    assert digest_of(token) in digests


def test_a_session_ends_after_half_an_hour_unused_and_after_twelve_hours_anyway(site: Site) -> None:
    idle = site.administrator()
    busy = site.signed_in("ada")

    for _ in range(35):
        site.clock.advance(20 * 60)
        assert busy.get("/api/v1/cameras").status_code == 200
    assert idle.get("/api/v1/cameras").status_code == 401

    site.clock.advance(20 * 60)
    assert busy.get("/api/v1/cameras").status_code == 401


def test_signing_out_ends_the_session_on_the_server(site: Site) -> None:
    browser = site.administrator()
    cookie = browser.headers["cookie"]

    assert browser.delete("/api/v1/session").status_code == 204

    assert "cookie" not in browser.headers
    assert browser.get("/api/v1/cameras", headers={"cookie": cookie}).status_code == 401


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(site: Site) -> None:
    site.administrator()

    known = site.browser().post("/api/v1/session", json={"name": "ada", "password": "wrong" * 4})
    unknown = site.browser().post("/api/v1/session", json={"name": "eve", "password": "wrong" * 4})

    assert known.status_code == unknown.status_code == 401
    assert known.json() == unknown.json()


def test_after_five_wrong_tries_even_the_right_password_waits_and_then_counts(site: Site) -> None:
    site.administrator()
    browser = site.browser()

    def status(password: str) -> int:
        return browser.post("/api/v1/session", json={"name": "ada", "password": password}).status_code

    assert [status("wrong" * 4) for _ in range(5)] == [401] * 5
    paused = browser.post("/api/v1/session", json={"name": "ADA", "password": PASSWORD})
    assert paused.status_code == 429
    assert paused.headers["retry-after"] == "1"
    site.clock.advance(1)
    assert status("wrong" * 4) == 401
    site.clock.advance(1)
    assert status(PASSWORD) == 429
    site.clock.advance(1)
    assert status(PASSWORD) == 200
    # A good sign-in begins anew.
    assert status("wrong" * 4) == 401
    assert status(PASSWORD) == 200


def test_an_address_that_tries_many_names_is_paused_too(site: Site) -> None:
    site.administrator()
    browser = site.browser()

    answers = [
        browser.post("/api/v1/session", json={"name": f"user{n}", "password": "wrong" * 4}).status_code
        for n in range(6)
    ]

    assert answers == [401] * 5 + [429]


def test_the_pause_doubles_and_is_never_a_lock() -> None:
    pauses = [pause_after(failures) for failures in range(4, 12)]

    assert pauses == [timedelta(seconds=seconds) for seconds in (0, 1, 2, 4, 8, 16, 32, 64)]
    assert pause_after(10_000) == LONGEST_PAUSE


def test_what_is_typed_into_the_name_field_is_not_written_down(site: Site) -> None:
    administrator = site.administrator()
    site.browser().post("/api/v1/session", json={"name": "my secret passphrase", "password": "x" * 12})

    text = administrator.get("/api/v1/audit").text

    assert "unknown user" in text
    assert "secret passphrase" not in text


def test_a_new_password_ends_every_session_and_needs_the_old_one(site: Site) -> None:
    browser = site.administrator()
    elsewhere = site.signed_in("ada")

    wrong = browser.put(
        "/api/v1/session/password", json={"old": "not the old one", "new": "another good one"}
    )
    short = browser.put("/api/v1/session/password", json={"old": PASSWORD, "new": "short"})
    before = browser.headers["cookie"]
    right = browser.put("/api/v1/session/password", json={"old": PASSWORD, "new": "another good one"})

    assert (wrong.status_code, short.status_code, right.status_code) == (401, 422, 200)
    assert elsewhere.get("/api/v1/cameras").status_code == 401
    assert browser.headers["cookie"] != before
    assert browser.get("/api/v1/cameras").status_code == 200
    assert browser.get("/api/v1/cameras", headers={"cookie": before}).status_code == 401


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaa", "x" * 129, "ada-ada-ada-", "adaadaadaada"])
def test_poor_passwords_are_refused_in_words(site: Site, password: str) -> None:
    body = {"token": setup.make_token(site.house), "name": "ada-ada-ada", "password": password}

    answer = site.browser().post("/api/v1/setup", json=body)

    assert answer.status_code == 422
    assert password not in str(problem(answer)["detail"])


@pytest.mark.parametrize(
    "change",
    [
        {"is_disabled": True},
        {"password": "an entirely new one"},
        {"grants": [{"role": "operator", "cameras": None}]},
    ],
)
def test_changes_to_a_user_end_the_users_sessions(site: Site, change: dict[str, object]) -> None:
    administrator = site.administrator()
    user = site.user("vera", "viewer", None)
    browser = site.signed_in("vera")
    assert browser.get("/api/v1/cameras").status_code == 200

    assert administrator.patch(f"/api/v1/users/{user}", json=change).status_code == 200

    assert browser.get("/api/v1/cameras").status_code == 401


def test_a_changed_role_ends_the_sessions_of_those_who_hold_it(site: Site) -> None:
    administrator = site.administrator()
    administrator.post("/api/v1/roles", json={"name": "guard", "actions": ["view_live"]})
    site.user("greta", "guard", None)
    browser = site.signed_in("greta")

    changed = administrator.patch("/api/v1/roles/guard", json={"actions": ["view_live", "export"]})

    assert changed.json() == {"name": "guard", "actions": ["export", "view_live"], "is_preset": False}
    assert browser.get("/api/v1/cameras").status_code == 401
    assert administrator.patch("/api/v1/roles/viewer", json={"actions": ["export"]}).status_code == 409
    assert administrator.delete("/api/v1/roles/guard").status_code == 409


def test_the_last_who_can_manage_users_stays(site: Site) -> None:
    browser = site.administrator()
    user = browser.get("/api/v1/session").json()["user"]["id"]

    answers = [
        browser.delete(f"/api/v1/users/{user}"),
        browser.patch(f"/api/v1/users/{user}", json={"is_disabled": True}),
        browser.patch(f"/api/v1/users/{user}", json={"grants": []}),
    ]

    assert [answer.status_code for answer in answers] == [409] * 3
    assert browser.get("/api/v1/users").status_code == 200


def test_nobody_gives_or_takes_more_than_they_have(site: Site) -> None:
    administrator = site.administrator()
    ada = administrator.get("/api/v1/session").json()["user"]["id"]
    administrator.post("/api/v1/roles", json={"name": "reception", "actions": ["manage_users", "view_live"]})
    site.user("rita", "reception", None)
    browser = site.signed_in("rita")
    new = {"name": "eve", "password": PASSWORD}

    refused = [
        browser.post("/api/v1/users", json={**new, "grants": [{"role": "administrator", "cameras": None}]}),
        browser.patch(f"/api/v1/users/{ada}", json={"password": "a new one for ada"}),
        browser.delete(f"/api/v1/users/{ada}"),
        browser.post("/api/v1/roles", json={"name": "more", "actions": ["export"]}),
    ]
    given = browser.post("/api/v1/users", json={**new, "grants": [{"role": "reception", "cameras": None}]})

    assert [answer.status_code for answer in refused] == [403] * 4
    assert given.status_code == 201


def test_every_change_is_in_the_audit_and_the_chain_holds(site: Site) -> None:
    administrator = site.administrator()
    user = site.user("vera", "viewer", None)
    administrator.patch(f"/api/v1/users/{user}", json={"name": "Vera"})
    administrator.delete(f"/api/v1/users/{user}")

    page = administrator.get("/api/v1/audit", params={"limit": 2}).json()
    rest = administrator.get("/api/v1/audit", params={"cursor": page["next"]}).json()

    words = [(item["subject"], item["action"], item["target"]) for item in (*page["items"], *rest["items"])]
    # The second reading was after the first page's entries, so it is not in it.
    assert words == [
        ("ada", "remove user", "user Vera"),
        ("ada", "change user", "user vera"),
        ("system", "add user", "user vera"),
        ("ada", "set up", "user ada"),
    ]
    assert rest["next"] is None
    with site.house.catalog.transaction() as conn:
        assert audit.verify(conn) == 6
