"""The first administrator: made with a token that only the one who started Watchkeep has seen."""

import hashlib
import hmac
from base64 import b32encode
from datetime import datetime, timedelta

from watchkeep.application import passwords
from watchkeep.application.asking import INSTALLATION, Asking, Deed, note, write
from watchkeep.application.house import House
from watchkeep.application.names import checked_user_name
from watchkeep.application.sessions import SignedIn, digest_of, open_session, subject_of
from watchkeep.domain.access import ADMINISTRATOR, Action, Grant, decide
from watchkeep.domain.camera import Secret
from watchkeep.domain.errors import Conflict, SignInRefused
from watchkeep.domain.ids import UserId, uuid7
from watchkeep.storage.catalog import outbox, settings, users
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.outbox import NoticeKind

TOKEN_LIFE = timedelta(minutes=30)
_SETTING = "setup_token"


def needs_setup(conn: Connection) -> bool:
    """Say whether nobody who may sign in can manage users."""
    return not any(
        account.is_enabled and decide(subject_of(account), Action.MANAGE_USERS, INSTALLATION).is_allowed
        for account in users.list_accounts(conn)
    )


def make_token(house: House) -> str | None:
    """Make the set-up token, good once and for half an hour; the one before is void.

    To be printed for the person who started Watchkeep, never logged.

    Returns:
        The token, or None when there is an administrator already.
    """
    with house.catalog.transaction("system") as conn:
        users.lock_accounts(conn)
        if not needs_setup(conn):
            return None
        # Base 32 in groups: it is read off a terminal and typed. 160 bits of chance.
        letters = b32encode(house.rng.token(20)).decode().lower()
        token = "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))
        ends_at = house.clock.now() + TOKEN_LIFE
        settings.put(conn, _SETTING, f"{_digest(token)} {ends_at.isoformat()}")
        return token


def set_up(house: House, asking: Asking, *, token: Secret, name: str, password: Secret) -> SignedIn:
    """Make the first administrator and sign in.

    Raises:
        Conflict: There is an administrator already.
        SignInRefused: The token is wrong, used or too old.
        Invalid: The name or the password is not good enough.
    """
    _check_token(house, asking, token)
    user_name = checked_user_name(name)
    made = Secret(passwords.hashed(password, name=user_name))
    with house.catalog.transaction(user_name) as conn:
        users.lock_accounts(conn)
        # Looked at again under the lock: of two who come together one is first.
        if not needs_setup(conn):
            raise Conflict("There is an administrator already; sign in instead.")
        if not _fits(conn, token, now=house.clock.now()):
            raise _refused()
        settings.put(conn, _SETTING, "")
        user = UserId(uuid7(house.clock, house.rng))
        users.insert_account(conn, user=user, name=user_name, password_hash=made, at=house.clock.now())
        users.set_grants(conn, user, [Grant(ADMINISTRATOR, None)])
        session = open_session(house, conn, user, address=asking.address)
        subject = subject_of(users.get_account(conn, user))
        fresh = Asking(subject=subject, address=asking.address, session=digest_of(session.reveal()))
        outbox.publish(conn, NoticeKind.USER, facts={"change": "added"})
        write(house, conn, fresh, Deed("set up", f"user {user_name}", "the set-up token fits"))
    return SignedIn(session, fresh)


def _check_token(house: House, asking: Asking, token: Secret) -> None:
    """Before the password is hashed, which is dear, and before anything is locked."""
    with house.catalog.transaction() as conn:
        if not needs_setup(conn):
            raise Conflict("There is an administrator already; sign in instead.")
        if _fits(conn, token, now=house.clock.now()):
            return
    note(house, asking, Deed("set up", "installation", "wrong or old token"), outcome="refused")
    raise _refused()


def _refused() -> SignInRefused:
    return SignInRefused(
        "The set-up token is wrong or older than half an hour; start Watchkeep again, it prints a new one."
    )


def _fits(conn: Connection, token: Secret, *, now: datetime) -> bool:
    kept = settings.get(conn, _SETTING)
    if not kept:
        return False
    digest, ends_at = kept.split(" ", 1)
    is_same = hmac.compare_digest(digest, _digest(token.reveal()))
    return is_same and now < datetime.fromisoformat(ends_at)


def _digest(token: str) -> str:
    letters = "".join(token.lower().split()).replace("-", "")
    return hashlib.sha256(letters.encode()).hexdigest()
