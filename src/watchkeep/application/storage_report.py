"""What is stored, and how much room there is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from watchkeep.application.asking import INSTALLATION, Asking, require
from watchkeep.application.house import House, StorageFigures
from watchkeep.domain.access import Action, visible_cameras
from watchkeep.domain.ids import CameraId
from watchkeep.domain.interval import Interval
from watchkeep.domain.segment import SegmentState
from watchkeep.storage.catalog import cameras, footage, storage_figures
from watchkeep.storage.catalog.footage import GapTotal
from watchkeep.storage.catalog.storage_figures import CameraStorage

DAY = timedelta(days=1)
SHORTEST_FOR_RATE = timedelta(hours=1)
"""Less footage than this says nothing of a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeReport:
    """Room on a volume."""

    id: UUID
    label: str
    free_bytes: int
    total_bytes: int
    reserve_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraReport:
    """What one camera keeps.

    Attributes:
        gap_count: Of the main stream, in the 24 hours before now.
        bytes_per_day: As measured over the last day or what there is of it; None if that is under an hour.
    """

    id: CameraId
    name: str
    size_bytes: int
    segments: Mapping[SegmentState, int]
    oldest: datetime | None
    newest: datetime | None
    gap_count: int
    gap_s: float
    bytes_per_day: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageReport:
    """Volumes, the asker's cameras, and rows that wait for the database."""

    volumes: Sequence[VolumeReport]
    cameras: Sequence[CameraReport]
    spool_rows: int


def read_storage(house: House, asking: Asking) -> StorageReport:
    """Say what is stored, of the cameras whose status the asker may see."""
    require(house, asking, Action.SEE_STATUS, INSTALLATION)
    scope = visible_cameras(asking.subject, Action.SEE_STATUS)
    with house.catalog.transaction(asking.subject.name) as conn:
        known = cameras.list_cameras(conn, scope=scope, with_removed=True)
    stored, gaps = house.remembered_storage.get(lambda: _figures(house))
    now = house.clock.now()
    stored_by_camera = {figures.camera: figures for figures in stored}
    gaps_by_camera = {total.camera: total for total in gaps}
    reports = [
        _report(camera.id, camera.name, stored_by_camera.get(camera.id), gaps_by_camera.get(camera.id), now)
        for camera in known
        if camera.removed_at is None or camera.id in stored_by_camera
    ]
    return StorageReport(volumes=_volumes(house), cameras=reports, spool_rows=house.spool.depth())


def _figures(house: House) -> StorageFigures:
    now = house.clock.now()
    with house.catalog.transaction() as conn:
        return storage_figures.storage_by_camera(conn, now=now), footage.gap_totals(
            conn, Interval(now - DAY, now)
        )


def _volumes(house: House) -> list[VolumeReport]:
    reports: list[VolumeReport] = []
    for each in house.volumes:
        space = each.volume.space()
        reports.append(
            VolumeReport(
                id=each.volume.id,
                label=each.label,
                free_bytes=space.free_bytes,
                total_bytes=space.total_bytes,
                reserve_bytes=each.reserve_bytes,
            )
        )
    return reports


def _report(
    camera: CameraId, name: str, figures: CameraStorage | None, gaps: GapTotal | None, now: datetime
) -> CameraReport:
    states: dict[SegmentState, int] = {}
    if figures is not None:
        states = {
            SegmentState.OPEN: figures.open,
            SegmentState.CLOSED: figures.closed,
            SegmentState.RECOVERED: figures.recovered,
            SegmentState.LOST: figures.lost,
        }
    return CameraReport(
        id=camera,
        name=name,
        size_bytes=0 if figures is None else figures.size_bytes,
        segments=states or dict.fromkeys(_SHOWN, 0),
        oldest=None if figures is None else figures.oldest,
        newest=None if figures is None else figures.newest,
        gap_count=0 if gaps is None else gaps.count,
        gap_s=0.0 if gaps is None else gaps.seconds,
        bytes_per_day=None if figures is None else bytes_per_day(figures, now),
    )


def bytes_per_day(figures: CameraStorage, now: datetime) -> int | None:
    """The last day's bytes, scaled up if there is less than a day of footage; None if under an hour."""
    if figures.oldest is None:
        return None
    length = min(now - figures.oldest, DAY)
    if length < SHORTEST_FOR_RATE:
        return None
    return round(figures.bytes_last_day * (DAY / length))


_SHOWN = (SegmentState.OPEN, SegmentState.CLOSED, SegmentState.RECOVERED, SegmentState.LOST)
