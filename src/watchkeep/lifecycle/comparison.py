"""Compares the files of a volume with the catalog, and names each fault; changes nothing."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path, PurePosixPath
from uuid import UUID

from watchkeep.domain.clock import Clock
from watchkeep.domain.errors import DataLoss, Invalid, KeyShredded, NotFound
from watchkeep.domain.fs import Fs
from watchkeep.domain.ids import SegmentId, ShredKeyId
from watchkeep.domain.segment import SegmentHeader, SegmentState
from watchkeep.lifecycle.findings import Comparison, Depth, Fault, Finding
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.encryption.keystore import ShredKey
from watchkeep.storage.media.reader import SealedReader, read_header
from watchkeep.storage.media.volume import Volume

READ_BYTES = 1 << 20
YOUNG = timedelta(minutes=2)
"""A file in open/ may be this young without a row: the row follows the synced header."""

Keys = Callable[[ShredKeyId, date], ShredKey]


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """What is compared.

    Attributes:
        rows: All segments of the volume in the catalog, read anew at each call.
        row: One segment's row, None if there is none.
    """

    volume: Volume
    fs: Fs
    clock: Clock
    keys: Keys
    rows: Callable[[], Iterable[StoredSegment]]
    row: Callable[[SegmentId], StoredSegment | None]


def compare(store: Store, depth: Depth, *, advance: Callable[[int], None] = lambda _: None) -> Comparison:
    """Compare the whole volume; nothing is changed, recording may go on.

    Args:
        store: Files and rows.
        depth: How closely.
        advance: Told the number of rows done, now and then.

    Raises:
        CatalogUnavailable: The database does not answer.
    """
    found = Comparison(depth=depth)
    # Files first: what is recorded while we look has a row and is not in our list, and is asked for again.
    files = _files(store)
    found.file_count = sum(len(paths) for paths in files.values())
    known: set[SegmentId] = set()
    misplaced: list[tuple[str, str]] = []
    for number, row in enumerate(store.rows(), 1):
        known.add(row.id)
        found.row_count = number
        found.known_lost += row.state is SegmentState.LOST
        found.findings += _check_row(store, row, files.get(row.id, ()), found, misplaced)
        advance(number)
    found.findings += _folders(misplaced)
    found.findings += _strangers(store, files, known)
    return found


def _files(store: Store) -> dict[SegmentId | None, list[Path]]:
    """All segment files by the id that their name tells; under None those whose name tells none."""
    files: dict[SegmentId | None, list[Path]] = {}
    for path in (*store.volume.segments(), *store.volume.all_open_segments()):
        files.setdefault(_named(path), []).append(path)
    return files


def _named(path: Path) -> SegmentId | None:
    try:
        identifier = UUID(path.stem)
    except ValueError:
        return None
    return SegmentId(identifier) if path.name == f"{identifier}.wks" else None


def _check_row(
    store: Store,
    row: StoredSegment,
    paths: Sequence[Path],
    found: Comparison,
    misplaced: list[tuple[str, str]],
) -> Iterator[Finding]:
    if row.state in (SegmentState.DOOMED, SegmentState.LOST):
        return
    try:
        place = store.volume.locate(row.path, row.id)
    except NotFound:
        place = None
    if place is None:
        elsewhere = [_relative(store, path) for path in paths]
        if elsewhere:
            misplaced.append((row.path, elsewhere[0]))
        elif _still(store, row):
            yield _missing_file(row)
        return
    for path in paths:
        if path != place and path.parent != place.parent and path.name == place.name and place in paths:
            yield _extra(_relative(store, path), "it is a second copy of a segment that lies in its place")
    if found.depth is not Depth.PRESENCE:
        yield from _check_file(store, row, place, found)


def _still(store: Store, row: StoredSegment) -> bool:
    """Whether the row still stands as we read it: meanwhile it may have been deleted in order."""
    now = store.row(row.id)
    return now is not None and now.state not in (SegmentState.DOOMED, SegmentState.LOST)


def _check_file(store: Store, row: StoredSegment, path: Path, found: Comparison) -> Iterator[Finding]:
    try:
        size_bytes = store.fs.size(path)
        if row.state is not SegmentState.OPEN and size_bytes != row.size_bytes:
            finding: Finding | None = _of(
                row,
                Fault.WRONG_SIZE,
                f"has {size_bytes} bytes and the catalog says {row.size_bytes}; restore it from a copy",
            )
        else:
            finding = _check_bytes(store, row, path, found)
    except FileNotFoundError:
        if _still(store, row):
            yield _missing_file(row)
    except OSError as error:
        yield _of(row, Fault.UNREADABLE_FILE, f"cannot be read ({error.strerror}); look at the disk")
    else:
        # An open segment may have been closed, and a closed one deleted, while we read it.
        if finding is not None and _is_unchanged(store, row):
            yield finding


def _check_bytes(store: Store, row: StoredSegment, path: Path, found: Comparison) -> Finding | None:
    try:
        header = read_header(path, fs=store.fs)
        if not _agrees(store, header, row):
            return _of(row, Fault.FLIPPED_BYTE, "has a header that is not the row's; restore it from a copy")
        if found.depth is not Depth.FULL:
            return None
        store.keys(header.shred_key, header.shred_day)
    except KeyShredded:
        return _of(row, Fault.DESTROYED_KEY, "cannot be opened: its key was destroyed, but its row is there")
    except NotFound:
        return _of(
            row, Fault.DESTROYED_KEY, "cannot be opened: the keystore never had its key; restore the keystore"
        )
    except (DataLoss, Invalid):
        return _of(row, Fault.FLIPPED_BYTE, "has a head that is not what was written; restore it from a copy")
    try:
        found.read_bytes += _read_all(store, row, path)
    except KeyShredded:
        return _of(row, Fault.DESTROYED_KEY, "was erased on purpose, but its row is there still; let it be")
    except (DataLoss, Invalid) as error:
        return _of(
            row, Fault.FLIPPED_BYTE, f"has bytes that were not written so ({error}); restore it from a copy"
        )
    return None


def _is_unchanged(store: Store, row: StoredSegment) -> bool:
    """Whether the row is still the same: an open segment may have been closed while we read it."""
    now = store.row(row.id)
    return now is not None and (now.state, now.size_bytes) == (row.state, row.size_bytes)


def _agrees(store: Store, header: SegmentHeader, row: StoredSegment) -> bool:
    return (header.segment, header.stream, header.run, header.sequence, header.shred_key) == (
        row.id,
        row.stream,
        row.run,
        row.sequence,
        row.shred_key,
    ) and _place_of(store, header) == row.path


def _place_of(store: Store, header: SegmentHeader) -> str:
    """Where the header says that the file belongs, relative to the volume; Invalid if its camera is none."""
    path = store.volume.final_path(camera=header.camera, day=header.shred_day, segment=header.segment)
    return store.volume.relative(path)


def _read_all(store: Store, row: StoredSegment, path: Path) -> int:
    """Open every record; returns the bytes of the file."""
    reader = SealedReader.open(path, fs=store.fs, keys=store.keys)
    try:
        if reader.is_final:
            reader.verify()
            final = reader.final
            if final is not None and row.root_digest and final.root_digest != row.root_digest:
                raise DataLoss("it is whole, but not the recording that the catalog knows", segment=row.id)
        elif row.state is SegmentState.OPEN:
            for offset in range(0, reader.video_length, READ_BYTES):
                reader.read_video(offset, READ_BYTES)
        else:
            raise DataLoss("its final record is missing", segment=row.id)
        return reader.size_bytes
    finally:
        reader.close()


def _strangers(
    store: Store, files: Mapping[SegmentId | None, Sequence[Path]], known: Collection[SegmentId]
) -> Iterator[Finding]:
    """Files that no row names: ours with its row missing, or somebody else's."""
    for segment, paths in files.items():
        if segment is not None and segment in known:
            continue
        for path in paths:
            if segment is not None and store.row(segment) is not None:
                continue  # its row came while we looked
            yield from _check_stranger(store, segment, path)


def _check_stranger(store: Store, segment: SegmentId | None, path: Path) -> Iterator[Finding]:
    place = _relative(store, path)
    try:
        header = read_header(path, fs=store.fs)
        is_open = place.startswith("open/")
        if is_open and store.clock.now() - header.started_at < YOUNG:
            return
        store.keys(header.shred_key, header.shred_day)
        is_in_place = is_open or place == _place_of(store, header)
    except FileNotFoundError:
        return  # deleted in order while we looked
    except KeyShredded:
        yield _extra(place, "its key was destroyed, so it holds nothing any more")
        return
    except (Invalid, DataLoss, NotFound):
        yield _extra(place, "it is no segment of this installation")
        return
    except OSError as error:
        yield Finding(
            fault=Fault.UNREADABLE_FILE,
            place=place,
            sentence=f"{place} cannot be read ({error.strerror}); look at the disk",
        )
        return
    if header.segment == segment and is_in_place:
        yield Finding(
            fault=Fault.MISSING_ROW,
            place=place,
            segment=segment,
            sentence=f"{place} is footage of {header.camera} that the catalog does not know; keep the file, "
            "it says everything that its row needs",
        )
    else:
        yield _extra(place, "it is a copy of a segment under another name or in another folder")


def _folders(misplaced: Sequence[tuple[str, str]]) -> Iterator[Finding]:
    """Files that lie where others belong; when two folders have each other's, that is what happened."""
    moves: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for expected, actual in misplaced:
        moves.setdefault(_differing(expected, actual), []).append((expected, actual))
    done: set[tuple[str, str]] = set()
    for (expected, actual), places in sorted(moves.items()):
        if (expected, actual) in done:
            continue
        if (actual, expected) in moves:
            done.add((actual, expected))
            yield Finding(
                fault=Fault.SWAPPED_FOLDERS,
                place=f"{expected} and {actual}",
                sentence=f"{expected} and {actual} have each other's files; rename the two folders back",
            )
            continue
        for wanted, place in places:
            yield Finding(
                fault=Fault.MISPLACED_FILE,
                place=place,
                sentence=f"{place} belongs to {wanted}; move it back",
            )


def _differing(expected: str, actual: str) -> tuple[str, str]:
    """The two folders without the names that both end in: of a/2026-11-25 and b/2026-11-25 just a and b."""
    one, other = list(PurePosixPath(expected).parent.parts), list(PurePosixPath(actual).parent.parts)
    while len(one) > 1 and len(other) > 1 and one[-1] == other[-1]:
        one.pop()
        other.pop()
    return "/".join(one), "/".join(other)


def _relative(store: Store, path: Path) -> str:
    return store.volume.relative(path)


def _of(row: StoredSegment, fault: Fault, what: str) -> Finding:
    return Finding(fault=fault, place=row.path, segment=row.id, sentence=f"{row.path} {what}")


def _missing_file(row: StoredSegment) -> Finding:
    return _of(row, Fault.MISSING_FILE, f"({row.camera}) is in the catalog and not on the disk; restore it")


def _extra(place: str, why: str) -> Finding:
    return Finding(
        fault=Fault.EXTRA_FILE, place=place, sentence=f"{place} does not belong here: {why}; move it away"
    )
