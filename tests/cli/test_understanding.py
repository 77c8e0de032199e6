"""`watchkeep events`, `incidents` and `rules` on a data folder in which something happened."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from catalog_server import Database, database, postgres  # noqa: F401
from house_builder import a_camera
from house_events import JPEG, Happened, detect, happen
from watchkeep.application.house import House
from watchkeep.cli.commands import main
from watchkeep.domain.ids import CameraId
from watchkeep.domain.pressure import Rung
from watchkeep.domain.rule import EventKind, Severity
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.house_wiring import build_house, site_of
from watchkeep.runtime.system import Machine
from watchkeep.runtime.wiring import ensure_node
from watchkeep.storage.catalog import audit, cameras, keeping
from watchkeep.storage.catalog.connection import CatalogRole

SQUARE = "0.1,0.1 0.9,0.1 0.9,0.9 0.1,0.9"
CROSSED = "0.1,0.1 0.9,0.9 0.9,0.1 0.1,0.9"


@dataclass(frozen=True)
class Told:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Told]


@dataclass(frozen=True)
class Place:
    """A data folder, its house, and a way to give commands to it."""

    house: House
    tell: Command
    front: CameraId
    vault: CameraId

    def items(self, *arguments: str) -> list[dict[str, Any]]:
        told = self.tell(*arguments, "--json")
        assert told.code == 0, told.err
        items: list[dict[str, Any]] = told.json["items"]
        return items


@pytest.fixture
def place(
    database: Database,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Place]:
    folder = tmp_path / "data"
    folder.mkdir()
    # A database that runs already, so that no command has to start one.
    dsn = database.dsn(CatalogRole.WRITER)
    (folder / "watchkeep.yaml").write_text(f"database:\n  dsn: {json.dumps(dsn)}\n")
    node = ensure_node(DataFolder(folder), machine=Machine())
    house = build_house(node)
    with house.catalog.transaction() as conn:
        site = site_of(node)
        cameras.put_site(conn, cameras.Site(id=site.id, name=site.name, zone=site.zone))

    def tell(*arguments: str) -> Told:
        capsys.readouterr()
        try:
            code = main([*arguments, "--data", str(folder)])
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        return Told(code, said.out, said.err)

    yield Place(house, tell, a_camera(house, "Front door"), a_camera(house, "Vault"))
    house.close()


@pytest.fixture
def seen(place: Place) -> Happened:
    """Something at the front door at noon, and something graver in the vault."""
    happen(place.house, place.vault, number=2, severity=Severity.ALERT, object_type="car")
    return happen(place.house, place.front)


def test_events_are_listed_and_cut_by_each_filter(place: Place, seen: Happened) -> None:
    front = str(seen.event)
    everything = {item["id"] for item in place.items("events", "list")}
    assert len(everything) == 2
    (vault,) = everything - {front}

    for options, expected in (
        (("--camera", "front-door"), {front}),
        (("--camera", "nowhere"), set()),
        (("--object", "car"), {vault}),
        (("--kind", "object"), everything),
        (("--kind", "line_cross"), set()),
        (("--severity", "alert"), {vault}),
        (("--rule", str(seen.rule)), {front}),
        (("--from", "2025-06-01T12:00:05", "--to", "2025-06-01T12:00:06"), everything),
        (("--from", "2025-06-01T12:00:11Z"), set()),
        (("--to", "2025-06-01T14:00:00+02:00"), set()),
        (("--to", "2025-06-01T14:00:01+02:00"), everything),
    ):
        assert {item["id"] for item in place.items("events", "list", *options)} == expected, options


def test_a_list_that_was_cut_says_so_to_people_and_stays_json_for_programs(
    place: Place, seen: Happened
) -> None:
    del seen
    people = place.tell("events", "list", "--limit", "1")
    program = place.tell("events", "list", "--limit", "1", "--json")
    whole = place.tell("events", "list", "--limit", "2")

    assert "There are more" in people.err
    assert "There are more" not in whole.err
    assert len(program.json["items"]) == 1
    assert program.err == ""


def test_nothing_is_said_in_words(place: Place) -> None:
    assert place.tell("events", "list").out == "No events.\n"
    assert place.tell("incidents", "list").out == "No incidents.\n"
    assert place.items("events", "list") == []


def test_an_event_is_shown_whole_and_its_picture_is_written(
    place: Place, seen: Happened, tmp_path: Path
) -> None:
    file = tmp_path / "door.jpg"

    facts = place.tell("events", "show", str(seen.event), "--picture", str(file), "--json").json
    words = place.tell("events", "show", str(seen.event)).out

    assert file.read_bytes() == JPEG
    assert (facts["incident"], facts["rule_version"], facts["model"]) == (str(seen.incident), 1, "a-model 1")
    assert facts["box"] == [0.4, 0.3, 0.5, 0.7]
    assert "severity reasons: rule Any person: notice\n" in words
    assert "end reason: gone\n" in words


def test_an_incident_is_marked_listed_by_its_marks_and_the_mark_is_audited(
    place: Place, seen: Happened
) -> None:
    marked = place.tell(
        "incidents", "mark", str(seen.incident), "--seen", "--verdict", "false", "--json"
    ).json

    assert marked["verdict"] == "false"
    assert marked["seen_by"].startswith("local administrator (")
    for options, count in (
        (("--seen",), 1),
        (("--unseen",), 1),
        (("--verdict", "false"), 1),
        (("--verdict", "true"), 0),
        (("--verdict", "none"), 1),
        ((), 2),
    ):
        assert len(place.items("incidents", "list", *options)) == count, options

    back = place.tell("incidents", "mark", str(seen.incident), "--unseen", "--verdict", "none")
    assert back.out == "It is not seen; verdict: none.\n"
    with place.house.catalog.transaction() as conn:
        entries = [entry for entry in audit.read(conn).items if entry.action == "mark incident"]
    assert [entry.facts for entry in entries] == [
        {"seen": "false", "verdict": "none"},
        {"seen": "true", "verdict": "false"},
    ]


def test_a_zone_and_a_line_are_added_changed_and_removed(place: Place) -> None:
    zone = place.tell("rules", "add", "front-door", "Drive", "--zone", SQUARE, "--objects", "person, cycle")
    line = place.tell(
        *("rules", "add", "front-door", "Gate", "--line", "0.1,0.5 0.9,0.5", "--severity", "alert"),
        *("--direction", "left_to_right", "--anchor", "centre", "--json"),
    ).json
    assert zone.out.startswith("Drive is added as ")
    assert (line["kind"], line["direction"], line["severity"]) == ("line_cross", "left_to_right", "alert")
    assert line["anchor"] == "centre"
    assert [(item["camera"], item["name"]) for item in place.items("rules", "list", "front-door")] == [
        ("front-door", "Any person or vehicle"),
        ("front-door", "Drive"),
        ("front-door", "Gate"),
    ]
    assert len(place.items("rules", "list")) == 4

    change = ("rules", "change", "front-door", line["id"])
    named = place.tell(*change, "--name", "Fence", "--disable", "--json").json
    whole = place.tell(*change, "--whole-picture", "--json").json
    assert (named["name"], named["is_enabled"], named["points"]) == ("Fence", False, line["points"])
    assert (named["version"], named["severity"]) == (2, "alert")
    assert (whole["kind"], whole["points"], whole["is_enabled"]) == (EventKind.OBJECT, [], False)

    assert place.tell("rules", "remove", "front-door", line["id"]).code == 0
    assert len(place.items("rules", "list")) == 3


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("events", "list", "--from", "yesterday"), 4, "is no time"),
        (("events", "list", "--from", "0001-01-01T00:00:00+05:00"), 4, "is no time"),
        (("events", "list", "--from", "2026-01-02", "--to", "2026-01-01"), 4, "later than --from"),
        (("events", "list", "--kind", "earthquake"), 2, "earthquake"),
        (("events", "list", "--limit", "0"), 2, "--limit"),
        (("events", "show", "front-door"), 2, "valid UUID"),
        (("events", "show", "ffffffff-ffff-ffff-ffff-ffffffffffff"), 3, "There is no event"),
        (("incidents", "mark", "0197291a-0000-7000-8000-00000000dead", "--seen"), 3, "no incident"),
        (("rules", "list", "nowhere"), 3, "no camera"),
        (("rules", "add", "nowhere", "X"), 3, "no camera"),
        (("rules", "add", "front-door", "X", "--zone", CROSSED), 4, "crosses itself"),
        (("rules", "add", "front-door", "X", "--zone", "0.1,0.1 0.9,0.1 0.9,1.1"), 4, "outside the picture"),
        (("rules", "add", "front-door", "X", "--zone", "nan,0.1 0.9,0.1 0.9,0.9"), 4, "outside the picture"),
        (("rules", "add", "front-door", "X", "--zone", "0.1 0.9"), 4, "no list of points"),
        (("rules", "add", "front-door", "X", "--zone", "0.1,0.2,0.3"), 4, "no list of points"),
        (("rules", "add", "front-door", "X", "--zone", SQUARE, "--line", SQUARE), 4, "give one of them"),
        (("rules", "add", "front-door", "X", "--direction", "any"), 4, "--line"),
        (("rules", "add", "front-door", "X", "--objects", "dragon"), 4, "a-model, cannot find dragon"),
        (("rules", "add", "front-door", "X", "--objects", " , "), 4, "no object"),
        (("rules", "add", "front-door", " "), 4, "1 to 64 characters"),
        (("rules", "change", "front-door", "0197291a-0000-7000-8000-00000000dead"), 4, "nothing to change"),
        (("rules", "remove", "front-door", "0197291a-0000-7000-8000-00000000dead"), 3, "no rule"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_changes_nothing(
    place: Place, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    detect(place.house, place.front)
    before = place.items("rules", "list")

    told = place.tell(*arguments)

    assert (told.code, told.out) == (code, "")
    assert sentence in told.err
    assert "Traceback" not in told.err
    assert code == 2 or told.err.count("\n") == 1
    assert place.items("rules", "list") == before


def test_marking_nothing_is_refused(place: Place, seen: Happened) -> None:
    told = place.tell("incidents", "mark", str(seen.incident))

    assert told.code == 4
    assert "nothing to mark" in told.err


def test_policies_are_shown_with_who_says_them_and_changed(place: Place) -> None:
    front = str(place.front)
    assert place.tell("policy", "set", "raw_footage", "--days", "28", "--quota", "1 TB").code == 0
    assert place.tell("policy", "set-site", "event_clip", "--days", "60").code == 0
    assert place.tell("policy", "set-camera", front, "raw_footage", "--days", "7").code == 0
    assert place.tell("policy", "quota", front, "200 GB").code == 0
    shown = {each["class"]: each for each in place.items("policy", "show", front)}
    classes = {each["class"]: each for each in place.items("policy", "list")}

    assert (shown["raw_footage"]["keep_days"], shown["raw_footage"]["said_by"]) == (7, "camera")
    assert (shown["event_clip"]["keep_days"], shown["event_clip"]["said_by"]) == (60, "site")
    assert (shown["archived_event"]["keep_days"], shown["archived_event"]["said_by"]) == (365, "class")
    assert (shown["raw_footage"]["camera_quota"], classes["raw_footage"]["quota"]) == (
        "186.3 GiB",
        "931.3 GiB",
    )
    assert place.tell("policy", "set-camera", front, "raw_footage", "--inherit", "keep").code == 0
    assert place.items("policy", "show", front)[0]["class"] == "raw_footage"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("policy", "set", "event_clip", "--days", "3"), 4, "shorter than raw footage"),
        (("policy", "set-camera", "nowhere", "raw_footage", "--days", "3"), 3, "no camera"),
        (("policy", "set-site", "raw_footage", "--inherit", "days"), 4, "not days"),
        (("policy", "set-site", "raw_footage", "--days", "7", "--inherit", "keep"), 4, "said and inherited"),
        (("policy", "quota", "front-door", "5 %"), 4, "say it in bytes"),
        (("policy", "quota", "front-door", "much"), 4, "is no size"),
    ],
)
def test_a_wrong_policy_is_refused_in_one_sentence(
    place: Place, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    told = place.tell(*arguments)

    assert told.code == code
    assert sentence in told.err
    assert told.err.count("\n") == 1


def test_what_the_keeper_says_and_the_proofs_can_be_asked_for(place: Place) -> None:
    assert "has not said anything" in place.tell("retention", "state").out
    with place.house.catalog.transaction() as conn:
        now = place.house.clock.now()
        keeping.put_state(conn, now, doubt="it leapt", pressure=Rung.NONE, detail="", full_on=None)

    assert place.tell("retention", "state", "--json").json["doubt"] == "it leapt"
    assert place.tell("retention", "trust-clock").code == 0
    assert "All 0 certificates" in place.tell("retention", "verify").out


def test_an_incident_is_archived_and_not_any_more(place: Place) -> None:
    seen = happen(place.house, place.front)

    told = place.tell("incidents", "mark", str(seen.incident), "--archived", "--json")
    back = place.tell("incidents", "mark", str(seen.incident), "--unarchived", "--json")

    assert told.json["archived_by"]
    assert back.json["archived_by"] is None
