"""Signing in and out, the first administrator, the own password."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, SecretStr

from watchkeep.application.entrance import Entrance
from watchkeep.presentation.http.bodies.plain import Body, Text

Name = Annotated[Text, Field(min_length=1, max_length=64)]
Password = Annotated[SecretStr, Field(max_length=1024)]


class SignIn(Body):
    """A name and a password."""

    name: Name
    password: Password


class SetUp(Body):
    """The set-up token and the first administrator."""

    token: Annotated[SecretStr, Field(max_length=200)]
    name: Name
    password: Password


class NewPassword(Body):
    """The own password, changed."""

    old: Password
    new: Password


class OwnPassword(Body):
    """The own password again, for what a session alone is not enough."""

    password: Password


class StreamPasswordBody(Body):
    """How other programs sign in over RTSP."""

    name: str
    stream_password: str


class Myself(Body):
    """Who is signed in."""

    id: UUID
    name: str
    actions: list[str]


class SiteBody(Body):
    """The place."""

    name: str
    zone: str


class SessionBody(Body):
    """What the page needs first."""

    user: Myself | None
    needs_setup: bool
    site: SiteBody
    clear_text_legs: int

    @classmethod
    def of(cls, entrance: Entrance) -> "SessionBody":
        """Write down what the application says at the entrance."""
        user = None
        if entrance.user is not None:
            user = Myself(id=entrance.user, name=entrance.name, actions=sorted(entrance.actions))
        return cls(
            user=user,
            needs_setup=entrance.needs_setup,
            site=SiteBody(name=entrance.site_name, zone=entrance.site_zone),
            clear_text_legs=entrance.clear_text_legs,
        )
