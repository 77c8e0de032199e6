"""Accounts, roles and grants."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from watchkeep.domain.access import PRESETS, Action, Grant, Role
from watchkeep.domain.camera import Secret
from watchkeep.domain.errors import Conflict, NotFound
from watchkeep.domain.ids import CameraId, UserId
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.queries import load

_QUERIES = load("users")
_PRESETS = {role.name: role for role in PRESETS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who may sign in, with what is granted."""

    id: UserId
    name: str
    is_enabled: bool
    created_at: datetime
    grants: tuple[Grant, ...]


def list_accounts(connection: Connection) -> list[Account]:
    """All present accounts by name."""
    return _accounts(connection, user=None, name=None)


def get_account(connection: Connection, user: UserId) -> Account:
    """One account.

    Raises:
        NotFound: It is not there or was removed.
    """
    found = _accounts(connection, user=user, name=None)
    if not found:
        raise _unknown(user)
    return found[0]


def find_account(connection: Connection, name: str) -> Account | None:
    """The account of that name, whatever its case."""
    found = _accounts(connection, user=None, name=name)
    return found[0] if found else None


def lock_accounts(connection: Connection) -> None:
    """Make others who call this wait until we commit: for set-up, and so that one administrator stays."""
    connection.execute(_QUERIES["lock_accounts"])


def password_hash(connection: Connection, user: UserId) -> Secret | None:
    """The encoded hash of an account that may sign in; None if it may not."""
    row = connection.execute(_QUERIES["password_hash"], {"id": user}).fetchone()
    return None if row is None else Secret(row[0])


def insert_account(
    connection: Connection, *, user: UserId, name: str, password_hash: Secret, at: datetime
) -> None:
    """Add an account without grants.

    Raises:
        Conflict: The name is taken, in whatever case.
    """
    facts = {"id": user, "name": name, "password_hash": password_hash.reveal(), "at": at}
    try:
        with connection.transaction():
            connection.execute(_QUERIES["insert_account"], facts)
    except psycopg.errors.UniqueViolation as error:
        raise Conflict(
            f"There is an account named {name} already; choose another name.", name=name
        ) from error


def rename_account(connection: Connection, user: UserId, name: str) -> None:
    """Give an account another name.

    Raises:
        NotFound: It is not there.
        Conflict: The name is taken.
    """
    try:
        with connection.transaction():
            if connection.execute(_QUERIES["rename_account"], {"id": user, "name": name}).rowcount == 0:
                raise _unknown(user)
    except psycopg.errors.UniqueViolation as error:
        raise Conflict(
            f"There is an account named {name} already; choose another name.", name=name
        ) from error


def set_password(connection: Connection, user: UserId, password_hash: Secret) -> None:
    """Give an account another password. Its sessions go on until `sessions.close_sessions_of`.

    Raises:
        NotFound: It is not there.
    """
    facts = {"id": user, "password_hash": password_hash.reveal()}
    if connection.execute(_QUERIES["set_password"], facts).rowcount == 0:
        raise _unknown(user)


def set_enabled(connection: Connection, user: UserId, *, is_enabled: bool) -> None:
    """Let an account sign in, or not; its sessions end with it.

    Raises:
        NotFound: It is not there.
    """
    if connection.execute(_QUERIES["set_enabled"], {"id": user, "is_enabled": is_enabled}).rowcount == 0:
        raise _unknown(user)


def remove_account(connection: Connection, user: UserId, *, at: datetime) -> None:
    """Take an account away; its name may be given again, its id never.

    Raises:
        NotFound: It is not there.
    """
    if connection.execute(_QUERIES["remove_account"], {"id": user, "at": at}).rowcount == 0:
        raise _unknown(user)
    connection.execute(_QUERIES["clear_grants"], {"user": user})


def set_grants(connection: Connection, user: UserId, grants: Sequence[Grant]) -> None:
    """Replace all that an account is granted.

    Raises:
        NotFound: The account, a role or a camera is not there.
    """
    try:
        with connection.transaction():
            connection.execute(_QUERIES["clear_grants"], {"user": user})
            for grant in grants:
                _insert_grant(connection, user, grant)
    except psycopg.errors.ForeignKeyViolation as error:
        raise NotFound(
            f"A role or camera that was to be granted to {user} does not exist; see the lists.", user=user
        ) from error


def list_roles(connection: Connection) -> list[Role]:
    """All roles by name."""
    return [_role(name, actions, preset) for name, actions, preset in connection.execute(_QUERIES["roles"])]


def insert_role(connection: Connection, role: Role) -> None:
    """Add a role.

    Raises:
        Conflict: The name is taken.
    """
    try:
        with connection.transaction():
            connection.execute(_QUERIES["insert_role"], {"name": role.name, "actions": sorted(role.actions)})
    except psycopg.errors.UniqueViolation as error:
        raise Conflict(f"There is a role named {role.name} already; choose another name.") from error


def update_role(connection: Connection, role: Role) -> None:
    """Change what a role allows, at once for all who hold it.

    Raises:
        Conflict: There is no such role, or it is a preset.
    """
    facts = {"name": role.name, "actions": sorted(role.actions)}
    if connection.execute(_QUERIES["update_role"], facts).rowcount == 0:
        raise Conflict(f"The role {role.name} is a preset or does not exist; make one of your own.")


def remove_role(connection: Connection, name: str) -> None:
    """Remove a role that nobody holds.

    Raises:
        Conflict: Somebody holds it, it is a preset, or it does not exist.
    """
    try:
        with connection.transaction():
            removed = connection.execute(_QUERIES["remove_role"], {"name": name}).rowcount
    except psycopg.errors.ForeignKeyViolation as error:
        raise Conflict(f"The role {name} is still granted to somebody; take it from them first.") from error
    if removed == 0:
        raise Conflict(f"The role {name} is a preset or does not exist; only roles of your own can go.")


def users_of_role(connection: Connection, name: str) -> list[UserId]:
    """The present accounts that hold a role."""
    return [UserId(row[0]) for row in connection.execute(_QUERIES["users_of_role"], {"name": name})]


def _insert_grant(connection: Connection, user: UserId, grant: Grant) -> None:
    facts = {"user": user, "role": grant.role.name, "is_for_all": grant.cameras is None}
    row = connection.execute(_QUERIES["insert_grant"], facts).fetchone()
    for camera in sorted(grant.cameras or ()):
        connection.execute(
            _QUERIES["insert_grant_camera"], {"grant": None if row is None else row[0], "camera": camera}
        )


def _accounts(connection: Connection, *, user: UserId | None, name: str | None) -> list[Account]:
    with connection.cursor(row_factory=class_row(_AccountRow)) as cursor:
        rows = cursor.execute(_QUERIES["accounts"], {"id": user, "name": name}).fetchall()
    grants: dict[UUID, list[Grant]] = {row.user_id: [] for row in rows}
    with connection.cursor(row_factory=class_row(_GrantRow)) as cursor:
        for grant in cursor.execute(_QUERIES["grants"], {"users": list(grants)}):
            grants[grant.user_id].append(grant.grant())
    return [
        Account(
            id=UserId(row.user_id),
            name=row.name,
            is_enabled=row.is_enabled,
            created_at=row.created_at.astimezone(UTC),
            grants=tuple(grants[row.user_id]),
        )
        for row in rows
    ]


def _role(name: str, actions: Sequence[str], is_preset: bool) -> Role:
    if is_preset and name in _PRESETS:
        return _PRESETS[name]
    # Actions of a newer version that this one does not know allow nothing here.
    known = frozenset(action for action in Action if action.value in actions)
    return Role(name, known, is_preset)


def _unknown(user: UserId) -> NotFound:
    return NotFound(f"There is no account {user}; see the list of users.", user=user)


@dataclass(frozen=True, slots=True)
class _AccountRow:
    user_id: UUID
    name: str
    is_enabled: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class _GrantRow:
    user_id: UUID
    role_name: str
    actions: list[str]
    is_preset: bool
    is_for_all: bool
    cameras: list[str]

    def grant(self) -> Grant:
        role = _role(self.role_name, self.actions, self.is_preset)
        cameras = None if self.is_for_all else frozenset(CameraId(camera) for camera in self.cameras)
        return Grant(role, cameras)
