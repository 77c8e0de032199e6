"""Archived incidents: their events and footage stay longer; the pictures of others go first."""

from datetime import timedelta
from pathlib import Path

import pytest

from builders import INSTALLATION, CountingRng, FixedClock
from catalog_rows import FRONT, FRONT_MAIN, START, a_run, a_segment
from event_house import a_picture, all_incidents, listed, put, put_picture
from event_rows import an_event
from retention_world import SIGNER
from watchkeep.domain.category import DataClass
from watchkeep.domain.fs import Space
from watchkeep.domain.interval import Interval
from watchkeep.domain.pressure import Rung
from watchkeep.domain.retention import Hold
from watchkeep.lifecycle.certifier import Certifier
from watchkeep.lifecycle.event_sweeper import EventSweeper
from watchkeep.lifecycle.gentle_ways import GentleWays
from watchkeep.lifecycle.ladder import Ladder
from watchkeep.lifecycle.sweeper import Sweeper
from watchkeep.lifecycle.thinner import Thinner
from watchkeep.runtime.system import SystemFs, SystemRng
from watchkeep.storage.catalog import footage, incidents, recordings
from watchkeep.storage.catalog.connection import Catalog, Connection
from watchkeep.storage.catalog.recorder_rows import SegmentClosed
from watchkeep.storage.media.volume import Volume

DAY = timedelta(days=1)


class FullDisk(SystemFs):
    """A disk of which a little of the reserve is taken, for as long as its pictures are there."""

    def __init__(self, pictures: list[Path]) -> None:
        self.pictures = pictures

    def space(self, path: Path) -> Space:
        there = sum(each.exists() for each in self.pictures)
        return Space(free_bytes=1000 - 10 * there, total_bytes=10_000)


class HeldDay:
    """The first day is held."""

    def standing(self, connection: Connection, *, at: object) -> list[Hold]:
        return [Hold(FRONT, Interval(START, START + DAY), "case")]


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    return Volume.open(tmp_path / "footage", fs=SystemFs(), rng=SystemRng(), installation=INSTALLATION)


def archive(catalog: Catalog, at_day: int, *, is_archived: bool = True) -> None:
    """The incident of a day."""
    wanted = next(each for each in all_incidents(catalog) if (each.started_at - START).days == at_day)
    with catalog.transaction() as connection:
        incidents.mark_archived(connection, wanted, is_archived=is_archived, by="ada", at=START)


def a_sweeper(catalog: Catalog, volume: Volume, clock: FixedClock) -> Sweeper:
    return Sweeper(
        catalog=catalog,
        volume=volume,
        fs=SystemFs(),
        clock=clock,
        holds=HeldNothing(),
        certifier=Certifier(SIGNER, clock),
        reserve_bytes=1000,
    )


class HeldNothing:
    def standing(self, connection: Connection, *, at: object) -> list[Hold]:
        return []


def test_events_of_an_archived_incident_stay_a_year(house: Catalog, volume: Volume) -> None:
    made = [an_event(number, start=START + number * DAY) for number in range(3)]
    put(house, *made)
    archive(house, 1)
    with house.transaction() as connection:
        connection.execute("delete from dirty_buckets")
    sweeper = EventSweeper(catalog=house, volume=volume, fs=SystemFs(), at_once=1)

    assert sweeper.sweep(START + 200 * DAY, most_turns=9) == 2
    assert listed(house) == [made[1].id]
    (kept,) = all_incidents(house)
    assert kept.archived_by == "ada"
    assert sweeper.sweep(START + 365 * DAY, most_turns=9) == 0
    assert sweeper.sweep(START + 366 * DAY + timedelta(seconds=1), most_turns=9) == 1


def test_footage_of_an_archived_incident_goes_at_once_when_that_is_taken_back(
    house: Catalog, volume: Volume
) -> None:
    row = a_segment(1, run=a_run(camera=FRONT, stream=FRONT_MAIN))
    with house.transaction() as connection:
        recordings.apply(connection, [SegmentClosed(row)])
    put(house, an_event(1, start=START + timedelta(seconds=20)))
    archive(house, 0)
    clock = FixedClock(row.when.end + 30 * DAY)
    sweeper = a_sweeper(house, volume, clock)
    classes = []
    for days in (0, 60, 200):
        clock.instant = row.when.end + 30 * DAY + days * DAY
        sweeper.memory.last = None
        sweeper.sweep()
        with house.transaction() as connection:
            classes.append(footage.segment(connection, row.id).data_class)
            connection.execute("delete from keeper_state")
    archive(house, 0, is_archived=False)
    clock.instant += timedelta(minutes=1)

    assert classes == [DataClass.EVENT_CLIP, DataClass.ARCHIVED_EVENT, DataClass.ARCHIVED_EVENT]
    assert sweeper.sweep().segments == 1


def test_pictures_of_old_events_go_first_but_for_archived_and_held_ones(
    house: Catalog, volume: Volume
) -> None:
    made = [an_event(number, start=START + number * DAY) for number in range(4)]
    put(house, *made)
    files = []
    for event in made:
        picture = a_picture(event, volume=volume.id)
        put_picture(house, picture)
        path = volume.within(picture.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"sealed")
        files.append(path)
    archive(house, 1)
    clock = FixedClock(START + 3.5 * DAY)
    disk = FullDisk(files)
    full = Volume(volume.root, volume.id, installation=INSTALLATION, fs=disk)
    sweeper = Sweeper(
        catalog=house,
        volume=full,
        fs=disk,
        clock=clock,
        holds=HeldDay(),
        certifier=Certifier(SIGNER, clock),
        reserve_bytes=970,
    )
    thinner = Thinner(volume=full, fs=disk, rng=CountingRng(), keys=_no_keys)
    ladder = Ladder(sweeper=sweeper, ways=GentleWays(sweeper=sweeper, thinner=thinner), rng=SystemRng())

    swept = ladder.climb()

    assert [path.exists() for path in files] == [True, True, False, True]
    assert ladder.standing.rung is Rung.LEFTOVERS
    assert not swept.is_space_short
    assert len(listed(house)) == 4
    with house.transaction() as connection:
        rows = connection.execute('select picture_path is null from events order by "timestamp"').fetchall()
    assert [row[0] for row in rows] == [False, False, True, False]


def _no_keys(*_: object) -> object:
    raise AssertionError("nothing is opened here")
