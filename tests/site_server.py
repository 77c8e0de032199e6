"""A house served over HTTP on a real socket, and browsers that ask it."""

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import uvicorn
from fastapi import FastAPI

from builders import FixedClock
from watchkeep.application import setup, users
from watchkeep.application.asking import system_asking
from watchkeep.application.house import House
from watchkeep.application.users import GrantWish, NewUser
from watchkeep.domain.camera import Secret
from watchkeep.domain.ids import CameraId, UserId

PASSWORD = "correct horse battery"
COOKIE = "__Host-watchkeep"


class Browser(httpx.Client):
    """A client that keeps the cookie as a browser does, which the test's plain HTTP would not let it."""

    def __init__(self, address: str) -> None:
        super().__init__(base_url=address, headers={"Origin": address}, timeout=30)
        self.event_hooks = {"response": [self._keep]}

    def _keep(self, answer: httpx.Response) -> None:
        for cookie in answer.headers.get_list("set-cookie"):
            name, _, rest = cookie.partition("=")
            value = rest.split(";")[0].strip('"')
            assert name == COOKIE
            self.cookies.clear()
            self.headers.pop("cookie", None)
            if value:
                self.headers["cookie"] = f"{COOKIE}={value}"


@dataclass
class Site:
    """A house, served on a real socket, and browsers to ask it with."""

    house: House
    app: FastAPI
    clock: FixedClock
    address: str
    browsers: list[Browser] = field(default_factory=list)

    def browser(self) -> Browser:
        """A browser that nobody has signed in with."""
        self.browsers.append(Browser(self.address))
        return self.browsers[-1]

    def user(self, name: str, role: str, cameras: list[CameraId] | None) -> UserId:
        """Add a user with one grant."""
        scope = None if cameras is None else frozenset(cameras)
        wish = NewUser(name=name, password=Secret(PASSWORD), grants=(GrantWish(role=role, cameras=scope),))
        return users.add_user(self.house, system_asking(), wish).id

    def signed_in(self, name: str) -> Browser:
        """A browser in which a user has signed in."""
        browser = self.browser()
        answer = browser.post("/api/v1/session", json={"name": name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return browser

    def administrator(self) -> Browser:
        """The first administrator, set up as a person would."""
        browser = self.browser()
        body = {"token": setup.make_token(self.house), "name": "ada", "password": PASSWORD}
        answer = browser.post("/api/v1/setup", json=body)
        assert answer.status_code == 201, answer.text
        return browser


def serve(app: FastAPI) -> Iterator[str]:
    """Serve an application on a free port while the test lasts."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    listener.close()


def problem(answer: httpx.Response) -> dict[str, object]:
    """The problem that an answer carries."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert isinstance(body, dict)
    return body
