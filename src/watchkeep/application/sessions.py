"""Signing in and out. A session is an opaque token in a cookie; the database knows only its SHA-256."""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchkeep.application import passwords
from watchkeep.application.asking import Asking, Deed, note, write
from watchkeep.application.house import House
from watchkeep.domain.access import Subject
from watchkeep.domain.camera import Secret
from watchkeep.domain.errors import NotFound, NotSignedIn, SignInRefused, TooManyTries
from watchkeep.domain.ids import UserId
from watchkeep.storage.catalog import outbox, sessions, users
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.outbox import NoticeKind
from watchkeep.storage.catalog.users import Account

TOKEN_BYTES = 32
FREE_TRIES = 5
LONGEST_PAUSE = timedelta(minutes=5)
"""Never a lasting lock: whoever knows the name could otherwise keep its owner out."""
QUIET = timedelta(hours=1)
"""After so long without a failure, counting begins anew."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session: the token goes into the cookie and nowhere else."""

    token: Secret
    asking: Asking


def pause_after(failures: int) -> timedelta:
    """How long nothing is checked after so many failures in a row: not at all, then 1, 2, 4 … seconds."""
    if failures < FREE_TRIES:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(failures - FREE_TRIES, 20)), LONGEST_PAUSE)


def digest_of(token: str) -> bytes:
    """What the database knows of a token. It has 256 bits of chance, so no slow hash is needed."""
    return hashlib.sha256(token.encode()).digest()


def authenticate(house: House, token: str, *, address: str) -> Asking | None:
    """Who has this token's session; None if it is unknown, idle too long, too old, or its account is off."""
    if not token or len(token) > 200:
        return None
    return _asking(house, digest_of(token), address, is_use=True)


def recheck(house: House, asking: Asking) -> Asking | None:
    """Look again at a session that something long depends on; does not count as using it."""
    return _asking(house, asking.session, asking.address, is_use=False)


def _asking(house: House, session: bytes, address: str, *, is_use: bool) -> Asking | None:
    rules = house.session_rules
    with house.catalog.transaction() as conn:
        user = sessions.session_user(
            conn,
            session,
            now=house.clock.now(),
            idle_limit=rules.idle,
            age_limit=rules.absolute,
            is_use=is_use,
        )
        if user is None:
            return None
        try:
            account = users.get_account(conn, user)
        except NotFound:
            return None
    return Asking(subject=subject_of(account), address=address, session=session)


def subject_of(account: Account) -> Subject:
    """The account as one who asks."""
    return Subject(account.id, account.name, account.grants)


def sign_in(house: House, asking: Asking, *, name: str, password: Secret) -> SignedIn:
    """Begin a session.

    Raises:
        SignInRefused: Name or password is wrong, or the account is off; which of them is not said.
        TooManyTries: Too many failures for this name or from this address; the field says how long to wait.
    """
    keys = (f"account:{name.lower()}", f"address:{asking.address}")
    with house.catalog.transaction() as conn:
        # One at a time: tries that come together must all be counted, or a burst would be one try.
        users.lock_accounts(conn)
        _check_pause(conn, keys, now=house.clock.now())
        for key in keys:
            sessions.count_attempt(conn, key, at=house.clock.now(), quiet=QUIET)
        account = users.find_account(conn, name)
        stored = None if account is None else users.password_hash(conn, account.id)
    fits = passwords.fits(password, None if stored is None else stored.reveal())
    # A name that is no account's may be a password typed into the wrong field: it is not written down.
    deed = Deed("sign in", f"user {account.name}" if account else "unknown user", "")
    if account is None or not fits:
        deed.reason = "wrong name or password"
        note(house, asking, deed, outcome="refused")
        raise SignInRefused("The name or the password is not right.")
    with house.catalog.transaction(account.name) as conn:
        sessions.clear_attempts(conn, keys)
        if asking.session:
            sessions.close_session(conn, asking.session)
        token = open_session(house, conn, account.id, address=asking.address)
        signed_in = Asking(
            subject=subject_of(account), address=asking.address, session=digest_of(token.reveal())
        )
        deed.reason = "the password fits"
        write(house, conn, signed_in, deed)
    return SignedIn(token, signed_in)


def sign_out(house: House, asking: Asking) -> None:
    """End the session."""
    with house.catalog.transaction(asking.subject.name) as conn:
        sessions.close_session(conn, asking.session)
        write(house, conn, asking, Deed("sign out", f"user {asking.subject.name}", "asked"))


def change_password(house: House, asking: Asking, *, old: Secret, new: Secret) -> SignedIn:
    """Change the own password; every session of the account ends and a new one begins.

    Raises:
        SignInRefused: The old password is wrong.
        Invalid: The new one is not good enough.
        TooManyTries: The old one was wrong too often.
    """
    user = confirm(house, asking, old, word="change password")
    name = asking.subject.name
    deed = Deed("change password", f"user {name}", "")
    made = passwords.hashed(new, name=name)
    with house.catalog.transaction(name) as conn:
        users.set_password(conn, user, Secret(made))
        sessions.close_sessions_of(conn, user)
        token = open_session(house, conn, user, address=asking.address)
        fresh = Asking(subject=asking.subject, address=asking.address, session=digest_of(token.reveal()))
        deed.reason = "the old password fits"
        outbox.publish(conn, NoticeKind.USER, facts={"change": "password"})
        write(house, conn, fresh, deed)
    return SignedIn(token, fresh)


def confirm(house: House, asking: Asking, password: Secret, *, word: str) -> UserId:
    """Look at the own password again, for what a session alone is not enough; failures are in the audit.

    Raises:
        NotSignedIn: Nobody asks.
        SignInRefused: The password is wrong.
        TooManyTries: It was wrong too often.
    """
    user = asking.subject.user
    if user is None:
        raise NotSignedIn("Sign in first; there is no valid session.")
    name = asking.subject.name
    key = f"account:{name.lower()}"
    with house.catalog.transaction() as conn:
        users.lock_accounts(conn)
        _check_pause(conn, (key,), now=house.clock.now())
        sessions.count_attempt(conn, key, at=house.clock.now(), quiet=QUIET)
        stored = users.password_hash(conn, user)
    if not passwords.fits(password, None if stored is None else stored.reveal()):
        note(house, asking, Deed(word, f"user {name}", "the password is wrong"), outcome="refused")
        raise SignInRefused("The password is not right.")
    with house.catalog.transaction(name) as conn:
        sessions.clear_attempts(conn, (key,))
    return user


def open_session(house: House, conn: Connection, user: UserId, *, address: str) -> Secret:
    """Make a session; the token is known only to the caller."""
    token = Secret(urlsafe_b64encode(house.rng.token(TOKEN_BYTES)).decode().rstrip("="))
    sessions.open_session(
        conn, token_digest=digest_of(token.reveal()), user=user, address=address, at=house.clock.now()
    )
    return token


def _check_pause(conn: Connection, keys: tuple[str, ...], *, now: datetime) -> None:
    """Refuse without checking, counting or writing: what is paused must cost nothing."""
    for attempts in sessions.attempts(conn, keys).values():
        until = attempts.last_at + pause_after(attempts.failures)
        if now < until:
            wait_s = max(1, round((until - now).total_seconds()))
            raise TooManyTries(
                f"Too many wrong tries; the next is looked at in {wait_s} s.", retry_after_s=wait_s
            )
