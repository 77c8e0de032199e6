"""Policies of data classes, and what sites and cameras say differently."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from watchkeep.domain.category import DEFAULT_POLICIES, DataClass, DataClassPolicy, Sensitivity
from watchkeep.domain.ids import CameraId
from watchkeep.domain.policy import EffectivePolicy, Override, keeps_of, resolve
from watchkeep.domain.retention import Keeps
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.queries import load

_QUERIES = load("policies")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyBook:
    """All policies as they stand.

    Attributes:
        classes: What each class says.
        sites: What sites say differently.
        cameras: What cameras say differently.
        site_of: Of every camera that was ever added.
        quotas: What all footage of a camera may take, bytes; only of cameras that have a quota.
    """

    classes: Mapping[DataClass, DataClassPolicy]
    sites: Mapping[tuple[UUID, DataClass], Override]
    cameras: Mapping[tuple[CameraId, DataClass], Override]
    site_of: Mapping[CameraId, UUID]
    quotas: Mapping[CameraId, int]

    def of(self, camera: CameraId) -> dict[DataClass, EffectivePolicy]:
        """What holds for a camera; one that the catalog does not know has what the classes say."""
        site = self.site_of.get(camera)
        return {
            data_class: resolve(
                data_class,
                default,
                site=None if site is None else self.sites.get((site, data_class)),
                camera=self.cameras.get((camera, data_class)),
            )
            for data_class, default in self.classes.items()
        }

    def keeps(self, camera: CameraId) -> Keeps:
        """The limits of a camera's footage."""
        return keeps_of(self.of(camera))


def read(connection: Connection) -> PolicyBook:
    """All policies; few rows."""
    classes = dict(DEFAULT_POLICIES)
    for name, keep, sensitivity, longest, quota, replicas, residency, before_s, after_s in connection.execute(
        _QUERIES["classes"]
    ):
        classes[DataClass(name)] = DataClassPolicy(
            keep=timedelta(days=keep),
            sensitivity=Sensitivity(sensitivity),
            longest=None if longest is None else timedelta(days=longest),
            replicas=replicas,
            residency=tuple(residency),
            quota_bytes=quota,
            before=timedelta(seconds=before_s),
            after=timedelta(seconds=after_s),
        )
    sites: dict[tuple[UUID, DataClass], Override] = {}
    cameras: dict[tuple[CameraId, DataClass], Override] = {}
    for site, camera, name, keep, replicas, residency in connection.execute(_QUERIES["overrides"]):
        said = Override(
            keep=None if keep is None else timedelta(days=keep),
            replicas=replicas,
            residency=None if residency is None else tuple(residency),
        )
        if camera is None:
            sites[site, DataClass(name)] = said
        else:
            cameras[CameraId(camera), DataClass(name)] = said
    places = connection.execute(_QUERIES["places"]).fetchall()
    return PolicyBook(
        classes=classes,
        sites=sites,
        cameras=cameras,
        site_of={CameraId(camera): site for camera, site, _ in places},
        quotas={CameraId(camera): quota for camera, _, quota in places if quota is not None},
    )


def put_class(connection: Connection, data_class: DataClass, policy: DataClassPolicy) -> None:
    """Change what a class says; its sensitivity stays."""
    connection.execute(
        _QUERIES["put_class"],
        {
            "data_class": data_class.value,
            "keep_days": policy.keep.days,
            "longest_days": None if policy.longest is None else policy.longest.days,
            "quota_bytes": policy.quota_bytes,
            "replicas": policy.replicas,
            "residency": list(policy.residency),
            "before_s": int(policy.before.total_seconds()),
            "after_s": int(policy.after.total_seconds()),
        },
    )


def put_override(
    connection: Connection, place: CameraId | UUID, data_class: DataClass, said: Override
) -> None:
    """Change what a camera, or a site, says of a class; one that says nothing more inherits everything."""
    facts: dict[str, object] = {
        "site": place if isinstance(place, UUID) else None,
        "camera": None if isinstance(place, UUID) else place,
        "data_class": data_class.value,
    }
    if said == Override():
        connection.execute(_QUERIES["drop_override"], facts)
        return
    facts |= {
        "keep_days": None if said.keep is None else said.keep.days,
        "replicas": said.replicas,
        "residency": None if said.residency is None else list(said.residency),
    }
    connection.execute(_QUERIES["put_override"], facts)


def put_quota(connection: Connection, camera: CameraId, quota_bytes: int | None) -> None:
    """Change what all footage of a camera may take; None: no limit."""
    connection.execute(_QUERIES["put_quota"], {"camera": camera, "quota_bytes": quota_bytes})
