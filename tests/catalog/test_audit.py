"""The audit shows any change that was made to it."""

import threading
from datetime import timedelta
from uuid import UUID

import pytest

from catalog_rows import FRONT, START
from catalog_server import Database
from watchkeep.domain.audit import AuditEntry, AuditFilter
from watchkeep.domain.errors import Tampered
from watchkeep.storage.catalog import audit
from watchkeep.storage.catalog.connection import Catalog, CatalogRole


def an_entry(number: int, *, subject: str = "ada") -> AuditEntry:
    return AuditEntry(
        id=UUID(int=number),
        at=START + timedelta(seconds=number, microseconds=123456),
        subject=subject,
        address="192.0.2.7",
        action="export",
        target="camera front-door",
        outcome="allowed",
        reason="operator on front-door – “ünïcode”",
        facts={"to": "b", "from": "a"},
    )


def fill(database: Database, count: int) -> None:
    catalog = database.catalog()
    with catalog.transaction() as connection:
        for number in range(1, count + 1):
            audit.append(connection, an_entry(number), camera=FRONT if number % 2 else None)
    catalog.close()


def test_a_chain_that_nobody_touched_is_whole(database: Database) -> None:
    fill(database, 12)
    catalog = database.catalog()
    with catalog.transaction() as connection:
        assert audit.verify(connection) == 12
    catalog.close()


@pytest.mark.parametrize(
    "change",
    [
        "update audit set subject = 'eve' where sequence = 5",
        "update audit set at = at + interval '1 microsecond' where sequence = 1",
        'update audit set facts = facts || \'{"to": "c"}\' where sequence = 12',
        "update audit set outcome = 'refused' where sequence = 7",
        "delete from audit where sequence = 6",
        "update audit set digest = sha256('x') where sequence = 12",
        "update audit set previous = sha256('x') where sequence = 1",
        "update audit set previous = sha256('x') where sequence = 4",
        "update audit set sequence = 100 where sequence = 8",
    ],
)
def test_a_change_behind_our_back_is_found(database: Database, change: str) -> None:
    fill(database, 12)
    owner = database.catalog(CatalogRole.OWNER)
    with owner.transaction() as connection:
        assert connection.execute(change).rowcount == 1

    with pytest.raises(Tampered), owner.transaction() as connection:
        audit.verify(connection)
    owner.close()


def test_expired_entries_at_the_start_may_go(database: Database) -> None:
    fill(database, 12)
    owner = database.catalog(CatalogRole.OWNER)
    with owner.transaction() as connection:
        connection.execute("delete from audit where sequence <= 4")
        assert audit.verify(connection) == 8
    owner.close()


def test_entries_come_newest_first_page_by_page(database: Database) -> None:
    fill(database, 7)
    catalog = database.catalog()
    with catalog.transaction() as connection:
        first = audit.read(connection, limit=3)
        second = audit.read(connection, cursor=first.next, limit=3)
        third = audit.read(connection, cursor=second.next, limit=3)
    catalog.close()

    assert [entry.id.int for page in (first, second, third) for entry in page.items] == [7, 6, 5, 4, 3, 2, 1]
    assert first.items[0] == an_entry(7)
    assert third.next is None


def test_filters_leave_what_was_asked_for(catalog: Catalog, database: Database) -> None:
    fill(database, 6)
    with catalog.transaction() as connection:
        audit.append(connection, an_entry(7, subject="bob"))

        def found(**wanted: object) -> list[int]:
            page = audit.read(connection, AuditFilter(**wanted))  # type: ignore[arg-type]
            return [entry.id.int for entry in page.items]

        assert found(subject="bob") == [7]
        assert found(camera=FRONT) == [5, 3, 1]
        assert found(start=an_entry(3).at, end=an_entry(5).at) == [4, 3]


def test_writers_at_the_same_time_make_one_chain(database: Database) -> None:
    catalog = database.catalog()

    def write(first: int) -> None:
        for number in range(first, first + 10):
            with catalog.transaction() as connection:
                audit.append(connection, an_entry(number))

    threads = [threading.Thread(target=write, args=(100 * part,)) for part in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with catalog.transaction() as connection:
        assert audit.verify(connection) == 40
    catalog.close()
