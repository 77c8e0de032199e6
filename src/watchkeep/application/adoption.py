"""Takes a tree of somebody else's MP4 files into the catalog, where it lies; nothing is written into it."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from uuid import UUID

from watchkeep.application.adopted import NO_KEY, file_digest, run_of
from watchkeep.application.asking import INSTALLATION, Asking, asked, require
from watchkeep.application.house import House
from watchkeep.domain.access import Action
from watchkeep.domain.adopted import (
    LONGEST_TICKS,
    AdoptedPlace,
    adopted_place,
    cut_at_keys,
    frigate_file,
    length_of,
)
from watchkeep.domain.camera import StreamRole, camera_id_from
from watchkeep.domain.category import DataClass
from watchkeep.domain.errors import Conflict, Invalid, NotFound, WatchkeepError
from watchkeep.domain.ids import CameraId, NodeId, RunId, SegmentId, StreamId, uuid7, uuid8
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import VideoParameters
from watchkeep.domain.segment import Run, SegmentState
from watchkeep.lifecycle.rebuild import ADDRESS_UNKNOWN
from watchkeep.sources.footage_file import FileOutline, read_outline
from watchkeep.storage.catalog import adopting, cameras, policies, rebuilding, volumes
from watchkeep.storage.catalog.cameras import SealedCamera, SealedStream
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.catalog.volumes import StoredVolume, VolumeKind

LONGEST_KEPT_DAYS = 3650
SAMPLE = 3
FRAGMENT_TICKS = 45_000
"""How long a fragment mostly is; how many there are is known when it is read."""


class TreeKind(StrEnum):
    """Whose files they are, which says how cameras and times are told."""

    FRIGATE = "frigate"
    DIRECTORY = "directory"


AT_ONCE = {TreeKind.FRIGATE: 2000, TreeKind.DIRECTORY: 100_000}
"""Files; Frigate's come in order of time, others must be known all before it is known which is the first."""


ADOPTED_TIER = "adopted"
"""Not one of those that footage passes through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeFile:
    """A file of a tree.

    Attributes:
        name: Relative to the tree, with slashes.
        modified_at: When its last byte was written, as far as the file system knows.
    """

    name: str
    size_bytes: int
    modified_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A tree to be adopted.

    Attributes:
        camera: The name of the one camera of a plain directory.
        files: In order of their names.
        node: Which takes it in.
    """

    root: Path
    kind: TreeKind
    camera: str
    files: Sequence[TreeFile]
    node: NodeId


@dataclass(slots=True, kw_only=True)
class Adopted:
    """What came of it.

    Attributes:
        segments: Parts of files that are in the catalog now, those of an earlier call not counted.
        known: Parts that were there already, or whose time is up.
        new_cameras: Added under names of the tree, switched off.
        expiring: Segments older than their camera's retention: the catalog forgets them soon, the files stay.
        refused: Files that are not understood, with the reason.
    """

    volume: UUID
    segments: int = 0
    known: int = 0
    when: Interval | None = None
    new_cameras: list[CameraId] = field(default_factory=list)
    expiring: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A file that is understood."""

    file: TreeFile
    camera: str
    start: datetime
    outline: FileOutline
    digest: bytes


def adopt(
    house: House, asking: Asking, tree: Tree, *, advance: Callable[[int], None] = lambda _: None
) -> Adopted:
    """Index a tree; as often as wanted: what is known stays as it is. Files are only read.

    Args:
        house: Where.
        asking: Who.
        tree: Its files.
        advance: Told the number of files done.

    Raises:
        Forbidden: The asker may not.
        Conflict: The folder is footage of ours, or a camera of that name was removed.
    """
    require(house, asking, Action.CONFIGURE, INSTALLATION)
    for place in house.volumes:
        if tree.root.is_relative_to(place.root) or place.root.is_relative_to(tree.root):
            raise Conflict(
                f"{tree.root} holds footage of Watchkeep itself; name another folder", path=str(tree.root)
            )
    adopted = Adopted(volume=_volume(house, tree))
    for first in range(0, len(tree.files), AT_ONCE[tree.kind]):
        _take_in(house, tree, adopted, first, advance)
    with asked(house, asking, Action.CONFIGURE, INSTALLATION, word="adopt footage") as (_, deed):
        deed.facts.update(
            path=str(tree.root),
            kind=tree.kind.value,
            volume=str(adopted.volume),
            files=str(len(tree.files)),
            segments=str(adopted.segments),
            refused=str(len(adopted.refused)),
        )
    return adopted


def _take_in(house: House, tree: Tree, adopted: Adopted, first: int, advance: Callable[[int], None]) -> None:
    """Take in the next files; durable on return, so that a killed call has done something."""
    found: list[_Read] = []
    for number, file in enumerate(tree.files[first : first + AT_ONCE[tree.kind]], first + 1):
        try:
            found.append(_understand(house, tree, file))
        except (WatchkeepError, OSError) as error:
            adopted.refused.append((file.name, str(error)))
        advance(number)
    found.sort(key=lambda each: (each.camera, each.start))
    for camera, reads in groupby(found, lambda each: each.camera):
        _take_camera(house, tree, adopted, camera, list(reads))


def _volume(house: House, tree: Tree) -> UUID:
    """The tree's volume: known by its folder, or by its files if it was moved, else a new one."""
    with house.catalog.transaction() as conn:
        known = [each for each in volumes.list_volumes(conn) if each.kind is VolumeKind.ADOPTED]
        samples = {each.id: adopting.adopted_segments(conn, SAMPLE, volume=each.id) for each in known}
    same = next((each for each in known if each.location == str(tree.root)), None) or next(
        (each for each in known if _holds(house, tree.root, samples[each.id])), None
    )
    identifier = same.id if same else UUID(bytes=house.rng.token(16), version=4)
    volume = StoredVolume(
        id=identifier,
        kind=VolumeKind.ADOPTED,
        location=str(tree.root),
        tier=ADOPTED_TIER,
        reserve_bytes=0,
        created_at=house.clock.now(),
    )
    with house.catalog.transaction() as conn:
        volumes.put_volume(conn, volume)
    return identifier


def _holds(house: House, root: Path, sample: Sequence[StoredSegment]) -> bool:
    for segment in sample:
        place = adopted_place(segment.path)
        try:
            if place and file_digest(root / place.file, place.file, fs=house.fs) == segment.root_digest:
                return True
        except OSError:
            continue
    return False


def _understand(house: House, tree: Tree, file: TreeFile) -> _Read:
    path = tree.root / file.name
    if not file.name.lower().endswith(".mp4"):
        raise Invalid("it is no MP4")
    named = frigate_file(file.name) if tree.kind is TreeKind.FRIGATE else (tree.camera, None)
    if named is None:
        raise Invalid("its name is not one of Frigate's: YYYY-MM-DD/HH/camera/MM.SS.mp4")
    outline = read_outline(path)
    longest = max(end - start for start, end in cut_at_keys(outline.keys, outline.end_ticks))
    if longest > LONGEST_TICKS:
        raise Invalid(f"it has no key picture for {longest // 90_000} s")
    camera, start = named
    if start is None:
        start = outline.created_at or file.modified_at - length_of(outline.end_ticks)
    digest = file_digest(path, file.name, fs=house.fs)
    return _Read(file=file, camera=camera, start=start, outline=outline, digest=digest)


def _take_camera(house: House, tree: Tree, adopted: Adopted, name: str, reads: Sequence[_Read]) -> None:
    camera, stream, keep_days = _camera(house, adopted, name, reads[0].start)
    rows = [row for read in reads for row in _rows(tree, adopted.volume, read, camera, stream)]
    rows.sort(key=lambda row: row.when.start)
    forgotten_before = house.clock.now() - timedelta(days=keep_days)
    adopted.expiring += sum(row.when.end < forgotten_before for row in rows)
    parameters = {
        run_of(adopted.volume, each.file.name, each.start): each.outline.parameters for each in reads
    }
    for day, of_day in groupby(rows, key=lambda row: row.when.start.date()):
        _take_day(house, adopted, camera, day, list(of_day), parameters)


def _take_day(
    house: House,
    adopted: Adopted,
    camera: CameraId,
    day: date,
    rows: Sequence[StoredSegment],
    parameters: Mapping[RunId, VideoParameters],
) -> None:
    with house.catalog.transaction() as conn:
        states = rebuilding.known_of_day(conn, camera, day)
        fresh = [row for row in rows if row.id not in states]
        lines = [rebuilding.encode_found(row) for row in fresh]
        rebuilding.put_found(conn, lines, runs=_runs(fresh, parameters).values(), days=[day])
    adopted.known += len(rows) - len(fresh)
    adopted.segments += len(fresh)
    for row in fresh:
        known = adopted.when or row.when
        adopted.when = Interval(min(known.start, row.when.start), max(known.end, row.when.end))


def _rows(
    tree: Tree, volume: UUID, read: _Read, camera: CameraId, stream: StreamId
) -> Iterator[StoredSegment]:
    run = run_of(volume, read.file.name, read.start)
    for number, (first, end) in enumerate(cut_at_keys(read.outline.keys, read.outline.end_ticks)):
        place = AdoptedPlace(read.file.name, first, end)
        start = read.start + length_of(first)
        identity = hashlib.sha256(volume.bytes + place.encode().encode()).digest()
        yield StoredSegment(
            id=SegmentId(uuid8(start, identity)),
            camera=camera,
            stream=stream,
            role=StreamRole.MAIN,
            run=run,
            sequence=number,
            data_class=DataClass.RAW_FOOTAGE,
            state=SegmentState.CLOSED,
            when=Interval(start, read.start + length_of(end)),
            size_bytes=read.file.size_bytes * (end - first) // read.outline.end_ticks,
            fragment_count=-(-(end - first) // FRAGMENT_TICKS),
            root_digest=read.digest,
            path=place.encode(),
            volume=volume,
            node=tree.node,
            shred_key=NO_KEY,
        )


def _runs(rows: Iterable[StoredSegment], parameters: Mapping[RunId, VideoParameters]) -> Mapping[RunId, Run]:
    """The files as runs."""
    runs: dict[RunId, Run] = {}
    for row in rows:
        known = runs.get(row.run)
        runs[row.run] = Run(
            id=row.run,
            camera=row.camera,
            stream=row.stream,
            started_at=known.started_at if known else row.when.start,
            ended_at=row.when.end,
            end_cause=None,
            parameters=parameters[row.run],
        )
    return runs


def _camera(house: House, adopted: Adopted, name: str, first: datetime) -> tuple[CameraId, StreamId, int]:
    """The camera of that name, its main stream and how long it keeps; added, switched off, if there is none.

    A new one keeps everything that the tree has for its default time from now on.
    """
    if not name.strip():
        raise Invalid("The camera has no name; say whose footage this is.", field="camera")
    camera = camera_id_from(name)
    with house.catalog.transaction() as conn:
        if cameras.is_taken(conn, camera):
            return _known_camera(conn, camera)
        age_days = max(0, (house.clock.now() - first).days)
        usual_days = house.default_retention_days or policies.read(conn).keeps(camera).raw.days
        keep_days = min(age_days + usual_days, LONGEST_KEPT_DAYS)
        made = SealedCamera(
            id=camera,
            site=house.site.id,
            name=name,
            is_enabled=False,
            retention_days=keep_days,
            streams=(
                SealedStream(
                    id=StreamId(uuid7(house.clock, house.rng)),
                    camera=camera,
                    role=StreamRole.MAIN,
                    url=ADDRESS_UNKNOWN,
                ),
            ),
            created_at=first,
        )
        cameras.insert_camera(conn, made)
    adopted.new_cameras.append(camera)
    return camera, made.streams[0].id, keep_days


def _known_camera(conn: Connection, camera: CameraId) -> tuple[CameraId, StreamId, int]:
    try:
        known = cameras.get_camera(conn, camera)
        stream = next(each for each in known.streams if each.role is StreamRole.MAIN)
    except (NotFound, StopIteration):
        raise Conflict(
            f"The camera {camera} was removed or has no main stream; its footage has no place", camera=camera
        ) from None
    return camera, stream.id, known.keep_days
