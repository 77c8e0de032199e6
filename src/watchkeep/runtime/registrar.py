"""Carries the recorder's rows to the catalog, or to the spool while the database is away.

Every row is an idempotent upsert, so that a row that is written twice (a lost answer, a replayed spool) is
written once.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from watchkeep.domain.camera import StreamCondition, StreamState
from watchkeep.domain.clock import Clock
from watchkeep.domain.errors import CatalogUnavailable
from watchkeep.domain.ids import CameraId, StreamId
from watchkeep.runtime.patience import LIMIT_S, Patience
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

REPLAY_AGAIN_NS = 60_000_000_000
"""How often a spool that cannot be read or emptied is tried again while new rows go past it."""

LAST_LIMIT_S = 2.0
"""How long the catalog may take when the process is to end; then the spool has the rows."""

HELD_ROWS = 100_000
"""Rows in memory while catalog and spool both refuse: about 150 MB, seven hours of 16 streams."""

AfterSafe = Callable[[], None]


_Entry = tuple[RecorderRow, AfterSafe | None]


class RecorderNews(Protocol):
    """What the recorder tells the catalog, and asks of it, beside its rows."""

    def states(self) -> Sequence[StreamState]:
        """What each stream is doing now."""
        ...

    def heartbeat(self, spool_rows: int) -> Heartbeat:
        """A sign of life."""
        ...

    def look_at(self, catalog: Catalog) -> None:
        """Ask what it wants to know, before the sign of life; CatalogUnavailable means "later"."""
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
        self._waiting: deque[_Entry] = deque()
        self._held: list[_Entry] = []
        self._patience = Patience()
        self._condition = threading.Condition()
        self._is_stopping = False
        self.is_behind = spool.depth() > 0
        self._replay_at_ns = 0
        self._spool_at_ns = 0
        self._trouble = ""
        self._told_ns = 0
        self._told_conditions: dict[StreamId, tuple[StreamCondition, str]] = {}
        self._thread = threading.Thread(target=self._run, name="registrar", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the thread still runs; False before `start`, after `stop` and after a fault."""
        return self._thread.is_alive()

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
        while self._turn():
            pass
        if self._held:
            # Their segments lie in open/ and are registered at the next start.
            log.error("rows lost, neither catalog nor spool took them", extra={"rows": len(self._held)})

    def _turn(self) -> bool:
        """Make safe what waits; False when there will be no more."""
        with self._condition:
            if not self._waiting and not self._is_stopping:
                self._condition.wait(timeout=0.5)
            self._held.extend(self._waiting)
            self._waiting.clear()
            is_last = self._is_stopping
        if not is_last:
            self._catch_up()
        self._make_safe()
        self._tell()
        return not is_last or bool(self._waiting)

    def _catch_up(self) -> None:
        is_wanted = self.is_behind or self._spool.depth() > 0
        if not is_wanted or self._clock.monotonic_ns() < self._replay_at_ns:
            return
        try:
            self._apply([])  # an empty spool would not notice that the catalog is still away
            rows = self._spool.replay(self._apply)
        except CatalogUnavailable as error:
            self._is_away(error)
            return
        except OSError as error:
            # What waits there waits on; new rows need not, for their order does not matter.
            self._say("spool cannot be replayed", error)
            self._replay_at_ns = self._clock.monotonic_ns() + REPLAY_AGAIN_NS
            self.is_behind = False
            return
        self.is_behind = False
        self._trouble = ""
        log.info("catalog caught up", extra={"rows": rows})

    def _make_safe(self) -> None:
        """Take what is held to the catalog, else to the spool, else keep it for the next turn."""
        if not self._held:
            return
        rows = [row for row, _ in self._held]
        if not self.is_behind:
            try:
                self._apply(rows)
            except CatalogUnavailable as error:
                self._is_away(error)
        if self.is_behind and not self._spooled(rows):
            return
        held, self._held = self._held, []
        for _, after in held:
            if after is not None:
                after()

    def _spooled(self, rows: Sequence[RecorderRow]) -> bool:
        now = self._clock.monotonic_ns()
        if now < self._spool_at_ns and not self._is_stopping:
            return False
        try:
            self._spool.append(rows)
        except OSError as error:
            self._spool_at_ns = now + RETRY_NS
            self._say("spool refuses rows, they wait in memory", error)
            self._drop_excess()
            return False
        return True

    def _drop_excess(self) -> None:
        """Let go of the oldest segment rows, which the next start makes anew from the files in open/."""
        excess = len(self._held) - HELD_ROWS
        if excess <= 0:
            return
        is_segment = [isinstance(row, SegmentOpened | SegmentClosed) for row, _ in self._held]
        oldest = set([number for number, is_one in enumerate(is_segment) if is_one][:excess])
        self._held = [entry for number, entry in enumerate(self._held) if number not in oldest]
        log.error("segment rows dropped until the next start", extra={"rows": len(oldest)})

    def _apply(self, rows: Sequence[RecorderRow]) -> None:
        self._ask(partial(self._put, list(rows)))

    def _put(self, rows: Sequence[RecorderRow]) -> None:
        with self._catalog.transaction(subject="recorder") as connection:
            for refused in recordings.apply(connection, rows):
                log.error("row refused, put aside", extra={"reason": refused.reason})
            told = sorted({_notice(row) for row in rows})
            outbox.publish_all(connection, [(kind, camera, {}) for kind, camera in told])

    def _tell(self) -> None:
        now = self._clock.monotonic_ns()
        if self.is_behind or now - self._told_ns < STATES_NS:
            return
        self._told_ns = now
        heartbeat = self._news.heartbeat(self._spool.depth())
        try:
            self._ask(partial(self._report, self._news.states(), heartbeat))
        except CatalogUnavailable as error:
            self._is_away(error)

    def _report(self, now_states: Sequence[StreamState], heartbeat: Heartbeat) -> None:
        self._news.look_at(self._catalog)
        conditions = {state.stream: (state.condition, state.detail) for state in now_states}
        with self._catalog.transaction(subject="recorder") as connection:
            states.put_stream_states(connection, now_states)
            states.beat(connection, heartbeat)
            if conditions != self._told_conditions:
                outbox.publish(connection, NoticeKind.STATE)
        self._told_conditions = conditions

    def _ask(self, errand: Callable[[], None]) -> None:
        self._patience.ask(errand, limit_s=LAST_LIMIT_S if self._is_stopping else LIMIT_S)

    def _is_away(self, error: CatalogUnavailable) -> None:
        self._say("catalog away, rows are spooled", error)
        self.is_behind = True
        self._replay_at_ns = self._clock.monotonic_ns() + RETRY_NS

    def _say(self, phrase: str, error: Exception) -> None:
        """Log a trouble once, not at every try."""
        if phrase != self._trouble:
            log.warning(phrase, extra={"error": str(error)})
        self._trouble = phrase


def _notice(row: RecorderRow) -> tuple[NoticeKind, CameraId]:
    """What the page hears of a row."""
    match row:
        case RunBegan(run) | RunEnded(run):
            return NoticeKind.STATE, run.camera
        case SegmentOpened(segment) | SegmentClosed(segment):
            return NoticeKind.SEGMENT, segment.camera
        case GapOpened(gap) | GapClosed(gap):
            return NoticeKind.GAP, gap.camera
