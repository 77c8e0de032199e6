"""`watchkeep jobs` and `watchkeep erase` on a data folder with footage."""

import io
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from builders import NOON
from catalog_server import Database, database, postgres  # noqa: F401
from house_builder import a_camera, record
from time_code import make_clip
from watchkeep.application.house import House
from watchkeep.cli.commands import main
from watchkeep.domain.errors import KeyShredded
from watchkeep.lifecycle.erasure_receipt import check_receipt
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.erasing import erase_again
from watchkeep.runtime.house_wiring import build_house, site_of
from watchkeep.runtime.system import Machine
from watchkeep.runtime.wiring import Node, ensure_node, open_node
from watchkeep.storage.catalog import cameras, erasures
from watchkeep.storage.catalog.connection import CatalogRole
from watchkeep.storage.media.reader import SealedReader

SPAN = ("--camera", "door", "--from", "2025-06-01T12:00:01Z", "--to", "2025-06-01T12:00:03Z")
WHY = ("--reason", "a request")


@dataclass(frozen=True)
class Told:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Place:
    """A data folder with five seconds of footage."""

    paths: DataFolder
    house: House
    tell: Callable[..., Told]
    file: Path

    def json(self, *arguments: str) -> Any:
        told = self.tell(*arguments, "--json")
        assert told.code == 0, told.err
        return json.loads(told.out)

    def node(self) -> Node:
        """As a process opens it that has just started."""
        return open_node(self.paths, machine=Machine())

    def opens(self) -> bool:
        """Whether the file as it was recorded can be read, wherever it is."""
        node = self.node()
        try:
            reader = SealedReader.open(self.file, fs=node.machine.fs, keys=node.keystore.find_shred_key)
        except KeyShredded:
            return False
        with closing(reader):
            return reader.video_length > 0


@pytest.fixture
def place(
    database: Database,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Place]:
    folder = DataFolder(tmp_path / "data")
    folder.root.mkdir()
    dsn = database.dsn(CatalogRole.WRITER)
    folder.settings.write_text(f"database:\n  dsn: {json.dumps(dsn)}\n")
    node = ensure_node(folder, machine=Machine())
    house = build_house(node)
    with house.catalog.transaction() as conn:
        site = site_of(node)
        cameras.put_site(conn, cameras.Site(id=site.id, name=site.name, zone=site.zone))
    door = a_camera(house, "Door")
    clip = make_clip(tmp_path / "clip.mp4", seconds=5, fps=10, gop=10, size=(128, 96))
    (segment,) = record(house, door, clip)
    stored = node.volume.final_path(camera=door, day=NOON.date(), segment=segment)
    kept = tmp_path / "backup.wks"
    shutil.copy(stored, kept)

    def tell(*arguments: str) -> Told:
        capsys.readouterr()
        try:
            code = main([*arguments, "--data", str(folder.root)])
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return Told(code, out, err)

    yield Place(folder, house, tell, kept)
    house.close()


def test_erasing_asks_for_the_word_and_anything_else_erases_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))

    told = place.tell("erase", *SPAN, *WHY)

    assert told.code == 6
    assert "Nothing was erased" in told.err
    assert place.opens()
    monkeypatch.setattr(sys, "stdin", io.StringIO("erase\n"))
    assert place.tell("erase", *SPAN, *WHY).code == 0
    assert not place.opens()


def test_what_was_erased_stays_so_when_keystore_and_files_are_restored_from_before(place: Place) -> None:
    keys = place.paths.root.parent / "keys-before"
    shutil.copytree(place.paths.keystore, keys)
    assert place.opens()

    done = place.json("erase", *SPAN, *WHY, "--yes")
    assert done["state"] == "done"
    check_receipt(done["receipt"].encode(), place.node().keystore)
    assert not place.opens()
    shutil.rmtree(place.paths.keystore)
    shutil.copytree(keys, place.paths.keystore)

    assert not place.opens()  # the ledger alone
    node = place.node()
    erase_again(node)  # what `watchkeep run` does before it serves
    node.catalog.close()
    place.paths.erasures.unlink()
    assert not place.opens()  # the keys alone


def test_who_erases_is_in_the_audit_and_a_wrong_camera_is_not_there(place: Place) -> None:
    assert place.tell("erase", "--camera", "gate", *SPAN[2:], *WHY, "--yes").code == 3
    assert place.tell("erase", *SPAN[:3], "2025-06-01T12:00:09Z", *SPAN[4:], *WHY, "--yes").code == 4
    place.json("erase", *SPAN, *WHY, "--yes")

    with place.house.catalog.transaction() as conn:
        rows = conn.execute("select outcome, facts->>'why' from audit where action = 'erase' order by at")
        assert [tuple(row) for row in rows] == [("failed", "a request"), ("allowed", "a request")]
        assert erasures.ordered(conn) == []


def test_jobs_are_listed_begun_paused_and_cancelled(place: Place) -> None:
    assert [item["job"] for item in place.json("jobs", "list")["items"]] == [
        "forget",
        "picture-sweep",
        "erasure",
        "temporary-files",
        "scrub",
        "archive-audit",
    ]

    assert place.json("jobs", "run", "forget")["current"]["state"] == "waiting"
    assert place.json("jobs", "pause", "forget")["paused_by"].startswith("local administrator")
    assert "paused by local" in place.tell("jobs", "list").out
    assert place.json("jobs", "resume", "forget")["paused_by"] is None
    assert place.json("jobs", "cancel", "forget")["current"] is None
    (stint,) = place.json("jobs", "log", "forget")["items"]
    assert stint["state"] == "cancelled"
    assert place.tell("jobs", "cancel", "forget").code == 6
    assert place.tell("jobs", "run", "make-coffee").code == 3


def test_a_day_without_footage_is_erased_without_fuss(place: Place) -> None:
    span = ("--from", "2025-05-01", "--to", "2025-05-02")

    done = place.json("erase", "--camera", "door", *span, *WHY, "--yes")

    assert done["told"].startswith("0 segments")
    assert place.opens()
    assert place.node().keystore.day(date(2025, 6, 1)).keys
