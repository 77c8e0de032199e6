"""Users, their grants, and roles."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from watchkeep.application.roles import RoleView
from watchkeep.application.users import GrantWish, NewUser, UserChange, UserView
from watchkeep.domain.access import Action
from watchkeep.domain.ids import CameraId
from watchkeep.presentation.http.bodies.plain import Body, Instant, Text, revealed
from watchkeep.presentation.http.bodies.sessions import Name, Password

RoleName = Annotated[Text, Field(min_length=1, max_length=50)]


class GrantBody(Body):
    """A role on some cameras; null means all of them, those added later too."""

    role: RoleName
    cameras: Annotated[list[Annotated[Text, Field(max_length=50)]], Field(max_length=1000)] | None = None

    def wish(self) -> GrantWish:
        """In the application's words."""
        cameras = None if self.cameras is None else frozenset(CameraId(camera) for camera in self.cameras)
        return GrantWish(role=self.role, cameras=cameras)


Grants = Annotated[list[GrantBody], Field(max_length=100)]


class UserBody(Body):
    """A user as an administrator sees one."""

    id: UUID
    name: str
    is_disabled: bool
    created_at: Instant
    grants: list[GrantBody]

    @classmethod
    def of(cls, view: UserView) -> "UserBody":
        """Write down a user."""
        grants = [
            GrantBody(role=grant.role, cameras=None if grant.cameras is None else sorted(grant.cameras))
            for grant in view.grants
        ]
        return cls(
            id=view.id,
            name=view.name,
            is_disabled=view.is_disabled,
            created_at=view.created_at,
            grants=grants,
        )


class UserList(Body):
    """All users."""

    items: list[UserBody]
    next: None = None


class NewUserBody(Body):
    """A user to add."""

    name: Name
    password: Password
    grants: Grants

    def wish(self) -> NewUser:
        """In the application's words."""
        password = revealed(self.password)
        assert password is not None  # noqa: S101  # the body requires it
        return NewUser(name=self.name, password=password, grants=tuple(grant.wish() for grant in self.grants))


class UserChangeBody(Body):
    """What to change; what is left out stays."""

    name: Name | None = None
    password: Password | None = None
    is_disabled: bool | None = None
    grants: Grants | None = None

    def change(self) -> UserChange:
        """In the application's words."""
        return UserChange(
            name=self.name,
            password=revealed(self.password),
            is_disabled=self.is_disabled,
            grants=None if self.grants is None else tuple(grant.wish() for grant in self.grants),
        )


class RoleBody(Body):
    """A named set of actions."""

    name: str
    actions: list[str]
    is_preset: bool

    @classmethod
    def of(cls, view: RoleView) -> "RoleBody":
        """Write down a role."""
        return cls(name=view.name, actions=sorted(view.actions), is_preset=view.is_preset)


class RoleList(Body):
    """All roles."""

    items: list[RoleBody]
    next: None = None


class NewRoleBody(Body):
    """A role to add."""

    name: RoleName
    actions: Annotated[list[Action], Field(min_length=1, max_length=50)]


class RoleChangeBody(Body):
    """What the role is to allow from now on."""

    actions: Annotated[list[Action], Field(min_length=1, max_length=50)]
