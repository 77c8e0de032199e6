"""Rows become safe once, in the catalog or in the spool, and the thread survives both of them failing."""

import errno
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from builders import NODE, NOON, FixedClock
from catalog_rows import START, a_gap, a_segment, seconds
from faulty_fs import FaultyFs
from watchkeep.domain.camera import StreamState
from watchkeep.domain.errors import CatalogUnavailable, NotFound
from watchkeep.runtime import registrar as registrar_module
from watchkeep.runtime.patience import Patience
from watchkeep.runtime.registrar import Registrar
from watchkeep.storage.catalog.connection import Catalog, CatalogRole
from watchkeep.storage.catalog.recorder_rows import GapOpened, RecorderRow, SegmentClosed
from watchkeep.storage.catalog.spool import Spool
from watchkeep.storage.catalog.states import Heartbeat

ROWS: list[RecorderRow] = [
    SegmentClosed(a_segment(number, start=START + seconds(60 * number))) for number in range(4)
]


class QuietNews:
    """A recorder without streams."""

    def states(self) -> Sequence[StreamState]:
        return ()

    def heartbeat(self, spool_rows: int) -> Heartbeat:
        return Heartbeat(node=NODE, seen_at=NOON, spool_rows=spool_rows, camera_revision=1)

    def look_at(self, catalog: Catalog) -> None:
        pass


class Desk:
    """A registrar whose catalog is away, turned by hand."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.fs = FaultyFs()
        self.clock = FixedClock()
        self.safe: list[int] = []
        catalog = Catalog(f"host={root} dbname=none", role=CatalogRole.WRITER)
        self.registrar = Registrar(
            catalog=catalog, spool=Spool(root / "spool", fs=self.fs), clock=self.clock, news=QuietNews()
        )

    def submit(self, *numbers: int) -> None:
        for number in numbers:
            self.registrar.submit(ROWS[number], lambda number=number: self.safe.append(number))

    def turn(self, *, after_s: float = 0) -> None:
        self.clock.advance(after_s)
        assert self.registrar._turn()

    def spooled(self) -> list[RecorderRow]:
        rows: list[RecorderRow] = []
        Spool(self.root / "spool", fs=FaultyFs()).replay(rows.extend)
        return rows


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_while_the_catalog_is_away_a_row_is_safe_once_it_is_in_the_spool(desk: Desk) -> None:
    desk.submit(0, 1)
    desk.turn()
    assert desk.registrar.is_behind
    desk.submit(2)
    desk.turn(after_s=5)

    assert desk.safe == [0, 1, 2]
    assert desk.spooled() == ROWS[:3]


@pytest.mark.parametrize("kind", ["create", "append", "sync", "sync_directory"])
def test_a_spool_that_fails_keeps_rows_in_memory_until_it_takes_them(desk: Desk, kind: str) -> None:
    desk.fs.fail(kinds={kind}, code=errno.ENOSPC, lasts=True)
    desk.submit(0, 1)
    for _ in range(20):
        desk.turn(after_s=2)
        desk.submit(2)
    assert desk.safe == []
    assert len(list((desk.root / "spool").iterdir())) <= 1
    desk.fs.heal()
    desk.turn(after_s=2)

    assert desk.safe[:2] == [0, 1]
    assert desk.spooled()[:2] == ROWS[:2]


def test_a_spool_that_fails_is_not_asked_at_every_row(desk: Desk) -> None:
    desk.fs.fail(kinds={"create"}, lasts=True)
    for _ in range(50):
        desk.submit(0)
        desk.turn()

    assert desk.fs.counted == 1


def test_rows_in_memory_are_bounded_and_a_dropped_segment_is_not_called_safe(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registrar_module, "HELD_ROWS", 3)
    desk.fs.fail(kinds={"create"}, lasts=True)
    gap = GapOpened(a_gap())
    desk.registrar.submit(gap)
    desk.submit(0, 1, 2, 3)
    desk.turn()
    desk.fs.heal()
    desk.turn(after_s=2)

    assert desk.safe == [2, 3]
    assert desk.spooled() == [gap, ROWS[2], ROWS[3]]


def test_the_thread_makes_all_safe_before_it_ends_and_says_when_it_could_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(tmp_path / "good")
    desk.registrar.start()
    desk.submit(0, 1, 2)
    desk.registrar.stop()
    assert desk.safe == [0, 1, 2]
    assert not desk.registrar.is_alive

    desk = Desk(tmp_path / "bad")
    desk.fs.fail(kinds={"create"}, lasts=True)
    desk.registrar.start()
    desk.submit(0)
    desk.registrar.stop()
    assert desk.safe == []
    assert "rows lost, neither catalog nor spool took them" in caplog.messages


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_dies_of_a_fault_of_ours_is_seen(desk: Desk) -> None:
    def broken() -> None:
        raise ValueError("a fault of ours")

    desk.registrar.start()
    assert desk.registrar.is_alive
    desk.registrar.submit(ROWS[0], broken)
    deadline = time.monotonic() + 30
    while desk.registrar.is_alive:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_patience_gives_an_errands_error_back() -> None:
    def not_there() -> None:
        raise NotFound("it is not there")

    with pytest.raises(NotFound):
        Patience().ask(not_there)


def test_patience_ends_and_does_not_pile_errands_up() -> None:
    patience, answer = Patience(), threading.Event()
    ran: list[int] = []

    def errand(number: int) -> Callable[[], None]:
        def run() -> None:
            answer.wait(60)
            ran.append(number)

        return run

    with pytest.raises(CatalogUnavailable):
        patience.ask(errand(1), limit_s=0.05)
    with pytest.raises(CatalogUnavailable):
        patience.ask(errand(2), limit_s=0.05)
    answer.set()
    assert patience._thread is not None
    patience._thread.join(30)
    patience.ask(errand(3))

    assert ran == [1, 3]
