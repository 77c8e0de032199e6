"""Who is signed in, and who failed to."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from watchkeep.domain.ids import UserId
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.queries import load

_QUERIES = load("sessions")

IDLE_LIMIT = timedelta(minutes=30)
AGE_LIMIT = timedelta(hours=12)
TOUCH_STEP = timedelta(seconds=30)
"""A session in use is written down this often, not at every request."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """Failed sign-ins in a row, and the last of them."""

    failures: int
    last_at: datetime


def open_session(
    connection: Connection, *, token_digest: bytes, user: UserId, address: str, at: datetime
) -> None:
    """Remember that somebody signed in; `token_digest` is SHA-256 of the token (32 bytes)."""
    facts = {"digest": token_digest, "user": user, "address": address, "at": at}
    connection.execute(_QUERIES["open_session"], facts)


def session_user(
    connection: Connection,
    token_digest: bytes,
    *,
    now: datetime,
    idle_limit: timedelta = IDLE_LIMIT,
    age_limit: timedelta = AGE_LIMIT,
    is_use: bool = True,
) -> UserId | None:
    """Whose living session it is; None if unknown, idle, old or its account gone.

    Args:
        connection: An open transaction.
        token_digest: SHA-256 of the token (32 bytes).
        now: The instant.
        idle_limit: How long it may go unused.
        age_limit: How long it may live.
        is_use: Whether asking counts as using it; looking again whether it still lives does not.
    """
    facts = {"digest": token_digest, "idle_since": now - idle_limit, "made_since": now - age_limit}
    row = connection.execute(_QUERIES["session"], facts).fetchone()
    if row is None:
        return None
    if is_use and now - row[2] >= TOUCH_STEP:
        connection.execute(_QUERIES["touch_session"], {"digest": token_digest, "at": now})
    return UserId(row[0])


def close_session(connection: Connection, token_digest: bytes) -> None:
    """Sign out; an unknown session is no error."""
    connection.execute(_QUERIES["close_session"], {"digest": token_digest})


def close_sessions_of(connection: Connection, user: UserId, *, but: bytes | None = None) -> int:
    """Sign an account out everywhere, but for the session whose digest is given; returns how many ended."""
    return connection.execute(_QUERIES["close_sessions_of"], {"user": user, "but": but}).rowcount


def forget_sessions(
    connection: Connection,
    *,
    now: datetime,
    idle_limit: timedelta = IDLE_LIMIT,
    age_limit: timedelta = AGE_LIMIT,
) -> int:
    """Remove sessions that nobody can use any more; returns how many."""
    facts = {"idle_since": now - idle_limit, "made_since": now - age_limit}
    return connection.execute(_QUERIES["forget_sessions"], facts).rowcount


def attempts(connection: Connection, keys: Collection[str]) -> dict[str, Attempts]:
    """Failed sign-ins by key ("account:ada", "address:192.0.2.7"); keys without any are left out."""
    return {
        key: Attempts(failures, last_at.astimezone(UTC))
        for key, failures, last_at in connection.execute(_QUERIES["attempts"], {"keys": list(keys)})
    }


def count_attempt(connection: Connection, key: str, *, at: datetime, quiet: timedelta) -> int:
    """Count a failed sign-in; returns how many in a row. After a quiet time the count begins anew."""
    row = connection.execute(
        _QUERIES["count_attempt"], {"key": key, "at": at, "quiet_since": at - quiet}
    ).fetchone()
    return 0 if row is None else int(row[0])


def clear_attempts(connection: Connection, keys: Collection[str]) -> None:
    """Forget failures after a good sign-in."""
    connection.execute(_QUERIES["clear_attempts"], {"keys": list(keys)})


def forget_attempts(connection: Connection, *, before: datetime) -> int:
    """Remove counts older than an instant; returns how many."""
    return connection.execute(_QUERIES["forget_attempts"], {"quiet_since": before}).rowcount
