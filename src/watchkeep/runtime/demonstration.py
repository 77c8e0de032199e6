"""Demonstration cameras: real footage, served by the camera simulator on this machine only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from watchkeep.domain.camera import StreamRole, camera_id_from
from watchkeep.domain.clock import Clock, Rng
from watchkeep.domain.errors import AssetMissing
from watchkeep.domain.fs import Fs
from watchkeep.runtime.assets.fetch import AssetPlaces, fetch
from watchkeep.runtime.assets.manifest import ENTRANCE, SQUARE, STREET, Asset
from watchkeep.sources.simulator.preparation import ClipPlan, prepare_clips
from watchkeep.sources.simulator.server import CameraSimulator, SimulatorOptions

DemonstrationProgress = Callable[[float, str], None]
"""Told the share that is done, from 0 to 1, and in a few words what is being done."""

# Clips of another recipe have another folder, so that old ones are never taken for new ones.
_RECIPE = "1"
_FETCHING_SHARE = 0.4
_SUB_DIVISOR = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class DemonstrationCamera:
    """A camera to show: its clips, and where the simulator offers them.

    Attributes:
        name: For people, as "Square east".
        path: The stream's name at the simulator, as "square-east"; the sub stream adds "/sub".
    """

    name: str
    path: str
    main_clip: Path
    sub_clip: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """A part of a video that becomes a camera."""

    name: str
    asset: Asset
    left: float = 0.0


def prepare(
    places: AssetPlaces, *, fs: Fs, clock: Clock, progress: DemonstrationProgress
) -> list[DemonstrationCamera]:
    """Fetch the footage and make the clips, all kept in the cache; quick when they are there. Durable.

    Raises:
        AssetMissing: There is no footage at all.
        Unavailable: The cache cannot be written.
    """
    videos = _fetch_videos(places, fs, clock, progress)
    views = _views(set(videos))
    names = {view.asset: [other.name for other in views if other.asset is view.asset] for view in views}
    cameras = {view.name: _camera(view, places) for view in views}
    for number, (asset, shown) in enumerate(names.items()):
        step = (1 - _FETCHING_SHARE) / len(names)
        start = _FETCHING_SHARE + number * step
        detail = f"Preparing {' and '.join(shown)}"
        plans = [plan for view in views if view.asset is asset for plan in _plans(view, cameras[view.name])]
        prepare_clips(
            videos[asset], plans, fs=fs, progress=_part_of(progress, start=start, length=step, detail=detail)
        )
    progress(1.0, "Ready")
    return list(cameras.values())


def simulate(
    cameras: Sequence[DemonstrationCamera], *, port: int = 0, clock: Clock, rng: Rng
) -> CameraSimulator:
    """A simulator for the cameras on a loopback port; `simulator.server.serve` runs it.

    Raises:
        Conflict: The port is taken.
    """
    files = {camera.path: camera.main_clip for camera in cameras}
    files |= {f"{camera.path}/sub": camera.sub_clip for camera in cameras}
    return CameraSimulator(files, SimulatorOptions(host="127.0.0.1", port=port), clock=clock, rng=rng)


def addresses(camera: DemonstrationCamera, simulator: CameraSimulator) -> dict[StreamRole, str]:
    """Where each of the camera's streams is offered."""
    return {
        StreamRole.MAIN: simulator.url(camera.path),
        StreamRole.SUB: simulator.url(f"{camera.path}/sub"),
    }


def _views(available: set[Asset]) -> list[_View]:
    """Which cameras to make of the footage that could be had."""
    views = [
        _View(name=name, asset=asset)
        for name, asset in (("Entrance", ENTRANCE), ("Street", STREET), ("Square", SQUARE))
        if asset in available
    ]
    if available == {SQUARE}:
        # One video alone still shows what several cameras look like.
        views.append(_View(name="Square east", asset=SQUARE, left=0.5))
    return views


def _fetch_videos(
    places: AssetPlaces, fs: Fs, clock: Clock, progress: DemonstrationProgress
) -> dict[Asset, Path]:
    assets = (ENTRANCE, STREET, SQUARE)
    videos: dict[Asset, Path] = {}
    step = _FETCHING_SHARE / len(assets)
    missing: AssetMissing | None = None
    for number, asset in enumerate(assets):
        told = _part_of(progress, start=number * step, length=step, detail=f"Fetching {asset.name}")
        try:
            videos[asset] = fetch(asset.name, places, fs=fs, clock=clock, progress=told)
        except AssetMissing as error:
            missing = error
    if missing is not None and not videos:
        raise missing
    return videos


def _camera(view: _View, places: AssetPlaces) -> DemonstrationCamera:
    path = camera_id_from(view.name)
    folder = places.cache / "demonstration" / _RECIPE
    # The digest says of which footage a clip was made.
    stem = f"{path}-{view.asset.sha256[:8]}"
    return DemonstrationCamera(
        name=view.name,
        path=path,
        main_clip=folder / f"{stem}.mp4",
        sub_clip=folder / f"{stem}-sub.mp4",
    )


def _plans(view: _View, camera: DemonstrationCamera) -> list[ClipPlan]:
    return [
        ClipPlan(target=camera.main_clip, left=view.left),
        ClipPlan(target=camera.sub_clip, left=view.left, divisor=_SUB_DIVISOR),
    ]


def _part_of(
    progress: DemonstrationProgress, *, start: float, length: float, detail: str
) -> Callable[[float], None]:
    return lambda share: progress(start + share * length, detail)
