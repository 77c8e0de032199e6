"""Setting up, signing in and out."""

from fastapi import APIRouter, Response

from watchkeep.application import restream, sessions, setup
from watchkeep.application.entrance import at_the_door
from watchkeep.domain.camera import Secret
from watchkeep.presentation.http.authentication import (
    COOKIE,
    Asker,
    DoorRoute,
    Of,
    TheHouse,
    anybody,
    asks,
)
from watchkeep.presentation.http.bodies.sessions import (
    NewPassword,
    OwnPassword,
    SessionBody,
    SetUp,
    SignIn,
    StreamPasswordBody,
)

router = APIRouter(prefix="/api/v1", route_class=DoorRoute, tags=["session"])


@router.get("/session")
@anybody
def read_session(house: TheHouse, asking: Asker) -> SessionBody:
    """Who is signed in, and what the page needs before anything else."""
    return SessionBody.of(at_the_door(house, asking))


@router.post("/setup", status_code=201)
@anybody
def set_up(house: TheHouse, asking: Asker, body: SetUp, response: Response) -> SessionBody:
    """Make the first administrator with the token that the start has printed; signs in."""
    token = Secret(body.token.get_secret_value())
    password = Secret(body.password.get_secret_value())
    signed_in = setup.set_up(house, asking, token=token, name=body.name, password=password)
    _give_cookie(response, signed_in.token)
    return SessionBody.of(at_the_door(house, signed_in.asking))


@router.post("/session")
@anybody
def sign_in(house: TheHouse, asking: Asker, body: SignIn, response: Response) -> SessionBody:
    """Sign in; a session already there is ended."""
    password = Secret(body.password.get_secret_value())
    signed_in = sessions.sign_in(house, asking, name=body.name, password=password)
    _give_cookie(response, signed_in.token)
    return SessionBody.of(at_the_door(house, signed_in.asking))


@router.delete("/session", status_code=204)
@asks(None, Of.SELF)
def sign_out(house: TheHouse, asking: Asker, response: Response) -> None:
    """End the session."""
    sessions.sign_out(house, asking)
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'


@router.put("/session/password")
@asks(None, Of.SELF)
def change_password(house: TheHouse, asking: Asker, body: NewPassword, response: Response) -> SessionBody:
    """Change the own password; all sessions end, a new one begins here."""
    signed_in = sessions.change_password(
        house,
        asking,
        old=Secret(body.old.get_secret_value()),
        new=Secret(body.new.get_secret_value()),
    )
    _give_cookie(response, signed_in.token)
    return SessionBody.of(at_the_door(house, signed_in.asking))


@router.post("/session/stream-password")
@asks(None, Of.SELF)
def show_stream_password(house: TheHouse, asking: Asker, body: OwnPassword) -> StreamPasswordBody:
    """The password with which other programs fetch the own cameras over RTSP; ends with the own password."""
    password = Secret(body.password.get_secret_value())
    shown = restream.own_stream_password(house, asking, password=password)
    return StreamPasswordBody(name=shown.asking.subject.name, stream_password=shown.password.reveal())


def _give_cookie(response: Response, token: Secret) -> None:
    # No Max-Age: it goes with the browser; the server decides how long it counts.
    response.set_cookie(
        COOKIE, token.reveal(), path="/", secure=True, httponly=True, samesite="strict", max_age=None
    )
