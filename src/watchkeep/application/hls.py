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

PIECE = timedelta(seconds=4)
"""A piece (HLS calls it a media segment) is at least this long where key pictures allow it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFragment:
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
    """A segment as a player sees it: an init section, then fragments.

    Attributes:
        init_section: The bytes before the first fragment.
        is_whole: Nothing will be added any more.
        audio: What its init section says of audio.
    """

    segment: SegmentId
    run: RunId
    init_section: bytes
    fragments: tuple[StoredFragment, ...]
    is_whole: bool
    audio: AudioSetup | None = None

    @property
    def audible(self) -> str:
        """The codec string of audio that a browser plays; empty if there is none."""
        return "" if self.audio is None else self.audio.codec_string


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Neighbouring fragments of one reel, fetched at once; the first starts with a key picture."""

    reel: Reel
    fragments: tuple[StoredFragment, ...]

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return sum(fragment.duration_ticks for fragment in self.fragments) / TICKS_PER_SECOND

    @property
    def offset(self) -> int:
        """Of its first byte in the segment's video."""
        return self.fragments[0].offset

    @property
    def length(self) -> int:
        """In bytes."""
        return self.fragments[-1].offset + self.fragments[-1].length - self.offset


def within(reel: Reel, when: Interval) -> tuple[StoredFragment, ...]:
    """The fragments that show the span, from the key picture at or before its start."""
    first = 0
    last = 0
    for index, fragment in enumerate(reel.fragments):
        if fragment.starts_with_key and fragment.when.start <= when.start:
            first = index
        if fragment.when.start < when.end:
            last = index + 1
    chosen = reel.fragments[first:last]
    return chosen if chosen and chosen[-1].when.end > when.start else ()


def pieces(reel: Reel, when: Interval) -> list[Piece]:
    """Cut a reel into pieces at key pictures, and where fragments are left out.

    The cuts do not depend on how far an open segment has grown: its last piece is left out until it is whole.
    """
    fragments = within(reel, when)
    if not fragments:
        return []
    groups: list[list[StoredFragment]] = []
    for fragment in fragments:
        if not groups or _is_cut(groups[-1], fragment):
            groups.append([])
        groups[-1].append(fragment)
    is_cut_at_end = (
        reel.is_whole or fragments[-1] is not reel.fragments[-1] or fragments[-1].when.end >= when.end
    )
    if not is_cut_at_end:
        groups.pop()
    return [Piece(reel=reel, fragments=tuple(group)) for group in groups]


def playlist(
    reels: Sequence[Reel], when: Interval, *, is_growing: bool, with_audio: bool = False
) -> str | None:
    """Write the playlist of a span; None when no piece of it is there (yet).

    Args:
        when: The span.
        reels: Those that overlap the span, oldest first; damaged ones left out.
        is_growing: More may come: an EVENT playlist without end, to be asked for again.
        with_audio: As far as browsers play it. A player cannot change between audio and none, or to another
            codec, so such a playlist ends where that happens, and the rest of the span is in the next one.
    """
    found = [piece for reel in reels for piece in pieces(reel, when)]
    if not found:
        return None
    if with_audio:
        audible = found[0].reel.audible
        of_a_kind = list(takewhile(lambda piece: piece.reel.audible == audible, found))
        is_growing = is_growing and len(of_a_kind) == len(found)
        found = of_a_kind
    longest = max(piece.seconds for piece in found)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        f"#EXT-X-TARGETDURATION:{max(math.ceil(longest), int(PIECE.total_seconds()))}",
        f"#EXT-X-PLAYLIST-TYPE:{'EVENT' if is_growing else 'VOD'}",
        "#EXT-X-MEDIA-SEQUENCE:0",
    ]
    before: Piece | None = None
    for piece in found:
        lines.extend(_lines(piece, before, with_audio=with_audio))
        before = piece
    if not is_growing:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def _lines(piece: Piece, before: Piece | None, *, with_audio: bool) -> Iterator[str]:
    address = f"/api/v1/segments/{piece.reel.segment}/video"
    # Bytes as they are stored, unless there is audio in them that is not wanted or not playable.
    is_cut = piece.reel.audio is not None and not (with_audio and piece.reel.audible)
    if before is None or not continues(before.reel, before.fragments[-1], piece.reel, piece.fragments[0]):
        if before is not None:
            yield "#EXT-X-DISCONTINUITY"
        if is_cut:
            yield f'#EXT-X-MAP:URI="{address}/silent?first=0&count=0"'
        else:
            yield f'#EXT-X-MAP:URI="{address}",BYTERANGE="{len(piece.reel.init_section)}@0"'
    yield f"#EXT-X-PROGRAM-DATE-TIME:{iso(piece.fragments[0].when.start)}"
    yield f"#EXTINF:{piece.seconds:.5f},"
    if is_cut:
        yield f"{address}/silent?first={piece.fragments[0].number}&count={len(piece.fragments)}"
    else:
        yield f"#EXT-X-BYTERANGE:{piece.length}@{piece.offset}"
        yield address


def continues(reel: Reel, fragment: StoredFragment, next_reel: Reel, next_fragment: StoredFragment) -> bool:
    """Say whether a decoder runs on: same run, same parameters, no ticks missing."""
    return (
        reel.run == next_reel.run
        and reel.init_section == next_reel.init_section
        and fragment.start_ticks + fragment.duration_ticks == next_fragment.start_ticks
    )


def _is_cut(group: Sequence[StoredFragment], fragment: StoredFragment) -> bool:
    """Whether a new piece begins with a fragment: the bytes of a piece lie one behind the other."""
    is_after_hole = fragment.number != group[-1].number + 1
    return is_after_hole or (fragment.starts_with_key and _length(group) >= PIECE)


def _length(fragments: Sequence[StoredFragment]) -> timedelta:
    ticks = sum(fragment.duration_ticks for fragment in fragments)
    return timedelta(seconds=ticks / TICKS_PER_SECOND)


def iso(instant: datetime) -> str:
    """An instant as EXT-X-PROGRAM-DATE-TIME says it, to the millisecond."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"
