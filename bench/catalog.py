"""The catalog of 32 cameras and 180 days: 8.3 million segments of a minute, through the real schema.

Each question is asked over a connection of its own, as a new reader asks it; medians. Beside it, in the same
run, as many rows of ten seconds in a table as Frigate's (SQLite, with its seven indexes), asked the same.

    make bench-catalog              (QUICK=1: an eighteenth of the days, of both)

The databases lie in WATCHKEEP_BENCH_FOLDER, else in the system's folder for temporary files; they take 10 GB.
"""

import hashlib
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from uuid import UUID

import psutil
import psycopg

from catalog_rows import NODE, SITE, VOLUME, id7
from figures import IS_QUICK, Figures
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.ids import CameraId, StreamId
from watchkeep.domain.interval import Interval
from watchkeep.domain.retention import judge
from watchkeep.runtime.embedded_postgres import EmbeddedPostgres
from watchkeep.runtime.system import SystemClock
from watchkeep.storage.catalog import cameras, footage, hours, policies, retention, storage_figures
from watchkeep.storage.catalog.cameras import SealedCamera, SealedStream, Site
from watchkeep.storage.catalog.connection import Catalog, CatalogRole, Connection
from watchkeep.storage.catalog.migrations import migrate
from watchkeep.storage.catalog.retention import Limits

CAMERAS = 32
DAYS = 10 if IS_QUICK else 180
A_DAY = 1440
END = datetime(2026, 11, 30, tzinfo=UTC)
START = END - timedelta(days=DAYS)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
TURNS = 9
KEEP = timedelta(days=DAYS - 1)
"""A day of the oldest is due."""
SUMMARY = Interval(END - min(30, DAYS) * DAY, END)
HOUR = Interval(END - 3 * DAY + timedelta(hours=14), END - 3 * DAY + timedelta(hours=15))
NAMES = [CameraId(f"camera-{number:02}") for number in range(CAMERAS)]
STREAMS = [StreamId(UUID(int=0x57 << 64 | number)) for number in range(CAMERAS)]
COPY = """
copy video_segments (
    segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state,
    volume_id, file_path, size_bytes, fragment_count, root_digest, shred_key, node_id
) from stdin
"""
FRIGATE_ROWS_A_DAY = 8640
FRIGATE_DAYS = DAYS / 6
"""So that both have as many rows."""


def rows_of_day(day: datetime) -> Iterator[tuple[object, ...]]:
    """A day's segments as the recorder would have told them, in the order in which they end."""
    shred_day = f"{day:%Y-%m-%d}"
    for minute in range(A_DAY):
        start = day + minute * MINUTE
        for number, camera in enumerate(NAMES):
            segment = id7(start, number)
            yield (
                segment,
                start,
                start + MINUTE,
                UUID(int=(number + 1) << 64 | day.toordinal()),
                camera,
                STREAMS[number],
                "main",
                minute,
                "raw_footage",
                "closed",
                VOLUME,
                f"{camera}/{shred_day}/{segment}.wks",
                15_000_000 + (minute * 7919 + number * 104_729) % 4_000_000,
                120,
                hashlib.sha256(segment.bytes).digest(),
                f"{camera}/{shred_day}/raw_footage",
                NODE,
            )


def fill(catalog: Catalog) -> None:
    """Cameras, runs and segments, a day at a time; each partition is analysed, as autovacuum would."""
    with catalog.transaction() as connection:
        cameras.put_site(connection, Site(id=SITE, name="Home", zone="UTC"))
        for camera, stream in zip(NAMES, STREAMS, strict=True):
            main = SealedStream(id=stream, camera=camera, role=StreamRole.MAIN, url="rtsp://192.0.2.7/")
            made = SealedCamera(
                id=camera,
                site=SITE,
                name=camera,
                is_enabled=True,
                retention_days=180,
                streams=(main,),
                created_at=START,
            )
            cameras.insert_camera(connection, made)
    for number in range(DAYS):
        day = START + number * DAY
        with catalog.transaction() as connection, connection.cursor() as cursor:
            cursor.execute("select make_partitions(%s::date)", (day,))
            for camera in range(CAMERAS):
                cursor.execute(
                    'insert into videos (video_id, camera_id, stream_id, "timestamp", is_provisional)'
                    " values (%s, %s, %s, %s, false)",
                    (UUID(int=(camera + 1) << 64 | day.toordinal()), NAMES[camera], STREAMS[camera], day),
                )
            with cursor.copy(COPY) as copy:
                for row in rows_of_day(day):
                    copy.write_row(row)


class Reader:
    """Asks each question over a new connection; what is told is the question alone, in milliseconds."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    def median_ms(self, ask: Callable[[Connection], object]) -> float:
        """The median of some askings, after one that fills the operating system's cache."""
        times = [self._once(ask) for _ in range(TURNS + 1)]
        return median(times[1:])

    def _once(self, ask: Callable[[Connection], object]) -> float:
        with psycopg.connect(self._dsn, options="-c timezone=UTC") as connection:
            connection.execute("select 1")
            began = time.perf_counter()
            ask(connection)
            return (time.perf_counter() - began) * 1e3


def tell_queries(figures: Figures, reader: Reader, theirs: "Theirs") -> None:
    """What a page asks."""
    days = [Interval(START + number * DAY, START + (number + 1) * DAY) for number in range(DAYS)]
    hour = timedelta(hours=1)
    questions: list[tuple[str, Callable[[Connection], object], float, str]] = [
        ("one_hour", lambda conn: footage.segments_between(conn, STREAMS[7], HOUR), 5, theirs.one_hour()),
        (
            "summary_30_d",
            lambda conn: footage.recorded_per_hours(conn, STREAMS[7], SUMMARY, bucket=hour),
            20,
            theirs.summary(),
        ),
        ("days_with_footage", lambda conn: hours.days_with_footage(conn, NAMES, days), 20, theirs.days()),
        ("footage_bounds", lambda conn: footage.footage_bounds(conn, STREAMS[7]), 5, ""),
        ("storage_by_camera", lambda conn: storage_figures.storage_by_camera(conn, now=END), 500, ""),
        ("stored_by_hour", hours.stored_by_hour, 2000, ""),
    ]
    for name, ask, most, against in questions:
        figures.add(name, reader.median_ms(ask), "ms", n=TURNS, most=most, against=against)
    with psycopg.connect(reader._dsn, options="-c timezone=UTC") as connection:  # noqa: SLF001
        footage.segments_between(connection, STREAMS[7], HOUR)
        began = time.perf_counter()
        for _ in range(TURNS):
            footage.segments_between(connection, STREAMS[7], HOUR)
        kept_ms = (time.perf_counter() - began) / TURNS * 1e3
        figures.add("one_hour_kept_connection", kept_ms, "ms", n=TURNS, most=5, against="as the page asks it")
        assert len(footage.segments_between(connection, STREAMS[7], HOUR)) == 60
        assert (
            len(footage.recorded_per_hours(connection, STREAMS[7], SUMMARY, bucket=hour))
            == min(30, DAYS) * 24
        )
        assert len(hours.days_with_footage(connection, NAMES, days)) == DAYS


def tell_sweep(figures: Figures, catalog: Catalog) -> None:
    """Deciding of each segment whether it goes, as the sweeper does; a day of them goes. CPU of both."""
    with catalog.transaction() as connection:
        server = psutil.Process(connection.info.backend_pid)
        client, began = psutil.Process(), time.perf_counter()
        before = cpu_s(server) + cpu_s(client)
        book = policies.read(connection)
        keeps = {camera: replace(book.keeps(camera), raw=KEEP) for camera in NAMES}
        due = 0
        found = retention.due(connection, Limits.by_age(keeps, END), (), most=10 * A_DAY)
        claims = retention.claims(connection, found, keeps)
        for each in found:
            verdict = judge(each, keeps=keeps[each.camera], claims=claims.get(each.camera, ()), now=END)
            due += verdict.is_expired
        spent = cpu_s(server) + cpu_s(client) - before
    assert due == CAMERAS * A_DAY, due
    n = CAMERAS * A_DAY * DAYS
    wall = f"{time.perf_counter() - began:.1f} s of clock; {due} go"
    figures.add("sweep_decision", spent, "s of CPU", n=n, most=60, against=wall)


def cpu_s(process: psutil.Process) -> float:
    """CPU seconds of a process so far."""
    times = process.cpu_times()
    return times.user + times.system


def tell_size(figures: Figures, catalog: Catalog, theirs: "Theirs") -> None:
    """Bytes a segment: rows, indexes, counts by hour and all."""
    count = CAMERAS * A_DAY * DAYS
    with catalog.transaction() as connection:
        parts = dict(
            connection.execute(
                """
                select kind, sum(bytes)::bigint
                  from (
                      select case when c.relname like 'video\\_segments%' then
                                 case c.relkind when 'i' then 'indexes' else 'rows' end
                             else 'hours' end as kind,
                             pg_relation_size(c.oid) as bytes
                        from pg_class c
                       where c.relkind in ('r', 'i')
                         and (c.relname like 'video\\_segments%'
                              or c.relname like any (array['stream\\_hours%', 'stored\\_hours%']))
                  ) as found
                 group by kind
                """
            ).fetchall()
        )
    whole = sum(parts.values()) / count
    detail = ", ".join(f"{name} {size / count:.0f}" for name, size in sorted(parts.items()))
    figures.add(
        "bytes_per_segment", whole, "B", n=count, against=f"{theirs.row_bytes():.0f} B of Frigate's; {detail}"
    )
    a_day = whole * A_DAY / 1e6
    ours = f"{theirs.row_bytes() * FRIGATE_ROWS_A_DAY / 1e6:.2f} MB of Frigate's"
    figures.add("catalog_per_camera_day", a_day, "MB", n=count, against=ours)


class Theirs:
    """Frigate's table of recordings with its indexes, filled with as many rows; asked the same."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows = int(CAMERAS * FRIGATE_DAYS * FRIGATE_ROWS_A_DAY)
        self._end = END.timestamp()
        self._start = self._end - FRIGATE_DAYS * 86_400
        connection = sqlite3.connect(path)
        connection.executescript(
            """
            pragma journal_mode = off;
            pragma synchronous = off;
            create table recordings (
                id varchar(30) not null primary key, camera varchar(20) not null, path varchar(255) not null,
                start_time datetime not null, end_time datetime not null, duration real not null,
                objects integer, motion integer, segment_size real not null, dBFS integer, regions integer
            );
            """
        )
        connection.executemany(
            "insert into recordings values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", self._made()
        )
        connection.executescript(
            """
            create unique index recordings_path on recordings (path);
            create index recordings_camera on recordings (camera);
            create index recordings_start_time on recordings (start_time);
            create index recordings_camera_segment_size on recordings (camera, segment_size);
            create index recordings_camera_start_time_end_time
                on recordings (camera, start_time desc, end_time desc);
            create index recordings_activity on recordings (camera, start_time desc, regions);
            create index recordings_api_recordings_summary
                on recordings (camera, start_time desc, duration, motion, objects);
            """
        )
        connection.commit()
        connection.close()

    def _made(self) -> Iterator[tuple[object, ...]]:
        for slot in range(int(FRIGATE_DAYS * FRIGATE_ROWS_A_DAY)):
            start = self._start + slot * 10
            at = datetime.fromtimestamp(start, UTC)
            for camera in NAMES:
                name = f"{start:.6f}-{(slot * 31 + len(camera)) % 2_000_000_000:06x}"
                path = f"/media/frigate/recordings/{at:%Y-%m-%d/%H}/{camera}/{at:%M.%S}.mp4"
                yield (
                    name + camera[-2:],
                    camera,
                    path,
                    start,
                    start + 10,
                    10.0,
                    slot % 3,
                    slot % 50,
                    2.53,
                    -40,
                    slot % 2,
                )

    def row_bytes(self) -> float:
        """Of a row with its indexes."""
        return self._path.stat().st_size / self._rows

    def one_hour(self) -> str:
        """Segments of one hour of one camera."""
        start, end = self._end - 86_400, self._end - 82_800
        return self._tell(
            "select path, start_time, end_time from recordings where (start_time between ? and ?"
            " or end_time between ? and ? or (? > start_time and ? < end_time)) and camera = ?"
            " order by start_time",
            (start, end, start, end, start, end, NAMES[7]),
            expected=361,
        )

    def summary(self) -> str:
        """What each hour of one camera has, all its days."""
        return self._tell(
            "select strftime('%Y-%m-%d %H', datetime(start_time, 'unixepoch')), sum(duration), sum(motion),"
            " sum(objects) from recordings where camera = ? group by 1 order by 1 desc",
            (NAMES[7],),
            expected=int(FRIGATE_DAYS * 24),
        )

    def days(self) -> str:
        """The days of which there is anything."""
        return self._tell(
            "select distinct strftime('%Y-%m-%d', datetime(start_time, 'unixepoch')) from recordings"
            f" where camera in ({', '.join('?' * CAMERAS)})",
            NAMES,
            expected=None,
        )

    def _tell(self, question: str, facts: object, *, expected: int | None) -> str:
        times: list[float] = []
        for _ in range(4):
            connection = sqlite3.connect(self._path)
            began = time.perf_counter()
            found = connection.execute(question, facts).fetchall()  # type: ignore[arg-type]
            times.append((time.perf_counter() - began) * 1e3)
            connection.close()
            assert expected is None or abs(len(found) - expected) <= 1, len(found)
        return f"{median(times[1:]):.1f} ms by Frigate's schema, {self._rows} rows of 10 s"


def main() -> int:
    """Run it."""
    figures = Figures("catalog")
    with tempfile.TemporaryDirectory(dir=os.environ.get("WATCHKEEP_BENCH_FOLDER")) as folder:
        theirs = Theirs(Path(folder) / "frigate.db")
        server = EmbeddedPostgres(Path(folder) / "database", clock=SystemClock())
        server.start()
        try:
            migrate(server.dsn(CatalogRole.OWNER))
            catalog = Catalog(server.dsn(CatalogRole.WRITER), role=CatalogRole.WRITER)
            began = time.perf_counter()
            fill(catalog)
            n = CAMERAS * A_DAY * DAYS
            figures.add("filling", n / (time.perf_counter() - began), "segments/s", n=n)
            with psycopg.connect(server.dsn(CatalogRole.OWNER), autocommit=True) as owner:
                owner.execute("set role watchkeep_owner")
                owner.execute("vacuum (analyze) video_segments, stream_hours, stored_hours, videos")
            tell_queries(figures, Reader(server.dsn(CatalogRole.WRITER)), theirs)
            tell_sweep(figures, catalog)
            tell_size(figures, catalog, theirs)
            catalog.close()
        finally:
            server.stop()
    return figures.end()


if __name__ == "__main__":
    sys.exit(main())
