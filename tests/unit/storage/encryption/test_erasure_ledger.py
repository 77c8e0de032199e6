"""The erasure ledger: only added to, chained, and its torn end never counted."""

from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from builders import NOON
from watchkeep.domain.erasure import ErasedKey, ErasureId, LedgerEntry
from watchkeep.domain.errors import DataLoss
from watchkeep.domain.ids import ShredKeyId
from watchkeep.domain.interval import Interval
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.encryption.erasure_ledger import ErasureLedger

DAY = date(2025, 6, 1)
KEY, OTHER = ShredKeyId("aa"), ShredKeyId("bb")


def a_ledger(root: Path) -> ErasureLedger:
    return ErasureLedger(root / "erasures.ledger", fs=SystemFs())


def an_entry(number: int, key: ShredKeyId, *things: int, is_whole: bool = False) -> LedgerEntry:
    named = None if is_whole else frozenset(UUID(int=thing) for thing in things)
    return LedgerEntry(
        erasure=ErasureId(UUID(int=number)),
        at=NOON,
        when=Interval(NOON, NOON + timedelta(minutes=1)),
        keys=(ErasedKey(key, DAY, named),),
    )


def test_what_was_added_is_found_by_another_process_and_once(tmp_path: Path) -> None:
    entries = [an_entry(1, KEY, 5), an_entry(2, KEY, 6, 7), an_entry(3, OTHER, is_whole=True)]
    writer, reader = a_ledger(tmp_path), a_ledger(tmp_path)
    assert reader.entries() == ()

    for entry in [*entries, entries[0]]:
        writer.append(entry)

    assert list(reader.entries()) == list(writer.entries()) == entries
    assert reader.find(entries[1].erasure) == entries[1]
    assert reader.erased(KEY) == {UUID(int=5), UUID(int=6), UUID(int=7)}
    assert reader.erased(OTHER) is None
    assert reader.erased(ShredKeyId("cc")) == frozenset()


def test_a_key_that_was_erased_whole_stays_so(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)

    for entry in (an_entry(1, KEY, is_whole=True), an_entry(2, KEY, 5)):
        ledger.append(entry)

    assert ledger.erased(KEY) is None


def test_a_torn_end_never_counted_and_the_next_entry_takes_its_place(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    path = tmp_path / "erasures.ledger"
    ledger.append(an_entry(1, KEY, 5))
    whole = path.read_bytes()
    ledger.append(an_entry(2, KEY, 6))
    torn = path.read_bytes()

    for cut in range(len(whole), len(torn)):
        path.write_bytes(torn[:cut])
        assert len(a_ledger(tmp_path).entries()) == 1
    a_ledger(tmp_path).append(an_entry(3, OTHER, 8))

    assert [entry.erasure.int for entry in a_ledger(tmp_path).entries()] == [1, 3]


@pytest.mark.parametrize("change", ["a line is taken out", "a byte is changed", "lines are swapped"])
def test_a_changed_ledger_is_refused(tmp_path: Path, change: str) -> None:
    ledger = a_ledger(tmp_path)
    path = tmp_path / "erasures.ledger"
    for number in range(1, 4):
        ledger.append(an_entry(number, KEY, number))
    first, second, third = path.read_bytes().splitlines(keepends=True)

    changed = {
        "a line is taken out": [first, third],
        "a byte is changed": [first, second.replace(b"2025-06-01", b"2025-06-02"), third],
        "lines are swapped": [second, first, third],
    }[change]
    path.write_bytes(b"".join(changed))

    with pytest.raises(DataLoss, match="restore it from its newest copy"):
        a_ledger(tmp_path).entries()
    with pytest.raises(DataLoss):
        a_ledger(tmp_path).append(an_entry(9, KEY, 9))


def test_it_holds_no_name_of_a_camera_or_a_person(tmp_path: Path) -> None:
    a_ledger(tmp_path).append(an_entry(1, KEY, 5))

    assert set((tmp_path / "erasures.ledger").read_text()) <= set(
        '0123456789abcdefghijklmnopqrstuvwxyz"{}[]:,-.TZ_\n'
    )
    assert b"front-door" not in (tmp_path / "erasures.ledger").read_bytes()
