"""Tiers as a person sees them: how full, what binds, what moves next, how each volume is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from watchkeep.application.asking import INSTALLATION, Asking, require
from watchkeep.application.house import House
from watchkeep.domain.access import Action, visible_cameras
from watchkeep.domain.ids import CameraId, SegmentId
from watchkeep.domain.interval import Interval
from watchkeep.domain.tier import Binding, Condition, Filling, Tier, what_binds
from watchkeep.storage.catalog import tier_figures, volumes
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.tier_figures import PlannedMove
from watchkeep.storage.catalog.volumes import VolumeState

DAY = timedelta(days=1)
MOVES_SHOWN = 20
MOVES_ASKED = 200
"""Of which the asker may see some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeReport:
    """A volume as the keeper last saw it.

    Attributes:
        since: Since when its condition is so; None before it was looked at.
        detail: What is wrong, for a person; empty when nothing is.
        free_bytes: None where nothing bounds it, or before it was looked at; total_bytes too.
        used_bytes: Of our footage, as counted some minutes ago.
    """

    id: UUID
    kind: str
    label: str
    tier: str
    condition: Condition
    since: datetime | None
    detail: str
    free_bytes: int | None
    total_bytes: int | None
    reserve_bytes: int
    used_bytes: int
    seen_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TierReport:
    """One tier.

    Attributes:
        oldest: End of its oldest segment.
        bytes_per_day: That come in a day, by what was recorded; None where nothing did.
        binding: The limit that is reached first, and when; None if none will be, or not enough is known.
        coming: Segments and bytes that are on their way to it.
        waiting: Volumes of the settings that were never reached, by how a person knows them.
    """

    tier: Tier
    volumes: Sequence[VolumeReport]
    used_bytes: int
    oldest: datetime | None
    bytes_per_day: int | None
    binding: Binding | None
    coming: tuple[int, int]
    waiting: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveReport:
    """A segment that is to move, or moves now; detail says what hinders it, if anything does."""

    segment: SegmentId
    camera: CameraId
    when: Interval
    source: UUID
    target: UUID
    size_bytes: int
    is_under_way: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TiersReport:
    """All tiers, in the order in which footage passes through them.

    Attributes:
        next_moves: The oldest footage first, of the asker's cameras.
        forgotten: Volumes that hold footage and that the settings name no more.
    """

    tiers: Sequence[TierReport]
    next_moves: Sequence[MoveReport]
    forgotten: Sequence[VolumeReport]


def read_tiers(house: House, asking: Asking) -> TiersReport:
    """Say how the tiers are, as the keeper last saw them: no volume is asked, so none delays the answer."""
    require(house, asking, Action.SEE_STATUS, INSTALLATION)
    scope = visible_cameras(asking.subject, Action.SEE_STATUS)
    now = house.clock.now()
    with house.catalog.transaction(asking.subject.name) as connection:
        states = volumes.volume_states(connection)
        moves = tier_figures.next_moves(connection, MOVES_ASKED)
        planned = tier_figures.planned(connection)
        reports: list[TierReport] = []
        entry_age = timedelta(0)
        for tier in house.tiers:
            here = [state for state in states if state.volume.tier == tier.name and not state.is_retired]
            day = Interval(now - entry_age - DAY, now - entry_age)
            report = _report(connection, tier, here, planned, day=day, now=now)
            reports.append(replace(report, waiting=_waiting(house, tier)))
            entry_age = tier.max_age or entry_age
    seen = [move for move in moves if scope is None or move.camera in scope]
    return TiersReport(
        tiers=reports,
        next_moves=[_move(each) for each in seen[:MOVES_SHOWN]],
        forgotten=[_volume(state) for state in states if state.is_retired],
    )


def _report(  # a tier, and what is known of its surroundings
    connection: Connection,
    tier: Tier,
    states: Sequence[VolumeState],
    planned: Mapping[UUID, tuple[int, int]],
    *,
    day: Interval,
    now: datetime,
) -> TierReport:
    ids = [state.volume.id for state in states]
    per_day = tier_figures.begun_between(connection, ids, day) or None
    filling = Filling(
        used_bytes=sum(state.used_bytes for state in states),
        oldest_end=tier_figures.oldest_on(connection, ids),
        spare_bytes=_spare(states),
        bytes_per_day=per_day,
    )
    coming = [planned[each] for each in ids if each in planned]
    return TierReport(
        tier=tier,
        volumes=[_volume(state) for state in states],
        used_bytes=filling.used_bytes,
        oldest=filling.oldest_end,
        bytes_per_day=per_day,
        binding=what_binds(tier, filling, now=now),
        coming=(sum(count for count, _ in coming), sum(size for _, size in coming)),
        waiting=(),
    )


def _waiting(house: House, tier: Tier) -> list[str]:
    if house.tiered is None:
        return []
    return [each.label for each in house.tiered.of_tier(tier.name) if each.id is None]


def _spare(states: Sequence[VolumeState]) -> int | None:
    """What is free beyond the reserve; None if some volume has no bounds, or was not seen yet."""
    spares = [
        state.space.free_bytes - state.volume.reserve_bytes for state in states if state.space is not None
    ]
    return sum(spares) if spares and len(spares) == len(states) else None


def _volume(state: VolumeState) -> VolumeReport:
    volume, space = state.volume, state.space
    return VolumeReport(
        id=volume.id,
        kind=volume.kind.value,
        label=volume.location,
        tier=volume.tier,
        condition=state.condition,
        since=state.since,
        detail=state.detail,
        free_bytes=None if space is None else space.free_bytes,
        total_bytes=None if space is None else space.total_bytes,
        reserve_bytes=volume.reserve_bytes,
        used_bytes=state.used_bytes,
        seen_at=state.seen_at,
    )


def _move(move: PlannedMove) -> MoveReport:
    return MoveReport(
        segment=move.segment,
        camera=move.camera,
        when=move.when,
        source=move.source,
        target=move.target,
        size_bytes=move.size_bytes,
        is_under_way=move.is_under_way,
        detail=move.detail,
    )
