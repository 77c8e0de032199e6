"""Our own supervisor of a PostgreSQL server that lives in the data folder.

It listens on a Unix socket only and lets in, by peer authentication, the user that runs it and the user that
runs Watchkeep. A small shell stands guard:
when our end of its pipe closes, however we died, it stops the server.
"""

import hashlib
import logging
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from watchkeep.domain.clock import Clock
from watchkeep.domain.errors import Unavailable
from watchkeep.runtime.postgres_binaries import (
    Binaries,
    OsUser,
    can_enter,
    database_user,
    find_binaries,
    process_owner,
)
from watchkeep.storage.catalog.connection import CatalogRole
from watchkeep.storage.catalog.founding import found

log = logging.getLogger(__name__)

DATABASE = "watchkeep"
ADMINISTRATOR = "postgres"
"""The database's own superuser; used to found the database and never again."""

_START_LIMIT_S = 120.0  # after a power cut the server first replays its log
_STOP_LIMIT_S = 60.0
_SOCKET_NAME = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH = 107  # bytes; Linux has 108 with the closing zero, macOS 104
_OWN_FOLDER = Path("/proc/self/cwd")

# The watcher reads our pipe; when it closes, it asks for a fast shutdown. The shell itself lives as long as
# the server and ends with the server's exit status.
_GUARD = (
    'exec 3<&0; "$@" </dev/null 3<&- & p=$!;'
    ' (read -r _ <&3; kill -INT "$p") 2>/dev/null & w=$!;'
    ' exec 3<&-; wait "$p"; r=$?; kill "$w" 2>/dev/null; exit "$r"'
)
# The same over a server that was running already.
_GUARD_ADOPTED = 'read -r _; kill -INT "$1" 2>/dev/null'

_SETTINGS: dict[str, str] = {
    "listen_addresses": "''",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "wal_level": "replica",
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "logging_collector": "on",
    "log_directory": "'log'",
    "log_filename": "'postgresql-%a.log'",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_line_prefix": "'%m [%p] %u '",
    # A statement may hold a sealed password or a hash: only its error is logged.
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
}


class EmbeddedPostgres:
    """One server over `<folder>/cluster`; made, started, adopted and stopped."""

    def __init__(self, folder: Path, *, clock: Clock, settings: Mapping[str, str] | None = None) -> None:
        """Nothing is touched before `start`.

        Args:
            folder: `<data>/database`; made if missing.
            clock: To wait by.
            settings: Lines of postgresql.conf over ours, as PostgreSQL writes values.
        """
        self._folder = folder.absolute()
        self._cluster = self._folder / "cluster"
        self._clock = clock
        self._settings = _SETTINGS | dict(settings or {})
        self._user: OsUser | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._pid: int | None = None

    def start(self) -> None:
        """Make the database if there is none, start its server, or adopt the one that still runs.

        On return it answers, and the roles and the database exist; migrations are not run.

        Raises:
            Unavailable: No binaries, no fitting user, or the server did not come up.
        """
        if self._guard is not None and not self.is_running():
            self.stop()  # reaps the guard of a server that died
        self._folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        user = self._user = database_user(self._folder)
        if not self._adopt():
            binaries = find_binaries(user=user, copies=self._folder / "binaries", major=self._made_with())
            if binaries.major != self._made_with():
                self._make(binaries, user)
            self._write_settings(binaries, user)
            self._launch(binaries, user)
        found(self._administrator_dsn(), database=DATABASE)

    def stop(self) -> None:
        """Ask for a fast shutdown and wait for it: nothing that was committed is lost. Twice is harmless."""
        guard, pid = self._guard, self._pid
        self._guard = self._pid = None
        if guard is not None and guard.stdin is not None:
            guard.stdin.close()  # the guard sees this as it would see our death
        if pid is not None and not self._wait_for_end(pid):
            log.warning("database did not stop in time", extra={"pid": pid})
            _send(pid, signal.SIGQUIT)  # immediate shutdown: the log is replayed at the next start
            self._wait_for_end(pid)
        if guard is not None:
            try:
                guard.wait(timeout=5)
            except subprocess.TimeoutExpired:
                guard.kill()
                guard.wait()

    def is_running(self) -> bool:
        """Say whether the server that we started or adopted is alive."""
        return self._pid is not None and _is_postgres(self._pid)

    def dsn(self, role: CatalogRole) -> str:
        """The connection string for one of the catalog's roles; holds no secret."""
        return self._dsn(user=role, database=DATABASE)

    def _administrator_dsn(self) -> str:
        return self._dsn(user=ADMINISTRATOR, database="postgres")

    def _dsn(self, *, user: str, database: str) -> str:
        host = str(self._socket_folder()).replace("\\", "\\\\").replace("'", "\\'")
        return f"host='{host}' port=5432 dbname={database} user={user}"

    def _made_with(self) -> int | None:
        try:
            return int((self._cluster / "PG_VERSION").read_text(encoding="ascii"))
        except FileNotFoundError:
            return None

    def _make(self, binaries: Binaries, user: OsUser) -> None:
        """Run initdb in a folder beside and rename it when it is whole: a kill leaves no half of it."""
        part = self._folder / "cluster.part"
        _remove_tree(part)
        part.mkdir(mode=0o700)
        os.chown(part, user.uid, user.gid)
        command = [str(binaries.folder / "initdb"), "-D", str(self._as_seen(part, user)), "-U", ADMINISTRATOR]
        command += ["--encoding=UTF8", "--auth-local=peer", "--auth-host=reject", "--data-checksums"]
        command += ["--no-instructions", "--locale=C"]
        if binaries.major >= 17:
            # PostgreSQL's own collation: indexes stay right when the system's libraries change.
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        done = subprocess.run(
            command,
            cwd=part,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **process_owner(user),
        )
        if done.returncode != 0:
            raise Unavailable(
                f"The database could not be made in {self._cluster}: {_last_line(done.stderr)}",
                exit_status=done.returncode,
            )
        part.rename(self._cluster)
        _sync_folder(self._folder)

    def _write_settings(self, binaries: Binaries, user: OsUser) -> None:
        """Write who may come in and our settings, anew at every start: a new version brings its own."""
        ours = pwd.getpwuid(os.geteuid()).pw_name
        names = sorted({user.name, ours})
        roles = [ADMINISTRATOR, *CatalogRole]
        ident = "".join(f'watchkeep "{name}" {role}\n' for name in names for role in roles)
        settings = dict(self._settings)
        if binaries.major >= 17:
            settings.setdefault("summarize_wal", "on")
        settings["unix_socket_directories"] = self._socket_setting()
        text = "".join(f"{name} = {value}\n" for name, value in sorted(settings.items()))
        own = self._cluster / "postgresql.conf"
        self._write(self._cluster / "pg_hba.conf", "local all all peer map=watchkeep\n", user)
        self._write(self._cluster / "pg_ident.conf", ident, user)
        self._write(self._cluster / "watchkeep.conf", text, user)
        include = "include 'watchkeep.conf'\n"
        before = own.read_text(encoding="utf-8")
        if not before.endswith(include):
            self._write(own, f"{before}\n{include}", user)

    def _write(self, path: Path, text: str, user: OsUser) -> None:
        part = path.with_name(path.name + ".part")
        part.write_text(text, encoding="utf-8")
        part.chmod(0o600)
        os.chown(part, user.uid, user.gid)
        part.replace(path)

    def _launch(self, binaries: Binaries, user: OsUser) -> None:
        self._clear_stale_pid_file()
        self._make_socket_folder(user)
        start_log = self._folder / "start.log"
        command = [str(binaries.folder / "postgres"), "-D", str(self._as_seen(self._cluster, user))]
        with start_log.open("wb") as output:
            self._guard = subprocess.Popen(
                ["/bin/sh", "-c", _GUARD, "watchkeep-database", *command],
                cwd=self._cluster,
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in a terminal is for us alone
                **process_owner(user),
            )
        limit = self._clock.monotonic_ns() + int(_START_LIMIT_S * 1e9)
        while self._clock.monotonic_ns() < limit:
            status = self._guard.poll()
            if status is not None:
                self.stop()
                raise Unavailable(
                    f"The database server in {self._cluster} ended at once: {self._last_words(start_log)};"
                    f" see {start_log} and {self._cluster / 'log'}.",
                    exit_status=status,
                )
            pid, condition = self._pid_file()
            if pid is not None and condition == "ready" and self._answers():
                self._pid = pid
                return
            self._clock.sleep(0.01)
        self.stop()
        raise Unavailable(
            f"The database server in {self._cluster} did not start in time; see its folder log."
        )

    def _last_words(self, start_log: Path) -> str:
        """What the server complained of: in its own log, or in what it said before it opened that."""
        logs = sorted((self._cluster / "log").glob("*.log"), key=lambda path: path.stat().st_mtime)
        text = "".join(path.read_text(encoding="utf-8", errors="replace") for path in (*logs[-1:], start_log))
        complaints = [line for line in text.splitlines() if "FATAL:" in line]
        return _last_line("\n".join(complaints) or text)

    def _adopt(self) -> bool:
        """Take over a server that outlived the Watchkeep before us, and its guard."""
        pid, condition = self._pid_file()
        if pid is None or not _is_postgres(pid):
            return False
        if condition != "ready" or not self._answers():
            self._wait_for_end(pid)  # it is on its way down: its old guard saw the other Watchkeep die
            return False
        self._pid = pid
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD_ADOPTED, "watchkeep-database", str(pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        log.info("running database adopted", extra={"pid": pid})
        return True

    def _pid_file(self) -> tuple[int | None, str]:
        try:
            lines = (self._cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            return int(lines[0]), lines[7].strip() if len(lines) > 7 else ""
        except (FileNotFoundError, ValueError, IndexError):
            return None, ""

    def _clear_stale_pid_file(self) -> None:
        """After a restart of the machine the number may be somebody else's; PostgreSQL would not start."""
        pid, _ = self._pid_file()
        if pid is not None and not _is_postgres(pid):
            (self._cluster / "postmaster.pid").unlink(missing_ok=True)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(str(self._socket_folder() / _SOCKET_NAME))
            except OSError:
                return False
        return True

    def _wait_for_end(self, pid: int) -> bool:
        limit = self._clock.monotonic_ns() + int(_STOP_LIMIT_S * 1e9)
        while _is_postgres(pid):
            if self._clock.monotonic_ns() > limit:
                return False
            self._clock.sleep(0.01)
        return True

    def _as_seen(self, folder: Path, user: OsUser) -> Path:
        """How the server names a folder that it starts in.

        Where its user cannot pass the folders above (a data folder below /root), it names the folder as the
        one it stands in, which it never leaves.
        """
        if can_enter(folder, user):
            return folder
        if not _OWN_FOLDER.exists():
            raise Unavailable(
                f"The user {user.name}, who runs the database, cannot reach {folder};"
                " choose a data folder outside private homes.",
                user=user.name,
            )
        return _OWN_FOLDER

    def _socket_folder(self) -> Path:
        if len(os.fsencode(self._cluster / _SOCKET_NAME)) < _LONGEST_SOCKET_PATH - 3:
            return self._cluster
        word = hashlib.sha256(os.fsencode(self._cluster)).hexdigest()[:12]
        runtime = Path("/run") if os.geteuid() == 0 and os.access("/run", os.W_OK) else None
        place = runtime or Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
        return place / f"watchkeep-{word}"

    def _socket_setting(self) -> str:
        folder = self._socket_folder()
        if folder == self._cluster:
            return "'.'"  # the server stands in its cluster and never leaves it
        in_list = '"' + str(folder).replace('"', '""') + '"'
        return "'" + in_list.replace("\\", "\\\\").replace("'", "''") + "'"

    def _make_socket_folder(self, user: OsUser) -> None:
        folder = self._socket_folder()
        if folder == self._cluster:
            return
        try:
            folder.mkdir(mode=0o700)
            os.chown(folder, user.uid, user.gid)
        except FileExistsError:
            pass
        found_one = folder.lstat()
        if not stat.S_ISDIR(found_one.st_mode) or found_one.st_uid != user.uid or found_one.st_mode & 0o077:
            raise Unavailable(
                f"{folder} should be a private folder of {user.name} for the database's socket and is not;"
                " remove it.",
                folder=str(folder),
            )


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


def _is_postgres(pid: int) -> bool:
    """Say whether the process lives and, where the system tells, is a PostgreSQL server."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False  # somebody else's
    status = Path(f"/proc/{pid}/status")
    if not Path("/proc/self/status").exists():
        return True
    try:
        text = status.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return "Name:\tpostgres\n" in text and "State:\tZ" not in text


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it said nothing"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_tree(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
