"""Writes a segment file. Source: docs/formats/segment.md, "Life of the file"."""

from pathlib import Path

from watchkeep.domain.clock import Rng
from watchkeep.domain.errors import Conflict, Exhausted, Invalid
from watchkeep.domain.fs import File, Fs
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import CameraClock, Fragment
from watchkeep.domain.segment import SegmentHeader, SegmentState
from watchkeep.storage.encryption.envelope import RecordCipher
from watchkeep.storage.encryption.keystore import ShredKey
from watchkeep.storage.media.clock_note import pack_clock_note
from watchkeep.storage.media.format import (
    RECOVERY_COUNTERS,
    Final,
    FragmentMark,
    RecordType,
    Summary,
    digest_media,
    make_head,
    pack_final,
    pack_mark,
    piece_count,
    pieces,
    root_digest,
    seal_record,
)
from watchkeep.storage.media.record_buffer import RecordBuffer

_COUNTER_LIMIT = RECOVERY_COUNTERS - (1 << 16)
"""Leaves counters for the index, so that a writer never gets to those of recoveries."""


def seal_ending(
    cipher: RecordCipher,
    marks: list[FragmentMark],
    *,
    state: SegmentState,
    position: int,
    counter: int,
    records_before: int,
) -> tuple[bytes, Final]:
    """Index and final record for a file that ends at position with that many records."""
    sealed: list[bytes] = []
    index_counter = counter
    for piece in pieces(b"".join(pack_mark(mark) for mark in marks)):
        sealed += seal_record(cipher, RecordType.INDEX, counter, piece)
        counter += 1
    final = Final(
        fragment_count=len(marks),
        record_count=records_before + counter - index_counter,
        video_bytes=marks[-1].offset + marks[-1].length,
        when=Interval(marks[0].when.start, marks[-1].when.end),
        state=state,
        index_offset=position,
        index_counter=index_counter,
        root_digest=root_digest(marks),
    )
    sealed += seal_record(cipher, RecordType.FINAL, counter, pack_final(final))
    return b"".join(sealed), final


class SealedWriter:
    """One open segment file. After any failed write or sync only `abandon` is left."""

    def __init__(
        self,
        file: File,
        path: Path,
        header: SegmentHeader,
        *,
        cipher: RecordCipher,
        rng: Rng,
        records: RecordBuffer,
    ) -> None:
        """Use `create`."""
        self.path = path
        self.header = header
        self._file = file
        self._cipher = cipher
        self._rng = rng
        self._records = records
        self._position = 0
        self._counter = 0
        self._video_bytes = 0
        self._marks: list[FragmentMark] = []
        self._durable_bytes = 0
        self._is_writable = True

    @classmethod
    def create(
        cls,
        path: Path,
        header: SegmentHeader,
        init_section: bytes,
        *,
        shred_key: ShredKey,
        fs: Fs,
        rng: Rng,
        records: RecordBuffer | None = None,
    ) -> "SealedWriter":
        """Begin a file. Head and init section are durable on return; the name is the caller's to sync.

        Args:
            path: Of the file.
            header: Written in plain, authentic.
            init_section: What a player needs first.
            shred_key: Which the header names.
            fs: Where it is written.
            rng: Makes its key and salts.
            records: Shared with the other writers of the same thread; None: its own.

        Raises:
            Conflict: The name is taken.
            Invalid: The header names another shred key, or there is no init section.
        """
        _check(header, init_section, shred_key, path)
        try:
            file = fs.create(path)
        except FileExistsError:
            raise Conflict(f"{path} is there already; a segment is written once", path=str(path)) from None
        try:
            return cls.onto(file, path, header, init_section, shred_key=shred_key, rng=rng, records=records)
        except OSError:
            file.close()
            fs.unlink(path)
            raise

    @classmethod
    def onto(
        cls,
        file: File,
        path: Path,
        header: SegmentHeader,
        init_section: bytes,
        *,
        shred_key: ShredKey,
        rng: Rng,
        records: RecordBuffer | None = None,
    ) -> "SealedWriter":
        """As `create`, onto a file that is open and empty; it stays the caller's if this raises.

        Raises:
            Invalid: The header names another shred key, or there is no init section.
            OSError: It cannot be written.
        """
        _check(header, init_section, shred_key, path)
        head, cipher = make_head(header, shred_key.key, rng)
        writer = cls(file, path, header, cipher=cipher, rng=rng, records=records or RecordBuffer())
        video = [part for piece in pieces(init_section) for part in writer._seal(RecordType.VIDEO, piece)]
        writer._write(b"".join([head, *video]))
        writer._video_bytes = len(init_section)
        writer.sync()
        return writer

    @property
    def fragment_count(self) -> int:
        """Fragments appended so far."""
        return len(self._marks)

    @property
    def size_bytes(self) -> int:
        """Of the file now."""
        return self._position

    @property
    def durable_bytes(self) -> int:
        """Of the file, as of the last sync that succeeded."""
        return self._durable_bytes

    @property
    def when(self) -> Interval | None:
        """From the first fragment's start to the last one's end; None before the first."""
        if not self._marks:
            return None
        return Interval(self._marks[0].when.start, self._marks[-1].when.end)

    def append(self, fragment: Fragment) -> None:
        """Add a fragment; in the page cache on return: it survives a kill, and a power cut after `sync`.

        Raises:
            Invalid: It belongs to another run, or a number does not fit.
            Exhausted: The file has as many records as one key may seal.
            OSError: It could not be written; what is in the file of it is a torn tail.
        """
        if fragment.run != self.header.run:
            raise Invalid("the fragment belongs to another run than its segment", path=str(self.path))
        if not fragment.payload:
            raise Invalid("the fragment is empty", path=str(self.path))
        salt = self._rng.token(16)
        mark = FragmentMark(
            number=len(self._marks),
            starts_with_key=fragment.starts_with_key,
            packet_count=fragment.packet_count,
            offset=self._video_bytes,
            length=len(fragment.payload),
            media_offset=fragment.media_offset,
            start_ticks=fragment.start_ticks,
            duration_ticks=fragment.duration_ticks,
            when=fragment.when,
            record_offset=self._position,
            record_counter=self._counter,
            salt=salt,
            digest=digest_media(salt, memoryview(fragment.payload)[fragment.media_offset :]),
        )
        packed = pack_mark(mark)
        self._check_writable()
        record_count = piece_count(len(fragment.payload)) + 1
        if self._counter + record_count > _COUNTER_LIMIT:
            raise Exhausted(f"{self.path} has too many records; start another segment", path=str(self.path))
        records = self._records
        records.begin(len(fragment.payload) + len(packed), record_count)
        for counter, piece in enumerate(pieces(fragment.payload), self._counter):
            records.seal(self._cipher, RecordType.VIDEO, counter, piece)
        records.seal(self._cipher, RecordType.METADATA, self._counter + record_count - 1, packed)
        self._counter += record_count
        self._video_bytes += len(fragment.payload)
        self._write(records.sealed)
        self._marks.append(mark)

    def sync(self) -> None:
        """Make every appended fragment durable."""
        self._check_writable()
        try:
            self._file.sync()
        except OSError:
            self._is_writable = False
            raise
        self._durable_bytes = self._position

    def sync_all(self) -> bool:
        """Make all that any file of the volume holds durable, if that can be had here (see File.sync_all).

        Those whose files it was tell it by `was_synced`. An error says nothing of this file.
        """
        self._check_writable()
        return self._file.sync_all()

    def was_synced(self) -> None:
        """All that was appended is durable, by a `sync_all` since."""
        self._durable_bytes = self._position

    def finish(
        self, *, state: SegmentState = SegmentState.CLOSED, camera_clock: CameraClock | None = None
    ) -> Summary:
        """Write index and final record and close; the whole segment is durable on return, its new name not.

        Args:
            state: What becomes of it.
            camera_clock: How the camera's clock stands; noted in the file.

        Raises:
            Conflict: There is no fragment in it: abandon it.
        """
        self._check_writable()
        if not self._marks:
            raise Conflict(f"{self.path} holds no fragment yet; abandon it", path=str(self.path))
        note: tuple[bytes, ...] = ()
        if camera_clock is not None:
            plaintext = pack_clock_note(camera_clock, fragment_count=len(self._marks))
            note = self._seal(RecordType.METADATA, plaintext)
        ending, final = seal_ending(
            self._cipher,
            self._marks,
            state=state,
            position=self._position + sum(map(len, note)),
            counter=self._counter,
            records_before=self._counter,
        )
        self._write(b"".join([*note, ending]))
        self.sync()
        self.abandon()
        return Summary(
            header=self.header,
            when=final.when,
            fragment_count=final.fragment_count,
            size_bytes=self._position,
            root_digest=final.root_digest,
            state=state,
            camera_clock=camera_clock,
        )

    def abandon(self) -> None:
        """Let go of the file as it is; recovery will look after it. Twice is harmless."""
        self._is_writable = False
        self._file.close()

    def _seal(self, kind: RecordType, plaintext: bytes | memoryview) -> tuple[bytes, bytes]:
        record = seal_record(self._cipher, kind, self._counter, plaintext)
        self._counter += 1
        return record

    def _write(self, sealed: bytes | memoryview) -> None:
        try:
            self._file.append(sealed)
        except OSError:
            self._is_writable = False
            raise
        self._position += len(sealed)

    def _check_writable(self) -> None:
        if not self._is_writable:
            raise Conflict(
                f"{self.path} is finished, or an earlier write failed; start another segment",
                path=str(self.path),
            )


def _check(header: SegmentHeader, init_section: bytes, shred_key: ShredKey, path: Path) -> None:
    if shred_key.id != header.shred_key:
        raise Invalid("the header names another shred key than the one given", path=str(path))
    if not init_section:
        raise Invalid("a segment begins with an init section", path=str(path))
