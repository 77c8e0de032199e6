"""Who may do what: every route declares it, and the whole matrix is asked and compared with an oracle."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from builders import NOON
from house_builder import a_camera, record
from house_events import happen
from site_server import PASSWORD, Browser, Site
from watchkeep.application.asking import system_asking
from watchkeep.application.erasures import ErasureWish, order_erasure
from watchkeep.application.holds import HoldWish, place_hold
from watchkeep.domain.access import OPERATOR, SYSTEM_ACTIONS, VIEWER, Action
from watchkeep.domain.ids import CameraId
from watchkeep.domain.interval import Interval
from watchkeep.presentation.http.app import create_app
from watchkeep.presentation.http.authentication import Asks, DoorRoute, Of, asks, declaration

MISSING = "0197291a-0000-7000-8000-00000000dead"
SECOND = timedelta(seconds=1)
SPAN = {"from": "2025-06-01T12:00:00Z", "to": "2025-06-01T12:00:04Z"}
RETENTION = ("forecast", "retention", "retention/deletions")
STEPS = {"from": "2025-06-01T12:00:00Z", "to": "2025-06-01T13:00:00Z", "step": "1h"}


def without_declaration(routes: list[BaseRoute]) -> list[str]:
    """The routes that would let anybody through."""
    return [
        getattr(route, "path", repr(route))
        for route in routes
        if declaration(getattr(route, "endpoint", None)) is None
        or (isinstance(route, APIRoute) and not isinstance(route, DoorRoute))
    ]


def test_every_route_declares_what_it_asks() -> None:
    routes = create_app(None).routes

    assert without_declaration(routes) == []
    assert len(routes) > 25


def test_a_route_without_declaration_is_found_and_cannot_even_be_made() -> None:
    app = create_app(None)

    @app.get("/api/v1/secret")
    def secret() -> str:
        return "open to everybody"

    @app.websocket("/api/v1/side-door")
    async def side_door() -> None: ...

    assert without_declaration(app.routes) == ["/api/v1/secret", "/api/v1/side-door"]
    with pytest.raises(TypeError, match="declares neither"):
        APIRouter(route_class=DoorRoute).get("/secret")(secret)


def test_a_declaration_on_a_plain_route_is_not_believed() -> None:
    app = create_app(None)
    app.get("/api/v1/secret")(asks(Action.EXPORT, Of.CAMERA)(lambda: "nobody looks at the declaration"))

    assert without_declaration(app.routes) == ["/api/v1/secret"]


@dataclass(frozen=True)
class Case:
    """One way to ask one route."""

    method: str
    path: str
    asked: Asks
    whose: str
    """own, foreign, missing or none."""
    route: str
    """Method and path as they are declared."""
    params: dict[str, str]
    body: object = None

    @property
    def name(self) -> str:
        return f"{self.method} {self.path} ({self.whose})"


BODIES: dict[tuple[str, str], object] = {
    ("PATCH", "/api/v1/cameras/{camera}"): {"retention_days": 7},
    ("POST", "/api/v1/cameras"): {"name": "New", "streams": [{"role": "main", "url": "rtsp://192.0.2.9/x"}]},
    ("POST", "/api/v1/users"): {"name": "new", "password": PASSWORD, "grants": []},
    ("PATCH", "/api/v1/users/{user}"): {"is_disabled": False},
    ("POST", "/api/v1/roles"): {"name": "new", "actions": ["view_live"]},
    ("PATCH", "/api/v1/roles/{name}"): {"actions": ["view_live"]},
    ("POST", "/api/v1/demo"): {"on": False},
    ("POST", "/api/v1/retention/what-if"): {"days": {}},
    ("PATCH", "/api/v1/incidents/{incident}"): {"seen": True},
    ("PATCH", "/api/v1/policies/{data_class}"): {"keep_days": 31},
    ("PATCH", "/api/v1/policies/{data_class}/site"): {"keep_days": 31},
    ("PATCH", "/api/v1/cameras/{camera}/policies/{data_class}"): {"keep_days": 31},
    ("PUT", "/api/v1/cameras/{camera}/quota"): {"quota_bytes": 1 << 40},
    ("POST", "/api/v1/cameras/{camera}/rules"): {"name": "New", "kind": "object", "objects": ["person"]},
    ("PATCH", "/api/v1/cameras/{camera}/rules/{rule}"): {"name": "Newer"},
    ("PATCH", "/api/v1/holds/{hold}"): {"expires_at": None},
    ("POST", "/api/v1/holds/{hold}/release"): {"reason": "closed"},
    ("POST", "/api/v1/session/stream-password"): {"password": PASSWORD},
    ("POST", "/api/v1/erasures"): {
        "cameras": ["front-door"],
        "start": "2025-06-01T11:00:00Z",
        "end": "2025-06-01T11:30:00Z",
        "reason": "a request",
        "confirmation": "erase",
    },
    ("PUT", "/api/v1/session/password"): {"old": PASSWORD, "new": PASSWORD},
}
LAST = ["DELETE /api/v1/cameras/{camera}", "PUT /api/v1/session/password", "DELETE /api/v1/session"]
"""What later requests would miss."""


@dataclass(frozen=True)
class Things:
    """What the requests are about."""

    own: dict[str, str]
    """What stands in a path, by its name there: the asker's camera, and things of it."""
    foreign: dict[str, str]
    missing: dict[str, str]
    user: str

    def by_owner(self) -> dict[str, dict[str, str]]:
        """The things of each owner."""
        return {"own": self.own, "foreign": self.foreign, "missing": self.missing}

    def nameless(self, text: str) -> str:
        """The text without the ids that were asked for."""
        for named in self.by_owner().values():
            for word in named.values():
                text = text.replace(word, "ID")
        return text


def things_of(site: Site, camera: CameraId, clip: Path) -> dict[str, str]:
    """A camera, and one thing of each kind that belongs to it."""
    (segment,) = record(site.house, camera, clip)
    seen = happen(site.house, camera)
    wish = HoldWish(reason="police", cameras=frozenset({camera}), when=Interval(NOON, NOON + SECOND))
    held = place_hold(site.house, system_asking(), wish)
    when = Interval(NOON - timedelta(hours=2), NOON - timedelta(hours=1))
    wish = ErasureWish(cameras=(camera,), when=when, reason="a request")
    erasure = order_erasure(site.house, system_asking(), wish, begins=False)
    return {
        "camera": camera,
        "segment": str(segment),
        "event": str(seen.event),
        "incident": str(seen.incident),
        "rule": str(seen.rule),
        "hold": str(held.hold.id),
        "erasure": str(erasure.id),
    }


def cases(site: Site, things: Things) -> list[Case]:
    """Every route, method and object."""
    made: list[Case] = []
    for route in site.app.routes:
        asked = declaration(getattr(route, "endpoint", None))
        assert asked is not None
        path: str = route.path  # type: ignore[attr-defined]
        if asked.of in (Of.NOTHING, Of.ENTRANCE):
            continue
        for method in sorted(getattr(route, "methods", {"WS"})):
            made.extend(_cases(method, path, asked, things))
    made.sort(key=lambda case: LAST.index(case.route) + 1 if case.route in LAST else 0)
    return made


def _cases(method: str, path: str, asked: Asks, things: Things) -> Iterator[Case]:
    body = BODIES.get((method, path))
    route = f"{method} {path}"
    path = path.replace("{role}", "main").replace("{piece}", "1.0.m4s")
    path = path.replace("{data_class}", "raw_footage")
    params = SPAN if path.endswith(("timeline", "playlist.m3u8", "export.mp4")) else {}
    if path.endswith("/why"):
        params = {"at": SPAN["from"]}
    if path.endswith("silent"):
        params = {"first": "0", "count": "1"}
    if "/analytics/" in path:
        params = STEPS
    if path == "/api/v1/cameras/test":
        for kind, named in things.by_owner().items():
            address = {"url": "rtsp://192.0.2.10/front", "camera": named["camera"]}
            yield Case(method, path, asked, kind, route, {}, address)
    elif route == "POST /api/v1/holds":
        for kind, named in things.by_owner().items():
            wish = {"cameras": [named["camera"]], "reason": "police", **SPAN}
            yield Case(method, path, asked, kind, route, {}, wish)
    elif asked.of in (Of.CAMERA, Of.FOUND):
        for kind, named in things.by_owner().items():
            yield Case(method, path.format(**named), asked, kind, route, params, body)
    else:
        filled = path.replace("{user}", things.user).replace("{name}", "new").replace("{job}", "forget")
        yield Case(method, filled, asked, "none", route, params, body)


def oracle(subject: str, case: Case) -> int:
    """What should be answered: 200 stands for any success."""
    if subject in ("anonymous", "disabled", "expired"):
        return 401
    if subject == "administrator":
        return 404 if case.whose == "missing" else 200
    if case.asked.action is None:
        return 200
    actions = VIEWER.actions if subject == "viewer" else OPERATOR.actions
    if case.route == "POST /api/v1/holds" and case.asked.action in actions:
        return 200 if case.whose == "own" else 404
    if case.asked.of in (Of.CAMERA, Of.FOUND):
        if case.whose != "own":
            return 404
        return 200 if case.asked.action in actions else 403
    is_allowed = case.asked.action in actions & SYSTEM_ACTIONS
    if case.asked.of is Of.SOME_CAMERA and case.asked.action not in SYSTEM_ACTIONS:
        return 200 if case.asked.action in actions else 403  # a list, cut to what the asker may see
    return 200 if is_allowed else 403


def asked_over_socket(browser: Browser, case: Case) -> int:
    """The close code of live video as the status it stands for; no recorder runs, so allowed is 4503."""
    headers = {"cookie": browser.headers.get("cookie", "")}
    origin = str(browser.base_url).rstrip("/")
    address = origin.replace("http", "ws") + case.path
    return {4401: 401, 4403: 403, 4404: 404, 4503: 200}[closed_with(address, origin, headers)]


def closed_with(address: str, origin: str, headers: dict[str, str]) -> int:
    """The code with which a WebSocket is closed at once."""
    opened = connect(address, origin=origin, additional_headers=headers)  # type: ignore[arg-type]
    with opened as socket, pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=10)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


def answered(browser: Browser, case: Case) -> tuple[int, str]:
    """The status, and the body without the ids asked for."""
    if case.method == "WS":
        return asked_over_socket(browser, case), ""
    with browser.stream(case.method, case.path, params=case.params, json=case.body) as answer:
        status = 200 if 200 <= answer.status_code < 300 else answer.status_code
        text = (
            "" if case.path.endswith("/changes") and status == 200 else answer.read().decode(errors="replace")
        )
    # No recorder runs: who may watch live over HLS is told that nothing comes, or that a piece is not there.
    if "/live" in case.path and (status == 503 or "This piece of live video" in text):
        return 200, ""
    # Nobody has asked for the release: who may confirm it is told so.
    if case.path.endswith("/confirmation") and status == 409:
        return 200, ""
    return status, text


def test_the_whole_matrix_is_as_the_oracle_says(site: Site, clip: Callable[..., Path]) -> None:
    a, b = a_camera(site.house, "Front door"), a_camera(site.house, "Vault")
    things_a, things_b = (things_of(site, camera, clip(seconds=4)) for camera in (a, b))
    administrator = site.administrator()
    site.user("vera", "viewer", [a])
    site.user("otto", "operator", [a])
    site.user("old", "operator", [a])
    dora = site.user("dora", "administrator", None)
    spare = site.user("spare", "viewer", [])
    expired = site.signed_in("old")
    site.clock.advance(31 * 60)
    disabled = site.signed_in("dora")
    administrator = site.signed_in("ada")
    switched = administrator.patch(f"/api/v1/users/{dora}", json={"is_disabled": True})
    assert switched.status_code == 200, switched.text
    subjects = {
        "anonymous": site.browser(),
        "disabled": disabled,
        "expired": expired,
        "viewer": site.signed_in("vera"),
        "operator": site.signed_in("otto"),
        "administrator": administrator,
    }
    nothing = {**dict.fromkeys(things_a, MISSING), "camera": "nowhere"}
    things = Things(things_a, things_b, nothing, str(spare))

    differences: list[str] = []
    asked = 0
    for subject, browser in subjects.items():
        bodies: dict[str, set[str]] = {}
        for case in cases(site, things):
            status, text = answered(browser, case)
            asked += 1
            if status != oracle(subject, case):
                differences.append(f"{subject}: {case.name}: {status}, not {oracle(subject, case)}: {text}")
            if status == 404:
                kind = things.nameless(f"{case.method} {case.path}")
                bodies.setdefault(kind, set()).add(things.nameless(text))
        differences += [f"{subject}: {kind}: {texts}" for kind, texts in bodies.items() if len(texts) > 1]

    assert differences == []
    assert asked > 400


def test_lists_say_nothing_of_other_cameras(site: Site, clip: Callable[..., Path]) -> None:
    administrator = site.administrator()
    a, b = a_camera(site.house, "Front door"), a_camera(site.house, "Vault")
    record(site.house, a, clip(seconds=4))
    (foreign,) = record(site.house, b, clip(seconds=5))
    site.user("vera", "viewer", [a])
    viewer = site.signed_in("vera")
    for path in (f"/api/v1/cameras/{b}", f"/api/v1/segments/{foreign}/video"):
        assert viewer.get(path).status_code == 404

    storage = viewer.get("/api/v1/storage").json()
    everything = " ".join(
        viewer.get(f"/api/v1/{list_}").text
        for list_ in ("cameras", "storage", "health", "session", *RETENTION)
    )

    assert [camera["id"] for camera in storage["cameras"]] == [a]
    assert viewer.get("/api/v1/health").json()["cameras"]["total"] == 1
    for word in ("vault", "Vault", str(foreign), "192.0.2.10"):
        assert word not in everything
    # The same words are there for one who may see them, so the look above can find them.
    assert "Vault" in administrator.get("/api/v1/storage").text
    assert "192.0.2.10" in administrator.get("/api/v1/cameras").text


def test_refusals_are_written_down_but_not_those_of_nobody(site: Site) -> None:
    administrator = site.administrator()
    a, b = a_camera(site.house, "Front door"), a_camera(site.house, "Vault")
    site.user("vera", "viewer", [a])
    viewer = site.signed_in("vera")
    viewer.get(f"/api/v1/cameras/{a}/export.mp4", params=SPAN)
    viewer.get(f"/api/v1/cameras/{b}/timeline", params=SPAN)
    site.browser().get(f"/api/v1/cameras/{b}/timeline", params=SPAN)

    items = administrator.get("/api/v1/audit", params={"subject": "vera"}).json()["items"]
    nobody = administrator.get("/api/v1/audit", params={"subject": "nobody"}).json()["items"]

    found = [(item["action"], item["target"]) for item in items if item["outcome"] == "refused"]
    assert found == [("view_recorded", "camera vault"), ("export", "camera front-door")]
    assert nobody == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "SELF"}, 422),
        ({"Sec-Fetch-Site": "same-origin"}, 422),
        ({"Origin": "SELF", "Sec-Fetch-Site": "same-origin"}, 422),
        ({}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://elsewhere.test"}, 403),
        ({"Origin": "SELF", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
    ],
)
def test_another_sites_page_changes_nothing(site: Site, headers: dict[str, str], status: int) -> None:
    browser = site.administrator()
    del browser.headers["origin"]
    sent = {name: value.replace("SELF", site.address) for name, value in headers.items()}

    answer = browser.post("/api/v1/cameras", json={"name": ""}, headers=sent)

    assert answer.status_code == status


def test_another_sites_page_opens_no_socket(site: Site) -> None:
    browser = site.administrator()
    camera = a_camera(site.house, "Front door")
    address = site.address.replace("http", "ws") + f"/api/v1/cameras/{camera}/live"
    headers = {"cookie": browser.headers["cookie"]}

    assert closed_with(address, "https://elsewhere.test", headers) == 4403
