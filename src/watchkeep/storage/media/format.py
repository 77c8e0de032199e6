"""The bytes of a segment file: head, marks, final record. Source: docs/formats/segment.md, the authority."""

import hashlib
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum

from watchkeep.domain.clock import Rng
from watchkeep.domain.errors import DataLoss, Invalid, Tampered
from watchkeep.domain.fs import File
from watchkeep.domain.interval import Interval, instant_at, unix_us
from watchkeep.domain.media import CameraClock
from watchkeep.domain.segment import SegmentHeader, SegmentState
from watchkeep.storage.encryption.envelope import TAG_SIZE, RecordCipher
from watchkeep.storage.encryption.shred_keys import ShredKey
from watchkeep.storage.media.header import decode_header, encode_header
from watchkeep.storage.media.sealed_head import (
    HeadKind,
    make_sealed_head,
    open_sealed_head,
    read_sealed_head,
)

SEGMENT = HeadKind(noun="segment", version=1, magic=b"WKSEG\r\n", info=b"watchkeep segment 1")
PIECE_SIZE = 65_536
"""Plaintext of a full record."""
RECORD_HEAD_SIZE = 8
RECORD_OVERHEAD = RECORD_HEAD_SIZE + TAG_SIZE
RECOVERY_COUNTERS = 1 << 30
"""Recoveries seal with counters from here on, writers below: no nonce is shared."""

_RECORD = struct.Struct(">II")
_MARK = struct.Struct(">IBBHQIIQIqqQI16s32s")
_FINAL = struct.Struct(">IIQqqBQI32s")
MARK_SIZE = _MARK.size
FINAL_RECORD_SIZE = _FINAL.size + RECORD_OVERHEAD
_STATES = {SegmentState.CLOSED: 1, SegmentState.RECOVERED: 2}
_STATE_OF = {number: state for state, number in _STATES.items()}


class RecordType(IntEnum):
    """What a record holds."""

    VIDEO = 1
    AUDIO = 2
    """Reserved; refused in version 1."""
    METADATA = 3
    INDEX = 4
    FINAL = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands before the first record.

    Attributes:
        bound: Bytes 0 up to the end of the salt.
        wrap: The data key, sealed under the shred key.
        size_bytes: Offset of the first record.
    """

    header: SegmentHeader
    bound: bytes
    wrap: bytes
    commitment: bytes
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FragmentMark:
    """Says that a fragment is whole, and where it is.

    Attributes:
        number: In this segment, from 0 without holes.
        offset: In the video stream, the init section included.
        media_offset: Where in the fragment its mdat's body starts.
        record_offset: Where in the file its first video record starts.
        digest: SHA-256(salt ‖ the fragment from media_offset on).
    """

    number: int
    starts_with_key: bool
    packet_count: int
    offset: int
    length: int
    media_offset: int
    start_ticks: int
    duration_ticks: int
    when: Interval
    record_offset: int
    record_counter: int
    salt: bytes
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """The last record: what the segment is made of."""

    fragment_count: int
    record_count: int
    video_bytes: int
    when: Interval
    state: SegmentState
    index_offset: int
    index_counter: int
    root_digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What the catalog wants to know of a finished segment.

    Attributes:
        camera_clock: What its clock note says; None if it has none.
    """

    header: SegmentHeader
    when: Interval
    fragment_count: int
    size_bytes: int
    root_digest: bytes
    state: SegmentState
    camera_clock: CameraClock | None = None


@dataclass(frozen=True, slots=True)
class RecordHead:
    """The plain 8 bytes before a record's ciphertext."""

    type: int
    length: int
    counter: int
    encoded: bytes

    @property
    def size_bytes(self) -> int:
        """Of the whole record in the file."""
        return self.length + RECORD_OVERHEAD


def make_head(header: SegmentHeader, shred_key: bytes, rng: Rng) -> tuple[bytes, RecordCipher]:
    """The head's bytes with a fresh data key, and the cipher for the records."""
    return make_sealed_head(SEGMENT, encode_header(header), shred_key, rng)


def read_head(
    file: File, name: str, *, decode: Callable[[bytes, str], SegmentHeader] = decode_header
) -> Head:
    """Parse the head; nothing in it is authentic yet.

    Args:
        file: Of a segment.
        name: For sentences.
        decode: How its header is read.

    Raises:
        Invalid: It is no segment file, or one of a newer version.
        DataLoss: The file ends within the head.
    """
    read = read_sealed_head(SEGMENT, file, name)
    return Head(
        header=decode(read.text, name),
        bound=read.bound,
        wrap=read.wrap,
        commitment=read.commitment,
        size_bytes=read.size_bytes,
    )


def open_head(head: Head, shred_key: ShredKey, name: str) -> RecordCipher:
    """The cipher for the records.

    Raises:
        Tampered: The head was changed, or the key is another one.
        KeyShredded: The segment was erased, though others of its key were not.
    """
    return open_sealed_head(
        SEGMENT,
        bound=head.bound,
        wrap=shred_key.wrap_of(head.header.segment, head.wrap),
        commitment=head.commitment,
        shred_key=shred_key.key,
        name=name,
    )


def seal_record(
    cipher: RecordCipher, kind: RecordType, counter: int, plaintext: bytes | memoryview
) -> tuple[bytes, bytes]:
    """One record: its head, and ciphertext ‖ tag; in two parts, for footage is joined only when written."""
    head = pack_record_head(kind, counter, len(plaintext))
    return head, cipher.seal(counter, plaintext, head)


def pack_record_head(kind: RecordType, counter: int, size_bytes: int) -> bytes:
    """The plain 8 bytes before the ciphertext of so many bytes."""
    return _RECORD.pack(kind << 24 | size_bytes, counter)


def parse_record_head(encoded: bytes) -> RecordHead:
    """The plain 8 bytes; DataLoss if there are fewer, Tampered if no writer makes such a record."""
    if len(encoded) < RECORD_HEAD_SIZE:
        raise DataLoss("the file ends within a record")
    word, counter = _RECORD.unpack_from(encoded)
    kind, length = word >> 24, word & 0xFFFFFF
    if not 1 <= length <= PIECE_SIZE or kind not in (1, 3, 4, 5):
        raise Tampered(f"a record of type {kind} with {length} bytes is none of ours; its head was changed")
    return RecordHead(kind, length, counter, encoded[:RECORD_HEAD_SIZE])


def open_record(cipher: RecordCipher, head: RecordHead, sealed: bytes) -> bytes:
    """The plaintext of a record; sealed is ciphertext ‖ tag. DataLoss if it is short, else Tampered."""
    if len(sealed) < head.length + TAG_SIZE:
        raise DataLoss("the file ends within a record")
    return cipher.open(head.counter, sealed, head.encoded)


def pieces(plaintext: bytes) -> Iterable[memoryview]:
    """Cut what is longer than a record, without a copy: all pieces are full but the last."""
    view = memoryview(plaintext)
    return (view[at : at + PIECE_SIZE] for at in range(0, len(plaintext), PIECE_SIZE))


def piece_count(size_bytes: int) -> int:
    """How many records a plaintext of that size takes."""
    return -(-size_bytes // PIECE_SIZE)


def digest_media(salt: bytes, media: bytes | memoryview) -> bytes:
    """A fragment's salted digest."""
    digest = hashlib.sha256(salt)
    digest.update(media)
    return digest.digest()


def root_digest(marks: Iterable[FragmentMark]) -> bytes:
    """SHA-256 over the fragments' digests in order."""
    return hashlib.sha256(b"".join(mark.digest for mark in marks)).digest()


def pack_mark(mark: FragmentMark) -> bytes:
    """112 bytes; Invalid if a number is too large for its field."""
    try:
        return _MARK.pack(
            mark.number,
            1,
            int(mark.starts_with_key),
            mark.packet_count,
            mark.offset,
            mark.length,
            mark.media_offset,
            mark.start_ticks,
            mark.duration_ticks,
            unix_us(mark.when.start),
            unix_us(mark.when.end),
            mark.record_offset,
            mark.record_counter,
            mark.salt,
            mark.digest,
        )
    except struct.error:
        raise Invalid(f"fragment {mark.number} does not fit a mark; cut it shorter") from None


def unpack_mark(encoded: bytes) -> FragmentMark:
    """Read a mark that passed its tag; Invalid if a newer version wrote it."""
    if len(encoded) != MARK_SIZE:
        raise Invalid("a metadata record is no fragment mark; read the file with a newer Watchkeep")
    (
        number,
        kind,
        flags,
        packets,
        offset,
        length,
        media,
        ticks,
        duration,
        start,
        end,
        at,
        counter,
        salt,
        digest,
    ) = _MARK.unpack(encoded)
    if kind != 1 or flags > 1:
        raise Invalid(f"a metadata record of kind {kind} is unknown; read the file with a newer Watchkeep")
    return FragmentMark(
        number=number,
        starts_with_key=bool(flags & 1),
        packet_count=packets,
        offset=offset,
        length=length,
        media_offset=media,
        start_ticks=ticks,
        duration_ticks=duration,
        when=Interval(instant_at(start), instant_at(end)),
        record_offset=at,
        record_counter=counter,
        salt=salt,
        digest=digest,
    )


def unpack_index(encoded: bytes) -> list[FragmentMark]:
    """All marks of an index that passed its tags."""
    return [unpack_mark(encoded[at : at + MARK_SIZE]) for at in range(0, len(encoded), MARK_SIZE)]


def pack_final(final: Final) -> bytes:
    """77 bytes."""
    return _FINAL.pack(
        final.fragment_count,
        final.record_count,
        final.video_bytes,
        unix_us(final.when.start),
        unix_us(final.when.end),
        _STATES[final.state],
        final.index_offset,
        final.index_counter,
        final.root_digest,
    )


def unpack_final(encoded: bytes) -> Final:
    """Read a final record that passed its tag."""
    if len(encoded) != _FINAL.size:
        raise Invalid("a final record has an unknown form; read the file with a newer Watchkeep")
    fragments, records, video, start, end, state, index, counter, root = _FINAL.unpack(encoded)
    if state not in _STATE_OF:
        raise Invalid("a final record has an unknown state; read the file with a newer Watchkeep")
    return Final(
        fragment_count=fragments,
        record_count=records,
        video_bytes=video,
        when=Interval(instant_at(start), instant_at(end)),
        state=_STATE_OF[state],
        index_offset=index,
        index_counter=counter,
        root_digest=root,
    )


def read_final(file: File, cipher: RecordCipher, *, first_record: int) -> Final | None:
    """The final record; None if the file does not end with one that fits it."""
    start = file.size() - FINAL_RECORD_SIZE
    if start < first_record:
        return None
    encoded = file.read_at(start, FINAL_RECORD_SIZE)
    try:
        head = parse_record_head(encoded)
        if head.type != RecordType.FINAL or head.size_bytes != FINAL_RECORD_SIZE:
            return None
        final = unpack_final(open_record(cipher, head, encoded[RECORD_HEAD_SIZE:]))
    except DataLoss:
        return None  # the last bytes are something else: the file is not finished
    index_size = final.fragment_count * MARK_SIZE
    index_records = piece_count(index_size)
    if (
        final.index_offset + index_size + index_records * RECORD_OVERHEAD != start
        or final.index_counter + index_records != head.counter
    ):
        return None  # a whole file was put before or after another's end
    return final
