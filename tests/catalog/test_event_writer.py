"""Events reach the catalog in pieces that it can take, however many have waited."""

from datetime import timedelta
from uuid import UUID

import pytest

from builders import NOON, FixedClock
from catalog_rows import FRONT, FRONT_MAIN, START
from event_rows import MODEL, an_event
from watchkeep.domain.analyst import DetectorPhase, DetectorState
from watchkeep.domain.ids import NodeId
from watchkeep.runtime.event_writer import BATCH, AnalystReport, CameraNews, EventWriter
from watchkeep.storage.catalog.connection import Catalog

WAITED = 3 * BATCH + 7


def report() -> AnalystReport:
    state = DetectorState(
        phase=DetectorPhase.READY,
        model=MODEL.name,
        version=MODEL.version,
        engine=MODEL.engine,
        licence=MODEL.licence,
        object_types=MODEL.object_types,
        is_stand_in=False,
        detail="",
        sandbox=(),
        seen_at=NOON,
    )
    return AnalystReport(detector=state, streams=())


@pytest.fixture
def writer(house: Catalog) -> EventWriter:
    """A writer for whom many events wait, each an incident of its own."""
    made = EventWriter(house, node=NodeId(UUID(int=9)), clock=FixedClock(), report=report)
    made.use(MODEL)
    told = [
        an_event(number, start=START + timedelta(minutes=number), length_s=5)
        for number in range(1, WAITED + 1)
    ]
    made.submit(CameraNews(camera=FRONT, stream=FRONT_MAIN, events=told))
    return made


def rows(catalog: Catalog) -> int:
    with catalog.transaction() as connection:
        (count,) = connection.execute("select count(*) from events").fetchone() or (0,)
    return int(count)


def test_what_has_waited_is_written_in_pieces_oldest_first(house: Catalog, writer: EventWriter) -> None:
    for turn in range(1, 4):
        writer._turn(is_last=False)
        assert rows(house) == turn * BATCH
    writer._turn(is_last=False)
    assert rows(house) == WAITED


def test_all_of_it_is_written_before_the_end(house: Catalog, writer: EventWriter) -> None:
    writer.start()
    writer.stop()
    assert rows(house) == WAITED
