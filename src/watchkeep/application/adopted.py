"""Adopted footage, read in place: a part of somebody's MP4 becomes a sealed segment in memory.

So playlists, ranges, exports and pictures know nothing of it, and it is sealed for good by the same way.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from watchkeep.domain.adopted import AdoptedPlace, adopted_place, length_of
from watchkeep.domain.clock import Rng
from watchkeep.domain.errors import DataLoss, Invalid, NotFound
from watchkeep.domain.fs import Fs
from watchkeep.domain.ids import EPOCH, RunId, ShredKeyId, uuid8
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import Fragment, VideoParameters
from watchkeep.domain.segment import SegmentHeader
from watchkeep.ingestion.fragmenter import Fragmenter
from watchkeep.ingestion.mux import init_section
from watchkeep.ingestion.wall_clock import WallClock
from watchkeep.sources.footage_file import read_packets
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.encryption.keystore import ShredKey
from watchkeep.storage.media.format import Summary
from watchkeep.storage.media.memory_file import MemoryFile
from watchkeep.storage.media.reader import SealedReader, open_reader
from watchkeep.storage.media.writer import SealedWriter

EDGE_BYTES = 4096
"""Of the beginning and the end of a file, to know it again by."""
NO_KEY = ShredKeyId("")
"""What the catalog says of a segment that is not sealed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedPart:
    """A part of an adopted file in the recorder's words."""

    parameters: VideoParameters
    init_section: bytes
    fragments: tuple[Fragment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedFootage:
    """Opens segments that lie in adopted trees.

    Attributes:
        root_of: Finds the folder of an adopted volume.
    """

    fs: Fs
    rng: Rng
    root_of: Callable[[UUID], Path]

    def open(self, segment: StoredSegment) -> SealedReader:
        """A reader of the segment, sealed in memory with a key that nobody else ever has.

        Raises:
            DataLoss: The file is gone or is not what it was.
        """
        part = self.read(segment)
        key = ShredKey(ShredKeyId("in memory"), self.rng.token(32))
        header = header_of(segment, part, key.id)
        file = MemoryFile()
        name = Path(segment.path)
        write_part(
            SealedWriter.onto(file, name, header, part.init_section, shred_key=key, rng=self.rng), part
        )
        return open_reader(file, segment.path, lambda *_: key)

    def read(self, segment: StoredSegment) -> AdoptedPart:
        """The segment's pictures out of its file.

        Raises:
            DataLoss: The file is gone or is not what it was.
        """
        place = adopted_place(segment.path)
        if place is None:
            raise DataLoss(f"segment {segment.id} does not lie in an adopted file", segment=segment.id)
        path = self.root_of(segment.volume) / place.file
        try:
            known_by = file_digest(path, place.file, fs=self.fs)
            if known_by != segment.root_digest:
                raise DataLoss(f"{path} was changed since it was adopted", path=str(path))
            return read_part(path, place, segment.run, segment.when.start)
        except (NotFound, Invalid, OSError) as error:
            raise DataLoss(f"{path} cannot be read any more ({error})", path=str(path)) from None


def read_part(path: Path, place: AdoptedPlace, run: RunId, start: datetime) -> AdoptedPart:
    """A part of a file as fragments of a run; its first picture was taken at start.

    Raises:
        NotFound: The file is not there.
        Invalid: It is not understood.
        DataLoss: It ends before.
    """
    parameters, packets, zero = read_packets(path, place.start_ticks, place.end_ticks)
    clock = _FileClock()
    fragmenter = Fragmenter(run, wall_clock=WallClock(clock=clock), began_dts=zero)
    fragments: list[Fragment] = []
    for packet in packets:
        clock.instant = packet.received_at
        fragments += fragmenter.push(packet)
    fragments += fragmenter.end()

    def placed(fragment: Fragment) -> Fragment:
        first = fragment.start_ticks - place.start_ticks
        span = Interval(start + length_of(first), start + length_of(first + fragment.duration_ticks))
        return replace(fragment, when=span)

    return AdoptedPart(
        parameters=parameters,
        init_section=init_section(parameters),
        fragments=tuple(placed(fragment) for fragment in fragments),
    )


def write_part(writer: SealedWriter, part: AdoptedPart) -> Summary:
    """Append all fragments and finish."""
    for fragment in part.fragments:
        writer.append(fragment)
    return writer.finish()


def header_of(segment: StoredSegment, part: AdoptedPart, shred_key: ShredKeyId) -> SegmentHeader:
    """What the segment's file says of itself once it is sealed."""
    return SegmentHeader(
        segment=segment.id,
        node=segment.node,
        camera=segment.camera,
        stream=segment.stream,
        role=segment.role,
        run=segment.run,
        epoch=0,
        sequence=segment.sequence,
        data_class=segment.data_class,
        started_at=segment.when.start,
        start_ticks=part.fragments[0].start_ticks,
        monotonic_ns=0,
        clock_is_synchronised=None,
        parameters=part.parameters,
        shred_key=shred_key,
        shred_day=segment.when.start.date(),
    )


def file_digest(path: Path, name: str, *, fs: Fs) -> bytes:
    """What a file is known again by: SHA-256 of its name, size, beginning and end.

    Raises:
        OSError: It cannot be read.
    """
    file = fs.open(path)
    try:
        size = file.size()
        edges = file.read_at(0, EDGE_BYTES) + file.read_at(max(0, size - EDGE_BYTES), EDGE_BYTES)
    finally:
        file.close()
    return hashlib.sha256(f"{name}\n{size}\n".encode() + edges).digest()


def run_of(volume: UUID, file: str, start: datetime) -> RunId:
    """A file's run: the same whenever it is adopted."""
    return RunId(uuid8(start, hashlib.sha256(b"run" + volume.bytes + file.encode()).digest()))


class _FileClock:
    """Time as it passes in a file."""

    def __init__(self) -> None:
        self.instant = EPOCH

    def now(self) -> datetime:
        return self.instant

    def monotonic_ns(self) -> int:
        return (self.instant - EPOCH) // timedelta(microseconds=1) * 1000

    def sleep(self, seconds: float) -> None:
        self.instant += timedelta(seconds=seconds)
