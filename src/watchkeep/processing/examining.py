"""One stream as the decoder examines it: which pictures are decoded, and which are looked at.

A GOP-prefix gate: while nothing moves, only the key picture and 0.3 s after it are decoded of each GOP. When
one of them differs from what was there before, the GOP and the one before it are decoded whole, and all that
follows until it has been quiet for three seconds.
Source: docs/decisions/0015-looking-only-when-something-moves.md.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from watchkeep.domain.detection import Attention, Detection, Look
from watchkeep.domain.errors import Invalid, NoVideo
from watchkeep.domain.ids import StreamId
from watchkeep.domain.media import TICKS_PER_SECOND, Fragment
from watchkeep.processing.gate import Gop, Pace
from watchkeep.processing.motion import blocks_of, has_moved
from watchkeep.processing.pictures import Bytes, Converter, Frame, StreamDecoder
from watchkeep.processing.samples import Sample, read_samples, read_setup
from watchkeep.processing.words import DecoderWord, Failed, Looked, Skipped, SkipReason

LOOK_EVERY = timedelta(seconds=0.2)
STILL_LOOK_EVERY = timedelta(seconds=1)
STILL_LOOK_LIMIT = timedelta(seconds=2.5)
"""In longer GOPs what stands still is looked at between key pictures too, though all are decoded for it."""
PREFIX = timedelta(seconds=0.3)
QUIET = timedelta(seconds=3)
TIMES_LIMIT = 512
FAILED_AFTER = timedelta(seconds=5)

Detect = Callable[[Bytes], list[Detection]]
Shot = tuple[Frame, datetime]


class StreamExaminer:
    """Of one stream.

    Attributes:
        seen_until: The newest picture that was compared with what was there before.
    """

    def __init__(self, stream: StreamId, detect: Detect, *, width: int, height: int) -> None:
        self._stream = stream
        self._detect = detect
        self._size = width, height
        self.attention = Attention.MOTION
        self._converter = Converter()
        self._decoder: StreamDecoder | None = None
        self._trouble = ""
        self._before: Gop | None = None
        self._gop: Gop | None = None
        # What the decoder decoded last: so many samples of this GOP.
        self._position: tuple[Gop, int] | None = None
        self._is_broken = False
        self._is_open = False
        self.seen_until: datetime | None = None
        self._moved_at: datetime | None = None
        self._pace = Pace()
        self._blocks: NDArray[np.float32] | None = None
        self._vain_since: datetime | None = None
        self._times: dict[int, datetime] = {}

    @property
    def moved_at(self) -> datetime | None:
        """The newest picture in which something moved."""
        return self._moved_at

    def begin(self, init: bytes) -> None:
        """A run starts."""
        self.miss()
        self._is_open = False
        self._blocks = None
        self._times.clear()
        self._decoder, self._trouble = None, ""
        try:
            self._decoder = StreamDecoder(read_setup(init))
        except (Invalid, NoVideo) as error:
            self._trouble = str(error)

    def miss(self) -> None:
        """Fragments are missing here: what follows starts with a key picture."""
        self._gop = self._before = self._position = None

    def examine(self, fragment: Fragment) -> Iterator[DecoderWord]:
        """Take the next fragment; whatever is in it, nothing is raised but what the detector raises."""
        if self._decoder is None:
            yield from self._no_decoder(fragment)
            return
        if fragment.starts_with_key:
            self._before, self._gop, self._is_broken = self._gop, Gop(), False
        gop = self._gop
        if gop is None:
            if self._is_broken:
                yield self._undecodable(fragment.packet_count)
            return  # joined in mid-GOP
        try:
            gop.add(_timed(read_samples(fragment.payload), fragment))
        except Invalid:
            yield from self._give_up(fragment)
        else:
            try:
                yield from self._follow(gop, fragment)
            except NoVideo:
                yield from self._give_up(fragment)
        yield from self._note_failure(fragment.when.end)

    def _give_up(self, fragment: Fragment) -> Iterator[DecoderWord]:
        """What comes after in this GOP builds on what is missing now."""
        self.miss()
        self._is_broken = True
        self._vain_since = self._vain_since or fragment.when.start
        yield self._undecodable(fragment.packet_count)

    def _follow(self, gop: Gop, fragment: Fragment) -> Iterator[DecoderWord]:
        now = fragment.when.end
        if self._is_open or self.attention is Attention.FULL:
            yield from self._decode_on(gop) if self._is_open else self._open(gop)
            is_quiet = self._moved_at is None or now - self._moved_at > QUIET
            self._is_open = self.attention is Attention.FULL or not is_quiet
        elif fragment.starts_with_key:
            yield from self._peek(gop, until=fragment.when.start + PREFIX)
        elif self.attention is Attention.STILL and self._is_overdue(now):
            yield from self._peek(gop, until=None)
        if gop.is_too_long:
            gop.forget()

    def _peek(self, gop: Gop, *, until: datetime | None) -> Iterator[DecoderWord]:
        """Decode some pictures of the GOP, and open the gate when they tell of motion."""
        previous = self._blocks
        every = timedelta() if previous is None else STILL_LOOK_EVERY
        first = last = wanted = None
        for each in self._decode_or_drain(gop, until=until):
            if not isinstance(each, tuple):
                yield each
                continue
            first, last = first or each, each
            # The key picture is the best one; between key pictures the newest is.
            if self._pace.is_due(each[1], every) and (wanted is None or until is None):
                wanted = each
        if first is None or last is None:
            return
        key = self._blocks_of(first[0])
        # Against what was there before, and within: from one picture to the next little changes.
        moved = has_moved(key, self._blocks_of(last[0])) or (
            previous is not None and has_moved(previous, key)
        )
        self._blocks = key
        self.seen_until = last[1]
        if moved:
            self._moved_at = first[1]
            yield from self._open(gop)
        elif wanted is not None and (previous is None or self.attention is Attention.STILL):
            yield self._look(*wanted, every=every)

    def _open(self, gop: Gop) -> Iterator[DecoderWord]:
        """Something moves: the GOP before and this one from their key pictures on, then all that comes."""
        self._is_open = True
        if gop.forgotten == 0:
            self._position = None
            last = self._pace.last
            if self._before is not None and (last is None or last < gop.samples[0][1]):
                yield from self._decode_on(self._before)
        yield from self._decode_on(gop)

    def _decode_on(self, gop: Gop) -> Iterator[DecoderWord]:
        for each in self._decode(gop, until=None):
            if not isinstance(each, tuple):
                yield each
                continue
            frame, at = each
            if self._pace.is_due(at, LOOK_EVERY):
                blocks = self._blocks_of(frame)
                if self._blocks is not None and has_moved(self._blocks, blocks):
                    self._moved_at = max(at, self._moved_at or at)
                self._blocks = blocks
                self.seen_until = at
                yield self._look(frame, at, every=LOOK_EVERY)

    def _decode(self, gop: Gop, *, until: datetime | None) -> Iterator[Skipped | Shot]:
        """Decode what was not decoded yet, to an instant or to the end."""
        decoder = self._decoder
        done = self._position[1] if self._position is not None and self._position[0] is gop else 0
        samples = gop.after(done)
        if decoder is None or not samples:
            return
        if done == 0 and not self._is_next(gop):
            decoder.restart()
        self._vain_since = self._vain_since or samples[0][1]
        for sample, at in samples:
            if until is not None and at > until:
                break
            done += 1
            self._position = gop, done
            self._times[sample.pts] = at
            frames, bad = decoder.decode(sample)
            if bad:
                yield self._undecodable(bad)
            yield from self._shots(frames, at)

    def _decode_or_drain(self, gop: Gop, *, until: datetime | None) -> Iterator[Skipped | Shot]:
        """As `_decode`; when the decoder holds all pictures back, it is made to give them."""
        is_empty = True
        for each in self._decode(gop, until=until):
            is_empty = is_empty and not isinstance(each, tuple)
            yield each
        if is_empty and self._decoder is not None and gop.samples:
            self._position = None
            yield from self._shots(self._decoder.drain(), gop.samples[0][1])

    def _is_next(self, gop: Gop) -> bool:
        """Whether the decoder has just decoded all that comes before this GOP: it may still hold pictures."""
        before, position = self._before, self._position
        if before is None or position is None or gop is not self._gop:
            return False
        return position[0] is before and position[1] == before.count

    def _shots(self, frames: list[Frame], at: datetime) -> Iterator[Shot]:
        if frames:
            self._vain_since = None
        for frame in frames:
            yield frame, self._times.pop(frame.pts, at)
        if len(self._times) > TIMES_LIMIT:
            self._times.clear()

    def _blocks_of(self, frame: Frame) -> NDArray[np.float32]:
        return blocks_of(self._converter.grey(frame))

    def _is_overdue(self, now: datetime) -> bool:
        return self._pace.last is not None and now - self._pace.last > STILL_LOOK_LIMIT

    def _look(self, frame: Frame, at: datetime, *, every: timedelta) -> DecoderWord:
        self._pace.take(at, every)
        detections = self._detect(self._converter.scaled(frame, *self._size))
        return Looked(Look(stream=self._stream, at=at, aspect=frame.aspect, detections=tuple(detections)))

    def _no_decoder(self, fragment: Fragment) -> Iterator[DecoderWord]:
        if self._trouble:
            yield self._undecodable(fragment.packet_count)
            if fragment.starts_with_key:
                yield Failed(self._stream, self._trouble)

    def _note_failure(self, now: datetime) -> Iterator[DecoderWord]:
        if self._vain_since is not None and now - self._vain_since > FAILED_AFTER:
            self._vain_since = None
            # The next picture that can be decoded is looked at: that tells that it is well again.
            self._blocks = None
            yield Failed(
                self._stream,
                "Its pictures cannot be decoded; see what the camera sends. It is recorded all the same.",
            )

    def _undecodable(self, frames: int) -> Skipped:
        return Skipped(self._stream, frames, SkipReason.UNDECODABLE)


def _timed(samples: list[Sample], fragment: Fragment) -> list[tuple[Sample, datetime]]:
    start, first = fragment.when.start, samples[0].dts
    return [(each, start + timedelta(seconds=(each.pts - first) / TICKS_PER_SECOND)) for each in samples]
