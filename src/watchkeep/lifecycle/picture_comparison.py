"""Compares the sealed pictures of a volume with the events that refer to them; changes nothing."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

from watchkeep.domain.clock import Clock
from watchkeep.domain.errors import DataLoss, Invalid, KeyShredded, NotFound
from watchkeep.domain.fs import Fs
from watchkeep.domain.ids import EventId, ShredKeyId
from watchkeep.lifecycle.findings import Comparison, Depth, Fault, Finding
from watchkeep.storage.catalog.pictures import PictureRow
from watchkeep.storage.encryption.keystore import ShredKey
from watchkeep.storage.media.picture import PictureHeader, open_picture, read_picture_header
from watchkeep.storage.media.volume import Volume

YOUNG = timedelta(minutes=10)
"""A picture may be this young while its row is on its way: the row follows the file."""

Keys = Callable[[ShredKeyId, date], ShredKey]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureStore:
    """What is compared.

    Attributes:
        rows: All events with a picture on the volume, read anew at each call.
        row: What one event says of its picture on the volume, None if it says nothing.
    """

    volume: Volume
    fs: Fs
    clock: Clock
    keys: Keys
    rows: Callable[[], Iterable[PictureRow]]
    row: Callable[[EventId], PictureRow | None]


def compare_pictures(store: PictureStore, depth: Depth, found: Comparison) -> None:
    """Compare all pictures of the volume and add what is wrong; nothing is changed, analysis may go on.

    Raises:
        CatalogUnavailable: The database does not answer.
    """
    # Files first: what is sealed while we look is not in our list, and its row is asked for again.
    files = {store.volume.relative(path): path for path in store.volume.pictures()}
    found.picture_count = len(files)
    for row in store.rows():
        path = files.pop(row.path, None)
        findings = _check_place(store, row) if path is None else _check_file(store, row, path, depth)
        found.findings += findings
    for place, path in files.items():
        found.findings += _check_stranger(store, place, path)


def picture_event(path: Path) -> EventId | None:
    """The event that the name of a picture's file tells; None if it tells none."""
    try:
        identifier = UUID(path.stem)
    except ValueError:
        return None
    return EventId(identifier) if path.stem == str(identifier) else None


def is_in_place(volume: Volume, header: PictureHeader, path: Path) -> bool:
    """Whether a picture lies where its header says that it belongs; Invalid if its camera is none."""
    return path == volume.picture_path(camera=header.camera, day=header.day, event=header.event)


def _check_place(store: PictureStore, row: PictureRow) -> Iterator[Finding]:
    """A row whose file was not listed: it may have come, or been deleted in order, while we looked."""
    try:
        store.fs.size(store.volume.within(row.path))
    except FileNotFoundError:
        if store.row(row.event) == row:
            yield _missing(row)
    except Invalid:
        yield _of(
            row.path, Fault.MISPLACED_FILE, "leads out of the volume; look at who can write to the catalog"
        )


def _check_file(store: PictureStore, row: PictureRow, path: Path, depth: Depth) -> Iterator[Finding]:
    if depth is Depth.PRESENCE:
        return
    try:
        finding = _check_bytes(store, row, path, depth)
    except FileNotFoundError:
        finding = _missing(row)
    except OSError as error:
        finding = _unreadable(row.path, error)
    # It may have been replaced by a better one, or deleted in order, while we read it.
    if finding is not None and store.row(row.event) == row:
        yield finding


def _check_bytes(store: PictureStore, row: PictureRow, path: Path, depth: Depth) -> Finding | None:
    place = row.path
    try:
        header = read_picture_header(path, fs=store.fs)
        if header.at != row.at and store.clock.now() - header.at < YOUNG:
            return None  # a better one, whose row is on its way
        is_its = header.event == row.event and is_in_place(store.volume, header, path)
    except NotFound:
        return _missing(row)
    except (DataLoss, Invalid):
        is_its = False
    if not is_its:
        return _of(
            place, Fault.FLIPPED_BYTE, "has a head that is not what was written; restore it from a copy"
        )
    size_bytes = store.fs.size(path)
    if size_bytes != row.size_bytes:
        what = f"has {size_bytes} bytes and the catalog says {row.size_bytes}; restore it from a copy"
        return _of(place, Fault.WRONG_SIZE, what)
    return _check_seal(store, place, path) if depth is Depth.FULL else None


def _check_seal(store: PictureStore, place: str, path: Path) -> Finding | None:
    try:
        open_picture(path, fs=store.fs, keys=store.keys)
    except KeyShredded:
        return _of(
            place, Fault.DESTROYED_KEY, "cannot be opened: its key was destroyed, but its event is there"
        )
    except NotFound:
        what = "cannot be opened: the keystore never had its key; restore the keystore"
        return _of(place, Fault.DESTROYED_KEY, what)
    except (DataLoss, Invalid) as error:
        what = f"has bytes that were not written so ({error}); restore it from a copy"
        return _of(place, Fault.FLIPPED_BYTE, what)
    return None


def _check_stranger(store: PictureStore, place: str, path: Path) -> Iterator[Finding]:
    """A file that no row named: ours with its row missing, or somebody else's."""
    event = picture_event(path)
    row = None if event is None else store.row(event)
    if row is not None and row.path == place:
        return  # its row came while we looked
    try:
        header = read_picture_header(path, fs=store.fs)
        is_ours = header.event == event and is_in_place(store.volume, header, path)
        if is_ours and store.clock.now() - header.at < YOUNG:
            return
    except NotFound:
        return  # deleted in order while we looked
    except (Invalid, DataLoss):
        is_ours = False
    except OSError as error:
        yield _unreadable(place, error)
        return
    if is_ours:
        what = "is a picture that no event refers to; it is removed when it is a day old"
        yield _of(place, Fault.MISSING_ROW, what)
    else:
        what = "does not belong here: it is no picture of an event at this place; move it away"
        yield _of(place, Fault.EXTRA_FILE, what)


def _missing(row: PictureRow) -> Finding:
    what = f"({row.camera}), the picture of an event, is in the catalog and not on the disk; restore it"
    return _of(row.path, Fault.MISSING_FILE, what)


def _unreadable(place: str, error: OSError) -> Finding:
    return _of(place, Fault.UNREADABLE_FILE, f"cannot be read ({error.strerror}); look at the disk")


def _of(place: str, fault: Fault, what: str) -> Finding:
    return Finding(fault=fault, place=place, sentence=f"{place} {what}")
