"""Files without rows and rows without files: the ones are taken in or put aside, the others are said lost."""

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from watchkeep.domain.errors import Conflict, NotFound
from watchkeep.domain.fs import Fs, read_whole, replace_file
from watchkeep.domain.ids import GapId, uuid8
from watchkeep.domain.media import GapCause
from watchkeep.domain.segment import Gap
from watchkeep.lifecycle.found_files import Refusal
from watchkeep.lifecycle.rebuild import Rebuilt
from watchkeep.storage.catalog import footage, moves, placements, recordings, scrubbing
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.placements import PlacementState
from watchkeep.storage.catalog.recorder_rows import GapClosed, StoredSegment
from watchkeep.storage.media.volume import REASON, Volume

log = logging.getLogger(__name__)

SUBJECT = "keeper"
KEPT_FOR = timedelta(days=30)
"""So long a person may look at what was put aside."""
FEW = 20
MOST_MISSING_SHARE = 0.5
MOST_REFUSED_SHARE = 0.1
"""If more than the few, and than this share, are wrong, it is rather the disk or the keystore that is."""
LOST = "its file was gone, and Watchkeep had not deleted it"
_SINCE = "since "


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What is looked through."""

    catalog: Catalog
    volume: Volume
    fs: Fs


def mark_missing(
    places: Places,
    *,
    most_share: float = MOST_MISSING_SHARE,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> list[StoredSegment]:
    """Say lost what has a row and no file; the spans go into the ledger. Only rows are changed.

    One of which another volume has a verified copy lies there from now on.

    Args:
        places: Where.
        most_share: If more than this share of all is missing, nothing is said lost.
        is_cancelled: Asked for each day.

    Returns:
        Those that are lost now.

    Raises:
        Conflict: The volume is not there or another one is, or so much is missing that it is rather the disk.
        CatalogUnavailable: The database does not answer.
    """
    volume = places.volume
    volume.require_same()
    with places.catalog.transaction(SUBJECT) as connection:
        days = list(scrubbing.days_with_rows(connection))
    count, missing = 0, list[StoredSegment]()
    for day in days:
        if is_cancelled():
            return []
        with places.catalog.transaction(SUBJECT) as connection:
            rows = scrubbing.finished_of_day(connection, volume.id, day)
        count += len(rows)
        missing += _without_file(volume, places.fs, rows)
    volume.require_same()  # files that seemed gone may have gone with their disk
    if len(missing) > max(FEW, count * most_share):
        raise Conflict(
            f"{len(missing)} of the {count} files on {volume.root} are missing, so nothing is said lost; "
            "look whether the disk is mounted whole",
            missing=len(missing),
        )
    return [segment for segment in missing if _is_lost(places, segment)]


def _is_lost(places: Places, segment: StoredSegment) -> bool:
    """Say lost what has no file, unless a verified copy takes its place or it was moved meanwhile."""
    with places.catalog.transaction(SUBJECT) as connection:
        for copy in placements.placements(connection, segment):
            is_good = copy.state is PlacementState.VERIFIED
            if is_good and moves.swap(connection, segment, copy.volume, copies=1):
                facts = {"segment": str(segment.id), "volume": str(copy.volume)}
                log.warning("file gone, its copy takes its place", extra=facts)
                return False
        if not footage.mark_lost(connection, [segment], reason=LOST):
            return False
        recordings.apply(connection, [GapClosed(_gap(segment))])
        return True


def _without_file(volume: Volume, fs: Fs, rows: Sequence[StoredSegment]) -> Iterator[StoredSegment]:
    names: dict[Path, set[str]] = {}
    for row in rows:
        path = volume.within(row.path)
        if path.parent not in names:
            names[path.parent] = {entry.name for entry in fs.entries(path.parent)}
        if path.name in names[path.parent]:
            continue
        try:
            volume.locate(row.path, row.id)  # it may be in open/ still, or have come meanwhile
        except NotFound:
            yield row


def _gap(segment: StoredSegment) -> Gap:
    digest = hashlib.sha256(b"lost" + segment.id.bytes).digest()
    return Gap(
        id=GapId(uuid8(segment.when.start, digest)),
        camera=segment.camera,
        stream=segment.stream,
        started_at=segment.when.start,
        ended_at=segment.when.end,
        cause=GapCause.DELETED,
        detail=LOST,
    )


def put_aside(places: Places, rebuilt: Rebuilt) -> list[Path]:
    """Put into quarantine what a rebuild found and could not take in, and strangers' files; none is deleted.

    Footage of ours without a row was taken in by the rebuild. What the disk does not give stays where it is.

    Returns:
        Where they lie now.

    Raises:
        Conflict: So many are not understood that it is rather the keystore, or an older Watchkeep.
    """
    volume = places.volume
    reasons = {
        each.place: f"{each.refusal.value}: {each.why}"
        for each in rebuilt.refused
        if each.refusal is not Refusal.UNREADABLE
    }
    reasons |= dict.fromkeys(rebuilt.left_over, "left over: its deletion was ordered and its row is gone")
    reasons |= {volume.relative(path): "foreign: it is no file of Watchkeep's" for path in volume.strangers()}
    if len(reasons) > max(FEW, rebuilt.files * MOST_REFUSED_SHARE):
        raise Conflict(
            f"{len(reasons)} files on {volume.root} are not understood, so none is put aside; look whether "
            "the keystore is the right one, `watchkeep recover index` names them",
            files=len(reasons),
        )
    volume.require_same()
    moved: list[Path] = []
    for place, why in sorted(reasons.items()):
        try:
            moved.append(volume.quarantine(volume.within(place), why))
        except NotFound:
            continue  # somebody took it away meanwhile
    if moved:
        log.warning("files put aside", extra={"files": len(moved), "place": str(volume.root)})
    return moved


def clear_quarantine(places: Places, now: datetime) -> list[str]:
    """Delete what was put aside thirty days ago, counted from the first look at it; durable on return.

    Only to be asked while the clock is trusted.

    Returns:
        The names of what went.
    """
    volume, fs = places.volume, places.fs
    volume.require_same()
    gone: list[str] = []
    for path in volume.quarantined():
        since = _since(fs, path, now)
        if now - since < KEPT_FOR:
            continue
        delete_quarantined(places, path.name)
        gone.append(path.name)
    return gone


def delete_quarantined(places: Places, name: str) -> None:
    """Delete one file of the quarantine and its reason; durable on return.

    Raises:
        NotFound: There is none of that name.
    """
    path = next((path for path in places.volume.quarantined() if path.name == name), None)
    if path is None:
        raise NotFound(
            f"there is no {name!r} in the quarantine; `watchkeep recover quarantine` lists it", name=name
        )
    places.fs.unlink(path)
    places.fs.unlink(_reason_path(path))
    places.fs.sync_directory(path.parent)


@dataclass(frozen=True, slots=True, kw_only=True)
class PutAside:
    """A file of the quarantine.

    Attributes:
        since: When it was first looked at there; None if nobody did yet.
    """

    name: str
    size_bytes: int
    why: str
    since: datetime | None


def list_quarantine(places: Places) -> list[PutAside]:
    """What was put aside, with the reasons."""
    found: list[PutAside] = []
    for path in places.volume.quarantined():
        why, since = _read_reason(places.fs, path)
        size_bytes = places.fs.size(path)
        found.append(PutAside(name=path.name, size_bytes=size_bytes, why=why, since=since))
    return found


def _since(fs: Fs, path: Path, now: datetime) -> datetime:
    """When a file was first looked at in quarantine: noted beside it, for a file's own time says nothing."""
    why, since = _read_reason(fs, path)
    if since is None or since > now:
        replace_file(fs, _reason_path(path), f"{why}\n{_SINCE}{now.isoformat()}\n".encode())
        return now
    return since


def _read_reason(fs: Fs, path: Path) -> tuple[str, datetime | None]:
    try:
        lines = read_whole(fs, _reason_path(path)).decode(errors="replace").splitlines()
    except FileNotFoundError:
        return "nothing says why", None
    since = None
    if lines and lines[-1].startswith(_SINCE):
        try:
            since = datetime.fromisoformat(lines.pop().removeprefix(_SINCE))
        except ValueError:
            since = None
    return " ".join(lines), since


def _reason_path(path: Path) -> Path:
    return path.with_name(f"{path.name}{REASON}")
