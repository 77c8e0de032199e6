"""Tracks and events as raw rows, and their roll-ups counted in Python by other means than the product's."""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import LiteralString
from uuid import UUID
from zoneinfo import ZoneInfo

from catalog_rows import FRONT_MAIN
from catalog_server import Database
from watchkeep.domain.ids import CameraId
from watchkeep.storage.catalog.connection import Catalog, CatalogRole, Connection
from watchkeep.storage.catalog.rollups import refresh

ZONES = {
    CameraId("berlin"): "Europe/Berlin",
    CameraId("new-york"): "America/New_York",
    CameraId("kathmandu"): "Asia/Kathmandu",
    CameraId("lord-howe"): "Australia/Lord_Howe",
    CameraId("chatham"): "Pacific/Chatham",
}
LENGTHS_S = (300, 900, 3600, 86400, 604800)
NOW = datetime(2026, 11, 25, tzinfo=UTC)
MONDAY = datetime(2026, 3, 23, 22, 58, tzinfo=UTC)
"""Two minutes before a Tuesday in Berlin, whose clocks change on the next Sunday."""
BERLIN = CameraId("berlin")
Counts = dict[tuple[int, str, datetime, str], tuple[int, ...]]

PUT_TRACK = """
insert into tracks (
    track_id, start_time, end_time, camera_id, stream_id, object_type, confidence_e4, observations, has_moved,
    is_over
) values (
    %(id)s, %(at)s, %(at)s, %(camera)s, %(stream)s, %(type)s, %(confidence_e4)s, 5, %(has_moved)s, true
)
on conflict (track_id, start_time) do update
   set camera_id = excluded.camera_id,
       object_type = excluded.object_type,
       confidence_e4 = excluded.confidence_e4,
       has_moved = excluded.has_moved
"""
PUT_EVENT = """
insert into events (
    event_id, "timestamp", detected_at, camera_id, event_type, confidence, severity, stream_id, object_type,
    seen_until, revision, best_at, best_score, best_left, best_top, best_right, best_bottom
) values (
    %(id)s, %(at)s, %(at)s, %(camera)s, %(type)s, 0.9, %(severity)s, %(stream)s, 'person',
    %(at)s, 1, %(at)s, 0.5, 0.1, 0.1, 0.2, 0.2
)
on conflict (event_id, "timestamp") do update
   set camera_id = excluded.camera_id,
       event_type = excluded.event_type,
       severity = excluded.severity
"""


def put_track(
    connection: Connection,
    number: int,
    at: datetime,
    *,
    camera: str = "berlin",
    type_: str = "person",
    confidence_e4: int = 9000,
    has_moved: bool = True,
) -> None:
    facts = {
        "id": UUID(int=number),
        "at": at,
        "camera": camera,
        "stream": FRONT_MAIN,
        "type": type_,
        "confidence_e4": confidence_e4,
        "has_moved": has_moved,
    }
    connection.execute(PUT_TRACK, facts)


def put_event(
    connection: Connection,
    number: int,
    at: datetime,
    *,
    camera: str = "berlin",
    type_: str = "object",
    severity: int = 1,
) -> None:
    facts = {
        "id": UUID(int=number),
        "at": at,
        "camera": camera,
        "stream": FRONT_MAIN,
        "type": type_,
        "severity": severity,
    }
    connection.execute(PUT_EVENT, facts)


def add_sites(connection: Connection, zones: Mapping[CameraId, str] = ZONES) -> None:
    """A site for each camera, in its zone."""
    for number, (camera, zone) in enumerate(zones.items()):
        site = UUID(int=0x5000 + number)
        connection.execute(
            "insert into sites (site_id, name, zone) values (%s, %s, %s)", (site, camera, zone)
        )
        connection.execute(
            "insert into cameras (camera_id, site_id, name, created_at) values (%s, %s, %s, %s)",
            (camera, site, camera, NOW),
        )


def make_days(connection: Connection, days: set[date]) -> None:
    """Partitions for these days; as the owner."""
    for day in sorted(days):
        connection.execute("select make_partition('tracks', %s), make_partition('events', %s)", (day, day))


def a_yard(database: Database) -> Iterator[Catalog]:
    """A catalog with cameras in five zones, and partitions for two weeks around MONDAY."""
    owner = database.catalog(CatalogRole.OWNER)
    with owner.transaction() as connection:
        make_days(connection, {(MONDAY + timedelta(days=n)).date() for n in range(-2, 12)})
        add_sites(connection)
    owner.close()
    catalog = database.catalog()
    yield catalog
    catalog.close()


def refresh_all(catalog: Catalog, *, most: int = 5000) -> int:
    """Refresh until nothing is left; how many marks that took."""
    marks = 0
    while True:
        done = refresh(catalog, at=NOW, most=most)
        marks += done.marks
        if done.is_over:
            return marks


def stored(connection: Connection, table: str) -> Counts:
    """What a table of roll-ups says."""
    if table == "object_counts":
        rows = connection.execute(
            'select bucket_s, camera_id, "timestamp", object_type, count, confidence_e4 from object_counts'
        )
        return {(row[0], row[1], row[2], row[3]): (row[4], row[5]) for row in rows}
    rows = connection.execute(
        'select bucket_s, camera_id, "timestamp", event_type, count, severity_counts from event_counts'
    )
    return {(row[0], row[1], row[2], row[3]): (row[4], *row[5]) for row in rows}


def recounted(connection: Connection, table: str, zones: Mapping[CameraId, str] = ZONES) -> Counts:
    """What a table of roll-ups should say."""
    found: defaultdict[tuple[int, str, datetime, str], list[int]]
    if table == "object_counts":
        found = defaultdict(lambda: [0, 0])
        rows = connection.execute(
            "select camera_id, start_time, object_type, confidence_e4 from tracks where has_moved"
        )
    else:
        found = defaultdict(lambda: [0, 0, 0, 0, 0])
        rows = connection.execute('select camera_id, "timestamp", event_type, severity from events')
    for camera, at, type_, figure in rows:
        for length_s in LENGTHS_S:
            cell = found[length_s, camera, start_of(at, length_s, zones[camera]), type_]
            cell[0] += 1
            if table == "object_counts":
                cell[1] += figure
            else:
                cell[1 + figure] += 1
    return {key: tuple(cell) for key, cell in found.items()}


def start_of(at: datetime, length_s: int, zone: str) -> datetime:
    """The start of a bucket; of days and weeks by walking back until the date on the wall changes."""
    if length_s <= 3600:
        past = at - datetime(2000, 1, 1, tzinfo=UTC)
        return at.astimezone(UTC) - past % timedelta(seconds=length_s)
    day = at.astimezone(ZoneInfo(zone)).date()
    first = day if length_s == 86400 else day - timedelta(days=day.isoweekday() - 1)
    return _first_instant(first, zone)


@cache
def _first_instant(day: date, zone: str) -> datetime:
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=26)
    while at.astimezone(ZoneInfo(zone)).date() < day:
        at += timedelta(minutes=5)
    return at


def differences(
    connection: Connection, zones: Mapping[CameraId, str] = ZONES
) -> list[tuple[str, object, object, object]]:
    """Where roll-ups and a recount differ: key, stored, recounted."""
    found: list[tuple[str, object, object, object]] = []
    for table in ("object_counts", "event_counts"):
        have, want = stored(connection, table), recounted(connection, table, zones)
        found += [
            (table, key, have.get(key), want.get(key))
            for key in sorted(have.keys() | want.keys())
            if have.get(key) != want.get(key)
        ]
    return found


def marks(connection: Connection) -> list[tuple[str, str, datetime]]:
    return connection.execute(
        'select family, camera_id, "timestamp" from dirty_buckets order by mark_id'
    ).fetchall()


def totals(connection: Connection, table: str) -> dict[int, int]:
    """Sum of all counts by length."""
    return {
        length: sum(cell[0] for key, cell in stored(connection, table).items() if key[0] == length)
        for length in LENGTHS_S
    }


def blocked_on(connection: Connection, table: str) -> int:
    """The process that waits for a lock on a table."""
    return _waiting(
        connection, "select pid from pg_locks where not granted and relation = %s::regclass", table
    )


def waiting_its_turn(connection: Connection) -> int:
    """The process that waits for the lock of the refresh."""
    return _waiting(connection, "select pid from pg_locks where not granted and locktype = %s", "advisory")


def _waiting(connection: Connection, query: LiteralString, what: str) -> int:
    for _ in range(1000):
        row = connection.execute(query, (what,)).fetchone()
        if row is not None:
            return int(row[0])
        time.sleep(0.01)
    raise AssertionError(f"nobody waits for {what}")
