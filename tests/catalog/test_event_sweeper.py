"""Old events and their sealed pictures on a real catalog and real files: what goes, and in which order."""

from datetime import timedelta
from pathlib import Path

import pytest

from builders import INSTALLATION
from catalog.test_holds import a_hold
from catalog_rows import FRONT, FRONT_MAIN, START
from event_house import a_picture, all_incidents, listed, put, put_picture
from event_rows import MODEL, a_track, an_event
from watchkeep.domain.event import Event
from watchkeep.domain.interval import Interval
from watchkeep.lifecycle.event_sweeper import EventSweeper
from watchkeep.runtime.system import SystemFs, SystemRng
from watchkeep.storage.catalog import events, holds, rollups
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.media.volume import Volume

KEEP = timedelta(days=180)


class BrokenDisk(SystemFs):
    """A disk that lets no file go after the first few."""

    def __init__(self, *, lets_go: int) -> None:
        self.lets_go = lets_go

    def unlink(self, path: Path) -> None:
        if self.lets_go == 0:
            raise OSError(5, "Input/output error", str(path))
        self.lets_go -= 1
        super().unlink(path)


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    return Volume.open(tmp_path / "footage", fs=SystemFs(), rng=SystemRng(), installation=INSTALLATION)


def with_pictures(catalog: Catalog, volume: Volume, *made: Event) -> list[Path]:
    """Write events, each with a file for its picture; the files."""
    put(catalog, *made)
    files = []
    for event in made:
        picture = a_picture(event, volume=volume.id)
        put_picture(catalog, picture)
        path = volume.within(picture.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"sealed")
        files.append(path)
    with catalog.transaction() as connection:
        # As after a refresh of the roll-ups: what is not counted yet is not deleted.
        connection.execute("delete from dirty_buckets")
    return files


def sweep(catalog: Catalog, volume: Volume, *, after: timedelta, fs: SystemFs | None = None) -> int:
    sweeper = EventSweeper(catalog=catalog, volume=volume, fs=fs or SystemFs(), at_once=2)
    return sweeper.sweep(START + after, most_turns=100)


def test_events_go_with_their_pictures_when_their_time_is_up_and_not_before(
    house: Catalog, volume: Volume
) -> None:
    made = [an_event(number, start=START + timedelta(hours=number)) for number in range(7)]
    files = with_pictures(house, volume, *made)
    with house.transaction() as connection:
        events.put_tracks(connection, FRONT, FRONT_MAIN, MODEL.id, [a_track(1)])
        connection.execute("delete from dirty_buckets")

    assert sweep(house, volume, after=KEEP) == 0
    assert sweep(house, volume, after=KEEP + timedelta(hours=4, minutes=1)) == 5

    assert [path.exists() for path in files] == [False] * 5 + [True] * 2
    assert listed(house) == [made[6].id, made[5].id]
    assert len(all_incidents(house)) == 2
    with house.transaction() as connection:
        assert connection.execute("select count(*) from tracks").fetchone() == (0,)


def test_what_was_detected_under_a_hold_stays_until_the_hold_ends(house: Catalog, volume: Volume) -> None:
    made = [an_event(number, start=START + timedelta(hours=number)) for number in range(4)]
    files = with_pictures(house, volume, *made)
    with house.transaction() as connection:
        events.put_tracks(connection, FRONT, FRONT_MAIN, MODEL.id, [a_track(1)])
        connection.execute("delete from dirty_buckets")
        held = Interval(START - timedelta(seconds=1), START + timedelta(hours=1, seconds=1))
        holds.insert(connection, a_hold(when=held, cameras=frozenset({FRONT}), expires_at=START + 3 * KEEP))

    assert sweep(house, volume, after=2 * KEEP) == 2

    assert [path.exists() for path in files] == [True, True, False, False]
    assert listed(house) == [made[1].id, made[0].id]
    with house.transaction() as connection:
        assert connection.execute("select count(*) from tracks").fetchone() == (1,)
    assert sweep(house, volume, after=3 * KEEP) == 2
    with house.transaction() as connection:
        assert connection.execute("select count(*) from tracks").fetchone() == (0,)


def test_what_is_not_rolled_up_yet_waits(house: Catalog, volume: Volume) -> None:
    files = with_pictures(house, volume, an_event(1))
    with house.transaction() as connection:
        events.put_tracks(connection, FRONT, FRONT_MAIN, MODEL.id, [a_track(1)])

    assert sweep(house, volume, after=2 * KEEP) == 0
    rollups.refresh(house, at=START)
    assert sweep(house, volume, after=2 * KEEP) == 1
    assert not files[0].exists()


def test_a_picture_that_cannot_be_removed_keeps_its_event_and_the_next_sweep_finishes(
    house: Catalog, volume: Volume
) -> None:
    made = [an_event(number, start=START + timedelta(minutes=number)) for number in range(2)]
    files = with_pictures(house, volume, *made)

    with pytest.raises(OSError, match="Input/output"):
        sweep(house, volume, after=2 * KEEP, fs=BrokenDisk(lets_go=1))
    assert [path.exists() for path in files] == [False, True]
    assert len(listed(house)) == 2

    assert sweep(house, volume, after=2 * KEEP) == 2
    assert not files[1].exists()
    assert listed(house) == []


def test_a_folder_that_is_gone_is_no_error(house: Catalog, volume: Volume) -> None:
    (file,) = with_pictures(house, volume, an_event(1))
    file.unlink()
    file.parent.rmdir()

    assert sweep(house, volume, after=2 * KEEP) == 1
