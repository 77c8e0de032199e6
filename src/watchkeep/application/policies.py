"""How long things are kept, where, and who says so: policies by class, changed by site and camera."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from watchkeep.application.asking import INSTALLATION, Asking, asked, no_such_camera, require
from watchkeep.application.house import House
from watchkeep.domain.access import Action, CameraObject
from watchkeep.domain.camera import is_camera_id
from watchkeep.domain.category import DataClass, DataClassPolicy
from watchkeep.domain.errors import Invalid
from watchkeep.domain.ids import CameraId
from watchkeep.domain.policy import EffectivePolicy, Override, check
from watchkeep.domain.retention import FOOTAGE_CLASSES
from watchkeep.storage.catalog import outbox, policies, volumes
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.outbox import NoticeKind
from watchkeep.storage.catalog.policies import PolicyBook

OVERRIDABLE = FOOTAGE_CLASSES
"""What is kept with the catalog has one limit for the whole installation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraPolicies:
    """What holds for a camera, and what all its footage may take."""

    camera: CameraId
    policies: tuple[EffectivePolicy, ...]
    quota_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassChange:
    """What to change of a class; None stays as it is.

    Attributes:
        longest: A zero takes the legal maximum away.
        quota_bytes: 0 takes the quota away.
        residency: An empty one lets it lie anywhere.
    """

    keep: timedelta | None = None
    longest: timedelta | None = None
    quota_bytes: int | None = None
    replicas: int | None = None
    residency: tuple[str, ...] | None = None
    before: timedelta | None = None
    after: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceChange:
    """What a site or a camera is to say of a class; what is None is inherited again where `resets` names it.

    Attributes:
        resets: Of "keep", "replicas", "residency" those that are to be inherited again.
    """

    keep: timedelta | None = None
    replicas: int | None = None
    residency: tuple[str, ...] | None = None
    resets: frozenset[str] = frozenset()


def list_classes(house: House, asking: Asking) -> dict[DataClass, DataClassPolicy]:
    """What each class says.

    Raises:
        Forbidden: The asker may not see the installation's status.
    """
    require(house, asking, Action.SEE_STATUS, INSTALLATION)
    with house.catalog.transaction(asking.subject.name) as conn:
        return dict(policies.read(conn).classes)


def read_camera(house: House, asking: Asking, camera: CameraId) -> CameraPolicies:
    """What holds for a camera, and who says each number.

    Raises:
        NotFound: It is missing or foreign.
    """
    require(house, asking, Action.SEE_STATUS, CameraObject(camera))
    with house.catalog.transaction(asking.subject.name) as conn:
        return _of_camera(policies.read(conn), camera)


def change_class(house: House, asking: Asking, data_class: DataClass, change: ClassChange) -> DataClassPolicy:
    """Change what a class says, for all who inherit it.

    Raises:
        Forbidden: The asker may not configure the installation.
        Invalid: It would contradict itself, the law, or what a camera says.
    """
    with asked(house, asking, Action.CONFIGURE, INSTALLATION, word="change policy") as (conn, deed):
        old = policies.read(conn).classes[data_class]
        new = replace(
            old,
            keep=old.keep if change.keep is None else change.keep,
            longest=old.longest if change.longest is None else change.longest or None,
            quota_bytes=old.quota_bytes if change.quota_bytes is None else change.quota_bytes or None,
            replicas=old.replicas if change.replicas is None else change.replicas,
            residency=old.residency if change.residency is None else change.residency,
            before=old.before if change.before is None else change.before,
            after=old.after if change.after is None else change.after,
        )
        if new.quota_bytes is not None and data_class not in OVERRIDABLE:
            raise Invalid(
                f"Only footage has a quota, not {data_class.value}; give it days instead.",
                data_class=data_class.value,
            )
        if new.longest is not None and new.keep > new.longest:
            raise Invalid(
                f"{data_class.value.replace('_', ' ')} would be kept {new.keep.days} d, but the legal "
                f"maximum is {new.longest.days} d; shorten it.",
                data_class=data_class.value,
            )
        policies.put_class(conn, data_class, new)
        deed.target = f"policy {data_class.value}"
        deed.facts.update(_differences(old, new))
        require_sound(house, conn, None)
        outbox.publish(conn, NoticeKind.STORAGE, camera=None, facts={"change": "policy"})
    return new


def change_camera(
    house: House, asking: Asking, camera: CameraId, data_class: DataClass, change: PlaceChange
) -> CameraPolicies:
    """Change what a camera says of a class of footage.

    Raises:
        NotFound: It is missing or foreign.
        Forbidden: The asker may not configure it.
        Invalid: It would contradict itself, or the class has one limit for the whole installation.
    """
    target = CameraObject(camera)
    with asked(house, asking, Action.CONFIGURE, target, word="change policy") as (conn, deed):
        book = policies.read(conn)
        _require_known(book, camera)
        deed.facts["class"] = data_class.value
        deed.facts.update(_put(conn, camera, data_class, change, book.cameras.get((camera, data_class))))
        require_sound(house, conn, [camera])
        outbox.publish(conn, NoticeKind.STORAGE, camera=camera, facts={"change": "policy"})
        return _of_camera(policies.read(conn), camera)


def change_site(house: House, asking: Asking, data_class: DataClass, change: PlaceChange) -> None:
    """Change what the site says of a class of footage.

    Raises:
        Forbidden: The asker may not configure the installation.
        Invalid: It would contradict itself, or the class has one limit for the whole installation.
    """
    with asked(house, asking, Action.CONFIGURE, INSTALLATION, word="change policy") as (conn, deed):
        book = policies.read(conn)
        site = house.site.id
        deed.target = f"site {house.site.name}"
        deed.facts["class"] = data_class.value
        deed.facts.update(_put(conn, site, data_class, change, book.sites.get((site, data_class))))
        require_sound(house, conn, None)
        outbox.publish(conn, NoticeKind.STORAGE, camera=None, facts={"change": "policy"})


def change_quota(house: House, asking: Asking, camera: CameraId, quota_bytes: int | None) -> CameraPolicies:
    """Change what all footage of a camera may take; None: no limit.

    Raises:
        NotFound: It is missing or foreign.
        Forbidden: The asker may not configure it.
    """
    target = CameraObject(camera)
    with asked(house, asking, Action.CONFIGURE, target, word="change policy") as (conn, deed):
        book = policies.read(conn)
        _require_known(book, camera)
        deed.facts["quota_bytes"] = f"{book.quotas.get(camera, 'none')} → {quota_bytes or 'none'}"
        policies.put_quota(conn, camera, quota_bytes)
        return _of_camera(policies.read(conn), camera)


def require_sound(house: House, conn: Connection, cameras: Collection[CameraId] | None) -> None:
    """Refuse what a transaction has made of the policies, if it contradicts itself; None: of all cameras.

    Raises:
        Invalid: One sentence that names the camera, the numbers, and what to change.
    """
    book = policies.read(conn)
    known = volumes.list_volumes(conn)
    tiers = {str(each.tier) for each in known}
    there = max(len(known), len(house.volumes), 1)
    for camera in sorted(book.site_of) if cameras is None else cameras:
        check(book.of(camera), whose=f"camera {camera}", tiers=tiers, volumes=there)
    if cameras is None:
        check(book.of(CameraId("")), whose="a new camera", tiers=tiers, volumes=there)


def _put(
    conn: Connection, place: CameraId | UUID, data_class: DataClass, change: PlaceChange, old: Override | None
) -> dict[str, str]:
    if data_class not in OVERRIDABLE:
        raise Invalid(
            f"{data_class.value} has one limit for the whole installation; change the class itself.",
            data_class=data_class.value,
        )
    said = old or Override()
    new = Override(
        keep=None if "keep" in change.resets else change.keep or said.keep,
        replicas=None if "replicas" in change.resets else change.replicas or said.replicas,
        residency=None if "residency" in change.resets else change.residency or said.residency,
    )
    policies.put_override(conn, place, data_class, new)
    return _differences(said, new)


def _differences(old: DataClassPolicy | Override, new: DataClassPolicy | Override) -> dict[str, str]:
    """What changed, for the audit."""
    facts: dict[str, str] = {}
    for word in ("keep", "longest", "quota_bytes", "replicas", "residency", "before", "after"):
        before, after = getattr(old, word, None), getattr(new, word, None)
        if before != after:
            facts[word] = f"{_told(before)} → {_told(after)}"
    return facts


def _told(value: object) -> str:
    match value:
        case None | ():
            return "none"
        case timedelta() if value.days:
            return f"{value.days} d"
        case timedelta():
            return f"{int(value.total_seconds())} s"
        case tuple():
            return " ".join(str(each) for each in value)
        case _:
            return str(value)


def _of_camera(book: PolicyBook, camera: CameraId) -> CameraPolicies:
    _require_known(book, camera)
    return CameraPolicies(
        camera=camera, policies=tuple(book.of(camera).values()), quota_bytes=book.quotas.get(camera)
    )


def _require_known(book: PolicyBook, camera: CameraId) -> None:
    if not is_camera_id(camera) or camera not in book.site_of:
        raise no_such_camera(camera)
