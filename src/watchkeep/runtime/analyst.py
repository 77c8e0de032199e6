"""The analyst process: pictures to events. May be killed at any time; nothing waits for it.

Decoding is done by a sandboxed child, which has no key, no network and no file; see runtime/decoder_child.py.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from prometheus_client import Counter, Gauge, Histogram

from watchkeep.domain.analyst import DetectorPhase, DetectorState
from watchkeep.domain.detection import Look, ModelCard
from watchkeep.domain.errors import CatalogUnavailable, Unavailable
from watchkeep.domain.event import EndReason
from watchkeep.domain.ids import StreamId
from watchkeep.domain.offering import Sighted
from watchkeep.processing.words import (
    AnalystWord,
    DecoderWord,
    Done,
    Failed,
    Feed,
    Looked,
    NoPicture,
    Picture,
    Ready,
    Skipped,
    Unfit,
    encode,
)
from watchkeep.runtime.analysis_plan import read_analysis_plan, remember
from watchkeep.runtime.decoder_child import DecoderChild
from watchkeep.runtime.event_writer import AnalystReport, CameraNews, EventWriter
from watchkeep.runtime.models import ChosenModel
from watchkeep.runtime.patience import Patience
from watchkeep.runtime.picture_taking import PictureTaking
from watchkeep.runtime.read_beat import TURN_S
from watchkeep.runtime.recorder_reader import RecorderReader
from watchkeep.runtime.shards import find_socket
from watchkeep.runtime.watch import Watch, WatchPlan
from watchkeep.runtime.weights import Weights
from watchkeep.runtime.wiring import Node

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

PLAN_NS = 2_000_000_000
BEAT_NS = 1_000_000_000
CATALOG_LIMIT_S = 3.0
DECODER_PAUSE_NS = 1_000_000_000
DEATHS_LIMIT = 3
POISON_NS = 600_000_000_000
"""A camera whose pictures broke the decoder three times is left alone for ten minutes."""

ANALYSED = Counter("watchkeep_frames_analysed", "Frames looked at for objects", ["camera"])
SKIPPED = Counter(
    "watchkeep_frames_skipped", "Frames not analysed though they should be", ["camera", "reason"]
)
LOOK_LATENCY = Histogram(
    "watchkeep_look_latency_seconds",
    "From the capture of a picture to what was found in it",
    buckets=(0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0),
)
DECODER_DEATHS = Counter("watchkeep_decoder_restarts", "How often the decoder was started again")
QUEUED = Gauge(
    "watchkeep_decoder_queue_bytes", "Footage that waits for the decoder", multiprocess_mode="livesum"
)
WATCHED = Gauge("watchkeep_cameras_watched", "Cameras that the analyst looks at", multiprocess_mode="livesum")


class Analyst:
    """A node's analyst. `run` is the loop; `stop` may be called from a signal handler."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._clock = node.machine.clock
        self._find_socket = find_socket(node.paths, fs=node.machine.fs)
        self._is_stopping = threading.Event()
        self._weights = Weights(node)
        self._writer = EventWriter(node.catalog, node=node.id, clock=self._clock, report=self._report)
        self._pictures = PictureTaking(node, self._writer)
        self._patience = Patience()
        self._plans: dict[StreamId, WatchPlan] = {}
        self._revision: int | None = None
        self._watches: dict[StreamId, Watch] = {}
        self._readers: dict[StreamId, RecorderReader] = {}
        self._model: ChosenModel | None = None
        self._card: ModelCard | None = None
        self._sandbox: tuple[str, ...] = ()
        self._unfit = ""
        self._decoder: DecoderChild | None = None
        self._decoder_at_ns = 0
        self._deaths: dict[StreamId, int] = {}
        self._poisoned_until_ns: dict[StreamId, int] = {}
        self._plan_at_ns = self._beat_at_ns = 0

    def stop(self) -> None:
        """End the loop; open events are ended with their reason."""
        self._is_stopping.set()

    def run(self) -> None:
        """Look until stopped.

        Raises:
            Unavailable: A thread died; whoever started the process starts it again.
        """
        self._writer.start()
        self._pictures.start()
        try:
            while not self._is_stopping.is_set():
                began_ns = self._clock.monotonic_ns()
                self._turn(began_ns)
                left_s = TURN_S - (self._clock.monotonic_ns() - began_ns) / 1e9
                if left_s > 0:
                    self._is_stopping.wait(left_s)
                if not self._writer.is_alive:
                    raise Unavailable("A thread of the analyst died, see the lines above; start it again.")
        finally:
            self._end()

    def _turn(self, now_ns: int) -> None:
        if now_ns >= self._beat_at_ns:
            self._beat_at_ns = now_ns + BEAT_NS
            # The supervisor ends an analyst that does not touch this any more.
            self._node.paths.analyst_beat.touch()
        if now_ns >= self._plan_at_ns:
            self._plan_at_ns = now_ns + PLAN_NS
            self._read_plan()
        self._look_after_decoder(now_ns)
        self._try_again(now_ns)
        for stream, watch in self._watches.items():
            self._tell(watch, watch.hear(self._readers[stream].poll()), now_ns)
            watch.turn()
            self._tell_recorder(stream, watch, now_ns)
        if self._decoder is not None:
            for order in self._pictures.orders():
                self._decoder.send(encode(order))
            for word in self._decoder.poll():
                self._take(word)
            QUEUED.set(self._decoder.waiting_bytes)
        self._pass_on()

    def _read_plan(self) -> None:
        catalog, known = self._node.catalog, self._revision
        try:
            found = self._ask(lambda: read_analysis_plan(catalog, unless=known))
        except CatalogUnavailable:
            return  # who is watched goes on being watched
        if found is not None:
            self._revision, plans = found
            self._plans = {plan.stream: plan for plan in plans}
        if self._plans:
            self._weights.start()
        self._change_watches()

    def _change_watches(self) -> None:
        card = self._card
        for stream in [stream for stream in self._watches if stream not in self._plans]:
            self._part(stream)
        if card is None:
            return
        for stream, plan in self._plans.items():
            watch = self._watches.get(stream)
            if watch is not None:
                watch.change(plan, card)
                continue
            try:
                remembered = self._ask(partial(remember, self._node.catalog, plan, now=self._clock.now()))
            except CatalogUnavailable:
                return  # at the next look at the plan
            self._watches[stream] = Watch(plan, card, remembered, clock=self._clock)
            find = partial(self._find_socket, plan.camera)
            self._readers[stream] = RecorderReader(find, stream, clock=self._clock)
        WATCHED.set(len(self._watches))

    def _ask(self, question: Callable[[], Answer]) -> Answer:
        """Ask the catalog, which may hang; then this is `CatalogUnavailable` too."""
        answers: list[Answer] = []
        self._patience.ask(lambda: answers.append(question()), limit_s=CATALOG_LIMIT_S)
        return answers[0]

    def _part(self, stream: StreamId) -> None:
        watch = self._watches[stream]
        watch.end(EndReason.CAMERA_LOST)
        self._tell(watch, watch.forget(), 0)
        self._pass_on()
        del self._watches[stream]
        self._readers.pop(stream).close()
        WATCHED.set(len(self._watches))

    def _look_after_decoder(self, now_ns: int) -> None:
        wanted = self._weights.state.chosen
        decoder = self._decoder
        if decoder is not None:
            if wanted != self._model:
                decoder.kill()
                self._decoder = None
            elif trouble := decoder.trouble():
                self._bury(decoder, trouble, now_ns)
        if self._decoder is None and wanted is not None and now_ns >= self._decoder_at_ns:
            self._model = wanted
            self._decoder = DecoderChild(wanted.folder, wanted.name, clock=self._clock)
            log.info("decoder started", extra={"model": wanted.name, "pid": self._decoder.pid})

    def _bury(self, decoder: DecoderChild, trouble: str, now_ns: int) -> None:
        suspect = decoder.working_on
        decoder.kill()
        self._decoder = None
        self._decoder_at_ns = now_ns + DECODER_PAUSE_NS * (30 if self._unfit else 1)
        DECODER_DEATHS.inc()
        log.warning("decoder died", extra={"why": trouble, "stream": str(suspect or "")})
        if suspect is None:
            return
        self._deaths[suspect] = self._deaths.get(suspect, 0) + 1
        if self._deaths[suspect] >= DEATHS_LIMIT:
            self._deaths[suspect] = 0
            self._poisoned_until_ns[suspect] = now_ns + POISON_NS
            watch = self._watches.get(suspect)
            if watch is not None:
                watch.end(EndReason.CAMERA_LOST)
                watch.fail("Its pictures broke the decoder three times; it is tried again in ten minutes.")

    def _try_again(self, now_ns: int) -> None:
        """Look again at the streams that were left alone for long enough."""
        for stream, until_ns in list(self._poisoned_until_ns.items()):
            if now_ns >= until_ns:
                del self._poisoned_until_ns[stream]
                watch = self._watches.get(stream)
                if watch is not None:
                    # What was said meanwhile was not passed on, the beginning of the run neither.
                    self._tell(watch, watch.begin(), now_ns)

    def _tell(self, watch: Watch, words: Sequence[AnalystWord], now_ns: int) -> None:
        if self._decoder is None or now_ns < self._poisoned_until_ns.get(watch.plan.stream, 0):
            return
        for word in words:
            self._decoder.send(encode(word), is_fragment=isinstance(word, Feed))

    def _tell_recorder(self, stream: StreamId, watch: Watch, now_ns: int) -> None:
        sighting = watch.sighting(now_ns)
        if sighting is not None:
            self._readers[stream].say(Sighted(sighting))

    def _take(self, word: DecoderWord) -> None:
        match word:
            case Ready(card, sandbox):
                self._begin(card, sandbox)
            case Unfit(sentence):
                self._unfit = sentence
            case Looked(look) if look.stream in self._watches:
                self._see(self._watches[look.stream], look)
            case Skipped(stream, frames, reason) if stream in self._watches:
                watch = self._watches[stream]
                SKIPPED.labels(watch.plan.camera, reason).inc(frames)
                watch.skipped(frames)
            case Done(stream, _, seen_until, moved_at) if stream in self._watches:
                self._watches[stream].looked(until=seen_until, moved_at=moved_at)
            case Failed(stream, sentence) if stream in self._watches:
                self._watches[stream].fail(sentence)
            case Picture():
                self._pictures.take(word.number, word.jpeg, width_px=word.width_px, height_px=word.height_px)
            case NoPicture(_, sentence):
                log.info("no picture of an event", extra={"error": sentence})
            case _:
                pass

    def _see(self, watch: Watch, look: Look) -> None:
        ANALYSED.labels(watch.plan.camera).inc()
        LOOK_LATENCY.observe(max((self._clock.now() - look.at).total_seconds(), 0.0))
        self._deaths.pop(look.stream, None)
        self._tell(watch, watch.see(look), self._clock.monotonic_ns())

    def _begin(self, card: ModelCard, sandbox: tuple[str, ...]) -> None:
        self._card, self._sandbox, self._unfit = card, sandbox, ""
        self._pass_on()
        self._writer.use(card)
        self._change_watches()
        for watch in self._watches.values():
            self._tell(watch, watch.begin(), self._clock.monotonic_ns())

    def _pass_on(self) -> None:
        """Hand what happened to the writer."""
        for watch in self._watches.values():
            news = watch.take_news()
            if not news or not (watch.plan.rules or news.events):
                continue  # without rules it is looked at for the recorder's sake, and nothing is kept of it
            for event in news.events:
                self._pictures.wish(event)
            self._writer.submit(
                CameraNews(
                    camera=watch.plan.camera,
                    stream=watch.plan.stream,
                    events=news.events,
                    tracks=news.tracks,
                    looked_at=news.looked_at,
                    saved=news.saved,
                )
            )

    def _report(self) -> AnalystReport:
        return AnalystReport(
            detector=self._detector_state(), streams=[watch.state() for watch in list(self._watches.values())]
        )

    def _detector_state(self) -> DetectorState:
        weights, card = self._weights.state, self._card
        now = self._clock.now()
        nothing = DetectorState(
            phase=weights.phase,
            model="",
            version="",
            engine="",
            licence="",
            object_types=(),
            is_stand_in=False,
            detail=weights.detail,
            sandbox=(),
            seen_at=now,
        )
        if self._unfit:
            return replace(nothing, phase=DetectorPhase.FAILED, detail=self._unfit)
        if weights.chosen is None:
            return nothing
        if card is None or self._decoder is None:
            return replace(nothing, phase=DetectorPhase.STARTING, detail="The decoder starts")
        return DetectorState(
            phase=DetectorPhase.READY,
            model=card.name,
            version=card.version,
            engine=card.engine,
            licence=card.licence,
            object_types=card.object_types,
            is_stand_in=card.is_stand_in,
            detail=weights.detail,
            sandbox=self._sandbox,
            seen_at=now,
        )

    def _end(self) -> None:
        self._weights.stop()
        for watch in self._watches.values():
            watch.end(EndReason.RESTART)
        self._pass_on()
        if self._decoder is not None:
            self._decoder.kill()
        for reader in self._readers.values():
            reader.close()
        self._pictures.stop()
        self._writer.stop()
