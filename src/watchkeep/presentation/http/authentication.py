"""The door: every route declares what it asks and of what; session, right and origin are looked at there."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response, WebSocket
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from watchkeep.application import asking as door
from watchkeep.application import sessions
from watchkeep.application.asking import Asking
from watchkeep.application.house import House
from watchkeep.domain.access import Action, CameraObject, visible_cameras
from watchkeep.domain.errors import Forbidden, NotSignedIn
from watchkeep.domain.ids import CameraId

COOKIE = "__Host-watchkeep"
_MARK = "__watchkeep_asks__"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_Endpoint = TypeVar("_Endpoint", bound=Callable[..., Any])


class Of(StrEnum):
    """Which kind of object a route asks about."""

    NOTHING = "nothing"
    """Open to everybody, and no session is looked for: the page itself, also while the database is away."""
    ENTRANCE = "entrance"
    """Open to everybody, but a session is used if there is one: signing in, setting up."""
    SELF = "self"
    """The one who asks; signed in is enough."""
    INSTALLATION = "installation"
    CAMERA = "camera"
    """The camera named in the path."""
    SOME_CAMERA = "some_camera"
    """A list cut to the asker's cameras, or a camera named in the body: the application decides on each."""
    FOUND = "found"
    """A thing by its id, whose camera only the catalog knows: the application decides on having found it."""


@dataclass(frozen=True, slots=True)
class Asks:
    """What a route asks: an action on a kind of object."""

    action: Action | None
    of: Of


PUBLIC = Asks(None, Of.NOTHING)
ENTRANCE = Asks(None, Of.ENTRANCE)


def asks(action: Action | None, of: Of) -> Callable[[_Endpoint], _Endpoint]:
    """Declare what an endpoint asks. Without a declaration a route cannot be made."""

    def mark(endpoint: _Endpoint) -> _Endpoint:
        setattr(endpoint, _MARK, Asks(action, of))
        return endpoint

    return mark


def public(endpoint: _Endpoint) -> _Endpoint:
    """Declare that an endpoint is open to everybody."""
    setattr(endpoint, _MARK, PUBLIC)
    return endpoint


def anybody(endpoint: _Endpoint) -> _Endpoint:
    """Declare that an endpoint is open to everybody and is told who asks, if that is known."""
    setattr(endpoint, _MARK, ENTRANCE)
    return endpoint


def declaration(endpoint: object) -> Asks | None:
    """What an endpoint declares, or None."""
    found = getattr(endpoint, _MARK, None)
    return found if isinstance(found, Asks) else None


class DoorRoute(APIRoute):
    """A route that cannot be made without a declaration and cannot be reached without it being met.

    The door comes before the body is read, so that who may not ask learns nothing about what fits.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's hook: the handler behind the door."""
        declared = declaration(self.endpoint)
        if declared is None:
            raise TypeError(f"the route {self.path} declares neither asks(…) nor public")
        behind = super().get_route_handler()

        async def through_the_door(request: Request) -> Response:
            await run_in_threadpool(admit, request, declared)
            return await behind(request)

        return through_the_door


def admit(connection: HTTPConnection, declared: Asks) -> Asking:
    """Let a request in, or raise; the asker is left in `connection.state.asking`.

    A refusal to a known subject is written into the audit. Those without session are not: anybody
    could fill the disk with them; the sign-in itself is audited and slowed down.

    Raises:
        Forbidden: Another site's page sends it, or the action is not granted.
        NotSignedIn: There is no valid session.
        NotFound: The camera is missing or foreign.
    """
    check_origin(connection)
    house = house_of(connection)
    address = address_of(connection)
    known = None
    if declared.of is not Of.NOTHING:
        known = sessions.authenticate(house, connection.cookies.get(COOKIE, ""), address=address)
    if known is None and declared not in (PUBLIC, ENTRANCE):
        raise NotSignedIn("Sign in first; there is no valid session.")
    asking = known or Asking(subject=door.NOBODY, address=address)
    _decide(house, asking, declared, connection.path_params)
    connection.state.asking = asking
    return asking


def _decide(house: House, asking: Asking, declared: Asks, path: dict[str, Any]) -> None:
    if declared.action is None:
        return
    match declared.of:
        case Of.INSTALLATION:
            door.require(house, asking, declared.action, door.INSTALLATION)
        case Of.CAMERA:
            door.require(house, asking, declared.action, CameraObject(CameraId(str(path["camera"]))))
        case Of.SOME_CAMERA:
            if visible_cameras(asking.subject, declared.action) == frozenset():
                door.require(house, asking, declared.action, door.INSTALLATION)
        case _:
            pass


def check_origin(connection: HTTPConnection) -> None:
    """Refuse what another site's page sends: requests that change something, and every WebSocket.

    Source: Fetch Metadata; OWASP's cross-site request forgery sheet. A browser always sends one of the
    two headers; a program must say the Origin itself.
    """
    if connection.scope["type"] == "http" and connection.scope["method"] in _SAFE:
        return
    site = connection.headers.get("sec-fetch-site")
    origin = connection.headers.get("origin")
    is_same_site = site is None or site == "same-origin"
    is_same_origin = origin is None or urlsplit(origin).netloc == connection.headers.get("host", "")
    if not (site or origin) or not is_same_site or not is_same_origin:
        raise Forbidden("This request does not come from Watchkeep's own page; send its address as Origin.")


def address_of(connection: HTTPConnection) -> str:
    """The peer's address. Forwarded headers are not believed: anybody can send them."""
    return connection.client.host if connection.client else "local"


def house_of(connection: HTTPConnection) -> House:
    """The house this application serves."""
    house = connection.app.state.house
    if not isinstance(house, House):
        raise TypeError("create_app was not given a house")
    return house


def asking_of(connection: HTTPConnection) -> Asking:
    """Who asks, as the door has found."""
    asking = connection.state.asking
    if not isinstance(asking, Asking):
        raise TypeError("the request did not come through the door")
    return asking


async def admit_socket(socket: WebSocket, declared: Asks) -> Asking:
    """The door for a WebSocket, before it is accepted."""
    return await run_in_threadpool(admit, socket, declared)


TheHouse = Annotated[House, Depends(house_of)]
Asker = Annotated[Asking, Depends(asking_of)]
