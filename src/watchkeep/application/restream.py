"""Live video for other programs, which sign in with a stream password; the camera is never opened here.

A stream password is kept nowhere: it follows from the keystore, the account and the hash of its password, so
that it can be made again, and ends when the password is changed.
"""

import hashlib
from base64 import b32encode
from dataclasses import dataclass

from watchkeep.application import sessions
from watchkeep.application.asking import INSTALLATION, Asking, Deed, asked, write
from watchkeep.application.house import House
from watchkeep.domain.access import Action, CameraObject, decide
from watchkeep.domain.camera import Secret
from watchkeep.domain.errors import NotFound
from watchkeep.domain.ids import CameraId, UserId
from watchkeep.storage.catalog import users

_PASSWORD_BYTES = 20
_WORD = "show stream password"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamUser:
    """An account as other programs sign in with it."""

    asking: Asking
    password: Secret


def stream_user(house: House, name: str, *, address: str) -> StreamUser | None:
    """The account of that name with its stream password; None if it is not there or may not sign in."""
    with house.catalog.transaction() as conn:
        account = users.find_account(conn, name)
        stored = None if account is None else users.password_hash(conn, account.id)
    if account is None or stored is None:
        return None
    asking = Asking(subject=sessions.subject_of(account), address=address)
    return StreamUser(asking=asking, password=_password(house, account.id, stored))


def may_go_on(house: House, user: StreamUser, camera: CameraId) -> bool:
    """Look again whether a program may go on: account on, password the same, camera granted."""
    fresh = stream_user(house, user.asking.subject.name, address=user.asking.address)
    if fresh is None or fresh.password != user.password:
        return False
    return decide(fresh.asking.subject, Action.VIEW_LIVE, CameraObject(camera)).is_allowed


def own_stream_password(house: House, asking: Asking, *, password: Secret) -> StreamUser:
    """The asker's stream password; the sign-in password is looked at again.

    Raises:
        SignInRefused: The password is wrong.
        TooManyTries: It was wrong too often.
    """
    user = sessions.confirm(house, asking, password, word=_WORD)
    with house.catalog.transaction(asking.subject.name) as conn:
        stored = users.password_hash(conn, user)
        if stored is None:
            raise NotFound("Your account is switched off.")
        write(house, conn, asking, Deed(_WORD, f"user {asking.subject.name}", "the password fits"))
    return StreamUser(asking=asking, password=_password(house, user, stored))


def stream_password_of(house: House, asking: Asking, name: str) -> StreamUser:
    """Somebody's stream password, for the owner of the machine.

    Raises:
        NotFound: There is no such user, or it may not sign in.
        Forbidden: The asker does not manage users.
    """
    with asked(house, asking, Action.MANAGE_USERS, INSTALLATION, word=_WORD) as (_, deed):
        found = stream_user(house, name, address=asking.address)
        if found is None:
            raise NotFound(
                f"There is no user {name!r} who may sign in; see `watchkeep user list`.", name=name
            )
        deed.target = f"user {found.asking.subject.name}"
    return found


def _password(house: House, user: UserId, stored: Secret) -> Secret:
    fingerprint = hashlib.sha256(stored.reveal().encode()).hexdigest()
    derived = house.keystore.derive(f"stream password {user} {fingerprint}")
    return Secret(b32encode(derived[:_PASSWORD_BYTES]).decode().lower())
