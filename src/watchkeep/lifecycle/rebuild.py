"""Rebuilds the catalog of footage from files and keystore alone; recording may go on."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from watchkeep.domain.ids import CameraId, SegmentId, StreamId
from watchkeep.domain.interval import Interval
from watchkeep.domain.segment import SegmentState
from watchkeep.lifecycle.found_files import FilesOfDay, ReadDay, Refused, segment_named
from watchkeep.storage.catalog import cameras, footage, rebuilding, settings
from watchkeep.storage.catalog.cameras import SealedCamera, SealedStream
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.rebuilding import FootageOfStream
from watchkeep.storage.media.volume import DayFolder, Volume

SUBJECT = "recovery"
ADDRESS_UNKNOWN = "rtsp://address-unknown.invalid/"
"""Files do not say where a camera is; `.invalid` is a name that never leads anywhere (RFC 2606)."""
MAY_COME_BACK = (SegmentState.OPEN, SegmentState.LOST)
AROUND = timedelta(days=1)
"""A hole at the edge of what was found has its other bank in what was known."""

UNFINISHED = "rebuild under way"
"""A setting of the catalog while a rebuild runs."""

ReadMany = Callable[[Iterable[FilesOfDay]], Iterator[ReadDay]]
"""Reads days, in any order; the runtime does it in several processes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilding:
    """What a rebuild works on.

    Attributes:
        site: To which cameras are added that the catalog lacks.
        keep_days: Their retention; None: what the site and the class say.
        remembered: Streams that the recorder remembers, with address and password, by their id.
    """

    catalog: Catalog
    volume: Volume
    read: ReadMany
    site: UUID
    keep_days: int | None
    remembered: Mapping[StreamId, SealedStream]


@dataclass(slots=True, kw_only=True)
class Rebuilt:
    """What was found, and with `applies` what was done.

    Attributes:
        files: Finished segments' files on the volume.
        known: Of them known already.
        deleted: Of them ordered to be deleted; they stay away.
        left_over: Places of those whose row is gone already.
        found: Whole segments that the catalog does not know, or knew as lost.
        added: Rows that were added or came back; 0 in a dry run.
        when: From the first start to the last end of what was found.
        cameras: Those that the catalog lacked.
        gaps: Holes that were written down.
        refused: Files that became no row, with the reason.
        lost: Rows without a file, if these were looked for.
    """

    files: int = 0
    known: int = 0
    deleted: int = 0
    left_over: list[str] = field(default_factory=list)
    found: int = 0
    added: int = 0
    size_bytes: int = 0
    when: Interval | None = None
    runs: int = 0
    cameras: list[CameraId] = field(default_factory=list)
    gaps: int = 0
    refused: list[Refused] = field(default_factory=list)
    lost: int = 0

    def add(self, other: "Rebuilt") -> None:
        """Count in what was found on another volume."""
        self.files += other.files
        self.known += other.known
        self.deleted += other.deleted
        self.left_over += other.left_over
        self.found += other.found
        self.added += other.added
        self.size_bytes += other.size_bytes
        self.when = _joined(self.when, other.when)
        self.runs += other.runs
        self.cameras = sorted({*self.cameras, *other.cameras})
        self.gaps += other.gaps
        self.refused += other.refused
        self.lost += other.lost


def rebuild(work: Rebuilding, *, applies: bool, advance: Callable[[int], None] = lambda _: None) -> Rebuilt:
    """Find every segment that the catalog does not know, and with `applies` take it in.

    Each camera's day is a transaction: killed in between, the next call goes on.

    Args:
        work: What it works on.
        applies: Without it nothing is changed.
        advance: Told the number of files done, now and then.

    Raises:
        CatalogUnavailable: The database does not answer; what was taken in stays.
        Conflict: The volume is not there, or another one is.
    """
    work.volume.require_same()
    rebuilt = Rebuilt()
    is_taking_up = _begin(work) if applies else False
    seen: dict[CameraId, dict[StreamId, Interval]] = {}
    done = 0
    for read in work.read(_unknown(work, rebuilt)):
        rebuilt.found += len(read.lines)
        rebuilt.size_bytes += read.size_bytes
        rebuilt.runs += len(read.runs)
        rebuilt.refused += read.refused
        rebuilt.when = _joined(rebuilt.when, read.when)
        _remember(seen, read)
        if applies:
            with work.catalog.transaction(SUBJECT) as connection:
                rebuilt.added += rebuilding.put_found(
                    connection, read.lines, runs=read.runs.values(), days=[read.day]
                )
        done += len(read.lines) + len(read.refused)
        advance(rebuilt.known + rebuilt.deleted + done)
    if not applies:
        rebuilt.cameras = _lacking(work, seen)
        return rebuilt
    rebuilt.cameras = _add_cameras(work)
    rebuilt.gaps = _explain_holes(work, _all_streams(work) if is_taking_up else seen)
    with work.catalog.transaction(SUBJECT) as connection:
        settings.delete(connection, UNFINISHED)
    return rebuilt


def _begin(work: Rebuilding) -> bool:
    """Note that a rebuild is under way; says whether one was, and was killed."""
    with work.catalog.transaction(SUBJECT) as connection:
        was_unfinished = settings.get(connection, UNFINISHED) is not None
        settings.put(connection, UNFINISHED, "yes")
    return was_unfinished


def _unknown(work: Rebuilding, rebuilt: Rebuilt) -> Iterator[FilesOfDay]:
    """The files of each day that should become rows."""
    for folder in work.volume.days():
        with work.catalog.transaction(SUBJECT) as connection:
            states = rebuilding.known_of_day(connection, folder.camera, folder.day)
        rebuilt.files += len(folder.names)
        names = tuple(_wanted(folder, states, rebuilt))
        if names:
            yield FilesOfDay(folder.camera, folder.day, names)


def _wanted(folder: DayFolder, states: Mapping[SegmentId, str], rebuilt: Rebuilt) -> Iterator[str]:
    for name in folder.names:
        segment = segment_named(name) if states else None
        state = None if segment is None else states.get(segment)
        if state in (rebuilding.DELETED, SegmentState.DOOMED):
            rebuilt.deleted += 1
            if state == rebuilding.DELETED:
                rebuilt.left_over.append(f"{folder.camera}/{folder.day.isoformat()}/{name}")
        elif state is None or state in MAY_COME_BACK:
            yield name
        else:
            rebuilt.known += 1


def _remember(seen: dict[CameraId, dict[StreamId, Interval]], read: ReadDay) -> None:
    streams = seen.setdefault(read.camera, {}) if read.runs else {}
    for run in read.runs.values():
        when = Interval(run.started_at, run.ended_at or run.started_at)
        streams[run.stream] = _joined(streams.get(run.stream), when) or when


def _all_streams(work: Rebuilding) -> dict[CameraId, dict[StreamId, Interval]]:
    """Every stream that has footage: the rebuild before was killed, and nobody knows what it found."""
    found: dict[CameraId, dict[StreamId, Interval]] = {}
    with work.catalog.transaction(SUBJECT) as connection:
        names = footage.cameras_with_footage(connection)
    for name in names:
        with work.catalog.transaction(SUBJECT) as connection:
            found[name] = {each.stream: each.when for each in rebuilding.streams_of(connection, name)}
    return found


def _lacking(work: Rebuilding, names: Iterable[CameraId]) -> list[CameraId]:
    """Those of some cameras that the catalog does not know."""
    with work.catalog.transaction(SUBJECT) as connection:
        return [name for name in sorted(names) if not cameras.is_taken(connection, name)]


def _add_cameras(work: Rebuilding) -> list[CameraId]:
    """Add cameras that have footage and no row; switched on if the recorder knows where they are."""
    with work.catalog.transaction(SUBJECT) as connection:
        names = footage.cameras_with_footage(connection)
    added: list[CameraId] = []
    for name in _lacking(work, names):
        with work.catalog.transaction(SUBJECT) as connection:
            found = rebuilding.streams_of(connection, name)
            if found:  # else all of it is lost
                cameras.insert_camera(connection, _camera(work, name, found))
                added.append(name)
    return added


def _camera(work: Rebuilding, name: CameraId, found: Sequence[FootageOfStream]) -> SealedCamera:
    """The camera with its newest stream of each role."""
    newest = {each.role: each.stream for each in found}
    streams = tuple(
        work.remembered.get(stream) or SealedStream(id=stream, camera=name, role=role, url=ADDRESS_UNKNOWN)
        for role, stream in newest.items()
    )
    return SealedCamera(
        id=name,
        site=work.site,
        name=name,
        is_enabled=any(stream.id in work.remembered for stream in streams),
        retention_days=work.keep_days,
        streams=streams,
        created_at=min(each.when.start for each in found),
    )


def _explain_holes(work: Rebuilding, seen: Mapping[CameraId, Mapping[StreamId, Interval]]) -> int:
    count = 0
    for streams in seen.values():
        for stream, when in streams.items():
            with work.catalog.transaction(SUBJECT) as connection:
                around = Interval(when.start - AROUND, when.end + AROUND)
                count += rebuilding.explain_holes(connection, stream, around)
    return count


def _joined(known: Interval | None, when: Interval | None) -> Interval | None:
    if known is None or when is None:
        return known or when
    return Interval(min(known.start, when.start), max(known.end, when.end))
