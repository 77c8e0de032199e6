"""Erasing over HTTP: ordered with a word, carried out by the job, told with a receipt; refused to others."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from builders import NOON
from erasing import SomeHolds, sweep_doomed
from house_builder import a_camera, record
from site_server import Site, problem
from watchkeep.domain.interval import Interval
from watchkeep.domain.retention import Hold
from watchkeep.lifecycle.eraser import Eraser
from watchkeep.runtime.system import SystemRng
from watchkeep.storage.catalog import erasures
from watchkeep.storage.encryption.erasure_ledger import ErasureLedger

WISH = {
    "cameras": ["front-door"],
    "start": "2025-06-01T12:00:01Z",
    "end": "2025-06-01T12:00:03Z",
    "reason": "a request of 3 June",
    "confirmation": "erase",
}


def erase_ordered(site: Site, root: Path, *, holds: SomeHolds | None = None) -> None:
    """What the keeper's job does."""
    house = site.house
    ledger = ErasureLedger(root / "erasures.ledger", fs=house.fs)
    house.keystore.heed(ledger.erased)
    eraser = Eraser(
        catalog=house.catalog,
        volume=house.volumes[0].volume,
        volumes=house.all_volumes(),
        fs=house.fs,
        clock=house.clock,
        rng=SystemRng(),
        keystore=house.keystore,
        ledger=ledger,
        holds=holds or SomeHolds(),
    )
    with house.catalog.transaction() as connection:
        found = erasures.ordered(connection)
    for erasure in found:
        eraser.carry_out(erasure)
    sweep_doomed(house)


@pytest.fixture
def recorded(site: Site, clip: Callable[..., Path]) -> Site:
    """Four seconds of a camera, and an administrator some minutes later."""
    camera = a_camera(site.house, "Front door")
    record(site.house, camera, clip(seconds=4))
    site.administrator()
    site.clock.advance(300)
    return site


def test_a_span_is_erased_and_told(recorded: Site, tmp_path: Path) -> None:
    browser = recorded.signed_in("ada")
    span = {"from": "2025-06-01T12:00:00Z", "to": "2025-06-01T12:00:05Z", "role": "main"}
    playlist = browser.get("/api/v1/cameras/front-door/playlist.m3u8", params=span).text
    video = next(line for line in playlist.splitlines() if line.startswith("/"))
    assert browser.get(video).status_code == 200

    answer = browser.post("/api/v1/erasures", json=WISH)
    assert answer.status_code == 202, answer.text
    jobs = {each["kind"]: each for each in browser.get("/api/v1/jobs").json()["items"]}
    assert jobs["erasure"]["current"]["state"] == "waiting"
    erase_ordered(recorded, tmp_path)

    told = browser.get(f"/api/v1/erasures/{answer.json()['id']}").json()
    assert (told["state"], json.loads(told["receipt"])["asked_by"]) == ("done", "ada")
    assert [each["id"] for each in browser.get("/api/v1/erasures").json()["items"]] == [told["id"]]
    assert browser.get(video).status_code == 404
    spans = browser.get("/api/v1/cameras/front-door/timeline", params={**span, "buckets": 10}).json()["spans"]
    gap = next(each for each in spans if each["coverage"] == "gap" and each["from"] >= "2025-06-01T12:00:01")
    assert "erased on purpose" in json.dumps(gap)
    (entry,) = [each for each in browser.get("/api/v1/audit").json()["items"] if each["action"] == "erase"]
    assert entry["facts"]["why"] == "a request of 3 June"


def test_a_hold_is_named_where_the_erasure_is_read(recorded: Site, tmp_path: Path) -> None:
    browser = recorded.signed_in("ada")
    holds = SomeHolds()
    holds.held.append(Hold("front-door", Interval(NOON, NOON + timedelta(hours=1)), "case 12"))
    made = browser.post("/api/v1/erasures", json=WISH).json()

    erase_ordered(recorded, tmp_path, holds=holds)

    told = browser.get(f"/api/v1/erasures/{made['id']}").json()
    assert told["state"] == "refused"
    assert "(case 12)" in told["told"]


@pytest.mark.parametrize(
    ("change", "status", "word"),
    [
        ({"confirmation": "yes"}, 422, "confirmation"),
        ({"end": "2025-06-01T11:00:00Z"}, 422, "end after it begins"),
        ({"end": "2025-06-02T11:00:00Z"}, 422, "must have ended"),
        ({"reason": "  "}, 422, "why"),
        ({"cameras": []}, 422, ""),
        ({"cameras": ["front-door", "nowhere"]}, 404, "no camera"),
        ({"start": "1999-01-01T00:00:00Z"}, 422, "ten years"),
    ],
)
def test_what_cannot_be_erased_is_refused_with_one_sentence(
    recorded: Site, change: dict[str, object], status: int, word: str
) -> None:
    answer = recorded.signed_in("ada").post("/api/v1/erasures", json={**WISH, **change})

    assert answer.status_code == status, answer.text
    assert word in str(problem(answer)["detail"])


def test_who_may_not_delete_erases_nothing_and_reads_of_nothing(recorded: Site) -> None:
    recorded.user("otto", "operator", None)
    made = recorded.signed_in("ada").post("/api/v1/erasures", json=WISH).json()
    operator = recorded.signed_in("otto")

    assert operator.post("/api/v1/erasures", json=WISH).status_code == 403
    assert operator.get(f"/api/v1/erasures/{made['id']}").status_code == 403
    assert operator.get("/api/v1/erasures").status_code == 403
