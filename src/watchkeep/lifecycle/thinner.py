"""Puts a segment of key pictures in the place of a whole one, without decoding anything.

Order: new file synced → named → directory synced → its row added and the old one doomed in one transaction.
A kill before that leaves a `.part` file, or one that no row names; never a row without a file.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from watchkeep.domain.clock import Rng
from watchkeep.domain.fs import Fs
from watchkeep.domain.ids import SegmentId, uuid7_at
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import Fragment
from watchkeep.domain.mp4 import without_audio
from watchkeep.domain.segment import SegmentState
from watchkeep.domain.thinning import key_picture
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.media.format import FragmentMark, Summary
from watchkeep.storage.media.reader import Keys, SealedReader
from watchkeep.storage.media.volume import Volume
from watchkeep.storage.media.writer import SealedWriter

PART = ".part"
WORTH = 0.8
"""A file that would not be smaller than this share of the old one is left as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinner:
    """What it works on."""

    volume: Volume
    fs: Fs
    rng: Rng
    keys: Keys

    def thin(self, segment: StoredSegment) -> StoredSegment | None:
        """Write the segment's key pictures into a new file; durable on return, with no row yet.

        Returns:
            Its row to be; None when it would save too little.

        Raises:
            DataLoss: The old file is damaged or gone; nothing was written.
            Invalid: It is no segment file.
        NotFound: It is not on this volume.
        """
        path = self.volume.locate(segment.path, segment.id)
        reader = SealedReader.open(path, fs=self.fs, keys=self.keys)
        try:
            reader.verify()
            wanted = sum(mark.length for mark in reader.marks if mark.starts_with_key)
            if wanted > WORTH * reader.video_length:
                return None
            return self._write(segment, reader)
        finally:
            reader.close()

    def _write(self, old: StoredSegment, reader: SealedReader) -> StoredSegment:
        header = replace(reader.header, segment=SegmentId(uuid7_at(old.when.start, self.rng)))
        final = self.volume.final_path(camera=header.camera, day=header.shred_day, segment=header.segment)
        part = final.with_name(final.name + PART)
        init = without_audio(reader.read_video(0, reader.init_length))
        key = self.keys(header.shred_key, header.shred_day)
        writer = SealedWriter.create(part, header, init, shred_key=key, fs=self.fs, rng=self.rng)
        try:
            for fragment in _key_fragments(reader):
                writer.append(fragment)
            summary = writer.finish(camera_clock=reader.camera_clock())
        except BaseException:
            writer.abandon()
            self.fs.unlink(part)
            raise
        self.fs.rename(part, final)
        self.fs.sync_directory(final.parent)
        return self._row(old, summary, self.volume.relative(final))

    def _row(self, old: StoredSegment, summary: Summary, path: str) -> StoredSegment:
        return replace(
            old,
            id=summary.header.segment,
            state=SegmentState.CLOSED,
            size_bytes=summary.size_bytes,
            fragment_count=summary.fragment_count,
            root_digest=summary.root_digest,
            path=path,
            is_thinned=True,
        )


def _key_fragments(reader: SealedReader) -> Iterator[Fragment]:
    """Each key picture, shown until the next one."""
    marks: Sequence[FragmentMark] = [mark for mark in reader.marks if mark.starts_with_key]
    last = reader.marks[-1]
    for number, mark in enumerate(marks):
        following = marks[number + 1] if number + 1 < len(marks) else None
        end = last.when.end if following is None else following.when.start
        end_ticks = last.start_ticks + last.duration_ticks if following is None else following.start_ticks
        ticks = max(end_ticks - mark.start_ticks, 1)
        picture = key_picture(reader.read_video(mark.offset, mark.length), duration_ticks=ticks)
        yield Fragment(
            run=reader.header.run,
            sequence=number,
            when=Interval(mark.when.start, max(end, mark.when.start)),
            start_ticks=mark.start_ticks,
            duration_ticks=ticks,
            packet_count=1,
            starts_with_key=True,
            payload=picture.payload,
            media_offset=picture.media_offset,
            audio_offset=len(picture.payload),
        )
