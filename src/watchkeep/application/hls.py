"""An HLS playlist of sealed footage: pure text from marks. Source: RFC 8216."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from watchkeep.domain.ids import RunId, SegmentId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import TICKS_PER_SECOND
from watchkeep.domain.mp4 import AudioSetup

CHUNK = timedelta(seconds=4)
"""A chunk (HLS calls it a media segment) is at least this long where key pictures allow it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One fragment inside the video of a segment.

    Attributes:
        number: In the segment, from 0.
        offset: Of its first byte in the segment's video.
        length: In bytes, its audio included.
        media_offset: Where the mdat's body starts in it.
    """

    number: int
    offset: int
    length: int
    media_offset: int
    when: Interval
    start_ticks: int
    duration_ticks: int
    starts_with_key: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reel:
    """A segment as a player sees it: an init section, then pieces.

    Attributes:
        init_section: The bytes before the first piece.
        is_whole: Nothing will be added any more.
        audio: What its init section says of audio.
    """

    segment: SegmentId
    run: RunId
    init_section: bytes
    pieces: tuple[Piece, ...]
    is_whole: bool
    audio: AudioSetup | None = None

    @property
    def audible(self) -> str:
        """The codec string of audio that a browser plays; empty if there is none."""
        return "" if self.audio is None else self.audio.codec_string


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Neighbouring pieces of one reel that a player fetches at once; the first starts with a key picture."""

    reel: Reel
    pieces: tuple[Piece, ...]

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return sum(piece.duration_ticks for piece in self.pieces) / TICKS_PER_SECOND

    @property
    def offset(self) -> int:
        """Of its first byte in the segment's video."""
        return self.pieces[0].offset

    @property
    def length(self) -> int:
        """In bytes."""
        return self.pieces[-1].offset + self.pieces[-1].length - self.offset


def within(reel: Reel, when: Interval) -> tuple[Piece, ...]:
    """The pieces that show the span, from the key picture at or before its start."""
    first = 0
    last = 0
    for index, piece in enumerate(reel.pieces):
        if piece.starts_with_key and piece.when.start <= when.start:
            first = index
        if piece.when.start < when.end:
            last = index + 1
    chosen = reel.pieces[first:last]
    return chosen if chosen and chosen[-1].when.end > when.start else ()


def chunks(reel: Reel, when: Interval) -> list[Chunk]:
    """Cut a reel into chunks at key pictures.

    The cuts do not depend on how far an open segment has grown: its last chunk is left out until it is whole.
    """
    pieces = within(reel, when)
    if not pieces:
        return []
    groups: list[list[Piece]] = []
    for piece in pieces:
        if not groups or (piece.starts_with_key and _length(groups[-1]) >= CHUNK):
            groups.append([])
        groups[-1].append(piece)
    is_cut_at_end = reel.is_whole or pieces[-1] is not reel.pieces[-1] or pieces[-1].when.end >= when.end
    if not is_cut_at_end:
        groups.pop()
    return [Chunk(reel=reel, pieces=tuple(group)) for group in groups]


def playlist(
    reels: Sequence[Reel], when: Interval, *, is_growing: bool, with_audio: bool = False
) -> str | None:
    """Write the playlist of a span; None when no chunk of it is there (yet).

    Args:
        when: The span.
        reels: Those that overlap the span, oldest first; damaged ones left out.
        is_growing: More may come: an EVENT playlist without end, to be asked for again.
        with_audio: As far as browsers play it. A player cannot change between audio and none, or to another
            codec, so such a playlist ends where that happens, and the rest of the span is in the next one.
    """
    found = [chunk for reel in reels for chunk in chunks(reel, when)]
    if not found:
        return None
    if with_audio:
        audible = found[0].reel.audible
        of_a_kind = list(takewhile(lambda chunk: chunk.reel.audible == audible, found))
        is_growing = is_growing and len(of_a_kind) == len(found)
        found = of_a_kind
    longest = max(chunk.seconds for chunk in found)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        f"#EXT-X-TARGETDURATION:{max(math.ceil(longest), int(CHUNK.total_seconds()))}",
        f"#EXT-X-PLAYLIST-TYPE:{'EVENT' if is_growing else 'VOD'}",
        "#EXT-X-MEDIA-SEQUENCE:0",
    ]
    before: Chunk | None = None
    for chunk in found:
        lines.extend(_lines(chunk, before, with_audio=with_audio))
        before = chunk
    if not is_growing:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def _lines(chunk: Chunk, before: Chunk | None, *, with_audio: bool) -> Iterator[str]:
    address = f"/api/v1/segments/{chunk.reel.segment}/video"
    # Bytes as they are stored, unless there is audio in them that is not wanted or not playable.
    is_cut = chunk.reel.audio is not None and not (with_audio and chunk.reel.audible)
    if before is None or not continues(before.reel, before.pieces[-1], chunk.reel, chunk.pieces[0]):
        if before is not None:
            yield "#EXT-X-DISCONTINUITY"
        if is_cut:
            yield f'#EXT-X-MAP:URI="{address}/silent?first=0&count=0"'
        else:
            yield f'#EXT-X-MAP:URI="{address}",BYTERANGE="{len(chunk.reel.init_section)}@0"'
    yield f"#EXT-X-PROGRAM-DATE-TIME:{iso(chunk.pieces[0].when.start)}"
    yield f"#EXTINF:{chunk.seconds:.5f},"
    if is_cut:
        yield f"{address}/silent?first={chunk.pieces[0].number}&count={len(chunk.pieces)}"
    else:
        yield f"#EXT-X-BYTERANGE:{chunk.length}@{chunk.offset}"
        yield address


def continues(reel: Reel, piece: Piece, next_reel: Reel, next_piece: Piece) -> bool:
    """Say whether a decoder runs on: same run, same parameters, no ticks missing."""
    return (
        reel.run == next_reel.run
        and reel.init_section == next_reel.init_section
        and piece.start_ticks + piece.duration_ticks == next_piece.start_ticks
    )


def _length(pieces: Sequence[Piece]) -> timedelta:
    ticks = sum(piece.duration_ticks for piece in pieces)
    return timedelta(seconds=ticks / TICKS_PER_SECOND)


def iso(instant: datetime) -> str:
    """An instant as EXT-X-PROGRAM-DATE-TIME says it, to the millisecond."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"
