"""The decoder's work: words of the analyst in, words to it out; one fragment at a time, streams in turn."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from watchkeep.domain.errors import Invalid, NoVideo
from watchkeep.domain.ids import StreamId
from watchkeep.domain.media import Fragment
from watchkeep.processing.detecting import Detector
from watchkeep.processing.examining import StreamExaminer
from watchkeep.processing.pictures import Frame, StreamDecoder, to_jpeg
from watchkeep.processing.samples import read_samples, read_setup
from watchkeep.processing.words import (
    AnalystWord,
    Attend,
    Begin,
    DecoderWord,
    Done,
    Feed,
    Forget,
    NoPicture,
    Picture,
    Skipped,
    SkipReason,
    TakePicture,
    Working,
)

BACKLOG = timedelta(seconds=4)
"""Footage of one stream that may wait; then the oldest GOP is passed over, for what is new matters more."""
LONGEST_BACKLOG = timedelta(seconds=12)
"""A GOP that is longer than this is not waited for: all that waits of it is passed over."""


@dataclass(slots=True)
class _Stream:
    examiner: StreamExaminer
    waiting: deque[Begin | Fragment] = field(default_factory=deque)


class Decoder:
    """`hear` takes words at once; `work` examines one fragment."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._streams: dict[StreamId, _Stream] = {}
        self._turn: deque[StreamId] = deque()
        self._orders: deque[TakePicture] = deque()

    @property
    def has_work(self) -> bool:
        """Whether something waits."""
        return bool(self._orders) or any(stream.waiting for stream in self._streams.values())

    def hear(self, word: AnalystWord) -> list[DecoderWord]:
        """Take a word."""
        match word:
            case Begin():
                self._stream(word.stream).waiting.append(word)
            case Feed(stream, fragment):
                self._stream(stream).waiting.append(fragment)
                return self._shorten(stream)
            case Attend(stream, attention):
                self._stream(stream).examiner.attention = attention
            case Forget(stream):
                if self._streams.pop(stream, None) is not None:
                    self._turn.remove(stream)
            case TakePicture():
                self._orders.append(word)
        return []

    def work(self) -> Iterator[DecoderWord]:
        """Do what is next: an ordered picture, and a fragment of the stream whose turn it is."""
        if self._orders:
            yield _take_picture(self._orders.popleft())
        for _ in range(len(self._turn)):
            stream = self._turn[0]
            self._turn.rotate(-1)
            if self._streams[stream].waiting:
                yield from self._examine(stream, self._streams[stream])
                return

    def _examine(self, stream: StreamId, known: _Stream) -> Iterator[DecoderWord]:
        yield Working(stream)
        while known.waiting:
            item = known.waiting.popleft()
            if isinstance(item, Begin):
                known.examiner.begin(item.init)
                continue
            yield from known.examiner.examine(item)
            examiner = known.examiner
            yield Done(stream, item.sequence, examiner.seen_until, examiner.moved_at)
            return

    def _stream(self, stream: StreamId) -> _Stream:
        known = self._streams.get(stream)
        if known is None:
            detector = self._detector
            examiner = StreamExaminer(
                stream, detector.detect, width=detector.input_width, height=detector.input_height
            )
            known = self._streams[stream] = _Stream(examiner)
            self._turn.append(stream)
        return known

    def _shorten(self, stream: StreamId) -> list[DecoderWord]:
        """Pass over the oldest GOP when too much waits."""
        known = self._streams[stream]
        items = list(known.waiting)
        places = [place for place, item in enumerate(items) if isinstance(item, Fragment)]
        span = _span(items)
        if span <= BACKLOG:
            return []
        until = next((place for place in places[1:] if _is_key(items[place])), None)
        if until is None:
            if span <= LONGEST_BACKLOG:
                return []
            until = len(items)
        passed = [item for item in items[:until] if isinstance(item, Fragment)]
        begins = [item for item in items[:until] if isinstance(item, Begin)]
        known.waiting = deque([*begins[-1:], *items[until:]])
        known.examiner.miss()
        return [Skipped(stream, sum(item.packet_count for item in passed), SkipReason.SLOW)]


def _span(items: list[Begin | Fragment]) -> timedelta:
    spans = [item.when for item in items if isinstance(item, Fragment)]
    return spans[-1].end - spans[0].start if spans else timedelta()


def _is_key(item: Begin | Fragment) -> bool:
    return isinstance(item, Fragment) and item.starts_with_key


def _take_picture(order: TakePicture) -> DecoderWord:
    try:
        decoder = StreamDecoder(read_setup(order.init))
        best = _nearest(decoder, order)
        if best is None:
            return NoPicture(order.number, "no picture of the recorded footage could be decoded")
        jpeg, width, height = to_jpeg(best.picture, width_px=order.width_px)
        return Picture(number=order.number, jpeg=jpeg, width_px=width, height_px=height)
    except (Invalid, NoVideo) as error:
        return NoPicture(order.number, str(error))


def _nearest(decoder: StreamDecoder, order: TakePicture) -> Frame | None:
    """The wanted picture; one at a time is held, for they are large."""
    best: Frame | None = None
    for frame in _frames(decoder, order.payloads):
        if best is None or abs(frame.pts - order.at_ticks) < abs(best.pts - order.at_ticks):
            best = frame
        if frame.pts >= order.at_ticks:
            break  # they come in the order they are shown
    return best


def _frames(decoder: StreamDecoder, payloads: Sequence[bytes]) -> Iterator[Frame]:
    for payload in payloads:
        for sample in read_samples(payload):
            yield from decoder.decode(sample)[0]
    yield from decoder.drain()
