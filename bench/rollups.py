"""Roll-ups of a stream of events: 64 cameras in eight zones, 384 events a minute, 2 % up to two hours late.

As many tracks come with them. Two databases get the same rows by turns, one upsert each, as the analyst
writes them; in one nothing is marked, so the difference is what marking costs. The other is refreshed every
ten seconds of the stream, as the keeper does, and in the end compared with a recount in Python. Seconds are
CPU of the server; of a refresh also its client's.

    make bench-rollups              (QUICK=1: half an hour of the stream instead of six)
"""

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

import psutil
import psycopg

from catalog_rows import FRONT_MAIN
from figures import IS_QUICK, Figures
from rollup_rows import PUT_EVENT, PUT_TRACK, ZONES, add_sites, differences, make_days
from watchkeep.domain.ids import CameraId, uuid8
from watchkeep.runtime.embedded_postgres import ADMINISTRATOR, DATABASE, EmbeddedPostgres
from watchkeep.runtime.system import SystemClock
from watchkeep.storage.catalog.connection import Catalog, CatalogRole
from watchkeep.storage.catalog.migrations import migrate
from watchkeep.storage.catalog.rollups import refresh

MINUTES = 30 if IS_QUICK else 360
TURN_S = 10
A_TURN = 384 * TURN_S // 60
START = datetime(2026, 10, 24, 21, tzinfo=UTC)
"""In Berlin an hour before the day on which clocks go back; six hours reach beyond that."""
LATE_SHARE = 0.02
MOST_LATE_S = 7200
NAMES = ["Asia/Kolkata", "UTC", "Europe/London", *ZONES.values()]
CAMERAS = {CameraId(f"camera-{number:02}"): NAMES[number % len(NAMES)] for number in range(64)}
UNMARKED = "unmarked"


class Timed:
    """A connection whose server process is watched."""

    def __init__(self, dsn: str) -> None:
        self.connection = psycopg.connect(dsn, options="-c timezone=UTC")
        self._process = psutil.Process(self.connection.info.backend_pid)

    def cpu_s(self) -> float:
        """CPU seconds of the server process so far."""
        return cpu_s(self._process)

    def write(self, facts: list[dict[str, object]]) -> float:
        """Put rows of both kinds in one transaction; wall seconds."""
        began = time.perf_counter()
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.executemany(PUT_EVENT, [{**each, "type": each["kind"]} for each in facts])
            cursor.executemany(PUT_TRACK, facts)
        return time.perf_counter() - began


def cpu_s(process: psutil.Process) -> float:
    """CPU seconds of a process so far, to a hundredth."""
    times = process.cpu_times()
    return times.user + times.system


def rows(turn: int, chance: random.Random) -> list[dict[str, object]]:
    """What ten seconds bring."""
    now = START + timedelta(seconds=turn * TURN_S)
    made: list[dict[str, object]] = []
    for _ in range(A_TURN):
        late_s = chance.random() * MOST_LATE_S if chance.random() < LATE_SHARE else chance.random() * TURN_S
        at = now - timedelta(seconds=late_s)
        made.append(
            {
                "id": uuid8(at, chance.randbytes(32)),
                "at": at,
                "camera": chance.choice(list(CAMERAS)),
                "stream": FRONT_MAIN,
                "type": chance.choice(["person", "person", "car", "bicycle", "dog"]),
                "kind": chance.choice(["object", "zone_visit", "line_cross"]),
                "confidence_e4": chance.randint(4000, 9900),
                "has_moved": chance.random() < 0.9,
                "severity": chance.choice([0, 1, 1, 1, 2, 3]),
            }
        )
    return made


@contextmanager
def server() -> Iterator[EmbeddedPostgres]:
    """A server as a node has it, with the product's database and one that marks nothing."""
    with tempfile.TemporaryDirectory() as folder:
        made = EmbeddedPostgres(Path(folder) / "database", clock=SystemClock())
        made.start()
        try:
            migrate(made.dsn(CatalogRole.OWNER))
            administrator = made.dsn(ADMINISTRATOR).replace(f"dbname={DATABASE}", "dbname=postgres")
            with psycopg.connect(administrator, autocommit=True) as connection:
                connection.execute(f"create database {UNMARKED} template {DATABASE} owner watchkeep_owner")
            days = {date(2026, 10, 24), date(2026, 10, 25)}
            for database in (DATABASE, UNMARKED):
                with psycopg.connect(dsn(made, database, CatalogRole.OWNER)) as connection:
                    connection.execute("set role watchkeep_owner")
                    make_days(connection, days)
                    add_sites(connection, CAMERAS)
                    if database == UNMARKED:
                        connection.execute("alter table events disable trigger user")
                        connection.execute("alter table tracks disable trigger user")
            yield made
        finally:
            made.stop()


def dsn(made: EmbeddedPostgres, database: str, role: CatalogRole) -> str:
    """Leads to one of the two databases."""
    return made.dsn(role).replace(f"dbname={DATABASE}", f"dbname={database}")


class Refresher:
    """Refreshes, and sums up what that takes."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        with catalog.transaction() as connection:
            # A catalog uses the connection again that was given back last.
            self._server = psutil.Process(connection.info.backend_pid)
        self._client = psutil.Process()
        self.server_s = 0.0
        self.client_s = 0.0
        self.wall_s: list[float] = []

    def turn(self, at: datetime) -> None:
        """Refresh until nothing is left."""
        server_s, client_s, began = cpu_s(self._server), cpu_s(self._client), time.perf_counter()
        while not refresh(self._catalog, at=at).is_over:
            pass
        self.wall_s.append(time.perf_counter() - began)
        self.server_s += cpu_s(self._server) - server_s
        self.client_s += cpu_s(self._client) - client_s


def main() -> int:
    """Run it."""
    figures = Figures("rollups")
    chance = random.Random(3)
    turns = MINUTES * 60 // TURN_S
    with server() as made:
        catalog = Catalog(made.dsn(CatalogRole.WRITER), role=CatalogRole.WRITER)
        marked = Timed(dsn(made, DATABASE, CatalogRole.WRITER))
        unmarked = Timed(dsn(made, UNMARKED, CatalogRole.WRITER))
        refresher = Refresher(catalog)
        wall = {id(marked): 0.0, id(unmarked): 0.0}
        for turn in range(turns):
            facts = rows(turn, chance)
            for each in (marked, unmarked) if turn % 2 else (unmarked, marked):
                wall[id(each)] += each.write(facts)
            refresher.turn(START + timedelta(seconds=turn * TURN_S))
        tell(figures, turns, marked.cpu_s(), unmarked.cpu_s(), refresher)
        tell_equality(figures, catalog, turns)
        for each in (marked, unmarked):
            each.connection.close()
        catalog.close()
    return figures.end()


def tell(figures: Figures, turns: int, marked_s: float, unmarked_s: float, refresher: Refresher) -> None:
    """What writing and refreshing took."""
    written = turns * A_TURN * 2
    with_us, without_us = marked_s / written * 1e6, unmarked_s / written * 1e6
    against = f"{without_us:.1f} us without marks, interleaved"
    figures.add("insert.cpu", with_us, "us server CPU a row", n=written, against=against)
    figures.add("insert.marking_cpu", with_us - without_us, "us server CPU a row", n=written, most=100)
    server_ms, client_ms = refresher.server_s / turns * 1e3, refresher.client_s / turns * 1e3
    figures.add("refresh.server_cpu", server_ms, "ms a refresh", n=turns)
    figures.add("refresh.client_cpu", client_ms, "ms a refresh", n=turns)
    figures.add("refresh.wall_median", median(refresher.wall_s) * 1e3, "ms", n=turns)
    share = (refresher.server_s + refresher.client_s) / (turns * TURN_S)
    figures.add("refresh.core_share", share * 100, "% of a core", n=turns, most=2)


def tell_equality(figures: Figures, catalog: Catalog, turns: int) -> None:
    """Whether all came out right, and how large it is."""
    with catalog.transaction() as connection:
        found = differences(connection, CAMERAS)
        for line in found[:10]:
            print(line, file=sys.stderr)
        for table in ("object_counts", "event_counts", "dirty_buckets"):
            row = connection.execute(
                "select pg_total_relation_size(%s::regclass), (select count(*) from object_counts)", (table,)
            ).fetchone()
            assert row is not None
            figures.add(f"size.{table}", row[0] / 1e6, "MB", n=turns)
        kept = sum(
            row[0]
            for row in connection.execute(
                "select count(*) from object_counts union all select count(*) from event_counts"
            )
        )
    figures.add("differences", len(found), "buckets", n=kept, most=0, against="a recount in Python")


if __name__ == "__main__":
    sys.exit(main())
