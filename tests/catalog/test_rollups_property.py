"""Roll-ups equal a recount, whatever was written, changed and deleted, in whatever order, by two at once."""

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog_server import Database
from rollup_rows import (
    NOW,
    ZONES,
    add_sites,
    differences,
    make_days,
    put_event,
    put_track,
    refresh_all,
    start_of,
)
from watchkeep.storage.catalog.connection import Catalog, CatalogRole, Connection
from watchkeep.storage.catalog.rollups import refresh

CHANGES = [
    datetime(2026, 3, 8, 7, tzinfo=UTC),  # New York
    datetime(2026, 3, 29, 1, tzinfo=UTC),  # Berlin
    datetime(2026, 4, 4, 15, tzinfo=UTC),  # Lord Howe; Chatham an hour earlier
    datetime(2026, 9, 26, 14, tzinfo=UTC),  # Chatham
    datetime(2026, 10, 25, 1, tzinfo=UTC),  # Berlin
    datetime(2026, 11, 1, 6, tzinfo=UTC),  # New York
]
"""When clocks change."""
MIDNIGHTS = sorted(
    {
        start_of(change + timedelta(days=days), 86400, zone)
        for change in CHANGES
        for zone in ZONES.values()
        for days in (0, 1)
    }
)
SLOTS = 4
"""Tracks and events of each writer."""


@dataclass(frozen=True)
class Write:
    """One statement of one writer."""

    writer: int
    family: str
    slot: int
    deed: str
    camera: str
    at: datetime
    type: str
    figure: int
    has_moved: bool


@dataclass(frozen=True)
class End:
    """A writer's transaction ends."""

    writer: int
    is_commit: bool


@dataclass(frozen=True)
class Refresh:
    """A batch of marks is worked off."""

    most: int


WRITES = st.builds(
    Write,
    writer=st.integers(0, 1),
    family=st.sampled_from(["tracks", "events"]),
    slot=st.integers(0, SLOTS - 1),
    deed=st.sampled_from(["put", "put", "put", "again", "delete", "change all"]),
    camera=st.sampled_from(sorted(ZONES)),
    at=st.one_of(
        st.builds(
            lambda change, seconds: change + timedelta(seconds=seconds),
            st.sampled_from(CHANGES),
            st.integers(-200_000, 200_000),
        ),
        st.builds(
            lambda midnight, seconds: midnight + timedelta(seconds=seconds),
            st.sampled_from(MIDNIGHTS),
            st.sampled_from([-2400, -301, -300, -1, 0, 1, 299, 300, 1500]),
        ),
    ),
    type=st.sampled_from(["person", "car", "cat"]),
    figure=st.integers(0, 3),
    has_moved=st.sampled_from([True, True, True, False]),
)
STEPS = st.lists(
    st.one_of(
        WRITES,
        WRITES,
        st.builds(End, writer=st.integers(0, 1), is_commit=st.sampled_from([True, True, True, False])),
        st.builds(Refresh, most=st.sampled_from([1, 2, 7, 5000])),
    ),
    min_size=20,
    max_size=80,
)


@dataclass
class Writer:
    """A connection whose transaction stays open until it is told to end; touches its own rows only."""

    number: int
    connection: Connection
    places: dict[tuple[str, int], datetime] = field(default_factory=dict)
    committed: dict[tuple[str, int], datetime] = field(default_factory=dict)

    def write(self, step: Write) -> None:
        key, number = (step.family, step.slot), self.number * 100 + step.slot + 1
        table, at, type_ = ("tracks", "start_time", "object_type") if step.family == "tracks" else EVENTS
        facts = {"id": UUID(int=number), "at": step.at, "camera": step.camera, "type": step.type}
        if step.deed == "delete":
            self.run(f"delete from {table} where {table[:-1]}_id = %(id)s", facts)
            self.places.pop(key, None)
        elif step.deed == "change all":
            facts |= {"ids": [UUID(int=self.number * 100 + slot + 1) for slot in range(SLOTS)]}
            self.run(
                f"update {table} set {type_} = %(type)s, camera_id = %(camera)s"
                f" where {table[:-1]}_id = any(%(ids)s)",
                facts,
            )
        elif step.deed == "put" and key in self.places:
            # Its start moves: into another bucket, and often into another partition.
            self.run(
                f"update {table} set {at} = %(at)s, {type_} = %(type)s, camera_id = %(camera)s"
                + (", end_time = %(at)s" if table == "tracks" else "")
                + f" where {table[:-1]}_id = %(id)s",
                facts,
            )
            self.places[key] = step.at
        else:
            place = self.places.setdefault(key, step.at)
            self.put(step, number, place)

    def put(self, step: Write, number: int, place: datetime) -> None:
        if step.family == "tracks":
            put_track(
                self.connection,
                number,
                place,
                camera=step.camera,
                type_=step.type,
                confidence_e4=step.figure * 3333,
                has_moved=step.has_moved,
            )
        else:
            put_event(
                self.connection, number, place, camera=step.camera, type_=step.type, severity=step.figure
            )

    def run(self, statement: str, facts: dict[str, object]) -> None:
        self.connection.execute(statement, facts)  # type: ignore[arg-type]

    def end(self, *, is_commit: bool) -> None:
        if is_commit:
            self.connection.commit()
            self.committed = dict(self.places)
        else:
            self.connection.rollback()
            self.places = dict(self.committed)


EVENTS = ("events", '"timestamp"', "event_type")


@dataclass
class Yard:
    """A catalog with cameras in five zones, and two writers."""

    catalog: Catalog
    database: Database

    def writers(self) -> list[Writer]:
        return [
            Writer(number, psycopg.connect(self.database.dsn(CatalogRole.WRITER), options="-c timezone=UTC"))
            for number in range(2)
        ]

    def clear(self) -> None:
        with self.catalog.transaction() as connection:
            for table in ("tracks", "events", "dirty_buckets", "object_counts", "event_counts"):
                connection.execute(f"delete from {table}")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def yard(shared_database: Database) -> Iterator[Yard]:
    owner = shared_database.catalog(CatalogRole.OWNER)
    with owner.transaction() as connection:
        make_days(
            connection, {(change + timedelta(days=n)).date() for change in CHANGES for n in range(-3, 4)}
        )
        add_sites(connection)
    owner.close()
    catalog = shared_database.catalog()
    yield Yard(catalog, shared_database)
    catalog.close()


@settings(max_examples=50)
@given(steps=STEPS)
def test_whatever_two_writers_do_every_bucket_equals_a_recount(
    yard: Yard, steps: list[Write | End | Refresh]
) -> None:
    yard.clear()
    writers = yard.writers()
    try:
        for step in steps:
            if isinstance(step, Write):
                writers[step.writer].write(step)
            elif isinstance(step, End):
                writers[step.writer].end(is_commit=step.is_commit)
            else:
                refresh_all(yard.catalog, most=step.most)
                with yard.catalog.transaction() as connection:
                    assert differences(connection) == []
        for writer in writers:
            writer.end(is_commit=True)
    finally:
        for writer in writers:
            writer.connection.close()

    refresh_all(yard.catalog)

    with yard.catalog.transaction() as connection:
        assert differences(connection) == []


def test_writers_and_refreshers_in_threads_lose_nothing(yard: Yard) -> None:
    yard.clear()
    failures: list[BaseException] = []
    is_over = threading.Event()

    def write(writer: Writer) -> None:
        chance = random.Random(writer.number)
        for _ in range(120):
            for _ in range(chance.randint(1, 6)):
                writer.write(_by_chance(chance, writer.number))
            # The transaction stays open for a while; refreshes go on meanwhile.
            is_over.wait(chance.random() / 100)
            writer.end(is_commit=chance.random() < 0.9)

    def keep_refreshing() -> None:
        while not is_over.is_set():
            refresh(yard.catalog, at=NOW, most=3)

    writers = yard.writers()
    writing = [a_thread(failures, write, writer) for writer in writers]
    refreshing = [a_thread(failures, keep_refreshing) for _ in range(2)]
    for thread in writing:
        thread.join()
    is_over.set()
    for thread in refreshing:
        thread.join()
    for writer in writers:
        writer.connection.close()
    assert failures == []

    refresh_all(yard.catalog)

    with yard.catalog.transaction() as connection:
        assert differences(connection) == []
        assert connection.execute("select count(*) > 5 from object_counts").fetchone() == (True,)


def a_thread(
    failures: list[BaseException], work: Callable[..., None], *arguments: object
) -> threading.Thread:
    """A thread that runs; what it raises is kept."""

    def run() -> None:
        try:
            work(*arguments)
        except BaseException as error:  # noqa: BLE001  # shown by the assertion
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def _by_chance(chance: random.Random, writer: int) -> Write:
    return Write(
        writer=writer,
        family=chance.choice(["tracks", "events"]),
        slot=chance.randrange(SLOTS),
        deed=chance.choice(["put", "put", "again", "delete", "change all"]),
        camera=chance.choice(sorted(ZONES)),
        at=chance.choice(CHANGES) + timedelta(seconds=chance.randint(-200_000, 200_000)),
        type=chance.choice(["person", "car"]),
        figure=chance.randrange(4),
        has_moved=chance.random() < 0.8,
    )
