"""What a finished segment file says of itself, from its head and its end alone: three short reads."""

from pathlib import Path

from watchkeep.domain.errors import DataLoss, NotFound, Tampered
from watchkeep.domain.fs import File, Fs
from watchkeep.domain.media import CameraClock
from watchkeep.storage.encryption.envelope import RecordCipher
from watchkeep.storage.media.clock_note import NOTE_SIZE, unpack_clock_note
from watchkeep.storage.media.format import (
    RECORD_HEAD_SIZE,
    RECORD_OVERHEAD,
    Final,
    RecordType,
    Summary,
    open_head,
    open_record,
    parse_record_head,
    read_final,
    read_head,
)
from watchkeep.storage.media.header import decode_doubted
from watchkeep.storage.media.reader import Keys

_NOTE_RECORD_SIZE = NOTE_SIZE + RECORD_OVERHEAD


def read_summary(path: Path, *, fs: Fs, keys: Keys) -> Summary:
    """Read what the catalog should know of a finished file; authentic, though not all bytes were looked at.

    Raises:
        NotFound: No such file, or the keystore never had its key.
        KeyShredded: Its key was destroyed on purpose.
        Tampered: Its head was changed, or the key is another one.
        DataLoss: It is not finished, or not whole.
        Invalid: It is no segment file, or one of a newer version.
    """
    name = str(path)
    try:
        file = fs.open(path)
    except FileNotFoundError:
        raise NotFound(f"{path} is not there", path=name) from None
    try:
        head = read_head(file, name, decode=decode_doubted)
        key = keys(head.header.shred_key, head.header.shred_day)
        cipher = open_head(head, key, name)
        size_bytes = file.size()
        final = read_final(file, cipher, first_record=head.size_bytes)
        if final is None:
            raise DataLoss(f"{name} is not finished, or its end is damaged", path=name)
        return Summary(
            header=head.header,
            when=final.when,
            fragment_count=final.fragment_count,
            size_bytes=size_bytes,
            root_digest=final.root_digest,
            state=final.state,
            camera_clock=_clock_before(file, cipher, final),
        )
    finally:
        file.close()


def _clock_before(file: File, cipher: RecordCipher, final: Final) -> CameraClock | None:
    """What the clock note before the index says; the last bytes of a fragment's mark are no record."""
    encoded = file.read_at(final.index_offset - _NOTE_RECORD_SIZE, _NOTE_RECORD_SIZE)
    try:
        head = parse_record_head(encoded)
        if (head.type, head.size_bytes) != (RecordType.METADATA, _NOTE_RECORD_SIZE):
            return None
        clock, fragment_count = unpack_clock_note(open_record(cipher, head, encoded[RECORD_HEAD_SIZE:]))
    except (DataLoss, Tampered):
        return None
    return clock if fragment_count == final.fragment_count else None
