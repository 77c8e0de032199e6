"""Roles: named sets of actions beside the three presets."""

from dataclasses import dataclass

from watchkeep.application.asking import INSTALLATION, Asking, asked
from watchkeep.application.house import House
from watchkeep.application.names import checked_role_name
from watchkeep.application.rights import check_may_give
from watchkeep.domain.access import Action, Grant, Role
from watchkeep.domain.errors import Conflict, NotFound
from watchkeep.storage.catalog import outbox, sessions, users
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.outbox import NoticeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleView:
    """A role."""

    name: str
    actions: frozenset[Action]
    is_preset: bool


def list_roles(house: House, asking: Asking) -> list[RoleView]:
    """All roles, presets first."""
    with asked(house, asking, Action.MANAGE_USERS, INSTALLATION, word="list roles") as (conn, _):
        found = users.list_roles(conn)
    return [_view(role) for role in sorted(found, key=lambda role: (not role.is_preset, role.name))]


def add_role(house: House, asking: Asking, *, name: str, actions: frozenset[Action]) -> RoleView:
    """Add a role.

    Raises:
        Conflict: The name is taken.
        Forbidden: It would allow what the asker may not do.
    """
    with asked(house, asking, Action.MANAGE_USERS, INSTALLATION, word="add role") as (conn, deed):
        role = Role(checked_role_name(name), actions, False)
        deed.target, deed.facts["actions"] = f"role {role.name}", _words(actions)
        check_may_give(asking.subject, [Grant(role, None)])
        users.insert_role(conn, role)
        outbox.publish(conn, NoticeKind.USER, facts={"change": "role"})
        return _view(role)


def change_role(house: House, asking: Asking, name: str, *, actions: frozenset[Action]) -> RoleView:
    """Change what a role allows; the sessions of all who hold it end.

    Raises:
        NotFound: There is no such role.
        Conflict: It is a preset.
        Forbidden: It allows or would allow what the asker may not do.
    """
    with asked(house, asking, Action.MANAGE_USERS, INSTALLATION, word="change role") as (conn, deed):
        users.lock_accounts(conn)
        old = _load(conn, name)
        new = Role(old.name, actions, False)
        deed.target = f"role {old.name}"
        deed.facts["actions"] = f"{_words(old.actions)} → {_words(actions)}"
        check_may_give(asking.subject, [Grant(old, None), Grant(new, None)])
        users.update_role(conn, new)
        for user in users.users_of_role(conn, old.name):
            sessions.close_sessions_of(conn, user)
        outbox.publish(conn, NoticeKind.USER, facts={"change": "role"})
        return _view(new)


def remove_role(house: House, asking: Asking, name: str) -> None:
    """Remove a role that nobody holds.

    Raises:
        NotFound: There is no such role.
        Conflict: Somebody holds it, or it is a preset.
    """
    with asked(house, asking, Action.MANAGE_USERS, INSTALLATION, word="remove role") as (conn, deed):
        role = _load(conn, name)
        deed.target = f"role {role.name}"
        users.remove_role(conn, role.name)
        outbox.publish(conn, NoticeKind.USER, facts={"change": "role"})


def _load(conn: Connection, name: str) -> Role:
    found = next((role for role in users.list_roles(conn) if role.name == name), None)
    if found is None:
        raise NotFound("There is no such role; see the list of roles.")
    if found.is_preset:
        raise Conflict(f"The role {name} is a preset and stays as it is; make one of your own.")
    return found


def _view(role: Role) -> RoleView:
    return RoleView(name=role.name, actions=role.actions, is_preset=role.is_preset)


def _words(actions: frozenset[Action]) -> str:
    return " ".join(sorted(actions))
