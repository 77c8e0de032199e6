"""Reads the files of a camera's day as the rows that the catalog should have of them; no row is asked for."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from watchkeep.domain.camera import StreamRole, is_camera_id
from watchkeep.domain.errors import DataLoss, Invalid, KeyShredded, NotFound
from watchkeep.domain.fs import Fs
from watchkeep.domain.ids import CameraId, RunId, SegmentId, StreamId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import TICKS_PER_SECOND
from watchkeep.domain.segment import Run
from watchkeep.lifecycle.summary_rows import row_of
from watchkeep.storage.catalog.rebuilding import encode_found
from watchkeep.storage.media.format import Summary
from watchkeep.storage.media.reader import Keys
from watchkeep.storage.media.summary import read_summary
from watchkeep.storage.media.volume import SUFFIX, Volume


class Refusal(StrEnum):
    """Why a file does not become a row."""

    ERASED = "erased"
    """Its key was destroyed: it was erased on purpose."""
    FOREIGN = "foreign"
    """It is no segment of this installation."""
    MISPLACED = "misplaced"
    """It is a segment, under another name or in another folder than its own."""
    DAMAGED = "damaged"
    """It is a segment without a whole end: what it holds can be read, but not vouched for."""
    UNREADABLE = "unreadable"
    """The disk does not give it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that does not become a row.

    Attributes:
        place: Relative to the volume.
        why: One sentence's worth, without the place.
    """

    place: str
    refusal: Refusal
    why: str


@dataclass(frozen=True, slots=True)
class FilesOfDay:
    """Files to be read: of one camera and UTC day, as their folders are named."""

    camera: CameraId
    day: date
    names: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class ReadDay:
    """What was read of a camera's day.

    Attributes:
        lines: A row of the catalog for each whole segment, see `storage.catalog.rebuilding`.
        runs: As far as these segments show them.
        starts: Of the segments, while they are read.
        ends: Of the runs.
        streams: Which streams the footage is of.
        when: From the first start to the last end; None without a segment.
    """

    camera: CameraId
    day: date
    lines: list[bytes] = field(default_factory=list)
    runs: dict[RunId, Run] = field(default_factory=dict)
    starts: list[datetime] = field(default_factory=list)
    ends: dict[RunId, datetime] = field(default_factory=dict)
    streams: dict[StreamId, StreamRole] = field(default_factory=dict)
    when: Interval | None = None
    size_bytes: int = 0
    refused: list[Refused] = field(default_factory=list)


def read_day(files: FilesOfDay, *, volume: Volume, fs: Fs, keys: Keys) -> ReadDay:
    """Read head and end of each file; what cannot be a row is refused, never touched."""
    read = ReadDay(camera=files.camera, day=files.day)
    folder = volume.root / files.camera / files.day.isoformat()
    for name in files.names:
        path = folder / name
        try:
            summary = read_summary(path, fs=fs, keys=keys)
        except NotFound as error:
            if _is_there(path, fs):
                _refuse(read, volume, path, Refusal.FOREIGN, str(error))
            # else it was deleted in order while we looked
        except KeyShredded as error:
            _refuse(read, volume, path, Refusal.ERASED, str(error))
        except Invalid as error:
            _refuse(read, volume, path, Refusal.FOREIGN, str(error))
        except DataLoss as error:
            _refuse(read, volume, path, Refusal.DAMAGED, str(error))
        except OSError as error:
            _refuse(read, volume, path, Refusal.UNREADABLE, error.strerror or "the disk does not answer")
        else:
            _take(read, volume, name, summary)
    if read.starts:
        read.when = Interval(min(read.starts), max(read.ends.values()))
        read.starts.clear()  # they would go from process to process for nothing
    read.runs = {run: replace(facts, ended_at=read.ends[run]) for run, facts in read.runs.items()}
    return read


def segment_named(name: str) -> SegmentId | None:
    """The segment that a file's name tells; None if it tells none."""
    try:
        identifier = UUID(name.removesuffix(SUFFIX))
    except ValueError:
        return None
    return SegmentId(identifier) if name == f"{identifier}{SUFFIX}" else None


def _take(read: ReadDay, volume: Volume, name: str, summary: Summary) -> None:
    header = summary.header
    place = f"{read.camera}/{read.day.isoformat()}/{name}"
    is_its_own = (header.camera, header.shred_day) == (read.camera, read.day) and is_camera_id(header.camera)
    if not is_its_own or name != f"{header.segment}{SUFFIX}":
        path = volume.within(place)
        _refuse(read, volume, path, Refusal.MISPLACED, f"it is segment {header.segment} of {header.camera}")
        return
    read.lines.append(encode_found(row_of(summary, volume)))
    read.streams[header.stream] = header.role
    read.size_bytes += summary.size_bytes
    read.starts.append(summary.when.start)
    read.ends[header.run] = max(read.ends.get(header.run, summary.when.end), summary.when.end)
    if header.run in read.runs:
        return
    started_at = summary.when.start
    if header.sequence:
        # Its first segment may be gone; the clock of the pictures says when it began.
        started_at -= timedelta(microseconds=header.start_ticks * 1_000_000 // TICKS_PER_SECOND)
    read.runs[header.run] = Run(
        id=header.run,
        camera=header.camera,
        stream=header.stream,
        started_at=started_at,
        ended_at=summary.when.end,
        end_cause=None,
        parameters=header.parameters,
    )


def _refuse(read: ReadDay, volume: Volume, path: Path, refusal: Refusal, why: str) -> None:
    read.refused.append(Refused(volume.relative(path), refusal, why))


def _is_there(path: Path, fs: Fs) -> bool:
    try:
        fs.size(path)
    except FileNotFoundError:
        return False
    return True
