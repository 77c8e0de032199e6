"""Which records of a segment file were read: `records_beyond(fs.last.reads, record_places(path), ...)`."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from watchkeep.domain.fs import File
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.media.format import PIECE_SIZE
from watchkeep.storage.media.reader import SealedReader


class CountedFile:
    """A real file that keeps count of what is read of it."""

    def __init__(self, file: File) -> None:
        self._file = file
        self.reads: list[tuple[int, int]] = []

    def read_at(self, offset: int, length: int) -> bytes:
        self.reads.append((offset, length))
        return self._file.read_at(offset, length)

    def size(self) -> int:
        return self._file.size()

    def close(self) -> None:
        self._file.close()


class CountingFs(SystemFs):
    """The machine's file system; what it opens keeps count."""

    last: CountedFile

    def open(self, path: Path) -> File:
        self.last = CountedFile(super().open(path))
        return self.last  # type: ignore[return-value]


def record_places(path: Path) -> list[int]:
    """Where each record of a file begins, and the file's end; by the plain heads alone."""
    content = path.read_bytes()
    # Source: docs/formats/segment.md: magic, version, length of the header's text, text, 124 bytes.
    at = 136 + int.from_bytes(content[8:12], "big")
    places = [at]
    while at < len(content):
        at += 8 + int.from_bytes(content[at + 1 : at + 4], "big") + 16
        places.append(at)
    return places


def records_beyond(
    reads: Sequence[tuple[int, int]], places: Sequence[int], reader: SealedReader, offset: int, length: int
) -> int:
    """How many records were touched beyond those that hold a range of the video; a record counts once.

    The read of the head, with which a file is opened, is left out: 4 KiB, whatever records begin in them.
    """
    touched = {
        number
        for start, size in reads
        for number in range(bisect_right(places, start) - 1, bisect_right(places, start + size - 1))
        if start and size and 0 <= number < len(places) - 1
    }
    end = min(offset + length, reader.video_length)
    starts = [0, *(mark.offset for mark in reader.marks), reader.video_length]
    holding = sum(
        piece < end and offset < min(piece + PIECE_SIZE, stop)
        for start, stop in pairwise(starts)
        for piece in range(start, stop, PIECE_SIZE)
    )
    return len(touched) - holding
