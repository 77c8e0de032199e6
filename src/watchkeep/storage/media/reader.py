"""Reads a segment file, finished or not, at any place. Source: docs/formats/segment.md, "Reading"."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from watchkeep.domain.errors import DataLoss, Invalid, NotFound, Tampered
from watchkeep.domain.fs import File, Fs
from watchkeep.domain.ids import ShredKeyId
from watchkeep.domain.media import CameraClock
from watchkeep.domain.segment import SegmentHeader, SegmentState
from watchkeep.storage.encryption.envelope import RecordCipher
from watchkeep.storage.encryption.keystore import ShredKey
from watchkeep.storage.media.clock_note import unpack_clock_note
from watchkeep.storage.media.format import (
    MARK_SIZE,
    PIECE_SIZE,
    RECORD_HEAD_SIZE,
    RECORD_OVERHEAD,
    RECOVERY_COUNTERS,
    Final,
    FragmentMark,
    Head,
    RecordType,
    open_head,
    open_record,
    parse_record_head,
    piece_count,
    read_final,
    read_head,
    root_digest,
    unpack_index,
)
from watchkeep.storage.media.scan import Scanner

Keys = Callable[[ShredKeyId, date], ShredKey]
"""Finds the shred key that a header names: `Keystore.find_shred_key`."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Plaintext that was cut into full records but for the last: init section, a fragment, the index."""

    offset: int
    """In the video stream."""
    length: int
    record_offset: int
    record_counter: int


def read_header(path: Path, *, fs: Fs) -> SegmentHeader:
    """The plain header, which anybody with write access could have changed; no key needed.

    Raises:
        NotFound: There is no such file.
        Invalid: It is no segment file, or one of a newer version.
        DataLoss: It ends within its head.
    """
    file = _open_file(path, fs)
    try:
        return read_head(file, str(path)).header
    finally:
        file.close()


class SealedReader:
    """One segment file, open for reading. Threads may share it but for `refresh`.

    Attributes:
        header: Authentic once the reader is open.
        damage: What was wrong with an index or a record on the way in, if anything; footage that is still
            whole can be read all the same.
    """

    def __init__(self, file: File, name: str, head: Head, cipher: RecordCipher) -> None:
        """Use `open`."""
        self.header = head.header
        self.damage: DataLoss | None = None
        self._file = file
        self._name = name
        self._first_record = head.size_bytes
        self._cipher = cipher
        self._final: Final | None = None
        self._marks: Sequence[FragmentMark] = ()
        self._stretches: list[_Stretch] = []
        self._scanner = Scanner(file, cipher, head.size_bytes, opens_video=False)

    @classmethod
    def open(cls, path: Path, *, fs: Fs, keys: Keys) -> "SealedReader":
        """Open a file: a finished one with three reads, an unfinished one by stepping through its records.

        Raises:
            NotFound: No such file, or the keystore never had its key.
            KeyShredded: Its key was destroyed on purpose.
            Tampered: The head was changed, or the key is another one.
            DataLoss: The file ends within its head.
            Invalid: It is no segment file, or one of a newer version.
        """
        file = _open_file(path, fs)
        try:
            return open_reader(file, str(path), keys)
        except BaseException:
            file.close()
            raise

    @property
    def is_final(self) -> bool:
        """Whether the file is finished: nothing can have been cut from it."""
        return self._final is not None

    @property
    def final(self) -> Final | None:
        """The final record of a finished file."""
        return self._final

    @property
    def marks(self) -> Sequence[FragmentMark]:
        """Of the whole fragments, in order."""
        return self._marks

    @property
    def init_length(self) -> int:
        """Bytes of the init section; 0 while there is no whole fragment."""
        return self._marks[0].offset if self._marks else 0

    @property
    def video_length(self) -> int:
        """Bytes of the video stream: init section and whole fragments."""
        return self._marks[-1].offset + self._marks[-1].length if self._marks else 0

    @property
    def size_bytes(self) -> int:
        """Of the file now."""
        return self._file.size()

    def refresh(self) -> None:
        """Take in what was written since; nothing to do for a finished file."""
        if self._final is not None:
            return
        self.damage = None
        final = read_final(self._file, self._cipher, first_record=self._first_record)
        if final is not None:
            try:
                self._take(self._read_index(final))
                self._final = final
                return
            except DataLoss as error:
                self.damage = error
        self._scanner.advance()
        self._take(self._scanner.marks)
        if final is not None and root_digest(self._marks) == final.root_digest:
            self._final = final
        elif self._scanner.damage is not None:
            self.damage = self._scanner.damage

    def read_video(self, offset: int, length: int) -> bytes:
        """A range of the video stream; shorter only at its end. Touches only records that hold a part of it.

        Raises:
            Tampered: A record of the range was changed. Nothing of the range is returned.
            DataLoss: A record of the range is missing.
        """
        if offset < 0 or length < 0:
            raise Invalid("a range begins at 0 or later and is not negative", offset=offset, length=length)
        end = min(offset + length, self.video_length)
        parts: list[bytes] = []
        number = bisect_right(self._stretches, offset, key=lambda stretch: stretch.offset) - 1
        while offset < end:
            stretch = self._stretches[number]
            upto = min(end, stretch.offset + stretch.length)
            parts.append(self._read_stretch(stretch, offset - stretch.offset, upto - stretch.offset))
            offset = upto
            number += 1
        return b"".join(parts)

    def camera_clock(self) -> CameraClock | None:
        """What the clock note says; None if there is none, and for an unfinished file. One read.

        Raises:
            Tampered: The note was changed.
            DataLoss: It is missing.
        """
        if self._final is None or not self._marks:
            return None
        last = self._marks[-1]
        records = piece_count(last.length)
        start = last.record_offset + last.length + records * RECORD_OVERHEAD + MARK_SIZE + RECORD_OVERHEAD
        size = self._final.index_offset - start
        if size == 0:
            return None
        encoded = self._file.read_at(start, max(size, 0))
        head = parse_record_head(encoded)
        if (head.type, head.size_bytes, head.counter) != (
            RecordType.METADATA,
            size,
            last.record_counter + records + 1,
        ):
            raise Tampered(f"what stands before the index of {self._name} is none of ours", path=self._name)
        return unpack_clock_note(open_record(self._cipher, head, encoded[RECORD_HEAD_SIZE:]))[0]

    def verify(self, *, with_digests: bool = True) -> None:
        """Open every record and check order, digests, index and final record.

        Args:
            with_digests: Whether the fragments' digests are made anew, which takes half of the time. Without,
                the tags still say that every byte is one that was sealed, and where.

        Raises:
            Tampered: Something was changed.
            DataLoss: The file is not finished, or not whole.
        """
        scanner = Scanner(
            self._file, self._cipher, self._first_record, opens_video=True, digests_video=with_digests
        )
        scanner.advance()
        if scanner.damage is not None:
            raise Tampered(f"{self._name}: {scanner.damage}", path=self._name, fragment=len(scanner.marks))
        final = read_final(self._file, self._cipher, first_record=self._first_record)
        if final is None:
            raise DataLoss(
                f"{self._name} is not finished: it ends after {len(scanner.marks)} whole fragments",
                path=self._name,
                fragments=len(scanner.marks),
            )
        try:
            index = self._read_index(final)
        except Tampered as error:
            raise Tampered(f"{self._name}: {error}", path=self._name) from None
        if index != scanner.marks or not _fits(final, scanner):
            raise Tampered(f"{self._name} has an index that does not fit its records", path=self._name)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _take(self, marks: Sequence[FragmentMark]) -> None:
        if not marks:
            return
        if not self._stretches:
            self._stretches.append(_Stretch(0, marks[0].offset, self._first_record, 0))
        self._marks = tuple(marks)
        for mark in marks[len(self._stretches) - 1 :]:
            self._stretches.append(
                _Stretch(mark.offset, mark.length, mark.record_offset, mark.record_counter)
            )

    def _read_index(self, final: Final) -> list[FragmentMark]:
        size = final.fragment_count * MARK_SIZE
        index = _Stretch(0, size, final.index_offset, final.index_counter)
        marks = unpack_index(self._read_stretch(index, 0, size, RecordType.INDEX))
        if root_digest(marks) != final.root_digest:
            raise Tampered("the index is not the one that the final record was made for")
        return marks

    def _read_stretch(
        self, stretch: _Stretch, start: int, end: int, kind: RecordType = RecordType.VIDEO
    ) -> bytes:
        """Plaintext [start, end) of a stretch; one read for all records that hold a part of it."""
        first, last = start // PIECE_SIZE, (end - 1) // PIECE_SIZE
        full = PIECE_SIZE + RECORD_OVERHEAD
        plaintext_end = min((last + 1) * PIECE_SIZE, stretch.length)
        size = plaintext_end - first * PIECE_SIZE + (last + 1 - first) * RECORD_OVERHEAD
        sealed = memoryview(self._file.read_at(stretch.record_offset + first * full, size))
        if len(sealed) < size:
            raise DataLoss(f"{self._name} ends within a record that its index names", path=self._name)
        parts: list[bytes] = []
        for number in range(first, last + 1):
            record = sealed[(number - first) * full : (number - first + 1) * full]
            expected = min(PIECE_SIZE, stretch.length - number * PIECE_SIZE)
            head = parse_record_head(bytes(record[:RECORD_HEAD_SIZE]))
            if (head.type, head.length, head.counter) != (kind, expected, stretch.record_counter + number):
                raise Tampered(f"a record of {self._name} is not in its place", path=self._name)
            parts.append(open_record(self._cipher, head, bytes(record[RECORD_HEAD_SIZE:])))
        return b"".join(parts)[start - first * PIECE_SIZE : end - first * PIECE_SIZE]


def open_reader(file: File, name: str, keys: Keys) -> SealedReader:
    """A reader of a file that is open already; the file stays the caller's if this raises."""
    head = read_head(file, name)
    key = keys(head.header.shred_key, head.header.shred_day)
    reader = SealedReader(file, name, head, open_head(head, key, name))
    reader.refresh()
    return reader


def _open_file(path: Path, fs: Fs) -> File:
    try:
        return fs.open(path)
    except FileNotFoundError:
        raise NotFound(f"{path} is not there", path=str(path)) from None


def _fits(final: Final, scanner: Scanner) -> bool:
    """Whether a final record speaks of the records that a thorough scan found."""
    index_records = piece_count(final.fragment_count * MARK_SIZE)
    is_counted_on = final.index_counter == scanner.index_counter or (
        final.state is SegmentState.RECOVERED and final.index_counter >= RECOVERY_COUNTERS
    )
    return (
        is_counted_on
        and final.index_offset == scanner.index_position
        and final.record_count == scanner.index_counter + index_records
        and final.video_bytes == scanner.video_length
        and final.when.start == scanner.marks[0].when.start
        and final.when.end == scanner.marks[-1].when.end
    )
