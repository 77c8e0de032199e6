"""Carries the analyst's news to the catalog; holds it, bounded, while the database is away."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TypeVar

from prometheus_client import Counter, Gauge, Histogram

from watchkeep.domain.analyst import DetectorState, StreamAnalysis
from watchkeep.domain.clock import Clock
from watchkeep.domain.detection import ModelCard
from watchkeep.domain.errors import CatalogUnavailable
from watchkeep.domain.event import Event
from watchkeep.domain.ids import CameraId, EventId, NodeId, StreamId, TrackId
from watchkeep.domain.track import TrackView
from watchkeep.runtime.patience import LIMIT_S, Patience
from watchkeep.storage.catalog import analysis_states, events, models
from watchkeep.storage.catalog.connection import Catalog, Connection
from watchkeep.storage.catalog.events import EventPicture

log = logging.getLogger(__name__)

EVERY_S = 0.1
"""How long news may wait for company."""
STATES_NS = 2_000_000_000
LOOKS_NS = 10_000_000_000
RETRY_S = 1.0
LAST_LIMIT_S = 2.0
"""How long the catalog may take when the process is to end."""
HELD_EVENTS = 20_000
"""Kept in memory while the database is away: hours of a busy house. Older ones are let go and counted."""

BATCH = 200
"""Events, and tracks, in one transaction: so few that a slow database is done with them before patience ends.
A whole outage at once would be given up and tried again for ever."""

HELD_LOOKS = 20_000
"""Of each stream: an hour of them."""

LATENCY = Histogram(
    "watchkeep_event_latency_seconds",
    "From the picture that decided an event to its row",
    buckets=(*(tenth / 10 for tenth in range(1, 21)), 2.5, 3.0, 5.0, 10.0, 30.0),
)
EVENTS = Counter("watchkeep_events", "Events that began", ["camera", "kind"])
LOST = Counter("watchkeep_events_lost", "Events let go because the database was away for too long")
WAITING = Gauge("watchkeep_events_waiting", "Events that wait for the database", multiprocess_mode="livesum")


_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraNews:
    """What happened before one camera."""

    camera: CameraId
    stream: StreamId
    events: Sequence[Event] = ()
    tracks: Sequence[TrackView] = ()
    looked_at: Sequence[datetime] = ()
    saved: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalystReport:
    """How the analyst fares."""

    detector: DetectorState
    streams: Sequence[StreamAnalysis]


@dataclass(slots=True)
class _Held:
    """What waits; of each thing the newest."""

    events: dict[EventId, Event] = field(default_factory=dict)
    tracks: dict[TrackId, tuple[CameraNews, TrackView]] = field(default_factory=dict)
    saved: dict[StreamId, tuple[datetime, bytes]] = field(default_factory=dict)
    pictures: list[EventPicture] = field(default_factory=list)

    def take(self) -> "_Held":
        """Take the oldest, as much as fits one transaction; what speaks of events comes after them all."""
        part = _Held(events=_take(self.events), tracks=_take(self.tracks))
        if not (self.events or self.tracks):
            part.saved, self.saved = self.saved, {}
            part.pictures, self.pictures = self.pictures, []
        return part

    def __bool__(self) -> bool:
        return bool(self.events or self.tracks or self.saved or self.pictures)


def _take(waiting: dict[_Key, _Value]) -> dict[_Key, _Value]:
    return {key: waiting.pop(key) for key in list(islice(waiting, BATCH))}


class EventWriter:
    """`submit` and `tell` are for the loop; the thread does the rest."""

    def __init__(
        self, catalog: Catalog, *, node: NodeId, clock: Clock, report: Callable[[], AnalystReport]
    ) -> None:
        self._catalog = catalog
        self._node = node
        self._clock = clock
        self._report = report
        self._card: ModelCard | None = None
        self._waiting: list[CameraNews] = []
        self._pictures: list[EventPicture] = []
        self._held = _Held()
        self._looks: dict[StreamId, list[datetime]] = {}
        self._patience = Patience()
        self._condition = threading.Condition()
        self._is_stopping = False
        self._told_ns = self._looks_ns = 0
        self._trouble = ""
        self._written: dict[EventId, int] = {}
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def use(self, card: ModelCard) -> None:
        """What comes from now on was found by these weights."""
        with self._condition:
            self._card = card

    def submit(self, news: CameraNews) -> None:
        """Take news."""
        with self._condition:
            self._waiting.append(news)

    def submit_picture(self, picture: EventPicture) -> None:
        """Take word of a sealed picture; written after its event."""
        with self._condition:
            self._pictures.append(picture)

    def stop(self) -> None:
        """Write what waits if the database lets it, then end the thread."""
        with self._condition:
            self._is_stopping = True
            self._condition.notify()
        self._thread.join()

    def _run(self) -> None:
        is_last = False
        while not is_last:
            with self._condition:
                if not self._is_stopping:
                    self._condition.wait(RETRY_S if self._trouble else EVERY_S)
                is_last = self._is_stopping
            self._turn(is_last=is_last)
        while self._held and not self._trouble:
            self._turn(is_last=True)
        if self._held.events:
            log.warning("events not written at the end", extra={"events": len(self._held.events)})

    def _turn(self, *, is_last: bool) -> None:
        self._gather()
        card = self._card
        now_ns = self._clock.monotonic_ns()
        is_telling = now_ns - self._told_ns >= STATES_NS or is_last
        is_noting_looks = now_ns - self._looks_ns >= LOOKS_NS or is_last
        if not (self._held or is_telling):
            return
        held = self._held.take()
        looks = {stream: found for stream, found in self._looks.items() if found} if is_noting_looks else {}
        report = self._report() if is_telling else None
        errand = partial(self._put, held, card, looks, report)
        try:
            self._patience.ask(errand, limit_s=LAST_LIMIT_S if is_last else LIMIT_S)
        except CatalogUnavailable as error:
            if not self._trouble:
                log.warning("catalog away, events wait", extra={"error": str(error)})
            self._trouble = str(error)
            self._hold_again(held)
            return
        self._trouble = ""
        self._measure(held)
        if is_telling:
            self._told_ns = now_ns
        if is_noting_looks:
            self._looks_ns = now_ns
            self._looks.clear()

    def _gather(self) -> None:
        with self._condition:
            waiting, self._waiting = self._waiting, []
            self._held.pictures += self._pictures
            self._pictures = []
        for news in waiting:
            for event in news.events:
                self._held.events[event.id] = event
            for view in news.tracks:
                self._held.tracks[view.id] = (news, view)
            if news.saved and news.looked_at:
                self._held.saved[news.stream] = (news.looked_at[-1], news.saved)
            looks = self._looks.setdefault(news.stream, [])
            looks.extend(news.looked_at)
            del looks[:-HELD_LOOKS]
        WAITING.set(len(self._held.events))

    def _hold_again(self, held: _Held) -> None:
        """Keep what could not be written; what came meanwhile is newer."""
        newer = self._held
        held.events.update(newer.events)
        held.tracks.update(newer.tracks)
        held.saved.update(newer.saved)
        held.pictures += newer.pictures
        excess = len(held.events) - HELD_EVENTS
        for old in list(held.events)[: max(excess, 0)]:
            del held.events[old]
            LOST.inc()
        for stale in list(held.tracks)[: max(len(held.tracks) - HELD_EVENTS, 0)]:
            del held.tracks[stale]
        self._held = held

    def _put(
        self,
        held: _Held,
        card: ModelCard | None,
        looks: dict[StreamId, list[datetime]],
        report: AnalystReport | None,
    ) -> None:
        with self._catalog.transaction("analyst") as connection:
            if report is not None:
                analysis_states.put_detector(connection, self._node, report.detector)
                analysis_states.put_stream_states(connection, report.streams)
            for stream, (at, saved) in held.saved.items():
                analysis_states.save_tracker(connection, stream, at, saved)
            if card is not None:
                self._put_found(connection, held, card, looks)

    def _put_found(
        self, connection: Connection, held: _Held, card: ModelCard, looks: dict[StreamId, list[datetime]]
    ) -> None:
        models.register(connection, card, self._clock.now())
        for stream, found in looks.items():
            events.put_analysed(connection, stream, card.id, found)
        for news, view in held.tracks.values():
            events.put_tracks(connection, news.camera, news.stream, card.id, [view])
        told = list(held.events.values())
        for refused, reason in events.put_events(connection, told, model=card.id, pictures=held.pictures):
            log.error("event refused, put aside", extra={"event": str(refused), "reason": reason})

    def _measure(self, held: _Held) -> None:
        now = self._clock.now()
        for event in held.events.values():
            if event.id not in self._written:
                EVENTS.labels(event.camera, event.kind).inc()
                if event.revision == 1:
                    LATENCY.observe(max((now - event.seen_until).total_seconds(), 0.0))
            self._written[event.id] = event.revision
        while len(self._written) > HELD_EVENTS:
            del self._written[next(iter(self._written))]
