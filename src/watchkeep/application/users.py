"""Users and what is granted to them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from watchkeep.application import passwords
from watchkeep.application.asking import INSTALLATION, Asking, Deed, asked
from watchkeep.application.house import House
from watchkeep.application.names import checked_user_name
from watchkeep.application.rights import check_may_give
from watchkeep.application.setup import needs_setup
from watchkeep.domain.access import Action, Grant
from watchkeep.domain.camera import Secret, is_camera_id
from watchkeep.domain.errors import Conflict, Invalid
from watchkeep.domain.ids import CameraId, UserId, uuid7
from watchkeep.storage.catalog import cameras, outbox, sessions, users
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.outbox import NoticeKind
from watchkeep.storage.catalog.users import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantWish:
    """A role, by name, on some cameras; None means all of them."""

    role: str
    cameras: frozenset[CameraId] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """A user to add."""

    name: str
    password: Secret
    grants: tuple[GrantWish, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChange:
    """What to change; None stays as it is."""

    name: str | None = None
    password: Secret | None = field(default=None, repr=False)
    is_disabled: bool | None = None
    grants: tuple[GrantWish, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserView:
    """A user as those see it who manage users."""

    id: UserId
    name: str
    is_disabled: bool
    created_at: datetime
    grants: tuple[GrantWish, ...]


def list_users(house: House, asking: Asking) -> list[UserView]:
    """All users by name."""
    with asked(house, asking, Action.MANAGE_USERS, INSTALLATION, word="list users") as (conn, _):
        return [_view(account) for account in users.list_accounts(conn)]


def add_user(house: House, asking: Asking, wish: NewUser) -> UserView:
    """Add a user.

    Raises:
        Conflict: The name is taken.
        Invalid: The name or password is not good enough; a role or camera is not there.
        Forbidden: It would be granted what the asker may not do.
    """
    with asked(house, asking, Action.MANAGE_USERS, INSTALLATION, word="add user") as (conn, deed):
        name = checked_user_name(wish.name)
        deed.target = f"user {name}"
        grants = _grants(conn, wish.grants)
        deed.facts["grants"] = _words(grants)
        check_may_give(asking.subject, grants)
        made = Secret(passwords.hashed(wish.password, name=name))
        user = UserId(uuid7(house.clock, house.rng))
        users.insert_account(conn, user=user, name=name, password_hash=made, at=house.clock.now())
        users.set_grants(conn, user, grants)
        outbox.publish(conn, NoticeKind.USER, facts={"change": "added"})
        return _view(users.get_account(conn, user))


def change_user(house: House, asking: Asking, user: UserId, change: UserChange) -> UserView:
    """Change a user. Another password, other grants or switching off end all of the user's sessions.

    Raises:
        NotFound: There is no such user.
        Conflict: The name is taken, or nobody would be left who can manage users.
        Invalid: The name or password is not good enough; a role or camera is not there.
        Forbidden: The user holds or would hold more than the asker.
    """
    with asked(house, asking, Action.MANAGE_USERS, INSTALLATION, word="change user") as (conn, deed):
        users.lock_accounts(conn)
        old = users.get_account(conn, user)
        deed.target = f"user {old.name}"
        check_may_give(asking.subject, old.grants)
        _apply(conn, asking, old, change, deed)
        if change.password is not None or change.grants is not None or change.is_disabled is not None:
            sessions.close_sessions_of(conn, user)
        _check_somebody_is_left(conn)
        outbox.publish(conn, NoticeKind.USER, facts={"change": "changed"})
        return _view(users.get_account(conn, user))


def remove_user(house: House, asking: Asking, user: UserId) -> None:
    """Remove a user; the audit keeps the name.

    Raises:
        NotFound: There is no such user.
        Conflict: Nobody would be left who can manage users.
        Forbidden: The user holds more than the asker.
    """
    with asked(house, asking, Action.MANAGE_USERS, INSTALLATION, word="remove user") as (conn, deed):
        users.lock_accounts(conn)
        old = users.get_account(conn, user)
        deed.target = f"user {old.name}"
        check_may_give(asking.subject, old.grants)
        sessions.close_sessions_of(conn, user)
        users.remove_account(conn, user, at=house.clock.now())
        _check_somebody_is_left(conn)
        outbox.publish(conn, NoticeKind.USER, facts={"change": "removed"})


def _apply(conn: Connection, asking: Asking, old: Account, change: UserChange, deed: Deed) -> None:
    name = old.name if change.name is None else checked_user_name(change.name)
    if name != old.name:
        deed.facts["name"] = f"{old.name} → {name}"
        users.rename_account(conn, old.id, name)
    if change.password is not None:
        deed.facts["password"] = "set again"  # noqa: S105  # says that, not what
        users.set_password(conn, old.id, Secret(passwords.hashed(change.password, name=name)))
    if change.is_disabled is not None:
        deed.facts["is_disabled"] = str(change.is_disabled).lower()
        users.set_enabled(conn, old.id, is_enabled=not change.is_disabled)
    if change.grants is not None:
        grants = _grants(conn, change.grants)
        deed.facts["grants"] = f"{_words(old.grants)} → {_words(grants)}"
        check_may_give(asking.subject, grants)
        users.set_grants(conn, old.id, grants)


def _grants(conn: Connection, wishes: Sequence[GrantWish]) -> list[Grant]:
    roles = {role.name: role for role in users.list_roles(conn)}
    known = {camera.id for camera in cameras.list_cameras(conn, with_removed=True)}
    grants: list[Grant] = []
    for wish in wishes:
        if wish.role not in roles:
            raise Invalid(f"There is no role {wish.role!r}; see the list of roles.")
        for camera in wish.cameras or ():
            if not is_camera_id(camera) or camera not in known:
                raise Invalid(f"There is no camera {camera!r}; see the list of cameras.")
        grants.append(Grant(roles[wish.role], wish.cameras))
    return grants


def _check_somebody_is_left(conn: Connection) -> None:
    if needs_setup(conn):
        raise Conflict("Nobody would be left who can manage users; give somebody else that right first.")


def _view(account: Account) -> UserView:
    return UserView(
        id=account.id,
        name=account.name,
        is_disabled=not account.is_enabled,
        created_at=account.created_at,
        grants=tuple(GrantWish(role=grant.role.name, cameras=grant.cameras) for grant in account.grants),
    )


def _words(grants: Sequence[Grant]) -> str:
    parts = [
        f"{grant.role.name} on {'all cameras' if grant.cameras is None else ' '.join(sorted(grant.cameras))}"
        for grant in grants
    ]
    return "; ".join(parts) or "none"
