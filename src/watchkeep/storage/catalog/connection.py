"""Connections to the catalog, and the one place where the database's failures become ours."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

import psycopg
from psycopg import conninfo
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow

from watchkeep.domain.errors import CatalogUnavailable
from watchkeep.storage.catalog.queries import load

Connection = psycopg.Connection[TupleRow]
"""What every function of the catalog works on: an open transaction."""

_QUERIES = load("connection")
_NOT_NOW = (
    psycopg.OperationalError,  # gone, refused, timed out, shut down, deadlocked, disk full
    psycopg.InterfaceError,  # the connection was closed under us
    psycopg.InternalError,  # a fail-over left us on a standby, idle too long, damaged pages
    psycopg.errors.UndefinedTable,  # not migrated yet
)


class CatalogRole(StrEnum):
    """As whom a process speaks to the database."""

    OWNER = "watchkeep_owner"
    """Migrations only."""
    WRITER = "watchkeep_writer"
    READER = "watchkeep_reader"
    """Sees no password, no session and no audit."""
    AUDITOR = "watchkeep_auditor"
    """Adds to the audit and can do nothing else."""


class Catalog:
    """A few connections to one database, opened when wanted, usable from several threads."""

    def __init__(
        self,
        dsn: str,
        *,
        role: CatalogRole,
        statement_timeout_s: float = 15,
        connect_timeout_s: int = 3,
        most_connections: int = 16,
    ) -> None:
        settings = (
            f"-c role={role} -c timezone=UTC -c statement_timeout={int(statement_timeout_s * 1000)}"
            " -c idle_in_transaction_session_timeout=60000 -c jit=off"
            # Roll-ups read what others committed a moment ago; a server may have another default.
            r" -c default_transaction_isolation=read\ committed"
        )
        self._dsn = conninfo.make_conninfo(
            dsn,
            options=settings,
            connect_timeout=connect_timeout_s,
            application_name=str(role),
            # A frozen server keeps its sockets open; without these a query would wait for ever.
            tcp_user_timeout=15_000,
            keepalives_idle=10,
        )
        self._connect_timeout_s = connect_timeout_s
        self._room = threading.BoundedSemaphore(most_connections)
        self._idle: list[Connection] = []
        self._lock = threading.Lock()
        self._is_closed = False

    @contextmanager
    def transaction(self, subject: str | None = None) -> Iterator[Connection]:
        """One transaction: committed and durable when the block ends, rolled back when it raises.

        Args:
            subject: Who acts, seen by the database as `watchkeep.subject` until the transaction ends;
                None means the process itself.

        Raises:
            CatalogUnavailable: The database does not answer now. What the block did is rolled back; if the
                connection broke during the commit it may be done all the same, hence idempotent rows.
        """
        if not self._room.acquire(timeout=self._connect_timeout_s):
            raise CatalogUnavailable("All connections to the database are in use; try again in a moment.")
        try:
            with _as_ours():
                connection = self._take()
                try:
                    with connection.transaction():
                        connection.execute(_QUERIES["act_as"], {"subject": subject or ""})
                        yield connection
                finally:
                    self._give_back(connection)
        finally:
            self._room.release()

    def close(self) -> None:
        """Let go of all idle connections; later transactions open new ones that are not kept."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self) -> Connection:
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return psycopg.connect(self._dsn, autocommit=True)
            try:
                connection.execute(_QUERIES["ping"])
                return connection
            except _NOT_NOW:  # the server was restarted meanwhile; the next one may be new enough
                connection.close()

    def _give_back(self, connection: Connection) -> None:
        with self._lock:
            is_sound = connection.info.transaction_status is TransactionStatus.IDLE
            if is_sound and not self._is_closed:
                self._idle.append(connection)
                return
        connection.close()


@contextmanager
def _as_ours() -> Iterator[None]:
    try:
        yield
    except _NOT_NOW as error:
        # The server's own words name tables and hosts, never a password.
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise CatalogUnavailable(
            f"The database does not answer as it should ({reason}); see whether it runs and has room.",
            reason=reason,
            sqlstate=error.sqlstate,
        ) from error
