import hashlib
import threading
from dataclasses import replace
from pathlib import Path

import av
import pytest

from time_code import make_clip
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.errors import AssetMissing
from watchkeep.runtime.assets.fetch import AssetPlaces
from watchkeep.runtime.assets.manifest import ASSETS, ENTRANCE, SQUARE, STREET
from watchkeep.runtime.demonstration import addresses, prepare, simulate
from watchkeep.runtime.system import SystemClock, SystemFs, SystemRng
from watchkeep.sources.simulator.server import serve


def places_with(tmp_path: Path, *names: str) -> AssetPlaces:
    """Places whose directory has videos of those names, and a manifest that knows their digests."""
    directory = tmp_path / "usb"
    directory.mkdir()
    manifest = []
    for asset in ASSETS:
        known = replace(asset, sources=())
        if asset.name in names:
            video = make_clip(directory / asset.name, seconds=1, fps=10, gop=10, size=(320, 180))
            content = video.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            known = replace(known, sha256=digest, size_bytes=len(content))
        manifest.append(known)
    return AssetPlaces(cache=tmp_path / "cache", directory=directory, manifest=tuple(manifest))


ALL = (ENTRANCE.name, STREET.name, SQUARE.name)


@pytest.mark.parametrize(
    ("available", "shown"),
    [
        (ALL, ["Entrance", "Street", "Square"]),
        (("vtest.avi",), ["Square", "Square east"]),
        (("one-by-one-person-detection.mp4",), ["Entrance"]),
    ],
)
def test_the_cameras_are_those_whose_footage_could_be_had(
    tmp_path: Path, available: tuple[str, ...], shown: list[str]
) -> None:
    told: list[tuple[float, str]] = []
    places = places_with(tmp_path, *available)

    cameras = prepare(
        places,
        fs=SystemFs(),
        clock=SystemClock(),
        progress=lambda share, detail: told.append((share, detail)),
    )

    assert [camera.name for camera in cameras] == shown
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert told[-1] == (1.0, "Ready")
    assert {camera.main_clip.stat().st_size > 0 for camera in cameras} == {True}


def test_without_any_footage_the_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AssetMissing, match=r"vtest\.avi"):
        prepare(places_with(tmp_path), fs=SystemFs(), clock=SystemClock(), progress=lambda *_: None)


def test_both_streams_of_each_camera_are_served(tmp_path: Path) -> None:
    places = places_with(tmp_path, "vtest.avi")
    cameras = prepare(places, fs=SystemFs(), clock=SystemClock(), progress=lambda *_: None)
    simulator = simulate(cameras, clock=SystemClock(), rng=SystemRng())
    stop = threading.Event()
    thread = threading.Thread(target=serve, args=(simulator, stop))
    thread.start()
    try:
        sizes = {}
        for camera in cameras:
            for role, url in addresses(camera, simulator).items():
                assert url.startswith("rtsp://127.0.0.1:")
                with av.open(url, options={"rtsp_transport": "tcp", "timeout": "10000000"}) as container:
                    context = container.streams.video[0].codec_context
                    sizes[camera.name, role] = context.width, context.height
    finally:
        stop.set()
        thread.join()

    assert sizes == {
        ("Square", StreamRole.MAIN): (320, 180),
        ("Square", StreamRole.SUB): (160, 90),
        ("Square east", StreamRole.MAIN): (160, 180),
        ("Square east", StreamRole.SUB): (80, 90),
    }
