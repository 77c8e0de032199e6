"""Which policy holds for a camera's things of a class, and where each number comes from."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Generic, TypeVar

from watchkeep.domain.category import DataClass, DataClassPolicy
from watchkeep.domain.errors import Invalid
from watchkeep.domain.retention import FOOTAGE_CLASSES, Keeps

T = TypeVar("T")


class Origin(StrEnum):
    """Who said a number; the later one in this list wins."""

    CLASS = "class"
    SITE = "site"
    CAMERA = "camera"


@dataclass(frozen=True, slots=True)
class Figure(Generic[T]):
    """A number, and who said it."""

    value: T
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What a site or a camera says differently of a class; None is inherited."""

    keep: timedelta | None = None
    replicas: int | None = None
    residency: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectivePolicy:
    """What holds for one camera's things of one class."""

    data_class: DataClass
    keep: Figure[timedelta]
    replicas: Figure[int]
    residency: Figure[tuple[str, ...]]
    default: DataClassPolicy
    """What the class says, and what only the class can say: sensitivity, legal maximum, quota, margins."""


def resolve(
    data_class: DataClass, default: DataClassPolicy, *, site: Override | None, camera: Override | None
) -> EffectivePolicy:
    """The policy of a class for a camera: the class's own, changed by the site, changed by the camera."""
    keep = Figure(default.keep, Origin.CLASS)
    replicas = Figure(default.replicas, Origin.CLASS)
    residency = Figure(default.residency, Origin.CLASS)
    for origin, said in ((Origin.SITE, site), (Origin.CAMERA, camera)):
        if said is None:
            continue
        keep = keep if said.keep is None else Figure(said.keep, origin)
        replicas = replicas if said.replicas is None else Figure(said.replicas, origin)
        residency = residency if said.residency is None else Figure(said.residency, origin)
    return EffectivePolicy(
        data_class=data_class, keep=keep, replicas=replicas, residency=residency, default=default
    )


def keeps_of(policies: Mapping[DataClass, EffectivePolicy]) -> Keeps:
    """The limits of a camera's footage, as `judge` wants them."""
    raw, clip, archived = (policies[data_class] for data_class in FOOTAGE_CLASSES)
    return Keeps(
        raw=raw.keep.value,
        clip=clip.keep.value,
        archived=archived.keep.value,
        before=clip.default.before,
        after=clip.default.after,
    )


def check(
    policies: Mapping[DataClass, EffectivePolicy], *, whose: str, tiers: Collection[str], volumes: int
) -> None:
    """Refuse policies that contradict themselves or what there is.

    Args:
        policies: Of one camera, all classes.
        whose: How the sentence calls it: "camera door".
        tiers: Names of the tiers that there are.
        volumes: How many volumes there are.

    Raises:
        Invalid: One sentence that names the numbers and what to change.
    """
    for policy in policies.values():
        _check_one(policy, whose=whose, tiers=tiers, volumes=volumes)
    for shorter, longer in pairwise(FOOTAGE_CLASSES):
        first, then = policies[shorter].keep.value, policies[longer].keep.value
        if then < first:
            raise Invalid(
                f"{_named(longer)} of {whose} would be kept {then.days} d, shorter than {_named(shorter)} "
                f"with {first.days} d; keep it at least as long.",
                data_class=longer.value,
                keep_days=then.days,
            )


def _check_one(policy: EffectivePolicy, *, whose: str, tiers: Collection[str], volumes: int) -> None:
    name, keep, longest = _named(policy.data_class), policy.keep.value, policy.default.longest
    if longest is not None and keep > longest:
        raise Invalid(
            f"{name} of {whose} would be kept {keep.days} d, but the legal maximum is {longest.days} d; "
            "shorten it.",
            data_class=policy.data_class.value,
            keep_days=keep.days,
            longest_days=longest.days,
        )
    unknown = [tier for tier in policy.residency.value if tier not in tiers]
    if unknown:
        raise Invalid(
            f"{name} of {whose} may only lie on {', '.join(policy.residency.value)}, but there is no tier "
            f"{unknown[0]}; name one of {', '.join(sorted(tiers))}.",
            data_class=policy.data_class.value,
            tier=unknown[0],
        )
    if policy.replicas.value > volumes:
        raise Invalid(
            f"{name} of {whose} wants {policy.replicas.value} copies on different volumes, but there are "
            f"{volumes}; add volumes or ask for fewer.",
            data_class=policy.data_class.value,
            replicas=policy.replicas.value,
            volumes=volumes,
        )


def _named(data_class: DataClass) -> str:
    return data_class.value.replace("_", " ")
