"""Policies of data classes, what cameras say differently, and what the keeper says of itself."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from watchkeep.application.policies import CameraPolicies, ClassChange, PlaceChange
from watchkeep.domain.category import DataClass, DataClassPolicy
from watchkeep.domain.certificate import SignedCertificate
from watchkeep.domain.policy import EffectivePolicy
from watchkeep.domain.pressure import KeeperState
from watchkeep.presentation.http.bodies.plain import Body, Instant, Text

Days = Annotated[int, Field(ge=1, le=36_500)]
Bytes = Annotated[int, Field(ge=0, le=1 << 60)]
Copies = Annotated[int, Field(ge=1, le=9)]
Margin = Annotated[int, Field(ge=0, le=3600)]
Tiers = Annotated[list[Annotated[Text, Field(min_length=1, max_length=40)]], Field(max_length=20)]
Inherited = Literal["keep", "replicas", "residency"]


class ClassPolicyBody(Body):
    """What a data class says; `longest_days` is the legal maximum, `residency` the tiers it may lie on."""

    data_class: DataClass
    keep_days: int
    longest_days: int | None
    sensitivity: str
    quota_bytes: int | None
    replicas: int
    residency: list[str]
    before_s: int
    after_s: int
    seen_with: str

    @classmethod
    def of(cls, data_class: DataClass, policy: DataClassPolicy) -> "ClassPolicyBody":
        """Write down a class."""
        return cls(
            data_class=data_class,
            keep_days=policy.keep.days,
            longest_days=None if policy.longest is None else policy.longest.days,
            sensitivity=policy.sensitivity.value,
            quota_bytes=policy.quota_bytes,
            replicas=policy.replicas,
            residency=list(policy.residency),
            before_s=int(policy.before.total_seconds()),
            after_s=int(policy.after.total_seconds()),
            seen_with=data_class.seen_with.value,
        )


class ClassPolicyList(Body):
    """All data classes."""

    items: list[ClassPolicyBody]


class ClassChangeBody(Body):
    """What to change of a class; what is left out stays, a 0 takes legal maximum or quota away."""

    keep_days: Days | None = None
    longest_days: Annotated[int, Field(ge=0, le=36_500)] | None = None
    quota_bytes: Bytes | None = None
    replicas: Copies | None = None
    residency: Tiers | None = None
    before_s: Margin | None = None
    after_s: Margin | None = None

    def change(self) -> ClassChange:
        """As the application takes it."""
        return ClassChange(
            keep=_days(self.keep_days),
            longest=_days(self.longest_days),
            quota_bytes=self.quota_bytes,
            replicas=self.replicas,
            residency=None if self.residency is None else tuple(self.residency),
            before=None if self.before_s is None else timedelta(seconds=self.before_s),
            after=None if self.after_s is None else timedelta(seconds=self.after_s),
        )


class EffectivePolicyBody(Body):
    """What holds for a camera's things of a class; `…_from` is who says it: class, site or camera."""

    data_class: DataClass
    keep_days: int
    keep_from: str
    replicas: int
    replicas_from: str
    residency: list[str]
    residency_from: str
    longest_days: int | None
    sensitivity: str

    @classmethod
    def of(cls, policy: EffectivePolicy) -> "EffectivePolicyBody":
        """Write down a policy."""
        longest = policy.default.longest
        return cls(
            data_class=policy.data_class,
            keep_days=policy.keep.value.days,
            keep_from=policy.keep.origin.value,
            replicas=policy.replicas.value,
            replicas_from=policy.replicas.origin.value,
            residency=list(policy.residency.value),
            residency_from=policy.residency.origin.value,
            longest_days=None if longest is None else longest.days,
            sensitivity=policy.default.sensitivity.value,
        )


class CameraPoliciesBody(Body):
    """What holds for a camera, and what all its footage may take."""

    camera: str
    quota_bytes: int | None
    items: list[EffectivePolicyBody]

    @classmethod
    def of(cls, found: CameraPolicies) -> "CameraPoliciesBody":
        """Write down a camera's policies."""
        return cls(
            camera=found.camera,
            quota_bytes=found.quota_bytes,
            items=[EffectivePolicyBody.of(each) for each in found.policies],
        )


class PlaceChangeBody(Body):
    """What a site or camera is to say of a class of footage; `inherit` names what it is to say no more."""

    keep_days: Days | None = None
    replicas: Copies | None = None
    residency: Annotated[Tiers, Field(min_length=1)] | None = None
    inherit: Annotated[tuple[Inherited, ...], Field(max_length=3)] = ()

    def change(self) -> PlaceChange:
        """As the application takes it."""
        return PlaceChange(
            keep=_days(self.keep_days),
            replicas=self.replicas,
            residency=None if self.residency is None else tuple(self.residency),
            resets=frozenset(self.inherit),
        )


class QuotaBody(Body):
    """What all footage of a camera may take; null: no limit."""

    quota_bytes: Annotated[int, Field(ge=1, le=1 << 60)] | None


class KeeperBody(Body):
    """What the keeper last said: why it doubts its clock, and where it stands for room."""

    seen_at: Instant | None
    doubt: str
    pressure: str
    detail: str
    since: Instant | None
    full_on: Instant | None

    @classmethod
    def of(cls, state: KeeperState | None) -> "KeeperBody":
        """Write down what it said."""
        if state is None:
            return cls(seen_at=None, doubt="", pressure="none", detail="", since=None, full_on=None)
        return cls(
            seen_at=state.seen_at,
            doubt=state.doubt,
            pressure=state.pressure.value,
            detail=state.detail,
            since=state.since,
            full_on=state.full_on,
        )


class CertificateBody(Body):
    """A proof of deletion: the canonical text, its SHA-256 and its Ed25519 signature in hex."""

    number: int
    made_at: Instant
    body: str
    digest: str
    signature: str

    @classmethod
    def of(cls, certificate: SignedCertificate) -> "CertificateBody":
        """Write down a certificate."""
        return cls(
            number=certificate.number,
            made_at=certificate.made_at,
            body=certificate.body.decode(),
            digest=certificate.digest.hex(),
            signature=certificate.signature.hex(),
        )


class CertificateList(Body):
    """Certificates in their order, and the number to go on with."""

    items: list[CertificateBody]
    next: int | None


def _days(days: int | None) -> timedelta | None:
    return None if days is None else timedelta(days=days)
