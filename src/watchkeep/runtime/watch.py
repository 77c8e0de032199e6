"""One camera as the analyst follows it: words of the recorder in, looks of the decoder in, events out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watchkeep.analysis.engine import RuleEngine
from watchkeep.domain.analyst import AnalysisCondition, StreamAnalysis
from watchkeep.domain.clock import Clock
from watchkeep.domain.detection import Attention, Look, ModelCard
from watchkeep.domain.event import EndReason, Event
from watchkeep.domain.ids import CameraId, StreamId, TrackId
from watchkeep.domain.mp4 import without_audio
from watchkeep.domain.offering import Dropped, FragmentNotice, Init, NoStream, Word
from watchkeep.domain.rule import Rule
from watchkeep.domain.sighting import Sighting
from watchkeep.domain.track import Tracked, TrackView
from watchkeep.processing.tracker import Tracker
from watchkeep.processing.words import AnalystWord, Attend, Begin, Feed, Forget
from watchkeep.runtime.sighting_teller import SightingTeller

SILENT_NS = 5_000_000_000
"""No pictures for so long: what was seen last has an end."""
RESUME = timedelta(seconds=10)
"""A tracker's memory that is older says nothing of who stands there now."""
SAVE_NS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPlan:
    """What to look at, and what to tell of it.

    Attributes:
        tells_recorder: Whether a stream of the camera is recorded by what is seen.
    """

    camera: CameraId
    stream: StreamId
    rules: tuple[Rule, ...]
    tells_recorder: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What the catalog remembers of a stream from before a restart.

    Attributes:
        tracker: As `Tracker.save` made it; empty if none was kept.
        until: The newest picture that was analysed.
        opens: Events that were going on.
    """

    tracker: bytes
    until: datetime | None
    opens: tuple[Event, ...]


@dataclass(slots=True)
class News:
    """What is to be written of a watch."""

    events: list[Event] = field(default_factory=list)
    tracks: list[TrackView] = field(default_factory=list)
    looked_at: list[datetime] = field(default_factory=list)
    saved: bytes = b""

    def __bool__(self) -> bool:
        return bool(self.events or self.tracks or self.looked_at or self.saved)


class Watch:
    """Follows one camera."""

    def __init__(self, plan: WatchPlan, card: ModelCard, remembered: Remembered, *, clock: Clock) -> None:
        self.plan = plan
        self._clock = clock
        self._card = card
        now = clock.now()
        is_fresh = remembered.until is not None and now - remembered.until <= RESUME
        if remembered.tracker and is_fresh:
            self._tracker = Tracker.restore(plan.stream, card.thresholds, remembered.tracker, resumed_at=now)
        else:
            self._tracker = Tracker(plan.stream, card.thresholds)
        self._engine = self._make_engine(remembered.opens)
        self._until = remembered.until
        self._attention = self._wanted = Attention.MOTION
        self._init: bytes | None = None
        self._teller = SightingTeller(plan.camera)
        self._news = News()
        self._counted: set[TrackId] = set()
        self._saved_ns = 0
        self._fragment_ns = clock.monotonic_ns()
        self._is_lost = False
        self._trouble = ""
        self._condition = AnalysisCondition.WAITING
        self._since = now
        self._analysed = self._skipped = self._objects = 0
        self._latency_s = 0.0
        self._aspect = 1.0

    def begin(self) -> list[AnalystWord]:
        """What a new decoder must be told."""
        self._teller.missed()
        if self._init is None:
            return []
        stream = self.plan.stream
        return [Begin(stream=stream, init=self._init), Attend(stream, self._attention)]

    def hear(self, words: Sequence[Word]) -> list[AnalystWord]:
        """Take what the recorder says; give what the decoder is to be told."""
        told: list[AnalystWord] = []
        for word in words:
            match word:
                case Init():
                    self._init = without_audio(word.init)
                    told += self.begin()
                case FragmentNotice(fragment):
                    self._fragment_ns = self._clock.monotonic_ns()
                    self._is_lost = False
                    # The decoder is given no audio: it would only copy it.
                    told.append(Feed(self.plan.stream, fragment.without_audio()))
                case Dropped(count):
                    self._skipped += count
                    self._teller.missed()
                case NoStream():
                    self._init = None
                case _:
                    pass
        return told

    def see(self, look: Look) -> list[AnalystWord]:
        """Take a look; give what the decoder is to be told."""
        if self._until is not None and look.at <= self._until:
            return []  # analysed before a restart
        now = self._clock.now()
        self._until = look.at
        self._aspect = look.aspect
        self._analysed += 1
        self._latency_s = max((now - look.at).total_seconds(), 0.0)
        self._trouble = ""
        self._take(self._tracker.update(look), now)
        self._news.looked_at.append(look.at)
        self._remember()
        return self._attend()

    def skipped(self, frames: int) -> None:
        """Count frames that were not analysed."""
        self._skipped += frames
        self._teller.missed()

    def looked(self, *, until: datetime | None, moved_at: datetime | None) -> None:
        """The decoder has compared pictures up to an instant."""
        self._teller.looked(until=until, moved_at=moved_at)

    def sighting(self, now_ns: int) -> Sighting | None:
        """What the recorder is to be told now, if anything."""
        if not self.plan.tells_recorder:
            return None
        return self._teller.due(now_ns, tells_events=bool(self.plan.rules), blind=self._trouble)

    def fail(self, sentence: str) -> None:
        """Its pictures cannot be analysed; recording goes on."""
        self._trouble = sentence

    def turn(self) -> None:
        """Notice that no pictures come any more."""
        silent_ns = self._clock.monotonic_ns() - self._fragment_ns
        if silent_ns > SILENT_NS and not self._is_lost:
            self._is_lost = True
            self.end(EndReason.CAMERA_LOST)

    def end(self, reason: EndReason) -> None:
        """End everything that goes on."""
        at = self._until or self._clock.now()
        self._news.events += self._engine.lose(reason)
        over = self._tracker.idle(at + timedelta(hours=1)).ended
        self._news.tracks += [view for view in over if view.has_moved]
        self._objects = 0
        self._counted.clear()

    def change(self, plan: WatchPlan, card: ModelCard) -> None:
        """Take other rules, or other weights."""
        if plan.rules != self.plan.rules:
            self._news.events += self._engine.change_rules(plan.rules)
        self.plan = plan
        if card != self._card:
            # Scores of two models cannot be compared, so nothing is carried over.
            self.end(EndReason.RESTART)
            self._card = card
            self._tracker = Tracker(plan.stream, card.thresholds)
            self._engine = self._make_engine(())

    def forget(self) -> list[AnalystWord]:
        """What the decoder is told when the watch is over."""
        return [Forget(self.plan.stream)]

    def take_news(self) -> News:
        """What is to be written since the last call."""
        news, self._news = self._news, News()
        return news

    def state(self) -> StreamAnalysis:
        """How it fares."""
        now = self._clock.now()
        if self._trouble:
            condition, detail = AnalysisCondition.FAILED, self._trouble
        elif self._is_lost or self._init is None:
            condition, detail = AnalysisCondition.WAITING, "no pictures come from the recorder"
        else:
            condition, detail = AnalysisCondition.WATCHING, ""
        if condition is not self._condition:
            self._condition, self._since = condition, now
        return StreamAnalysis(
            stream=self.plan.stream,
            camera=self.plan.camera,
            condition=condition,
            since=self._since,
            detail=detail,
            frames_analysed=self._analysed,
            frames_skipped=self._skipped,
            latency_s=self._latency_s,
            objects=self._objects,
            seen_at=now,
        )

    def _make_engine(self, opens: Sequence[Event]) -> RuleEngine:
        plan = self.plan
        alert_from = self._card.thresholds.alert
        return RuleEngine(plan.camera, plan.stream, plan.rules, alert_from=alert_from, opens=opens)

    def _take(self, tracked: Tracked, now: datetime) -> None:
        told = self._engine.update(tracked, aspect=self._aspect, known_at=now)
        self._news.events += told
        if self._until is not None and (told or self._engine.open_events()):
            self._teller.event(self._until)
        # A track counts from the moment it has moved; its row is written then, and again when it is over.
        for view in tracked.alive:
            if view.has_moved and view.id not in self._counted:
                self._counted.add(view.id)
                self._news.tracks.append(view)
        for view in tracked.ended:
            self._counted.discard(view.id)
            if view.has_moved:
                self._news.tracks.append(view)
        self._objects = len(tracked.alive)
        self._wanted = _attention(tracked)

    def _attend(self) -> list[AnalystWord]:
        if self._wanted is self._attention:
            return []
        self._attention = self._wanted
        return [Attend(self.plan.stream, self._attention)]

    def _remember(self) -> None:
        now_ns = self._clock.monotonic_ns()
        if now_ns - self._saved_ns >= SAVE_NS:
            self._saved_ns = now_ns
            self._news.saved = self._tracker.save()


def _attention(tracked: Tracked) -> Attention:
    if not tracked.alive:
        return Attention.MOTION
    return Attention.STILL if all(view.is_stationary for view in tracked.alive) else Attention.FULL
