"""Pictures without events on a real catalog and real files: what goes, and what is left alone."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from builders import INSTALLATION, a_keystore
from catalog_rows import FRONT, START
from event_house import a_picture, put, put_picture
from event_rows import an_event
from sealed_pictures import event_at, flip, seal_one
from watchkeep.lifecycle import picture_sweeper
from watchkeep.lifecycle.picture_sweeper import KEPT_FOR, PictureSweeper
from watchkeep.runtime.system import SystemFs, SystemRng
from watchkeep.storage.catalog import pictures
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.encryption.keystore import Keystore
from watchkeep.storage.media.volume import Volume

LATER = START + KEPT_FOR + timedelta(seconds=2)


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    return Volume.open(tmp_path / "footage", fs=SystemFs(), rng=SystemRng(), installation=INSTALLATION)


@pytest.fixture
def keystore(tmp_path: Path) -> Keystore:
    return a_keystore(tmp_path / "keys")


def sealed(volume: Volume, keystore: Keystore, number: int, *, started_at: datetime = START) -> Path:
    """A picture that no event refers to."""
    event = event_at(started_at, number)
    row = seal_one(volume, keystore, camera=FRONT, event=event, started_at=started_at)
    return volume.within(row.path)


def with_event(catalog: Catalog, volume: Volume, keystore: Keystore, number: int) -> Path:
    """A picture that an event refers to."""
    event = an_event(number)
    row = seal_one(volume, keystore, camera=FRONT, event=event.id, started_at=event.started_at)
    put(catalog, event)
    put_picture(catalog, a_picture(event, volume=volume.id))
    return volume.within(row.path)


def sweep(catalog: Catalog, volume: Volume, now: datetime = LATER) -> int:
    return PictureSweeper(catalog=catalog, volume=volume, fs=SystemFs()).sweep(now)


def test_a_picture_that_no_event_refers_to_goes_when_it_is_a_day_old_and_others_stay(
    house: Catalog, volume: Volume, keystore: Keystore
) -> None:
    kept, forsaken = with_event(house, volume, keystore, 1), sealed(volume, keystore, 2)

    assert sweep(house, volume, LATER - timedelta(seconds=2)) == 0
    assert forsaken.exists()
    assert sweep(house, volume) == 1
    assert not forsaken.exists()
    assert kept.exists()
    assert sweep(house, volume) == 0


@pytest.mark.parametrize(
    "changes", [{"volume": UUID(int=5)}, {"path": "elsewhere.wkp"}], ids=["another volume", "another file"]
)
def test_a_picture_goes_when_its_event_refers_to_another_one(
    house: Catalog, volume: Volume, keystore: Keystore, changes: dict[str, object]
) -> None:
    event = an_event(1)
    row = seal_one(volume, keystore, camera=FRONT, event=event.id, started_at=event.started_at)
    put(house, event)
    put_picture(house, replace(a_picture(event, volume=volume.id), **changes))  # type: ignore[arg-type]

    assert sweep(house, volume) == 1
    assert not volume.within(row.path).exists()


def test_what_is_not_understood_or_lies_elsewhere_is_left_alone(
    house: Catalog, volume: Volume, keystore: Keystore
) -> None:
    changed, moved, stranger = (sealed(volume, keystore, number) for number in (1, 2, 3))
    flip(changed, 0)
    another_day = volume.root / FRONT / "2026-01-05" / "pictures"
    another_day.mkdir(parents=True)
    moved.rename(another_day / moved.name)
    stranger.write_bytes(b"somebody's")
    (another_day / "holiday.wkp").write_bytes(b"somebody's too")

    assert sweep(house, volume, LATER + timedelta(days=1000)) == 0
    assert len(list(volume.pictures())) == 4


def test_when_the_catalog_lacks_most_events_no_picture_goes(
    house: Catalog, volume: Volume, keystore: Keystore, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(picture_sweeper.FEW + 1):
        sealed(volume, keystore, number)

    assert sweep(house, volume) == 0
    assert "pictures without events left alone" in caplog.text
    assert len(list(volume.pictures())) == picture_sweeper.FEW + 1


def test_many_pictures_are_asked_for_in_portions(
    house: Catalog, volume: Volume, keystore: Keystore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_sweeper, "AT_ONCE", 2)
    kept = [with_event(house, volume, keystore, number) for number in range(3)]
    for number in range(10, 14):
        sealed(volume, keystore, number, started_at=START - timedelta(days=number))

    assert sweep(house, volume) == 4
    assert sorted(volume.pictures()) == sorted(kept)


def test_rows_of_pictures_come_with_what_the_files_have(
    house: Catalog, volume: Volume, keystore: Keystore
) -> None:
    events = [an_event(number) for number in range(3)]
    put(house, *events)
    for event in events[:2]:
        put_picture(house, a_picture(event, volume=volume.id))
    put_picture(house, a_picture(events[2], volume=UUID(int=5)))

    with house.transaction() as connection:
        rows = {row.event: row for row in pictures.all_pictures(connection, volume.id)}
        some = pictures.pictures_of(connection, [events[0].id, events[2].id], volume=volume.id)
        assert pictures.pictures_of(connection, [], volume=volume.id) == {}

    assert set(rows) == {events[0].id, events[1].id}
    assert some == {events[0].id: rows[events[0].id]}
    picture = a_picture(events[0], volume=volume.id)
    row = rows[events[0].id]
    assert (row.path, row.size_bytes, row.at, row.camera) == (picture.path, 4711, picture.at, FRONT)
