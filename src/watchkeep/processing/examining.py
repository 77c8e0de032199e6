"""One stream as the decoder examines it: which pictures are decoded, and which are looked at.

A GOP-prefix gate: while nothing moves, only the key picture and 0.3 s after it are decoded of each GOP. When
one of them differs from what was there before, the GOP and the one before it are decoded whole, and all that
follows until it has been quiet for three seconds.
Source: docs/decisions/0015-looking-only-when-something-moves.md.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from watchkeep.domain.detection import Attention, Detection, Look
from watchkeep.domain.errors import Invalid, NoVideo
from watchkeep.domain.ids import StreamId
from watchkeep.domain.media import TICKS_PER_SECOND, Fragment
from watchkeep.processing.motion import blocks_of, has_moved
from watchkeep.processing.pictures import Bytes, Frame, StreamDecoder
from watchkeep.processing.samples import Sample, read_samples, read_setup
from watchkeep.processing.words import DecoderWord, Failed, Looked, Skipped, SkipReason

LOOK_EVERY = timedelta(seconds=0.2)
STILL_LOOK_EVERY = timedelta(seconds=1)
PREFIX = timedelta(seconds=0.3)
QUIET = timedelta(seconds=3)
GOP_LIMIT_BYTES = 8 << 20
"""A longer GOP is not kept to be looked at again; what moves in it is seen from then on."""
TIMES_LIMIT = 512
FAILED_AFTER = timedelta(seconds=5)

Detect = Callable[[Bytes], list[Detection]]


@dataclass(slots=True)
class _Gop:
    """Fragments from a key picture on, and how many of their samples were decoded."""

    fragments: list[Fragment] = field(default_factory=list)
    decoded: int = 0
    size_bytes: int = 0
    is_whole: bool = True


class StreamExaminer:
    """Of one stream."""

    def __init__(self, stream: StreamId, detect: Detect, *, width: int, height: int) -> None:
        self._stream = stream
        self._detect = detect
        self._size = width, height
        self.attention = Attention.MOTION
        self._decoder: StreamDecoder | None = None
        self._setup_trouble = ""
        self._gop: _Gop | None = None
        self._before: _Gop | None = None
        self._is_open = False
        self._moved_at: datetime | None = None
        self._last_look: datetime | None = None
        self._due: datetime | None = None
        self._blocks: NDArray[np.float32] | None = None
        self._sound_at: datetime | None = None
        self._times: dict[int, datetime] = {}

    def begin(self, init: bytes) -> None:
        """A run starts."""
        self._gop = self._before = None
        self._is_open = False
        self._blocks = None
        self._times.clear()
        self._decoder, self._setup_trouble = None, ""
        try:
            self._decoder = StreamDecoder(read_setup(init))
        except (Invalid, NoVideo) as error:
            self._setup_trouble = str(error)

    def miss(self) -> None:
        """Fragments are missing here: what follows starts with a key picture."""
        self._gop = self._before = None

    def examine(self, fragment: Fragment) -> Iterator[DecoderWord]:
        """Take the next fragment."""
        if self._decoder is None:
            yield from self._no_decoder(fragment)
            return
        if fragment.starts_with_key:
            self._before, self._gop = self._gop, _Gop()
        if self._gop is None:
            return  # joined in mid-GOP
        self._keep(self._gop, fragment)
        if self._is_open or self.attention is Attention.FULL:
            yield from self._go_on()
        elif fragment.starts_with_key:
            yield from self._peek()
        yield from self._note_soundness(fragment.when.end)

    def _keep(self, gop: _Gop, fragment: Fragment) -> None:
        gop.fragments.append(fragment)
        gop.size_bytes += len(fragment.payload)
        if gop.size_bytes > GOP_LIMIT_BYTES and not self._is_open:
            self._gop = None

    def _peek(self) -> Iterator[DecoderWord]:
        """Decode the first pictures of the GOP, and open the gate when they tell of motion."""
        gop = self._gop
        if gop is None:
            return
        is_first = self._blocks is None
        start = gop.fragments[0].when.start
        seen: list[NDArray[np.float32]] = [] if self._blocks is None else [self._blocks]
        for frame, at in self._decode(gop, until=start + PREFIX):
            if isinstance(frame, Skipped):
                yield frame
                continue
            seen.append(self._blocks_of(frame))
            is_still_due = self.attention is Attention.STILL and self._is_due(at, STILL_LOOK_EVERY)
            if is_first or is_still_due:
                is_first = False
                yield self._look(frame, at)
        if not seen:
            return
        # Against the GOP before, and within the prefix: from one picture to the next little changes.
        key = seen[0] if self._blocks is None else seen[min(1, len(seen) - 1)]
        moved = has_moved(seen[0], key) or has_moved(key, seen[-1])
        self._blocks = key
        if moved:
            self._moved_at = start
            yield from self._open()

    def _open(self) -> Iterator[DecoderWord]:
        """Something moves: the GOP before and this one from their key pictures on, then all that comes."""
        self._is_open = True
        gop, before = self._gop, self._before
        self._before = None
        for each in (before, gop):
            if each is not None and each.is_whole:
                each.decoded = 0
                yield from self._decode_on(each)

    def _go_on(self) -> Iterator[DecoderWord]:
        gop = self._gop
        if gop is None:
            return
        if not self._is_open:
            # Attention was raised in mid-GOP: those that follow need the pictures that were passed over.
            yield from self._open()
            return
        yield from self._decode_on(gop)
        now = gop.fragments[-1].when.end if gop.fragments else None
        is_quiet = self._moved_at is None or (now is not None and now - self._moved_at > QUIET)
        if self.attention is not Attention.FULL and is_quiet:
            self._is_open = False

    def _decode_on(self, gop: _Gop) -> Iterator[DecoderWord]:
        for frame, at in self._decode(gop, until=None):
            if isinstance(frame, Skipped):
                yield frame
            elif self._is_due(at, LOOK_EVERY):
                if self._moves(frame):
                    self._moved_at = at
                yield self._look(frame, at)
        if gop.size_bytes > GOP_LIMIT_BYTES:
            # Too long to be kept: its pictures are done with, and it cannot be looked at again.
            gop.fragments.clear()
            gop.decoded, gop.is_whole = 0, False

    def _decode(
        self, gop: _Gop, *, until: datetime | None
    ) -> Iterator[tuple[Frame, datetime] | tuple[Skipped, datetime]]:
        """Decode what was not decoded yet, to an instant or to the end."""
        decoder = self._decoder
        if decoder is None:
            return
        for sample, at in self._undecoded(gop):
            if isinstance(sample, Skipped):
                yield sample, at
                continue
            if until is not None and at > until:
                return
            if gop.decoded == 0 and sample.is_key:
                decoder.restart()
            gop.decoded += 1
            self._times[sample.pts] = at
            frames, bad = decoder.decode(sample)
            if bad:
                yield self._undecodable(bad), at
            for frame in frames:
                self._sound_at = self._times.get(frame.pts, at)
                yield frame, self._sound_at
        if len(self._times) > TIMES_LIMIT:
            self._times = dict(list(self._times.items())[-TIMES_LIMIT // 2 :])

    def _undecoded(self, gop: _Gop) -> Iterator[tuple[Sample, datetime] | tuple[Skipped, datetime]]:
        number = 0
        for fragment in list(gop.fragments):
            try:
                samples = read_samples(fragment.payload)
            except Invalid:
                yield self._undecodable(fragment.packet_count), fragment.when.start
                continue
            for sample in samples:
                number += 1
                if number > gop.decoded:
                    yield sample, _time_of(sample, fragment)

    def _blocks_of(self, frame: Frame) -> NDArray[np.float32]:
        assert self._decoder is not None  # noqa: S101  # decoded by it a moment ago
        return blocks_of(self._decoder.grey(frame))

    def _moves(self, frame: Frame) -> bool:
        blocks = self._blocks_of(frame)
        moved = self._blocks is not None and has_moved(self._blocks, blocks)
        self._blocks = blocks
        return moved

    def _is_due(self, at: datetime, every: timedelta) -> bool:
        """Whether this picture is to be looked at; pictures of the past never are."""
        if self._last_look is not None and at <= self._last_look:
            return False
        if self._due is None or at - self._due > every or self._due - at > every:
            self._due = at
        if at < self._due:
            return False
        self._due += every
        return True

    def _look(self, frame: Frame, at: datetime) -> DecoderWord:
        assert self._decoder is not None  # noqa: S101  # decoded by it a moment ago
        self._last_look = at
        detections = self._detect(self._decoder.scaled(frame, *self._size))
        return Looked(Look(stream=self._stream, at=at, aspect=frame.aspect, detections=tuple(detections)))

    def _no_decoder(self, fragment: Fragment) -> Iterator[DecoderWord]:
        if self._setup_trouble and fragment.starts_with_key:
            yield self._undecodable(fragment.packet_count)
            yield Failed(self._stream, self._setup_trouble)

    def _note_soundness(self, now: datetime) -> Iterator[DecoderWord]:
        if self._sound_at is None:
            self._sound_at = now  # from here on it is counted
        if now - self._sound_at > FAILED_AFTER:
            self._sound_at = now
            yield Failed(
                self._stream,
                "Its pictures cannot be decoded; see what the camera sends. It is recorded all the same.",
            )

    def _undecodable(self, frames: int) -> Skipped:
        return Skipped(self._stream, frames, SkipReason.UNDECODABLE)


def _time_of(sample: Sample, fragment: Fragment) -> datetime:
    return fragment.when.start + timedelta(seconds=(sample.pts - fragment.start_ticks) / TICKS_PER_SECOND)
