"""Carries the recorder's rows to the catalog, or to the spool while the database is away.

Every row is an idempotent upsert, so that a row that is written twice (a lost answer, a replayed spool) is
written once.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from watchkeep.domain.camera import StreamCondition, StreamState
from watchkeep.domain.clock import Clock
from watchkeep.domain.errors import CatalogUnavailable
from watchkeep.domain.ids import CameraId, StreamId
from watchkeep.storage.catalog import outbox, recordings, states
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.outbox import NoticeKind
from watchkeep.storage.catalog.recorder_rows import (
    GapClosed,
    GapOpened,
    RecorderRow,
    RunBegan,
    RunEnded,
    SegmentClosed,
    SegmentOpened,
)
from watchkeep.storage.catalog.spool import Spool
from watchkeep.storage.catalog.states import Heartbeat

log = logging.getLogger(__name__)

RETRY_NS = 1_000_000_000
"""How often a lost database is tried again."""

STATES_NS = 2_000_000_000
"""How often the page hears what each stream is doing."""

AfterSafe = Callable[[], None]


class RecorderNews(Protocol):
    """What the recorder tells the catalog, and asks of it, beside its rows."""

    def states(self) -> Sequence[StreamState]:
        """What each stream is doing now."""
        ...

    def heartbeat(self, spool_rows: int) -> Heartbeat:
        """A sign of life."""
        ...

    def look_at(self, catalog: Catalog) -> None:
        """Ask what it wants to know, on the registrar's thread; CatalogUnavailable means "later"."""
        ...


class Registrar:
    """`submit` is for the loop and the disk; the thread does the rest."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        spool: Spool,
        clock: Clock,
        news: RecorderNews,
    ) -> None:
        self._catalog = catalog
        self._spool = spool
        self._clock = clock
        self._news = news
        self._waiting: deque[tuple[RecorderRow, AfterSafe | None]] = deque()
        self._condition = threading.Condition()
        self._is_stopping = False
        self.is_behind = spool.depth() > 0
        self._tried_ns = 0
        self._told_ns = 0
        self._told_conditions: dict[StreamId, tuple[StreamCondition, str]] = {}
        self._thread = threading.Thread(target=self._run, name="registrar", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def submit(self, row: RecorderRow, after: AfterSafe | None = None) -> None:
        """Take a row; `after` is called on the registrar's thread once it is in the catalog or the spool."""
        with self._condition:
            self._waiting.append((row, after))
            self._condition.notify()

    def stop(self) -> None:
        """Make what waits safe, then end the thread."""
        with self._condition:
            self._is_stopping = True
            self._condition.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._condition:
                if not self._waiting and not self._is_stopping:
                    self._condition.wait(timeout=0.5)
                batch, self._waiting = list(self._waiting), deque()
                is_last = self._is_stopping
            self._catch_up()
            self._make_safe(batch)
            self._tell()
            if is_last and not self._waiting:
                return

    def _catch_up(self) -> None:
        now = self._clock.monotonic_ns()
        if not self.is_behind or now - self._tried_ns < RETRY_NS:
            return
        self._tried_ns = now
        try:
            rows = self._spool.replay(self._apply)
        except CatalogUnavailable:
            return
        self.is_behind = False
        log.info("catalog caught up", extra={"rows": rows})

    def _make_safe(self, batch: list[tuple[RecorderRow, AfterSafe | None]]) -> None:
        if not batch:
            return
        if not self.is_behind:
            try:
                self._apply([row for row, _ in batch])
            except CatalogUnavailable as error:
                log.warning("catalog away, rows are spooled", extra={"error": str(error)})
                self.is_behind = True
                self._tried_ns = self._clock.monotonic_ns()
        if self.is_behind:
            self._spool.append([row for row, _ in batch])
        for _, after in batch:
            if after is not None:
                after()

    def _apply(self, rows: Sequence[RecorderRow]) -> None:
        with self._catalog.transaction(subject="recorder") as connection:
            for refused in recordings.apply(connection, rows):
                log.error("row refused, put aside", extra={"reason": refused.reason})
            for kind, camera in sorted({_notice(row) for row in rows}):
                outbox.publish(connection, kind, camera=camera)

    def _tell(self) -> None:
        now = self._clock.monotonic_ns()
        if self.is_behind or now - self._told_ns < STATES_NS:
            return
        self._told_ns = now
        try:
            now_states = self._news.states()
            conditions = {state.stream: (state.condition, state.detail) for state in now_states}
            with self._catalog.transaction(subject="recorder") as connection:
                states.put_stream_states(connection, now_states)
                states.beat(connection, self._news.heartbeat(self._spool.depth()))
                if conditions != self._told_conditions:
                    outbox.publish(connection, NoticeKind.STATE)
            self._told_conditions = conditions
            self._news.look_at(self._catalog)
        except CatalogUnavailable as error:
            log.warning("catalog away", extra={"error": str(error)})
            self.is_behind = True
            self._tried_ns = now


def _notice(row: RecorderRow) -> tuple[NoticeKind, CameraId]:
    """What the page hears of a row."""
    match row:
        case RunBegan(run) | RunEnded(run):
            return NoticeKind.STATE, run.camera
        case SegmentOpened(segment) | SegmentClosed(segment):
            return NoticeKind.SEGMENT, segment.camera
        case GapOpened(gap) | GapClosed(gap):
            return NoticeKind.GAP, gap.camera
