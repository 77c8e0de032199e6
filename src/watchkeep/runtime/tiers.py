"""The node's tiers and volumes, of its settings: where they are, whose they are, what bounds them."""

import json
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from uuid import UUID

from watchkeep.domain.camera import Secret
from watchkeep.domain.errors import Conflict, DataLoss, Forbidden, Invalid, NotFound, WatchkeepError
from watchkeep.domain.fs import read_whole, replace_file
from watchkeep.domain.tier import DEFAULT_TIER, Reserve, Tier
from watchkeep.lifecycle.placing import TierPlan
from watchkeep.runtime.config import Settings
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.storage_settings import BucketSettings, TierSettings, VolumeSettings
from watchkeep.runtime.system import Machine
from watchkeep.storage.blobs.bucket import Bucket
from watchkeep.storage.blobs.disk import DiskBlobs
from watchkeep.storage.blobs.s3 import S3Blobs
from watchkeep.storage.blobs.store import Blobs
from watchkeep.storage.blobs.volumes import Attached, Volumes, only
from watchkeep.storage.catalog.volumes import VolumeKind
from watchkeep.storage.media.volume import Volume

log = logging.getLogger(__name__)

RECORDING_URGE = 2.0
_OUR_FAULT = (Conflict, DataLoss, Forbidden, Invalid, NotFound)


def recording_folder(settings: Settings, paths: DataFolder) -> Path:
    """Where recording goes: the first folder of the first tier."""
    tiers = settings.storage.tiers
    named = tiers[0].volumes[0].folder if tiers and tiers[0].volumes else None
    return named or settings.recording.folder or paths.footage


def attach_volumes(
    settings: Settings, paths: DataFolder, machine: Machine, *, installation: UUID, recording: Volume
) -> Volumes:
    """All volumes of a node; only the one that is recorded to is opened yet."""
    attached: list[Attached] = []
    for number, tier in enumerate(settings.storage.tiers):
        for at, volume in enumerate(tier.volumes or (VolumeSettings(folder=recording.root),)):
            if (number, at) == (0, 0):
                attached.append(_recorded_to(recording, tier.name, machine))
            else:
                attached.append(_attach(volume, tier.name, paths, machine, installation))
    return Volumes(attached or [_recorded_to(recording, DEFAULT_TIER, machine)])


def claim_new_volumes(volumes: Volumes, settings: Settings, paths: DataFolder, machine: Machine) -> None:
    """Take volumes into use that the settings name for the first time; durable on return.

    One that does not answer is left for later. For one process at a time.

    Raises:
        Invalid: A new volume cannot be ours, or is the recorded one again; one sentence says which and why.
            Known ones never stop a start.
    """
    keys = [
        f"storage.tiers[{number}].volumes[{at}]"
        for number, tier in enumerate(settings.storage.tiers, 1)
        for at in range(1, max(1, len(tier.volumes)) + 1)
    ]
    recorded = next(iter(volumes))
    for key, attached in zip(keys, volumes, strict=False):
        if attached is not recorded and _is_same_folder(attached, recorded):
            raise Invalid(
                f"{key}: {attached.label} is the folder that is recorded to; name another one", key=key
            )
        if attached.id is not None:
            continue
        try:
            attached.claim(partial(remember_volume, paths, machine, attached.label))
        except _OUR_FAULT as error:
            raise Invalid(f"{key}: {error}", key=key) from error
        except WatchkeepError as error:
            log.warning("volume not there yet", extra={"volume": attached.label, "error": str(error)})
    _warn_of_shared_disks(volumes)


def _is_same_folder(one: Attached, other: Attached) -> bool:
    are_disks = one.kind is VolumeKind.DISK and other.kind is VolumeKind.DISK
    return are_disks and Path(one.label).resolve() == Path(other.label).resolve()


def tiers_of(settings: Settings) -> list[Tier]:
    """The limits of each tier, in order."""
    return [each.tier() for each in settings.storage.tiers] or [Tier(name=DEFAULT_TIER)]


def plans_of(settings: Settings, volumes: Volumes) -> list[TierPlan]:
    """Each tier with the volumes that were taken into use so far."""
    named: Sequence[TierSettings | None] = settings.storage.tiers or [None]
    return [
        TierPlan(
            tier=tier,
            volumes=tuple(each.id for each in volumes.of_tier(tier.name) if each.id is not None),
            margin=margin_of(settings, given),
            urge=RECORDING_URGE if number == 0 and (given is None or given.min_free is None) else 1.0,
        )
        for number, (tier, given) in enumerate(zip(tiers_of(settings), named, strict=True))
    ]


def margin_of(settings: Settings, tier: TierSettings | None) -> Reserve:
    """What stays free on each disk of a tier."""
    given = None if tier is None else tier.min_free
    return given or settings.recording.reserve_free


def known_volumes(paths: DataFolder, machine: Machine) -> dict[str, UUID]:
    """Which volume was at each place.

    Raises:
        DataLoss: The file that says so is damaged.
    """
    try:
        document = json.loads(read_whole(machine.fs, paths.volumes))
        return {str(path): UUID(each) for path, each in document.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError):
        raise DataLoss(
            f"{paths.volumes} is damaged; restore it, or remove it if all footage folders are mounted",
            path=str(paths.volumes),
        ) from None


def remember_volume(paths: DataFolder, machine: Machine, place: str, volume: UUID) -> None:
    """Note which volume is at a place; durable on return."""
    with machine.fs.locked(paths.volumes.with_suffix(".lock")):
        known: Mapping[str, UUID] = {**known_volumes(paths, machine), place: volume}
        document = {path: str(each) for path, each in known.items()}
        replace_file(machine.fs, paths.volumes, json.dumps(document, indent=2).encode() + b"\n")


def _recorded_to(recording: Volume, tier: str, machine: Machine) -> Attached:
    return only(DiskBlobs(recording, fs=machine.fs), tier=tier, clock=machine.clock)


def _attach(
    volume: VolumeSettings, tier: str, paths: DataFolder, machine: Machine, installation: UUID
) -> Attached:
    if volume.s3 is None:
        folder = volume.folder or paths.footage
        label, kind = str(folder), VolumeKind.DISK

        def open_it(expected: UUID | None) -> Blobs:
            return _open_disk(folder, machine, installation, expected)
    else:
        bucket = _bucket(volume.s3, machine)
        label, kind = bucket.label, VolumeKind.S3

        def open_it(expected: UUID | None) -> Blobs:
            return S3Blobs.open_volume(
                bucket, clock=machine.clock, rng=machine.rng, installation=installation, expected=expected
            )

    return Attached(
        tier=tier,
        kind=kind,
        label=label,
        known=lambda: known_volumes(paths, machine).get(label),
        opening=open_it,
        clock=machine.clock,
    )


def _open_disk(folder: Path, machine: Machine, installation: UUID, expected: UUID | None) -> Blobs:
    try:
        volume = Volume.open(
            folder, fs=machine.fs, rng=machine.rng, installation=installation, expected=expected
        )
    except OSError as error:
        what = error.strerror or str(error)
        raise Forbidden(f"{folder} cannot be used ({what}); look at the disk", path=str(folder)) from error
    return DiskBlobs(volume, fs=machine.fs)


def _bucket(settings: BucketSettings, machine: Machine) -> Bucket:
    secret = settings.secret_key
    if settings.secret_key_file is not None:
        try:
            secret = Secret(read_whole(machine.fs, settings.secret_key_file).decode().strip())
        except (OSError, UnicodeDecodeError):
            log.warning("secret key unreadable", extra={"path": str(settings.secret_key_file)})
            secret = Secret("")
    return Bucket(
        bucket=settings.bucket,
        endpoint=settings.endpoint,
        prefix=settings.prefix or "",
        region=settings.region,
        access_key=settings.access_key,
        secret_key=secret,
    )


def _warn_of_shared_disks(volumes: Volumes) -> None:
    """Two folders on one disk are lost together, and their room is counted twice."""
    seen: dict[int, str] = {}
    for each in volumes:
        if each.kind is not VolumeKind.DISK or each.id is None:
            continue
        try:
            disk = Path(each.label).stat().st_dev
        except OSError:
            continue
        if disk in seen:
            log.warning("two volumes on one disk", extra={"one": seen[disk], "other": each.label})
        seen.setdefault(disk, each.label)
