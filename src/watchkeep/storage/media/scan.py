"""Reads a segment file from the front: the way into an unfinished file, and the thorough check of any."""

from watchkeep.domain.errors import DataLoss, Tampered
from watchkeep.domain.fs import File
from watchkeep.domain.media import CameraClock
from watchkeep.storage.encryption.envelope import RecordCipher
from watchkeep.storage.media.clock_note import is_clock_note, unpack_clock_note
from watchkeep.storage.media.format import (
    RECORD_HEAD_SIZE,
    RECORD_OVERHEAD,
    FragmentMark,
    RecordHead,
    RecordType,
    digest_media,
    open_record,
    parse_record_head,
    piece_count,
    unpack_mark,
)


class Scanner:
    """Goes from mark to mark; always stands after the last whole one.

    Attributes:
        marks: Of the whole fragments so far.
        position: File offset after the last mark; before the first mark, of the first record.
        counter: Of the record that comes next there.
        video_length: Bytes of the video stream up to there; 0 before the first mark.
        camera_clock: What the clock note behind the last mark says; None without one.
        index_position: File offset of the index: after the last mark and the clock note.
        index_counter: Of its first record, if the file was not recovered.
        damage: Why the last `advance` stopped, if not because the file or its fragments end.
    """

    def __init__(
        self,
        file: File,
        cipher: RecordCipher,
        first_record: int,
        *,
        opens_video: bool,
        digests_video: bool = True,
    ) -> None:
        """Begin before the first record.

        Args:
            file: Read only.
            cipher: Of this file.
            first_record: Its offset.
            opens_video: Check every video record and every digest; else step over them by their length.
            digests_video: Whether those digests are made anew. The tags alone say that the bytes are those
                that were sealed.
        """
        self.marks: list[FragmentMark] = []
        self.position = first_record
        self.counter = 0
        self.video_length = 0
        self.camera_clock: CameraClock | None = None
        self.index_position = first_record
        self.index_counter = 0
        self.damage: Tampered | None = None
        self._file = file
        self._cipher = cipher
        self._opens_video = opens_video
        self._digests_video = opens_video and digests_video

    def advance(self) -> None:
        """Take in every whole fragment that is there now."""
        self.damage = None
        size = self._file.size()
        try:
            while self._take_fragment(size):
                pass
        except Tampered as error:
            self.damage = error
        except DataLoss:
            pass  # the file ends within a record: a torn tail, or one that is still being written

    def _take_fragment(self, file_size: int) -> bool:
        position, counter, length = self.position, self.counter, 0
        video: list[bytes] = []
        while position < file_size:
            head = parse_record_head(self._file.read_at(position, RECORD_HEAD_SIZE))
            if position + head.size_bytes > file_size:
                raise DataLoss("the file ends within a record")
            mark: FragmentMark | None = None
            if head.type == RecordType.VIDEO:
                if self._opens_video:
                    opened = self._open(head, position)
                    if self._digests_video:
                        video.append(opened)
                length += head.length
            else:
                plaintext = self._open(head, position)
                if head.type != RecordType.METADATA:
                    return False  # the index: no fragment follows
                if is_clock_note(plaintext):
                    self._take_note(plaintext, head, position)
                    return False  # the index follows
                mark = unpack_mark(plaintext)
            if head.counter != counter:
                raise Tampered("a record is not in its place")
            position += head.size_bytes
            counter += 1
            if mark is not None:
                self._check(mark, length, video)
                self.marks.append(mark)
                self.position, self.counter = position, counter
                self.index_position, self.index_counter = position, counter
                self.video_length = mark.offset + mark.length
                return True
        return False

    def _take_note(self, plaintext: bytes, head: RecordHead, position: int) -> None:
        clock, fragment_count = unpack_clock_note(plaintext)
        if (position, head.counter, fragment_count) != (self.position, self.counter, len(self.marks)):
            raise Tampered("a clock note is not in its place")
        self.camera_clock = clock
        self.index_position, self.index_counter = position + head.size_bytes, head.counter + 1

    def _open(self, head: RecordHead, position: int) -> bytes:
        sealed = self._file.read_at(position + RECORD_HEAD_SIZE, head.size_bytes - RECORD_HEAD_SIZE)
        return open_record(self._cipher, head, sealed)

    def _check(self, mark: FragmentMark, length: int, video: list[bytes]) -> None:
        """A mark that passed its tag must also speak of the records before it."""
        offset, position, counter = self.video_length, self.position, self.counter
        if not self.marks:
            offset = mark.offset
            position += offset + RECORD_OVERHEAD * piece_count(offset)
            counter += piece_count(offset)
        is_ours = (
            mark.number == len(self.marks)
            and mark.offset == offset
            and mark.record_offset == position
            and mark.record_counter == counter
            and mark.offset + mark.length == self.video_length + length
            and mark.media_offset <= mark.length
        )
        if not is_ours:
            raise Tampered("a fragment's mark does not fit the records before it")
        if self._digests_video:
            fragment = b"".join(video)[-mark.length :]
            if digest_media(mark.salt, memoryview(fragment)[mark.media_offset :]) != mark.digest:
                raise Tampered("a fragment is not the one that its mark was made for")
