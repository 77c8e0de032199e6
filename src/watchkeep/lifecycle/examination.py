"""Reads every byte of a segment against its tags, and says which spans of it cannot be read any more."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from watchkeep.domain.errors import DataLoss, Invalid, KeyShredded, NotFound
from watchkeep.domain.fs import File
from watchkeep.domain.interval import Interval
from watchkeep.domain.segment import Segment
from watchkeep.storage.media.format import FragmentMark, digest_media
from watchkeep.storage.media.reader import Keys, SealedReader, open_reader

UNREADABLE = (DataLoss, Invalid, OSError)
"""What reading raises where bytes are missing, changed, or not given by the disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What became of a segment's bytes.

    Attributes:
        why: What is wrong, in a few words; empty if nothing is.
        damaged: The spans that cannot be shown; none if only the index or the end is damaged.
        size_bytes: Read.
    """

    why: str = ""
    damaged: tuple[Interval, ...] = ()
    size_bytes: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether all is as it was written."""
        return not self.why


def examine(file: File, name: str, segment: Segment, keys: Keys) -> Examined:
    """Open every record of a finished segment, and compare it with its row.

    Args:
        file: Stays the caller's.
        name: For sentences.
        segment: Its row.
        keys: Finds its shred key.

    Raises:
        KeyShredded: Its key was destroyed on purpose: nothing of it is left to be damaged.
        NotFound: The keystore never had its key.
    """
    try:
        reader = open_reader(file, name, keys)
    except (KeyShredded, NotFound):
        raise
    except UNREADABLE as error:
        return Examined(why=_word(error), damaged=(segment.when,))
    try:
        reader.verify()
        final = reader.final
        if final is None or final.root_digest != segment.root_digest:
            return Examined(why="it is whole, but not what the catalog knows", damaged=(segment.when,))
        return Examined(size_bytes=reader.size_bytes)
    except UNREADABLE as error:
        return Examined(why=_word(error), damaged=damaged_spans(reader, segment))


def damaged_spans(reader: SealedReader, segment: Segment) -> tuple[Interval, ...]:
    """The spans of a damaged segment that cannot be shown, each up to the next key picture."""
    try:
        reader.read_video(0, reader.init_length)
    except UNREADABLE:
        return (segment.when,)
    spans: list[Interval] = []
    is_lost = False
    for mark in reader.marks:
        is_readable = _is_readable(reader, mark)
        is_lost = not is_readable or (is_lost and not mark.starts_with_key)
        if is_lost:
            spans.append(mark.when)
    end = reader.marks[-1].when.end if reader.marks else segment.when.start
    if end < segment.when.end:
        spans.append(Interval(end, segment.when.end))
    return tuple(_merged(spans))


def _is_readable(reader: SealedReader, mark: FragmentMark) -> bool:
    try:
        fragment = reader.read_video(mark.offset, mark.length)
    except UNREADABLE:
        return False
    return digest_media(mark.salt, memoryview(fragment)[mark.media_offset :]) == mark.digest


def _merged(spans: Sequence[Interval]) -> Iterator[Interval]:
    """Neighbours that touch, as one."""
    open_span: Interval | None = None
    for span in spans:
        if open_span is not None and span.start <= open_span.end:
            open_span = Interval(open_span.start, max(open_span.end, span.end))
            continue
        if open_span is not None:
            yield open_span
        open_span = span
    if open_span is not None:
        yield open_span


def _word(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"the disk does not give it ({error.strerror})"
    return "bytes of it are not what was written"
