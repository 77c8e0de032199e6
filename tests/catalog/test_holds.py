"""Holds on a real catalog and real files: they win against age and want of space, and against a race."""

import threading
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from builders import NOON
from catalog.test_sweeper import DOOR, a_ladder, a_sweeper, days_on_disk, go_to, store
from small_disk import SmallDisk
from unit.lifecycle.store import SmallStore
from watchkeep.domain.hold import (
    Because,
    HoldFilter,
    Person,
    PlacedHold,
    ReleaseWish,
)
from watchkeep.domain.hold_changes import ask_release, confirm_release
from watchkeep.domain.ids import CameraId, HoldId, UserId
from watchkeep.domain.interval import Interval
from watchkeep.domain.retention import Hold
from watchkeep.lifecycle.holds import CatalogHolds
from watchkeep.storage.catalog import footage, holds
from watchkeep.storage.catalog.connection import Catalog, Connection
from watchkeep.storage.catalog.events import FIRST_PAGE

__all__ = ["store"]
ADA, BOB = Person(UserId(UUID(int=1)), "ada"), Person(UserId(UUID(int=2)), "bob")
DAY = timedelta(days=1)


def a_hold(number: int = 1, *, days: tuple[float, float] = (0, 2.5), **changes: object) -> PlacedHold:
    """Of the door, of the first three of its ten days."""
    placed = PlacedHold(
        id=HoldId(UUID(int=number)),
        when=Interval(NOON + days[0] * DAY, NOON + days[1] * DAY),
        cameras=frozenset({DOOR}),
        because=Because(case="17"),
        reason="police",
        owner=ADA,
        created_at=NOON + 9 * DAY,
        expires_at=None,
    )
    return replace(placed, **changes)  # type: ignore[arg-type]


def place(catalog: Catalog, *placed: PlacedHold) -> None:
    with catalog.transaction() as connection:
        for each in placed:
            holds.begin(connection)
            holds.insert(connection, each)


def change(catalog: Catalog, placed: PlacedHold) -> None:
    with catalog.transaction() as connection:
        holds.update(connection, placed)


def test_a_hold_is_read_as_it_was_written(catalog: Catalog) -> None:
    wish = ReleaseWish(asked_by=BOB, asked_at=NOON + 10 * DAY, reason="closed", ends_at=NOON + 20 * DAY)
    first = a_hold(1, expires_at=NOON + 99 * DAY)
    every = a_hold(2, cameras=None, because=Because(), owner=Person(None, "local administrator (ada)"))
    place(catalog, first, every)
    change(catalog, replace(first, release=wish))

    with catalog.transaction() as connection:
        assert holds.get(connection, first.id) == replace(first, release=wish)
        assert holds.get_for_change(connection, every.id) == every
        assert holds.get(connection, HoldId(UUID(int=99))) is None


def test_holds_are_listed_by_scope_camera_span_and_state(catalog: Catalog) -> None:
    yard = CameraId("yard")
    door, both = a_hold(1), a_hold(2, cameras=frozenset({DOOR, yard}), days=(5, 6))
    every, over = a_hold(3, cameras=None), a_hold(4, expires_at=NOON + 10 * DAY)
    place(catalog, door, both, every, over)

    def found(at: float = 20, **wanted: object) -> list[int]:
        with catalog.transaction() as connection:
            page = holds.list_holds(
                connection,
                HoldFilter(**wanted),  # type: ignore[arg-type]
                at=NOON + at * DAY,
                after=(FIRST_PAGE.at, FIRST_PAGE.id),
                limit=9,
            )
        return [each.id.int for each in page]

    assert found() == [3, 2, 1]
    assert found(with_ended=True) == [4, 3, 2, 1]
    assert found(9.5) == [4, 3, 2, 1]
    assert found(scope=[DOOR]) == [1]
    assert found(scope=[]) == []
    assert found(scope=[DOOR, yard]) == [2, 1]
    assert found(camera=yard) == [3, 2]
    assert found(since=NOON + 3 * DAY) == [2]
    assert found(until=NOON + 5 * DAY) == [3, 1]


def test_what_covers_a_span_is_told_to_whoever_erases(catalog: Catalog) -> None:
    place(catalog, a_hold(1), a_hold(2, cameras=None, days=(5, 6)), a_hold(3, expires_at=NOON + 10 * DAY))

    def covering(cameras: Collection[CameraId] | None, first: float, last: float) -> list[int]:
        with catalog.transaction() as connection:
            when = Interval(NOON + first * DAY, NOON + last * DAY)
            return [each.id.int for each in holds.covering(connection, cameras, when, at=NOON + 20 * DAY)]

    assert covering([DOOR], 2, 5.5) == [1, 2]
    assert covering([CameraId("yard")], 0, 9) == [2]
    assert covering(None, 0, 9) == [1, 2]
    assert covering([DOOR], 3, 4) == []


def test_the_sweeper_is_told_of_each_camera_with_footage_of_a_hold_of_all(
    store: SmallStore, catalog: Catalog
) -> None:
    gone = CameraId("gone")
    every, other, over = (
        a_hold(1, cameras=None),
        a_hold(2, cameras=frozenset({gone, DOOR}), reason="insurer"),
        a_hold(3, expires_at=NOON + 10 * DAY),
    )
    place(catalog, every, other, over)

    with catalog.transaction() as connection:
        told = CatalogHolds().standing(connection, at=NOON + 10 * DAY)

    assert [(hold.camera, hold.when, hold.reason) for hold in told] == [
        (DOOR, every.when, "police"),
        (DOOR, other.when, "insurer"),
        (gone, other.when, "insurer"),
    ]


def test_a_hold_wins_over_age_until_two_release_it(store: SmallStore, catalog: Catalog) -> None:
    placed = a_hold()
    place(catalog, placed)
    go_to(store, 90)
    now = store.clock.now()

    a_sweeper(store, catalog).sweep()
    assert days_on_disk(store) == [0, 1, 2]
    wish = ReleaseWish(asked_by=ADA, asked_at=now, reason="closed", ends_at=None)
    asked = ask_release(placed, wish)
    change(catalog, asked)
    a_sweeper(store, catalog).sweep()
    assert days_on_disk(store) == [0, 1, 2]
    change(catalog, confirm_release(asked, BOB, now=now))
    a_sweeper(store, catalog).sweep()

    assert days_on_disk(store) == []


def test_a_hold_wins_over_want_of_space_while_the_rest_goes(store: SmallStore, catalog: Catalog) -> None:
    place(catalog, a_hold(cameras=None))
    go_to(store, 9.5)

    swept = a_ladder(store, catalog, disk=SmallDisk(1000), reserve=1 << 30).climb()

    assert days_on_disk(store) == [0, 1, 2]
    assert swept.is_space_short


def test_an_expired_hold_keeps_nothing_any_more(store: SmallStore, catalog: Catalog) -> None:
    place(catalog, a_hold(expires_at=NOON + 50 * DAY))
    go_to(store, 49.9)
    a_sweeper(store, catalog).sweep()
    assert days_on_disk(store) == [0, 1, 2]

    go_to(store, 50)
    a_sweeper(store, catalog).sweep()

    assert days_on_disk(store) == []


def test_whoever_dooms_passes_over_what_is_held(store: SmallStore, catalog: Catalog) -> None:
    """Also those who asked nobody: the catalog itself looks."""
    place(catalog, a_hold(expires_at=NOON + 50 * DAY))
    rows = list(store.rows.values())

    with catalog.transaction() as connection:
        assert footage.doom(connection, rows[:5], reason="wanted", at=NOON + 49 * DAY) == 2
        assert footage.doom(connection, rows[:5], reason="wanted") == 0
        assert footage.doom(connection, rows[:5], reason="wanted", at=NOON + 50 * DAY) == 3


def test_the_catalog_itself_wants_two_people(catalog: Catalog) -> None:
    wish = ReleaseWish(asked_by=ADA, asked_at=NOON + 10 * DAY, reason="closed", ends_at=None)
    for person, number in ((ADA, 1), (Person(None, "root"), 2)):
        placed = a_hold(number)
        place(catalog, placed)
        alone = replace(
            placed,
            release=replace(wish, asked_by=person),
            released_by=person,
            released_at=NOON + 10 * DAY,
        )
        with pytest.raises(psycopg.errors.CheckViolation, match="two_people"):
            change(catalog, alone)
    with pytest.raises(psycopg.errors.InsufficientPrivilege), catalog.transaction() as connection:
        connection.execute("delete from holds")


@dataclass(frozen=True)
class HeldUp:
    """As `CatalogHolds`, but somebody places a hold between the look at the holds and the deed."""

    meanwhile: threading.Thread

    def standing(self, connection: Connection, *, at: datetime) -> Collection[Hold]:
        found = CatalogHolds().standing(connection, at=at)
        self.meanwhile.start()
        wait_until_it_waits(connection)
        return found


def wait_until_it_waits(connection: Connection) -> None:
    """Until another transaction waits for a lock of this one, or has ended without."""
    query = "select count(*) from pg_locks where not granted and relation = 'holds'::regclass"
    for _ in range(500):
        row = connection.execute(query).fetchone()
        if row is not None and row[0]:
            return
        connection.execute("select pg_sleep(0.01)")
    raise AssertionError("nobody waits: the hold was placed between the look and the deed")


def test_a_hold_that_is_placed_in_the_middle_of_a_sweep_says_what_it_still_keeps(
    store: SmallStore, catalog: Catalog
) -> None:
    told: list[int] = []

    def place_and_count() -> None:
        with catalog.transaction() as connection:
            holds.begin(connection)
            holds.insert(connection, a_hold(days=(0, 9.5)))
            told.append(holds.kept_by(connection, a_hold(days=(0, 9.5))).segments)

    meanwhile = threading.Thread(target=place_and_count)
    go_to(store, 33.5)

    a_sweeper(store, catalog, holds=HeldUp(meanwhile)).sweep()
    meanwhile.join(30)

    assert told == [6]
    go_to(store, 90)
    a_sweeper(store, catalog).sweep()
    assert len(days_on_disk(store)) == 6


def test_a_sweep_waits_for_a_hold_that_is_being_placed(store: SmallStore, catalog: Catalog) -> None:
    go_to(store, 90)
    swept: list[int] = []
    sweeping = threading.Thread(target=lambda: swept.append(a_sweeper(store, catalog).sweep().segments))
    with ExitStack() as stack:
        connection = stack.enter_context(catalog.transaction())
        holds.begin(connection)
        holds.insert(connection, a_hold())
        assert holds.kept_by(connection, a_hold()).segments == 3
        sweeping.start()
        wait_until_it_waits(connection)
    sweeping.join(30)

    assert swept == [7]
    assert days_on_disk(store) == [0, 1, 2]


def test_footage_that_was_doomed_before_the_hold_came_is_told_apart(
    store: SmallStore, catalog: Catalog
) -> None:
    first = next(iter(store.rows.values()))
    with catalog.transaction() as connection:
        footage.doom(connection, [first], reason="older than 30 d")
    place(catalog, a_hold())

    with catalog.transaction() as connection:
        kept = holds.kept_by(connection, a_hold())
        assert holds.going_under(connection, a_hold()) == 1
        assert holds.has_footage(connection, a_hold())
        assert not holds.has_footage(connection, a_hold(days=(0, 0.5), cameras=None))

    assert kept.segments == 2
    assert kept.size_bytes == sum(row.size_bytes for row in list(store.rows.values())[1:3])
