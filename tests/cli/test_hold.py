"""`watchkeep hold` on a data folder with cameras."""

from uuid import UUID

import pytest

from catalog_server import database, postgres
from cli.test_understanding import Place, place
from watchkeep.application.asking import Asking
from watchkeep.application.hold_changes import ask_release
from watchkeep.domain.access import ADMINISTRATOR, Grant, Subject
from watchkeep.domain.audit import AuditFilter
from watchkeep.domain.ids import HoldId, UserId, uuid7
from watchkeep.runtime.system import Machine
from watchkeep.storage.catalog import audit

__all__ = ["database", "place", "postgres"]
AHEAD = ("--from", "2025-06-01T12:00", "--to", "2999-01-01")


def held(place: Place, *options: str) -> dict[str, object]:
    told = place.tell("hold", "add", *AHEAD, "--reason", "police", *options, "--json")
    assert told.code == 0, told.err
    facts: dict[str, object] = told.json
    return facts


def test_a_hold_is_added_and_listed_and_extended(place: Place) -> None:
    hold = held(place, "--camera", "front-door", "--case", "17", "--until", "2990-01-01")
    every = held(place, "--all")

    listed = place.items("hold", "list")
    assert [item["id"] for item in listed] == [every["id"], hold["id"]]
    assert [item["cameras"] for item in listed] == [["all"], ["front-door"]]
    assert (listed[1]["case"], listed[1]["state"], listed[1]["size_bytes"]) == ("17", "standing", 0)
    assert [item["id"] for item in place.items("hold", "list", "--camera", "vault")] == [every["id"]]

    assert place.tell("hold", "extend", str(hold["id"]), "--until", "2980-01-01").code == 4
    assert place.tell("hold", "extend", str(hold["id"])).code == 4
    extended = place.tell("hold", "extend", str(hold["id"]), "--never")
    assert (extended.code, "without an end" in extended.out) == (0, True)


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (("--from", "2001-01-01", "--to", "2001-01-02", "--camera", "front-door"), 4, "There is no footage"),
        (("--from", "2001-01-01", "--camera", "front-door"), 4, "give both --from and --to"),
        (("--camera", "front-door", "--all"), 4, "Name cameras, or all of them"),
        (("--camera", "front-door"), 4, "Say from when to when"),
        ((*AHEAD, "--camera", "nowhere"), 3, "There is no camera 'nowhere'"),
        (AHEAD, 4, "Name the cameras"),
    ],
)
def test_a_hold_on_nothing_is_refused(
    place: Place, options: tuple[str, ...], code: int, sentence: str
) -> None:
    told = place.tell("hold", "add", "--reason", "police", *options)

    assert (told.code, sentence in told.err) == (code, True), told.err


def test_the_owner_of_the_machine_is_one_person_and_confirms_what_another_asked(place: Place) -> None:
    hold = held(place, "--camera", "front-door")
    name = str(hold["id"])
    assert place.tell("hold", "release", name, "--reason", "closed").code == 0
    alone = place.tell("hold", "confirm", name)
    assert (alone.code, "another person" in alone.err) == (5, True)
    assert place.tell("hold", "withdraw", name).code == 0
    assert place.tell("hold", "withdraw", name).code == 6

    machine = Machine()
    ada = Subject(UserId(uuid7(machine.clock, machine.rng)), "ada", (Grant(ADMINISTRATOR, None),))
    asking = Asking(subject=ada, address="")
    ask_release(place.house, asking, HoldId(UUID(name)), reason="closed", ends_at=None)
    confirmed = place.tell("hold", "confirm", name, "--json")

    assert confirmed.json["state"] == "released"
    assert confirmed.json["release_asked_by"] == "ada"
    assert place.items("hold", "list") == []
    assert [item["id"] for item in place.items("hold", "list", "--ended")] == [name]
    with place.house.catalog.transaction() as connection:
        entries = audit.read(connection, AuditFilter(), cursor=None, limit=9).items
    assert [entry.action for entry in entries if "hold" in entry.target][-1:] == ["place hold"]
