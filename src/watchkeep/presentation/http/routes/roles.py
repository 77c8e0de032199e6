"""Roles: named sets of actions."""

from fastapi import APIRouter

from watchkeep.application import roles
from watchkeep.domain.access import Action
from watchkeep.presentation.http.authentication import Asker, DoorRoute, Of, TheHouse, asks
from watchkeep.presentation.http.bodies.users import NewRoleBody, RoleBody, RoleChangeBody, RoleList

router = APIRouter(prefix="/api/v1/roles", route_class=DoorRoute, tags=["users"])


@router.get("")
@asks(Action.MANAGE_USERS, Of.INSTALLATION)
def list_roles(house: TheHouse, asking: Asker) -> RoleList:
    """All roles, presets first."""
    return RoleList(items=[RoleBody.of(view) for view in roles.list_roles(house, asking)])


@router.post("", status_code=201)
@asks(Action.MANAGE_USERS, Of.INSTALLATION)
def add_role(house: TheHouse, asking: Asker, body: NewRoleBody) -> RoleBody:
    """Add a role."""
    return RoleBody.of(roles.add_role(house, asking, name=body.name, actions=frozenset(body.actions)))


@router.patch("/{name}")
@asks(Action.MANAGE_USERS, Of.INSTALLATION)
def change_role(house: TheHouse, asking: Asker, name: str, body: RoleChangeBody) -> RoleBody:
    """Change a role; the sessions of all who have it end. Presets cannot be changed."""
    return RoleBody.of(roles.change_role(house, asking, name, actions=frozenset(body.actions)))


@router.delete("/{name}", status_code=204)
@asks(Action.MANAGE_USERS, Of.INSTALLATION)
def remove_role(house: TheHouse, asking: Asker, name: str) -> None:
    """Remove a role that nobody has any more."""
    roles.remove_role(house, asking, name)
