"""The interface as a whole: errors as problems, the committed description, headers, the page."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from site_server import Site, problem, serve
from watchkeep.domain import errors
from watchkeep.presentation.http import problems, webui
from watchkeep.presentation.http.app import create_app
from watchkeep.presentation.http.description import describe

COMMITTED = Path(__file__).parents[2] / "docs" / "reference" / "openapi.json"


def kinds(root: type[errors.WatchkeepError]) -> Iterator[type[errors.WatchkeepError]]:
    yield root
    for kind in root.__subclasses__():
        yield from kinds(kind)


def test_every_error_has_a_status_and_a_title_of_its_own_kind() -> None:
    found = [kind for kind in kinds(errors.WatchkeepError) if kind.__module__ == errors.__name__]

    statuses = {kind.__name__: problems.status_of(kind) for kind in found}

    assert len(found) >= 18
    assert statuses["NotFound"] == 404
    assert statuses["Tampered"] == statuses["DataLoss"] == 500
    assert statuses["CatalogUnavailable"] == 503
    # Each of the seven kinds is in the table itself, so that no new kind falls through to 500 unseen.
    seven = set(errors.WatchkeepError.__subclasses__()) & set(found)
    assert len(seven) == 7
    assert seven <= set(problems.STATUSES)
    for kind in found:
        body = problems.problem(kind("One sentence.", secret_free=1))
        assert body.status_code == problems.status_of(kind)


def test_a_problem_carries_plain_facts_and_never_takes_the_place_of_its_own_members() -> None:
    error = errors.TooManyTries("Wait a little.", retry_after_s=7, place=Path("/somewhere"))

    answer = problems.problem(error)

    assert answer.headers["retry-after"] == "7"
    assert bytes(answer.body) == (
        b'{"type":"urn:watchkeep:problem:too-many-tries","title":"Too many tries","status":429,'
        b'"detail":"Wait a little.","retry_after_s":7,"place":"/somewhere"}'
    )


def test_the_committed_description_is_that_of_the_application() -> None:
    cure = "python -m watchkeep.presentation.http.description > docs/reference/openapi.json"

    assert COMMITTED.read_text(encoding="utf-8") == describe(), f"it changed; write it anew: {cure}"


@pytest.mark.parametrize("path", ["/", "/api/v1/session", "/api/v1/cameras", "/api/v1/nothing"])
def test_every_answer_is_guarded_by_headers(site: Site, path: str) -> None:
    answer = site.browser().get(path)

    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"]


def test_what_does_not_fit_is_said_by_its_place_without_repeating_it(site: Site) -> None:
    browser = site.administrator()
    secret = "hunter2-in-the-wrong-field"

    bad = browser.post("/api/v1/session", json={"name": "ada", "passwort": secret})
    broken = browser.post("/api/v1/session", content=b"{", headers={"content-type": "application/json"})
    huge = browser.post("/api/v1/session", json={"name": "a" * 300_000, "password": "x"})
    nul = browser.post("/api/v1/cameras", json={"name": "a\0b", "streams": []})

    assert [answer.status_code for answer in (bad, broken, huge, nul)] == [422, 422, 413, 422]
    assert secret not in bad.text
    assert problem(bad)["places"] == [
        {"place": "body.password", "sentence": "Field required"},
        {"place": "body.passwort", "sentence": "Extra inputs are not permitted"},
    ]


@pytest.mark.parametrize("word", ["a%00b", "..", "%2e%2e%2fkeys", "x" * 300, "Front%20door", "''--"])
def test_words_that_are_no_camera_are_simply_not_there(site: Site, word: str) -> None:
    browser = site.administrator()

    for path in (f"/api/v1/cameras/{word}/timeline", f"/api/v1/cameras/{word}/export.mp4"):
        answer = browser.get(path, params={"from": "2025-06-01T12:00:00Z", "to": "2025-06-01T12:00:04Z"})
        assert answer.status_code in (404, 405), answer.text


@pytest.mark.parametrize("cursor", ["x", "-1", "9" * 30, "'"])
def test_cursors_are_only_those_given_out(site: Site, cursor: str) -> None:
    assert site.administrator().get("/api/v1/audit", params={"cursor": cursor}).status_code == 422


def test_without_a_built_page_one_sentence_says_how_to_build_it(site: Site) -> None:
    answer = site.browser().get("/")

    assert answer.status_code == 503
    assert answer.text == webui.NOT_BUILT


def test_the_built_page_is_served_and_nothing_beside_it(site: Site, tmp_path: Path) -> None:
    page = tmp_path / "webui"
    (page / "assets").mkdir(parents=True)
    (page / "index.html").write_text("<!doctype html><title>Watchkeep</title>")
    (page / "assets" / "app-1a2b.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("not part of the page")
    site.house.catalog.close()

    for address in serve(create_app(replace(site.house, webui=page))):
        with httpx.Client(base_url=address) as client:
            index = client.get("/")
            script = client.get("/assets/app-1a2b.js")
            deep = client.get("/review/front-door")
            beside = [
                client.get(path).status_code for path in ("/..%2fsecret.txt", "/%2e%2e/secret.txt", "/a.js")
            ]
            same = client.get("/", headers={"If-None-Match": index.headers["etag"]})
            api = client.get("/api/v2/cameras")

    assert "Watchkeep" in index.text
    assert index.headers["content-type"] == "text/html; charset=utf-8"
    assert index.headers["cache-control"] == "no-cache"
    assert script.headers["content-type"].startswith("text/javascript")
    assert "immutable" in script.headers["cache-control"]
    assert deep.text == index.text
    assert beside == [404, 404, 404]
    assert same.status_code == 304
    assert api.status_code == 404
    assert api.headers["content-type"] == "application/problem+json"


def test_while_the_database_is_away_the_answer_says_so_and_the_page_still_comes(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = site.administrator()
    site.house.catalog.close()
    dsn = "host=/nowhere dbname=nothing"
    monkeypatch.setattr(site.house.catalog, "_dsn", dsn)

    answer = browser.get("/api/v1/cameras")

    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert problem(answer)["title"] == "The database does not answer"
    assert browser.get("/").text == webui.NOT_BUILT
