"""The section storage: tiers, their volumes and limits, copies."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from watchkeep.domain.category import DataClass
from watchkeep.domain.tier import SPECIFIED, Tier, contradictions
from watchkeep.runtime.config_values import (
    Duration,
    Hours,
    PathText,
    Rate,
    ReserveText,
    SecretText,
    Section,
    Size,
)

CLASSES_WITH_COPIES = (DataClass.RAW_FOOTAGE, DataClass.EVENT_CLIP, DataClass.ARCHIVED_EVENT)
_NAME = r"^[a-z][a-z0-9-]{0,30}$"


class BucketSettings(Section):
    """A bucket of an S3-compatible store, or a part of one."""

    bucket: Annotated[str, Field(min_length=1, max_length=255)]
    """Its name. It must be there, be empty at first, and be used for nothing else below the prefix."""
    endpoint: Annotated[str, Field(pattern=r"^https?://[^/\s]+$")] | None = None
    """Address of the store, such as https://s3.example.org, or null for that of AWS. What is put there is
    sealed, but with http:// names and sizes can be seen on the way."""
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$")] | None = None
    """Part of the bucket to keep to, without slashes at its ends, or null for all of it."""
    region: Annotated[str, Field(min_length=1)] = "us-east-1"
    """Region of the store; many others than AWS do not care."""
    access_key: SecretText | None = None
    """Name of the key, or null to find both where the machine has them; ${NAME} takes a variable of the
    environment."""
    secret_key: SecretText | None = None
    """The key's secret; ${NAME} takes an environment variable."""
    secret_key_file: PathText | None = None
    """File that holds the secret, instead of secret_key."""

    @model_validator(mode="after")
    def _key_is_whole(self) -> "BucketSettings":
        if self.secret_key is not None and self.secret_key_file is not None:
            raise ValueError("give secret_key or secret_key_file, not both")
        has_secret = self.secret_key is not None or self.secret_key_file is not None
        if has_secret != (self.access_key is not None):
            raise ValueError("access_key and its secret go together; give both or neither")
        return self


class VolumeSettings(Section):
    """One place that holds footage: a folder or a bucket."""

    folder: PathText | None = None
    """A folder on a disk of this machine."""
    s3: BucketSettings | None = None
    """A bucket."""

    @model_validator(mode="after")
    def _is_one(self) -> "VolumeSettings":
        if (self.folder is None) == (self.s3 is None):
            raise ValueError("name one place: folder or s3")
        return self


class TierSettings(Section):
    """A class of storage; hot, warm and cold have the specification's limits unless told otherwise."""

    name: Annotated[str, Field(pattern=_NAME)]
    """Such as hot, warm, cold; small letters, digits and hyphens."""
    volumes: tuple[VolumeSettings, ...] = ()
    """Its places; several are filled by the room they have. Of the first tier the first one is recorded to,
    and an empty list is recording.folder."""
    max_age: Duration | None = None
    """Age, since capture, at which footage goes on to the next tier; null for no limit. Left out it is 7 d of
    hot, 30 d of warm, 365 d of cold. Of the last tier it is only shown: data classes say how long footage
    stays."""
    max_bytes: Size | None = None
    """Greatest size of all footage on it; beyond, the oldest goes on. Left out it is 10 TB of hot, 100 TB of
    warm."""
    min_free: ReserveText | None = None
    """Space that stays free on each of its disks; null for recording.reserve_free, and twice that where it is
    recorded to, so that footage goes on before it would have to be deleted."""
    bandwidth: Rate | None = None
    """What moves into it take at most, such as 50 MB/s; null for no limit."""
    hours: tuple[Hours, ...] = ()
    """When moves into it may run, by the site's clock, such as 22:00-06:00; empty for always."""

    def tier(self) -> Tier:
        """The limits, as the mover goes by them; min_free is the volume's own affair if it is not given."""
        age, size = SPECIFIED.get(self.name, (None, None))
        given = self.model_fields_set
        return Tier(
            name=self.name,
            max_age=self.max_age if "max_age" in given else age,
            max_bytes=self.max_bytes if "max_bytes" in given else size,
            bytes_per_second=self.bandwidth,
            hours=self.hours,
        )


class Storage(Section):
    """Where footage lies, and when it moves on. Without tiers it stays in recording.folder."""

    tiers: tuple[TierSettings, ...] = ()
    """The tiers, in the order in which footage passes through them; empty for one, recording.folder.
    The keys of a tier are listed below."""
    copies: Mapping[DataClass, Annotated[int, Field(ge=1, le=3)]] = {}
    """How many copies there are to be of footage of a data class, each on a volume of its own, such as
    {event_clip: 2}; one of those that are not named."""

    @model_validator(mode="after")
    def _fits_together(self) -> "Storage":
        found = contradictions([each.tier() for each in self.tiers])
        if found:
            number, sentence = found[0]
            key, _, rest = sentence.partition(": ")
            raise ValueError(f"storage.tiers[{number + 1}].{key}: {rest}")
        self._require_volumes()
        self._require_copies()
        return self

    def require_place_of_recording(self, folder: Path | None) -> None:
        """The first volume of the first tier is where recording goes; ValueError if that is said twice."""
        if not self.tiers or not self.tiers[0].volumes:
            return
        first = self.tiers[0].volumes[0].folder
        if folder is not None and folder != first:
            raise ValueError(
                f"storage.tiers[1].volumes[1]: {first} is another folder than recording.folder {folder}; "
                "name it in one place"
            )

    def _require_volumes(self) -> None:
        places: list[str] = []
        for number, tier in enumerate(self.tiers, 1):
            key = f"storage.tiers[{number}].volumes"
            if not tier.volumes and number > 1:
                raise ValueError(f"{key}: the tier {tier.name} has none; name a folder or a bucket")
            if number == 1 and tier.volumes and tier.volumes[0].folder is None:
                raise ValueError(f"{key}[1]: recording goes to a disk; name a folder first")
            for at, volume in enumerate(tier.volumes, 1):
                place = _place(volume)
                for other in places:
                    if _holds(other, place) or _holds(place, other):
                        raise ValueError(f"{key}[{at}]: {place} and {other} are one place; each is used once")
                places.append(place)

    def _require_copies(self) -> None:
        volumes = max(1, sum(len(tier.volumes) or 1 for tier in self.tiers))
        for data_class, count in self.copies.items():
            if data_class not in CLASSES_WITH_COPIES:
                raise ValueError(
                    f"storage.copies: {data_class} is no class of footage; known are "
                    + ", ".join(CLASSES_WITH_COPIES)
                )
            if count > volumes:
                raise ValueError(
                    f"storage.copies: {count} copies of {data_class} need {count} volumes, and there "
                    f"{'is' if volumes == 1 else 'are'} {volumes}; add a volume"
                )


def _place(volume: VolumeSettings) -> str:
    bucket = volume.s3
    if bucket is None:
        return str(volume.folder)
    return f"{bucket.endpoint or 's3:'}/{bucket.bucket}/{bucket.prefix or ''}".rstrip("/")


def _holds(outer: str, inner: str) -> bool:
    return inner == outer or inner.startswith(f"{outer}/")
