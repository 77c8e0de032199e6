"""Tiers, their volumes and what moves between them."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from watchkeep.application.tiers import MoveReport, TierReport, TiersReport, VolumeReport
from watchkeep.presentation.http.bodies.plain import Body, Instant


class StoredVolumeBody(Body):
    """A volume as it was last seen."""

    id: UUID
    kind: str
    path_label: str
    tier: str
    condition: str
    since: Instant | None
    detail: str | None
    free_bytes: int | None
    total_bytes: int | None
    reserve_bytes: int
    used_bytes: int
    seen_at: Instant | None

    @classmethod
    def of(cls, volume: VolumeReport) -> "StoredVolumeBody":
        """Write down a volume."""
        return cls(
            id=volume.id,
            kind=volume.kind,
            path_label=volume.label,
            tier=volume.tier,
            condition=volume.condition.value,
            since=volume.since,
            detail=volume.detail or None,
            free_bytes=volume.free_bytes,
            total_bytes=volume.total_bytes,
            reserve_bytes=volume.reserve_bytes,
            used_bytes=volume.used_bytes,
            seen_at=volume.seen_at,
        )


class BindingBody(Body):
    """Which limit is reached first: age, size or free; and when."""

    limit: str
    at: Instant


class TierBody(Body):
    """A tier with its limits, how full it is, and what is on its way to it."""

    name: str
    max_age_s: float | None
    max_bytes: int | None
    bandwidth_bytes_s: int | None
    hours: list[str]
    used_bytes: int
    oldest: Instant | None
    bytes_per_day: int | None
    binding: BindingBody | None
    coming_segments: int
    coming_bytes: int
    volumes: list[StoredVolumeBody]
    waiting: list[str]

    @classmethod
    def of(cls, report: TierReport) -> "TierBody":
        """Write down a tier."""
        tier, binding = report.tier, report.binding
        return cls(
            name=tier.name,
            max_age_s=None if tier.max_age is None else tier.max_age.total_seconds(),
            max_bytes=tier.max_bytes,
            bandwidth_bytes_s=tier.bytes_per_second,
            hours=[str(hours) for hours in tier.hours],
            used_bytes=report.used_bytes,
            oldest=report.oldest,
            bytes_per_day=report.bytes_per_day,
            binding=None if binding is None else BindingBody(limit=binding.limit.value, at=binding.at),
            coming_segments=report.coming[0],
            coming_bytes=report.coming[1],
            volumes=[StoredVolumeBody.of(volume) for volume in report.volumes],
            waiting=list(report.waiting),
        )


class MoveBody(Body):
    """A segment that is to move, or moves now."""

    segment: UUID
    camera: str
    from_: Annotated[Instant, Field(alias="from")]
    to: Instant
    source: UUID
    target: UUID
    bytes: int
    is_under_way: bool
    detail: str | None

    @classmethod
    def of(cls, move: MoveReport) -> "MoveBody":
        """Write down a move."""
        return cls.model_validate(
            {
                "segment": move.segment,
                "camera": move.camera,
                "from": move.when.start,
                "to": move.when.end,
                "source": move.source,
                "target": move.target,
                "bytes": move.size_bytes,
                "is_under_way": move.is_under_way,
                "detail": move.detail or None,
            }
        )


class TiersBody(Body):
    """All tiers in the order in which footage passes through them; moves of the asker's cameras alone."""

    tiers: list[TierBody]
    next_moves: list[MoveBody]
    forgotten: list[StoredVolumeBody]

    @classmethod
    def of(cls, report: TiersReport) -> "TiersBody":
        """Write down a report."""
        return cls(
            tiers=[TierBody.of(tier) for tier in report.tiers],
            next_moves=[MoveBody.of(move) for move in report.next_moves],
            forgotten=[StoredVolumeBody.of(volume) for volume in report.forgotten],
        )
