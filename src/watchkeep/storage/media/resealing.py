"""Seals the fragments of a segment that stay into a segment of their own, before the old one is shredded."""

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from watchkeep.domain.clock import Rng
from watchkeep.domain.erasure import remainders
from watchkeep.domain.errors import NotFound
from watchkeep.domain.fs import Fs
from watchkeep.domain.ids import SegmentId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import Fragment
from watchkeep.domain.mp4 import audio_offset
from watchkeep.domain.segment import SegmentHeader, SegmentState
from watchkeep.storage.encryption.keystore import ShredKey
from watchkeep.storage.media.format import FragmentMark, Summary
from watchkeep.storage.media.reader import Keys, SealedReader
from watchkeep.storage.media.volume import Volume
from watchkeep.storage.media.writer import SealedWriter

SOUND_LATE = timedelta(seconds=1)
"""Sound and documents may stand that long behind the pictures they go with."""

NewKey = Callable[[SegmentHeader], ShredKey]
"""The key for a new segment of a header's camera and class, on the day of its start."""
NewId = Callable[[int], SegmentId]
"""The id of the first or second remainder; always the same for the same erasure and segment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """With what, and where to.

    Attributes:
        keys: Finds the key of a file that is there already.
    """

    volume: Volume
    new_key: NewKey
    keys: Keys
    fs: Fs
    rng: Rng


def reseal_remainders(
    reader: SealedReader, when: Interval, sealing: Sealing, *, new_id: NewId
) -> list[Summary]:
    """Seal what lies outside a span; durable in its final place on return, unknown to the catalog.

    A file that an earlier call has finished is left as it is, for its row may be there. Pictures stay the
    same bit for bit. The first second behind the span loses sound and documents, which may belong into it.

    Raises:
        DataLoss: Bytes of what would stay were changed or are missing.
        OSError: The disk refuses.
    """
    made: list[Summary] = []
    for number, stretch in enumerate(remainders(reader.marks, when)):
        marks = [reader.marks[place] for place in stretch]
        first = marks[0]
        header = replace(
            reader.header,
            segment=new_id(number),
            started_at=first.when.start,
            start_ticks=first.start_ticks,
            shred_day=first.when.start.date(),
        )
        final = sealing.volume.final_path(camera=header.camera, day=header.shred_day, segment=header.segment)
        fragments = (_fragment(reader, mark, is_silent=_is_near(mark, when)) for mark in marks)
        made.append(_finished(final, sealing) or _seal(reader, header, fragments, final, sealing))
    return made


def _finished(path: Path, sealing: Sealing) -> Summary | None:
    try:
        reader = SealedReader.open(path, fs=sealing.fs, keys=sealing.keys)
    except NotFound:
        return None
    with closing(reader):
        final = reader.final
        if final is None:
            return None
        sealing.fs.sync_directory(path.parent)  # it may have died before its name was durable
        return Summary(
            header=reader.header,
            when=final.when,
            fragment_count=final.fragment_count,
            size_bytes=reader.size_bytes,
            root_digest=final.root_digest,
            state=final.state,
        )


def _seal(
    reader: SealedReader,
    header: SegmentHeader,
    fragments: Iterable[Fragment],
    final: Path,
    sealing: Sealing,
) -> Summary:
    fs, key = sealing.fs, sealing.new_key(header)
    header = replace(header, shred_key=key.id)
    part = _part_of(final)
    sealing.volume.require_same()
    fs.make_directories(final.parent)
    fs.unlink(part)
    init = reader.read_video(0, reader.init_length)
    writer = SealedWriter.create(part, header, init, shred_key=key, fs=fs, rng=sealing.rng)
    try:
        for fragment in fragments:
            writer.append(fragment)
        state = SegmentState.CLOSED if reader.is_final else SegmentState.RECOVERED
        summary = writer.finish(state=state)
    finally:
        writer.abandon()
    fs.rename(part, final)
    fs.sync_directory(final.parent)
    return summary


def _is_near(mark: FragmentMark, when: Interval) -> bool:
    return when.end <= mark.when.start < when.end + SOUND_LATE


def _fragment(reader: SealedReader, mark: FragmentMark, *, is_silent: bool) -> Fragment:
    payload = reader.read_video(mark.offset, mark.length)
    end = audio_offset(payload)
    return Fragment(
        run=reader.header.run,
        sequence=mark.number,
        when=mark.when,
        start_ticks=mark.start_ticks,
        duration_ticks=mark.duration_ticks,
        packet_count=mark.packet_count,
        starts_with_key=mark.starts_with_key,
        payload=payload[:end] if is_silent else payload,
        media_offset=mark.media_offset,
        audio_offset=end,
    )


def _part_of(final: Path) -> Path:
    """A name that nothing takes for a segment."""
    return final.with_name(f"{final.name}.part")
