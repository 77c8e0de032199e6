"""Compares the blobs of a volume that is no folder with the catalog; changes nothing."""

from collections.abc import Callable, Iterable, Iterator

from watchkeep.domain.errors import DataLoss, Invalid, KeyShredded, NotFound
from watchkeep.domain.ids import SegmentId
from watchkeep.domain.segment import SegmentState
from watchkeep.lifecycle.findings import Comparison, Depth, Fault, Finding
from watchkeep.lifecycle.verification import verify_blob
from watchkeep.storage.blobs.store import Blobs
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.media.reader import Keys

_GOING = (SegmentState.DOOMED, SegmentState.LOST)


def compare_blobs(
    blobs: Blobs,
    rows: Callable[[], Iterable[StoredSegment]],
    row: Callable[[SegmentId], StoredSegment | None],
    *,
    keys: Keys,
    depth: Depth,
) -> Comparison:
    """Compare a whole volume with the rows that name it.

    Args:
        blobs: The volume.
        rows: Those of its segments and copies; asked for after the names were read.
        row: One row as it is now, None if it names the volume no more.
        keys: Opens what is read, at full depth.
        depth: How closely.

    Raises:
        Unavailable: The volume does not answer.
    """
    found = Comparison(depth=depth)
    names = set(blobs.names())
    found.file_count = len(names)
    for each in rows():
        found.row_count += 1
        is_there = each.path in names
        names.discard(each.path)
        if each.state in _GOING:
            continue
        problem = _problem(blobs, each, keys, found) if is_there else _missing(each)
        if problem is not None and _is_unchanged(each, row(each.id)):
            found.findings.append(problem)
    found.findings += _strangers(names)
    return found


def _problem(blobs: Blobs, row: StoredSegment, keys: Keys, found: Comparison) -> Finding | None:
    if found.depth is Depth.PRESENCE:
        return None
    try:
        size_bytes = blobs.size(row.path)
        if size_bytes != row.size_bytes:
            what = f"has {size_bytes} bytes and the catalog says {row.size_bytes}; restore it from a copy"
            return _of(row, Fault.WRONG_SIZE, what)
        if found.depth is Depth.FULL:
            found.read_bytes += verify_blob(blobs, row.path, row, keys)
    except KeyShredded:
        return _of(row, Fault.DESTROYED_KEY, "cannot be opened: its key was destroyed, but its row is there")
    except NotFound:
        return _missing(row)
    except (DataLoss, Invalid) as error:
        what = f"has bytes that were not written so ({error}); restore it from a copy"
        return _of(row, Fault.FLIPPED_BYTE, what)
    return None


def _is_unchanged(seen: StoredSegment, now: StoredSegment | None) -> bool:
    """A segment may have moved on, or been deleted in order, while its blob was looked at."""
    return now is not None and (now.state, now.volume, now.path) == (seen.state, seen.volume, seen.path)


def _strangers(names: Iterable[str]) -> Iterator[Finding]:
    for name in sorted(names):
        yield Finding(
            fault=Fault.EXTRA_FILE,
            place=name,
            sentence=f"{name} does not belong here: no row names it; look again later; if it stays, "
            "move it away",
        )


def _missing(row: StoredSegment) -> Finding:
    what = f"({row.camera}) is in the catalog and not on the volume; restore it from a copy"
    return _of(row, Fault.MISSING_FILE, what)


def _of(row: StoredSegment, fault: Fault, what: str) -> Finding:
    return Finding(fault=fault, place=row.path, segment=row.id, sentence=f"{row.path} {what}")
