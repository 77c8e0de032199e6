"""The decoder's work: words of the analyst in, words to it out; one fragment at a time, streams in turn."""

from collections import deque
from collections.abc import Iterator
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
                waiting = self._stream(stream).waiting
                waiting.append(fragment)
                return self._shorten(stream, waiting)
            case Attend(stream, attention):
                self._stream(stream).examiner.attention = attention
            case Forget(stream):
                self._streams.pop(stream, None)
            case TakePicture():
                self._orders.append(word)
        return []

    def work(self) -> Iterator[DecoderWord]:
        """Do what is next: an ordered picture, and a fragment of the stream whose turn it is."""
        if self._orders:
            yield _take_picture(self._orders.popleft())
        for _ in range(len(self._turn)):
            stream = self._turn.popleft()
            if stream not in self._streams:
                continue
            self._turn.append(stream)
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
            yield Done(stream, item.sequence)
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

    def _shorten(self, stream: StreamId, waiting: deque[Begin | Fragment]) -> list[DecoderWord]:
        """Pass over the oldest GOP when too much waits."""
        fragments = [item for item in waiting if isinstance(item, Fragment)]
        if not fragments or fragments[-1].when.end - fragments[0].when.start <= BACKLOG:
            return []
        keys = [item for item in fragments[1:] if item.starts_with_key]
        if not keys:
            return []
        frames = 0
        kept: deque[Begin | Fragment] = deque()
        for item in fragments:
            if item is keys[0]:
                break
            frames += item.packet_count
        begins = [item for item in waiting if isinstance(item, Begin)]
        index = waiting.index(keys[0])
        kept.extend(item for item in begins[-1:] if waiting.index(item) < index)
        kept.extend(list(waiting)[index:])
        waiting.clear()
        waiting.extend(kept)
        self._streams[stream].examiner.miss()
        return [Skipped(stream, frames, SkipReason.SLOW)]


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
    samples = (sample for payload in order.payloads for sample in read_samples(payload))
    frames = [frame for sample in samples for frame in decoder.decode(sample)[0]]
    frames += decoder.drain()
    return min(frames, key=lambda frame: abs(frame.pts - order.at_ticks), default=None)
