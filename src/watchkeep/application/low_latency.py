"""What a low-latency HLS client may fetch of one stream: parts, whole segments, the playlist; bounded.

Source: RFC 8216 and draft-pantos-hls-rfc8216bis sections 4.4.3.7, 4.4.3.8, 4.4.4.9, 4.4.5.3 and 6.2.2.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from watchkeep.application.hls import iso
from watchkeep.domain.media import TICKS_PER_SECOND, Fragment

TARGET_S = 4
"""No HLS segment is longer. It must not change while a playlist lives; nobody knows a camera's next GOP."""
LEAST_SEGMENT_S = 1.0
WINDOW_S = 16.0
"""What the playlist lists; at least three target durations."""
MOST_BYTES = 32 << 20
_LONGEST_CHUNK_TICKS = TICKS_PER_SECOND // 9
"""A tenth of a second and some rounding. What is longer and holds several pictures comes from the ring."""
_PART_TICKS = TICKS_PER_SECOND // 5
_SLACK = 1.1
"""A part may not be longer than the target, nor, but for a segment's last, shorter than 85 % of it."""
_SEEN_CHUNKS = 3
"""So many tell how long chunks are: the first may be short, for it holds what was waiting."""
_HOLE_TICKS = 2 * TICKS_PER_SECOND


@dataclass(slots=True)
class Part:
    """Neighbouring chunks that a client fetches at once."""

    duration_ticks: int
    is_independent: bool
    payload: bytes = field(repr=False)


@dataclass(slots=True)
class Piece:
    """An HLS segment; the last one grows.

    Attributes:
        init: Number of the init section that it needs.
        is_discontinuous: It does not follow the one before in time or coding.
        lists_parts: Off where a part would be longer than the target; then it is fetched whole.
    """

    number: int
    init: int
    start: datetime
    is_discontinuous: bool
    parts: list[Part] = field(default_factory=list)
    lists_parts: bool = True
    is_whole: bool = False

    @property
    def duration_ticks(self) -> int:
        """Of its parts."""
        return sum(part.duration_ticks for part in self.parts)

    @property
    def payload(self) -> bytes:
        """Its parts one after the other: chunks of CMAF need nothing between them."""
        return b"".join(part.payload for part in self.parts)


class Show:
    """A stream's newest pieces. Begins with a key picture that comes as a chunk."""

    def __init__(self, *, first_number: int) -> None:
        self._inits: dict[int, bytes] = {}
        self._init = -1
        self._pieces: deque[Piece] = deque()
        self._gone: deque[Piece] = deque()
        self._open: list[Fragment] = []
        self._next_number = first_number
        self._chunk_ticks = self._target_ticks = 0
        self._seen_chunks = 0
        self._needs_key = True
        self._discontinuities_gone = 0

    @property
    def has_begun(self) -> bool:
        """Whether a client that knows of no parts finds something to fetch."""
        return bool(self._pieces) and self._pieces[0].is_whole

    @property
    def next_number(self) -> int:
        """The number of the piece that begins next."""
        return self._next_number

    def begin(self, init: bytes) -> None:
        """A run begins: later chunks need this init section."""
        self._finish_piece()
        self._init += 1
        self._inits[self._init] = init
        self._needs_key = True

    def interrupt(self) -> None:
        """Chunks were lost; it goes on at a key picture."""
        self._finish_piece()
        self._needs_key = True

    def take(self, chunk: Fragment) -> None:
        """Take the next chunk."""
        if chunk.duration_ticks > _HOLE_TICKS:
            self.interrupt()
            return
        is_chunk = chunk.packet_count == 1 or chunk.duration_ticks <= _LONGEST_CHUNK_TICKS
        if is_chunk and self._target_ticks == 0:
            self._chunk_ticks = max(self._chunk_ticks, chunk.duration_ticks)
            self._seen_chunks += 1
        if self._needs_key and not (chunk.starts_with_key and is_chunk and self._seen_chunks >= _SEEN_CHUNKS):
            return
        if self._target_ticks == 0:
            several = max(1, _PART_TICKS // self._chunk_ticks)
            self._target_ticks = int(several * self._chunk_ticks * _SLACK)
        if self._is_piece_due(chunk):
            self._finish_piece()
            self._begin_piece(chunk)
        self._needs_key = False
        self._add(chunk)

    def has(self, number: int, part: int | None) -> bool:
        """Whether the playlist holds a piece whole, or a part of it or anything later."""
        if number < self._next_number - 1 or not self._pieces:
            return number < self._next_number - 1
        last = self._pieces[-1]
        return number == last.number and (last.is_whole or (part is not None and part < len(last.parts)))

    def init(self, number: int) -> bytes | None:
        """An init section; None when it is not there (any more)."""
        return self._inits.get(number)

    def piece(self, number: int) -> Piece | None:
        """A piece; None when it is not there (any more, or yet)."""
        return next((each for each in (*self._gone, *self._pieces) if each.number == number), None)

    def playlist(self, *, folder: str) -> str:
        """The media playlist as it is now.

        Args:
            folder: What the addresses of pieces begin with.
        """
        target_s = self._target_ticks / TICKS_PER_SECOND
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:9",
            f"#EXT-X-TARGETDURATION:{TARGET_S}",
            f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={3 * target_s:.5f}",
            f"#EXT-X-PART-INF:PART-TARGET={target_s:.5f}",
            f"#EXT-X-MEDIA-SEQUENCE:{self._pieces[0].number}",
            f"#EXT-X-DISCONTINUITY-SEQUENCE:{self._discontinuities_gone}",
        ]
        init = -1
        for piece in self._pieces:
            lines.extend(self._lines(piece, folder, says_init=piece.init != init))
            init = piece.init
        last = self._pieces[-1]
        following = (last.number + 1, 0) if last.is_whole else (last.number, len(last.parts))
        lines.append(f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{folder}/{following[0]}.{following[1]}.m4s"')
        return "\n".join(lines) + "\n"

    def _lines(self, piece: Piece, folder: str, *, says_init: bool) -> Iterator[str]:
        if piece.is_discontinuous and piece is not self._pieces[0]:
            yield "#EXT-X-DISCONTINUITY"
        if says_init:
            yield f'#EXT-X-MAP:URI="{folder}/init-{piece.init}.mp4"'
        yield f"#EXT-X-PROGRAM-DATE-TIME:{iso(piece.start)}"
        # Parts of what lies behind the live edge are of no use to anybody.
        if piece.lists_parts and piece.number >= self._pieces[-1].number - 2:
            for number, part in enumerate(piece.parts):
                independent = ",INDEPENDENT=YES" if part.is_independent else ""
                seconds = part.duration_ticks / TICKS_PER_SECOND
                address = f"{folder}/{piece.number}.{number}.m4s"
                yield f'#EXT-X-PART:DURATION={seconds:.5f},URI="{address}"{independent}'
        if piece.is_whole:
            yield f"#EXTINF:{piece.duration_ticks / TICKS_PER_SECOND:.5f},"
            yield f"{folder}/{piece.number}.m4s"

    def _is_piece_due(self, chunk: Fragment) -> bool:
        if self._needs_key or not self._pieces or self._pieces[-1].is_whole:
            return True
        ticks = self._pieces[-1].duration_ticks + sum(each.duration_ticks for each in self._open)
        if chunk.starts_with_key and ticks >= LEAST_SEGMENT_S * TICKS_PER_SECOND * 0.9:
            return True
        return ticks + chunk.duration_ticks > TARGET_S * TICKS_PER_SECOND

    def _begin_piece(self, chunk: Fragment) -> None:
        is_first = not self._pieces
        piece = Piece(
            number=self._next_number,
            init=self._init,
            start=chunk.when.start,
            is_discontinuous=self._needs_key and not is_first,
        )
        self._pieces.append(piece)
        self._next_number += 1
        self._forget()

    def _add(self, chunk: Fragment) -> None:
        if chunk.starts_with_key or self._open_ticks + chunk.duration_ticks > self._target_ticks:
            self._finish_part()
        self._open.append(chunk)
        # If chunks go on like this, the next would make it too long: no need to wait for it.
        if self._open_ticks + self._chunk_ticks > self._target_ticks:
            self._finish_part()

    @property
    def _open_ticks(self) -> int:
        return sum(chunk.duration_ticks for chunk in self._open)

    def _finish_part(self) -> None:
        chunks, self._open = self._open, []
        if not chunks:
            return
        part = Part(
            duration_ticks=sum(chunk.duration_ticks for chunk in chunks),
            is_independent=chunks[0].starts_with_key,
            payload=b"".join(chunk.payload for chunk in chunks),
        )
        piece = self._pieces[-1]
        piece.parts.append(part)
        piece.lists_parts = piece.lists_parts and part.duration_ticks <= self._target_ticks

    def _finish_piece(self) -> None:
        self._finish_part()
        if self._pieces:
            self._pieces[-1].is_whole = True

    def _forget(self) -> None:
        """Let the oldest go from the list, and later from memory: who has an older list may still ask."""
        while sum(piece.duration_ticks for piece in self._pieces) > WINDOW_S * TICKS_PER_SECOND:
            gone = self._pieces.popleft()
            self._gone.append(gone)
            self._discontinuities_gone += self._pieces[0].is_discontinuous
        everything = [*self._gone, *self._pieces]
        size = sum(len(part.payload) for piece in everything for part in piece.parts)
        while self._gone and (
            size > MOST_BYTES
            or sum(piece.duration_ticks for piece in self._gone) > WINDOW_S * TICKS_PER_SECOND
        ):
            size -= sum(len(part.payload) for part in self._gone.popleft().parts)
        while size > MOST_BYTES and len(self._pieces) > 2:
            gone = self._pieces.popleft()
            self._discontinuities_gone += self._pieces[0].is_discontinuous
            size -= sum(len(part.payload) for part in gone.parts)
        needed = {piece.init for piece in (*self._gone, *self._pieces)}
        self._inits = {number: init for number, init in self._inits.items() if number in needed}
