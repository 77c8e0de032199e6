"""The power fails under the embedded database: it opens again, and no acknowledged row is lost.

Two cuts of each file system in every run, ten by `make soak-power`. Needs what `test_power.py` needs.
"""

import contextlib
import os
import random
import signal
from collections.abc import Callable, Iterator

import psycopg
import pytest

from system.node_process import wait_until
from system.power_mount import SIZES, PowerMount, power_mount, what_is_missing
from watchkeep.runtime.embedded_postgres import ADMINISTRATOR, EmbeddedPostgres
from watchkeep.runtime.system import SystemClock
from watchkeep.storage.catalog.connection import CatalogRole

CUTS = max(2, int(os.environ.get("WATCHKEEP_CUTS", "8")) // 6)
SEED = int(os.environ.get("WATCHKEEP_SEED", "20261125"))
SIZE_BYTES = 400 << 20
TRIES = 8
FEWER = {"shared_buffers": "16MB", "max_wal_size": "64MB", "min_wal_size": "32MB"}


def connect(server: EmbeddedPostgres) -> psycopg.Connection:
    dsn = server.dsn(CatalogRole.OWNER).replace(str(CatalogRole.OWNER), ADMINISTRATOR)
    return psycopg.connect(dsn, autocommit=True)


def new_server(disk: PowerMount, **settings: str) -> EmbeddedPostgres:
    return EmbeddedPostgres(disk.place / "database", clock=SystemClock(), settings=FEWER | settings)


@pytest.fixture(scope="module", params=sorted(SIZES))
def disk(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    needs_disk: Callable[[str], None],
) -> Iterator[PowerMount]:
    """A file system that holds a database with one empty table."""
    needs_disk(what_is_missing())
    folder = tmp_path_factory.mktemp("power")
    with power_mount(folder / "disk", folder / "place") as mount:
        mount.format(request.param, size_bytes=SIZE_BYTES)
        mount.renew()
        server = new_server(mount)
        server.start()
        with connect(server) as connection:
            connection.execute("create table told (number integer primary key, text text not null)")
        server.stop()
        mount.keep()
        yield mount


def end(disk: PowerMount, server: EmbeddedPostgres) -> None:
    """End a server whose disk has no power, and let go of the disk."""
    if server._pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(server._pid, signal.SIGKILL)
    server.stop()

    def is_unmounted() -> bool:
        try:
            disk.unmount()
        except AssertionError:
            return False
        return True

    wait_until(is_unmounted, seconds=30, what="the last process of the server to let go of the disk")


def cut_once(disk: PowerMount, chance: random.Random, **settings: str) -> tuple[int, int]:
    """Tell rows until the power goes; how many were acknowledged, how many of them are lost."""
    disk.renew()
    server = new_server(disk, **settings)
    server.start()
    told = 0
    with contextlib.suppress(psycopg.Error), connect(server) as connection:
        disk.order(do="cut", after=chance.randint(1, 400), seed=chance.getrandbits(32))
        while True:
            connection.execute("insert into told values (%s, %s)", (told + 1, "x" * chance.randint(1, 2000)))
            told += 1
            if told % 200 == 0:
                connection.execute("checkpoint")
    end(disk, server)
    disk.order(do="off", seed=0)
    disk.power_on()
    server = new_server(disk)
    try:
        server.start()
        with connect(server) as connection:
            found = {number for (number,) in connection.execute("select number from told").fetchall()}
    finally:
        server.stop()
        disk.unmount()
    return told, len(set(range(1, told + 1)) - found)


@pytest.mark.timeout(CUTS * 60 + 120)
def test_a_power_cut_loses_no_row_that_the_database_acknowledged(disk: PowerMount) -> None:
    results = [cut_once(disk, random.Random(SEED + number)) for number in range(CUTS)]
    told, lost = sum(told for told, _ in results), sum(lost for _, lost in results)
    print(f"seed {SEED}: {CUTS} cuts, {told} rows acknowledged, {lost} lost")
    assert told > 0
    assert lost == 0


@pytest.mark.timeout(TRIES * 60 + 60)
def test_a_database_that_does_not_wait_for_the_disk_is_found(disk: PowerMount) -> None:
    for number in range(TRIES):
        _, lost = cut_once(disk, random.Random(SEED + number), synchronous_commit="off")
        if lost:
            print(f"seed {SEED}: found by cut {number + 1}: {lost} rows lost")
            return
    pytest.fail(f"not found in {TRIES} cuts")
