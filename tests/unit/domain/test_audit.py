"""One encoding, one chain."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from watchkeep.domain.audit import AuditEntry, canonical, chain

FIRST = bytes(32)
ENTRY = AuditEntry(
    id=UUID(int=7),
    at=datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC),
    subject="ada",
    address="192.0.2.1",
    action="view_live",
    target="camera front-door",
    outcome="allowed",
    reason="viewer on front-door",
    facts={"z": "1", "a": "Größe"},
)


def test_the_encoding_is_the_one_of_the_first_day() -> None:
    """Written out by hand: whoever changes the encoding breaks every chain there is."""
    assert canonical(ENTRY).decode() == (
        '{"action":"view_live","address":"192.0.2.1","at":"2026-03-01T12:00:00.000005Z",'
        '"facts":{"a":"Größe","z":"1"},"id":"00000000-0000-0000-0000-000000000007",'
        '"outcome":"allowed","reason":"viewer on front-door","subject":"ada","target":"camera front-door"}'
    )


def test_the_digest_is_over_the_one_before_and_the_encoding() -> None:
    assert chain(FIRST, ENTRY) == hashlib.sha256(FIRST + canonical(ENTRY)).digest()


CHANGES: list[dict[str, object]] = [
    {"id": UUID(int=8)},
    {"at": datetime(2026, 3, 1, 12, 0, 0, 6, tzinfo=UTC)},
    {"subject": "bob"},
    {"address": "192.0.2.2"},
    {"action": "export"},
    {"target": "camera yard"},
    {"outcome": "refused"},
    {"reason": "another"},
    {"facts": {"z": "1"}},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_a_change_of_any_field_changes_the_digest(change: dict[str, object]) -> None:
    assert chain(FIRST, replace(ENTRY, **change)) != chain(FIRST, ENTRY)  # type: ignore[arg-type]


def test_order_and_omission_change_the_end_of_the_chain() -> None:
    one, two = ENTRY, replace(ENTRY, action="export")

    ends = {
        chain(chain(FIRST, one), two),
        chain(chain(FIRST, two), one),
        chain(FIRST, one),
        chain(FIRST, two),
    }

    assert len(ends) == 4


def test_an_entry_without_facts_has_its_own() -> None:
    made = [
        AuditEntry(
            id=UUID(int=1), at=ENTRY.at, subject="", address="", action="", target="", outcome="", reason=""
        )
        for _ in range(2)
    ]
    made[0].facts["a"] = "b"

    assert made[1].facts == {}
