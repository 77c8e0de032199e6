"""Users and what they are granted."""

from uuid import UUID

from fastapi import APIRouter

from watchkeep.application import users
from watchkeep.domain.access import Action
from watchkeep.domain.ids import UserId
from watchkeep.presentation.http.authentication import Asker, DoorRoute, Of, TheHouse, asks
from watchkeep.presentation.http.bodies.users import NewUserBody, UserBody, UserChangeBody, UserList

router = APIRouter(prefix="/api/v1/users", route_class=DoorRoute, tags=["users"])


@router.get("")
@asks(Action.MANAGE_USERS, Of.INSTALLATION)
def list_users(house: TheHouse, asking: Asker) -> UserList:
    """All users."""
    return UserList(items=[UserBody.of(view) for view in users.list_users(house, asking)])


@router.post("", status_code=201)
@asks(Action.MANAGE_USERS, Of.INSTALLATION)
def add_user(house: TheHouse, asking: Asker, body: NewUserBody) -> UserBody:
    """Add a user."""
    return UserBody.of(users.add_user(house, asking, body.wish()))


@router.patch("/{user}")
@asks(Action.MANAGE_USERS, Of.INSTALLATION)
def change_user(house: TheHouse, asking: Asker, user: UUID, body: UserChangeBody) -> UserBody:
    """Change a user; a new password, other grants or switching off end all the user's sessions."""
    return UserBody.of(users.change_user(house, asking, UserId(user), body.change()))


@router.delete("/{user}", status_code=204)
@asks(Action.MANAGE_USERS, Of.INSTALLATION)
def remove_user(house: TheHouse, asking: Asker, user: UUID) -> None:
    """Remove a user; the audit keeps the name."""
    users.remove_user(house, asking, UserId(user))
