"""Finishes what a crash left open. Source: docs/formats/segment.md, "Recovery"."""

from datetime import timedelta
from pathlib import Path

from watchkeep.domain.clock import Rng
from watchkeep.domain.errors import DataLoss, NotFound, Tampered
from watchkeep.domain.fs import File, Fs
from watchkeep.domain.media import CameraClock
from watchkeep.domain.segment import SegmentState
from watchkeep.storage.encryption.keystore import ShredKey
from watchkeep.storage.media.format import RECOVERY_COUNTERS, Final, Head, Summary, open_head, read_head
from watchkeep.storage.media.reader import Keys, SealedReader
from watchkeep.storage.media.scan import Scanner
from watchkeep.storage.media.writer import seal_ending

LONGEST_TAIL = timedelta(seconds=10)
"""A crash costs what was not synced yet, about a second. Damage further from the end is something else."""


def recover(path: Path, *, fs: Fs, rng: Rng, keys: Keys) -> Summary | None:
    """Cut a file after its last whole fragment and finish it as `recovered`; durable on return.

    A file that is finished already is only checked and synced. A file that ends before its first whole
    fragment holds no picture: it is removed. May be called again after a crash within it.

    Returns:
        What the catalog should know, or None if the file was removed.

    Raises:
        Invalid: It is no segment file, or one of a newer version: for quarantine.
        Tampered: It is damaged in a way that no crash leaves: for quarantine. Nothing was changed.
        KeyShredded: Its key was destroyed on purpose.
        NotFound: No such file, or the keystore never had its key.
    """
    try:
        file = fs.open_to_append(path)
    except FileNotFoundError:
        raise NotFound(f"{path} is not there", path=str(path)) from None
    try:
        try:
            head = read_head(file, str(path))
        except DataLoss:
            summary = None
        else:
            key = keys(head.header.shred_key, head.header.shred_day)
            summary = _finish(file, path, head, key, rng)
    finally:
        file.close()
    if summary is None:
        fs.unlink(path)
        fs.sync_directory(path.parent)
    return summary


def _finish(file: File, path: Path, head: Head, shred_key: ShredKey, rng: Rng) -> Summary | None:
    cipher = open_head(head, shred_key, str(path))
    reader = SealedReader(file, str(path), head, cipher)
    reader.refresh()
    if reader.final is not None and _is_whole(reader):
        file.sync()  # it may have been in the page cache only
        return _summary(head, reader.final, file, reader.camera_clock())

    scanner = Scanner(file, cipher, head.size_bytes, opens_video=True)
    scanner.advance()
    _refuse_what_no_crash_leaves(path, reader, scanner)
    if not scanner.marks:
        return None
    file.truncate(scanner.position)
    ending, final = seal_ending(
        cipher,
        scanner.marks,
        state=SegmentState.RECOVERED,
        position=scanner.position,
        counter=_fresh_counter(rng),
        records_before=scanner.counter,
    )
    file.append(ending)
    file.sync()
    return _summary(head, final, file, None)


def _is_whole(reader: SealedReader) -> bool:
    try:
        reader.verify()
    except DataLoss:
        return False
    return True


def _refuse_what_no_crash_leaves(path: Path, reader: SealedReader, scanner: Scanner) -> None:
    """Cutting would throw footage away that only lies behind some damage."""
    if not scanner.marks:
        is_too_much = scanner.damage is not None or bool(reader.marks)
    else:
        lost = reader.marks[-1].when.end - scanner.marks[-1].when.end if reader.marks else timedelta()
        is_too_much = lost > LONGEST_TAIL
    if is_too_much:
        raise Tampered(
            f"{path} is damaged after {len(scanner.marks)} fragments and goes on behind that; "
            "look at it in quarantine",
            path=str(path),
        )


def _fresh_counter(rng: Rng) -> int:
    """Where the new index starts. What was cut away used the counters after the last mark."""
    room = (1 << 30) - (1 << 16)
    return RECOVERY_COUNTERS + int.from_bytes(rng.token(8), "big") % room


def _summary(head: Head, final: Final, file: File, camera_clock: CameraClock | None) -> Summary:
    return Summary(
        header=head.header,
        when=final.when,
        fragment_count=final.fragment_count,
        size_bytes=file.size(),
        root_digest=final.root_digest,
        state=final.state,
        camera_clock=camera_clock,
    )
